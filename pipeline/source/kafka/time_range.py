"""A range of a Kafka topic, read again: each partition's part of it as a source with an end.

The range is given as times and resolved to offsets once. Its source is named by those:
`kafka-replay/{cluster}/{topic}/{topic id}/{partition}/{start}-{end}`, so that the same range is
the same source, and a second reading of it adds nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.errors import BrokerError, OffsetExpiredError, UsageError
from pipeline.model import DAMAGED_HEADER, Record
from pipeline.source.kafka.client import (
    Client,
    ClientFault,
    OutOfRange,
    Unreadable,
    all_partitions,
)
from pipeline.source.kafka.consumer import KafkaClient
from pipeline.source.kafka.groups import Partition
from pipeline.source.kafka.options import KafkaOptions
from pipeline.source.kafka.starts import corrupt, unreadable

Connect = Callable[[KafkaOptions], Client]

_POLL_S = 0.5
_LOOK_S = 3.0
_LOOK_RECORDS = 10_000


@dataclass(frozen=True, slots=True)
class KafkaRange:
    """The offsets `[start, total)` of one partition; small, and may be sent to a worker.

    `total` is a consumer's position: the last offsets may hold no record.
    """

    options: KafkaOptions
    partition: Partition
    start: int
    total: int
    connect: Connect = KafkaClient
    kind = "kafka"

    @property
    def stages_id(self) -> None:
        """Any stages may read it."""
        return None

    @property
    def source(self) -> str:
        """The range's name in the lake."""
        # The live source of the same partition begins with `kafka/`.
        name = self.partition.source.removeprefix("kafka/")
        return f"kafka-replay/{name}/{self.start}-{self.total}"

    def records(self, start: int) -> Iterator[Record]:
        """Yield the records from offset `start` on, with their Kafka timestamps as `received_at`.

        Raises `OffsetExpiredError` where the broker dropped some of them meanwhile,
        `CorruptBatchError` where they cannot be decoded and `on_corrupt` is "stop" (else a record
        without bytes stands for them, which becomes a reject that names them), `BrokerError` where
        it does not answer for `broker_timeout_s`.
        """
        try:
            client = self.connect(self.options)
        except ClientFault as fault:
            raise self._gone(fault) from fault
        try:
            client.assign([self.partition])
            client.seek(self.partition, start)
            position = start
            while position < self.total:
                try:
                    yield from self._read(client, position)
                    return
                except Unreadable as found:
                    if self.options.on_corrupt == "stop":
                        raise corrupt(found, found.end) from found
                    # Its header may be what is damaged: nothing ends behind the range.
                    position = max(found.offset + 1, min(found.end, self.total))
                    yield self._damaged(found, position)
                    client.seek(self.partition, position)
        except OutOfRange as gone:
            raise OffsetExpiredError(
                "the broker no longer has records of the range",
                topic=self.partition.topic,
                partition=self.partition.number,
                position=gone.offset,
            ) from gone
        except ClientFault as fault:
            raise self._gone(fault) from fault
        finally:
            client.close()

    def _read(self, client: Client, position: int) -> Iterator[Record]:
        idle_s = 0.0
        while position < self.total:
            room = min(self.options.max_poll_records, self.total - position)
            fetched = client.poll(_POLL_S, room).get(self.partition)
            if fetched is None:
                # A broker that is away looks like one with nothing to give; here there is more.
                idle_s += _POLL_S
                if idle_s > self.options.broker_timeout_s:
                    raise self._gone("no answer in time")
                continue
            idle_s = 0.0
            for record in fetched.records:
                if record.offset >= self.total:
                    return
                yield replace(record, source=self.source)
            position = fetched.position

    def _damaged(self, found: Unreadable, end: int) -> Record:
        reason = unreadable(found, found.offset, end).message.encode("utf-8", "replace")
        return Record(self.source, found.offset, b"", headers=((DAMAGED_HEADER, reason),))

    def _gone(self, reason: object) -> BrokerError:
        return BrokerError(
            "Kafka cannot be read",
            reason=reason,
            address=",".join(self.options.bootstrap_servers),
            topic=self.partition.topic,
        )


@dataclass(frozen=True, slots=True)
class Resolved:
    """The ranges of a topic that hold something, in order; `notes` say where they were cut."""

    ranges: tuple[KafkaRange, ...]
    notes: tuple[str, ...]

    @property
    def offsets(self) -> int:
        """How many offsets there are in all: at least as many as records."""
        return sum(part.total - part.start for part in self.ranges)


def resolve_range(
    options: KafkaOptions,
    from_time: datetime | None,
    to_time: datetime | None,
    connect: Connect = KafkaClient,
) -> Resolved:
    """Return the offsets of `options.topics` between two moments, as the broker has them now.

    A partition's range begins at its first record of `from_time` or later (else at the first one
    that the broker has) and ends before its first one of `to_time` or later (else after the last
    one). Timestamps need not rise: a late record before that one is left out, an early one after
    it is in. Raises `UsageError` where the range is empty, `BrokerError` where Kafka cannot be
    reached or has no such topic.
    """
    if from_time is not None and to_time is not None and from_time >= to_time:
        raise UsageError("the range is empty: it ends before it begins", to_time=to_time)
    try:
        client = connect(options)
        try:
            partitions = all_partitions(client, options.topics)
            earliest = client.offsets(partitions, "earliest")
            latest = client.offsets(partitions, "latest")
            begins = client.offsets_at(partitions, from_time) if from_time else {}
            ends = client.offsets_at(partitions, to_time) if to_time else {}
            at_end = [p for p in partitions if _known(ends.get(p), latest[p]) >= latest[p]]
            latest |= _seen_ends(client, {p: latest[p] for p in at_end if latest[p] > earliest[p]})
        finally:
            client.close()
    except ClientFault as fault:
        raise BrokerError(
            str(fault), address=",".join(options.bootstrap_servers), topic=",".join(options.topics)
        ) from fault
    ranges = []
    notes: list[str] = []
    for p in partitions:
        start = earliest[p] if from_time is None else _known(begins.get(p), latest[p])
        end = min(_known(ends.get(p), latest[p]), latest[p])
        if start >= end:
            continue
        ranges.append(KafkaRange(options, p, start, end, connect))
        if start == earliest[p] > 0:
            notes.append(
                f"partition {p.number} of {p.topic} begins at offset {start}: "
                "the broker no longer has what came before"
            )
        if to_time is not None and ends.get(p) is None:
            notes.append(
                f"partition {p.number} of {p.topic} ends at offset {end}: "
                "it has no record yet of the end of the range or later"
            )
    if not ranges:
        raise UsageError(
            "the topic holds no record in this range",
            topic=",".join(options.topics),
            from_time=_shown(from_time),
            to_time=_shown(to_time),
        )
    return Resolved(tuple(ranges), tuple(notes))


def _seen_ends(client: Client, stated: Mapping[Partition, int]) -> dict[Partition, int]:
    """Return the ends of partitions, by reading on from the last offset before the stated end.

    A broker may tell where its last batch begins (the embedded one does), and the records in it
    would be left out in silence. Where the end is as told, that takes one fetch.
    """
    ends, waiting, unheard = dict(stated), set(stated), set(stated)
    client.assign(sorted(stated))
    for partition, end in stated.items():
        client.seek(partition, end - 1)
    until_s = time.monotonic() + _LOOK_S
    while waiting and time.monotonic() < until_s:
        try:
            fetched = client.poll(_POLL_S, _LOOK_RECORDS)
        except (Unreadable, OutOfRange):
            # The reading will meet it too, and say what is to be said.
            break
        if not fetched and not unheard:
            break
        for partition, found in fetched.items():
            unheard.discard(partition)
            ends[partition] = max(ends[partition], found.position)
            if found.position == stated[partition]:
                client.pause(partition)
                waiting.discard(partition)
    return ends


def _known(offset: int | None, otherwise: int) -> int:
    return otherwise if offset is None else offset


def _shown(at: datetime | None) -> str:
    return "open" if at is None else at.isoformat()
