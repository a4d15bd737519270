"""One worker under steady load: is its resident memory flat after warm-up?

Run it with `make soak`. Publishes at a steady rate to an embedded broker, streams for the given
minutes, samples the worker's resident memory every second, and prints the slope of a straight line
through the samples after warm-up, in MB an hour, with the spread around it.

`make soak-day` is the long form: 200,000 stories in two hours, with `--beside`: compaction and
clean-up every minute, a reader that counts rows every 20 seconds, and SIGKILLs of the worker during
warm-up (after it none, so that the slope is that of one process). At the end the lake is checked.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from pipeline import clock
from pipeline.config import load
from pipeline.errors import DatelineError
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.read.snapshot import find_snapshot
from pipeline.store.upkeep.clean_up import clean
from pipeline.store.upkeep.compact import Sizing, compact
from pipeline.supervise import Logging, Supervisor
from tests.support.wire import copy

_MB = 1024**2
_CHUNK = 100
_READ_EVERY_S = 20.0
_UPKEEP_EVERY_S = 60.0


def main() -> None:
    """Soak, and print the figures as JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--warm-up-minutes", type=float, default=3)
    options.add_argument("--records-per-s", type=float, default=30)
    options.add_argument("--kills", type=int, default=0, help="SIGKILLs during warm-up")
    options.add_argument("--beside", action="store_true", help="with upkeep and a reader")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder, EmbeddedBroker(topics={"wire": 3}) as broker:
        settings = load(
            None,
            {
                "lake": {"url": str(Path(folder) / "lake")},
                "kafka": {"bootstrap_servers": [broker.bootstrap_servers], "topics": ["wire"]},
            },
        )
        stop = threading.Event()
        counts: dict[str, Any] = {"records": 0}

        def on_report(report: object) -> None:
            counts["records"] += dict(report)["records"]  # type: ignore[call-overload]

        supervisor = Supervisor(settings, on_report=on_report, logging=Logging("warning"))
        job = threading.Thread(target=supervisor.run, args=(stop,))
        job.start()
        beside = Beside(settings.lake.url)
        watcher = threading.Thread(target=beside.run, args=(stop,))
        if given.beside:
            watcher.start()
        samples = load_and_sample(supervisor, broker.bootstrap_servers, given)
        stop.set()
        job.join()
        if given.beside:
            watcher.join()
            report = check(settings.lake.url, strict=True)
            counts |= {"check_ok": report.ok, **beside.facts()}
        counts["files"] = sum(1 for _ in Path(folder).glob("lake/*/date=*/**/*.parquet"))
    print(json.dumps({**summary(samples, given.warm_up_minutes * 60), **counts}, indent=1))


class Beside:
    """What goes on beside the job: upkeep every minute, a reader every 20 seconds."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._upkeep = self._reads = 0
        self._broken: list[str] = []
        self._most_files = 0

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set."""
        last_s = time.monotonic()
        rows = 0
        while not stop.wait(_READ_EVERY_S):
            try:
                snapshot = find_snapshot(self._url)
                if snapshot is None:
                    continue
                now = snapshot.dataset("stories").count_rows()
                self._reads += 1
                if now < rows:
                    self._broken.append(f"{now} rows after {rows}")
                rows = now
                self._most_files = max(self._most_files, len(snapshot.active("stories")))
                if time.monotonic() - last_s > _UPKEEP_EVERY_S:
                    last_s = time.monotonic()
                    lake = Lake(self._url)
                    compact(lake, Sizing(), clock.now())
                    clean(lake, clock.now(), 30)
                    self._upkeep += 1
            except (DatelineError, OSError) as error:
                self._broken.append(str(error))

    def facts(self) -> dict[str, Any]:
        """How often each was done, the most files of a table, and what went wrong."""
        return {
            "upkeep": self._upkeep,
            "reads": self._reads,
            "most_files_of_stories": self._most_files,
            "reads_or_upkeep_that_failed": self._broken,
        }


def load_and_sample(
    supervisor: Supervisor, servers: str, given: argparse.Namespace
) -> list[tuple[float, float]]:
    """Seconds since the start, and the worker's resident memory in MB."""
    begin_s, sent, killed, samples = time.monotonic(), 0, 0, []
    between_s = given.warm_up_minutes * 60 / (given.kills + 2)
    while (at_s := time.monotonic() - begin_s) < given.minutes * 60:
        if sent < at_s * given.records_per_s:
            publish(copy(sent, sent + _CHUNK, days=1), bootstrap_servers=servers, topic="wire")
            sent += _CHUNK
        if killed < given.kills and at_s > between_s * (killed + 1) and supervisor.pids:
            os.kill(supervisor.pids[0], signal.SIGKILL)
            killed += 1
        rss = [memory for pid in supervisor.pids if (memory := rss_of(pid))]
        if rss:
            samples.append((at_s, sum(rss) / _MB))
        time.sleep(1)
    return samples


def rss_of(pid: int) -> int:
    """Resident memory in bytes, 0 of a process that is gone."""
    try:
        return psutil.Process(pid).memory_info().rss
    except psutil.NoSuchProcess:
        return 0


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
