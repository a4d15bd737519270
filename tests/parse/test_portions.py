"""Batches whose records grow are parsed in portions that follow each other."""

from __future__ import annotations

import gzip

from pipeline.model import Batch, Block, Record, Reject
from pipeline.parse import ParseLimits, parse_batch
from tests.support import hostile

LIMITS = ParseLimits(max_decompressed_bytes=100_000)
LARGE = gzip.compress(b"PARIS, Aug 29, 2014 (AFP) - " + b"France and Mali signed. " * 4000)


def test_what_unpacks_to_much_is_handed_on_record_by_record() -> None:
    """Never more raw bytes at once than two records may grow to, whatever a batch unpacks to."""
    records = tuple(Record("s", n, LARGE) for n in range(8))
    portions = list(parse_batch(Batch(0, (Block("s", 0, 8, 8),), records), LIMITS))
    assert len(portions) == 4
    for portion in portions:
        assert sum(len(story.raw) for story in portion.stories) < 2 * LIMITS.max_decompressed_bytes


def test_a_head_that_comes_with_each_item_counts() -> None:
    """Growth is what the items hold, compressed or not."""
    records = tuple(Record("s", n, hostile.large_head(20, 9000)) for n in range(3))
    batch = Batch(0, (Block("s", 0, 3, 3),), records)
    assert len(list(parse_batch(batch, LIMITS))) == 3


def test_portions_make_up_the_batch() -> None:
    """Blocks without a gap or an overlap, every record and item in its own; gaps, blocks without
    records and the reader's rejects where they lie."""
    offsets = {"a": (0, 1), "b": (3, 4, 9), "d": (5,)}
    records = tuple(Record(s, n, LARGE) for s, found in offsets.items() for n in found)
    blocks = (
        Block("a", 0, 2, 2),
        Block("b", 0, 12, 3, leader_epoch=4),
        Block("c", 7, 9),
        Block("d", 4, 6, 1),
    )
    rejects = tuple(
        Reject(source, offset, 0, "skipped.expired", "read", "expired")
        for source, offset in (("b", 0), ("b", 7), ("c", 7), ("d", 4))
    )
    portions = list(parse_batch(Batch(1, blocks, records, rejects), LIMITS))
    assert len(portions) == 3
    ends = {block.source: block.start for block in blocks}
    for portion in portions:
        assert [b.source for b in portion.blocks] == sorted({b.source for b in portion.blocks})
        for block in portion.blocks:
            assert block.start == ends[block.source] <= block.end
            assert block.leader_epoch == (4 if block.source == "b" else None)
            ends[block.source] = block.end
            own = {
                item.offset
                for item in (*portion.stories, *portion.rejects)
                if item.source == block.source
            }
            assert all(block.start <= offset < block.end for offset in own)
            found = [s for s in portion.stories if s.source == block.source]
            assert block.items == block.records == len(found)
    assert ends == {block.source: block.end for block in blocks}
    assert sum(len(p.stories) for p in portions) == len(records)
    assert [r for p in portions for r in p.rejects] == list(rejects)
