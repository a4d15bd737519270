"""The engines side by side: the same stories through the job in process, on Prism and on Flink.

Run it with `make bench-engines` (needs Java, Maven and `prism`). Each engine reads its own topic of
a real Kafka on this machine. Printed are stories a second from the first commit to the last, CPU
seconds a story of the Python workers, the seconds from a SIGKILL of a worker to the next commit (on
Prism, whose worker is the job itself, the job is started again), and the memory of the Python
workers and of the engine's own processes. All of them share the cores with Kafka: ratios say more
than the figures.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from cluster import write_config
from local_flink import FlinkCluster
from local_kafka import KafkaCluster
from processes import Process

from pipeline.source.kafka.publish import publish
from pipeline.source.kafka.topic_admin import create_topics
from tests.support.job import ended_at
from tests.support.wire import a_text

_MB = 1024**2
_PARTITIONS = 8
_WAIT_S = 900.0
_MORE = (
    "The foreign ministry in Warsaw said on Tuesday that it had summoned the Belarusian envoy.",
    "Opposition leaders in Georgia called for protests after parliament passed the bill.",
    "Police in Lima arrested 14 demonstrators, a spokesman for the interior ministry said.",
    "Shares of Example Industries Ltd fell 3.2 percent in Tokyo after it cut its forecast.",
    "The World Bank promised Kenya 200 million dollars for roads, its president told reporters.",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One engine's figures."""

    engine: str
    stories_per_s: float
    cpu_s_per_story: float
    resume_s: float
    workers_mb: float
    engine_mb: float


@dataclass(frozen=True, slots=True)
class Engine:
    """How to start the job on an engine, and which processes are whose."""

    name: str
    command: Callable[[Path], list[str]]
    workers: Callable[[Process], list[psutil.Process]]
    others: Callable[[Process], list[psutil.Process]]
    restart: bool = False


def main() -> None:
    """Measure, and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--stories", type=int, default=2000)
    options.add_argument("--engines", default="inprocess-1,inprocess-2,prism,flink-1,flink-2")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with KafkaCluster(home / "kafka", 1) as kafka:
            rows = []
            for name in given.engines.split(","):
                kind, _, count = name.partition("-")
                with flink_of(home / name, kind, int(count or 1)) as flink:
                    engine = engine_of(name, kind, int(count or 1), flink)
                    rows.append(measure(engine, home / name, kafka, flink, given.stories))
                    print(rows[-1], flush=True)
    print(table(rows))


def measure(
    engine: Engine, home: Path, kafka: KafkaCluster, flink: FlinkCluster | None, stories: int
) -> Row:
    """One engine: throughput first, then a kill."""
    servers = kafka.bootstrap_servers[0]
    create_topics(servers, {engine.name: _PARTITIONS})
    send(servers, engine.name, 0, stories)
    config = job_config(home, kafka, flink, engine.name)
    job = Process("job", engine.command(config), home / "job.log")
    lake = home / "lake"
    job.start()
    try:
        first = wait(lambda: ended_at(lake), 0, job)
        begin_s, cpu_s = time.monotonic(), cpu(engine.workers(job))
        wait(lambda: ended_at(lake), stories - 1, job)
        took_s = time.monotonic() - begin_s
        used_s = cpu(engine.workers(job)) - cpu_s
        workers_mb, engine_mb = rss(engine.workers(job)), rss(engine.others(job))
        send(servers, engine.name, stories, stories // 2)
        at = wait(lambda: ended_at(lake), stories, job)
        engine.workers(job)[0].kill()
        killed_s = time.monotonic()
        if engine.restart:
            job.kill()
            job.start()
        wait(lambda: ended_at(lake), at, job)
        resume_s = time.monotonic() - killed_s
        wait(lambda: ended_at(lake), stories + stories // 2 - 1, job)
    finally:
        job.stop()
    done = max(1, stories - first)
    return Row(engine.name, done / took_s, used_s / done, resume_s, workers_mb, engine_mb)


def send(servers: str, topic: str, start: int, count: int) -> None:
    """Publish stories of five paragraphs."""
    texts = (
        a_text(n).replace(b"\n\nAFP", ("\n\n" + "\n\n".join(_MORE) + "\n\nAFP").encode())
        for n in range(start, start + count)
    )
    publish(texts, bootstrap_servers=servers, topic=topic)


def wait(read: Callable[[], int], above: int, job: Process) -> int:
    """The first value above `above`."""
    end_s = time.monotonic() + _WAIT_S
    while (now := read()) <= above:
        if job.pid is None or time.monotonic() > end_s:
            raise RuntimeError(f"stuck at {now}:\n{job.tail()}")
        time.sleep(0.2)
    return now


def cpu(processes: Sequence[psutil.Process]) -> float:
    """CPU seconds used so far."""
    total = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def rss(processes: Sequence[psutil.Process]) -> float:
    """Resident memory in MB."""
    total = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss / _MB
    return total


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = [
        "| engine | stories/s | CPU s a story | seconds to resume | workers, MB | engine, MB |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.engine} | {r.stories_per_s:.0f} | {r.cpu_s_per_story:.4f} | {r.resume_s:.1f} "
        f"| {r.workers_mb:.0f} | {r.engine_mb:.0f} |"
        for r in rows
    ]
    return "\n".join(lines)


def engine_of(name: str, kind: str, count: int, flink: FlinkCluster | None) -> Engine:
    """How the job is started on this engine, and which processes are whose."""

    def run(*options: str) -> Callable[[Path], list[str]]:
        return lambda config: [
            *(sys.executable, "-m", "pipeline.cli", "run", "--config", str(config)),
            *options,
        ]

    def itself(job: Process) -> list[psutil.Process]:
        return [psutil.Process(job.pid)] if job.pid else []

    def children(job: Process) -> list[psutil.Process]:
        return psutil.Process(job.pid).children(recursive=True) if job.pid else []

    if kind == "inprocess":
        return Engine(name, run("--workers", str(count)), children, itself)
    if kind == "prism":
        return Engine(name, run("--runner", "PrismRunner"), itself, children, restart=True)
    assert flink is not None

    def workers(_: Process) -> list[psutil.Process]:
        pool = flink.worker_pool.pid
        return psutil.Process(pool).children(recursive=True) if pool else []

    def cluster(_: Process) -> list[psutil.Process]:
        return [psutil.Process(p.pid) for p in flink.processes if p.pid]

    return Engine(name, run("--runner", "flink"), workers, cluster)


@contextmanager
def flink_of(home: Path, kind: str, count: int) -> Iterator[FlinkCluster | None]:
    """A cluster where the engine is Flink."""
    if kind != "flink":
        yield None
        return
    with FlinkCluster(home / "flink", count) as flink:
        yield flink


def job_config(home: Path, kafka: KafkaCluster, flink: FlinkCluster | None, topic: str) -> Path:
    """The configuration of a job that reads `topic` into `home/lake`."""
    if flink is not None:
        return write_config(home, kafka, flink, groups=_PARTITIONS, topic=topic)
    path = home / "dateline.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f'[kafka]\nbootstrap_servers = ["{kafka.bootstrap_servers[0]}"]\ntopics = ["{topic}"]\n'
        f'[lake]\nurl = "{home / "lake"}"\n[job]\ngroups = {_PARTITIONS}\n'
    )
    return path


if __name__ == "__main__":
    main()
