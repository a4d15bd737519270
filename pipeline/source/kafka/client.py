"""What a reader asks of Kafka, and how Kafka may answer: types only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from pipeline.model import Record
from pipeline.source.kafka.groups import Partition


class ClientFault(Exception):  # noqa: N818 (a fault that passes, not an error of the program)
    """Kafka cannot be reached or refuses for now."""


class TopicRefused(ClientFault):
    """Kafka gives no access to these topics; what it said of the others stands."""

    def __init__(self, topics: Sequence[str]) -> None:
        super().__init__(f"Kafka refuses access to the topic {', '.join(map(repr, topics))}")
        self.topics = tuple(topics)


class OutOfRange(Exception):  # noqa: N818 (an answer, not an error of the program)
    """The broker does not have the offset that was asked for."""

    def __init__(self, partition: Partition, offset: int) -> None:
        super().__init__(f"{partition.source}: {offset}")
        self.partition = partition
        self.offset = offset


class Unreadable(Exception):  # noqa: N818 (an answer, not an error of the program)
    """The offsets `[offset, end)` are a batch that cannot be decoded; all before were handed out.

    A later poll goes on where the client stands then: after a `seek` to `end`, behind it.
    """

    def __init__(self, partition: Partition, offset: int, end: int, reason: str) -> None:
        super().__init__(f"{partition.source}: {offset}: {reason}")
        self.partition = partition
        self.offset, self.end, self.reason = offset, end, reason


@dataclass(frozen=True, slots=True)
class Fetched:
    """Holds what a poll brought of one partition, and the position after it."""

    records: tuple[Record, ...]
    position: int
    leader_epoch: int | None = None


TopicState = Literal["read", "missing", "refused", "failing"]
"""How a topic stands: none has that name, no access to it, or it cannot be had for now."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a topic cannot be read."""

    state: TopicState
    reason: str


def no_leader(partitions: Sequence[Partition]) -> Trouble:
    """Return the trouble of a topic of which these partitions have no leader."""
    numbers = ", ".join(str(p.number) for p in partitions)
    return Trouble("failing", f"no leader: partition {numbers} of topic {partitions[0].topic!r}")


@dataclass(frozen=True, slots=True)
class Listing:
    """Partitions, sorted, and what is wrong with topics (or patterns).

    Of a topic with trouble there are no partitions, or some of these have no leader: those in
    `leaderless`, of which nothing can be asked.
    """

    partitions: tuple[Partition, ...]
    troubles: Mapping[str, Trouble]
    leaderless: frozenset[Partition] = frozenset()


Which = Literal["earliest", "latest", "high_watermark"]
"""The first offset that the broker has; the one after the last that may be read; the one after the
last. The last two differ while a transaction is open."""


class Client(Protocol):
    """Does what the reader asks of Kafka. All methods raise `ClientFault`."""

    def topics(self, wanted: Sequence[str]) -> Listing:
        """Ask the broker for every partition of the topics that are named or match a pattern."""

    def offsets(self, partitions: Sequence[Partition], which: Which) -> dict[Partition, int]:
        """Return one offset of each partition. Raises `TopicRefused` for topics without access."""

    def offsets_at(
        self, partitions: Sequence[Partition], at: datetime
    ) -> dict[Partition, int | None]:
        """Ask for the first offset whose record's timestamp is `at` or later.

        None where there is none.
        """

    def assign(self, partitions: Sequence[Partition]) -> None:
        """Read these partitions; new ones need a `seek` before the next poll."""

    def leader_epoch(self, partition: Partition) -> int | None:
        """Say how often the partition's leadership has changed, where the broker says it."""

    def seek(self, partition: Partition, offset: int, leader_epoch: int | None = None) -> None:
        """Read on from `offset`.

        `leader_epoch` is that of what was read before: the broker is asked whether its log still
        has it, and `poll` raises `OutOfRange` where it was cut (KIP-320).
        """

    def pause(self, partition: Partition) -> None:
        """Leave the partition out of polls."""

    def resume(self, partition: Partition) -> None:
        """Take the partition into polls again."""

    def poll(self, timeout_s: float, max_records: int) -> dict[Partition, Fetched]:
        """Return what arrives within the time.

        Raises `OutOfRange`, `Unreadable` and `TopicRefused`. After any other exception the client
        is of no more use.
        """

    def commit(self, ends: Mapping[Partition, int]) -> None:
        """Tell the consumer group, without waiting; failures are of no importance."""

    def close(self) -> None:
        """Let go of the connections."""


def all_partitions(client: Client, topics: Sequence[str]) -> list[Partition]:
    """Return every partition of the topics.

    Raises `ClientFault` where one of them cannot be read.
    """
    listing = client.topics(topics)
    for trouble in listing.troubles.values():
        raise ClientFault(trouble.reason)
    return list(listing.partitions)
