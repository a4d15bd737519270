"""A Kafka in memory whose records are worth something, and whose every answer is a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

from pipeline.source.kafka.client import Client, ClientFault, Fetched, Listing, Which
from pipeline.source.kafka.groups import Partition
from pipeline.source.kafka.options import KafkaOptions
from tests.simulation import wire
from tests.support.broker import FakeClient, FakeKafka
from tests.support.rows import NOON

TOPIC = "wire"
Step = Callable[[str, tuple[str, ...]], str | None]


class SteppedKafka(FakeKafka):
    """One topic; `values` is what its records hold."""

    def __init__(self, partitions: int, step: Step) -> None:
        super().__init__(**{TOPIC: partitions})
        self.step = step
        self.values: dict[tuple[str, int], bytes] = {}
        self.unread: set[tuple[str, int]] = set()
        """Offsets that some reader may have found gone, or not to be decoded."""
        self.produced: list[bytes] = []

    def sources(self) -> list[str]:
        """The sources of all partitions."""
        return [self.partition(*name).source for name in self.logs]

    def produce(self, random: Random) -> None:
        """Some records to one partition, with a transaction's marker now and then."""
        name = random.choice(list(self.logs))
        log, source = self.logs[name], self.partition(*name).source
        for _ in range(random.randint(1, 5)):
            value = wire.value(random, self.produced[-50:])
            self.produced.append(value)
            self.values[source, log.end] = value
            log.append()
        if random.random() < 0.2:
            log.marker()

    def trouble(self, random: Random) -> str:
        """Something that a broker does to a log."""
        name = random.choice(list(self.logs))
        log, source = self.logs[name], self.partition(*name).source
        what = random.choice(("expire", "spoil", "transaction", "transaction", "away"))
        if what == "expire":
            # All of them, often: also what somebody is just about to commit.
            end = min(log.end, log.earliest + random.choice((1, 2, 3, 4, log.end, log.end)))
            self.unread |= {(source, n) for n in range(log.earliest, end)}
            log.earliest = end
        elif what == "spoil" and log.end > log.earliest:
            start = random.randint(log.earliest, log.end - 1)
            end = min(log.end, start + random.randint(1, 3))
            self.unread |= {(source, n) for n in range(start, end)}
            log.spoil(start, end)
        elif what == "transaction":
            log.held_from = None if log.held_from is not None else log.end
        elif what == "away":
            self.away = not self.away
        return what

    def heal(self) -> None:
        """Everything that is there can be read."""
        self.away = False
        for log in self.logs.values():
            log.held_from = None

    def owed(self, source: str, start: int, end: int) -> list[tuple[int, bool]]:
        """The offsets of a block that held a record, and whether some reader could not have it."""
        return [
            (n, (source, n) in self.unread) for n in range(start, end) if (source, n) in self.values
        ]

    def connect(self, options: KafkaOptions) -> Client:  # type: ignore[override]
        self.step("kafka.connect", ("down",))
        self.check()
        return SteppedClient(self, options.but_topics)


class SteppedClient(FakeClient):
    """One reader's client."""

    kafka: SteppedKafka

    def _step(self, at: str) -> None:
        if self.kafka.step(at, ("down",)) == "down":
            raise ClientFault("the broker does not answer")

    def topics(self, wanted: Sequence[str]) -> Listing:
        self._step("kafka.topics")
        return super().topics(wanted)

    def offsets(self, partitions: Sequence[Partition], which: Which) -> dict[Partition, int]:
        self._step("kafka.offsets")
        return super().offsets(partitions, which)

    def poll(self, timeout_s: float, max_records: int) -> dict[Partition, Fetched]:
        self._step("kafka.poll")
        found = super().poll(timeout_s, max_records)
        values = self.kafka.values
        return {
            partition: replace(
                fetched,
                records=tuple(
                    replace(r, value=values[r.source, r.offset], received_at=NOON)
                    for r in fetched.records
                ),
            )
            for partition, fetched in found.items()
        }
