"""docs/metrics.md, made from the catalogue: `python -m pipeline.observe.metrics_docs`."""

from __future__ import annotations

import sys

from pipeline.observe.catalogue import METRICS, Metric

_HEAD = """# Metrics, health, traces

Made from the catalogue by `python -m pipeline.observe.metrics_docs > docs/metrics.md`; do not edit.

## Switching it on

Off by default. `observe.metrics_port = 9464` in the configuration, or
`DATELINE_OBSERVE__METRICS_PORT=9464`, serves three pages, on loopback unless `observe.host` says
otherwise. They need no password and change nothing; beyond loopback guard them by the network.

- `/metrics`: Prometheus' text format, or OpenMetrics where asked for.
- `/healthz`: 200 while no worker is in a loop of restarts (three deaths within two minutes) and
  each has told something within two minutes, and none's main thread stands still (two minutes
  in a reading, an hour in a batch); else 503: a restart may help.
- `/readyz`: 200 while every worker runs, has loaded its model and has reached lake and broker, the
  lake's storage is not failing, and the broker has answered within `observe.ready_broker_s`; else
  503: do not count on it now.

The answers of the last two are JSON, `{"status": "ok", "reasons": []}`; a reason holds names and
numbers only. `/readyz` also says how each topic stands (`"topics": {"wire": "read", "gone":
"missing"}`); one that cannot be read is no reason for 503 while others can. With metrics on, a
worker loads its language models at once rather than at the first story.

## Where the numbers come from

`dateline run`, `replay` and the other commands with worker processes: each worker tells its
supervisor, batch by batch and every other second, what is new; the supervisor adds it up and serves
it. So there is one endpoint a machine, and a counter does not go back when a worker is replaced. It
begins at 0 with the supervisor, as Prometheus expects. What a killed worker had not told yet is
missing: these are measurements, and the account is the ledger (`dateline lake check`). A replay
beside a job that has the port goes on without metrics; a job that cannot have it ends with exit
code 3.

On Flink there is no supervisor: each Python worker process serves its own numbers, on the first
free port of the 16 from `observe.metrics_port` on, as soon as it is given work. (The settings are
those of the process that submitted the job.) With one worker process a pod that is one known port;
where several share a machine, name as many ports to Prometheus. A process that finds none works
without, and says so in its log. `dateline_workers` is 1 and `dateline_worker_restarts_total` stays
0 there: Flink's own reporter tells of restarts, checkpoints and back-pressure. Prism is served the
same way.

## Metrics

"Merge" says how the values of several workers become one. An age is a gauge to Prometheus: seconds
since a moment, worked out at the scrape, so that it grows even while the worker that told the
moment hangs.
"""

_TAIL = """
## Logs

Each batch is one line, `batch committed`: its group and counts, `blocks` (by source, the first
offset and the one after the last), the sources that another writer took (`lost`), and the seconds
of each step. No line holds a secret or a story's text.

## Traces

`pip install 'dateline[otel]'` and `observe.traces_endpoint = "http://localhost:4318/v1/traces"`
send one trace a batch: a span `batch` with group, sources, offsets and counts, and under it `read`,
`parse`, `enrich` and `write`. A batch that was not committed has status error. Headers for the
collector are set by OpenTelemetry's own variables (`OTEL_EXPORTER_OTLP_HEADERS`). Off, no part of
the library is imported.

## What it costs

`PYTHONPATH=. python bench/observe.py` parses and writes the same batches with and without. On two
shared cores (24 November 2026): 0.11 ms of CPU a batch of 500 records, of 225 ms for parsing and
writing it, 0.05 %; the ratio of the two, 0.98, is the noise of the measurement. Asking for the lag
is one request to the broker each `observe.lag_interval_s` and group.

## Alerts and dashboard

`deploy/prometheus/alerts.yml` and `deploy/grafana/dashboards/dateline.json`; a test checks every
metric and label that they name against this catalogue.
"""


def page() -> str:
    """Return the page of metrics, from the catalogue."""
    rows = "\n".join(_row(metric) for metric in METRICS.values())
    head = "| metric | type | labels | unit | merge | meaning |\n|---|---|---|---|---|---|\n"
    return f"{_HEAD}\n{head}{rows}\n{_buckets()}{_TAIL}"


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{name}`" for name in metric.exposed_labels)
    merge = {"sum": "sum", "max": "largest", "each": "by worker"}[metric.merge]
    cells = (f"`{metric.name}`", metric.kind, labels, metric.unit, merge, metric.meaning)
    return f"| {' | '.join(cells)} |"


def _buckets() -> str:
    lines = [
        f"- `{metric.name}`: {', '.join(f'{bound:g}' for bound in metric.buckets)}"
        for metric in METRICS.values()
        if metric.buckets
    ]
    return "\nUpper bounds of the buckets, in seconds:\n\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
