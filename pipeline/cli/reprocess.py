"""`dateline reprocess`: what the lake holds, parsed and enriched anew."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer
from rich.table import Table

from pipeline.cli.common import (
    ConfigOption,
    JsonOption,
    LakeOption,
    LogLevelOption,
    print_json,
    set_up_logs,
    settings_of,
)
from pipeline.cli.consoles import err, out
from pipeline.cli.reading import read_to_end
from pipeline.store.runs.reprocess import Plan, plan_reprocess

_MONTH_CHARS = len("2026-03")


def reprocess(
    where: Annotated[
        str | None,
        typer.Option(
            "--where",
            help="A DuckDB condition on the columns of `stories`; all stories without.",
            show_default=False,
        ),
    ] = None,
    lake: LakeOption = None,
    config: ConfigOption = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that enrich side by side.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    log_level: LogLevelOption = "warning",
    as_json: JsonOption = False,
) -> None:
    """Parse and enrich what the lake holds once more, from its raw bytes, with today's stages.

    The new rows stand beside the old ones, and the views show them. Revisions that the lake holds
    under today's parser and enrichment already are left out: a second run does nothing, and one
    that was cut short goes on. `dateline version --json` tells today's stages.

    Example: `dateline reprocess --where "date >= '2026-01-01'" --lake /data/lake`
    """
    set_up_logs(log_level)
    # Whatever the job does with what comes: who asks for a reprocess wants it enriched.
    settings = settings_of(config, lake=lake, enrich={"mode": "full"})
    from pipeline.job import enricher_of, stages_of

    today = stages_of(enricher_of(settings), settings)
    found = plan_reprocess(settings.lake.url, settings.lake.options, today, where)
    if found.newer is not None:
        err.print(
            f"[yellow]note:[/yellow] the views will go on showing enrichment {found.newer}: it "
            f"entered the lake after today's, {today.enrichment_id}"
        )
    counts: dict[str, int] = {}
    if not as_json:
        _show(found, whole=dry_run)
    if found.left and not dry_run:
        counts = read_to_end(
            settings, [found.run], workers=workers, as_json=as_json, log_level=log_level
        )
    if as_json:
        print_json(_facts(found) | counts)


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command()(reprocess)


def _facts(found: Plan) -> dict[str, object]:
    return {
        "source": found.run.source,
        "enrichment_id": found.run.stages.enrichment_id,
        "where": found.run.where,
        "total": found.run.total,
        "left": found.left,
        "dates": {day or "unknown": n for day, n in found.counted.dates.items()},
        "regions": dict(found.counted.regions),
        "enrichments": dict(found.counted.enrichments),
        "stages": dict(found.counted.stages),
        "raw_bytes": found.counted.raw_bytes,
        "stories": 0,
        "rejects": 0,
        "skipped": 0,
    }


def _show(found: Plan, *, whole: bool) -> None:
    """Say what is to be done: how many rows, bytes and of which stages.

    With `whole` also of which enrichment, month and region.
    """
    today = found.run.stages.enrichment_id
    if not found.left:
        out.print(
            f"Nothing to do: the lake holds all of it under today's stages ({today}) already."
        )
        return
    going_on = f", {found.done} of them done by the run that goes on" if found.done else ""
    size = f"{found.counted.raw_bytes:,} bytes"
    out.print(f"{found.run.total} stories ({size}) to be read anew under {today}{going_on}.")
    _table("stage that differs", found.counted.stages)
    if not whole:
        return
    months: dict[str, int] = {}
    for day, n in found.counted.dates.items():
        month = day[:_MONTH_CHARS] if day else "unknown"
        months[month] = months.get(month, 0) + n
    _table("enrichment now", found.counted.enrichments)
    _table("month", months)
    _table("region", found.counted.regions)


def _table(title: str, counted: Mapping[str, int]) -> None:
    table = Table(title, "stories")
    for name, n in counted.items():
        table.add_row(str(name), str(n))
    out.print(table)
