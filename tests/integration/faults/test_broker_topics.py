"""What may happen to a topic under a job: each as docs/sources.md says, against Apache Kafka."""

from __future__ import annotations

import itertools
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.consumer.fetcher import ConsumerRecord
from local_kafka import KafkaCluster

from pipeline.errors import OffsetExpiredError
from pipeline.model import Record
from pipeline.source.kafka.publish import publish
from pipeline.source.kafka.topic_admin import create_topics
from pipeline.store.check.judge import check
from pipeline.store.read.snapshot import open_snapshot
from pipeline.store.read.sources import sources
from pipeline.store.upkeep.move import move, plan_moves
from pipeline.work import PartitionGroup
from tests.support.faults import record_fault
from tests.support.job import until
from tests.support.judge import judge_sent
from tests.support.kafka import Stepped, everything, needs_kafka, settings_for
from tests.support.rows import NOON
from tests.support.wire import copy

pytestmark = [pytest.mark.engine, needs_kafka, pytest.mark.timeout(900)]

QUICK_CLEANER = {"log.cleaner.backoff.ms": "500", "log.segment.delete.delay.ms": "500"}


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    root = tmp_path_factory.mktemp("kafka")
    with KafkaCluster(root, properties=QUICK_CLEANER) as running:
        yield running


@pytest.fixture
def admin(cluster: KafkaCluster) -> Iterator[KafkaAdminClient]:
    made = KafkaAdminClient(bootstrap_servers=list(cluster.bootstrap_servers))
    yield made
    made.close()


def send(cluster: KafkaCluster, topic: str, records: Sequence[bytes | Record]) -> None:
    publish(records, bootstrap_servers=cluster.bootstrap_servers[0], topic=topic, timeout_s=120)


def spread(cluster: KafkaCluster, topic: str, values: Sequence[bytes], partitions: int) -> None:
    """Send to each partition in turn, as soon as a broker tells of so many.

    `send` goes by the clock: a few records on a fast machine may all be of one partition.
    """

    def is_known() -> bool:
        with closing(KafkaProducer(bootstrap_servers=list(cluster.bootstrap_servers))) as producer:
            if len(producer.partitions_for(topic) or ()) < partitions:
                return False
            places = itertools.cycle(range(partitions))
            for receipt in [producer.send(topic, v, partition=next(places)) for v in values]:
                receipt.get(60)
            return True

    until(is_known, 120)


def started(cluster: KafkaCluster, topic: str, partitions: int = 1) -> None:
    create_topics(cluster.bootstrap_servers[0], {topic: partitions}, timeout_s=60)


def a_job(cluster: KafkaCluster, topic: str, lake: Path, **kafka: Any) -> Stepped:
    return Stepped(settings_for(cluster.bootstrap_servers, topic, lake, kafka=kafka))


def test_partitions_are_added(
    tmp_path: Path, cluster: KafkaCluster, admin: KafkaAdminClient
) -> None:
    """They are found while the job runs, and read from their beginning, also under `latest`."""
    started(cluster, "wider")
    sent = list(copy(0, 60))
    with a_job(cluster, "wider", tmp_path, start="latest") as job:
        # What was there before is not read: so it has begun once something comes.
        job.until(lambda: bool(job.job.reader(PartitionGroup(0)).sources))  # type: ignore[attr-defined]
        send(cluster, "wider", sent[:20])
        job.until(lambda: job.records() == 20)
        admin.create_partitions({"wider": 4})
        spread(cluster, "wider", sent[20:], 4)
        seconds = job.until(lambda: job.records() == 60)
    assert len(sources(open_snapshot(str(tmp_path)))) == 4
    judge_sent(tmp_path, {"partitions added": (1, seconds)}, sent)


def test_a_topic_is_deleted_and_made_again(
    tmp_path: Path, cluster: KafkaCluster, admin: KafkaAdminClient
) -> None:
    """Another source, from its beginning; the old one stays as it was."""
    started(cluster, "again", 2)
    sent = list(copy(0, 60))
    with a_job(cluster, "again", tmp_path) as job:
        spread(cluster, "again", sent[:30], 2)
        job.until(lambda: job.records() == 30)
        admin.delete_topics(["again"])
        for _ in range(3):
            job.step()
        started(cluster, "again", 2)
        spread(cluster, "again", sent[30:], 2)
        seconds = job.until(lambda: job.records() == 60)
    assert len(sources(open_snapshot(str(tmp_path)))) == 4
    judge_sent(tmp_path, {"topic deleted and made again": (1, seconds)}, sent)


def test_offsets_expire(tmp_path: Path, cluster: KafkaCluster, admin: KafkaAdminClient) -> None:
    """Below the committed end nothing happens; above it the job stops, or writes down the skip."""
    started(cluster, "expired")
    sent = list(copy(0, 60))
    place = TopicPartition("expired", 0)
    with a_job(cluster, "expired", tmp_path) as job:
        send(cluster, "expired", sent[:30])
        job.until(lambda: job.records() == 30)
        admin.delete_records({place: 20})
        send(cluster, "expired", sent[30:40])
        job.until(lambda: job.records() == 40)
    send(cluster, "expired", sent[40:])
    admin.delete_records({place: 50})
    told = stopped(cluster, "expired", tmp_path)
    assert (told["committed"], told["earliest"]) == (40, 50)
    with a_job(cluster, "expired", tmp_path, on_expired="skip") as job:
        seconds = job.until(lambda: job.records() == 50)
    rejects = open_snapshot(str(tmp_path)).dataset("rejects").to_table(["kind", "offset"])
    (row,) = [r for r in rejects.to_pylist() if r["kind"] == "skipped.expired"]
    assert row["offset"] == 40
    assert check(str(tmp_path)).sources[0].gaps == 10
    # The broker dropped ten before the job came; the lake says which.
    judge_sent(
        tmp_path,
        {"records expired before they were read": (1, seconds)},
        [*sent[:40], *sent[50:]],
    )


def test_a_compacted_topic(tmp_path: Path, cluster: KafkaCluster, admin: KafkaAdminClient) -> None:
    """Offsets that compaction took are gaps; the last record of each key is there."""
    configs = {
        "cleanup.policy": "compact",
        "segment.ms": "200",
        "min.cleanable.dirty.ratio": "0.01",
        "max.compaction.lag.ms": "500",
    }
    admin.create_topics(
        {"compacted": {"num_partitions": 1, "replication_factor": 1, "configs": configs}},
        wait_for_metadata=True,
    )
    values = list(copy(0, 60))
    send(
        cluster,
        "compacted",
        [Record("", 0, value, b"%d" % (n % 10)) for n, value in enumerate(values)],
    )

    def left() -> list[ConsumerRecord]:
        # The segment in use is left alone: one more record begins another.
        send(cluster, "compacted", [Record("", 0, values[0], b"more")])
        return everything(cluster.bootstrap_servers, "compacted")

    until(lambda: len(left()) < 40, 300)
    with a_job(cluster, "compacted", tmp_path) as job:
        seconds = job.until(lambda: caught_up(job))
    report = check(str(tmp_path), strict=True)
    assert report.ok, report.findings
    (source,) = report.sources
    assert source.gaps > 0
    assert source.records + source.gaps == source.end
    stored = Counter(
        row["offset"]
        for table in ("stories", "rejects")
        for row in open_snapshot(str(tmp_path)).dataset(table).to_table(["offset"]).to_pylist()
    )
    # What the broker has now, it had then; the last record of each key is among it.
    held = {record.offset for record in everything(cluster.bootstrap_servers, "compacted")}
    lost = len(held - stored.keys())
    duplicated = sum(count - 1 for count in stored.values())
    record_fault(
        "compacted topic",
        injected=1,
        records=source.records,
        lost=lost,
        duplicated=duplicated,
        resume_s=seconds,
    )
    assert (lost, duplicated) == (0, 0)
    assert set(range(50, 60)) <= held


def test_a_broker_without_topic_ids(tmp_path: Path, cluster: KafkaCluster) -> None:
    """As Kafka below 2.8 answers: the source is known by the topic's name, and read on as ever."""
    started(cluster, "nameless", 2)
    sent = list(copy(0, 60))
    old = {"client": {"api_version": (2, 7)}}
    with a_job(cluster, "nameless", tmp_path, **old) as job:
        send(cluster, "nameless", sent[:30])
        job.until(lambda: job.records() == 30)
    send(cluster, "nameless", sent[30:])
    with a_job(cluster, "nameless", tmp_path, **old) as job:
        seconds = job.until(lambda: job.records() == 60)
    known = {source.source.split("/", 2)[2] for source in sources(open_snapshot(str(tmp_path)))}
    assert known == {"nameless/-/0", "nameless/-/1"}
    judge_sent(tmp_path, {"broker without topic ids": (1, seconds)}, sent)


def test_transactions_that_are_aborted(tmp_path: Path, cluster: KafkaCluster) -> None:
    """Their records are not read; markers and they are gaps, and the job goes on behind them."""
    started(cluster, "transactions")
    values = list(copy(0, 40))
    sent: list[bytes] = []
    producer = KafkaProducer(
        bootstrap_servers=list(cluster.bootstrap_servers), transactional_id="desk"
    )
    producer.init_transactions()
    for n in range(4):
        part = values[n * 10 : (n + 1) * 10]
        producer.begin_transaction()
        for value in part:
            producer.send("transactions", value).get(60)
        if n % 2:
            producer.abort_transaction()
        else:
            producer.commit_transaction()
            sent += part
    producer.close()
    with a_job(cluster, "transactions", tmp_path) as job:
        seconds = job.until(lambda: job.records() == len(sent) and caught_up(job))
    (source,) = check(str(tmp_path)).sources
    assert (source.records, source.gaps, source.end) == (20, 24, 44)
    judge_sent(tmp_path, {"transactions aborted": (2, seconds)}, sent)


def test_a_log_that_was_cut_stops_the_job(tmp_path: Path) -> None:
    """A broker whose disk was restored from an older copy: both offsets and epochs are told.

    First its log ends below the lake's; then it has grown beyond, and only the epoch tells.
    """
    lake, data, kept = tmp_path / "lake", tmp_path / "kafka" / "data-1", tmp_path / "kept"
    with KafkaCluster(tmp_path / "kafka") as cluster:
        started(cluster, "cut")
        send(cluster, "cut", list(copy(0, 20)))
        cluster.kill(1)
        shutil.copytree(data, kept)
        cluster.start_node(1)
        send(cluster, "cut", list(copy(20, 50)))
        with a_job(cluster, "cut", lake) as job:
            job.until(lambda: job.records() == 50)
        cluster.kill(1)
        shutil.rmtree(data)
        shutil.copytree(kept, data)
        cluster.start_node(1)
        told = [stopped(cluster, "cut", lake)]
        assert (told[0]["committed"], told[0]["broker_end"]) == (50, 20)
        assert told[0]["committed_epoch"] is not None
        assert told[0]["broker_epoch"] is not None
        # Each start is another leader; by then no epoch of the lost ones is the broker's last.
        cluster.kill(1)
        cluster.start_node(1)
        send(cluster, "cut", list(copy(50, 90)))
        told.append(stopped(cluster, "cut", lake))
        assert (told[1]["committed"], told[1]["broker_end"]) == (50, 60)
        assert told[1]["committed_epoch"] < told[1]["broker_epoch"]
    judge_sent(lake, {"log cut below the lake's end": (2, None)}, list(copy(0, 50)))


def stopped(cluster: KafkaCluster, topic: str, lake: Path) -> dict[str, Any]:
    """What the job says that stops because of the offsets that it meets."""
    with a_job(cluster, topic, lake) as job, pytest.raises(OffsetExpiredError) as error:
        job.until(lambda: False, 200)
    assert error.value.exit_code == 11
    return dict(error.value.evidence)


def test_a_move_to_another_cluster(tmp_path: Path, cluster: KafkaCluster) -> None:
    """A copy of the broker's records on another cluster is read from where the lake ends."""
    lake, sent = tmp_path / "lake", list(copy(0, 60))
    started(cluster, "moved")
    send(cluster, "moved", sent[:40])
    with a_job(cluster, "moved", lake) as job:
        job.until(lambda: job.records() == 40)
    with KafkaCluster(tmp_path / "other") as other:
        started(other, "moved")
        send(other, "moved", sent)
        settings = settings_for(other.bootstrap_servers, "moved", lake)
        with Stepped(settings) as job:
            # It is named, but not begun yet.
            new = name_of(job)
            begin_s = time.monotonic()
            known = sources(open_snapshot(str(lake)))
            move(job.job.lake, plan_moves(known, known[0].source, new), NOON)
            job.until(lambda: job.records() == 60)
            seconds = time.monotonic() - begin_s
    assert [s.records for s in sources(open_snapshot(str(lake)))].count(20) == 1
    judge_sent(lake, {"moved to another cluster": (1, seconds)}, sent)


def name_of(job: Stepped) -> str:
    from pipeline.source.kafka.consumer import KafkaClient
    from pipeline.work import kafka_options

    client = KafkaClient(kafka_options(job.settings))
    try:
        (partition,) = client.topics(job.settings.kafka.topics).partitions
    finally:
        client.close()
    return partition.source


def caught_up(job: Stepped) -> bool:
    return all(job.job.reader(PartitionGroup(n)).caught_up() for n in range(job.settings.groups))
