"""Every metric of the job: its name, kind, labels and meaning. Names are Prometheus' conventions.

https://prometheus.io/docs/practices/naming/: base units, `_total` for counters, one unit a metric.
`docs/metrics.md` is made from here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, get_args

from pipeline.model import SKIPPED, RejectKind

Kind = Literal["counter", "gauge", "age", "histogram"]
"""`age` is a gauge of seconds since a moment, worked out when it is asked for: it grows even while
the worker that told the moment hangs. 0 where nothing is waiting."""

Merge = Literal["sum", "max", "each"]
"""How the workers' values of a gauge become one; `each` keeps them apart by the label `worker`."""

STEPS = ("read", "parse", "enrich", "write")
TABLES = ("rejects", "entities", "events", "stories", "ledger")
_KINDS = get_args(RejectKind)
_FAST_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SLOW_S = (*_FAST_S, 60.0, 120.0)


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; `values` are those of a closed label, told as 0 before anything happened."""

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    merge: Merge = "sum"
    buckets: tuple[float, ...] = ()
    values: tuple[str, ...] = field(default=(), repr=False)

    @property
    def exposed_labels(self) -> tuple[str, ...]:
        """The labels that a scrape shows."""
        return (*self.labels, "worker") if self.merge == "each" else self.labels


_ALL = (
    Metric(
        "dateline_records_total",
        "counter",
        "Records whose block stands in the ledger.",
        (),
        "records",
    ),
    Metric("dateline_stories_total", "counter", "Stories that were committed.", (), "stories"),
    Metric(
        "dateline_stories_withheld_total",
        "counter",
        "Stories among them that were withheld, as for an embargo that was not understood: see"
        " `dateline lake withheld`.",
        (),
        "stories",
    ),
    Metric(
        "dateline_rejects_total",
        "counter",
        "Items that became rejects, by kind (docs/rejects.md).",
        ("kind",),
        "items",
        values=tuple(kind for kind in _KINDS if not kind.startswith(SKIPPED)),
    ),
    Metric(
        "dateline_skipped_total",
        "counter",
        "Items that were left out on purpose, by kind, without its `skipped.`.",
        ("kind",),
        "items",
        values=tuple(k.removeprefix(SKIPPED) for k in _KINDS if k.startswith(SKIPPED)),
    ),
    Metric(
        "dateline_bytes_total",
        "counter",
        "Bytes of the values of records that were committed.",
        (),
        "bytes",
    ),
    Metric("dateline_batches_total", "counter", "Batches that were committed.", (), "batches"),
    Metric(
        "dateline_blocks_lost_total",
        "counter",
        "Blocks that another writer committed first; what is in them is there once.",
        (),
        "blocks",
    ),
    Metric(
        "dateline_block_seconds",
        "histogram",
        "Time that a step took for the blocks of one batch. `read` is the call that completed the "
        "batch, with up to `job.poll_s` of waiting for records; `write` is all five commits.",
        ("step",),
        "seconds",
        buckets=_SLOW_S,
        values=STEPS,
    ),
    Metric(
        "dateline_commit_seconds",
        "histogram",
        "Time of one commit to a table: its data files and the entry of its log.",
        ("table",),
        "seconds",
        buckets=_FAST_S,
        values=TABLES,
    ),
    Metric(
        "dateline_commit_conflicts_total",
        "counter",
        "Commits that were refused because another writer was first, and were made again.",
        ("table",),
        "commits",
        values=TABLES,
    ),
    Metric(
        "dateline_lag_records",
        "gauge",
        "Offsets of the partition that the broker has and the lake lacks, as of the last look "
        "(`observe.lag_interval_s`). Transaction markers count, and so does what an open "
        "transaction holds back.",
        ("topic", "partition"),
        "offsets",
        merge="max",
    ),
    Metric(
        "dateline_lag_seconds",
        "age",
        "Age of the oldest record of the partition that the lake lacks, by its Kafka timestamp; 0 "
        "where it lacks none. While none of them has been read yet, at most so old: the age of the "
        "last one read, or the time since nothing was lacking, whichever is less; no sample where "
        "neither is known.",
        ("topic", "partition"),
        "seconds",
        merge="max",
    ),
    Metric(
        "dateline_held_back_records",
        "gauge",
        "Those of `dateline_lag_records` that stand at or behind the first record of an open "
        "transaction: nobody may read them before it is committed, aborted, or timed out.",
        ("topic", "partition"),
        "offsets",
        merge="max",
    ),
    Metric(
        "dateline_topic_state",
        "gauge",
        "1 for the state that a topic is in: `read`, `missing` (a name or pattern that no topic "
        "has), `refused` (no access to it), `failing` (it cannot be described or begun now). What "
        "is not read is looked for every `kafka.discover_interval_s`, the others are read on.",
        ("topic", "state"),
        merge="max",
    ),
    Metric(
        "dateline_oldest_uncommitted_seconds",
        "age",
        "Time that the oldest record waits which a worker holds and the lake lacks: since Kafka "
        "was last asked before it came.",
        (),
        "seconds",
        merge="max",
    ),
    Metric(
        "dateline_last_commit_timestamp_seconds",
        "gauge",
        "Unix time at which a batch was last committed.",
        (),
        "seconds",
        merge="max",
    ),
    Metric(
        "dateline_waiting_for_broker_seconds",
        "age",
        "Time since Kafka last answered, while it does not; else 0.",
        (),
        "seconds",
        merge="max",
    ),
    Metric(
        "dateline_waiting_for_store_seconds",
        "age",
        "Time since the lake's storage began to fail, while it does; else 0.",
        (),
        "seconds",
        merge="max",
    ),
    Metric("dateline_groups", "gauge", "Groups of partitions that are read.", (), "groups"),
    Metric("dateline_partitions", "gauge", "Partitions that are read.", (), "partitions"),
    Metric("dateline_workers", "gauge", "Worker processes that run.", (), "processes"),
    Metric(
        "dateline_worker_restarts_total",
        "counter",
        "Workers that were started again, by reason: `died`, or `grown` "
        "(`job.max_worker_rss_bytes`).",
        ("reason",),
        "processes",
        values=("died", "grown"),
    ),
    Metric(
        "dateline_worker_resident_memory_bytes",
        "gauge",
        "Resident memory of a worker process.",
        (),
        "bytes",
        merge="each",
    ),
    Metric(
        "dateline_worker_model_loaded",
        "gauge",
        "Whether the worker has loaded its language models (1) or not (0).",
        merge="each",
    ),
    Metric(
        "dateline_worker_connected",
        "gauge",
        "Whether the worker has reached the lake, and the broker where it reads from one (1).",
        merge="each",
    ),
    Metric(
        "dateline_worker_read_seconds",
        "age",
        "Time since the worker's main thread began to ask for records, while it does; else 0. It "
        "takes no longer than `job.poll_s` and some seconds for a broker that is away.",
        unit="seconds",
        merge="each",
    ),
    Metric(
        "dateline_worker_batch_seconds",
        "age",
        "Time since the worker's main thread began to parse, enrich or write a batch (or, of many "
        "records, a portion), or to read from an archive; else 0.",
        unit="seconds",
        merge="each",
    ),
    Metric(
        "dateline_build_info",
        "gauge",
        "Always 1; the versions are its labels.",
        ("version", "model", "enrichment_id"),
        merge="max",
    ),
)

METRICS: Mapping[str, Metric] = {metric.name: metric for metric in _ALL}
"""All metrics by name, in the order of the page."""
