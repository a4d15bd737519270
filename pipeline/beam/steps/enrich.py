"""Stories to enriched stories."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam

from pipeline.beam.steps.call import CallJob
from pipeline.config import Settings
from pipeline.job import Job
from pipeline.model import EnrichedBatch, ParsedBatch


class Enrich(beam.PTransform):  # type: ignore[misc]
    """`ParsedBatch` → `EnrichedBatch`: stories to enriched stories."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, elements: beam.PCollection) -> beam.PCollection:
        """Apply the step."""
        step = beam.ParDo(CallJob(self._settings, _enrich))
        return elements | "call" >> step.with_output_types(EnrichedBatch)


def _enrich(job: Job, batch: ParsedBatch) -> Iterator[EnrichedBatch]:
    yield job.enrich(batch)
