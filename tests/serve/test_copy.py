"""The live copy: whatever happens to the lake, it shows what the views show, and nothing else."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.serve.copy import live_copy
from pipeline.serve.copy.copied_rows import unpacked
from pipeline.serve.copy.follow import Follower
from pipeline.serve.copy.words import asked_words, indexed
from pipeline.store import query
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.write import LakeWriter
from pipeline.store.upkeep.compact import Sizing, compact
from tests.show.test_report import AS_OF, SECRET, stories
from tests.support.laws import sample
from tests.support.rows import NOON, a_batch, a_reject, a_story, altered, enriched, written

FIGURES = """
SELECT 'current' AS what, revision_id AS key, 1 AS n FROM current
UNION ALL SELECT 'region', region, count(*) FROM current GROUP BY region
UNION ALL SELECT 'country', country, count(*)
  FROM (SELECT unnest(countries) AS country FROM current) GROUP BY country
UNION ALL SELECT 'day', coalesce(date::VARCHAR, 'undated'), count(*) FROM current GROUP BY date
UNION ALL SELECT 'events', '', count(*) FROM current_events
  WHERE NOT negated AND NOT hypothetical AND NOT coalesce(historical, false)
"""
LATER = AS_OF + timedelta(hours=2)


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[LakeWriter]:
    made = written(tmp_path / "lake", a_batch(stories(), [a_reject(7)]))
    yield made
    made.close()


@pytest.fixture
def follower(tmp_path: Path, writer: LakeWriter) -> Iterator[Follower]:
    made = Follower(tmp_path / "copy.sqlite", str(tmp_path / "lake"))
    made.refresh(AS_OF)
    yield made
    made.close()


def rows(follower: Follower, sql: str) -> list[tuple[object, ...]]:
    assert follower.connection is not None
    return follower.connection.execute(sql).fetchall()


def counted(follower: Follower, what: str) -> dict[str, int]:
    sql = f"SELECT key, n FROM counts WHERE what = '{what}' AND bucket = 'all'"
    return {str(key): int(str(n)) for key, n in rows(follower, sql)}


def assert_is_the_lake(follower: Follower, now: object) -> None:
    """Rows, counts and words of the copy are those of the views at `now`."""

    told = query(follower.lake_url, None, FIGURES, now).to_pylist()
    lake: dict[str, dict[str, int]] = {}
    for row in told:
        lake.setdefault(row["what"], {})[row["key"]] = row["n"]
    shown = rows(follower, "SELECT revision_id FROM stories WHERE is_current")
    assert {row[0] for row in shown} == set(lake.get("current", {}))
    assert len(rows(follower, "SELECT rowid FROM search")) == len(shown)
    assert counted(follower, "stories") == {"": len(shown)}
    assert len(rows(follower, "SELECT 1 FROM deeds")) == lake["events"][""]
    assert counted(follower, "events").get("", 0) == lake["events"][""]
    assert counted(follower, "region") == lake["region"]
    assert counted(follower, "country") == lake["country"]
    by_day = rows(
        follower,
        "SELECT bucket, n FROM counts WHERE what = 'stories' AND (length(bucket) = 10"
        " OR bucket = 'undated')",
    )
    assert dict(by_day) == lake["day"]
    assert min((int(str(n)) for (n,) in rows(follower, "SELECT n FROM counts")), default=1) > 0


def holds(path: Path, text: str) -> bool:
    """Whether the text stands in the copy, in its log, or in what it keeps compressed."""
    with sqlite3.connect(path) as reader:
        told = "\n".join(reader.iterdump())
        told += "".join(
            str(unpacked(one)) for (one,) in reader.execute("SELECT shown FROM stories")
        )
    return text in told


def test_the_copy_is_what_the_views_show(follower: Follower) -> None:
    assert_is_the_lake(follower, AS_OF)


def test_what_may_not_be_shown_is_not_in_the_file(follower: Follower) -> None:
    assert holds(follower.path, "Undated")
    assert not holds(follower.path, SECRET)


def test_nothing_new_is_nothing_to_do(follower: Follower) -> None:
    assert follower.refresh(AS_OF + timedelta(seconds=1)) is False


def test_an_embargo_ends_by_time_alone(follower: Follower) -> None:
    assert follower.refresh(LATER)
    assert holds(follower.path, SECRET)
    assert_is_the_lake(follower, LATER)


def test_a_kill_under_embargo_hides_when_it_ends_even_without_the_lake(
    follower: Follower, writer: LakeWriter, tmp_path: Path
) -> None:
    kill = a_story(
        10, story_id=stories()[0].story.story_id, version=2, status="canceled",
        embargo_until=AS_OF + timedelta(hours=1, minutes=30),
    )  # fmt: skip
    writer.write(a_batch([enriched(kill)], spans={kill.source: (8, 11)}))
    follower.refresh(AS_OF)
    assert_is_the_lake(follower, AS_OF)
    assert holds(follower.path, "visited")
    (tmp_path / "lake").rename(tmp_path / "away")
    follower.hide_what_is_due(LATER)
    (tmp_path / "away").rename(tmp_path / "lake")
    assert_hidden = rows(follower, f"SELECT 1 FROM stories WHERE story_id = '{kill.story_id}'")
    assert assert_hidden == []
    follower.refresh(LATER)
    assert_is_the_lake(follower, LATER)


def a_revision(writer: LakeWriter, at: int, **fields: object) -> None:
    story = a_story(at, story_id="family-of-many", **fields)
    writer.write(a_batch([enriched(story)], spans={story.source: (at, at + 1)}))


@pytest.mark.parametrize(
    "order", [(3, 1, 2), *(pytest.param(o, marks=pytest.mark.long) for o in ((1, 2, 3), (2, 3, 1)))]
)
def test_revisions_arrive_in_any_order(
    follower: Follower, writer: LakeWriter, order: tuple[int, ...]
) -> None:
    """The last one is in force; the others are its earlier revisions; a kill takes all away."""
    for at, version in enumerate(order, start=8):
        a_revision(writer, at, version=version, headline=f"Version {version}")
        follower.refresh(LATER)
        assert_is_the_lake(follower, LATER)
    sql = "SELECT headline, is_current FROM stories WHERE story_id = 'family-of-many'"
    found = dict(rows(follower, sql))
    assert found == {"Version 1": 0, "Version 2": 0, "Version 3": 1}
    a_revision(writer, 11, version=4, status="canceled", headline="KILL")
    follower.refresh(LATER)
    assert_is_the_lake(follower, LATER)
    assert not holds(follower.path, "Version")


def test_a_reprocess_replaces_rows(follower: Follower, writer: LakeWriter) -> None:
    a_revision(writer, 8, headline="Once")
    follower.refresh(LATER)
    story = a_story(0, source="reprocess/x", story_id="family-of-many", headline="Once")
    writer.start({"reprocess/x": 0}, {"reprocess/x": 0}, "enrichment-2")
    writer.write(
        a_batch([enriched(story, enrichment_id="enrichment-2")], enrichment_id="enrichment-2")
    )
    follower.refresh(LATER)
    assert_is_the_lake(follower, LATER)


def test_compaction_changes_nothing_and_reads_no_text_again(
    follower: Follower, writer: LakeWriter
) -> None:
    for at in range(8, 12):
        writer.write(a_batch([enriched(a_story(at))]))
    follower.refresh(LATER)
    before = rows(follower, "SELECT * FROM stories ORDER BY id")
    files = rows(follower, "SELECT count(*) FROM files")
    compact(Lake(follower.lake_url), Sizing(min_files=2), LATER)
    follower.refresh(LATER + timedelta(seconds=1))
    assert rows(follower, "SELECT * FROM stories ORDER BY id") == before
    assert rows(follower, "SELECT count(*) FROM files") < files
    assert_is_the_lake(follower, LATER)


def test_rows_that_are_taken_out_of_the_lake_leave_the_copy(
    follower: Follower, tmp_path: Path
) -> None:
    wanted = stories()[0].story
    for table in ("stories", "events", "entities"):
        altered(
            tmp_path / "lake",
            table,
            lambda found: [row for row in found if row["story_id"] != wanted.story_id],
        )
    follower.refresh(LATER)
    assert_is_the_lake(follower, LATER)
    assert rows(follower, f"SELECT 1 FROM stories WHERE story_id = '{wanted.story_id}'") == []


class _Killed(BaseException):
    """Stands for a signal that ends the process."""


@pytest.mark.parametrize("steps", sample([1, 2, 3], 3))
def test_a_copy_that_was_cut_short_is_finished(
    tmp_path: Path, writer: LakeWriter, steps: int
) -> None:
    """Dead after any transaction, the next process finishes the copy; nobody takes it for whole."""
    left = iter(range(steps))

    def told(state: live_copy.CopyState) -> None:
        if next(left, None) is None:
            raise _Killed

    follower = Follower(tmp_path / "c.sqlite", str(tmp_path / "lake"), on_state=told)
    try:
        follower.refresh(AS_OF)
    except _Killed:
        assert follower.connection is not None
        assert not live_copy.state(follower.connection).ready
    follower.close()
    again = Follower(tmp_path / "c.sqlite", str(tmp_path / "lake"))
    again.refresh(AS_OF)
    assert_is_the_lake(again, AS_OF)
    again.close()


def test_a_step_that_fails_leaves_the_copy_as_it_was(
    follower: Follower, writer: LakeWriter
) -> None:
    before = list(follower.connection.iterdump()) if follower.connection else []
    a_revision(writer, 8)

    def told(state: live_copy.CopyState) -> None:
        raise _Killed

    follower.on_state = told
    with pytest.raises(_Killed):
        follower.refresh(LATER)
    assert follower.connection is not None
    assert list(follower.connection.iterdump()) == before
    follower.on_state = None
    follower.refresh(LATER)
    assert_is_the_lake(follower, LATER)


def test_a_reader_sees_one_moment_while_the_copy_is_written(
    follower: Follower, writer: LakeWriter
) -> None:
    reader = live_copy.open_readonly(follower.path)
    reader.execute("BEGIN")
    counts: Callable[[], int] = lambda: reader.execute("SELECT count(*) FROM stories").fetchone()[0]  # noqa: E731
    before = counts()
    a_revision(writer, 8)
    follower.refresh(LATER)
    assert counts() == before
    reader.execute("COMMIT")
    assert counts() > before
    reader.close()


def test_a_reader_cannot_write(follower: Follower) -> None:
    reader = live_copy.open_readonly(follower.path)
    with pytest.raises(sqlite3.OperationalError):
        reader.execute("DELETE FROM stories")
    reader.close()


def test_a_file_of_something_else_is_refused(tmp_path: Path, writer: LakeWriter) -> None:
    path = tmp_path / "notes.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE notes (text)")
    with pytest.raises(UsageError, match="no live copy"):
        Follower(path, str(tmp_path / "lake")).refresh(NOON)
    (tmp_path / "text.sqlite").write_text("no database")
    with pytest.raises(UsageError, match="no live copy"):
        Follower(tmp_path / "text.sqlite", str(tmp_path / "lake")).refresh(NOON)


def test_another_lake_at_the_same_place_is_another_one(tmp_path: Path) -> None:
    """It was removed and made anew: at the same versions of its tables it has other stories."""
    lake, told = tmp_path / "lake", []
    follower = Follower(tmp_path / "c.sqlite", str(lake))
    for headline in ("Of the first lake", "Of the second lake"):
        shutil.rmtree(lake, ignore_errors=True)
        written(lake, a_batch([enriched(a_story(0, headline=headline))])).close()
        follower.refresh(LATER)
        assert_is_the_lake(follower, LATER)
        told.append(rows(follower, "SELECT headline FROM stories"))
    assert told == [[("Of the first lake",)], [("Of the second lake",)]]
    follower.close()


def test_the_copy_of_another_lake_is_refused(follower: Follower, tmp_path: Path) -> None:
    follower.close()
    with pytest.raises(UsageError, match="another lake"):
        Follower(follower.path, str(tmp_path / "other")).refresh(NOON)


@pytest.mark.parametrize(
    ("asked", "wanted", "unwanted"),
    [
        ("oil price", ['"oil"', '"price"'], []),
        ('"oil price" -gas min*', ['"oil price"', '"min*"*'], ['"gas"']),
        ('NEAR(a b) AND OR "', ['"NEAR(a"', '"b)"', '"AND"', '"OR"'], []),
        ("* - \" ' ;", [], []),
        ("外交部", ['"外  交  部"'], []),
    ],
)
def test_a_question_is_words_and_never_syntax(
    asked: str, wanted: list[str], unwanted: list[str]
) -> None:
    assert asked_words(asked) == (wanted, unwanted)


def test_words_are_found_in_writing_without_spaces() -> None:
    with sqlite3.connect(":memory:") as db:
        db.execute("CREATE VIRTUAL TABLE t USING fts5 (body)")
        db.execute("INSERT INTO t VALUES (?)", (indexed("中国外交部发言人说"),))
        for text, n in (("外交部", 1), ("部外", 0)):
            (wanted,) = asked_words(text)[0]
            assert len(db.execute("SELECT 1 FROM t WHERE t MATCH ?", (wanted,)).fetchall()) == n
