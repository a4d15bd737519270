"""`dateline sql`: statements and commands, as they are typed or piped in."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli.sql import _filled, _history, _Shell, words
from pipeline.errors import UsageError
from pipeline.store.read.query import query
from pipeline.store.recipes.recipe_book import recipes
from tests.support.command import dateline
from tests.support.rows import NOON, a_batch, a_story, enriched, written


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("lake") / "lake"
    written(root, a_batch([enriched(a_story(0))])).close()
    return str(root)


def test_statements_are_taken_up_to_their_end() -> None:
    """Over several lines; what is held at the end is carried out too."""
    asked: list[tuple[str, str]] = []
    shell = _Shell(lambda text, form: asked.append((text, form)))
    for line in ("select 1", "  as n;", "", "\\x", "select 2;", "select 3"):
        assert shell.take(line)
    assert shell.is_within
    shell.end()
    assert asked == [
        ("select 1\n  as n", "table"),
        ("select 2", "expanded"),
        ("select 3", "expanded"),
    ]
    assert not shell.take("\\q")


def test_a_command_is_one_within_a_statement_too() -> None:
    """Who is stuck in one leaves by `\\q`, as in psql."""
    shell = _Shell(lambda text, form: None)
    assert shell.take("select 1")
    assert shell.take("\\x")
    assert shell.is_within
    assert not shell.take("\\q")


def test_a_fault_is_told_and_the_shell_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    def ask(text: str, _: str) -> None:
        raise UsageError("no such table \x1b[31m")

    shell = _Shell(ask)
    assert shell.take("select x;")
    assert shell.take("\\recipe soup")
    assert shell.take("\\zz")
    told = capsys.readouterr().err
    assert "no such table" in told
    assert "no such recipe" in told
    assert "there is no \\zz here" in told
    assert "\x1b" not in told


def test_completion_knows_tables_columns_and_codes() -> None:
    known = words()
    of_tables = ("stories", "current_events", "source_country", "record_offset", "told_by_stories")
    for word in (*of_tables, "code_cameo", "alpha3", "western-asia", "ACCUSE", "COP", "IRN"):
        assert word in known
    assert "root" in known


@pytest.mark.parametrize("name", ["balance", "search", "gephi"])
def test_a_recipe_is_printed_ready_to_run(lake: str, name: str) -> None:
    assert name in recipes()
    text = _filled(name)
    assert "$" not in text.split("\n\n", 1)[1]
    query(lake, None, text, NOON)


def test_history_is_for_its_owner_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert _history().stat().st_mode & 0o077 == 0


def test_what_is_piped_in_is_carried_out(lake: str) -> None:
    piped = "select count(*) as n\nfrom current;\nselect no_such;\nselect 42 as answer\n"
    done = dateline("sql", "--lake", lake, stdin=piped)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["n", "-", "1", "answer", "------", "42"]
    assert "no_such" in done.stderr
