"""The reader and the publisher on a broker that speaks Kafka's protocol."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.errors import LogTruncationError, OffsetOutOfRangeError

from pipeline.errors import BrokerError, ConfigError
from pipeline.model import Batch, Record, Reject, Story
from pipeline.parse import parse_record
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.client import OutOfRange, Unreadable
from pipeline.source.kafka.consumer import KafkaClient, arrival_time
from pipeline.source.kafka.groups import parse_source
from pipeline.source.kafka.options import KafkaOptions, Limits
from pipeline.source.kafka.publish import publish
from pipeline.source.kafka.reader import Reader
from pipeline.source.kafka.time_range import resolve_range
from tests.support.broker import FakeLake

pytestmark = pytest.mark.engine

TOPICS = itertools.count()


@pytest.fixture
def topic(broker: EmbeddedBroker) -> str:
    name = f"wire-{next(TOPICS)}"
    broker.create_topics({name: 3})
    return name


def reader_of(
    broker: EmbeddedBroker,
    lake: FakeLake,
    *topics: str,
    limits: Limits | None = None,
    group: int = 0,
    groups: int = 1,
    client: Mapping[str, Any] | None = None,
    **options: Any,
) -> Reader:
    """A reader that waits less for news than by default: it has caught up the sooner."""
    client = {"fetch_max_wait_ms": 25, **(client or {})}
    return Reader(
        KafkaOptions(
            (broker.bootstrap_servers,), topics, broker_timeout_s=20, client=client, **options
        ),
        limits or Limits(50, flush_interval_s=0.2),
        group=group,
        groups=groups,
        lake_ends=lake.lake_ends,
        start_sources=lake.start_sources,
    )


def send(broker: EmbeddedBroker, topic: str, count: int, prefix: str = "v") -> list[bytes]:
    values = [f"{prefix}{n}".encode() for n in range(count)]
    sent = publish(values, bootstrap_servers=broker.bootstrap_servers, topic=topic)
    assert sent.records == count
    return values


def send_to_first(broker: EmbeddedBroker, topic: str, count: int) -> None:
    """Send so many records to partition 0, one after the other."""
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers)
    for n in range(count):
        producer.send(topic, b"%d" % n, partition=0).get(10)
    producer.close()


def drain(reader: Reader, lake: FakeLake, timeout_s: float = 120) -> list[Batch]:
    """Read and commit until caught up."""
    batches: list[Batch] = []
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        batch = reader.read(0.1)
        if batch is not None:
            lake.commit(batch)
            batches.append(batch)
        elif reader.caught_up():
            return batches
    raise AssertionError("not caught up in time")


def values(batches: list[Batch]) -> list[bytes]:
    return sorted(r.value for batch in batches for r in batch.records)


def eventually(call: Callable[[], bool], timeout_s: float = 120) -> bool:
    deadline = time.monotonic() + timeout_s
    while not (held := call()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return held


def test_what_is_published_is_read(broker: EmbeddedBroker, topic: str) -> None:
    """Every record once, in full batches, coordinates and times with it."""
    sent = send(broker, topic, 230)
    before = datetime.now(UTC)
    lake = FakeLake()
    batches = drain(reader_of(broker, lake, topic), lake)
    assert values(batches) == sorted(sent)
    assert max(len(batch.records) for batch in batches) == 50
    assert sum(lake.ends.values()) == 230
    for batch in batches:
        for record in batch.records:
            partition = parse_source(record.source)
            assert partition is not None
            assert (partition.topic, len(partition.topic_id)) == (topic, 36)
            assert record.received_at is not None
            assert abs((record.received_at - before).total_seconds()) < 60


def test_times_and_offsets_keep_the_order_of_what_was_published(
    broker: EmbeddedBroker, topic: str
) -> None:
    """No two partitions share a millisecond: versions without a time of their own go by it."""
    sent = send(broker, topic, 230)
    lake = FakeLake()
    records = [r for batch in drain(reader_of(broker, lake, topic), lake) for r in batch.records]
    records.sort(key=lambda r: (r.received_at or datetime.min, r.offset))
    assert len({r.source for r in records}) > 1
    assert [r.value for r in records] == sent


def test_key_headers_and_empty_values_arrive(broker: EmbeddedBroker, topic: str) -> None:
    """A record's key and headers are carried; a tombstone is a record without bytes."""
    headers = (("content-type", b"text/plain"), ("provider", b"x"))
    publish(
        [Record("anywhere", 9, b"value", b"key", headers)],
        bootstrap_servers=broker.bootstrap_servers,
        topic=topic,
    )
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers)
    producer.send(topic, key=b"gone", value=None).get(10)
    producer.close()
    lake = FakeLake()
    records = [r for batch in drain(reader_of(broker, lake, topic), lake) for r in batch.records]
    found = sorted((r.key, r.value, r.headers) for r in records)
    assert found == [(b"gone", b"", ()), (b"key", b"value", headers)]


class _NoText(str):
    """A header's name that kafka-python sends as bytes that are not UTF-8."""

    def encode(self, *_: object) -> bytes:
        return b"n\xff"


def test_a_header_whose_name_is_no_text_stalls_nothing(broker: EmbeddedBroker, topic: str) -> None:
    """Kafka takes any bytes as a name: the record is read, and those around it."""
    odd = Record("", 0, b"2", headers=((_NoText("n"), b"x"), ("provider", b"y")))
    publish([b"1", odd, b"3"], bootstrap_servers=broker.bootstrap_servers, topic=topic)
    lake = FakeLake()
    batches = drain(reader_of(broker, lake, topic), lake)
    assert values(batches) == [b"1", b"2", b"3"]
    headers = {r.value: r.headers for batch in batches for r in batch.records}
    assert headers[b"2"] == (("n\\xff", b"x"), ("provider", b"y"))


def test_it_resumes_at_the_lakes_ends(broker: EmbeddedBroker, topic: str) -> None:
    """A reader that dies with a batch uncommitted loses nothing and repeats nothing."""
    sent = send(broker, topic, 120)
    lake = FakeLake()
    first = reader_of(broker, lake, topic)
    batch = next(b for _ in range(100) if (b := first.read(0.3)) is not None)
    lake.commit(batch)
    first.read(1.0)
    first.close()
    rest = drain(reader_of(broker, lake, topic), lake)
    assert values([batch, *rest]) == sorted(sent)


def test_groups_share_the_partitions(broker: EmbeddedBroker, topic: str) -> None:
    """Two readers of two groups read everything once between them."""
    sent = send(broker, topic, 90)
    lake = FakeLake()
    readers = [reader_of(broker, lake, topic, group=n, groups=2) for n in range(2)]
    batches = [batch for reader in readers for batch in drain(reader, lake)]
    assert values(batches) == sorted(sent)
    assert {len(reader.sources) for reader in readers} == {1, 2}


def test_latest_passes_over_what_was_there(broker: EmbeddedBroker, topic: str) -> None:
    """Under `latest` only later records are read, and a restart reads on from that start.

    The embedded broker's own word on the end is too low, so some of the old ones may come too.
    """
    send(broker, topic, 30, "old")
    lake = FakeLake()
    reader = reader_of(broker, lake, topic, start="latest")
    reader.start()
    reader.close()
    new = send(broker, topic, 30, "new")
    found = values(drain(reader_of(broker, lake, topic, start="latest"), lake))
    assert [v for v in found if v.startswith(b"new")] == sorted(new)


def test_a_topic_that_appears_is_waited_for(broker: EmbeddedBroker) -> None:
    """Reading may begin before the topic exists."""
    name = f"wire-{next(TOPICS)}"
    lake = FakeLake()
    reader = reader_of(broker, lake, name)
    assert reader.read(0.1) is None
    broker.create_topics({name: 1})
    sent = send(broker, name, 5)
    assert eventually(lambda: bool(reader.read(0.2) or reader.sources))
    assert values(drain(reader, lake)) == sent


def test_a_topic_that_never_appears_is_an_error(broker: EmbeddedBroker) -> None:
    """The message names it."""
    lake = FakeLake()
    options = KafkaOptions((broker.bootstrap_servers,), ("no-such-topic",), broker_timeout_s=0.5)
    reader = Reader(
        options,
        Limits(),
        group=0,
        groups=1,
        lake_ends=lake.lake_ends,
        start_sources=lake.start_sources,
    )
    with pytest.raises(BrokerError, match="no-such-topic"):
        reader.start()
    reader.close()


def test_a_recreated_topic_is_read_from_its_beginning(broker: EmbeddedBroker, topic: str) -> None:
    """Another topic id is another source, though the reader is running and the name the same."""
    send(broker, topic, 30, "old")
    lake = FakeLake()
    reader = reader_of(broker, lake, topic)
    drain(reader, lake)
    old = set(reader.sources)
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    admin.delete_topics([topic])
    admin.close()
    broker.create_topics({topic: 3})
    new = send(broker, topic, 60, "new")
    assert values(drain(reader, lake)) == sorted(new)
    assert old.isdisjoint(reader.sources)


def test_group_offsets_show_the_lag_to_other_tools(broker: EmbeddedBroker, topic: str) -> None:
    """After the lake has a batch, the consumer group's offsets say so."""
    send(broker, topic, 40)
    lake = FakeLake()
    group = f"lag-{topic}"
    reader = reader_of(broker, lake, topic, group_id=group)
    drain(reader, lake)
    consumer = KafkaConsumer(bootstrap_servers=broker.bootstrap_servers, group_id=group)
    expected = {
        TopicPartition(topic, parse_source(source).number): end  # type: ignore[union-attr]
        for source, end in lake.ends.items()
        if end
    }
    assert expected

    def visible() -> bool:
        return {name: consumer.committed(name) for name in expected} == expected

    assert eventually(visible)
    consumer.close()


def test_a_large_record_goes_through(broker: EmbeddedBroker, topic: str) -> None:
    """20 MB in one record: more than a batch, more than a fetch."""
    publish(
        [b"a", b"x" * 20_000_000, b"b"], bootstrap_servers=broker.bootstrap_servers, topic=topic
    )
    lake = FakeLake()
    reader = reader_of(
        broker, lake, topic, limits=Limits(max_bytes=1_000_000, flush_interval_s=0.1)
    )
    batches = drain(reader, lake)
    assert sorted(len(v) for v in values(batches)) == [1, 1, 20_000_000]


@pytest.mark.long
def test_a_broker_that_goes_and_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    """Reads give None meanwhile, and the client's own log does not flood."""
    lake = FakeLake()
    with EmbeddedBroker(topics={"wire": 1}) as broker:
        reader = reader_of(broker, lake, "wire", discover_interval_s=0.1)
        send(broker, "wire", 10)
        assert len(values(drain(reader, lake))) == 10
        old = reader.sources
    with caplog.at_level(logging.WARNING):
        assert [reader.read(0.2) for _ in range(10)] == [None] * 10
    assert len(caplog.records) < 5
    with EmbeddedBroker(port=broker.port, topics={"wire": 1}) as broker:
        new = send(broker, "wire", 10, "new")
        assert eventually(lambda: reader.read(0.0) is None and reader.sources not in ((), old))
        assert values(drain(reader, lake)) == new
        reader.close()


def test_nobody_there_is_an_error_in_time() -> None:
    """Publishing and reading to nowhere say where nowhere is."""
    with EmbeddedBroker() as broker:
        nowhere = broker.bootstrap_servers
    with pytest.raises(BrokerError, match=nowhere):
        publish([b"x"], bootstrap_servers=nowhere, topic="wire", timeout_s=0.5)
    with pytest.raises(BrokerError, match=nowhere):
        options = KafkaOptions((nowhere,), ("wire",), broker_timeout_s=0.5)
        lake = FakeLake()
        Reader(
            options,
            Limits(),
            group=0,
            groups=1,
            lake_ends=lake.lake_ends,
            start_sources=lake.start_sources,
        ).start()


def test_publishing_may_create_the_topic(broker: EmbeddedBroker) -> None:
    """With a number of partitions the topic is made where it is missing; progress is told."""
    name = f"wire-{next(TOPICS)}"
    told: list[int] = []
    for _ in range(2):
        sent = publish(
            (b"%d" % n for n in range(5)),
            bootstrap_servers=broker.bootstrap_servers,
            topic=name,
            partitions=2,
            progress=told.append,
        )
    assert (sent.records, sent.bytes) == (5, 5)
    assert told == [1, 2, 3, 4, 5] * 2
    lake = FakeLake()
    reader = reader_of(broker, lake, name)
    assert len(values(drain(reader, lake))) == 10
    assert len(reader.sources) == 2


def test_publishing_to_no_topic_is_an_error(broker: EmbeddedBroker) -> None:
    """A topic that nobody made is not made by the way."""
    with pytest.raises(BrokerError, match="never-made"):
        publish(
            [b"x"],
            bootstrap_servers=broker.bootstrap_servers,
            topic="never-made",
            timeout_s=1,
        )


@pytest.mark.parametrize("name", ["no_such_setting", "auto_offset_reset"])
def test_wrong_client_settings_are_told(broker: EmbeddedBroker, topic: str, name: str) -> None:
    """A setting that no client has, or that is not the user's, is a fault of configuration."""
    with pytest.raises(ConfigError, match=name):
        reader_of(broker, FakeLake(), topic, client={name: "x"}).start()


@pytest.mark.parametrize("fault", ["expired", "truncated"])
def test_offsets_that_are_gone_are_told_apart(
    broker: EmbeddedBroker, topic: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What kafka-python raises for an offset that the broker lacks names partition and offset.

    The embedded broker keeps everything and answers nothing to an offset beyond its end, so the
    library's fault is raised in its place.
    """
    client = KafkaClient(KafkaOptions((broker.bootstrap_servers,), (topic,)))
    partition = client.topics([topic]).partitions[1]
    client.assign([partition])
    client.seek(partition, 7)
    name = TopicPartition(topic, 1)
    errors = {
        "expired": OffsetOutOfRangeError({name: 7}),
        "truncated": LogTruncationError({name: None}),
    }

    def refuse(**_: object) -> None:
        raise errors[fault]

    monkeypatch.setattr(client._consumer, "poll", refuse)
    with pytest.raises(OutOfRange) as caught:
        client.poll(0.1, 10)
    assert (caught.value.partition, caught.value.offset) == (partition, 7)
    client.close()


def test_a_record_beyond_the_partitions_end_is_unreadable(
    broker: EmbeddedBroker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What precedes it is handed out first; where records only leave a gap, all are."""
    client = KafkaClient(KafkaOptions((broker.bootstrap_servers,), (topic,)))
    partition = client.topics([topic]).partitions[0]
    client.assign([partition])
    client.seek(partition, 0)
    send_to_first(broker, topic, 6)
    poll = client._consumer.poll

    def read(leap: int, begins_at: int) -> list[int]:
        """Offsets as polled, with those from one on moved; without Kafka's own word on the end."""

        def moved(**asked: Any) -> dict[TopicPartition, list[Any]]:
            return {
                name: [
                    r._replace(offset=r.offset + leap) if r.offset >= begins_at else r
                    for r in records
                ]
                for name, records in poll(**asked).items()
            }

        found: dict[Any, Any] = {}
        with monkeypatch.context() as patched:
            patched.setattr(client._consumer, "poll", moved)
            patched.setattr(client._consumer, "highwater", lambda _: None)
            while not found:
                found = client.poll(0.5, 10)
        return [record.offset for record in found[partition].records]

    assert eventually(lambda: client.offsets([partition], "high_watermark")[partition] == 6)
    assert read(2**56, 4) == [0, 1, 2, 3]
    with pytest.raises(Unreadable) as caught:
        read(2**56, 4)
    assert (caught.value.offset, caught.value.end) == (4, 5)
    assert "the partition ends at 6" in caught.value.reason
    client.seek(partition, 1)
    monkeypatch.setattr(client, "_high_watermarks", lambda names, _: dict.fromkeys(names, 10))
    assert read(3, 4) == [1, 2, 3, 7, 8]
    client.close()


def test_what_was_taken_beside_a_fault_is_read_again(
    broker: EmbeddedBroker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kafka-python hands out first what it took of other partitions; should it ever not, the
    partitions that moved stand where they stood."""
    client = KafkaClient(KafkaOptions((broker.bootstrap_servers,), (topic,)))
    partitions = client.topics([topic]).partitions[:2]
    client.assign(partitions)
    for partition in partitions:
        client.seek(partition, 0)
    send_to_first(broker, topic, 3)
    poll = client._consumer.poll

    def lose(**asked: Any) -> None:
        while not poll(**asked):
            pass
        raise OffsetOutOfRangeError({TopicPartition(topic, 1): 0})

    with monkeypatch.context() as patched:
        patched.setattr(client._consumer, "poll", lose)
        with pytest.raises(OutOfRange):
            client.poll(0.5, 10)
    found: dict[Any, Any] = {}
    while not found:
        found = client.poll(0.5, 10)
    assert [record.offset for record in found[partitions[0]].records] == [0, 1, 2]
    client.close()


def ms(*day: int) -> int:
    return int(datetime(*day, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("timestamp_ms", "expected", "told"),
    [
        (None, None, ""),
        (-1, None, ""),
        (ms(2026, 3, 4) + 1, datetime(2026, 3, 4, microsecond=1000, tzinfo=UTC), ""),
        (ms(1971, 1, 1), datetime(1971, 1, 1, tzinfo=UTC), ""),
        (ms(2099, 12, 31), datetime(2099, 12, 31, tzinfo=UTC), ""),
        (0, None, "before 1971"),
        (ms(2026, 3, 4) // 1000, None, "before 1971"),
        (-2, None, "before 1971"),
        (-(1 << 63), None, "before 1971"),
        (ms(2100, 1, 1), None, "after 2099"),
        (ms(9999, 12, 31), None, "after 2099"),
        (10**17, None, "after 2099"),
        ((1 << 63) - 1, None, "after 2099"),
    ],
)
def test_times_of_arrival(timestamp_ms: int | None, expected: datetime | None, told: str) -> None:
    """Milliseconds to the millisecond; a time that cannot be meant is none, and is told of."""
    at, fault = arrival_time(timestamp_ms)
    assert at == expected
    assert (fault is None) == (not told)
    assert told in (fault or "")


def test_a_time_that_cannot_be_meant_is_told_by_story_and_reject(
    broker: EmbeddedBroker, topic: str
) -> None:
    """Neither gets a day of it, live and in a range that is read again alike."""
    values_of = [b'{"headline": "Ferry", "text": "The ferry sank."}', b" "]
    producer = KafkaProducer(bootstrap_servers=broker.bootstrap_servers)
    for timestamp_ms in (0, ms(9999, 12, 31), ms(2026, 3, 4)):
        for value in values_of:
            producer.send(topic, value, partition=0, timestamp_ms=timestamp_ms)
    producer.close()
    lake = FakeLake()
    live = [r for b in drain(reader_of(broker, lake, topic), lake) for r in b.records]
    found = resolve_range(KafkaOptions((broker.bootstrap_servers,), (topic,)), None, None)
    again = [r for part in found.ranges for r in part.records(part.start)]
    for records in (live, again):
        items = [item for record in records for item in parse_record(record)]
        assert [type(item) for item in items] == [Story, Reject] * 3
        assert [item.received_at and item.received_at.year for item in items] == [None] * 4 + [
            2026
        ] * 2
        said = [i.message if isinstance(i, Reject) else " ".join(i.warnings) for i in items]
        assert ["counts as none" in text for text in said] == [True] * 4 + [False] * 2
