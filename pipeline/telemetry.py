"""What one process of the job tells of itself: metrics, traces, the log line of a batch.

Between the job, which calls it at each step, and `pipeline.observe`, which knows neither the
configuration nor a reader.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline import __version__, clock
from pipeline.config import Settings
from pipeline.enrich import Enricher
from pipeline.enrich.no_enrichment import NoEnrichment
from pipeline.errors import ConfigError
from pipeline.model import Batch
from pipeline.observe.health import Process
from pipeline.observe.logs import log
from pipeline.observe.recorder import Recorder
from pipeline.observe.traces import Traces, open_traces
from pipeline.observe.watch import Watch
from pipeline.source.kafka.client import TopicState, Trouble
from pipeline.source.kafka.groups import Partition
from pipeline.source.kafka.patterns import is_pattern
from pipeline.source.kafka.reader import Reader
from pipeline.store.commit.write import Receipt

if TYPE_CHECKING:
    from pipeline.observe.observer import Observer

_PORTS = 16
"""So many worker processes without a supervisor find a port each."""


_WORSE: Mapping[TopicState, int] = {"read": 0, "missing": 1, "failing": 2, "refused": 3}


class Telemetry:
    """The watch over this process's batches, and where its findings go."""

    def __init__(self, settings: Settings) -> None:
        self._observe = settings.observe
        self.recorder = Recorder()
        self.watch = Watch(self.recorder, clock.now, clock.monotonic)
        self._traces: Traces | None = None
        self.observer: Observer | None = None
        self._partitions: dict[int, int] = {}
        self._is_connected = False
        self._lag_due_s: dict[int, float] = {}
        self._lost: dict[int, int] = {}
        self._outage: str | None = None
        self._topics: dict[str, TopicState] = {}
        self._topics_by_group: dict[int, Mapping[str, Trouble]] = {}
        self._held: set[Partition] = set()
        self._lagging: dict[int, set[Partition]] = {}
        self._lock = threading.Lock()

    @property
    def wanted(self) -> bool:
        """Whether someone is to read the metrics."""
        return self._observe.metrics_port is not None

    def prepare(self, enricher: Enricher | NoEnrichment) -> None:
        """Open the traces, where asked for; where metrics are read, load the models now.

        So that ready means ready. Raises `ConfigError`, `ModelError`.
        """
        if self._observe.traces_endpoint is not None and self._traces is None:
            self._traces = open_traces(self._observe.traces_endpoint, __version__)
            self.watch.on_trace = self._traces.tell
        if self.wanted:
            enricher.load()
            self.recorder.set("dateline_worker_model_loaded", 1)
            self.recorder.set(
                "dateline_build_info", 1, __version__, enricher.model, enricher.enrichment_id
            )

    def serve(self) -> None:
        """Serve this process's own metrics: for workers that no supervisor of ours has started.

        One that finds no port works without.
        """
        port = self._observe.metrics_port
        with self._lock:
            if port is None or self.observer is not None:
                return
            # Only here: a worker that tells its supervisor has no use for it.
            from pipeline.observe.observer import Observer

            try:
                self.observer = Observer(
                    self._observe.host,
                    range(port, port + _PORTS) if port else range(1),
                    lambda: [Process("0")],
                    ready_broker_s=self._observe.ready_broker_s,
                    now=clock.now,
                    monotonic=clock.monotonic,
                    own=self.recorder,
                )
            except ConfigError as error:
                log.warning("this process serves no metrics", reason=str(error))

    def close(self) -> None:
        """Stop serving, and send the last traces."""
        self.watch.give_up()
        if self.observer is not None:
            self.observer.close()
            self.observer = None
        if self._traces is not None:
            self._traces.close()
            self._traces = None

    def before_read(self, group: int, reader: Reader | None) -> None:
        """Ask the reader of topics, where it is one, how far the lake is behind, every so often."""
        now_s = clock.monotonic()
        if reader is None or now_s < self._lag_due_s.get(group, 0.0):
            return
        # None while the reader has not begun, or the broker is away: asked again at the next read.
        lags = reader.lags(clock.now())
        for lag in lags:
            self.watch.lag(
                lag.partition.topic,
                lag.partition.number,
                lag.records,
                None if lag.since is None else lag.since.timestamp(),
                lag.held,
            )
        if lags:
            there = {lag.partition for lag in lags}
            numbers = {(p.topic, p.number) for p in there}
            for gone in self._lagging.get(group, set()) - there:
                if (gone.topic, gone.number) not in numbers:
                    self.watch.no_lag(gone.topic, gone.number)
            self._lagging[group] = there
            self._lag_due_s[group] = clock.monotonic() + self._observe.lag_interval_s

    def after_read(
        self, group: int, kafka: Reader | None, batch: Batch | None, seconds: float
    ) -> None:
        """Note that a read came back after `seconds`, with a batch or without.

        `kafka` is the reader of topics, None where something else was read.
        """
        if kafka is not None:
            self._tell_of_outage(kafka.waiting_for)
            self._tell_of_losses(group, kafka.counters.lost)
            self._note_partitions(group, kafka)
            self._tell_of_topics(group, kafka)
            self._tell_of_transactions(kafka)
        if not self._is_connected and (kafka is None or kafka.waiting_for is None):
            self._is_connected = True
            self.recorder.set("dateline_worker_connected", 1)
        if batch is not None:
            self.watch.read(batch, seconds, kafka.taken_since_s if kafka else None)
        else:
            self.watch.idle(group, kafka.waiting_since_s if kafka else None)

    def committed(self, group: int, receipt: Receipt) -> None:
        """Count, trace and log a batch that stands in the lake."""
        self.watch.waiting_for("store", since_s=None)
        seconds = self.watch.committed(
            receipt.blocks,
            receipt.counts(),
            receipt.by.get("kind", {}),
            len(receipt.lost),
            receipt.by.get("status", {}).get("withheld", 0),
        )
        log.info(
            "batch committed",
            group=group,
            stories=receipt.stories,
            rejects=receipt.rejects,
            skipped=receipt.skipped,
            blocks={block.source: [block.start, block.end] for block in receipt.blocks},
            lost=list(receipt.lost) or None,
            seconds=seconds,
        )

    def store_fails(self) -> None:
        """Note that the lake's storage has just failed, and will be tried again."""
        self.watch.waiting_for("store", since_s=clock.monotonic())

    def store_answers(self) -> None:
        """Note that the lake's storage has done what was asked of it."""
        self.watch.waiting_for("store", since_s=None)

    def _note_partitions(self, group: int, reader: Reader) -> None:
        if reader.waiting_for is None and self._partitions.get(group) != len(reader.sources):
            self._partitions[group] = len(reader.sources)
            self.recorder.set("dateline_groups", len(self._partitions))
            self.recorder.set("dateline_partitions", sum(self._partitions.values()))

    def _tell_of_topics(self, group: int, reader: Reader) -> None:
        """Log each change of a topic's state as one line, and count it in the metrics.

        Of several groups' words the worst counts: each looks at a time of its own.
        """
        if reader.topics:
            self._topics_by_group[group] = reader.topics
        now: dict[str, Trouble] = {}
        for topics in self._topics_by_group.values():
            for topic, trouble in topics.items():
                if topic not in now or _WORSE[trouble.state] > _WORSE[now[topic].state]:
                    now[topic] = trouble
        for topic, trouble in now.items():
            before = self._topics.get(topic)
            if trouble.state == before:
                continue
            self._topics[topic] = trouble.state
            if before is not None:
                self.recorder.set("dateline_topic_state", None, topic, before)
            self.recorder.set("dateline_topic_state", 1, topic, trouble.state)
            if trouble.state != "read":
                state, reason = trouble.state, trouble.reason
                log.warning("a topic is not read", topic=topic, state=state, reason=reason)
            elif before is not None:
                log.info("a topic is read again", topic=topic)
        for topic in self._topics.keys() - now.keys():
            # One that a pattern found, and that is gone; or a pattern that has found one.
            self.recorder.set("dateline_topic_state", None, topic, self._topics.pop(topic))
            if not is_pattern(topic):
                log.info("a topic is gone", topic=topic)

    def _tell_of_transactions(self, reader: Reader) -> None:
        held = reader.held_back
        for partition in held.keys() - self._held:
            log.warning(
                "an open transaction holds records back",
                topic=partition.topic,
                partition=partition.number,
                offsets=held[partition],
            )
            self._held.add(partition)
        for partition in {p for p in self._held if p.source in reader.sources} - held.keys():
            log.info(
                "no transaction holds records back any more",
                topic=partition.topic,
                partition=partition.number,
            )
            self._held.discard(partition)

    def _tell_of_losses(self, group: int, lost: int) -> None:
        if lost > self._lost.get(group, 0):
            log.warning(
                "another writer was first: its records are dropped here and read on from there",
                group=group,
                times=lost - self._lost.get(group, 0),
            )
        self._lost[group] = lost

    def _tell_of_outage(self, waiting_for: str | None) -> None:
        since_s = None if waiting_for is None else clock.monotonic()
        self.watch.waiting_for("broker", since_s=since_s)
        if waiting_for == self._outage:
            return
        if waiting_for is None:
            log.info("Kafka answers again")
        elif self._outage is None:
            log.warning("waiting for Kafka", reason=waiting_for)
        else:
            # Each attempt may fail in its own words: one line an outage is enough.
            log.debug("still waiting for Kafka", reason=waiting_for)
        self._outage = waiting_for
