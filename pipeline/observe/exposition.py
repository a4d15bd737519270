"""Measurements in the text that Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from pipeline.observe.collected import Distribution, Family
from pipeline.observe.server import Page


class Exposition(Collector):
    """Shows `families()` as Prometheus' text, or OpenMetrics where the reader asks for it."""

    def __init__(self, families: Callable[[], Iterable[Family]]) -> None:
        self._families = families
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Yield the library's form of each metric."""
        return map(_family, self._families())

    def page(self, accept: str) -> Page:
        """Return the text, in the format that the header `Accept` asks for."""
        encode, content_type = choose_encoder(accept)
        return Page(200, content_type, encode(self._registry))


def _family(family: Family) -> Metric:
    metric = family.metric
    labels = list(metric.exposed_labels)
    if metric.kind == "histogram":
        histogram = HistogramMetricFamily(metric.name, metric.meaning, labels=labels)
        for found in family.distributions:
            histogram.add_metric(list(found.labels), _cumulated(metric.buckets, found), found.total)
        return histogram
    kind = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    shown = kind(metric.name, metric.meaning, labels=labels)
    for sample in family.samples:
        shown.add_metric(list(sample.labels), sample.value)
    return shown


def _cumulated(buckets: tuple[float, ...], found: Distribution) -> list[tuple[str, float]]:
    bounds = [*map(str, buckets), "+Inf"]
    return list(zip(bounds, map(float, accumulate(found.counts)), strict=True))
