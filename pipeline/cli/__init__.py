"""The command `dateline`."""

from __future__ import annotations

import os
import sys

# Before numpy is imported: see `pipeline.supervise`.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import typer
from rich.console import Console
from rich.text import Text

from pipeline.cli import (
    about,
    demo,
    evaluate,
    flink,
    job,
    lake,
    links,
    rejects,
    replay,
    replay_kafka,
    reprocess,
    show,
    source,
    wire,
)
from pipeline.cli.group import Commands
from pipeline.errors import EXIT_CODES, DatelineError
from pipeline.escape import escaped

_CODES = "\n\n".join(f"**{code}** {meaning}" for code, meaning in EXIT_CODES)

app = typer.Typer(
    name="dateline",
    cls=Commands,
    help="Wire news from Kafka to Parquet: parsed, enriched with entities and events, exactly once."
    f"\n\n*Exit codes*\n\n{_CODES}",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_PARTS = (
    *(job, replay, replay_kafka, reprocess, demo, wire, lake, flink, links, rejects, show),
    *(evaluate, source, about),
)
for part in _PARTS:
    part.register(app)


def main() -> None:
    """Run the command; a `DatelineError` becomes one line on standard error and its exit code."""
    try:
        app()
    except DatelineError as error:
        # It may hold a stranger's words: a broker's, a file's name, what a query found.
        told = Text("error: ", style="red").append(
            escaped(str(error), keep="\n"), "not red default"
        )
        Console(stderr=True, highlight=False, soft_wrap=True).print(told)
        sys.exit(error.exit_code)
