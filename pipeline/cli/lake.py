"""`dateline lake …`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from pipeline import clock
from pipeline.cli.common import (
    ConfigOption,
    JsonOption,
    LakeOption,
    print_json,
    set_up_logs,
    settings_of,
    size_text,
)
from pipeline.cli.consoles import out
from pipeline.cli.group import CommandGroup
from pipeline.config import Settings, load
from pipeline.errors import LakeCheckError, UsageError

if TYPE_CHECKING:
    from pipeline.model import RejectKind
    from pipeline.store.commit.lake import Lake
    from pipeline.store.read.snapshot import Snapshot
    from pipeline.store.upkeep.clean_up import Cleaned
    from pipeline.store.upkeep.compact import Compacted
    from pipeline.store.upkeep.withdraw import Withdrawable

_COUNTS = ("blocks", "records", "items", "stories", "rejects", "skipped", "gaps", "in_flight")

_SHOWN = 20

_CLEANED = {
    "staged": "Files in the making dropped",
    "removed": "Files removed",
    "kept": "Files kept, as their writer may be alive",
    "held": "Replaced files kept for readers (lake.retention_s)",
    "foreign": "Files that Dateline did not write, or that are damaged, left alone",
    "lost": "Files with rows that no log names any more (see `dateline lake check`)",
}
"""What a clean-up found, by the names of `Cleaned`."""

RetentionOption = Annotated[
    float | None,
    typer.Option(help="Seconds that replaced files are kept for readers.", min=0),
]

lake_app = typer.Typer(cls=CommandGroup, help="Look after a lake.", no_args_is_help=True)


@lake_app.callback()
def log_to_stderr() -> None:
    """Keep what is logged apart from what a command prints."""
    set_up_logs("warning")


@lake_app.command()
def check(
    lake: LakeOption = None,
    config: ConfigOption = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Unreferenced files fail the check too.")
    ] = False,
    glob: Annotated[
        bool,
        typer.Option("--glob", help="Only tell whether a plain glob meets the tables' rows."),
    ] = False,
    deep: Annotated[
        bool,
        typer.Option("--deep", help="Read every page, and parse each story's bytes anew."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Prove that every record is accounted for exactly once, item by item.

    Reads only. Exit code 20 when something does not add up; with `--glob`, when there are data
    files that are no part of the tables, or lack columns of today.

    Example: `dateline lake check --lake /data/lake`
    """
    from pipeline.parse import parse_record
    from pipeline.show.facts import printable
    from pipeline.store.check.judge import check as judge

    settings = settings_of(config, lake=lake)
    if glob:
        _check_glob(settings, as_json)
        return
    limits = settings.parse_limits
    report = judge(
        settings.lake.url,
        settings.lake.options,
        strict=strict,
        deep=deep,
        parse=partial(parse_record, limits=limits) if deep else None,
    )
    if as_json:
        print_json(report.as_json())
    else:
        data = report.as_json()
        out.print(_rows_table(data["tables"]))
        for source in data["sources"]:
            counts = ", ".join(f"{source[name]} {name}" for name in _COUNTS if source[name])
            out.print(Text(printable(source["source"]), style="bold"), soft_wrap=True)
            out.print(f"  {source['start']} to {source['end']}: {counts or 'nothing yet'}")
        for finding in data["findings"]:
            values = " ".join(f"{k}={v}" for k, v in finding.items() if v is not None)
            out.print(Text(printable(values)))
        notes = ", ".join(f"{n} {kind}" for kind, n in data["counts"].items())
        out.print("[green]The lake adds up.[/green]" if report.ok else "[red]Errors found.[/red]")
        if notes:
            out.print(f"Findings: {notes}")
        for kind, meaning in data["meaning"].items():
            out.print(Text(f"  {kind}: {meaning}"), soft_wrap=True)
        if not report.glob_exact:
            out.print("A plain glob over the data files is not exact now: see `lake check --glob`.")
    if not report.ok:
        raise LakeCheckError("the lake does not add up", **report.counts)


@lake_app.command()
def withheld(
    lake: LakeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what is withheld: drafts, and embargoes that were not understood; with the reasons.

    Example: `dateline lake withheld --lake /data/lake`
    """
    from pipeline.show.facts import printable
    from pipeline.store.read.query import json_rows
    from pipeline.store.read.query import query as ask

    settings = settings_of(config, lake=lake)
    sql = "SELECT revision_id, provider, published_at, headline, warnings FROM withheld"
    sql += " ORDER BY published_at, revision_id"
    rows = json_rows(ask(settings.lake.url, settings.lake.options, sql, clock.now()))
    if as_json:
        print_json(rows)
        return
    for row in rows:
        what = " · ".join(filter(None, (row["provider"], row["published_at"], row["headline"])))
        out.print(Text(printable(f"{row['revision_id']} {what}")), soft_wrap=True)
        for warning in row["warnings"]:
            if "withheld" in warning:
                out.print(Text(f"  {printable(warning)}"), soft_wrap=True)
    out.print(f"{len(rows)} withheld")


@lake_app.command()
def release(
    revision: Annotated[
        str, typer.Argument(help="A revision_id, story_id, or its beginning.", show_default=False)
    ],
    reason: Annotated[
        str, typer.Option(help="Who releases it, and why: kept with the row.", show_default=False)
    ],
    lake: LakeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Release a story that is withheld or under embargo, as a revision of its own.

    The views show it from then on, until the provider sends a later one. Said twice it is once.

    Example: `dateline lake release 4f2a --reason "embargo lifted by phone, desk" --lake /data/lake`
    """
    from pipeline.job import Job
    from pipeline.show.find import find_story
    from pipeline.store.runs.release import plan_release

    settings = settings_of(config, lake=lake)
    at = settings.lake
    found = find_story(at.url, at.options, revision, clock.now()).story
    batch = plan_release(at.url, at.options, found["revision_id"], reason)
    job = Job(settings)
    try:
        start = {batch.blocks[0].source: 0}
        job.writer.start(start, start, job.enricher.enrichment_id)
        job.write(job.enrich(batch))
    finally:
        job.close()
    facts = {"released": found["revision_id"], "as": batch.stories[0].revision_id}
    if as_json:
        print_json(facts)
    else:
        out.print(f"Released {facts['released']} as {facts['as']}.")


@lake_app.command()
def compact(
    lake: LakeOption = None,
    config: ConfigOption = None,
    target_file_bytes: Annotated[
        int | None, typer.Option(help="The size that files are gathered into.", min=1)
    ] = None,
    min_files: Annotated[
        int | None, typer.Option(help="Partitions with fewer small files are left alone.", min=2)
    ] = None,
    retention_s: RetentionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make few data files of many small ones, the rows as they are; safe beside a running job.

    The replaced files are kept for readers of an older snapshot (`lake.retention_s`), then removed
    by the job's own clean-up or `dateline lake clean`. With `--retention-s 0` they go at once.
    It also notes which revisions are in force, so that the views need not compare all.

    Example: `dateline lake compact --lake /data/lake`
    """
    from pipeline.store.commit.lake import Lake
    from pipeline.store.explain.explain import explain_or_tell
    from pipeline.store.read.snapshot import open_snapshot
    from pipeline.store.upkeep.compact import Sizing
    from pipeline.store.upkeep.round import tidy

    settings = _settings(
        config,
        lake,
        target_file_bytes=target_file_bytes,
        compact_min_files=min_files,
        retention_s=retention_s,
    )
    open_snapshot(settings.lake.url, settings.lake.options)
    sizing = Sizing(settings.lake.target_file_bytes, settings.lake.compact_min_files)
    if min_files is not None:
        sizing = replace(sizing, closed_min_files=min_files)
    tables = Lake(settings.lake.url, settings.lake.options)
    done = tidy(tables, sizing, settings.lake.retention_s, clock.now())
    explain_or_tell(settings.lake.url, settings.lake.options)
    snapshot = open_snapshot(settings.lake.url, settings.lake.options)
    extra, single = _surplus(snapshot), _single_files(snapshot)
    if as_json:
        print_json(
            {
                "tables": [asdict(table) for table in done.tables],
                "single_files": single,
                "clean": asdict(done.clean),
                "glob_exact": not extra,
            }
        )
        return
    _tell_of_compaction(done.tables)
    _tell_of_single_files(single)
    _tell_of_cleaning(done.clean)
    _tell_of_glob(extra)


@lake_app.command()
def clean(
    lake: LakeOption = None,
    config: ConfigOption = None,
    retention_s: RetentionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Remove what dead writers left and compaction replaced; safe beside a running job.

    The job does it by itself every `lake.clean_interval_s`.

    Example: `dateline lake clean --lake /data/lake`
    """
    from pipeline.store.commit.lake import Lake
    from pipeline.store.read.snapshot import open_snapshot
    from pipeline.store.upkeep.clean_up import clean_up as tidy

    settings = _settings(config, lake, retention_s=retention_s)
    open_snapshot(settings.lake.url, settings.lake.options)
    done = tidy(
        Lake(settings.lake.url, settings.lake.options), clock.now(), settings.lake.retention_s
    )
    extra = _surplus(open_snapshot(settings.lake.url, settings.lake.options))
    if as_json:
        print_json({**asdict(done), "glob_exact": not extra})
    else:
        _tell_of_cleaning(done)
        _tell_of_glob(extra)


@lake_app.command()
def repair(
    lake: LakeOption = None,
    config: ConfigOption = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it; else it is only told what would be done.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Rebuild damaged checkpoints of the tables' logs, where the log's entries are all there.

    Stop the jobs first. What is damaged is kept beside, with `.damaged` at the end of its name.
    Exit code 20 where something cannot be rebuilt: take the lake's log from a backup.

    Example: `dateline lake repair --lake /data/lake`
    """
    from pipeline.store.upkeep.repair import plan_repairs
    from pipeline.store.upkeep.repair import repair as rebuild

    settings = _settings(config, lake)
    found = plan_repairs(settings.lake.url, settings.lake.options)
    done = rebuild(settings.lake.url, settings.lake.options) if apply else []
    if as_json:
        print_json({"found": [asdict(one) for one in found], "repaired": len(done)})
    else:
        for one in found:
            fate = (
                "cannot be rebuilt" if not one.is_possible else "repaired" if apply else "damaged"
            )
            fault = one.fault.removeprefix(f"{one.file}: ")
            out.print(Text(f"{one.table} {one.file}: {fate} ({fault})"), soft_wrap=True)
        if not found:
            out.print("Nothing to repair.")
        elif not apply and any(one.is_possible for one in found):
            out.print("Nothing was changed: `--apply` repairs it (stop the jobs first).")
    if hopeless := sum(not one.is_possible for one in found):
        raise LakeCheckError(
            "the log lacks what nothing else says: take the `_delta_log` of that table from a"
            " backup; the data files are kept (docs/upkeep.md)",
            files=hopeless,
        )


@lake_app.command()
def repeats(
    lake: LakeOption = None,
    config: ConfigOption = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Drop them; else they are only counted.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Drop revisions that stand twice, because two sources raced them into the lake.

    One row of each stays, the one that the views show; where another stood there is a skip then.
    Replays of overlapping archives side by side leave such rows. Safe beside a running job.

    Example: `dateline lake repeats --lake /data/lake --apply`
    """
    from pipeline.store.upkeep.withdraw import REPEAT
    from pipeline.store.upkeep.withdraw import repeated_stories as doubled

    settings = _settings(config, lake)
    opened = _opened(settings)
    found = doubled(opened)
    _withdraw(opened, found, REPEAT, "it repeats another row", apply=apply, as_json=as_json)


@lake_app.command()
def delete(
    why: Annotated[str, typer.Option(help="What is told in the account: a file number, no name.")],
    story: Annotated[
        list[str] | None, typer.Option(help="A story's id: all its revisions.")
    ] = None,
    revision: Annotated[list[str] | None, typer.Option(help="One revision's id.")] = None,
    lake: LakeOption = None,
    config: ConfigOption = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Do it; else it is only told what would go.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete stories for good, as a law or a contract may ask, with all that was found in them.

    They stay accounted for by a skip (`skipped.deleted`) without a word of theirs. Files that held
    them go with the next clean-up after `lake.retention_s`; `dateline lake clean --retention-s 0`
    removes them at once. See docs/upkeep.md for what else may hold a copy.

    Example: `dateline lake delete --story 0f3a… --why "request 17" --lake /data/lake --apply`
    """
    from pipeline.store.upkeep.withdraw import DELETED, named_stories

    if not story and not revision:
        raise UsageError("name what to delete: --story or --revision")
    settings = _settings(config, lake)
    opened = _opened(settings)
    found = named_stories(opened, story_ids=story or (), revision_ids=revision or ())
    _withdraw(opened, found, DELETED, why, apply=apply, as_json=as_json)


def _opened(settings: Settings) -> Lake:
    """Return the lake to work on; it is not begun where there is none."""
    from pipeline.store.commit.lake import Lake
    from pipeline.store.read.snapshot import open_snapshot

    open_snapshot(settings.lake.url, settings.lake.options)
    return Lake(settings.lake.url, settings.lake.options)


def _withdraw(
    lake: Lake,
    found: Sequence[Withdrawable],
    kind: RejectKind,
    why: str,
    *,
    apply: bool,
    as_json: bool,
) -> None:
    from pipeline.store.upkeep.withdraw import withdraw

    # Also where nothing is found: an earlier run may have died half-way.
    done = withdraw(lake, found, kind, why, clock.now()) if apply else None
    if as_json:
        rows = [
            {"source": s, "offset": offset, "item": item, "revision_id": one.revision_id}
            for one in found
            for s, offset, item in [one.coordinates]
        ]
        print_json({"found": rows, "done": None if done is None else asdict(done)})
        return
    for one in found[:_SHOWN]:
        source, offset, item = one.coordinates
        out.print(Text(f"{source} {offset}/{item}: revision {one.revision_id}"), soft_wrap=True)
    if done is None:
        out.print(f"{len(found)} rows of stories. Nothing was changed: `--apply` does it.")
    else:
        out.print(_counts_line(asdict(done)))


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(lake_app, name="lake")


def _settings(config: Path | None, lake: str | None, **given: float | None) -> Settings:
    section = {name: value for name, value in given.items() if value is not None}
    return load(config, {"lake": section if lake is None else {**section, "url": lake}})


def _surplus(snapshot: Snapshot) -> dict[str, list[str]]:
    """Return, by table, the data files that are no part of it."""
    from pipeline.store.check.files import surplus

    found = {table: surplus(snapshot, table) for table in snapshot.tables}
    return {table: files for table, files in found.items() if files}


def _single_files(snapshot: Snapshot) -> dict[str, int]:
    """Return, by table, how many data files are the only one of their partition."""
    counts = {table: Counter(filter(None, snapshot.partitions(table))) for table in snapshot.tables}
    single = {table: sum(n == 1 for n in files.values()) for table, files in counts.items()}
    return {table: n for table, n in single.items() if n}


def _narrow(snapshot: Snapshot) -> dict[str, list[str]]:
    """Return, by table, the data files that lack columns of today."""
    from pipeline.store.read.narrow import narrow_files

    store = snapshot.filesystem()
    found = {table: narrow_files(store, table, snapshot.paths(table)) for table in snapshot.tables}
    return {table: files for table, files in found.items() if files}


def _check_glob(settings: Settings, as_json: bool) -> None:
    """Tell whether a plain glob is exact; raises `LakeCheckError` where it is not."""
    from pipeline.store.read.snapshot import open_snapshot

    snapshot = open_snapshot(settings.lake.url, settings.lake.options)
    extra, narrow = _surplus(snapshot), _narrow(snapshot)
    exact = not extra and not narrow
    if as_json:
        print_json({"glob_exact": exact, "surplus": extra, "narrow": narrow})
    else:
        if narrow:
            _tell_of_narrow(narrow)
        if extra or exact:
            _tell_of_glob(extra)
    if not exact:
        files = sum(map(len, [*extra.values(), *narrow.values()]))
        raise LakeCheckError("a plain glob is not exact", files=files)


def _tell_of_narrow(narrow: Mapping[str, list[str]]) -> None:
    counts = ", ".join(f"{len(files)} of {table}" for table, files in narrow.items())
    out.print(
        f"A plain glob is not exact now: files lack columns that an upgrade has added ({counts})."
        " `dateline lake compact` writes them anew, and so does the job's upkeep."
    )


def _tell_of_glob(extra: Mapping[str, list[str]]) -> None:
    if not extra:
        out.print("A plain glob over the data files is exact now.")
        return
    counts = ", ".join(f"{len(files)} of {table}" for table, files in extra.items())
    out.print(f"A plain glob is not exact now: it meets files outside the tables ({counts}).")


def _counts_line(facts: Mapping[str, Any]) -> str:
    return ", ".join(f"{n} {name}" for name, n in facts.items())


def _tell_of_compaction(tables: Iterable[Compacted]) -> None:
    """Print a row for each table of which files were replaced."""
    shown = Table("table", "files", "rows", "size")
    for column in shown.columns[1:]:
        column.justify = "right"
    for one in (one for one in tables if one.replaced):
        sizes = f"{size_text(one.bytes_before)} → {size_text(one.bytes_after)}"
        shown.add_row(one.table, f"{one.replaced:,} → {one.written:,}", f"{one.rows:,}", sizes)
    if shown.row_count:
        out.print(shown)
    else:
        out.print("There was nothing to compact.")
    for one in (one for one in tables if one.gave_up):
        out.print(f"Other maintenance of {one.table} came first: run it again to go on.")


def _tell_of_single_files(single: Mapping[str, int]) -> None:
    """Print what no compaction joins: files that stand alone in their day and region."""
    if single:
        files = ", ".join(f"{n:,} of {table}" for table, n in single.items())
        line = f"The only data file of its partition, which nothing can be joined with: {files}."
        out.print(Text(line), soft_wrap=True)


def _tell_of_cleaning(done: Cleaned) -> None:
    """Print a line for each kind of file that was found."""
    lines = [f"{_CLEANED[name]}: {n:,}." for name, n in asdict(done).items() if n]
    out.print(Text("\n".join(lines) or "There was nothing to remove."), soft_wrap=True)


def _rows_table(rows: list[dict[str, Any]]) -> Table:
    table = Table(*(rows[0] if rows else ()))
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row.values()))
    return table


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 200 else text[:199] + "…"
