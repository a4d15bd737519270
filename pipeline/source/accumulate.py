"""Gathering records until a batch is full or old: pure state, without Kafka and without a clock.

For each source it holds the start of the block in the making, the records read since, and the
position reached. Nothing here is truth: dropping all of it and starting at the lake's committed
end gives the same rows.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from pipeline.model import Batch, Block, Record, Reject, RejectKind
from pipeline.source.kafka.options import Limits

RECORD_OVERHEAD_BYTES = 200
"""What a record costs in memory besides its bytes, so that a flood of tiny ones is bounded too."""


@dataclass(slots=True)
class _Source:
    start: int
    end: int
    moved_s: float = 0.0
    pending: int = 0
    delivered_from: int | None = None
    leader_epoch: int | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    since_s: float
    entry: Record | Reject
    size_bytes: int


@dataclass(slots=True)
class Accumulator:
    """The batch in the making of one group. Times are seconds on any clock that never goes back."""

    group: int
    limits: Limits
    _sources: dict[str, _Source] = field(default_factory=dict)
    _waiting: deque[_Waiting] = field(default_factory=deque)
    _bytes: int = 0

    def open(self, source: str, position: int) -> None:
        """Begin `source` at `position`, dropping what was pending of it."""
        self._drop(source)
        self._sources[source] = _Source(position, position)

    def forget(self, source: str) -> None:
        """Drop the source altogether."""
        self._drop(source)
        self._sources.pop(source, None)

    def add(
        self,
        source: str,
        records: Iterable[Record],
        position: int,
        since_s: float,
        leader_epoch: int | None = None,
    ) -> None:
        """Take in records that follow the source's position, and its position after them.

        They wait since `since_s`. `position` may lie beyond the last record: what is between holds
        no record.
        """
        state = self._sources[source]
        for record in records:
            self._wait(state, record, _size_bytes(record), since_s)
        self._advance(state, position, since_s)
        if leader_epoch is not None:
            state.leader_epoch = leader_epoch

    def skip(self, reject: Reject, to: int, now_s: float) -> None:
        """Advance the reject's source to `to` without records, with that reject as the reason.

        It takes the place of one that waits and begins where it does; see `account_before`.
        """
        state = self._sources[reject.source]
        same = (reject.source, reject.offset)
        for n, waiting in enumerate(self._waiting):
            entry = waiting.entry
            if isinstance(entry, Reject) and (entry.source, entry.offset) == same:
                self._waiting[n] = replace(waiting, entry=reject)
                break
        else:
            self._wait(state, reject, RECORD_OVERHEAD_BYTES, now_s)
        self._advance(state, to, now_s)

    def account_before(self, source: str, kind: RejectKind, offset: int) -> int:
        """Return where the account of `kind` that waits and ends at `offset` begins, or that."""
        begins = (
            entry.offset
            for waiting in self._waiting
            if isinstance(entry := waiting.entry, Reject)
            and (entry.source, entry.kind, entry.end_offset) == (source, kind, offset)
        )
        return next(begins, offset)

    def start(self, source: str) -> int:
        """Say where the next block of `source` begins: the end of the last one handed out."""
        return self._sources[source].start

    def end(self, source: str) -> int:
        """Return the position reached in `source`."""
        return self._sources[source].end

    def delivered_from(self, source: str) -> int | None:
        """Say where the block that was handed out and not yet confirmed begins."""
        return self._sources[source].delivered_from

    def confirm(self, source: str) -> None:
        """Note that the block handed out of `source` is in the lake."""
        self._sources[source].delivered_from = None

    def active(self) -> list[str]:
        """List the sources with something pending, or handed out and not confirmed; sorted."""
        return sorted(
            name
            for name, state in self._sources.items()
            if state.end > state.start or state.pending or state.delivered_from is not None
        )

    def waiting_since_s(self) -> float | None:
        """Say when the oldest came of what waits here; None where nothing does."""
        return self._waiting[0].since_s if self._waiting else None

    def first_waiting(self) -> dict[str, Record]:
        """Return the first record that waits here of each source that has one."""
        first: dict[str, Record] = {}
        for waiting in self._waiting:
            if isinstance(waiting.entry, Record):
                first.setdefault(waiting.entry.source, waiting.entry)
        return first

    @property
    def full(self) -> bool:
        """Whether the batch has reached its size."""
        return len(self._waiting) >= self.limits.max_records or self._bytes >= self.limits.max_bytes

    @property
    def room(self) -> int:
        """How many records are missing to a full batch, at least 1."""
        return max(1, self.limits.max_records - len(self._waiting))

    def due_s(self) -> float | None:
        """Say when the batch in the making gets old; None when there is none."""
        since = [s.moved_s for s in self._sources.values() if s.end > s.start and not s.pending]
        if self._waiting:
            since.append(self._waiting[0].since_s)
        return min(since) + self.limits.flush_interval_s if since else None

    def take(self) -> Batch:
        """Hand out the batch: the first entries within the limits, in order of arrival.

        Blocks are sorted by source, records by source and offset. What is beyond the limits stays:
        the block of its source then ends at the first offset that stayed.
        """
        taken = self._take_waiting()
        left: dict[str, int] = {}
        for waiting in self._waiting:
            left.setdefault(waiting.entry.source, waiting.entry.offset)
        records = [entry for entry in taken if isinstance(entry, Record)]
        counts: dict[str, int] = {}
        for record in records:
            counts[record.source] = counts.get(record.source, 0) + 1
        touched = {entry.source for entry in taken}
        blocks = []
        for name, state in sorted(self._sources.items()):
            end = left.get(name, state.end)
            if end > state.start and (name in touched or name not in left):
                blocks.append(
                    Block(
                        name,
                        state.start,
                        end,
                        counts.get(name, 0),
                        leader_epoch=state.leader_epoch,
                    )
                )
                state.delivered_from, state.start = state.start, end
        return Batch(
            self.group,
            tuple(blocks),
            tuple(sorted(records, key=lambda r: (r.source, r.offset))),
            tuple(entry for entry in taken if isinstance(entry, Reject)),
        )

    def _take_waiting(self) -> list[Record | Reject]:
        taken: list[Record | Reject] = []
        size = 0
        while self._waiting and len(taken) < self.limits.max_records:
            first = self._waiting[0]
            if taken and size + first.size_bytes > self.limits.max_bytes:
                break
            self._waiting.popleft()
            self._bytes -= first.size_bytes
            size += first.size_bytes
            self._sources[first.entry.source].pending -= 1
            taken.append(first.entry)
        return taken

    def _wait(self, state: _Source, entry: Record | Reject, size_bytes: int, now_s: float) -> None:
        if entry.offset < state.end:
            raise ValueError(f"{entry.source}: offset {entry.offset} is behind {state.end}")
        self._waiting.append(_Waiting(now_s, entry, size_bytes))
        self._bytes += size_bytes
        state.pending += 1
        self._advance(state, entry.offset + 1, now_s)

    @staticmethod
    def _advance(state: _Source, position: int, now_s: float) -> None:
        if position > state.end:
            if state.end == state.start:
                state.moved_s = now_s
            state.end = position

    def _drop(self, source: str) -> None:
        if source in self._sources and self._sources[source].pending:
            kept = [w for w in self._waiting if w.entry.source != source]
            self._waiting = deque(kept)
            self._bytes = sum(w.size_bytes for w in kept)


def _size_bytes(record: Record) -> int:
    return (
        len(record.value)
        + len(record.key or b"")
        + sum(len(name) + len(value) for name, value in record.headers)
        + RECORD_OVERHEAD_BYTES
    )
