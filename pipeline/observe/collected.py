"""The measurements of all workers of a machine, added up over their restarts.

Workers tell differences, so that a counter never goes back when one of them is replaced. What a
worker did and had not told when it was killed is missing here: these are measurements; the account
is the ledger.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pipeline.observe.catalogue import METRICS, Metric
from pipeline.observe.recorder import Labels, MetricsSnapshot, Series

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a metric: of a counter or a gauge."""

    labels: Labels
    value: float


@dataclass(frozen=True, slots=True)
class Distribution:
    """One value of a histogram: observations by bucket (not yet cumulated), and their sum."""

    labels: Labels
    counts: tuple[int, ...]
    total: float


@dataclass(frozen=True, slots=True)
class Family:
    """A metric and its values."""

    metric: Metric
    samples: tuple[Sample, ...] = ()
    distributions: tuple[Distribution, ...] = ()


class Collected:
    """Adds up what workers tell; for use by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters: dict[Series, float] = {}
        self._spreads: dict[Series, tuple[list[int], float]] = {}
        self._gauges: dict[Series, dict[str, float]] = {}
        for metric in METRICS.values():
            for labels in _known_labels(metric):
                if metric.kind == "counter":
                    self._counters[metric.name, labels] = 0.0
                elif metric.kind == "histogram":
                    self._spreads[metric.name, labels] = [0] * (len(metric.buckets) + 1), 0.0

    def merge(self, worker: str, snapshot: MetricsSnapshot) -> None:
        """Add what `worker` told."""
        with self._lock:
            for name, labels, value in snapshot["add"]:
                series = name, tuple(labels)
                self._counters[series] = self._counters.get(series, 0.0) + (value or 0.0)
            for name, labels, counts, total in snapshot["observe"]:
                series = name, tuple(labels)
                have, so_far = self._spreads.get(series) or ([0] * len(counts), 0.0)
                both = [a + b for a, b in zip(have, counts, strict=True)]
                self._spreads[series] = both, so_far + total
            for name, labels, value in snapshot["set"]:
                by_worker = self._gauges.setdefault((name, tuple(labels)), {})
                if value is None:
                    by_worker.pop(worker, None)
                else:
                    by_worker[worker] = value

    def gauge(self, worker: str, name: str) -> float:
        """Return what `worker` last said of a gauge without labels; 0 where it said nothing."""
        with self._lock:
            return self._gauges.get((name, ()), {}).get(worker, 0.0)

    def labelled(self, name: str) -> list[Labels]:
        """Return the labels under which any worker says a gauge."""
        with self._lock:
            return sorted(
                labels for (n, labels), said in self._gauges.items() if n == name and said
            )

    def ended(self, worker: str) -> None:
        """Note that the worker's process is gone: with it goes what holds of a process.

        What it said of partitions and waiting stays until its successor says otherwise.
        """
        with self._lock:
            for (name, _), by_worker in self._gauges.items():
                if METRICS[name].merge == "each":
                    by_worker.pop(worker, None)

    def families(self, now_s: float) -> list[Family]:
        """Return every metric with its values at `now_s` (Unix time)."""
        with self._lock:
            return [self._family(metric, now_s) for metric in METRICS.values()]

    def _family(self, metric: Metric, now_s: float) -> Family:
        if metric.kind == "counter":
            counted = _of(metric, self._counters)
            return Family(metric, tuple(Sample(labels, value) for labels, value in counted))
        if metric.kind == "histogram":
            spreads = [
                Distribution(labels, tuple(counts), total)
                for labels, (counts, total) in _of(metric, self._spreads)
            ]
            return Family(metric, distributions=tuple(spreads))
        samples = []
        for labels, by_worker in _of(metric, self._gauges):
            values = {w: _shown(metric, value, now_s) for w, value in sorted(by_worker.items())}
            if metric.merge == "each":
                samples += [Sample((*labels, worker), value) for worker, value in values.items()]
            elif values:
                join: Callable[..., float] = sum if metric.merge == "sum" else max
                samples.append(Sample(labels, join(values.values())))
        return Family(metric, tuple(samples))


def _of(metric: Metric, found: Mapping[Series, T]) -> list[tuple[Labels, T]]:
    return sorted(
        ((labels, value) for (name, labels), value in found.items() if name == metric.name),
        key=lambda pair: pair[0],
    )


def _shown(metric: Metric, value: float, now_s: float) -> float:
    if metric.kind != "age":
        return value
    return max(0.0, now_s - value) if value else 0.0


def _known_labels(metric: Metric) -> list[Labels]:
    return [(value,) for value in metric.values] if metric.labels else [()]
