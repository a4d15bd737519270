"""Cutting a batch where it would make too many data files at once: one a partition and table.

A batch of old stories may have a day each. Committed as one it would keep a worker for a minute and
longer, without a heartbeat and without anything to show for it if it dies.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

from pipeline.model import UNREAD, Block, EnrichedBatch, EnrichedStory, Reject, Story

Item = EnrichedStory | Story | Reject
RecordKey = tuple[str, int]
"""Source and offset: where a batch may be cut."""


@dataclass(slots=True)
class _Piece:
    """The records of a piece in the making, and the partitions that they go to."""

    keys: list[RecordKey] = field(default_factory=list)
    stories: set[tuple[date | None, str]] = field(default_factory=set)
    rejects: set[date | None] = field(default_factory=set)

    def partitions_with(self, other: _Piece) -> int:
        """Count the partitions that a table gets at most, those of `other` added."""
        return max(len(self.stories | other.stories), len(self.rejects | other.rejects))

    def add(self, key: RecordKey, other: _Piece) -> None:
        self.keys.append(key)
        self.stories |= other.stories
        self.rejects |= other.rejects


def cut_batch(batch: EnrichedBatch, most: int) -> Iterator[EnrichedBatch]:
    """Yield `batch` in parts that follow one another, each with at most `most` partitions a table.

    A record is never cut, however many partitions it has. Most batches are one piece.
    """
    every: list[Item] = [*batch.stories, *batch.unenriched, *batch.rejects]
    if _Piece().partitions_with(_partitions(every)) <= most:
        yield batch
        return
    records: dict[RecordKey, list[Item]] = {}
    for item in every:
        records.setdefault(_record_of(item), []).append(item)
    unread = {_record_of(reject) for reject in batch.rejects if reject.kind in UNREAD}
    found = [_Piece()]
    for key in sorted(records):
        more = _partitions(records[key])
        if found[-1].keys and found[-1].partitions_with(more) > most:
            found.append(_Piece())
        found[-1].add(key, more)
    if len(found) == 1:
        yield batch
        return
    starts = {block.source: block.start for block in batch.blocks}
    for number, piece in enumerate(found):
        # A block ends where the next piece goes on with it, else where it ends in the batch.
        after = [key for later in found[number + 1 :] for key in later.keys]
        blocks = []
        for block in batch.blocks:
            begins = min((n for source, n in after if source == block.source), default=block.end)
            start = starts[block.source]
            here = {key for key in piece.keys if key[0] == block.source}
            if here or (begins == block.end and start < block.end):
                read = len(here - unread)
                blocks.append(replace(block, start=start, end=begins, records=read, items=0))
                starts[block.source] = begins
        yield _part(batch, blocks, set(piece.keys))


def _part(batch: EnrichedBatch, blocks: list[Block], keys: set[RecordKey]) -> EnrichedBatch:
    return replace(
        batch,
        blocks=tuple(blocks),
        stories=tuple(s for s in batch.stories if _record_of(s) in keys),
        rejects=tuple(r for r in batch.rejects if _record_of(r) in keys),
        unenriched=tuple(s for s in batch.unenriched if _record_of(s) in keys),
    )


def _record_of(item: Item) -> RecordKey:
    one = item.story if isinstance(item, EnrichedStory) else item
    return one.source, one.offset


def _partitions(items: list[Item]) -> _Piece:
    found = _Piece()
    for item in items:
        if isinstance(item, EnrichedStory):
            found.stories.add((item.story.date, item.region))
        else:
            # A story that was left unenriched becomes a reject, with the date of its arrival.
            found.rejects.add(item.received_at.date() if item.received_at else None)
    return found
