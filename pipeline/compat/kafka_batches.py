"""Batches that kafka-python cannot decode: which one, and where the next one begins.

kafka-python raises a plain error for a batch whose checksum does not match, whose codec is unknown
or whose bytes break off; it names neither the offsets nor, mostly, the partition. What is worse, it
keeps the spent iterator of that fetch, so that the next `poll` never returns. Here the error says
what was met, and the fetch is let go: the next `poll` asks the broker again.

A broker that finds the damage itself answers CORRUPT_MESSAGE in place of the batch. That is told
alike; where the batch ends it does not say, so one offset is given up at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError, KafkaError

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
    except CorruptRecordError as error:
        name, offset = fetch.topic_partition, fetch.fetched_offset
        position = fetcher._subscriptions.assignment[name].position
        if position is None or position.offset != offset:
            return None  # of a fetch from before a seek
        reason = "the broker says that it is corrupt (CORRUPT_MESSAGE)"
        raise UnreadableBatch(name, offset, offset + 1, reason) from error


def _tell(part: Any, name: Any, records: Any, *deserializers: Any) -> Iterator[Any]:
    batches = _Batches(records)
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
    """The batches of one fetch; `last` is the one that was given last."""

    def __init__(self, records: Any) -> None:
        self.records = records
        self.last: Any = None

    def next_batch(self) -> Any:
        self.last = self.records.next_batch()
        return self.last


def _end(batches: _Batches, position: int) -> int:
    """Return the first offset after the batch, by its own word where that fits what follows it.

    The header may be what is damaged: then the start of the next batch tells it, else one offset is
    given up, and the next fetch meets the rest.
    """
    following = batches.records._next_slice
    limit = None if following is None else int.from_bytes(following[:_OFFSET_BYTES], "big")
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
