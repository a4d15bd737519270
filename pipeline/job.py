"""What one process of the job holds: readers, enricher, writer; built once, at first use.

The Beam steps call it; it knows nothing of Beam. Nothing in it has to survive: after a crash a new
one begins where the lake says (ARCHITECTURE.md, invariant 1).
"""

from __future__ import annotations

import ctypes
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property

from pipeline import clock
from pipeline.config import Settings
from pipeline.enrich import Enricher
from pipeline.enrich.no_enrichment import NoEnrichment
from pipeline.errors import DatelineError, StoreError
from pipeline.model import Batch, Block, EnrichedBatch, ParsedBatch
from pipeline.observe.logs import log
from pipeline.parse import parse_batch
from pipeline.parse.selection import skip_unselected
from pipeline.parse.stages import format_stages, parse_stage
from pipeline.pauses import Pauses
from pipeline.secrecy import with_secrets
from pipeline.source.kafka.dead_letter import DeadLetters
from pipeline.stages import StageSet
from pipeline.store.commit.decide import NotEnrichedError, coordinates_of
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.turns import in_turn
from pipeline.store.commit.write import LakeWriter, Receipt
from pipeline.store.read.snapshot import find_snapshot
from pipeline.store.read.sources import leader_epochs
from pipeline.store.upkeep.clean_up import Cleaned, clean_up
from pipeline.telemetry import Telemetry
from pipeline.work import BatchReader, Key, LakeSide, RunOrder, Tick

_FIRST_PAUSE_S = 0.02
_LONGEST_PAUSE_S = 0.3
_GRACE_S = 30.0
"""How long a worker that is to stop waits for what others have to commit before its batch."""


@dataclass(frozen=True, slots=True)
class _Opened:
    """A tick, and who reads it."""

    tick: Tick
    reader: BatchReader


class Job:
    """The parts of the job in this process. One tick at a time: see `read`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = with_secrets(settings)
        self.order = RunOrder()
        self.fault: DatelineError | None = None
        self.fault_is_kept = False
        self.on_receipt: Callable[[Receipt], None] | None = None
        self._done: set[Key] = set()
        self._opened: dict[Key, _Opened] = {}
        self._by_source: dict[str, _Opened] = {}
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
    def enricher(self) -> Enricher | NoEnrichment:
        """The enricher, its model loaded at the first story."""
        return enricher_of(self.settings)

    @cached_property
    def writer(self) -> LakeWriter:
        """The one writer of this process."""
        enricher = self.enricher
        letters = self.dead_letters
        on_failures = None if letters is None else letters.send
        # Rows that nobody enriched belong to no generation: any enriched row goes before them.
        is_enriching = self.settings.enrich.mode != "none"
        return LakeWriter(
            *(self.lake, clock.now, enricher.model, enricher.model_hash, on_failures),
            stages=stages_of(enricher, self.settings) if is_enriching else None,
            max_partitions=self.settings.batch.max_partitions,
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
        are fused. A tick that comes while another one is under way gives nothing. One that has an
        end (or is to be read until it is caught up) and has nothing left is not read again.
        """
        if tick.key in self._done or not self._busy.acquire(blocking=False):
            return
        try:
            opened = self._open(tick)
            for _ in range(tick.most_batches):
                if self.order.stop.is_set():
                    return
                batch = self._next(opened)
                if batch is not None:
                    self._by_source.update((block.source, opened) for block in batch.blocks)
                    yield batch
                elif self._ends(tick) and opened.reader.caught_up():
                    self._done.add(tick.key)
                    return
        finally:
            self._busy.release()

    def parse(self, batch: Batch) -> Iterator[ParsedBatch]:
        """Yield every item of every record as a story or a reject; of a replay, what is selected.

        In one portion, or in several where the records grow: each is to be written before the next
        one is asked for. After one that another writer took nothing follows: the reader reads on
        from where the lake ends.
        """
        opened = self._opened_of(batch.blocks)
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
            yield parsed if opened is None else skip_unselected(parsed, opened.tick.selection)

    def enrich(self, batch: ParsedBatch) -> EnrichedBatch:
        """Enrich the stories of a batch; of a replay, those that the lake lacks."""
        with self.telemetry.watch.step("enrich"):
            opened = self._opened_of(batch.blocks)
            if opened is None or not opened.tick.spares_repeats:
                return self.enricher.enrich_batch(batch)
            wanted, spared = self.writer.spare(batch.stories)
            enriched = self.enricher.enrich_batch(replace(batch, stories=tuple(wanted)))
            return replace(enriched, unenriched=tuple(spared))

    def write(self, batch: EnrichedBatch) -> Receipt:
        """Commit the batch to all five tables.

        A part of a replay waits until the parts before it are in the lake; one that another
        process wrote meanwhile is dropped.
        """
        opened = self._opened_of(batch.blocks)
        if opened is not None and not self._await_turn(opened.reader, batch.blocks[0]):
            return Receipt()
        with self.telemetry.watch.step("write"), self._turn_of(opened):
            try:
                receipt = self.writer.write(batch)
            except NotEnrichedError:
                receipt = self.writer.write(self._whole(batch))
        self._has_lost = bool(receipt.lost)
        if opened is not None:
            opened.reader.report_lost(receipt.lost)
        self.telemetry.committed(batch.group, receipt)
        _release_memory()
        if self.on_receipt is not None:
            self.on_receipt(receipt)
        return receipt

    def clean(self) -> Cleaned:
        """Remove what dead writers left in the lake."""
        done = clean_up(self.lake, clock.now(), self.settings.lake.retention_s)
        if done.staged or done.removed:
            log.info("removed what dead writers left", staged=done.staged, files=done.removed)
        return done

    def reader(self, tick: Tick) -> BatchReader:
        """Return the reader of `tick`, opened at first use."""
        return self._open(tick).reader

    def is_done(self, ticks: Sequence[Tick]) -> bool:
        """Say whether every one of `ticks` had nothing left to read or to commit."""
        return self._done.issuperset(tick.key for tick in ticks)

    def close(self) -> None:
        """Close the readers and let go of the writer's mark."""
        for opened in self._opened.values():
            opened.reader.close()
        self._opened.clear()
        self._by_source.clear()
        if "writer" in self.__dict__:
            self.writer.close()
        if (letters := self.__dict__.get("dead_letters")) is not None:
            letters.close()
        self.telemetry.close()

    def _open(self, tick: Tick) -> _Opened:
        if tick.key not in self._opened:
            side = LakeSide(
                self.settings,
                lake_ends=self.lake.ends,
                lake_epochs=lambda sources: leader_epochs(self.lake, sources),
                start_sources=self._start,
                stages_id=lambda: stages_of(self.enricher, self.settings).id,
                pause=self._pause,
            )
            self._opened[tick.key] = _Opened(tick, tick.open(side))
        return self._opened[tick.key]

    def _next(self, opened: _Opened) -> Batch | None:
        number, reader = opened.tick.number, opened.reader
        with self.telemetry.watch.busy(opened.tick.step):
            self.telemetry.before_read(number, reader.topics_reader)
            begun_s = clock.monotonic()
            batch = reader.read(self.settings.job.poll_s)
            seconds = clock.monotonic() - begun_s
            self.telemetry.after_read(number, reader.topics_reader, batch, seconds)
        return batch

    def _ends(self, tick: Tick) -> bool:
        return tick.is_bounded or self.order.until_caught_up

    def _await_turn(self, reader: BatchReader, first: Block) -> bool:
        """Say whether a batch is to be written, once what comes before its `first` block is
        there."""
        stopped_s, begin_s = None, clock.monotonic()
        pauses = Pauses(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
        order = self.order
        while (due := reader.is_due(first)) is None:
            if order.stop.is_set():
                stopped_s = stopped_s or clock.monotonic()
                if clock.monotonic() - stopped_s > _GRACE_S:
                    return False
            if order.turn_timeout_s and clock.monotonic() - begin_s > order.turn_timeout_s:
                return False
            time.sleep(pauses.next())
        return due

    def _turn_of(self, opened: _Opened | None) -> AbstractContextManager[object]:
        """Return the turn to write in: replays take turns, so that each knows what repeats."""
        if opened is None or not opened.tick.spares_repeats:
            return nullcontext()
        return in_turn(self.lake.url, self.order.stop.is_set)

    def _opened_of(self, blocks: Sequence[Block]) -> _Opened | None:
        """Return the tick that a batch was read at; None for one that no reader gave (a
        release)."""
        return self._by_source.get(blocks[0].source) if blocks else None

    def _whole(self, batch: EnrichedBatch) -> EnrichedBatch:
        """Return the batch with all of its stories enriched."""
        rest = ParsedBatch(batch.group, batch.blocks, batch.unenriched, batch.rejects)
        more = self.enricher.enrich_batch(rest)
        stories = sorted((*batch.stories, *more.stories), key=lambda s: coordinates_of(s.story))
        return replace(more, stories=tuple(stories))

    def _pause(self, seconds: float) -> None:
        self.order.stop.wait(seconds)

    def _start(self, first: Mapping[str, int], later: Mapping[str, int]) -> None:
        self.writer.start(first, later, self.enricher.enrichment_id)


def _release_memory() -> None:
    """Give the system back what a batch took at its peak; glibc keeps it: 75 MB were measured."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


def _end_of(blocks: Sequence[Block]) -> tuple[str, int] | None:
    return (blocks[-1].source, blocks[-1].end) if blocks else None


def enricher_of(settings: Settings) -> Enricher | NoEnrichment:
    """Make the enricher that `settings` name; its id is that of all that is enriched by it."""
    named = settings.enrich
    if named.mode == "none":
        return NoEnrichment()
    return Enricher(
        *(named.model, named.models, named.model_hash, named.max_text_chars), named.coder
    )


def stages_of(enricher: Enricher | NoEnrichment, settings: Settings) -> StageSet:
    """Return every stage that makes rows in a process with this enricher and these settings."""
    formats = format_stages(settings.parse_limits.mapping_ids)
    return StageSet(enricher.enrichment_id, parse_stage(), formats, enricher.stages)


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
