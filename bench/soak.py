"""One worker under steady load: is its resident memory flat after warm-up?

Run it with `make soak`. Publishes at a steady rate to an embedded broker, streams for the given
minutes, samples the worker's resident memory every second, and prints the slope of a straight line
through the samples after warm-up, in MB an hour, with the spread around it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
from pathlib import Path

import psutil

from pipeline.config import load
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from pipeline.supervise import Logging, Supervisor
from tests.support.wire import copy

_MB = 1024**2
_CHUNK = 100


def main() -> None:
    """Soak, and print the figures as JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--warm-up-minutes", type=float, default=3)
    options.add_argument("--records-per-s", type=float, default=30)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedBroker(topics={"wire": 3}) as broker:
        settings = load(
            None,
            {
                "lake": {"url": str(Path(folder) / "lake")},
                "kafka": {"bootstrap_servers": [broker.bootstrap_servers], "topics": ["wire"]},
            },
        )
        stop, counts = threading.Event(), {"records": 0}

        def on_report(report: object) -> None:
            counts["records"] += dict(report)["records"]  # type: ignore[call-overload]

        supervisor = Supervisor(settings, on_report=on_report, logging=Logging("warning"))
        job = threading.Thread(target=supervisor.run, args=(stop,))
        job.start()
        samples = load_and_sample(supervisor, broker.bootstrap_servers, given)
        stop.set()
        job.join()
        counts["files"] = sum(1 for _ in Path(folder).glob("lake/*/date=*/**/*.parquet"))
    print(json.dumps({**summary(samples, given.warm_up_minutes * 60), **counts}, indent=1))


def load_and_sample(
    supervisor: Supervisor, servers: str, given: argparse.Namespace
) -> list[tuple[float, float]]:
    """Seconds since the start, and the worker's resident memory in MB."""
    begin_s, sent, samples = time.monotonic(), 0, []
    while (at_s := time.monotonic() - begin_s) < given.minutes * 60:
        if sent < at_s * given.records_per_s:
            publish(copy(sent, sent + _CHUNK, days=1), bootstrap_servers=servers, topic="wire")
            sent += _CHUNK
        rss = [psutil.Process(pid).memory_info().rss for pid in supervisor.pids]
        if rss:
            samples.append((at_s, sum(rss) / _MB))
        time.sleep(1)
    return samples


def summary(samples: list[tuple[float, float]], warm_up_s: float) -> dict[str, float]:
    """The slope after warm-up (least squares), and what lies around it."""
    late = [(s, mb) for s, mb in samples if s >= warm_up_s]
    slope, intercept = statistics.linear_regression(*zip(*late, strict=True))
    rest = [mb - (slope * s + intercept) for s, mb in late]
    return {
        "samples": len(late),
        "rss_after_warm_up_mb": round(late[0][1], 1),
        "rss_at_end_mb": round(late[-1][1], 1),
        "slope_mb_per_hour": round(slope * 3600, 2),
        "residual_stdev_mb": round(statistics.pstdev(rest), 2),
    }


if __name__ == "__main__":
    main()
