"""One worker under steady load: is its resident memory flat after warm-up?

Run it with `make soak`. Publishes at a steady rate to an embedded broker, streams for the given
minutes, samples the worker's resident memory every second, and prints the slope of a straight line
through the samples after warm-up, in MB an hour, with the spread around it.

`make soak-day` is the long form: 200,000 stories in two hours, with `--beside`: compaction and
clean-up every minute, a reader that counts rows every 20 seconds, and SIGKILLs of the worker during
the first third of warm-up (after it none, so that the slope is that of one process, which has run
for the rest of warm-up by then). At the end the lake is checked.

The time of a batch is what the job's own metric says of all steps (`dateline_block_seconds`), by
batches of one minute each: waiting for records is in it, so that at a steady rate it is flat where
nothing grows. The processor's time of the worker by record tells of what waiting may hide.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import statistics
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
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
from pipeline.store.upkeep.clean_up import clean_up
from pipeline.store.upkeep.compact import Sizing, compact
from pipeline.supervise import Logging, Supervisor
from tests.support.endpoint import free_port
from tests.support.wire import copy

_MB = 1024**2
_CHUNK = 100
_READ_EVERY_S = 20.0
_UPKEEP_EVERY_S = 60.0
_ASK_EVERY_S = 60.0
_WRITTEN = re.compile(r'^dateline_block_seconds_(sum|count)\{[^}]*step="(\w+)"[^}]*\} (\S+)$', re.M)


def main() -> None:
    """Soak, and print the figures as JSON."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--warm-up-minutes", type=float, help="by default half of all")
    options.add_argument("--records-per-s", type=float, default=30)
    options.add_argument("--kills", type=int, default=0, help="SIGKILLs as warm-up begins")
    options.add_argument("--beside", action="store_true", help="with upkeep and a reader")
    given = options.parse_args()
    if given.warm_up_minutes is None:
        given.warm_up_minutes = given.minutes / 2
    with tempfile.TemporaryDirectory() as folder, EmbeddedBroker(topics={"wire": 3}) as broker:
        settings = load(
            None,
            {
                "lake": {"url": str(Path(folder) / "lake")},
                "kafka": {"bootstrap_servers": [broker.bootstrap_servers], "topics": ["wire"]},
                "observe": {"metrics_port": (port := free_port())},
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
        paces = Paces(f"http://127.0.0.1:{port}/metrics")
        samples = load_and_sample(supervisor, broker.bootstrap_servers, given, paces)
        stop.set()
        job.join()
        if given.beside:
            watcher.join()
            report = check(settings.lake.url, strict=True)
            counts |= {"check_ok": report.ok, **beside.facts()}
        counts["files"] = sum(1 for _ in Path(folder).glob("lake/*/date=*/**/*.parquet"))
    warm_up_s = given.warm_up_minutes * 60
    found = {**summary(samples, warm_up_s), **paces.facts(warm_up_s), **counts}
    print(json.dumps(found, indent=1))


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
                    clean_up(lake, clock.now(), 30)
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


@dataclass(slots=True)
class Paces:
    """What the job says of the time of its batches, asked once a minute at `url`."""

    url: str
    asked_s: float = 0.0
    minutes: list[tuple[float, float, float]] = field(default_factory=list)
    """When, seconds a batch since the time before, and processor seconds of the worker so far."""
    _before: Counter[tuple[str, str]] = field(default_factory=Counter)

    def ask(self, at_s: float, cpu_s: float) -> None:
        """Once a minute at most; a worker that is away is asked the next time."""
        if at_s - self.asked_s < _ASK_EVERY_S:
            return
        self.asked_s = at_s
        try:
            with urllib.request.urlopen(self.url, timeout=5) as answer:  # noqa: S310 (our own job)
                text = answer.read().decode()
        except OSError:
            return
        now: Counter[tuple[str, str]] = Counter()
        for kind, step, value in _WRITTEN.findall(text):
            now[kind, step] += float(value)  # type: ignore[assignment]
        batches = now["count", "write"] - self._before["count", "write"]
        spent_s = sum(now[key] - self._before[key] for key in now if key[0] == "sum")
        self._before = now
        if batches > 0:
            self.minutes.append((at_s, spent_s / batches, cpu_s))

    def facts(self, warm_up_s: float) -> dict[str, Any]:
        """The median of the first and of the last third after warm-up, and the processor's time."""
        late = [minute for minute in self.minutes if minute[0] >= warm_up_s]
        third = max(1, len(late) // 3)
        if len(late) < 2:
            return {"minutes_with_batches": len(late)}
        (begin_s, _, begun), (end_s, _, ended) = late[0], late[-1]
        return {
            "minutes_with_batches": len(late),
            "batch_s_first_third": round(statistics.median(m[1] for m in late[:third]), 2),
            "batch_s_last_third": round(statistics.median(m[1] for m in late[-third:]), 2),
            "processors_of_worker": round((ended - begun) / (end_s - begin_s), 3),
        }


def load_and_sample(
    supervisor: Supervisor, servers: str, given: argparse.Namespace, paces: Paces
) -> list[tuple[float, float]]:
    """Seconds since the start, and the worker's resident memory in MB."""
    begin_s, sent, killed, samples = time.monotonic(), 0, 0, []
    between_s = given.warm_up_minutes * 60 / 3 / (given.kills + 1)
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
        paces.ask(at_s, sum(map(cpu_s_of, supervisor.pids)))
        time.sleep(1)
    return samples


def rss_of(pid: int) -> int:
    """Resident memory in bytes, 0 of a process that is gone."""
    try:
        return psutil.Process(pid).memory_info().rss
    except psutil.NoSuchProcess:
        return 0


def cpu_s_of(pid: int) -> float:
    """Processor seconds so far, 0 of a process that is gone."""
    try:
        spent = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(spent.user + spent.system)


def summary(samples: list[tuple[float, float]], warm_up_s: float) -> dict[str, Any]:
    """The slope after warm-up (least squares), what lies around it, and its tenths' medians."""
    late = [(s, mb) for s, mb in samples if s >= warm_up_s]
    slope, intercept = statistics.linear_regression(*zip(*late, strict=True))
    rest = [mb - (slope * s + intercept) for s, mb in late]
    tenths = [late[len(late) * n // 10 : len(late) * (n + 1) // 10] for n in range(10)]
    return {
        "samples": len(late),
        "rss_by_tenth_mb": [round(statistics.median(mb for _, mb in t), 1) for t in tenths if t],
        "rss_after_warm_up_mb": round(late[0][1], 1),
        "rss_at_end_mb": round(late[-1][1], 1),
        "slope_mb_per_hour": round(slope * 3600, 2),
        "residual_stdev_mb": round(statistics.pstdev(rest), 2),
    }


if __name__ == "__main__":
    main()
