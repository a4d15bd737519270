"""Reading at a beat on an engine that sends beats without waiting for their work to be done."""

from __future__ import annotations

from collections.abc import Iterator

import apache_beam as beam

from pipeline import clock
from pipeline.beam.steps.spread import Beat
from pipeline.config import Settings
from pipeline.errors import DatelineError
from pipeline.job import job_of
from pipeline.model import Batch


class ReadDue(beam.PTransform):  # type: ignore[misc]
    """`Beat` → `Batch`: the batches that are due in a group, for a while.

    A beat goes on for `flink.beat_s` while there is more. Beats that were made meanwhile are let
    go: so they never pile up, and a checkpoint, which queues behind them, waits for one at most.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings

    def expand(self, beats: beam.PCollection) -> beam.PCollection:
        """Apply the step."""
        return beats | "call" >> beam.ParDo(_ReadDue(self._settings)).with_output_types(Batch)


class _ReadDue(beam.DoFn):  # type: ignore[misc]
    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def setup(self) -> None:
        """One a process and bundle processor: what was read up to when, by group."""
        self._read_until_s: dict[int, float] = {}

    def process(self, beat: Beat) -> Iterator[Batch]:
        """Each batch is committed before the next one is read: the steps to `write` are fused."""
        group, made_s = beat
        if made_s < self._read_until_s.get(group, 0.0):
            return
        end_s = clock.monotonic() + self._settings.flink.beat_s
        job = job_of(self._settings)
        try:
            found = True
            while found and clock.monotonic() < end_s:
                found = False
                for batch in job.read(group):
                    found = True
                    yield batch
        except DatelineError as error:
            job.fault = error
            raise
        finally:
            self._read_until_s[group] = clock.now().timestamp()
