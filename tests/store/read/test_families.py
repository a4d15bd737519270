"""What upkeep notes of families: the views answer by it, and show what they show without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from deltalake.transaction import RemoveAction
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compat.duckdb_core import open_in_memory
from pipeline.errors import StoreError
from pipeline.store.commit.lake import Lake
from pipeline.store.read import families
from pipeline.store.read.families import find_families, notes
from pipeline.store.read.known import know_note
from pipeline.store.read.query import query
from pipeline.store.read.session import create_views, session
from pipeline.store.read.snapshot import Snapshot, open_snapshot
from pipeline.store.read.views import view_select
from pipeline.store.schema.contract import LINKS, TABLES
from pipeline.store.schema.rows import entity_rows, event_rows, ledger_row, story_row
from pipeline.store.upkeep.compact import Sizing, compact
from pipeline.store.upkeep.note_families import note_families
from tests.support.bits import footer_bits
from tests.support.laws import law
from tests.support.rows import (
    ENRICHMENT,
    NOON,
    a_batch,
    a_story,
    altered,
    enriched,
    forced,
    written,
)

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def shown(lake: Path, as_of: datetime) -> dict[str, list[tuple[Any, ...]]]:
    """What a session shows in the views that go by families."""
    return _asked(lake, as_of, by_note=True)


def compared(lake: Path, as_of: datetime) -> dict[str, list[tuple[Any, ...]]]:
    """What the shipped text of the views gives over all rows."""
    return _asked(lake, as_of, by_note=False)


def _asked(lake: Path, as_of: datetime, *, by_note: bool) -> dict[str, list[tuple[Any, ...]]]:
    place = "record_source, record_offset, record_item, enrichment_id, date, region"
    snapshot = open_snapshot(str(lake))
    with session(snapshot, (*TABLES, LINKS), memory_mb=512, threads=1) as connection:
        if by_note:
            create_views(connection, snapshot, as_of)
        else:
            for view in ("current", "current_entities", "current_events"):
                connection.execute(f"CREATE VIEW {view} AS {view_select(view, as_of)}")
        return {
            view: sorted(connection.sql(f"SELECT {place} FROM {view}").fetchall(), key=str)
            for view in ("current", "current_events")
        }


rows = st.fixed_dictionaries(
    {
        "story_id": st.sampled_from(("a", "b", "c")),
        "published_at": st.sampled_from((None, NOON, NOON + DAY, NOON + 40 * DAY)),
        "region": st.sampled_from(("western-asia", "eastern-asia", "unknown")),
        "status": st.sampled_from(("usable", "usable", "usable", "canceled", "withheld")),
        "version": st.integers(1, 3),
        "version_time": st.sampled_from((None, NOON, NOON + HOUR)),
        "embargo_until": st.sampled_from((None, None, NOON - DAY, NOON + DAY)),
        "source": st.sampled_from(("k/t/0", "k/t/1", "archive/x", "reprocess/y")),
        "keywords": st.sampled_from(((), ("a",))),
        "enrichment_id": st.sampled_from((ENRICHMENT, "another")),
    }
)
batches = st.lists(rows, min_size=3, max_size=6)
UPKEEP = st.sampled_from(("note", "compact", "note", "withdraw", "nothing"))


def put(root: Path, batch: Sequence[dict[str, Any]], begin: int, *, accounted: bool) -> None:
    """Commit the rows of `batch` to two tables, and their blocks, unless the writer is to die."""
    made = []
    for n, told in enumerate(batch):
        fields = dict(told)
        region, enrichment = fields.pop("region"), fields.pop("enrichment_id")
        story = enriched(a_story(begin + n, **fields), region=region)
        made.append(replace(story, enrichment_id=enrichment))
    forced(root, "events", [row for story in made for row in event_rows(story)])
    forced(root, "stories", [story_row(story, "a_model", "0") for story in made])
    if accounted:
        blocks = [
            ledger_row(
                a_batch([story]).blocks[0],
                stories=1,
                rejects=0,
                skipped=0,
                entities=None,
                events=None,
                enrichment_id=story.enrichment_id,
                writer="w",
                committed_at=NOON + begin * HOUR,
            )
            for story in made
        ]
        forced(root, "ledger", blocks)


@pytest.mark.long
@given(
    st.tuples(batches, st.booleans(), st.just("note")),
    st.lists(st.tuples(batches, st.booleans(), UPKEEP), min_size=1, max_size=2),
)
@law(16, fewest=2)
def test_the_views_show_the_same_with_and_without_a_note(first: Any, more: list[Any]) -> None:
    """Whatever comes, leaves or is compacted before and after the note, at any moment."""
    with TemporaryDirectory() as folder:
        root = Path(folder) / "lake"
        written(root)
        begin = 0
        for batch, accounted, upkeep in (first, *more):
            put(root, batch, begin, accounted=accounted)
            begin += len(batch)
            if upkeep == "note":
                note_families(open_snapshot(str(root)))
            elif upkeep == "compact":
                compact(Lake(str(root)), Sizing(min_files=2), NOON)
            elif upkeep == "withdraw":
                altered(root, "stories", lambda rows: sorted(rows, key=str)[1:])
        for as_of in (NOON, NOON + 2 * DAY):
            assert shown(root, as_of) == compared(root, as_of)


@pytest.fixture
def noted(tmp_path: Path) -> Path:
    """Four stories of two days and two regions, one of them revised on another day; with a note."""
    root = tmp_path / "lake"
    for n, (family, day, region) in enumerate(
        (("a", 0, "western-asia"), ("a", 1, "western-asia"), ("b", 0, "eastern-asia"),
         ("c", 1, "eastern-asia"))
    ):  # fmt: skip
        story = a_story(n, story_id=family, published_at=NOON + day * DAY, version=n + 1)
        written(root, a_batch([enriched(story, region=region)])) if n == 0 else forced_story(
            root, enriched(story, region=region)
        )
    assert note_families(open_snapshot(str(root))) == 4
    return root


def forced_story(root: Path, story: Any) -> None:
    forced(root, "stories", [story_row(story, "a_model", "0")])
    forced(root, "events", event_rows(story))
    forced(root, "entities", entity_rows(story))


def test_a_filter_reaches_the_files_of_stories_and_events(noted: Path) -> None:
    """A file that the filter leaves out need not be there: it is never opened."""
    day = (NOON + DAY).date()
    for table in ("stories", "events", "entities"):
        for path in (noted / table).glob("date=*/region=*/*.parquet"):
            if f"date={day}" not in str(path):
                path.unlink()
    for view in ("current", "current_events", "current_entities"):
        sql = f"SELECT count(*) AS n FROM {view} WHERE date = DATE '{day}'"
        assert query(str(noted), None, sql, NOON).to_pylist() == [{"n": 2}], view
    sql = f"SELECT count(*) AS n FROM current_events WHERE date = DATE '{day}'"
    assert query(str(noted), None, f"{sql} AND region = 'western-asia'", NOON).to_pylist() == [
        {"n": 1}
    ]


def test_what_followed_a_withdrawn_revision_is_in_force_again(noted: Path) -> None:
    """Its file left, and no other came: the note alone would hide the one before."""
    assert [row[1] for row in shown(noted, NOON)["current"]] == [1, 2, 3]
    lake = Lake(str(noted))
    (last,) = [
        action
        for action in lake.added("stories").to_pylist()
        if str(action["partition.date"]) == str((NOON + DAY).date())
        and action["partition.region"] == "western-asia"
    ]
    gone = RemoveAction(
        last["path"],
        data_change=True,
        deletion_timestamp=0,
        size=last["size_bytes"],
        partition_values={"date": str(last["partition.date"]), "region": "western-asia"},
    )
    lake.commit_actions("stories", [gone], {}, "gone")
    assert [row[1] for row in shown(noted, NOON)["current"]] == [0, 2, 3]
    assert shown(noted, NOON) == compared(noted, NOON)


def test_a_note_that_fits_no_more_is_left_alone(
    noted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made by another rule, or damaged: the view compares all rows."""
    snapshot = open_snapshot(str(noted))
    assert find_families(open_in_memory({}), snapshot) is not None
    with monkeypatch.context() as patched:
        patched.setattr(families, "rule_id", lambda: "another")
        assert find_families(open_in_memory({}), snapshot) is None
    (note,) = notes(snapshot.filesystem())
    (noted / note).write_bytes(b"PAR1?")
    assert find_families(open_in_memory({}), snapshot) is None
    assert shown(noted, NOON) == compared(noted, NOON)


def test_a_new_note_compares_only_what_changed(noted: Path) -> None:
    """And takes the place of the last but one."""

    def remade() -> Snapshot:
        return open_snapshot(str(noted))

    assert note_families(remade()) == 0
    forced_story(noted, enriched(a_story(9, story_id="a", version=9)))
    assert note_families(remade()) == 3
    forced_story(noted, enriched(a_story(10, story_id="d")))
    assert note_families(remade()) == 1
    assert len(notes(remade().filesystem())) == 2
    assert shown(noted, NOON) == compared(noted, NOON)


def test_a_damaged_note_is_removed_and_made_anew(noted: Path) -> None:
    """By the round that cannot read it: all that it says follows from the tables."""
    (note,) = notes(open_snapshot(str(noted)).filesystem())
    data = (noted / note).read_bytes()
    footer = footer_bits(data).start // 8
    (noted / note).write_bytes(data[:4] + bytes(footer - 4) + data[footer:])
    forced_story(noted, enriched(a_story(9, story_id="a", version=9)))
    assert note_families(open_snapshot(str(noted))) > 3
    assert note not in notes(open_snapshot(str(noted)).filesystem())
    assert shown(noted, NOON) == compared(noted, NOON)


def test_a_note_that_the_store_does_not_give_stays(
    noted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that fails says nothing of what it holds."""
    forced_story(noted, enriched(a_story(9, story_id="a", version=9)))
    snapshot = open_snapshot(str(noted))
    (note,) = notes(snapshot.filesystem())

    def failing(*_: object) -> None:
        raise OSError(5, "the store does not answer")

    monkeypatch.setattr("pipeline.store.upkeep.note_families.know_note", failing)
    with pytest.raises(StoreError, match="does not answer"):
        note_families(snapshot)
    assert notes(open_snapshot(str(noted)).filesystem()) == [note]


@pytest.mark.parametrize("removed_by", ["another round", "a store that fails"])
def test_old_notes_that_cannot_be_removed(
    noted: Path, monkeypatch: pytest.MonkeyPatch, removed_by: str
) -> None:
    """Another round of upkeep was first, or the store fails: that is told as such."""

    def listed(store: Any) -> list[str]:
        if removed_by != "another round":
            raise OSError(5, "the store does not answer")
        found = notes(store)
        (noted / found[0]).unlink()
        return found

    for n in (9, 10):
        forced_story(noted, enriched(a_story(n, story_id=f"new-{n}")))
        if n == 10:
            monkeypatch.setattr("pipeline.store.upkeep.note_families.notes", listed)
            if removed_by != "another round":
                with pytest.raises(StoreError, match="does not answer"):
                    note_families(open_snapshot(str(noted)))
                continue
        assert note_families(open_snapshot(str(noted))) == 1
    assert shown(noted, NOON) == compared(noted, NOON)


def test_a_note_that_others_remove_before_it_is_read(
    noted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They made later ones: it is begun again with the last of these."""
    forced_story(noted, enriched(a_story(9, story_id="new-9")))
    asked = open_snapshot(str(noted))
    (base,) = notes(asked.filesystem())
    know, begun = know_note, []

    def overtaken(connection: Any, snapshot: Snapshot, path: str) -> None:
        begun.append(path)
        if path == base:
            monkeypatch.setattr("pipeline.store.upkeep.note_families.know_note", know)
            assert note_families(open_snapshot(str(noted))) == 1
            (noted / base).unlink()
            monkeypatch.setattr("pipeline.store.upkeep.note_families.know_note", overtaken)
        know(connection, snapshot, path)

    monkeypatch.setattr("pipeline.store.upkeep.note_families.know_note", overtaken)
    assert note_families(asked) == 0
    assert begun == [base]
    assert shown(noted, NOON) == compared(noted, NOON)


def test_a_note_that_cannot_be_read_is_told(noted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is still there: beginning again would not end."""
    forced_story(noted, enriched(a_story(9, story_id="new-9")))

    def fail(*_: object) -> None:
        raise OSError(5, "the store does not answer")

    monkeypatch.setattr("pipeline.store.upkeep.note_families.know_note", fail)
    with pytest.raises(StoreError, match="does not answer"):
        note_families(open_snapshot(str(noted)))
