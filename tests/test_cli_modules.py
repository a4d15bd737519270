"""Each command is found in the modules that the table names, and imports no others'."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from pipeline.cli import MODULES, app, app_of, contents
from pipeline.cli.common import LakeAddress, lake_named, settings_of
from pipeline.errors import ConfigError
from pipeline.store.read.snapshot import open_snapshot
from pipeline.store.upkeep.note_families import note_families
from tests.support.rows import a_batch, a_story, enriched, written

UNASKED = (
    *("pyarrow", "numpy", "pandas", "duckdb", "pydantic", "pydantic_settings", "asyncio", "spacy"),
    *("rich.console", "pipeline.config", "pipeline.model", "pipeline.parse"),
)
"""What a question of a local lake needs none of: together most of its time."""

HEAVY = ("apache_beam", "spacy", "kafka", "_duckdb", "deltalake", "pydantic", "pipeline.parse")
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


@pytest.mark.parametrize(
    "words",
    [
        ("select count(*) as told from current",),
        ("select * from current_events", "--json"),
        ("select status as told from current", "--format", "csv", "--timeout-s", "600"),
        ("from told_events limit 1", "-o", "{folder}/told.md"),
        ("select label as told from current_events join code_cameo using (cameo)",),
    ],
)
def test_a_cold_question_imports_only_what_it_needs(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Neither the process that waits nor the one that answers; also by a note of families."""
    lake = tmp_path / "lake"
    written(lake, a_batch([enriched(a_story(0))])).close()
    note_families(open_snapshot(str(lake)))
    program = (
        "import sys\n"
        "from pipeline.cli import main\n"
        "from pipeline.store.read import query_apart\n"
        "leave = query_apart._leave\n"
        "def told(code):\n"
        "    print(*sys.modules, file=sys.stderr, flush=True)\n"
        "    leave(code)\n"
        "query_apart._leave = told\n"
        "try: main()\n"
        "finally: print(*sys.modules, file=sys.stderr)"
    )
    words = tuple(word.format(folder=tmp_path) for word in words)
    done = subprocess.run(
        [sys.executable, "-c", program, "query", "--lake", str(lake), *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    imported = set(done.stderr.split())
    assert done.returncode == 0, done.stderr
    assert {"deltalake", "_duckdb", "pipeline.show.answer"} <= imported
    assert not set(UNASKED) & imported


@pytest.mark.parametrize("named", ["option", "variable", "nothing"])
def test_the_lake_of_a_question_is_the_settings_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str
) -> None:
    """By the short way and by the long one; what is wrong is told in the same words."""
    for name in [name for name in os.environ if name.upper().startswith("DATELINE_")]:
        monkeypatch.delenv(name)
    lake = "s3://bucket/of-option" if named == "option" else None
    if named == "variable":
        monkeypatch.setenv("DATELINE_LAKE__URL", "of-variable")
    found = settings_of(None, lake=lake).lake
    assert lake_named(None, lake) == LakeAddress(found.url, found.options)
    monkeypatch.setenv("DATELINE_LAKE__OPTIONS", '{"aws_region": "x"}')
    assert lake_named(None, lake) == LakeAddress(found.url, {"aws_region": "x"})
    for variable in ("DATELINE_LAKE__OPTIOSN", "DATELINE_LAKE_URL", "DATELINE_LAK__URL"):
        with monkeypatch.context() as wrong, pytest.raises(ConfigError):
            wrong.setenv(variable, "x")
            lake_named(None, lake)
    file = tmp_path / "c.toml"
    file.write_text("[batch]\nmax_recrods = 5\n")
    with pytest.raises(ConfigError, match="max_recrods"):
        lake_named(file, lake)
    with pytest.raises(ConfigError, match="password"):
        lake_named(None, "s3://key:hush@bucket/lake")


def test_a_topic_that_is_named_again_adds_to_those_before() -> None:
    """Of an option that is given twice the first would be forgotten without a word."""
    named = settings_of(None, topic=["wire.en,wire.fr", "sport", r"desk\..*"])
    assert list(named.kafka.topics) == ["wire.en", "wire.fr", "sport", r"desk\..*"]
