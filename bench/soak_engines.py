"""Prism and Flink under steady load for hours: is memory flat, and is every record in the lake?

Run it with `make soak-engines` (needs Java, Maven and `prism`): two hours each, or `--minutes`. As
`make soak-day` does in process: stories come at a steady rate from a real Kafka on this machine,
beside compaction and clean-up every minute and a reader every 20 seconds; during warm-up workers
are killed (on Prism, whose worker is the job itself, the job is started again). At the end all
records have to be there, and the lake is checked. Printed are figures in JSON, a line an engine:
the slope of the workers' memory and of the engine's own after warm-up (least squares).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
from engines import Engine, engine_of, flink_of, job_config, rss, send, wait
from local_flink import FlinkCluster
from local_kafka import KafkaCluster
from processes import Process
from soak import Beside, summary

from pipeline.source.kafka.topic_admin import create_topics
from pipeline.store.check.judge import check
from tests.support.job import ended_at

_PARTITIONS = 8
_CHUNK = 50


def main() -> int:
    """Soak each engine, and print its figures; 1 where something is lost or does not add up."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=120)
    options.add_argument("--records-per-s", type=float, default=20)
    options.add_argument("--kills", type=int, default=5, help="SIGKILLs of a worker in warm-up")
    options.add_argument("--engines", default="prism,flink-1")
    given = options.parse_args()
    is_whole = True
    with tempfile.TemporaryDirectory() as folder, KafkaCluster(Path(folder) / "kafka", 1) as kafka:
        for name in given.engines.split(","):
            kind, _, count = name.partition("-")
            home = Path(folder) / name
            with flink_of(home, kind, int(count or 1)) as flink:
                engine = engine_of(name, kind, int(count or 1), flink)
                found = soaked(engine, home, kafka, flink, given)
            is_whole &= found["check_ok"] and not found["lost"]
            sys.stdout.write(f"{json.dumps(found)}\n")
            sys.stdout.flush()
    return 0 if is_whole else 1


def soaked(
    engine: Engine,
    home: Path,
    kafka: KafkaCluster,
    flink: FlinkCluster | None,
    given: argparse.Namespace,
) -> dict[str, Any]:
    """Return the figures of one engine; what the lake lacks of what was published is `lost`."""
    servers, lake = kafka.bootstrap_servers[0], home / "lake"
    create_topics(servers, {engine.name: _PARTITIONS})
    job = Process("job", engine.command(job_config(home, kafka, flink, engine.name)), home / "log")
    beside, stop = Beside(str(lake)), threading.Event()
    watcher = threading.Thread(target=beside.run, args=(stop,))
    warm_up_s = given.minutes * 60 / 3
    job.start()
    try:
        send(servers, engine.name, 0, _CHUNK)
        wait(lambda: ended_at(lake), 0, job)
        watcher.start()
        samples, sent = load(engine, job, servers, given, warm_up_s)
        wait(lambda: ended_at(lake), sent - 1, job)
    finally:
        stop.set()
        job.stop()
    watcher.join()
    report = check(str(lake), strict=True)
    there = sum(source.records for source in report.sources)
    return {
        "engine": engine.name,
        "minutes": given.minutes,
        "kills": given.kills,
        "records": sent,
        "lost": sent - there,
        "check_ok": report.ok,
        "counts": dict(report.counts),
        "workers": summary([(at, workers) for at, workers, _ in samples], warm_up_s),
        "others": summary([(at, others) for at, _, others in samples], warm_up_s),
        "files": sum(1 for _ in lake.glob("*/date=*/**/*.parquet")),
        **beside.facts(),
    }


def load(
    engine: Engine, job: Process, servers: str, given: argparse.Namespace, warm_up_s: float
) -> tuple[list[tuple[float, float, float]], int]:
    """Publish, kill and sample; return seconds since the start with the memory of workers and of
    the engine in MB, and how many records were sent."""
    begin_s, sent, killed = time.monotonic(), _CHUNK, 0
    samples: list[tuple[float, float, float]] = []
    between_s = warm_up_s / (given.kills + 2)
    while (at_s := time.monotonic() - begin_s) < given.minutes * 60:
        while sent < at_s * given.records_per_s:
            send(servers, engine.name, sent, _CHUNK)
            sent += _CHUNK
        workers = engine.workers(job)
        if killed < given.kills and at_s > between_s * (killed + 1) and workers:
            others = engine.others(job)
            workers[0].kill()
            killed += 1
            if engine.restart:
                job.kill()
                for process in others:
                    with suppress(psutil.NoSuchProcess):
                        process.kill()
                job.start()
        elif workers:
            samples.append((at_s, rss(workers), rss(engine.others(job))))
        time.sleep(1)
    return samples, sent


if __name__ == "__main__":
    sys.exit(main())
