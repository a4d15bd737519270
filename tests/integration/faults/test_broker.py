"""The broker fails, the network fails: the job waits, says so, and goes on in seconds."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from math import isnan
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, TopicPartition
from local_kafka import KafkaCluster

from pipeline.source.kafka.topic_admin import create_topics
from tests.support.endpoint import free_port, scraped
from tests.support.faults import LONG
from tests.support.job import ended_at, until
from tests.support.judge import judge_sent
from tests.support.kafka import ConfiguredJob, Network, Stepped, needs_kafka, settings_for
from tests.support.published import Published

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("lean"), needs_kafka]
PER_FAULT = 40
BACKLOG = 150
"""What gathers while the job is cut off: enough to be seen as lag when it is back."""
TIMES = 5 if LONG else 1
AWAY_S = 60.0 if LONG else 8.0
RESUME_S = 40.0
"""Well below the 45 seconds of a consumer group's session, on a machine that is busy."""


class Sent(Published):
    """What was published, and the proof that the lake has it."""

    def __init__(self, cluster: KafkaCluster, topic: str, partitions: int, lake: Path) -> None:
        super().__init__(",".join(cluster.bootstrap_servers), topic)
        self.lake = lake
        create_topics(self.servers, {topic: partitions}, timeout_s=60)

    def judge(self, faults: dict[str, tuple[int, float]]) -> None:
        """Record each fault, with how often and the longest wait, and prove the lake."""
        judge_sent(self.lake, faults, self.records)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    with KafkaCluster(tmp_path_factory.mktemp("kafka")) as running:
        yield running


@pytest.fixture
def network() -> Iterator[Network]:
    made = Network()
    yield made
    made.close()


class Told:
    """What a job says of itself: in its log since the last fault, and at its endpoint."""

    def __init__(self, log: Path) -> None:
        self.log, self.port = log, free_port()
        self._begin = 0

    def forget(self) -> None:
        """What was said so far is of another fault."""
        self._begin = len(self.log.read_text())

    def waits(self) -> bool:
        """That it waits for Kafka."""
        said = "waiting for Kafka" in self.log.read_text()[self._begin :]
        return said and scraped(self.port).get("dateline_waiting_for_broker_seconds", 0.0) > 0

    def lag(self) -> float:
        """How many records of some partition it lacks; no number while it does not say of all."""
        found = scraped(self.port)
        nan = float("nan")
        lags = [found.get(f"dateline_lag_records {partition}", nan) for partition in range(3)]
        return nan if any(map(isnan, lags)) else max(lags)


def until_behind(told: Told, sent: Sent) -> int:
    """Wait until the job says that it is behind; how many records it has to read.

    It may catch up before anybody looks: then there is more for it.
    """
    until(lambda: told.lag() > 0 or sent.more(BACKLOG) == 0, 240)
    return len(sent.records)


@pytest.mark.timeout(1800)
def test_the_broker_is_killed_paused_cut_off_and_slow(
    tmp_path: Path, cluster: KafkaCluster, network: Network
) -> None:
    """One job lives through it all. It says that it waits, how far it is behind, and that Kafka is
    back."""
    lake, config = tmp_path / "lake", tmp_path / "dateline.toml"
    sent, told = Sent(cluster, "outages", 3, lake), Told(tmp_path / "job.log")
    config.write_text(
        f'[kafka]\nbootstrap_servers = ["{cluster.bootstrap_servers[0]}"]\ntopics = ["outages"]\n'
        f'discover_interval_s = 2.0\n[kafka.client]\nproxy_url = "{network.url}"\n'
        f'[lake]\nurl = "{lake}"\n[batch]\nflush_interval_s = 0.2\nmax_records = 30\n'
        "[observe]\nlag_interval_s = 0.5\n"
    )

    def killed() -> None:
        cluster.kill(1)
        until(told.waits, 240)
        cluster.start_node(1)

    def paused() -> None:
        cluster.nodes[0].signal(signal.SIGSTOP)
        time.sleep(AWAY_S)
        cluster.nodes[0].signal(signal.SIGCONT)

    def cut_off() -> None:
        network.cut()
        until(told.waits, 240)
        sent.more(BACKLOG)
        time.sleep(AWAY_S / 2)
        network.mend()

    def slow() -> None:
        network.delay_s = 0.3

    blows: dict[str, Callable[[], None]] = {
        "broker killed and restarted": killed,
        "broker paused": paused,
        "broker cut off": cut_off,
        "broker slow": slow,
    }
    found: dict[str, tuple[int, float]] = {}
    job = ConfiguredJob(config, told.log, "--metrics-port", str(told.port))
    try:
        expected = sent.more(PER_FAULT)
        until(lambda: ended_at(lake) >= expected, 240)
        for name, blow in blows.items():
            for _ in range(TIMES):
                told.forget()
                before = ended_at(lake)
                blow()
                begin_s = time.monotonic()
                expected = sent.more(PER_FAULT)
                until(lambda n=before: ended_at(lake) > n, 240)  # type: ignore[misc]
                times, longest = found.get(name, (0, 0.0))
                found[name] = (times + 1, max(longest, time.monotonic() - begin_s))
                if blow is cut_off:
                    expected = until_behind(told, sent)
                until(lambda n=expected: ended_at(lake) >= n, 240)  # type: ignore[misc]
                assert job.process.poll() is None, told.log.read_text()[-3000:]
        assert "Kafka answers again" in told.log.read_text()
        until(lambda: told.lag() == 0 and not told.waits(), 240)
        job.process.send_signal(signal.SIGTERM)
        assert job.wait(300) == 0, told.log.read_text()[-3000:]
    finally:
        cluster.nodes[0].signal(signal.SIGCONT)
        if job.process.poll() is None:
            job.kill()
    sent.judge(found)
    assert max(seconds for _, seconds in found.values()) < RESUME_S, found


@pytest.mark.timeout(1800)
def test_the_leader_is_killed_and_moved(tmp_path: Path) -> None:
    """Three brokers: whoever leads, all of it is read, and soon."""
    lake = tmp_path / "lake"
    with KafkaCluster(tmp_path / "kafka", 3) as cluster:
        sent = Sent(cluster, "leaders", 1, lake)
        with Stepped(settings_for(cluster.bootstrap_servers, "leaders", lake)) as job:

            def resumed() -> float:
                expected = sent.more(PER_FAULT)
                return job.until(lambda: job.records() >= expected)

            resumed()
            killed = moved = 0.0
            for _ in range(TIMES):
                first = leader(cluster, "leaders")
                cluster.kill(first)
                killed = max(killed, resumed())
                cluster.start_node(first)
                second = leader(cluster, "leaders", other_than=first)
                others = [n for n in (1, 2, 3) if n != second]
                assign(cluster, "leaders", others)
                moved = max(moved, resumed())
                assign(cluster, "leaders", [1, 2, 3])
                resumed()
        sent.judge(
            {
                "leader of the partition killed": (TIMES, killed),
                "partition moved to other brokers": (2 * TIMES, moved),
            }
        )
    assert max(killed, moved) < RESUME_S


def leader(cluster: KafkaCluster, topic: str, other_than: int = -1) -> int:
    """The broker that leads partition 0."""
    found = -1

    def is_known() -> bool:
        nonlocal found
        admin = KafkaAdminClient(bootstrap_servers=list(cluster.bootstrap_servers))
        try:
            (described,) = admin.describe_topics([topic])
        finally:
            admin.close()
        found = described["partitions"][0]["leader_id"] if described["partitions"] else -1
        return found not in (-1, other_than)

    until(is_known, 240)
    return found


def assign(cluster: KafkaCluster, topic: str, replicas: list[int]) -> None:
    """Move partition 0 to these brokers and wait until it is done."""
    place = TopicPartition(topic, 0)
    admin = KafkaAdminClient(bootstrap_servers=list(cluster.bootstrap_servers))
    try:
        admin.alter_partition_reassignments({place: replicas})

        def is_done() -> bool:
            (described,) = admin.describe_topics([topic])
            return sorted(described["partitions"][0]["replica_nodes"]) == sorted(replicas)

        until(is_done, 240)
    finally:
        admin.close()
