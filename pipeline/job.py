"""What one process of the job holds: readers, enricher, writer; built once, at first use.

The Beam steps call it; it knows nothing of Beam. Nothing in it has to survive: after a crash a new
one begins where the lake says (ARCHITECTURE.md, invariant 1).
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from pipeline import clock
from pipeline.config import Settings
from pipeline.enrich import Enricher
from pipeline.errors import ConfigError, DatelineError, StoreError
from pipeline.model import REPROCESSED, Batch, Block, EnrichedBatch, ParsedBatch
from pipeline.observe.logs import log
from pipeline.parse import parse_batch
from pipeline.parse.selection import select
from pipeline.parse.stages import format_stages, parse_stage
from pipeline.replay import Replay
from pipeline.secrecy import with_secrets
from pipeline.source.bounded import ArchiveReader
from pipeline.source.kafka.dead_letter import DeadLetters
from pipeline.source.kafka.options import KafkaOptions, Limits
from pipeline.source.kafka.reader import Reader
from pipeline.stages import StageSet
from pipeline.store.commit.decide import NotEnrichedError, coordinates_of
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.write import LakeWriter, Receipt
from pipeline.store.read.snapshot import find_snapshot
from pipeline.store.read.sources import leader_epochs
from pipeline.store.upkeep.clean_up import Cleaned, clean
from pipeline.telemetry import Telemetry

Tick = int | Replay
"""What a beat names: a group of partitions to read, or a share of something that has an end."""

Key = int | tuple[str, int, int]
"""What a process knows a tick by."""

_EPOCH_BATCHES = 10
"""So many batches of a replay until it is looked at whether the process has grown."""

_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.3
_GRACE_S = 30.0
"""How long a worker that is to stop waits for what others have to commit before its batch."""


class BatchReader(Protocol):
    """Kafka or an archive, as the job sees it."""

    def read(self, timeout_s: float) -> Batch | None:
        """Return the next batch, or None when none is full or old yet."""

    def caught_up(self) -> bool:
        """Say whether everything that is there was read and committed."""

    def close(self) -> None:
        """Let go of connections and files."""


@dataclass(frozen=True, slots=True)
class _Share:
    """A share of a replay, and who reads it."""

    tick: Replay
    reader: ArchiveReader


class Job:
    """The parts of the job in this process. One tick at a time: see `read`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = with_secrets(settings)
        self.stop = threading.Event()
        self.fault: DatelineError | None = None
        self.fault_is_kept = False
        self.on_receipt: Callable[[Receipt], None] | None = None
        self.until_caught_up = False
        self.turn_timeout_s: float | None = None
        self._done: set[Key] = set()
        self._readers: dict[Key, BatchReader] = {}
        self._shares: dict[str, _Share] = {}
        self.telemetry = Telemetry(settings)
        self._busy = threading.Lock()
        self._has_lost = False

    @cached_property
    def lake(self) -> Lake:
        """The lake, its tables made where they are missing, unless it has to be there already."""
        at = self.settings.lake
        if at.must_exist and find_snapshot(at.url, at.options, ("ledger",)) is None:
            raise StoreError(
                "there is no lake, and lake.must_exist is set: name it with `lake.url`, or unset"
                " that",
                lake=at.url,
            )
        return Lake(at.url, at.options, self.telemetry.watch.on_point)

    @cached_property
    def enricher(self) -> Enricher:
        """The enricher, its model loaded at the first story."""
        return enricher_of(self.settings)

    @cached_property
    def writer(self) -> LakeWriter:
        """The one writer of this process."""
        enricher = self.enricher
        letters = self.dead_letters
        on_failures = None if letters is None else letters.send
        return LakeWriter(
            *(self.lake, clock.now, enricher.model, enricher.model_hash, on_failures),
            stages=stages_of(enricher, self.settings),
        )

    @cached_property
    def dead_letters(self) -> DeadLetters | None:
        """The mirror of failures on a topic, where the configuration names one."""
        kafka = self.settings.kafka
        if kafka.dead_letter_topic is None:
            return None
        return DeadLetters(
            kafka.bootstrap_servers,
            kafka.dead_letter_topic,
            client=kafka.client,
            timeout_s=kafka.broker_timeout_s,
        )

    def prepare(self) -> None:
        """Get ready to be watched. Raises `ConfigError`, `ModelError`."""
        self.telemetry.prepare(self.enricher)

    def serve(self) -> None:
        """Get ready, and serve what is watched from this process itself; see `Telemetry.serve`."""
        self.telemetry.serve()
        self.prepare()

    def keep_fault(self) -> None:
        """Keep a fault in `fault` from now on, for the caller; it ends what is left of a run."""
        self.fault, self.fault_is_kept = None, True

    def note_fault(self, fault: DatelineError) -> None:
        """Note what stopped a step, for whoever looks at `fault`, and for the metrics."""
        self.fault = fault
        if isinstance(fault, StoreError):
            self.telemetry.store_fails()

    def read(self, tick: Tick) -> Iterator[Batch]:
        """Yield the batches that are due at `tick`.

        Each is committed before the next one is asked for, because the steps from here to `write`
        are fused. A tick that comes while another one is under way gives nothing. With
        `until_caught_up` a group that has nothing left is not read again.
        """
        if _key(tick) in self._done or not self._busy.acquire(blocking=False):
            return
        try:
            reader = self.reader(tick)
            for _ in range(1 if isinstance(tick, int) else _EPOCH_BATCHES):
                if self.stop.is_set():
                    return
                batch = self._next(tick, reader)
                if batch is not None:
                    yield batch
                is_bounded = self.until_caught_up or isinstance(tick, Replay)
                if batch is None and is_bounded and reader.caught_up():
                    self._done.add(_key(tick))
                    return
        finally:
            self._busy.release()

    def parse(self, batch: Batch) -> Iterator[ParsedBatch]:
        """Yield every item of every record as a story or a reject; of a replay, what is selected.

        In one portion, or in several where the records grow: each is to be written before the next
        one is asked for. After one that another writer took nothing follows: the reader reads on
        from where the lake ends.
        """
        share = self._share_of(batch.blocks)
        portions = parse_batch(batch, self.settings.parse_limits)
        self._has_lost = is_last = False
        for number in itertools.count():
            if is_last or self._has_lost:
                return
            if number:
                self.telemetry.watch.portion(batch.group, batch.blocks)
            with self.telemetry.watch.step("parse"):
                parsed = next(portions)
            is_last = _end_of(parsed.blocks) == _end_of(batch.blocks)
            yield parsed if share is None else select(parsed, share.tick.selection)

    def enrich(self, batch: ParsedBatch) -> EnrichedBatch:
        """Enrich the stories of a batch; of a replay, those that the lake lacks."""
        with self.telemetry.watch.step("enrich"):
            share = self._share_of(batch.blocks)
            if share is None or share.tick.source.startswith(REPROCESSED):
                return self.enricher.enrich_batch(batch)
            wanted, spared = self.writer.spare(batch.stories)
            enriched = self.enricher.enrich_batch(replace(batch, stories=tuple(wanted)))
            return replace(enriched, unenriched=tuple(spared))

    def write(self, batch: EnrichedBatch) -> Receipt:
        """Commit the batch to all five tables.

        A part of a replay waits until the parts before it are in the lake; one that another
        process wrote meanwhile is dropped.
        """
        if not self._await_turn(batch):
            return Receipt()
        with self.telemetry.watch.step("write"):
            try:
                receipt = self.writer.write(batch)
            except NotEnrichedError:
                receipt = self.writer.write(self._whole(batch))
        self._has_lost = bool(receipt.lost)
        reader = self._readers.get(batch.group)
        if isinstance(reader, Reader):
            reader.report_lost(receipt.lost)
        self.telemetry.committed(batch.group, receipt)
        if self.on_receipt is not None:
            self.on_receipt(receipt)
        return receipt

    def clean(self) -> Cleaned:
        """Remove what dead writers left in the lake."""
        done = clean(self.lake, clock.now(), self.settings.lake.retention_s)
        if done.staged or done.removed:
            log.info("removed what dead writers left", staged=done.staged, files=done.removed)
        return done

    def reader(self, tick: Tick) -> BatchReader:
        """Return the reader of one group or replay."""
        key = _key(tick)
        if key not in self._readers:
            self._readers[key] = (
                self._kafka_reader(tick) if isinstance(tick, int) else self._archive_reader(tick)
            )
        return self._readers[key]

    def is_done(self, ticks: Sequence[Tick]) -> bool:
        """Say whether every one of `ticks` had nothing left to read or to commit."""
        return self._done.issuperset(map(_key, ticks))

    def close(self) -> None:
        """Close the readers and let go of the writer's mark."""
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()
        self._shares.clear()
        if "writer" in self.__dict__:
            self.writer.close()
        if (letters := self.__dict__.get("dead_letters")) is not None:
            letters.close()
        self.telemetry.close()

    def _next(self, tick: Tick, reader: BatchReader) -> Batch | None:
        group = tick if isinstance(tick, int) else tick.stripe
        with self.telemetry.watch.busy("read" if isinstance(tick, int) else "batch"):
            self.telemetry.before_read(group, reader)
            begun_s = clock.monotonic()
            batch = reader.read(self.settings.job.poll_s)
            self.telemetry.after_read(group, reader, batch, clock.monotonic() - begun_s)
        return batch

    def _kafka_reader(self, group: int) -> Reader:
        return Reader(
            kafka_options(self.settings),
            self._batch_limits(),
            group=group,
            groups=self.settings.groups,
            lake_ends=self.lake.ends,
            start_sources=self._start,
            lake_epochs=lambda sources: leader_epochs(self.lake, sources),
            clock=clock.monotonic,
            sleep=self._pause,
        )

    def _archive_reader(self, tick: Replay) -> ArchiveReader:
        if tick.source.startswith(REPROCESSED):
            self._assert_stages(tick.source)
        batch = self.settings.batch
        reader = ArchiveReader(
            tick.records,
            Limits(self.settings.replay.part_records, batch.max_bytes, batch.flush_interval_s),
            lake_ends=self.lake.ends,
            start_sources=self._start,
            stripe=tick.stripe,
            stripes=tick.stripes,
        )
        self._shares[tick.source] = _Share(tick, reader)
        return reader

    def _assert_stages(self, run: str) -> None:
        """A worker may start later than its run was planned: under code that was replaced since."""
        today = stages_of(self.enricher, self.settings).id
        if not run.startswith(f"{REPROCESSED}{today}/"):
            raise ConfigError(
                "the stages are others than the run was planned under: start it again",
                run=run,
                stages=today,
            )

    def _await_turn(self, batch: EnrichedBatch) -> bool:
        """Whether the batch is to be written, once what comes before it is in the lake."""
        share = self._share_of(batch.blocks)
        if share is None:
            return True
        pause_s, stopped_s, begin_s = _FIRST_PAUSE_S, None, clock.monotonic()
        while (due := share.reader.is_due(batch.blocks[0])) is None:
            if self.stop.is_set():
                stopped_s = stopped_s or clock.monotonic()
                if clock.monotonic() - stopped_s > _GRACE_S:
                    return False
            if self.turn_timeout_s and clock.monotonic() - begin_s > self.turn_timeout_s:
                return False
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
        return due

    def _share_of(self, blocks: Sequence[Block]) -> _Share | None:
        """The replay that a batch belongs to; None for one from Kafka."""
        return self._shares.get(blocks[0].source) if blocks else None

    def _whole(self, batch: EnrichedBatch) -> EnrichedBatch:
        """The batch with all of its stories enriched."""
        rest = ParsedBatch(batch.group, batch.blocks, batch.unenriched, batch.rejects)
        more = self.enricher.enrich_batch(rest)
        stories = sorted((*batch.stories, *more.stories), key=lambda s: coordinates_of(s.story))
        return replace(more, stories=tuple(stories))

    def _batch_limits(self) -> Limits:
        batch = self.settings.batch
        return Limits(batch.max_records, batch.max_bytes, batch.flush_interval_s)

    def _pause(self, seconds: float) -> None:
        self.stop.wait(seconds)

    def _start(self, first: Mapping[str, int], later: Mapping[str, int]) -> None:
        self.writer.start(first, later, self.enricher.enrichment_id)


def _end_of(blocks: Sequence[Block]) -> tuple[str, int] | None:
    return (blocks[-1].source, blocks[-1].end) if blocks else None


def enricher_of(settings: Settings) -> Enricher:
    """Make the enricher that `settings` name; its id is that of all that is enriched by it."""
    named = settings.enrich
    return Enricher(
        *(named.model, named.models, named.model_hash, named.max_text_chars), named.coder
    )


def stages_of(enricher: Enricher, settings: Settings) -> StageSet:
    """Return every stage that makes rows in a process with this enricher and these settings."""
    formats = format_stages(settings.parse_limits.mapping_ids)
    return StageSet(enricher.enrichment_id, parse_stage(), formats, enricher.stages)


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


def _key(tick: Tick) -> Key:
    return tick if isinstance(tick, int) else tick.key


_jobs: dict[str, Job] = {}
_lock = threading.Lock()


def job_of(settings: Settings) -> Job:
    """Return the job of this process under `settings`: one, whoever asks.

    A runner copies its steps around, and may run several copies in one process.
    """
    key = settings.model_dump_json()
    with _lock:
        if key not in _jobs:
            _jobs[key] = Job(settings)
        return _jobs[key]


def forget(settings: Settings) -> None:
    """Close the job of this process under `settings`; the next use builds it anew."""
    with _lock:
        job = _jobs.pop(settings.model_dump_json(), None)
    if job is not None:
        job.close()
