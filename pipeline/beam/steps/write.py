"""Batches into the lake, each exactly once."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam

from pipeline.beam.steps.call import CallJob
from pipeline.config import Settings
from pipeline.job import Job
from pipeline.model import EnrichedBatch
from pipeline.store.commit.write import Receipt


class Write(beam.PTransform):  # type: ignore[misc]
    """`EnrichedBatch` → `Receipt`: batches into the lake, each exactly once."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, elements: beam.PCollection) -> beam.PCollection:
        """Apply the step."""
        step = beam.ParDo(CallJob(self._settings, _write))
        return elements | "call" >> step.with_output_types(Receipt)


def _write(job: Job, batch: EnrichedBatch) -> Iterator[Receipt]:
    yield job.write(batch)
