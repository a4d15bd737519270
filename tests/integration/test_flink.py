"""The same job on a Flink cluster against Apache Kafka: whatever is killed, everything once."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from cluster import job_command, write_config
from local_flink import FlinkCluster
from local_kafka import KafkaCluster
from processes import Process

from pipeline.source.publish import publish
from pipeline.source.topics import create_topics
from pipeline.store.check import check
from pipeline.store.lake import Lake
from tests.integration.test_kill import assert_everything_once, ledger_end
from tests.support.wire import copy

pytestmark = [
    pytest.mark.engine,
    pytest.mark.skipif(
        not (shutil.which("java") and shutil.which("mvn")),
        reason="needs Java and Maven (.ci/run installs them)",
    ),
]
STORIES = 5_000
KILLS = 3
PARTITIONS = 8
WAIT_S = 400.0


class Cluster:
    """Kafka, Flink and the job on it, as the local cluster starts them."""

    def __init__(self, home: Path) -> None:
        self.kafka = KafkaCluster(home / "kafka", 1)
        self.flink = FlinkCluster(home / "flink", 2)
        self.lake = home / "lake"
        self.config = home / "dateline.toml"
        self.job = Process("job", job_command(self.config), home / "job.log")
        self.home = home

    def start(self) -> None:
        self.kafka.start()
        self.flink.start()
        create_topics(self.kafka.bootstrap_servers[0], {"wire": PARTITIONS})
        write_config(self.home, self.kafka, self.flink, PARTITIONS)

    def stop(self) -> None:
        self.job.stop()
        self.flink.stop()
        self.kafka.stop()

    def publish(self, records: list[bytes]) -> None:
        publish(records, bootstrap_servers=self.kafka.bootstrap_servers[0], topic="wire")

    def python_workers(self) -> list[psutil.Process]:
        """The processes that run the steps, as the pool has started them."""
        pool = self.flink.worker_pool.pid
        return psutil.Process(pool).children(recursive=True) if pool is not None else []

    def records(self) -> int:
        """How many records the lake accounts for."""
        return ledger_end(self.lake) if (self.lake / "ledger").is_dir() else 0

    def wait_for(self, records: int) -> float:
        """Until the lake accounts for so many; the seconds that it took."""
        begin_s = time.monotonic()
        while (now := self.records()) < records:
            passed_s = time.monotonic() - begin_s
            assert self.job.pid is not None, self.job.tail()
            assert passed_s < WAIT_S, f"{now} of {records} records:\n{self.job.tail()}"
            time.sleep(0.5)
        return time.monotonic() - begin_s

    def dateline(self, *arguments: str) -> str:
        done = subprocess.run(
            [*job_command(self.config)[:3], *arguments, "--config", str(self.config)],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    made = Cluster(tmp_path)
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.mark.timeout(2400)
def test_flink_keeps_every_record_whatever_is_killed(cluster: Cluster) -> None:
    """5,000 stories; a Python worker, a TaskManager, the JobManager, the job server and the broker
    are killed three times each while they stream: all of them once in the lake, which checks clean.
    """

    def kill_worker(_: int) -> None:
        next(iter(cluster.python_workers())).kill()

    def restart(process: Process) -> None:
        process.kill()
        process.start()

    def kill_broker(_: int) -> None:
        cluster.kafka.kill(1)
        cluster.kafka.start_node(1)

    kills: list[tuple[str, Callable[[int], None]]] = [
        ("Python worker", kill_worker),
        ("TaskManager", lambda n: restart(cluster.flink.task_managers[n % 2])),
        ("job server", lambda _: restart(cluster.flink.job_server)),
        ("broker", kill_broker),
        ("JobManager", lambda _: restart(cluster.flink.job_manager)),
    ]
    rounds = list(itertools.product(range(KILLS), kills))
    step = STORIES // (len(rounds) + 1)
    sent = list(copy(0, STORIES))
    cluster.job.start()
    for n, (turn, (name, kill)) in enumerate(rounds):
        part = sent[n * step : (n + 1) * step]
        cluster.publish(part)
        # So that it streams when the blow falls: half of what was sent is in the lake.
        cluster.wait_for(n * step + step // 2)
        kill(turn)
        seconds = cluster.wait_for((n + 1) * step)
        print(f"{name} killed: all in the lake {seconds:.0f} s later")  # noqa: T201 (with -s)
    cluster.publish(sent[len(rounds) * step :])
    cluster.wait_for(STORIES)
    cluster.job.stop()
    Lake(str(cluster.lake))
    cluster.dateline("lake", "clean")
    assert_everything_once(cluster.lake, sent)


@pytest.mark.timeout(1500)
def test_flink_stops_with_a_savepoint_and_starts_again_wider(cluster: Cluster) -> None:
    """Parallelism 1, then 2, then 4, each from the savepoint of the one before: nothing lost."""
    sent = list(copy(0, 600))
    wider = [
        Process(f"{tm.name} more", [*tm.command[:-1], tm.command[-1] + "-more"], tm.log)
        for tm in cluster.flink.task_managers
    ]
    savepoint: str | None = None
    try:
        for n, parallelism in enumerate((1, 2, 4)):
            if parallelism == 4:
                for task_manager in wider:
                    task_manager.start()
                cluster.flink.wait_for_task_managers(4)

            text = cluster.config.read_text()
            cluster.config.write_text(
                "\n".join(line for line in text.splitlines() if not line.startswith("parallelism"))
                + f"\nparallelism = {parallelism}\n"
            )
            begin = ["--from-savepoint", savepoint] if savepoint else []
            cluster.job.command = [*job_command(cluster.config), *begin]
            cluster.job.start()
            cluster.publish(sent[n * 200 : (n + 1) * 200])
            cluster.wait_for((n + 1) * 200)
            out = cluster.dateline("flink", "stop", "--savepoint")
            savepoint = out.split("savepoint:")[1].strip()
            assert cluster.job.popen is not None
            assert cluster.job.popen.wait(60) == 0, cluster.job.tail()
    finally:
        for task_manager in wider:
            task_manager.kill()
    assert check(str(cluster.lake), strict=True).ok
    assert_everything_once(cluster.lake, sent)
