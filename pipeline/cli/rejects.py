"""`dateline rejects list`, `show`, `export` and `retry`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from pipeline.cli.common import (
    ConfigOption,
    JsonOption,
    LakeOption,
    LogLevelOption,
    print_json,
    set_up_logs,
    settings_of,
)
from pipeline.cli.consoles import out
from pipeline.cli.group import CommandGroup
from pipeline.store.read.rejects import Picked, Rejects, find_reject, open_rejects, read_rejects

rejects_app = typer.Typer(
    cls=CommandGroup,
    help="What did not become a story: list, look at, take out, try again.",
    no_args_is_help=True,
)

KindOption = Annotated[
    list[str] | None,
    typer.Option("--kind", help="Only this kind; may be repeated.", show_default=False),
]
StageOption = Annotated[
    list[str] | None,
    typer.Option("--stage", help="read, parse, enrich or write.", show_default=False),
]
SourceOption = Annotated[
    str | None,
    typer.Option("--source", help="The source, or its beginning.", show_default=False),
]
FromOption = Annotated[
    datetime | None,
    typer.Option(
        "--from", formats=["%Y-%m-%d"], help="First day of arrival (UTC).", show_default=False
    ),
]
ToOption = Annotated[
    datetime | None,
    typer.Option("--to", formats=["%Y-%m-%d"], help="Last day of arrival.", show_default=False),
]
MessageOption = Annotated[
    str | None,
    typer.Option("--message", help="A part of the message, in any case.", show_default=False),
]
SkipsOption = Annotated[bool, typer.Option("--skips", help="Skips too, not only failures.")]
AllOption = Annotated[
    bool, typer.Option("--all", help="Also what was cured, and what retries left.")
]


@rejects_app.command("list")
def list_(
    kind: KindOption = None,
    stage: StageOption = None,
    source: SourceOption = None,
    from_day: FromOption = None,
    to_day: ToOption = None,
    message: MessageOption = None,
    skips: SkipsOption = False,
    settled: AllOption = False,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many.")] = 50,
    lake: LakeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List rejects: failures that are still open, unless told otherwise.

    Example: `dateline rejects list --kind malformed --from 2026-03-01 --lake /data/lake`
    """
    from pipeline.escape import escaped
    from pipeline.store.read.rejects_export import json_row

    picked = _picked(kind, stage, source, from_day, to_day, message, skips, settled)
    with _reading(config, lake) as rejects:
        total = rejects.count(picked)
        rows = list(rejects.rows(picked, limit=limit))
    if as_json:
        facts = [json_row(row) for row in rows]
        print_json([{k: v for k, v in row.items() if k != "raw"} for row in facts])
        return
    table = Table("source", "offset/item", "kind", "stage", "received", "bytes", "state", "message")
    for row in rows:
        received = row["received_at"]
        cells = (
            row["source"],
            f"{row['offset']}/{row['item']}",
            row["kind"],
            row["stage"],
            received.strftime("%Y-%m-%d %H:%M") if received else "",
            "" if row["raw_bytes"] is None else str(row["raw_bytes"]),
            row["state"],
            row["message"][:200],
        )
        table.add_row(*(Text(escaped(cell), overflow="fold") for cell in cells))
    if rows:
        out.print(table)
    more = f", {len(rows)} shown" if total > len(rows) else ""
    out.print(f"{total} rejects{more}")


@rejects_app.command()
def show(
    source: Annotated[str, typer.Argument(help="The source, or its beginning.")],
    offset: Annotated[int, typer.Argument(help="The offset in it.")],
    item: Annotated[
        int | None,
        typer.Argument(help="The item; needed where several failed.", show_default=False),
    ] = None,
    max_bytes: Annotated[int, typer.Option(min=1, help="Bytes of the record to show.")] = 2000,
    as_hex: Annotated[bool, typer.Option("--hex", help="A hexdump, also of text.")] = False,
    lake: LakeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one reject: the reason, where in the input the fault lies, and the bytes.

    What could steer the terminal is written out as `\\\\x1b`, never sent to it.

    Example: `dateline rejects show kafka/5c1d/wire 48214 --lake /data/lake`
    """
    from pipeline.escape import escaped
    from pipeline.show.raw import hexdump, raw_preview
    from pipeline.store.read.rejects_export import json_row

    with _reading(config, lake) as rejects:
        row = find_reject(rejects, source, offset, item)
    if as_json:
        print_json(json_row(row))
        return
    for name, value in row.items():
        if name != "raw" and value is not None:
            line = Text(f"{name}: ", style="bold").append(escaped(str(value)), style="not bold")
            out.print(line, soft_wrap=True)
    raw = row["raw"]
    if raw is None:
        out.print("No bytes are kept of a skip.")
    else:
        out.print()
        shown = hexdump(raw[:max_bytes]) if as_hex else raw_preview(raw, max_bytes)
        out.print(Text(shown), soft_wrap=True)


@rejects_app.command()
def export(
    path: Annotated[Path, typer.Argument(help="The file or folder to make.")],
    form: Annotated[
        str, typer.Option("--format", help="jsonl, parquet, or files: a folder of raw files.")
    ] = "jsonl",
    kind: KindOption = None,
    stage: StageOption = None,
    source: SourceOption = None,
    from_day: FromOption = None,
    to_day: ToOption = None,
    message: MessageOption = None,
    skips: SkipsOption = False,
    settled: AllOption = False,
    lake: LakeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write rejects with their bytes to a file, or to a folder of files.

    Example: `dateline rejects export bad/ --format files --kind undecodable --lake /data/lake`
    """
    from pipeline.store.read.rejects_export import export as write

    picked = _picked(kind, stage, source, from_day, to_day, message, skips, settled)
    with _reading(config, lake) as rejects:
        count = write(rejects.rows(picked, raw=True), path, form)
    if as_json:
        print_json({"path": str(path), "format": form, "rejects": count})
    else:
        out.print(f"Wrote {count} rejects to {path}", highlight=False, markup=False)


@rejects_app.command()
def retry(
    kind: KindOption = None,
    stage: StageOption = None,
    source: SourceOption = None,
    from_day: FromOption = None,
    to_day: ToOption = None,
    message: MessageOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Parse, say what would come of it, write nothing.")
    ] = False,
    lake: LakeOption = None,
    config: ConfigOption = None,
    log_level: LogLevelOption = "warning",
    as_json: JsonOption = False,
) -> None:
    """Read the bytes of open failures again with today's parsers; what is cured lands once.

    Each new row names the reject that it comes from; a cured one is listed no longer. A run that
    was cut short goes on.

    Example: `dateline rejects retry --kind undecodable --lake /data/lake`
    """
    set_up_logs(log_level)
    picked = _picked(kind, stage, source, from_day, to_day, message)
    settings = settings_of(config, lake=lake)
    from pipeline.store.runs.retry import plan_retry

    plan = plan_retry(settings.lake.url, settings.lake.options, picked)
    facts: dict[str, object] = {"source": plan.run.source, "total": plan.run.total}
    if dry_run:
        from pipeline.parse import parse_record

        limits = settings.parse_limits
        fates = Counter(
            getattr(item, "kind", "story")
            for record in plan.run.records(plan.done)
            for item in parse_record(record, limits)
        )
        facts |= {"left": plan.left, "would_be": dict(sorted(fates.items()))}
    elif plan.left:
        from pipeline.cli.reading import read_to_end

        counts = read_to_end(
            settings, [plan.run], workers=None, as_json=as_json, log_level=log_level
        )
        with read_rejects(open_rejects(settings.lake.url, settings.lake.options)) as rejects:
            facts |= counts | {"open": rejects.count(picked)}
    if as_json:
        print_json(facts)
    elif not plan.left:
        out.print("Nothing to retry.")
    elif dry_run:
        fates_text = ", ".join(f"{n} {name}" for name, n in sorted(fates.items()))
        out.print(f"{plan.left} rejects would give: {fates_text}")
    else:
        out.print(
            f"{plan.left} rejects read again: {facts['stories']} stories, {facts['skipped']} "
            f"skipped, {facts['rejects']} failed again; {facts['open']} are still open"
        )


@contextmanager
def _reading(config: Path | None, lake: str | None) -> Iterator[Rejects]:
    """Open the rejects of the lake as it stands."""
    settings = settings_of(config, lake=lake)
    with read_rejects(open_rejects(settings.lake.url, settings.lake.options)) as rejects:
        yield rejects


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(rejects_app, name="rejects")


def _picked(
    kind: list[str] | None,
    stage: list[str] | None,
    source: str | None,
    from_day: datetime | None,
    to_day: datetime | None,
    message: str | None,
    skips: bool = False,
    settled: bool = False,
) -> Picked:
    return Picked(
        kinds=tuple(sorted(set(kind or ()))),
        stages=tuple(sorted(set(stage or ()))),
        source=source,
        first=from_day and from_day.replace(tzinfo=UTC).date(),
        last=to_day and to_day.replace(tzinfo=UTC).date(),
        message=message,
        skips=skips,
        settled=settled,
    )
