"""The command `dateline`."""

from __future__ import annotations

import os
import sys
from functools import cache
from importlib import import_module

# Before numpy is imported: see `pipeline.supervise`.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import typer

from pipeline.cli.group import Commands
from pipeline.errors import DatelineError
from pipeline.escape import escaped
from pipeline.tsv import rows

MODULES: dict[str, tuple[str, ...]] = {
    "run": ("job",),
    "replay": ("replay", "replay_kafka"),
    "reprocess": ("reprocess",),
    "demo": ("demo",),
    "broker": ("wire",),
    "publish": ("wire",),
    "query": ("query",),
    "recipes": ("recipes",),
    "sql": ("sql",),
    "lake": ("lake", "links", "export", "explain"),
    "flink": ("flink",),
    "rejects": ("rejects",),
    "show": ("show",),
    "report": ("report",),
    "serve": ("serve",),
    "formats": ("formats",),
    "evaluate": ("evaluate",),
    "source": ("source",),
    "config": ("about",),
    "version": ("about",),
}
"""Command → the modules of this package that have it, in the order of the help."""

_ALL = tuple(dict.fromkeys(module for modules in MODULES.values() for module in modules))

app: typer.Typer
"""The command with all its parts; made when it is asked for."""


def _made() -> typer.Typer:
    return typer.Typer(
        name="dateline",
        cls=Commands,
        help="Wire news from Kafka to Parquet: parsed, enriched with entities and events,"
        " exactly once.",
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_show_locals=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


@cache
def app_of(modules: tuple[str, ...]) -> typer.Typer:
    """Return the command with the parts that stand in `modules`: nothing else is imported."""
    made = _made()
    for module in modules:
        import_module(f"{__name__}.{module}").register(made)
    return made


def contents() -> typer.Typer:
    """Return a command that can only show its help: what its parts are called and do.

    For that no part is imported; what it prints is what the whole command prints.
    """
    made = _made()
    for name, summary in rows(__name__, "summaries.tsv"):
        made.command(name, help=summary)(_nothing)
    return made


def _nothing() -> None:
    """Stand in for a command of `contents`."""


def __getattr__(name: str) -> typer.Typer:
    if name == "app":
        return app_of(_ALL)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _completes() -> bool:
    """Say whether a shell asks what could follow rather than a user."""
    return "_DATELINE_COMPLETE" in os.environ


def main() -> None:
    """Run the command; a `DatelineError` becomes one line on standard error and its exit code."""
    # Half of a short command's time would go into imports for the others. With a second module it
    # stays a group of commands.
    wanted = MODULES.get(sys.argv[1]) if len(sys.argv) > 1 else None
    try:
        if sys.argv[1:] in ([], ["-h"], ["--help"]) and not _completes():
            made = contents()
        else:
            # Only here: the help takes no values.
            from pipeline.compat.typer_values import take_plain_values

            take_plain_values()
            made = app_of(_ALL if wanted is None else tuple(dict.fromkeys((*wanted, "about"))))
        made()
    except DatelineError as error:
        # It may hold a stranger's words: a broker's, a file's name, what a query found.
        typer.secho("error: ", err=True, fg="red", nl=False)
        typer.echo(escaped(str(error), keep="\n"), err=True)
        sys.exit(error.exit_code)
