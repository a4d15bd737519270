"""The same job on a Flink cluster against Apache Kafka: whatever is killed, everything once."""

from __future__ import annotations

import io
import itertools
import json
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from cluster import job_command, write_config
from local_flink import FlinkCluster
from local_kafka import KafkaCluster
from processes import Process

from pipeline.source.kafka.publish import publish
from pipeline.source.kafka.topic_admin import create_topics
from tests.support.faults import LONG
from tests.support.job import ended_at
from tests.support.judge import assert_everything_once
from tests.support.wire import copy

pytestmark = [pytest.mark.engine, pytest.mark.java]
STORIES, KILLS = (5_000, 3) if LONG else (1_200, 1)
PARTITIONS = 8
WAIT_S = 400.0


class Cluster:
    """Kafka, Flink and the job on it, as the local cluster starts them."""

    def __init__(self, home: Path) -> None:
        self.kafka = KafkaCluster(home / "kafka", 1)
        self.flink = FlinkCluster(home / "flink", 2)

    def start(self) -> None:
        self.kafka.start()
        self.flink.start()

    def stop(self) -> None:
        self.flink.stop()
        self.kafka.stop()

    def python_workers(self) -> list[psutil.Process]:
        """The processes that run the steps, as the pool has started them."""
        pool = self.flink.worker_pool.pid
        return psutil.Process(pool).children(recursive=True) if pool is not None else []


class Job:
    """One job on the cluster, with a topic and a lake of its own."""

    def __init__(self, cluster: Cluster, home: Path, topic: str) -> None:
        self.cluster, self.home, self.topic = cluster, home, topic
        self.lake = home / "lake"
        self.config = home / "dateline.toml"
        self.process = Process("job", job_command(self.config), home / "job.log")
        create_topics(cluster.kafka.bootstrap_servers[0], {topic: PARTITIONS})
        self.configure(parallelism=2)

    def configure(self, *, parallelism: int, mode: str = "none") -> None:
        """Without enrichment where it is not the point: each worker would load the models."""
        config = write_config(
            self.home,
            self.cluster.kafka,
            self.cluster.flink,
            groups=PARTITIONS,
            topic=self.topic,
            parallelism=parallelism,
        )
        with config.open("a") as more:
            more.write(f'\n[enrich]\nmode = "{mode}"\n')

    def publish(self, records: list[bytes]) -> None:
        servers = self.cluster.kafka.bootstrap_servers[0]
        publish(records, bootstrap_servers=servers, topic=self.topic)

    def wait_for(self, records: int) -> float:
        """Until the lake accounts for so many; the seconds that it took."""
        begin_s = time.monotonic()
        while (now := ended_at(self.lake)) < records:
            passed_s = time.monotonic() - begin_s
            assert self.process.pid is not None, self.process.tail()
            assert passed_s < WAIT_S, f"{now} of {records} records:\n{self.process.tail()}"
            time.sleep(0.5)
        return time.monotonic() - begin_s

    def dateline(self, *arguments: str) -> str:
        """What a command prints that ends well."""
        done = subprocess.run(
            [*job_command(self.config)[:3], *arguments, "--config", str(self.config)],
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        made.start()
        yield made
    finally:
        made.stop()


@pytest.fixture
def job(cluster: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Job]:
    made = Job(cluster, tmp_path, request.node.name)
    yield made
    made.process.stop()


@pytest.mark.faults
@pytest.mark.timeout(2400)
def test_flink_keeps_every_record_whatever_is_killed(cluster: Cluster, job: Job) -> None:
    """A Python worker, a TaskManager, the JobManager, the job server and the broker are killed
    while stories stream: all of them once in the lake, which checks clean.

    Each of them once; in the long form, with 5,000 stories, three times.
    """

    def kill_worker(_: int) -> None:
        cluster.python_workers()[0].kill()

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
    job.process.start()
    for n, (turn, (name, kill)) in enumerate(rounds):
        job.publish(sent[n * step : (n + 1) * step])
        # So that it streams when the blow falls.
        job.wait_for(n * step + 1)
        kill(turn)
        seconds = job.wait_for((n + 1) * step)
        print(f"{name} killed: all in the lake {seconds:.0f} s later")  # noqa: T201 (with -s)
    job.publish(sent[len(rounds) * step :])
    job.wait_for(STORIES)
    job.process.stop()
    job.dateline("lake", "clean")
    assert_everything_once(job.lake, sent)


def tolerates_late_checkpoints(flink: FlinkCluster) -> bool:
    """Whether none that fails begins a running job anew, however many do."""
    jobs: Any = flink.rest("/jobs")["jobs"]
    found: list[Any] = [
        flink.rest(f"/jobs/{job['id']}/checkpoints/config")["tolerable_failed_checkpoints"]
        for job in jobs
        if job["status"] == "RUNNING"
    ]
    return bool(found) and all(tolerable > 1_000_000 for tolerable in found)


@pytest.mark.timeout(1500)
def test_flink_stops_with_a_savepoint_and_starts_again_wider(cluster: Cluster, job: Job) -> None:
    """Parallelism 1, then 2, then 4, each from the savepoint of the one before: nothing lost."""
    sent = list(copy(0, 600))
    wider = [
        Process(f"{tm.name} more", [*tm.command[:-1], f"{tm.command[-1]}-more"], tm.log)
        for tm in cluster.flink.task_managers
    ]
    begin: list[str] = []
    try:
        for n, parallelism in enumerate((1, 2, 4)):
            if parallelism == 4:
                for task_manager in wider:
                    task_manager.start()
                cluster.flink.wait_for_task_managers(4)
            job.configure(parallelism=parallelism)
            job.process.command = [*job_command(job.config), *begin]
            job.process.start()
            job.publish(sent[n * 200 : (n + 1) * 200])
            job.wait_for((n + 1) * 200)
            assert tolerates_late_checkpoints(cluster.flink)
            savepoint = json.loads(job.dateline("flink", "stop", "--savepoint", "--json"))
            begin = ["--from-savepoint", savepoint["savepoint"]]
            assert job.process.popen is not None
            assert job.process.popen.wait(60) == 0, job.process.tail()
    finally:
        for task_manager in wider:
            task_manager.kill()
    job.dateline("lake", "clean")
    assert_everything_once(job.lake, sent)


@pytest.mark.timeout(900)
def test_flink_replays_an_archive_by_several_workers(cluster: Cluster, job: Job) -> None:
    """A bounded job: it ends when the lake holds everything, and has nothing to do again."""
    sent = list(copy(0, 200))
    archive = job.home / "archive.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        for n, record in enumerate(sent):
            entry = tarfile.TarInfo(f"{n:05}.txt")
            entry.size = len(record)
            packed.addfile(entry, io.BytesIO(record))
    job.configure(parallelism=2, mode="full")
    with job.config.open("a") as more:
        more.write("\n[replay]\npart_records = 50\n")
    command = ("replay", str(archive), "--runner", "flink", "--json")
    assert json.loads(job.dateline(*command))["records"] == len(sent)
    assert_everything_once(job.lake, sent)
    assert json.loads(job.dateline(*command))["records"] == 0
