"""The laws of gathering: nothing lost, nothing twice, whatever arrives and whenever it is taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Batch, Record, Reject
from pipeline.source.accumulate import RECORD_OVERHEAD_BYTES, Accumulator
from pipeline.source.kafka.options import Limits


def records(source: str, *offsets: int, size: int = 1) -> list[Record]:
    return [Record(source, n, b"x" * size) for n in offsets]


def gathering(max_records: int = 100, max_bytes: int = 10**9, flush_s: float = 5) -> Accumulator:
    found = Accumulator(3, Limits(max_records, max_bytes, flush_s))
    for source in "abc":
        found.open(source, 0)
    return found


def blocks(batch: Batch) -> list[tuple[str, int, int, int]]:
    return [(b.source, b.start, b.end, b.records) for b in batch.blocks]


@st.composite
def arrivals(draw: st.DrawFn) -> list[tuple[str, list[int], int]]:
    """Polls of three sources: the offsets (with gaps) that each brings, and the position after."""
    at = {"a": 0, "b": 0, "c": 0}
    found = []
    for source in draw(st.lists(st.sampled_from("abc"), max_size=20)):
        gaps = draw(st.lists(st.integers(0, 3), max_size=8))
        offsets = []
        for gap in gaps:
            at[source] += gap
            offsets.append(at[source])
            at[source] += 1
        at[source] += draw(st.integers(0, 2))
        found.append((source, offsets, at[source]))
    return found


@given(arrivals(), st.integers(1, 7), st.integers(1, 2000), st.data())
def test_batches_partition_what_arrived(
    polls: list[tuple[str, list[int], int]], max_records: int, max_bytes: int, data: st.DataObject
) -> None:
    """Blocks of a source join end to end, hold exactly its records, and keep the limits."""
    limits = Limits(max_records, max_bytes, 5)
    found = Accumulator(0, limits)
    for source in "abc":
        found.open(source, 0)
    batches: list[Batch] = []
    for now, (source, offsets, position) in enumerate(polls):
        found.add(source, records(source, *offsets), position, float(now))
        if data.draw(st.booleans()):
            batches.append(found.take())
    while found.due_s() is not None:
        batches.append(found.take())

    ends = {"a": 0, "b": 0, "c": 0}
    seen: dict[str, list[int]] = {"a": [], "b": [], "c": []}
    for batch in batches:
        assert len(batch.records) <= max_records
        size = sum(len(r.value) + RECORD_OVERHEAD_BYTES for r in batch.records)
        assert size <= max_bytes or len(batch.records) == 1
        assert list(batch.records) == sorted(batch.records, key=lambda r: (r.source, r.offset))
        for block in batch.blocks:
            assert block.start == ends[block.source] < block.end
            inside = [r.offset for r in batch.records if r.source == block.source]
            assert all(block.start <= n < block.end for n in inside)
            assert block.records == len(inside)
            ends[block.source] = block.end
            seen[block.source] += inside
        assert {r.source for r in batch.records} <= {b.source for b in batch.blocks}
    for source in "abc":
        mine = [(o, p) for s, o, p in polls if s == source]
        assert seen[source] == [n for offsets, _ in mine for n in offsets]
        assert ends[source] == (mine[-1][1] if mine else 0)


def test_a_full_batch_is_cut_at_the_next_offset() -> None:
    """Cut inside a poll, the block ends where the next record begins, gaps included."""
    found = gathering(max_records=3)
    found.add("b", records("b", 0, 1, 5, 9), 12, 0.0)
    assert found.full
    assert blocks(found.take()) == [("b", 0, 9, 3)]
    assert blocks(found.take()) == [("b", 9, 12, 1)]


def test_a_record_above_the_limit_goes_alone() -> None:
    """A record larger than a batch does not stop the source."""
    found = gathering(max_bytes=1000)
    found.add("a", [*records("a", 0), *records("a", 1, size=5000), *records("a", 2)], 3, 0.0)
    assert [blocks(found.take()) for _ in range(3)] == [
        [("a", 0, 1, 1)],
        [("a", 1, 2, 1)],
        [("a", 2, 3, 1)],
    ]


def test_age_counts_from_the_oldest_pending_record() -> None:
    """What stayed behind a cut keeps its age."""
    found = gathering(max_records=2, flush_s=5)
    found.add("a", records("a", 0), 1, 10.0)
    assert found.due_s() == 15.0
    found.add("a", records("a", 1, 2), 3, 12.0)
    found.take()
    assert found.due_s() == 17.0


def test_markers_alone_advance_when_old() -> None:
    """A position that moved without a record becomes an empty block, after the interval only."""
    found = gathering(flush_s=5)
    found.add("a", [], 4, 1.0)
    assert found.due_s() == 6.0
    assert blocks(found.take()) == [("a", 0, 4, 0)]
    assert found.due_s() is None


def test_opening_again_drops_only_that_source() -> None:
    """A source that is read again loses its pending records, the others keep theirs."""
    found = gathering()
    found.add("a", records("a", 0, 1), 2, 0.0)
    found.add("b", records("b", 0), 1, 0.0)
    found.open("a", 1)
    assert blocks(found.take()) == [("b", 0, 1, 1)]
    assert found.start("a") == found.end("a") == 1


def test_a_skip_is_a_block_with_its_reason() -> None:
    """A range that expired is accounted for by an empty block and a reject at its first offset."""
    found = gathering()
    found.skip(Reject("a", 0, 0, "skipped.expired", "read", "gone"), 7, 0.0)
    found.add("a", records("a", 7), 8, 0.0)
    batch = found.take()
    assert blocks(batch) == [("a", 0, 8, 1)]
    assert [(r.source, r.offset) for r in batch.rejects] == [("a", 0)]


def test_records_behind_the_position_are_refused() -> None:
    """A client that goes back unasked is a bug, and loud."""
    found = gathering()
    found.add("a", records("a", 0, 1), 2, 0.0)
    with pytest.raises(ValueError, match="behind"):
        found.add("a", records("a", 1), 2, 0.0)


def test_active_until_confirmed() -> None:
    """A block handed out stays active until the lake has it."""
    found = gathering()
    found.add("a", records("a", 0), 1, 0.0)
    assert found.active() == ["a"]
    found.take()
    assert found.active() == ["a"]
    assert found.delivered_from("a") == 0
    found.confirm("a")
    assert found.active() == []
