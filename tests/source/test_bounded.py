"""Sources with an end: cut into parts, read in shares, each offset committed once and in order."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Block, Record
from pipeline.source.accumulate import RECORD_OVERHEAD_BYTES
from pipeline.source.bounded import ArchiveReader
from pipeline.source.kafka.options import Limits


@dataclass(frozen=True, slots=True)
class Numbers:
    """Offsets `[start, total)`, those in `gaps` without a record."""

    start: int
    total: int
    gaps: frozenset[int] = frozenset()
    source: str = "numbers"
    size_bytes: int = 10

    stages_id = None

    def records(self, start: int) -> Iterator[Record]:
        for offset in range(max(start, self.start), self.total):
            if offset not in self.gaps:
                yield Record(self.source, offset, bytes(self.size_bytes))


class Ends:
    """A lake that knows one source."""

    def __init__(self, end: int | None = None) -> None:
        self.end = end

    def lake_ends(self, sources: object) -> dict[str, int]:
        return {} if self.end is None else {"numbers": self.end}

    def start(self, first: object, later: dict[str, int]) -> None:
        self.end = later["numbers"]


def reader(source: Numbers, lake: Ends, size: int, share: int = 0, of: int = 1) -> ArchiveReader:
    return ArchiveReader(
        source,
        Limits(size),
        lake_ends=lake.lake_ends,
        start_sources=lake.start,
        share=share,
        shares=of,
    )


@given(
    start=st.integers(0, 20),
    length=st.integers(0, 40),
    gaps=st.frozensets(st.integers(0, 60), max_size=20),
    runs=st.lists(st.tuples(st.integers(1, 7), st.integers(1, 4), st.integers(0, 9)), max_size=4),
    choices=st.data(),
)
def test_shares_commit_every_offset_once_and_in_order(
    start: int,
    length: int,
    gaps: frozenset[int],
    runs: list[tuple[int, int, int]],
    choices: st.DataObject,
) -> None:
    """Whatever the size of parts and the number of readers, and whoever is ahead; after each run
    that was cut short another one, with other parts and readers, goes on where the lake ends."""
    source, lake = Numbers(start, start + length, gaps), Ends()
    seen: list[int] = []
    for size, count, most in [*runs, (3, 2, 1000)]:
        commits = most
        readers = [reader(source, lake, size, n, count) for n in range(count)]
        waiting = {n: one.read() for n, one in enumerate(readers)}
        while any(waiting.values()) and commits:
            due = [n for n, b in waiting.items() if b and readers[n].is_due(b.blocks[0])]
            assert due, "every reader waits for another one"
            n = choices.draw(st.sampled_from(due))
            batch = waiting[n]
            assert batch is not None
            (block,) = batch.blocks
            assert block.start == lake.end
            assert block.records == len(batch.records)
            seen += [record.offset for record in batch.records]
            lake.end = block.end
            commits -= 1
            waiting[n] = readers[n].read()
        if commits:
            assert all(one.caught_up() for one in readers)
    assert lake.end == source.total
    assert seen == [n for n in range(start, source.total) if n not in gaps]


def test_a_part_above_the_limit_of_bytes_is_several_batches() -> None:
    """Each of them a block of the part; one record is always taken."""
    lake = Ends(0)
    limits = Limits(10, max_bytes=3 * (10 + RECORD_OVERHEAD_BYTES))
    one = ArchiveReader(Numbers(0, 10), limits, lake_ends=lake.lake_ends, start_sources=lake.start)
    blocks = []
    while batch := one.read():
        blocks.append((batch.blocks[0].start, batch.blocks[0].end))
        lake.end = batch.blocks[0].end
    assert blocks == [(0, 3), (3, 6), (6, 9), (9, 10)]


def test_what_did_not_get_into_the_lake_is_read_again() -> None:
    """All of it, or what another process left of it."""
    lake = Ends(0)
    one = reader(Numbers(0, 9), lake, 4)
    one.read()
    for lake.end, first in ((0, 0), (2, 2), (4, 4), (4, 4), (9, None)):
        batch = one.read()
        assert (batch.records[0].offset if batch else None) == first


def test_a_block_is_due_when_the_lake_ends_where_it_begins() -> None:
    """None before that, False once the lake holds all of it."""
    lake = Ends(0)
    one = reader(Numbers(0, 9), lake, 3)
    block = Block("numbers", 3, 6)
    found = []
    for lake.end in (0, 3, 4, 6):
        found.append(one.is_due(block))
    assert found == [None, True, True, False]


def test_a_share_of_a_large_source_takes_the_memory_of_a_part() -> None:
    """50,000 records of 20 kB, a third of the parts read, the others passed over."""
    lake, size = Ends(0), 100
    one = reader(Numbers(0, 50_000, size_bytes=20_000), lake, size, 1, 3)
    tracemalloc.start()
    try:
        while batch := one.read():
            lake.end = batch.blocks[0].end
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert lake.end > 49_000
    assert peak_bytes < 3 * size * 20_000
