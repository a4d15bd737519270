"""`dateline config show` and `dateline version`."""

from __future__ import annotations

import typer

from pipeline import __version__
from pipeline.cli.common import ConfigOption, JsonOption, LakeOption, print_json, settings_of
from pipeline.cli.group import CommandGroup

config_app = typer.Typer(cls=CommandGroup, help="The configuration.", no_args_is_help=True)
_PACKAGES = ("apache-beam", "kafka-python", "spacy", "pyarrow", "deltalake", "duckdb")


@config_app.command()
def show(lake: LakeOption = None, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show the settings in force, secrets masked.

    Example: `DATELINE_LAKE__URL=/data/lake dateline config show`
    """
    # Only here, as in `version`: every command imports this module, to be one of a group.
    from pipeline.secrecy import settings_shown

    data = settings_shown(settings_of(config, lake=lake))
    if as_json:
        print_json(data)
        return
    from rich.table import Table
    from rich.text import Text

    from pipeline.cli.consoles import out

    table = Table("setting", "value")
    for section, part in data.items():
        for name, value in part.items():
            table.add_row(f"{section}.{name}", Text(str(value)))
    out.print(table)


def version(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show the versions of Dateline and its libraries; with --json its stages' too.

    Example: `dateline version --json`
    """
    from importlib.metadata import version as version_of

    facts = {"dateline": __version__, **{name: version_of(name) for name in _PACKAGES}}
    if not as_json:
        typer.echo("\n".join(f"{name} {number}" for name, number in facts.items()))
        return
    from pipeline.job import enricher_of, stages_of

    settings = settings_of(config)
    stages = stages_of(enricher_of(settings), settings)
    by_stage = [{"name": s.name, "version": s.version, "data": s.data or None} for s in stages.all]
    ids = {"enrichment_id": stages.enrichment_id, "stages_id": stages.id}
    print_json({**facts, **ids, "stages": by_stage})


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.add_typer(config_app, name="config")
    app.command()(version)
