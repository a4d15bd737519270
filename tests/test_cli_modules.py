"""Each command is found in the modules that the table names, and imports no others'."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from pipeline.cli import MODULES, app, app_of, contents

HEAVY = ("apache_beam", "spacy", "kafka", "duckdb", "deltalake", "pipeline.parse")
"""What takes long to import, and what no command needs to tell its version."""


def commands(made: typer.Typer) -> set[str]:
    """The first words of its commands."""
    return {name.split()[0] for name in typer.main.get_command(made).commands}  # type: ignore[attr-defined]


def test_the_table_has_all_commands() -> None:
    assert commands(app) == set(MODULES)


def test_the_light_help_is_that_of_the_whole_command() -> None:
    """Every word of it: `pipeline/cli/summaries.tsv` has each command, in its order."""
    light, whole = (CliRunner().invoke(made, ["--help"]) for made in (contents(), app))
    assert light.exit_code == whole.exit_code == 0
    assert light.stdout == whole.stdout


@pytest.mark.parametrize("command", MODULES)
def test_a_command_needs_the_modules_of_its_entry_alone(command: str) -> None:
    assert command in commands(app_of((*MODULES[command], "about")))


def helps(command: Any, name: str = "dateline") -> Iterator[tuple[str, str]]:
    """Each command below `command` with its help."""
    if not hasattr(command, "commands"):
        yield name, command.help or ""
    for word, part in getattr(command, "commands", {}).items():
        yield from helps(part, f"{name} {word}")


def test_every_command_has_an_example() -> None:
    """In the text that its help prints."""
    found = dict(helps(typer.main.get_command(app)))
    assert len(found) > len(MODULES)
    assert [name for name, text in found.items() if "Example" not in text] == []


@pytest.mark.parametrize(("word", "told"), [("version", "dateline"), ("--help", "reprocess")])
def test_a_light_command_imports_nothing_heavy(word: str, told: str) -> None:
    """Else each of them takes three times as long."""
    program = (
        "import sys; from pipeline.cli import main\n"
        "try: main()\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, word], capture_output=True, text=True, check=True
    )
    assert told in done.stdout
    assert not set(HEAVY) & set(done.stderr.split())
