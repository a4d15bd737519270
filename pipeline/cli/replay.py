"""`dateline replay`: archives into the lake."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer

from pipeline.by_day import in_best_order
from pipeline.cli.common import (
    ConfigOption,
    EncodingOption,
    JsonOption,
    LakeOption,
    LogLevelOption,
    MapOption,
    print_json,
    set_up_logs,
    settings_of,
    stop_on_signals,
)
from pipeline.cli.consoles import err, out
from pipeline.cli.progress import show_bar
from pipeline.cli.reading import read, read_on_flink
from pipeline.cli.summary import condensed, in_order, show_summary
from pipeline.config import Settings
from pipeline.errors import UsageError
from pipeline.parse.selection import Selection
from pipeline.parse.sniff import FORMATS
from pipeline.parse.text.decode import known_encoding
from pipeline.preview import Preview, ends_in_lake, preview
from pipeline.replay import Selected, SentSource
from pipeline.source.archive.archive import open_archive

_FORMATS = tuple(sorted({entry.name for entry in FORMATS} | {"ninjs"}))


def replay(
    paths: Annotated[
        list[str],
        typer.Argument(help="Files, directories, patterns or URLs.", show_default=False),
    ],
    from_date: Annotated[
        str | None,
        typer.Option("--from", help="First day of the stories, as 1987-02-26.", show_default=False),
    ] = None,
    to_date: Annotated[
        str | None, typer.Option("--to", help="Last day of the stories.", show_default=False)
    ] = None,
    provider: Annotated[
        list[str] | None,
        typer.Option(help="Only of this provider; may be repeated.", show_default=False),
    ] = None,
    wire_format: Annotated[
        list[str] | None,
        typer.Option(
            "--format", help="Only of this wire format; may be repeated.", show_default=False
        ),
    ] = None,
    maps: MapOption = None,
    encoding: EncodingOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Worker processes; as many as cores without.", show_default=False),
    ] = None,
    by_day: Annotated[
        bool | None,
        typer.Option(
            "--by-day/--as-stored",
            help="Read an archive in the order of its days, or as it is stored;"
            " by day where it spreads over years without.",
            show_default=False,
        ),
    ] = None,
    runner: Annotated[
        str, typer.Option(help="inprocess; flink (see [flink] in the configuration).")
    ] = "inprocess",
    lake: LakeOption = None,
    config: ConfigOption = None,
    log_level: LogLevelOption = "warning",
    as_json: JsonOption = False,
) -> None:
    """Read archives into the lake, through the same steps as the live job.

    An archive is known by its content: replaying it again adds nothing, and after a crash or Ctrl-C
    it goes on where it had come to. Revisions that the lake holds already are skipped, and not
    enriched again.

    Example: `dateline replay archive/1987 reut2-000.sgm.gz --from 1987-03-01 --lake /data/lake`
    """
    set_up_logs(log_level)
    if runner not in ("inprocess", "flink"):
        raise UsageError("no such runner", given=runner, known="inprocess, flink")
    settings = settings_of(config, lake=lake, maps=maps)
    selection = Selection(
        _day("--from", from_date),
        _day("--to", to_date),
        tuple(provider or ()),
        _known(wire_format),
        tuple(mapping.identity for mapping in settings.mappings) if maps else (),
    )
    if selection.from_date and selection.to_date and selection.from_date > selection.to_date:
        raise UsageError("--from is after --to", begin=from_date, end=to_date)
    archives = _opened(paths, settings, encoding)
    if runner == "flink":
        if by_day:
            raise UsageError("--by-day sorts on this machine's disk: Flink reads as it is stored")
        by_day = False
    with _spilling(settings) as folder:
        sources = [
            Selected(in_best_order(each, selection, settings, folder, by_day=by_day), selection)
            for each in archives
        ]
        _replay(settings, sources, workers, runner, log_level, dry_run=dry_run, as_json=as_json)


def _replay(
    settings: Settings,
    sources: Sequence[Selected],
    workers: int | None,
    runner: str,
    log_level: str,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Read the sources into the lake, or say what would come of it, and print what came."""
    if dry_run:
        _preview(settings, sources, as_json)
        return
    ends = ends_in_lake(settings, sources)
    held = sum(min(ends[s.source], s.total) - s.start for s in sources)
    total = sum(s.total - s.start for s in sources)
    if runner == "flink":
        tally = read_on_flink(settings, sources, quiet=as_json)
    else:
        tally = read(settings, sources, workers=workers, quiet=as_json, log_level=log_level)
    if as_json:
        print_json(
            {
                "sources": _facts(sources),
                "held_before": held,
                **tally.counts,
                "by": in_order(tally.by),
            }
        )
    elif held == total:
        out.print(f"Nothing to do: the lake holds all {total} records already.")
    else:
        show_summary(tally.by)
        if held:
            out.print(f"{held} of {total} records were in the lake before.")
        out.print(tally.line())
        left = total - held - tally.counts["records"]
        if left > 0:
            out.print(f"{left} records are left: the same command goes on.")


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(replay)


@contextmanager
def _spilling(settings: Settings) -> Iterator[Path]:
    """Make a folder for records in another order, gone at the end."""
    try:
        folder = TemporaryDirectory(prefix="dateline-replay-", dir=settings.replay.spill_dir)
    except OSError as error:
        raise UsageError(
            "there is no folder to sort in: set `replay.spill_dir`",
            path=settings.replay.spill_dir,
            reason=error,
        ) from error
    with folder as path:
        yield Path(path)


def _opened(paths: Sequence[str], settings: Settings, encoding: str | None) -> list[SentSource]:
    """Return the archives, each once whatever it was named; reading them takes its time."""
    found: dict[str, SentSource] = {}
    name = known_encoding(encoding) if encoding else None
    with err.status("opening", spinner="dots") if err.is_terminal else _Silent() as status:
        for path in paths:
            status.update(f"opening {path}")
            archive = open_archive(path, settings.lake.options, encoding=name)
            found.setdefault(archive.source, archive)
    return list(found.values())


class _Silent:
    """In place of a spinner, where there is no terminal."""

    def __enter__(self) -> _Silent:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def update(self, status: str) -> None:
        """Show nothing."""


def _day(option: str, given: str | None) -> date | None:
    try:
        return date.fromisoformat(given) if given is not None else None
    except ValueError as error:
        raise UsageError(f"{option} is no ISO 8601 date", given=given) from error


def _known(formats: list[str] | None) -> tuple[str, ...]:
    for name in formats or ():
        if name not in _FORMATS:
            raise UsageError("no such wire format", given=name, known=", ".join(_FORMATS))
    return tuple(formats or ())


def _preview(settings: Settings, sources: Sequence[Selected], as_json: bool) -> None:
    ends = ends_in_lake(settings, sources)
    with stop_on_signals() as (stop, _), show_bar(wanted=not as_json) as progress:
        total = sum(source.total - ends[source.source] for source in sources)
        task = progress.add_task("reading", total=total)
        found = preview(settings, sources, lambda n: progress.update(task, advance=n), stop.is_set)
    if as_json:
        print_json(
            {
                "sources": _facts(sources),
                "records": found.records,
                "held": found.done,
                "stories": found.stories,
                "rejects": found.rejects,
                "skipped": found.skipped,
                "by": in_order(found.by),
            }
        )
        return
    show_summary(found.by, "new stories")
    out.print(_sentence(found))


def _sentence(found: Preview) -> str:
    unit, dates = condensed(found.by["date"])
    held = (
        f", {found.done} of them in the lake already: a replay goes on there" if found.done else ""
    )
    return (
        f"{found.records} records{held}. It would add {found.stories} stories "
        f"({len(dates)} {unit}s), {found.rejects} rejects and {found.skipped} skipped; "
        "regions are known once stories are enriched."
    )


def _facts(sources: Sequence[Selected]) -> list[dict[str, Any]]:
    return [{"source": source.source, "records": source.total} for source in sources]
