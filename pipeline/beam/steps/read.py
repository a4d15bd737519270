"""The batches that are due in a group (or the next ones of an archive)."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam

from pipeline.beam.steps.call import CallJob
from pipeline.config import Settings
from pipeline.job import Job, Tick
from pipeline.model import Batch


class Read(beam.PTransform):  # type: ignore[misc]
    """`Tick` → `Batch`: the batches that are due in a group (or the next ones of an archive)."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, elements: beam.PCollection) -> beam.PCollection:
        """Apply the step."""
        step = beam.ParDo(CallJob(self._settings, _read))
        return elements | "call" >> step.with_output_types(Batch)


def _read(job: Job, tick: Tick) -> Iterator[Batch]:
    yield from job.read(tick)
