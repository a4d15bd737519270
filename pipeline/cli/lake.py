"""`dateline query` and `dateline lake …`."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from pipeline import clock
from pipeline.cli.common import (
    ConfigOption,
    JsonOption,
    LakeOption,
    out,
    print_json,
    settings_of,
)
from pipeline.errors import LakeCheckError

_COUNTS = ("blocks", "records", "items", "stories", "rejects", "skipped", "gaps", "in_flight")

lake_app = typer.Typer(help="Look after a lake.", no_args_is_help=True)


def query(
    sql: Annotated[str, typer.Argument(help="One SELECT.", show_default=False)],
    lake: LakeOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Ask the lake in SQL (DuckDB): tables stories, entities, events, rejects and ledger.

    The views `current`, `current_entities` and `current_events` show the latest revision of each
    story, without what was killed or is under embargo.

    Example: `dateline query "select date, region, headline from current order by date"`
    """
    from pipeline.store.query import json_rows
    from pipeline.store.query import query as ask

    settings = settings_of(config, lake=lake)
    rows = json_rows(found := ask(settings.lake.url, settings.lake.options, sql, clock.now()))
    if as_json:
        print_json(rows)
        return
    table = Table(*map(escape, found.column_names), title_justify="left")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row.values()))
    out.print(table)


@lake_app.command()
def check(
    lake: LakeOption = None,
    config: ConfigOption = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Unreferenced files fail the check too.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Prove that every record is accounted for exactly once, item by item.

    Reads only. Exit code 20 when something does not add up.

    Example: `dateline lake check --lake /data/lake`
    """
    from pipeline.store.check import check as judge

    settings = settings_of(config, lake=lake)
    report = judge(settings.lake.url, settings.lake.options, strict=strict)
    if as_json:
        print_json(report.as_json())
    else:
        data = report.as_json()
        out.print(_rows_table(data["tables"]))
        for source in data["sources"]:
            counts = ", ".join(f"{source[name]} {name}" for name in _COUNTS if source[name])
            out.print(Text(source["source"], style="bold"), soft_wrap=True)
            out.print(f"  {source['start']} to {source['end']}: {counts or 'nothing yet'}")
        for finding in data["findings"]:
            out.print(Text(" ".join(f"{k}={v}" for k, v in finding.items() if v is not None)))
        notes = ", ".join(f"{n} {kind}" for kind, n in data["counts"].items())
        out.print("[green]The lake adds up.[/green]" if report.ok else "[red]Errors found.[/red]")
        if notes:
            out.print(f"Findings: {notes}")
    if not report.ok:
        raise LakeCheckError("the lake does not add up", **report.counts)


@lake_app.command()
def clean(
    lake: LakeOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Remove what dead writers left behind; safe beside a running job, which does it by itself.

    Example: `dateline lake clean --lake /data/lake`
    """
    from pipeline.store.lake import Lake
    from pipeline.store.maintain import clean as tidy
    from pipeline.store.snapshot import open_snapshot

    settings = settings_of(config, lake=lake)
    open_snapshot(settings.lake.url, settings.lake.options)
    done = tidy(Lake(settings.lake.url, settings.lake.options), clock.now())
    facts = {
        "staged": done.staged,
        "removed": done.removed,
        "kept": done.kept,
        "foreign": done.foreign,
    }
    if as_json:
        print_json(facts)
    else:
        out.print(", ".join(f"{n} {name}" for name, n in facts.items()))


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command()(query)
    app.add_typer(lake_app, name="lake")


def _rows_table(rows: list[dict[str, Any]]) -> Table:
    table = Table(*(rows[0] if rows else ()))
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row.values()))
    return table


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return text if len(text) <= 200 else text[:199] + "…"
