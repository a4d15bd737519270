"""Reading anything that has an end in batches, from where the lake ends.

What is replayed is cut into parts: part k holds the offsets `[k * size, (k + 1) * size)`, whoever
reads it. Of several readers, each in a process of its own, reader n of N takes every part k with
`k % N == n`; what the lake holds tells each of them where to go on and when its turn to commit has
come, and nothing else passes between them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Protocol, TypeVar

from pipeline.errors import StoreError
from pipeline.model import Batch, Block, Record
from pipeline.source.accumulate import RECORD_OVERHEAD_BYTES
from pipeline.source.kafka.options import LakeEnds, Limits, StartSources

T = TypeVar("T")


def in_batches(rows: Iterator[T], most: int) -> Iterator[list[T]]:
    """Yield the rows in lists of `most`, the last one with what is left."""
    while batch := list(islice(rows, most)):
        yield batch


class RecordSource(Protocol):
    """What can be replayed: records in a fixed order, under a name that stands for their content.

    Implementations are frozen and may be sent to another process.
    """

    @property
    def source(self) -> str:
        """The name in the lake: another one where the content is another."""

    @property
    def stages_id(self) -> str | None:
        """The id of the stages that it may be read under alone, to add rows of theirs.

        None for what any process may read: of it the lake takes each revision once.
        """

    @property
    def start(self) -> int:
        """The first offset."""

    @property
    def total(self) -> int:
        """The end: one more than the last offset."""

    def records(self, start: int) -> Iterator[Record]:
        """Yield the records from offset `start` on, streamed; some offsets may hold none."""


class ArchiveReader:
    """Like `Reader`, for one source that has an end, or for its own share of the parts of it.

    `limits.max_records` is the size of a part; one of more than `limits.max_bytes` becomes several
    batches. `share` of `shares` says which parts are read.
    """

    def __init__(
        self,
        archive: RecordSource,
        limits: Limits,
        *,
        lake_ends: LakeEnds,
        start_sources: StartSources,
        group: int = 0,
        share: int = 0,
        shares: int = 1,
    ) -> None:
        self.archive = archive
        self._limits, self._group = limits, group
        self._lake_ends, self._start_sources = lake_ends, start_sources
        self._share, self._shares = share, shares
        self._records: Iterator[Record] | None = None
        self._ahead: Record | None = None
        self._at = archive.start
        self._handed: Block | None = None

    topics_reader = None
    """No broker, whose troubles metrics would tell."""

    @property
    def sources(self) -> tuple[str, ...]:
        """The one source."""
        return (self.archive.source,)

    def read(self, timeout_s: float = 0.0) -> Batch | None:  # noqa: ARG002 (as `Reader.read`)
        """Return the next batch, None when nothing is left to read. Never waits.

        Begins at the lake's committed end or above it, where others have parts to commit first. A
        batch that did not get into the lake is read again. Raises `UsageError` when a file cannot
        be read or has changed.
        """
        end = self._end_in_lake()
        handed = self._handed
        is_again = handed is not None and end < handed.end
        start = self._mine(max(end, handed.start if handed and is_again else self._at))
        if start >= self.archive.total:
            return None
        block, records = self._take(start)
        self._handed = block
        return Batch(self._group, (block,), tuple(records))

    def is_due(self, block: Block) -> bool | None:
        """Say whether `block` is what comes next: None where others have to commit first.

        False where the lake holds all of it already.
        """
        end = self._end_in_lake()
        if end < block.start:
            return None
        return end < block.end

    def caught_up(self) -> bool:
        """Say whether the lake holds all that this reader is to read."""
        size = self._limits.max_records
        last = (self.archive.total - 1) // size
        mine = last - (last - self._share) % self._shares
        return self._end_in_lake() >= min((mine + 1) * size, self.archive.total)

    def report_lost(self, sources: Iterable[str]) -> None:
        """Do nothing: what another writer took is read on from where the lake ends."""

    def lag(self) -> dict[str, int]:
        """Say how many offsets the lake lacks."""
        return {self.archive.source: max(0, self.archive.total - self._end_in_lake())}

    def close(self) -> None:
        """Let go of the file in hand."""
        self._records = self._ahead = None

    def _mine(self, position: int) -> int:
        """Return the first offset at or above `position` that is in a part of this reader's."""
        size = self._limits.max_records
        part = position // size
        ahead = (self._share - part) % self._shares
        return (part + ahead) * size if ahead else position

    def _take(self, start: int) -> tuple[Block, list[Record]]:
        """Return the block from `start` to the end of its part, or as much of it as a batch may
        hold."""
        size = self._limits.max_records
        end = min((start // size + 1) * size, self.archive.total)
        taken: list[Record] = []
        room = self._limits.max_bytes
        for record in self._from(start):
            room -= len(record.value) + len(record.key or b"") + RECORD_OVERHEAD_BYTES
            is_over = record.offset >= end
            if is_over or (taken and room < 0):
                self._ahead = record
                end = end if is_over else record.offset
                break
            taken.append(record)
        self._at = end
        return Block(self.archive.source, start, end, len(taken)), taken

    def _from(self, start: int) -> Iterator[Record]:
        """Yield the stream from `start` on: what others read is passed over."""
        if self._records is None or start < self._at:
            self._records, self._ahead = self.archive.records(start), None
        if self._ahead is not None:
            ahead, self._ahead = self._ahead, None
            if ahead.offset >= start:
                yield ahead
        for record in self._records:
            if record.offset >= start:
                yield record

    def _end_in_lake(self) -> int:
        source = self.archive.source
        ends = self._lake_ends([source])
        if source not in ends:
            starts = {source: self.archive.start}
            self._start_sources(starts, starts)
            ends = self._lake_ends([source])
        if source not in ends:
            raise StoreError("the lake does not hold the start of a source", source=source)
        return ends[source]
