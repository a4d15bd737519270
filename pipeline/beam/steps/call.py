"""The four steps that only call this process's job: read, parse, enrich, write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import apache_beam as beam
from apache_beam.coders import registry

from pipeline.beam.steps.batch_coder import BatchCoder
from pipeline.config import Settings
from pipeline.errors import DatelineError
from pipeline.job import Job, job_of
from pipeline.model import Batch, EnrichedBatch, ParsedBatch
from pipeline.store.commit.write import Receipt
from pipeline.work import Tick

for _batch in (Batch, ParsedBatch, EnrichedBatch):
    registry.register_coder(_batch, BatchCoder)


class CallJob(beam.DoFn):  # type: ignore[misc]
    """Calls `method(job, element)` and emits the iterator's elements, one by one.

    A fault of the surroundings is kept on the job before it goes on: a runner wraps exceptions in
    its own, and the exit code would be lost. Where the job says that someone looks for its fault
    (`fault_is_kept`), it goes no further: what is left of the run does nothing, and the runner has
    no traceback of its own to tell beside the job's one line.
    """

    def __init__(self, settings: Settings, method: Callable[[Job, Any], Iterator[Any]]) -> None:
        self._settings = settings
        self._method = method

    def process(self, element: Any) -> Iterator[Any]:
        """Yield each element's results, lazily.

        A batch is committed before the next one is read.
        """
        job = job_of(self._settings)
        try:
            if job.fault_is_kept and job.fault is not None:
                return
            for result in self._method(job, element):
                yield result
                if job.fault_is_kept and job.fault is not None:
                    return
        except DatelineError as error:
            job.note_fault(error)
            if not job.fault_is_kept:
                raise


class Read(beam.PTransform):  # type: ignore[misc]
    """`Tick` → `Batch`: the batches that are due in a group (or the next ones of an archive)."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, elements: beam.PCollection) -> beam.PCollection:
        """Apply the step."""
        step = beam.ParDo(CallJob(self._settings, _read))
        return elements | "call" >> step.with_output_types(Batch)


class Parse(beam.PTransform):  # type: ignore[misc]
    """`Batch` → `ParsedBatch`: bytes to stories and rejects; mostly one of a batch."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, elements: beam.PCollection) -> beam.PCollection:
        """Apply the step."""
        step = beam.ParDo(CallJob(self._settings, _parse))
        return elements | "call" >> step.with_output_types(ParsedBatch)


class Enrich(beam.PTransform):  # type: ignore[misc]
    """`ParsedBatch` → `EnrichedBatch`: stories to enriched stories."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, elements: beam.PCollection) -> beam.PCollection:
        """Apply the step."""
        step = beam.ParDo(CallJob(self._settings, _enrich))
        return elements | "call" >> step.with_output_types(EnrichedBatch)


class Write(beam.PTransform):  # type: ignore[misc]
    """`EnrichedBatch` → `Receipt`: batches into the lake, each exactly once."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, elements: beam.PCollection) -> beam.PCollection:
        """Apply the step."""
        step = beam.ParDo(CallJob(self._settings, _write))
        return elements | "call" >> step.with_output_types(Receipt)


def _read(job: Job, tick: Tick) -> Iterator[Batch]:
    yield from job.read(tick)


def _parse(job: Job, batch: Batch) -> Iterator[ParsedBatch]:
    yield from job.parse(batch)


def _enrich(job: Job, batch: ParsedBatch) -> Iterator[EnrichedBatch]:
    yield job.enrich(batch)


def _write(job: Job, batch: EnrichedBatch) -> Iterator[Receipt]:
    yield job.write(batch)
