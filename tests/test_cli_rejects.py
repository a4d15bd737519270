"""`dateline rejects` and `dateline lake link`, as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command import dateline
from tests.support.rows import SOURCE, a_batch, a_reject, a_story, enriched, written

TEXT = "Armenia and Georgia signed an agreement on rail freight in Yerevan on Wednesday."


@pytest.fixture
def lake(tmp_path: Path) -> str:
    """A story and its reprint, a failure with an escape sequence, and one that is readable now."""
    words = " ".join(f"w{n}" for n in range(200))
    stories = [
        enriched(a_story(n, provider=name, paragraphs=(words,)))
        for n, name in enumerate(("AFP", "Times"))
    ]
    bad = a_reject(2, message="bad \x1b[31m byte", raw=b"\x1b[31mred, and so much more of it")
    story = {"id": "urn:x:1", "headline": "Rail freight", "paragraphs": [TEXT]}
    good = a_reject(3, kind="unknown_format", raw=json.dumps(story).encode())
    written(tmp_path / "lake", a_batch(stories, [bad, good])).close()
    return str(tmp_path / "lake")


def test_rejects_are_listed_and_shown_without_steering_the_terminal(lake: str) -> None:
    listed = dateline("rejects", "list", "--lake", lake)
    assert listed.returncode == 0, listed.stderr
    assert "2 rejects" in listed.stdout
    shown = dateline("rejects", "show", SOURCE, "2", "--lake", lake)
    assert r"\x1b[31mred" in shown.stdout
    assert "\x1b" not in listed.stdout + shown.stdout
    as_json = json.loads(dateline("rejects", "show", SOURCE, "2", "--lake", lake, "--json").stdout)
    assert as_json["text"].startswith("\x1b[31m")
    picked = dateline("rejects", "list", "--kind", "malformed", "--lake", lake, "--json")
    assert [row["offset"] for row in json.loads(picked.stdout)] == [2]


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--kind", "nothing"),
        ("show", SOURCE, "77"),
        ("list", "--lake", "no/such/lake"),
        ("export", ".", "--format", "jsonl"),
    ],
)
def test_wrong_use_is_one_line(lake: str, arguments: tuple[str, ...]) -> None:
    given = arguments if "--lake" in arguments else (*arguments, "--lake", lake)
    done = dateline("rejects", *given)
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) <= 2


@pytest.mark.engine
@pytest.mark.long
def test_retry_lands_what_is_cured(lake: str, tmp_path: Path) -> None:
    """Through the job's own steps: with entities, once, and the lake adds up."""
    dry = dateline("rejects", "retry", "--dry-run", "--lake", lake, "--json")
    assert json.loads(dry.stdout)["would_be"]["story"] >= 1, dry.stderr
    done = dateline("rejects", "retry", "--kind", "unknown_format", "--lake", lake, "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["stories"], facts["open"]) == (1, 0)
    again = dateline("rejects", "retry", "--kind", "unknown_format", "--lake", lake)
    assert "Nothing to retry" in again.stdout
    sql = "select origin_offset from stories where headline = 'Rail freight'"
    found = json.loads(dateline("query", sql, "--lake", lake, "--json").stdout)
    assert found == [{"origin_offset": 3}]
    assert dateline("lake", "check", "--strict", "--lake", lake).returncode == 0
    out = tmp_path / "bad"
    assert (
        dateline("rejects", "export", str(out), "--format", "files", "--lake", lake).returncode == 0
    )
    assert len(list(out.iterdir())) == 2


def test_links_are_made_and_seen(lake: str) -> None:
    """A second run has nothing to do."""
    done = dateline("lake", "link", "--lake", lake, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "days": 1,
        "up_to_date": 0,
        "revisions": 2,
        "links": 1,
        "undated": 0,
    }
    assert "0 days computed, 1 were up to date" in dateline("lake", "link", "--lake", lake).stdout
    sql = "select similarity, left_provider, right_provider from current_links"
    (row,) = json.loads(dateline("query", sql, "--lake", lake, "--json").stdout)
    assert row["similarity"] == 1.0
    assert {row["left_provider"], row["right_provider"]} == {"AFP", "Times"}
