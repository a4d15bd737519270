"""What Kafka may do to one topic or batch, against Apache Kafka: it stays that one's trouble."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer
from local_kafka import KafkaCluster

from pipeline.errors import CorruptBatchError
from pipeline.source.kafka.publish import publish
from pipeline.source.kafka.topic_admin import create_topics
from pipeline.store.check.judge import check
from pipeline.store.read.snapshot import open_snapshot
from pipeline.work import PartitionGroup
from tests.support.kafka import Stepped, needs_kafka, settings_for
from tests.support.wire import copy

pytestmark = [pytest.mark.engine, needs_kafka, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    quick = {"log.segment.delete.delay.ms": "500"}
    with KafkaCluster(tmp_path_factory.mktemp("kafka"), properties=quick) as running:
        yield running


@pytest.fixture
def admin(cluster: KafkaCluster) -> Iterator[KafkaAdminClient]:
    made = KafkaAdminClient(bootstrap_servers=list(cluster.bootstrap_servers))
    yield made
    made.close()


def send(cluster: KafkaCluster, topic: str, values: list[bytes], **client: Any) -> None:
    servers = cluster.bootstrap_servers[0]
    publish(values, bootstrap_servers=servers, topic=topic, client=client, timeout_s=120)


def made(cluster: KafkaCluster, **topics: int) -> None:
    create_topics(cluster.bootstrap_servers[0], topics, timeout_s=60)


def a_job(cluster: KafkaCluster, lake: Path, *topics: str, **kafka: Any) -> Stepped:
    given = {"topics": topics, **kafka}
    return Stepped(settings_for(cluster.bootstrap_servers, topics[0], lake, kafka=given))


def kinds(lake: Path) -> list[tuple[str, int]]:
    rows = open_snapshot(str(lake)).dataset("rejects").to_table(["kind", "offset"]).to_pylist()
    return [(row["kind"], row["offset"]) for row in rows]


@pytest.mark.parametrize("codec", ["gzip", "snappy", "lz4", "zstd"])
def test_every_codec_of_kafka_is_read(tmp_path: Path, cluster: KafkaCluster, codec: str) -> None:
    """Whatever the producer, or the broker for it, compresses with."""
    made(cluster, **{f"codec-{codec}": 1})
    send(cluster, f"codec-{codec}", list(copy(0, 20)), compression_type=codec)
    with a_job(cluster, tmp_path, f"codec-{codec}") as job:
        job.until(lambda: job.records() == 20)


def test_a_corrupt_batch_stops_the_job_or_is_accounted_for(
    tmp_path: Path, cluster: KafkaCluster
) -> None:
    """One bit of the second of three batches: the first lands, then as the operator chooses."""
    made(cluster, corrupt=1)
    sent = list(copy(0, 15))
    for n in (0, 5, 10):
        send(cluster, "corrupt", sent[n : n + 5], linger_ms=60_000)
    (log,) = (cluster.root / "data-1" / "corrupt-0").glob("*.log")
    data = log.read_bytes()
    at = data.find(sent[7])
    assert at > 0
    with log.open("r+b") as file:
        file.seek(at)
        file.write(bytes([data[at] ^ 1]))
    lake = tmp_path / "lake"
    with a_job(cluster, lake, "corrupt") as job:
        with pytest.raises(CorruptBatchError) as caught:
            job.until(lambda: False, 200)
        assert job.records() == caught.value.evidence["offset"] == 5
    assert (caught.value.evidence["topic"], caught.value.evidence["partition"]) == ("corrupt", 0)
    with a_job(cluster, lake, "corrupt", on_corrupt="skip") as job:
        job.until(lambda: job.records() == 10)
        job.until(lambda: job.job.reader(PartitionGroup(0)).caught_up())
    # Among the samples there is a story whose bytes are no text: a reject like any other.
    assert [found for found in kinds(lake) if found[0].startswith("skipped.")] == [
        ("skipped.corrupt", 5)
    ]
    report = check(str(lake), strict=True)
    assert report.ok, report.findings
    assert (report.sources[0].gaps, report.sources[0].end) == (5, 15)


def test_a_deleted_topic_keeps_nobody_from_the_others(
    tmp_path: Path, cluster: KafkaCluster, admin: KafkaAdminClient
) -> None:
    """What comes to the other topic lands; one that was never there does not hinder either."""
    made(cluster, good=1, gone=1)
    sent = list(copy(0, 12))
    with a_job(cluster, tmp_path, "good", "gone", "never") as job:
        send(cluster, "good", sent[:3])
        send(cluster, "gone", sent[3:6])
        job.until(lambda: job.records() == 6)
        admin.delete_topics(["gone"])
        send(cluster, "good", sent[6:])
        job.until(lambda: job.records() == 12)
        reader = job.job.reader(PartitionGroup(0))
        job.until(lambda: reader.topics["gone"].state == "missing")  # type: ignore[attr-defined]
        assert reader.topics["never"].state == "missing"  # type: ignore[attr-defined]
        job.until(reader.caught_up)


def test_a_topic_made_again_with_fewer_partitions_is_found(
    tmp_path: Path, cluster: KafkaCluster, admin: KafkaAdminClient
) -> None:
    """Without a restart, though the lag is asked for of partitions that are no more."""
    made(cluster, fewer=3)
    sent = list(copy(0, 12))
    observe = {"lag_interval_s": 0.2}
    given = settings_for(cluster.bootstrap_servers, "fewer", tmp_path, observe=observe)
    with Stepped(given) as job:
        send(cluster, "fewer", sent[:6])
        job.until(lambda: job.records() == 6)
        admin.delete_topics(["fewer"])
        for _ in range(5):
            job.step()
        made(cluster, fewer=1)
        send(cluster, "fewer", sent[6:])
        job.until(lambda: job.records() == 12)


def test_topics_are_found_by_pattern(tmp_path: Path, cluster: KafkaCluster) -> None:
    """Those that are there, and those that come."""
    made(cluster, **{"pat.en": 1, "other.en": 1})
    sent = list(copy(0, 6))
    with a_job(cluster, tmp_path, r"pat\..*") as job:
        send(cluster, "pat.en", sent[:3])
        send(cluster, "other.en", sent[:3])
        job.until(lambda: job.records() == 3)
        made(cluster, **{"pat.fr": 2})
        send(cluster, "pat.fr", sent[3:])
        job.until(lambda: job.records() == 6)
        named = {source.split("/")[2] for source in job.job.reader(PartitionGroup(0)).sources}  # type: ignore[attr-defined]
    assert named == {"pat.en", "pat.fr"}


def test_what_an_open_transaction_holds_back_is_lag(tmp_path: Path, cluster: KafkaCluster) -> None:
    """Nothing is caught up before it is committed; then all of it lands."""
    made(cluster, held=1)
    sent = list(copy(0, 10))
    servers = list(cluster.bootstrap_servers)
    producer = KafkaProducer(
        bootstrap_servers=servers, transactional_id="hanging", transaction_timeout_ms=600_000
    )
    producer.init_transactions()
    producer.begin_transaction()
    for value in sent[:5]:
        producer.send("held", value).get(60)
    send(cluster, "held", sent[5:])
    with a_job(cluster, tmp_path, "held") as job:
        reader = job.job.reader(PartitionGroup(0))
        job.until(lambda: list(reader.lag().values()) == [10])  # type: ignore[attr-defined]
        assert job.records() == 0
        assert not reader.caught_up()
        assert list(reader.held_back.values()) == [10]  # type: ignore[attr-defined]
        producer.commit_transaction()
        job.until(lambda: job.records() == 10)
        job.until(reader.caught_up)
        assert list(reader.lag().values()) == [0]  # type: ignore[attr-defined]
    producer.close()
