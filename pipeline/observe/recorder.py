"""What one process measures: sums, moments and distributions, handed over as what is new.

No library, no file, no thread: a step adds to a dictionary, and whoever tells of it (the worker to
its supervisor, a lone process to its own endpoint) takes the differences.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Sequence
from typing import TypedDict

from pipeline.observe.catalogue import METRICS

Labels = tuple[str, ...]
Series = tuple[str, Labels]

Measured = tuple[str, Sequence[str], float | None]
"""A metric's name, the values of its labels, and what is added or now holds (None: no more)."""

Spread = tuple[str, Sequence[str], Sequence[int], float]
"""A histogram's name, labels, new observations by bucket (the last has no bound), and their sum."""


class MetricsSnapshot(TypedDict):
    """Holds what has happened since the last one, as plain data (JSON)."""

    add: list[Measured]
    set: list[Measured]
    observe: list[Spread]


class Recorder:
    """The measurements of one process; for use by several threads.

    Every name is one of `METRICS`, and labels come in the order given there.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._added: dict[Series, float] = {}
        self._set: dict[Series, float | None] = {}
        self._observed: dict[Series, tuple[list[int], float]] = {}

    def add(self, name: str, value: float, *labels: str) -> None:
        """Raise a counter."""
        with self._lock:
            self._added[name, labels] = self._added.get((name, labels), 0.0) + value

    def set(self, name: str, value: float | None, *labels: str) -> None:
        """Set a gauge; None takes it away.

        Of an age: the Unix time since when, 0 where nothing waits.
        """
        with self._lock:
            self._set[name, labels] = value

    def observe(self, name: str, seconds: float, *labels: str) -> None:
        """Add an observation to a histogram."""
        buckets = METRICS[name].buckets
        with self._lock:
            counts, total = self._observed.get((name, labels)) or ([0] * (len(buckets) + 1), 0.0)
            counts[bisect_left(buckets, seconds)] += 1
            self._observed[name, labels] = counts, total + seconds

    def take(self) -> MetricsSnapshot:
        """Return what is new since this was last called."""
        with self._lock:
            added, self._added = self._added, {}
            gauges, self._set = self._set, {}
            observed, self._observed = self._observed, {}
        return {
            "add": [(name, labels, value) for (name, labels), value in added.items()],
            "set": [(name, labels, value) for (name, labels), value in gauges.items()],
            "observe": [(name, labels, *spread) for (name, labels), spread in observed.items()],
        }
