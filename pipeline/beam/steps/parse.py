"""Bytes to stories and rejects."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam

from pipeline.beam.steps.call import CallJob
from pipeline.config import Settings
from pipeline.job import Job
from pipeline.model import Batch, ParsedBatch


class Parse(beam.PTransform):  # type: ignore[misc]
    """`Batch` → `ParsedBatch`: bytes to stories and rejects; mostly one of a batch."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, elements: beam.PCollection) -> beam.PCollection:
        """Apply the step."""
        step = beam.ParDo(CallJob(self._settings, _parse))
        return elements | "call" >> step.with_output_types(ParsedBatch)


def _parse(job: Job, batch: Batch) -> Iterator[ParsedBatch]:
    yield from job.parse(batch)
