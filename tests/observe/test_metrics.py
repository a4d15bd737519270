"""From what workers tell to what a scrape shows."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from pipeline.model import RejectKind
from pipeline.observe.catalogue import METRICS, STEPS, TABLES
from pipeline.observe.collected import Collected
from pipeline.observe.exposition import Exposition
from pipeline.observe.metrics_docs import page
from pipeline.observe.recorder import Recorder
from pipeline.store.schema.contract import TABLES as LAKE_TABLES

DOCS = Path(__file__).parents[2] / "docs" / "metrics.md"
NOW_S = 1_000_000.0


def scraped(collected: Collected, now_s: float = NOW_S) -> dict[tuple[str, ...], float]:
    """Every sample by name and labels (`name`, `label=value` …), read as Prometheus does."""
    text = Exposition(lambda: collected.families(now_s)).page("").body.decode()
    return {
        (sample.name, *(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in parse(text)
        for sample in family.samples
    }


def hand_over(recorder: Recorder, collected: Collected, worker: str = "0") -> None:
    """As a worker does: by way of a line of JSON."""
    collected.merge(worker, json.loads(json.dumps(recorder.take())))


def test_names_keep_to_the_conventions() -> None:
    """One prefix, base units, `_total` for counters and for nothing else."""
    for name, metric in METRICS.items():
        assert re.fullmatch(r"dateline(_[a-z]+)+", name)
        assert name.endswith("_total") == (metric.kind == "counter"), name
        if metric.unit in ("seconds", "bytes"):
            assert metric.unit in name, name
        if metric.kind in ("age", "histogram"):
            assert name.endswith("_seconds"), name
        assert (metric.kind == "histogram") == bool(metric.buckets)
        assert list(metric.buckets) == sorted(metric.buckets)
        assert metric.meaning.endswith((".", ")"))


def test_closed_labels_are_those_of_the_pipeline() -> None:
    """Kinds of rejects, tables and steps are told from the first scrape on, as 0."""
    assert tuple(LAKE_TABLES) == TABLES
    found = scraped(Collected())
    kinds = {key[1] for key in found if key[0] == "dateline_rejects_total"}
    skips = {key[1] for key in found if key[0] == "dateline_skipped_total"}
    assert {k.removeprefix("kind=") for k in kinds} | {
        k.replace("kind=", "skipped.") for k in skips
    } == set(get_args(RejectKind))
    for step in STEPS:
        assert found["dateline_block_seconds_count", f"step={step}"] == 0
    assert found["dateline_records_total",] == 0


def test_openmetrics_is_given_to_who_asks_for_it() -> None:
    """Prometheus' own request header; the text is valid there too."""
    shown = Exposition(lambda: Collected().families(NOW_S)).page("application/openmetrics-text")
    assert shown.content_type.startswith("application/openmetrics-text")
    assert {f.name for f in openmetrics(shown.body.decode())} == {
        name.removesuffix("_total") for name in METRICS
    }


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["0", "1"]),
            st.sampled_from(["add", "tell", "die"]),
            st.sampled_from(TABLES),
            st.integers(0, 1000),
        ),
        max_size=60,
    )
)
def test_counters_never_go_back(steps: list[tuple[str, str, str, int]]) -> None:
    """Whatever workers die between whatever they do: what was told stays, once."""
    collected = Collected()
    recorders = {"0": Recorder(), "1": Recorder()}
    untold: dict[str, Counter[str]] = {"0": Counter(), "1": Counter()}
    expected: Counter[str] = Counter()
    before = scraped(collected)
    for worker, what, table, count in steps:
        if what == "add":
            recorders[worker].add("dateline_commit_conflicts_total", count, table)
            recorders[worker].observe("dateline_commit_seconds", count / 100, table)
            untold[worker][table] += count
        elif what == "tell":
            hand_over(recorders[worker], collected, worker)
            expected.update(untold[worker])
            untold[worker].clear()
        else:
            collected.ended(worker)
            recorders[worker] = Recorder()
            untold[worker].clear()
    after = scraped(collected)
    assert all(after[key] >= value for key, value in before.items())
    for table in TABLES:
        assert after["dateline_commit_conflicts_total", f"table={table}"] == expected[table]


@settings(deadline=None)
@given(st.lists(st.floats(0, 500), max_size=40))
def test_a_histogram_is_whole(seconds: list[float]) -> None:
    """Buckets grow, the last one holds all, each holds what is at most its bound."""
    recorder, collected = Recorder(), Collected()
    for n, value in enumerate(seconds):
        recorder.observe("dateline_block_seconds", value, "parse")
        if n % 7 == 0:
            hand_over(recorder, collected, str(n % 2))
    hand_over(recorder, collected)
    found = scraped(collected)
    for bound in METRICS["dateline_block_seconds"].buckets:
        at_most = sum(value <= bound for value in seconds)
        assert found["dateline_block_seconds_bucket", f"le={bound}", "step=parse"] == at_most
    assert found["dateline_block_seconds_bucket", "le=+Inf", "step=parse"] == len(seconds)
    assert found["dateline_block_seconds_count", "step=parse"] == len(seconds)
    assert abs(found["dateline_block_seconds_sum", "step=parse"] - sum(seconds)) < 1e-6


def test_gauges_of_workers_become_one() -> None:
    """Sums, the largest, or one a worker, as the catalogue says."""
    collected = Collected()
    for worker, factor in (("0", 1), ("1", 2)):
        recorder = Recorder()
        recorder.set("dateline_partitions", 3 * factor)
        recorder.set("dateline_last_commit_timestamp_seconds", 100 * factor)
        recorder.set("dateline_worker_resident_memory_bytes", 7 * factor)
        hand_over(recorder, collected, worker)
    found = scraped(collected)
    assert found["dateline_partitions",] == 9
    assert found["dateline_last_commit_timestamp_seconds",] == 200
    assert found["dateline_worker_resident_memory_bytes", "worker=1"] == 14
    collected.ended("1")
    found = scraped(collected)
    assert found["dateline_partitions",] == 9, "a successor reads them in a moment"
    assert ("dateline_worker_resident_memory_bytes", "worker=1") not in found


def test_an_age_grows_by_itself_and_ends() -> None:
    """Also while the worker that told of it says nothing more; the oldest one counts."""
    recorder, collected = Recorder(), Collected()
    recorder.set("dateline_lag_seconds", NOW_S - 5, "wire", "0")
    recorder.set("dateline_oldest_uncommitted_seconds", NOW_S - 1)
    hand_over(recorder, collected)
    key = ("dateline_lag_seconds", "partition=0", "topic=wire")
    assert scraped(collected)[key] == 5
    assert scraped(collected, NOW_S + 60)[key] == 65
    recorder.set("dateline_oldest_uncommitted_seconds", NOW_S - 30)
    hand_over(recorder, collected, "1")
    assert scraped(collected)["dateline_oldest_uncommitted_seconds",] == 30
    recorder.set("dateline_lag_seconds", 0.0, "wire", "0")
    hand_over(recorder, collected)
    assert scraped(collected)[key] == 0
    recorder.set("dateline_lag_seconds", None, "wire", "0")
    hand_over(recorder, collected)
    assert key not in scraped(collected)


def test_a_clock_ahead_makes_no_negative_age() -> None:
    """A producer's timestamp in the future is no lag."""
    recorder, collected = Recorder(), Collected()
    recorder.set("dateline_lag_seconds", NOW_S + 500, "wire", "0")
    hand_over(recorder, collected)
    assert scraped(collected)["dateline_lag_seconds", "partition=0", "topic=wire"] == 0


def test_the_page_is_the_catalogue() -> None:
    """Else run `python -m pipeline.observe.metrics_docs > docs/metrics.md`."""
    assert DOCS.read_text("utf-8") == page()
