"""The beat: what makes the job look for new records, engine by engine."""

from __future__ import annotations

import apache_beam as beam
from apache_beam.transforms.periodicsequence import PeriodicImpulse
from apache_beam.utils.timestamp import MAX_TIMESTAMP, Timestamp


class BoundedTicks(beam.PTransform):  # type: ignore[misc]
    """`count` beats and the end: one epoch of the in-process engine.

    Without the reshuffle that `Create` adds by itself, so that a beat is worked off, down to the
    commit, before the next one.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        self._count = count

    def expand(self, root: beam.pvalue.PBegin) -> beam.PCollection:
        """Apply the step."""
        return root | "beats" >> beam.Create(range(self._count), reshuffle=False)


class PeriodicTicks(beam.PTransform):  # type: ignore[misc]
    """A beat every `interval_s` seconds, from `start_s` (Unix time) on, without end or up to one.

    For engines that run unbounded splittable DoFns well (Prism).
    """

    def __init__(self, start_s: float, interval_s: float, stop_s: float | None = None) -> None:
        super().__init__()
        self._start_s = start_s
        self._interval_s = interval_s
        self._stop_s = stop_s

    def expand(self, root: beam.pvalue.PBegin) -> beam.PCollection:
        """Apply the step."""
        stop = MAX_TIMESTAMP if self._stop_s is None else Timestamp(self._stop_s)
        return root | "beats" >> PeriodicImpulse(
            start_timestamp=Timestamp(self._start_s),
            stop_timestamp=stop,
            fire_interval=self._interval_s,
        )
