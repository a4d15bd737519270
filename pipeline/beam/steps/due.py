"""Reading at a beat on an engine that sends beats without waiting for their work to be done."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import apache_beam as beam

from pipeline import clock
from pipeline.beam.steps.spread import Beat
from pipeline.config import Settings
from pipeline.errors import DatelineError
from pipeline.job import Job, job_of
from pipeline.model import Batch
from pipeline.work import Tick

_TURN_S = 120.0
"""How long a part of a replay may wait for the parts before it. Where two shares of a replay stand
in one process, the one that waits would keep the other from going on; it is read again later."""


class ReadDue(beam.PTransform):  # type: ignore[misc]
    """`Beat` → `Batch`: what is due of the ticks that stand at the beat's number, for a while.

    A beat goes on for `flink.beat_s` while there is more. Beats that were made meanwhile are let
    go: so they never pile up, and a checkpoint, which queues behind them, waits for one at most.
    """

    def __init__(self, settings: Settings, ticks: Sequence[Sequence[Tick]]) -> None:
        super().__init__()
        self._settings = settings
        self._ticks = [list(some) for some in ticks]

    def expand(self, beats: beam.PCollection) -> beam.PCollection:
        """Apply the step."""
        step = beam.ParDo(_ReadDue(self._settings, self._ticks))
        return beats | "call" >> step.with_output_types(Batch)


class _ReadDue(beam.DoFn):  # type: ignore[misc]
    def __init__(self, settings: Settings, ticks: Sequence[Sequence[Tick]]) -> None:
        self._settings = settings
        self._ticks = ticks

    def setup(self) -> None:
        """Begin with nothing read, and serve metrics where they are wanted.

        Until when each list of ticks was read is kept by its number, in seconds of Unix time.
        """
        self._read_until_s: dict[int, float] = {}
        job_of(self._settings).serve()

    def process(self, beat: Beat) -> Iterator[Batch]:
        """Yield the batches that are due, one at a time.

        Each is committed before the next one is read: the steps to `write` are fused.
        """
        number, made_s = beat
        if made_s < self._read_until_s.get(number, 0.0):
            return
        job = job_of(self._settings)
        job.order = replace(job.order, turn_timeout_s=_TURN_S)
        try:
            yield from self._read(job, self._ticks[number])
        except DatelineError as error:
            job.note_fault(error)
            raise
        finally:
            self._read_until_s[number] = clock.now().timestamp()

    def _read(self, job: Job, ticks: Sequence[Tick]) -> Iterator[Batch]:
        end_s = clock.monotonic() + self._settings.flink.beat_s
        for tick in ticks:
            found = True
            while found:
                found = False
                for batch in job.read(tick):
                    found = True
                    yield batch
                    if clock.monotonic() >= end_s:
                        return
            if not job.is_done([tick]):
                return
