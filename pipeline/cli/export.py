"""`dateline lake export`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline import clock
from pipeline.cli.common import (
    ConfigOption,
    FromDayOption,
    JsonOption,
    LakeOption,
    ToDayOption,
    print_json,
    settings_of,
    size_text,
)
from pipeline.cli.consoles import out
from pipeline.cli.lake import lake_app
from pipeline.errors import UsageError


def export(
    target: Annotated[
        Path,
        typer.Argument(help="A folder, or a file of a database (.duckdb, .sqlite, .db)."),
    ],
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help="parquet, csv, duckdb or sqlite; gdelt or polecat: events in the columns of "
            "those. By default what the target's name ends in, else parquet.",
            show_default=False,
        ),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of",
            help="The moment that embargoes are held against, ISO 8601; now by default.",
            show_default=False,
        ),
    ] = None,
    from_day: FromDayOption = None,
    to_day: ToDayOption = None,
    region: Annotated[
        list[str] | None,
        typer.Option("--region", help="Only of this region; may be repeated.", show_default=False),
    ] = None,
    lake: LakeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy what may be shown for other tools: without killed, withheld and embargoed stories.

    All tables are of one moment. Into an export that is there already goes what changed since.

    Example: `dateline lake export news.sqlite --from 2026-03-01 --lake /data/lake`
    """
    from pipeline.store.export.export import export_lake
    from pipeline.store.export.scope import ExportScope

    settings = settings_of(config, lake=lake)
    now = clock.now()
    scope = ExportScope(
        None if from_day is None else from_day.date(),
        None if to_day is None else to_day.date(),
        tuple(region or ()),
    )
    done = export_lake(
        settings.lake.url,
        settings.lake.options,
        target,
        _moment(as_of) or now,
        now=now,
        form=form,
        scope=scope,
    )
    if as_json:
        print_json(asdict(done))
        return
    counts = ", ".join(f"{rows:,} {table}" for table, rows in done.rows.items())
    if done.days:
        size = size_text(done.written_bytes)
        summary = f"Wrote {counts} of {done.days:,} days to {target} ({size})"
        out.print(summary, markup=False, soft_wrap=True)
    else:
        out.print(f"Nothing changed in {target}", markup=False, soft_wrap=True)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError("--as-of is no moment in ISO 8601", given=text) from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def register(_: typer.Typer) -> None:
    """Add the command to those of `lake`."""
    lake_app.command()(export)
