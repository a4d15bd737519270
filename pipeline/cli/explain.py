"""`dateline lake explain`."""

from __future__ import annotations

import typer

from pipeline.cli.common import ConfigOption, JsonOption, LakeOption, print_json, settings_of
from pipeline.cli.consoles import out
from pipeline.cli.lake import lake_app


def explain(
    lake: LakeOption = None, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Write into the lake what it says of itself: README.md, views.sql, tables of codes.

    A running job does it by itself with its upkeep. What is there and equal is left alone, and so
    is a README.md of somebody else.

    Example: `dateline lake explain --lake /data/lake`
    """
    from pipeline.store.explain.explain import explain as written

    settings = settings_of(config, lake=lake)
    paths = written(settings.lake.url, settings.lake.options)
    if as_json:
        print_json({"written": paths})
    elif paths:
        out.print("Wrote " + ", ".join(paths), highlight=False, markup=False, soft_wrap=True)
    else:
        out.print("Nothing has changed.", highlight=False)


def register(_: typer.Typer) -> None:
    """Add the command to those of `lake`."""
    lake_app.command()(explain)
