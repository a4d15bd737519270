"""Batches that kafka-python cannot decode: which one, and where the next one begins.

kafka-python raises a plain error for a batch whose checksum does not match, whose codec is unknown
or whose bytes break off; it names neither the offsets nor, mostly, the partition. What is worse, it
keeps the spent iterator of that fetch, so that the next `poll` never returns. Here the error says
what was met, and the fetch is let go: the next `poll` asks the broker again.

A broker that finds the damage itself answers CORRUPT_MESSAGE in place of the batch. That is told
alike; where the batch ends it does not say, so one offset is given up at a time.

A batch's first offset and its length stand outside its checksum, and kafka-python takes them as
they are. So a batch whose offsets do not fit those around it cannot be decoded either, nor can an
answer whose first batch does not end in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError, KafkaError
from kafka.record import MemoryRecords

from pipeline.compat.liberty import Liberty

LIBERTY = Liberty(
    library="kafka-python",
    version="3.0.12",
    why="after a batch that cannot be decoded, `poll` never returns, and its error names no offset",
)

_parse_fetched_data = Fetcher._parse_fetched_data
_unpack = Fetcher.PartitionRecords._unpack_records
_OFFSET_BYTES = 8


class UnreadableBatch(KafkaError):  # type: ignore[misc]  # noqa: N818 (as `OutOfRange`)
    """The batch at `position` of a partition cannot be decoded; the next one begins at `end`.

    Everything before `position` was handed out.
    """

    def __init__(self, name: Any, position: int, end: int, reason: str) -> None:
        super().__init__(f"{name} at {position}: {reason}")
        self.name, self.position, self.end, self.reason = name, position, end, reason


def tell_unreadable_batches() -> None:
    """Make this process's consumers raise `UnreadableBatch`, and go on."""
    Fetcher.PartitionRecords._unpack_records = _tell
    Fetcher._parse_fetched_data = _parse


def _parse(fetcher: Any, fetch: Any) -> Any:
    try:
        return _parse_fetched_data(fetcher, fetch)
    except KafkaError as error:
        reason = _damage(error, fetch)
        if reason is None:
            raise
        name, offset = fetch.topic_partition, fetch.fetched_offset
        position = fetcher._subscriptions.assignment[name].position
        if position is None or position.offset != offset:
            return None  # of a fetch from before a seek
        raise UnreadableBatch(name, offset, offset + 1, reason) from error


def _damage(error: KafkaError, fetch: Any) -> str | None:
    """Say what is damaged where an answer as a whole cannot be read; None for any other error."""
    if isinstance(error, CorruptRecordError):
        return "the broker says that it is corrupt (CORRUPT_MESSAGE)"
    if type(error) is KafkaError and _ends_within_its_first_batch(fetch):
        return "its length goes beyond the broker's whole answer"
    return None


def _ends_within_its_first_batch(fetch: Any) -> bool:
    """Say whether an answer holds bytes and no whole batch: a broker never cuts the first one."""
    records = fetch.partition_data.records
    return bool(records) and not MemoryRecords(records).has_next()


def _tell(part: Any, name: Any, records: Any, *deserializers: Any) -> Iterator[Any]:
    batches = _Batches(records, part.fetch_offset)
    try:
        yield from _unpack(part, name, batches, *deserializers)
    except MemoryError:
        raise
    except Exception as error:
        position = part.next_fetch_offset
        end = _end(batches, position)
        part.drain()
        raise UnreadableBatch(name, position, end, _reason(error)) from error


class _Batches:
    """The batches of one fetch from offset `at`; `last` is the one that was given last."""

    def __init__(self, records: Any, at: int) -> None:
        self.records = records
        self.last: Any = None
        self._at = at

    def next_batch(self) -> Any:
        """Return the next batch, None at the end. Raises `ValueError` for one whose offsets do not
        fit."""
        is_first = self.last is None
        batch = self.last = self.records.next_batch()
        if batch is not None and batch.magic == 2:
            begin, end = int(batch.base_offset), int(batch.next_offset)
            # The first one may begin before what was asked for, and ends behind it.
            is_behind = end <= self._at if is_first else begin < self._at
            following = self.following()
            # Of two that overlap it is the one that leaves a gap before it.
            is_ahead = begin > self._at and following is not None and self._at <= following < end
            if is_behind or is_ahead:
                raise ValueError(f"its offsets, {begin} to {end}, do not fit those around it")
            self._at = end
        return batch

    def following(self) -> int | None:
        """Return where the next batch begins by its own word, None where there is none."""
        found = self.records._next_slice
        return None if found is None else int.from_bytes(found[:_OFFSET_BYTES], "big", signed=True)


def _end(batches: _Batches, position: int) -> int:
    """Return the first offset after the batch, by its own word where that fits what follows it.

    The header may be what is damaged: then the start of the next batch tells it, else one offset is
    given up, and the next fetch meets the rest.
    """
    limit = batches.following()
    batch = batches.last
    if batch is not None and batch.magic == 2 and batch.base_offset <= position:
        end = int(batch.next_offset)
        if end > position and (limit is None or end <= limit):
            return end
    return limit if limit is not None and limit > position else position + 1


def _reason(error: Exception) -> str:
    if "failed crc check" in str(error):
        return "its checksum does not match its bytes"
    return str(error) or type(error).__name__
