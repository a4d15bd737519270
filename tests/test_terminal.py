"""What a command prints of strangers' words: a terminal obeys none of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.cli.common import print_json
from tests.support.command import dateline
from tests.support.rows import a_batch, a_story, enriched, written

SAID = "Title \x1b]0;mine\x07 \x9b31m \u202eback [/x] [link=https://host]here[/link]"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lake") / "lake"
    story = a_story(0, source="archive/\x1b]0;mine\x07", headline=SAID)
    written(folder, a_batch([enriched(story)])).close()
    return folder


def told(lake: Path, *arguments: str) -> tuple[int, str]:
    """The exit code, and both outputs as a terminal would get them."""
    done = dateline(*arguments, "--lake", str(lake))
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("query", "select headline, source from stories"),
        ("query", "select headline, source from stories", "--json"),
        ("query", 'select 1 as "a\x1b]0;b [/x]"'),
        ("lake", "check"),
        ("lake", "check", "--json"),
        ("source", "list"),
        ("show", "family"),
        ("show", "family", "--json"),
    ],
)
def test_what_the_lake_holds_is_only_text(lake: Path, arguments: tuple[str, ...]) -> None:
    code, output = told(lake, *arguments)
    assert code == 0, output
    assert not obeyed(output)


@pytest.mark.parametrize(
    "sql",
    [
        "select '[/x]'::int",
        "select headline::int from stories",
        "select error('\x1b]0;mine\x07')",
    ],
)
def test_an_error_is_one_message_whatever_it_quotes(lake: Path, sql: str) -> None:
    """Brackets are no markup, controls are written out, and there is no traceback."""
    code, output = told(lake, "query", sql)
    assert code == 2
    assert output.startswith("error: ")
    assert "Traceback" not in output
    assert "[/x]" in output or "x1b" in output
    assert not obeyed(output)


def test_escaped_json_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({SAID: SAID})
    output = capsys.readouterr().out
    assert json.loads(output) == {SAID: SAID}
    assert not obeyed(output)


def obeyed(output: str) -> list[str]:
    """Characters that are neither signs nor the ends of lines; tables are padded with spaces."""
    return [c for c in output if not c.isprintable() and c != "\n"]
