"""`dateline lake compact`, `clean` and `check --glob`: what they print and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import LakeCheckError, UsageError
from tests.support.rows import a_batch, a_story, enriched, written


@pytest.fixture
def lake(tmp_path: Path) -> str:
    """Six batches of one story each, in one partition."""
    written(tmp_path, *(a_batch([enriched(a_story(n))]) for n in range(6)))
    return str(tmp_path)


def told(*arguments: str) -> dict:  # type: ignore[type-arg]
    done = CliRunner().invoke(app, ["lake", *arguments, "--json"])
    assert done.exit_code == 0, done.output
    found: dict = json.loads(done.output)  # type: ignore[type-arg]
    return found


def test_compact_says_what_it_did_and_that_a_glob_is_not_exact(lake: str) -> None:
    """Until the replaced files are gone."""
    done = told("compact", "--lake", lake)
    tables = {table["table"]: table for table in done["tables"]}
    assert len(tables) == len(done["tables"])
    stories = tables["stories"]
    assert (stories["replaced"], stories["written"], stories["rows"]) == (6, 1, 6)
    assert (done["glob_exact"], done["clean"]["held"] > 0) == (False, True)
    assert done["single_files"]["stories"] == 1
    assert Path(lake, "views.sql").exists()
    with pytest.raises(LakeCheckError) as caught:
        CliRunner().invoke(app, ["lake", "check", "--glob", "--lake", lake], catch_exceptions=False)
    assert caught.value.exit_code == 20
    cleaned = told("clean", "--lake", lake, "--retention-s", "0")
    assert (cleaned["glob_exact"], cleaned["held"]) == (True, 0)
    assert told("check", "--glob", "--lake", lake)["glob_exact"]


def test_compact_without_retention_leaves_an_exact_glob(lake: str) -> None:
    assert told("compact", "--lake", lake, "--retention-s", "0")["glob_exact"]
    assert len(list(Path(lake, "stories").glob("date=*/region=*/*.parquet"))) == 1
    done = CliRunner().invoke(app, ["lake", "check", "--glob", "--lake", lake])
    assert "exact now" in done.output


def test_compact_and_clean_tell_a_person_what_changed(lake: str) -> None:
    """A row for each table that changed, in words and sizes; then that there is nothing to do."""

    def said(*words: str) -> str:
        done = CliRunner().invoke(app, ["lake", *words, "--lake", lake])
        assert done.exit_code == 0, done.output
        return done.output

    first = said("compact")
    (row,) = (line for line in first.splitlines() if "stories" in line and "→" in line)
    assert "6 → 1" in row
    assert "kB" in row
    assert "rejects" not in first
    assert "Replaced files kept for readers" in first
    assert "There was nothing to compact." in said("compact")
    assert "Files removed: " in said("clean", "--retention-s", "0")
    assert "There was nothing to remove." in said("clean")


def test_options_of_the_command_line_win(lake: str) -> None:
    done = told("compact", "--lake", lake, "--min-files", "100")
    assert all(table["replaced"] == 0 for table in done["tables"])


def test_export_copies_what_may_be_shown_and_then_what_changed(lake: str, tmp_path: Path) -> None:
    target = str(tmp_path / "news.sqlite")
    done = told("export", target, "--lake", lake)
    assert (done["form"], done["rows"]["stories"], done["anew"]) == ("sqlite", 6, True)
    assert told("export", target, "--lake", lake)["days"] == 0
    assert told("export", target, "--lake", lake, "--from", "2030-01-01")["rows"]["stories"] == 0
    for wrong in (("--as-of", "soon"), ("--as-of", "2999-01-01"), ("--format", "html")):
        with pytest.raises(UsageError):
            CliRunner().invoke(
                app, ["lake", "export", target, "--lake", lake, *wrong], catch_exceptions=False
            )


def test_check_says_what_its_findings_mean(lake: str) -> None:
    path = next(Path(lake).glob("stories/date=*/**/*.parquet"))
    content = bytearray(path.read_bytes())
    content[4 : len(content) // 2] = b"\xff" * (len(content) // 2 - 4)
    path.write_bytes(content)
    done = CliRunner().invoke(app, ["lake", "check", "--lake", lake])
    assert "unreadable_file: a data file cannot be opened" in done.output


def test_repair_says_what_cannot_be_rebuilt_and_what_is_left_to_do(lake: str) -> None:
    log = Path(lake, "stories", "_delta_log")
    Path(log, "_last_checkpoint").write_text("{")
    asked = ["lake", "repair", "--lake", lake]
    done = CliRunner().invoke(app, asked)
    assert "stories _last_checkpoint: damaged (Expecting" in done.output
    assert "`--apply` repairs it" in done.output
    Path(log, "00000000000000000002.checkpoint.parquet").write_bytes(b"PAR1")
    Path(log, "00000000000000000001.json").unlink()
    with pytest.raises(LakeCheckError, match="from a backup") as caught:
        CliRunner().invoke(app, asked, catch_exceptions=False)
    assert caught.value.exit_code == 20
