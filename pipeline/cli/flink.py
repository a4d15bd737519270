"""`dateline flink`: the job on a Flink cluster, once it runs there."""

from __future__ import annotations

from typing import Annotated

import typer

from pipeline.cli.common import ConfigOption, JsonOption, print_json, settings_of
from pipeline.cli.consoles import out
from pipeline.cli.group import CommandGroup

app = typer.Typer(
    cls=CommandGroup, help="The job on a Flink cluster, once it runs there.", no_args_is_help=True
)


@app.command()
def status(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show the job's id and state, as Flink tells them.

    Example: `dateline flink status --config /etc/dateline.toml`
    """
    from pipeline.beam.flink import running_job

    job = running_job(settings_of(config))
    if as_json:
        print_json({"id": job.id, "state": job.state} if job else None)
    else:
        out.print(f"{job.id} {job.state}" if job else "no such job runs")


@app.command()
def stop(
    config: ConfigOption = None,
    savepoint: Annotated[
        bool, typer.Option("--savepoint", help="Leave a savepoint to begin with next time.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Stop the job. The lake is whole either way, and the next job goes on where it ends.

    Example: `dateline flink stop --savepoint`
    """
    from pipeline.beam.flink import stop_job

    location = stop_job(settings_of(config), with_savepoint=savepoint)
    if as_json:
        print_json({"savepoint": location})
    else:
        out.print(f"stopped; savepoint: {location}" if location else "stopped", soft_wrap=True)


def register(parent: typer.Typer) -> None:
    """Add the commands to `parent`."""
    parent.add_typer(app, name="flink")
