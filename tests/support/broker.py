"""Stand-ins for what a reader meets: a lake that only knows ends, a Kafka without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.errors import DatelineError
from pipeline.model import Batch, Record
from pipeline.source.kafka.client import (
    ClientFault,
    Fetched,
    Listing,
    OutOfRange,
    TopicRefused,
    Trouble,
    Unreadable,
    Which,
    no_leader,
)
from pipeline.source.kafka.groups import Partition
from pipeline.source.kafka.options import KafkaOptions
from pipeline.source.kafka.patterns import is_pattern, matching


@dataclass
class FakeLake:
    """The committed ends of a lake, and its rule for starts; nothing else."""

    ends: dict[str, int] = field(default_factory=dict)
    starts: list[dict[str, int]] = field(default_factory=list)

    def lake_ends(self, sources: Sequence[str]) -> dict[str, int]:
        return {source: self.ends[source] for source in sources if source in self.ends}

    def start_sources(self, first: Mapping[str, int], later: Mapping[str, int]) -> None:
        known = any(source in self.ends for source in first)
        new = {s: n for s, n in (later if known else first).items() if s not in self.ends}
        self.starts.append(new)
        self.ends |= new

    def commit(self, batch: Batch) -> None:
        """As the lake does: a block that begins where the source ends."""
        for block in batch.blocks:
            assert block.start <= self.ends[block.source] <= block.end
            self.ends[block.source] = block.end


@dataclass
class FakeLog:
    """One partition: its records by offset, and what the broker still has of them."""

    offsets: list[int] = field(default_factory=list)
    end: int = 0
    earliest: int = 0
    corrupt: dict[int, int] = field(default_factory=dict)
    held_from: int | None = None
    """Where an open transaction begins."""
    told: int | None = None
    """The end that the broker tells, where it tells too low a one."""

    @property
    def stable(self) -> int:
        return self.end if self.held_from is None else self.held_from

    def append(self, count: int = 1) -> None:
        self.offsets += range(self.end, self.end + count)
        self.end += count

    def marker(self) -> None:
        """An offset without a record, as a transaction leaves it."""
        self.end += 1

    def spoil(self, start: int, end: int) -> None:
        """Make the batch `[start, end)` one that cannot be decoded."""
        self.corrupt[start] = end


class FakeKafka:
    """A cluster in memory that hands out clients; `away` makes every call fail, `refusal` too."""

    def __init__(self, **topics: int) -> None:
        self.ids = {topic: f"id-{topic}" for topic in topics}
        self.logs = {(t, n): FakeLog() for t, count in topics.items() for n in range(count)}
        self.committed: dict[str, int] = {}
        self.away = False
        self.refusal: DatelineError | None = None
        self.now_s = 0.0
        self.connected = 0
        self.closed = 0
        self.trips = 0
        self.hidden: set[str] = set()
        """Topics that may not even be described."""
        self.unreadable: set[str] = set()
        """Topics that may be described, and not read."""
        self.leaderless: set[tuple[str, int]] = set()
        """Partitions of which nothing can be asked, and that give nothing."""

    def clock(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += max(seconds, 0.001)

    def partition(self, topic: str, number: int) -> Partition:
        return Partition("cluster", topic, self.ids[topic], number)

    def recreate(self, topic: str, partitions: int | None = None) -> None:
        count = sum(name == topic for name, _ in self.logs) if partitions is None else partitions
        again = f"{self.ids[topic]}-again"
        self.delete(topic)
        self.create(topic, count, again)

    def create(self, topic: str, partitions: int, topic_id: str | None = None) -> None:
        self.ids[topic] = topic_id or f"id-{topic}"
        self.logs |= {(topic, n): FakeLog() for n in range(partitions)}

    def delete(self, topic: str) -> None:
        del self.ids[topic]
        self.logs = {name: log for name, log in self.logs.items() if name[0] != topic}

    def connect(self, options: KafkaOptions) -> FakeClient:
        self.check()
        self.connected += 1
        return FakeClient(self, options.but_topics)

    def check(self) -> None:
        if self.away:
            raise ClientFault("the broker is away")
        if self.refusal is not None:
            raise self.refusal


class FakeClient:
    """Answers by topic name, as brokers without fetch-by-id do."""

    def __init__(self, kafka: FakeKafka, but: Sequence[str] = ()) -> None:
        self.kafka = kafka
        self.but = but
        self.assigned: list[Partition] = []
        self.positions: dict[Partition, int] = {}
        self.paused: set[Partition] = set()

    def topics(self, wanted: Sequence[str]) -> Listing:
        self.kafka.check()
        names: list[str] = []
        troubles: dict[str, Trouble] = {}
        for topic in wanted:
            found = matching(topic, self.kafka.ids, self.but) if is_pattern(topic) else [topic]
            names += found
            if not found:
                troubles[topic] = Trouble("missing", f"no topic matches {topic!r}")
        for name in names:
            if name in self.kafka.hidden:
                troubles[name] = Trouble("refused", f"no access to {name!r}")
            elif name not in self.kafka.ids:
                troubles[name] = Trouble("missing", f"the topic {name!r} does not exist")
        there = [p for p in self.kafka.logs if p[0] in names and p[0] not in troubles]
        without = sorted(self.kafka.partition(*p) for p in there if p in self.kafka.leaderless)
        for topic in {p.topic for p in without}:
            troubles[topic] = no_leader([p for p in without if p.topic == topic])
        partitions = tuple(sorted(self.kafka.partition(*name) for name in there))
        return Listing(partitions, troubles, frozenset(without))

    def offsets(self, partitions: Sequence[Partition], which: Which) -> dict[Partition, int]:
        self.kafka.check()
        found = {}
        for p in partitions:
            log = self.kafka.logs.get((p.topic, p.number))
            if log is None or (p.topic, p.number) in self.kafka.leaderless:
                self.kafka.sleep(5.0)
                raise ClientFault(f"the leader of {p.topic}-{p.number} is not known yet")
            ends = {"earliest": log.earliest, "latest": log.stable, "high_watermark": log.end}
            found[p] = log.told if which == "latest" and log.told is not None else ends[which]
        return found

    def offsets_at(
        self, partitions: Sequence[Partition], at: datetime
    ) -> dict[Partition, int | None]:
        """Record n of a partition has the timestamp n seconds after the epoch."""
        self.kafka.check()
        found: dict[Partition, int | None] = {}
        for p in partitions:
            log = self.kafka.logs[p.topic, p.number]
            later = (n for n in log.offsets if n >= max(log.earliest, at.timestamp()))
            found[p] = next(later, None)
        return found

    def assign(self, partitions: Sequence[Partition]) -> None:
        self.assigned = list(partitions)

    def leader_epoch(self, partition: Partition) -> int | None:
        return 0

    def seek(self, partition: Partition, offset: int, leader_epoch: int | None = None) -> None:
        self.positions[partition] = offset

    def pause(self, partition: Partition) -> None:
        self.paused.add(partition)

    def resume(self, partition: Partition) -> None:
        self.paused.discard(partition)

    def poll(self, timeout_s: float, max_records: int) -> dict[Partition, Fetched]:
        self.kafka.check()
        if self.kafka.trips:
            self.kafka.trips -= 1
            raise ClientFault("the client trips over what the broker sent")
        found = {}
        for partition in self.assigned:
            log = self.kafka.logs.get((partition.topic, partition.number))
            position = self.positions[partition]
            # What was read before a partition that cannot be is handed out first.
            if partition.topic in self.kafka.unreadable:
                if not found:
                    raise TopicRefused([partition.topic])
                continue
            if log is None or partition in self.paused or position >= log.stable:
                continue
            if (partition.topic, partition.number) in self.kafka.leaderless:
                continue
            if position < log.earliest:
                if not found:
                    raise OutOfRange(partition, position)
                continue
            start, stop = next(
                (span for span in sorted(log.corrupt.items()) if span[1] > position),
                (log.stable, log.stable),
            )
            if start <= position < stop:
                if not found:
                    raise Unreadable(partition, position, stop, "its checksum does not match")
                continue
            offsets = [n for n in log.offsets if position <= n < start][:max_records]
            end = offsets[-1] + 1 if len(offsets) == max_records else start
            max_records -= len(offsets)
            self.positions[partition] = end
            records = tuple(Record(partition.source, n, b"%d" % n) for n in offsets)
            found[partition] = Fetched(records, end, 0)
            if max_records <= 0:
                break
        if not found:
            self.kafka.sleep(timeout_s)
        return found

    def commit(self, ends: Mapping[Partition, int]) -> None:
        self.kafka.committed |= {p.source: end for p, end in ends.items()}

    def close(self) -> None:
        self.kafka.closed += 1
        self.assigned = []
