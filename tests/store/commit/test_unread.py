"""Records that expire under a writer that has read them: stories, or accounted for, never both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.model import EnrichedBatch
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.schema.rows import story_row
from pipeline.store.upkeep.clean_up import clean_up
from tests.simulation.backends import Memory
from tests.store.commit.test_write import (
    DyingLake,
    Killed,
    MeddlingLake,
    batch_of,
    expired_after,
    rows_of,
    started,
    writer_of,
)
from tests.support.laws import grid
from tests.support.rows import NOON, SOURCE, a_batch, a_reject, a_story, enriched, forced

END = 10


@pytest.fixture
def root() -> Iterator[str]:
    """A lake in memory, behind a log that answers as delta-rs does (`tests/simulation`)."""
    memory = Memory()
    with memory.installed(), memory.exact():
        yield memory.url


def gone(start: int, upto: int, end: int = END) -> EnrichedBatch:
    """The broker has dropped `[start, upto)` since, and says so; the rest of the block is read."""
    batch = expired_after(start, end, upto)
    told = [replace(r, end_offset=upto) if r.is_skip else r for r in batch.rejects]
    return replace(batch, rejects=tuple(told))


def finish(root: str, read_from: int) -> None:
    """Write what the lake lacks: the next writer gets nothing below `read_from` any more."""
    start = Lake(root).ends([SOURCE])[SOURCE]
    if start < END:
        batch = gone(start, read_from) if start < read_from else batch_of(start, END)
        writer_of(Lake(root)).write(batch)


def assert_accounted(root: str) -> None:
    """Each offset has items, or is one of a range that could not be read, and never both."""
    report = check(root, strict=True)
    assert report.ok, report.findings
    assert "in_flight" not in report.counts
    stories = [row["offset"] for row in rows_of(root, "stories", "offset")]
    columns = ("offset", "item", "kind", "end_offset")
    rejects = rows_of(root, "rejects", *columns)
    ranges = [(r["offset"], r["end_offset"]) for r in rejects if r["kind"] == "skipped.expired"]
    unread = [offset for start, end in ranges for offset in range(start, end)]
    others = [row["offset"] for row in rejects if row["kind"] != "skipped.expired"]
    assert len(stories) == len(set(stories))
    assert len(unread) == len(set(unread))
    assert not set(stories) & {*unread, *others}
    assert {*stories, *unread, *others} == set(range(END))


@pytest.mark.parametrize(("turn", "upto"), grid(range(1, 6), [1, 4]))
def test_records_expire_while_their_writer_stands_still(root: str, turn: int, upto: int) -> None:
    """Another one accounts for them meanwhile, whichever commit the first one stands before."""
    started(root, SOURCE)

    def meddle() -> None:
        writer_of(Lake(root)).write(gone(0, upto))

    receipt = writer_of(MeddlingLake(root, turn, meddle)).write(batch_of(0, END))
    assert turn == 1 or receipt.lost == (SOURCE,)
    assert_accounted(root)


@pytest.mark.parametrize(("turn", "fatal"), grid(range(1, 7), [2, 4]))
def test_their_writer_goes_on_while_the_account_is_written(
    root: str, turn: int, fatal: int
) -> None:
    """The first stands still before any commit, and ends its work before any of the other's."""
    started(root, SOURCE)
    with pytest.raises(Killed):
        writer_of(DyingLake(root, fatal, "before")).write(batch_of(0, END))

    def meddle() -> None:
        writer_of(Lake(root)).write(batch_of(0, END))

    other = writer_of(MeddlingLake(root, turn, meddle))
    start = Lake(root).ends([SOURCE])[SOURCE]
    other.write(gone(start, 4))
    assert_accounted(root)


@pytest.mark.parametrize(("fatal", "read_from"), grid(range(1, 7), [0, 6]))
def test_a_death_on_the_way_to_the_account(root: str, fatal: int, read_from: int) -> None:
    """Whoever comes next finds what is owed, also one that can still read the records."""
    started(root, SOURCE)
    with pytest.raises(Killed):
        writer_of(DyingLake(root, 2, "before")).write(batch_of(0, END))
    with pytest.raises(Killed):
        writer_of(DyingLake(root, fatal, "after")).write(gone(0, 4))
    finish(root, read_from)
    assert_accounted(root)


@pytest.mark.parametrize(("fatal", "cut"), grid(range(3, 7), [2, 3]))
def test_the_next_one_cuts_its_blocks_elsewhere(root: str, fatal: int, cut: int) -> None:
    """Its block may end within a range that has its account, or is owed one."""
    started(root, SOURCE)
    with pytest.raises(Killed):
        writer_of(DyingLake(root, 4, "before")).write(batch_of(0, cut))
    with pytest.raises(Killed):
        writer_of(DyingLake(root, fatal, "after")).write(gone(0, 4))
    writer_of(Lake(root)).write(batch_of(0, cut))
    finish(root, 0)
    assert_accounted(root)


def test_two_ranges_are_owed_one_after_the_other(root: str) -> None:
    """The account of the first is written before another commit to stories says the next."""
    started(root, SOURCE)
    with pytest.raises(Killed):
        writer_of(DyingLake(root, 2, "before")).write(batch_of(0, END))

    def meddle() -> None:
        with pytest.raises(Killed):
            writer_of(DyingLake(root, 4, "after")).write(gone(0, 2, 5))

    writer_of(MeddlingLake(root, 4, meddle)).write(gone(0, 8))
    assert Lake(root).committed("rejects", [f"passed/{SOURCE}"]) == {f"passed/{SOURCE}": 8}
    assert_accounted(root)


@pytest.mark.parametrize("fatal", [2, 3, 4])
def test_files_of_records_that_expired_since_are_no_loss(tmp_path: Path, fatal: int) -> None:
    """Their writer died between its files and the log; clean-up takes the files away."""
    started(tmp_path, SOURCE)
    with pytest.raises(Killed):
        writer_of(DyingLake(str(tmp_path), fatal, "files")).write(batch_of(0, END))
    writer_of(Lake(str(tmp_path))).write(gone(0, 4))
    assert "lost" not in check(str(tmp_path)).counts
    done = clean_up(Lake(str(tmp_path)), NOON)
    assert (done.removed > 0, done.kept, done.lost) == (True, 0, 0)
    assert_accounted(str(tmp_path))


def test_a_gap_that_a_writer_knows_gets_no_account(root: str) -> None:
    """A transaction's marker stands at 1; of what was read whole nothing lacks an account."""
    started(root, SOURCE)
    whole = a_batch([enriched(a_story(n)) for n in (0, 2, 3)], spans={SOURCE: (0, 4)})

    def meddle() -> None:
        lost = a_reject(0, kind="skipped.expired", stage="read", raw=None, end_offset=4)
        expired = a_batch(rejects=[lost], spans={SOURCE: (0, 4)})
        writer_of(Lake(root)).write(expired)

    writer_of(MeddlingLake(root, 5, meddle)).write(whole)
    assert rows_of(root, "rejects", "offset") == []
    report = check(root, strict=True)
    assert report.ok, report.findings
    assert (report.sources[0].stories, report.sources[0].gaps) == (3, 1)


def test_of_a_record_the_first_items_of_which_are_lost_these_are_named(root: str) -> None:
    """Its second item stands in rejects, its first was a story that never came."""
    started(root, SOURCE)
    both = a_batch([enriched(a_story(0, 0))], [a_reject(0, 1)])
    with pytest.raises(Killed):
        writer_of(DyingLake(root, 4, "before")).write(both)
    lost = a_reject(0, kind="skipped.expired", stage="read", raw=None, end_offset=1)
    writer_of(Lake(root)).write(a_batch(rejects=[lost], spans={SOURCE: (0, 1)}))
    rows = rows_of(root, "rejects", "offset", "item", "kind")
    assert sorted((r["offset"], r["item"], r["kind"]) for r in rows) == [
        (0, 0, "skipped.expired"),
        (0, 1, "malformed"),
    ]
    assert check(root, strict=True).ok


def test_a_record_of_which_only_a_reject_stands_gets_an_account(tmp_path: Path) -> None:
    """Its second item was a story, whose file is all that there is of it."""
    started(tmp_path, SOURCE)
    both = a_batch([enriched(a_story(0, 1))], [a_reject(0, 0)])
    with pytest.raises(Killed):
        writer_of(DyingLake(str(tmp_path), 4, "files")).write(both)
    lost = a_reject(0, kind="skipped.expired", stage="read", raw=None, end_offset=1)
    writer_of(Lake(str(tmp_path))).write(a_batch(rejects=[lost], spans={SOURCE: (0, 1)}))
    rows = rows_of(tmp_path, "rejects", "item", "kind", "end_offset")
    assert sorted(tuple(row.values()) for row in rows) == [
        (0, "malformed", None),
        (1, "skipped.expired", 1),
    ]
    assert clean_up(Lake(str(tmp_path)), NOON).lost == 0
    assert check(str(tmp_path), strict=True).ok


@pytest.mark.parametrize(("turn", "is_first_the_stricter"), grid(range(2, 6), [True, False]))
def test_two_versions_of_the_code_never_make_both_of_an_item(
    root: str, turn: int, is_first_the_stricter: bool
) -> None:
    """One takes for a story what is a reject for the other, at the same moment."""
    started(root, SOURCE)
    lenient = a_batch([enriched(a_story(n)) for n in range(4)])
    strict = a_batch([enriched(a_story(n)) for n in (0, 1, 3)], [a_reject(2)])
    first, second = (strict, lenient) if is_first_the_stricter else (lenient, strict)

    def meddle() -> None:
        writer_of(Lake(root)).write(second)

    writer_of(MeddlingLake(root, turn, meddle)).write(first)
    report = check(root, strict=True)
    assert report.ok, report.findings
    assert report.sources[0].items == report.sources[0].records == 4


def test_the_check_finds_a_story_within_a_range_that_could_not_be_read(root: str) -> None:
    started(root, SOURCE).write(gone(0, 4))
    forced(root, "stories", [story_row(enriched(a_story(2)), "m", "0")], {SOURCE: END})
    assert "duplicate_item" in check(root).counts
