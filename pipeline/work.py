"""What a worker reads at a beat: a group of partitions, or a share of what has an end.

One protocol for all of it. The job knows a tick by what it says of itself and never asks what it
is; a further kind of source needs a class here or beside it, and nothing in the job.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Protocol

from pipeline import clock
from pipeline.config import Settings
from pipeline.model import Batch, Block
from pipeline.parse.selection import Selection
from pipeline.source.kafka.options import (
    KafkaOptions,
    LakeEnds,
    LakeEpochs,
    Limits,
    StartSources,
)
from pipeline.source.kafka.reader import Reader

Key = tuple[str, int, int]
"""What a process knows a tick by."""


class BatchReader(Protocol):
    """Reads batches from where the lake ends, whatever it is that they come from."""

    @property
    def topics_reader(self) -> Reader | None:
        """The reader of topics that metrics ask how Kafka is; None where there is no Kafka."""

    def read(self, timeout_s: float) -> Batch | None:
        """Return the next batch, or None when none is full or old yet."""

    def is_due(self, block: Block) -> bool | None:
        """Say whether `block` is to be committed: None where others have to commit first."""

    def report_lost(self, sources: Iterable[str]) -> None:
        """Note that another writer took these sources."""

    def caught_up(self) -> bool:
        """Say whether everything that is there was read and committed."""

    def close(self) -> None:
        """Let go of connections and files."""


@dataclass(frozen=True, slots=True)
class LakeSide:
    """Holds what a reader needs of the job: its settings, and the lake's word on where to go on.

    `stages_id` tells the id of the stages that this process writes under; `pause` waits so many
    seconds, or less where the job is to stop.
    """

    settings: Settings
    lake_ends: LakeEnds
    lake_epochs: LakeEpochs
    start_sources: StartSources
    stages_id: Callable[[], str]
    pause: Callable[[float], None]


class Tick(Protocol):
    """What is to be read at a beat. Implementations are frozen and may be sent to a process."""

    @property
    def key(self) -> Key:
        """What tells one tick from another within a process."""

    @property
    def number(self) -> int:
        """The group, or the number of the share: as metrics and log lines call it."""

    @property
    def is_bounded(self) -> bool:
        """Whether it has an end, after which it is not read again."""

    @property
    def most_batches(self) -> int:
        """How many batches are read at once, until someone looks whether the process has grown."""

    @property
    def step(self) -> str:
        """What metrics call the reading: `read` for topics, `batch` for what has an end."""

    @property
    def selection(self) -> Selection:
        """What is taken of what is read."""

    @property
    def spares_repeats(self) -> bool:
        """Whether a story that the lake holds is spared the enricher: it would be a repeat."""

    def open(self, lake: LakeSide) -> BatchReader:
        """Return a reader of it. Raises `ConfigError` where this process must not read it."""


@dataclass(frozen=True, slots=True)
class RunOrder:
    """Says how a process is to run its ticks.

    It ends after the batch in hand once `stop` is set; with `until_caught_up` a tick that has
    nothing left is not read again. A batch waits at most `turn_timeout_s` for what others have to
    commit before it, without limit where that is None.
    """

    stop: threading.Event = field(default_factory=threading.Event)
    until_caught_up: bool = False
    turn_timeout_s: float | None = None


@dataclass(frozen=True, slots=True)
class PartitionGroup:
    """The partitions that are read together under one number: a tick that never ends by itself."""

    number: int
    is_bounded = False
    most_batches = 1
    step = "read"
    selection = Selection()
    spares_repeats = False

    @property
    def key(self) -> Key:
        """The group's number."""
        return ("", self.number, 0)

    def open(self, lake: LakeSide) -> Reader:
        """Return the reader of the group's partitions."""
        batch = lake.settings.batch
        return Reader(
            kafka_options(lake.settings),
            Limits(lake.settings.batch_records, batch.max_bytes, batch.flush_interval_s),
            group=self.number,
            groups=lake.settings.groups,
            lake_ends=lake.lake_ends,
            start_sources=lake.start_sources,
            lake_epochs=lake.lake_epochs,
            clock=clock.monotonic,
            sleep=lake.pause,
        )


def kafka_options(settings: Settings) -> KafkaOptions:
    """Say how Kafka is read under `settings`."""
    kafka = settings.kafka
    return KafkaOptions(
        bootstrap_servers=kafka.bootstrap_servers,
        topics=kafka.topics,
        group_id=kafka.group_id,
        start=kafka.start,
        on_expired=kafka.on_expired,
        on_corrupt=kafka.on_corrupt,
        but_topics=() if kafka.dead_letter_topic is None else (kafka.dead_letter_topic,),
        discover_interval_s=kafka.discover_interval_s,
        broker_timeout_s=kafka.broker_timeout_s,
        client=kafka.client,
    )
