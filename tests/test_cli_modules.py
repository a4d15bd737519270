"""Each command is found in the modules that the table names, and imports no others'."""

from __future__ import annotations

import subprocess
import sys

import pytest
import typer

from pipeline.cli import MODULES, app, app_of

HEAVY = ("apache_beam", "spacy", "kafka", "duckdb", "deltalake", "pipeline.parse")
"""What takes long to import, and what no command needs to tell its version."""


def commands(made: typer.Typer) -> set[str]:
    """The first words of its commands."""
    return {name.split()[0] for name in typer.main.get_command(made).commands}  # type: ignore[attr-defined]


def test_the_table_has_all_commands() -> None:
    assert commands(app) == set(MODULES)


@pytest.mark.parametrize("command", MODULES)
def test_a_command_needs_the_modules_of_its_entry_alone(command: str) -> None:
    assert command in commands(app_of((*MODULES[command], "about")))


def test_a_light_command_imports_nothing_heavy() -> None:
    """Else each of them takes three times as long."""
    program = (
        "import sys; from pipeline.cli import main\n"
        "try: main()\n"
        "except SystemExit: print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "version"], capture_output=True, text=True, check=True
    )
    assert "dateline" in done.stdout
    assert not set(HEAVY) & set(done.stderr.split())
