"""The reader against a lake and a Kafka in memory: what it does in every odd case."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pipeline.errors import (
    BrokerError,
    ConfigError,
    CorruptBatchError,
    CredentialsError,
    DatelineError,
    OffsetExpiredError,
    StoreError,
)
from pipeline.model import Batch
from pipeline.source.kafka.groups import NO_TOPIC_ID
from pipeline.source.kafka.options import KafkaOptions, Limits
from pipeline.source.kafka.reader import Reader
from tests.support.broker import FakeClient, FakeKafka, FakeLake
from tests.support.laws import law

FLUSH_S = 5.0
LIMITS = Limits(10, flush_interval_s=FLUSH_S)


def reader_of(
    kafka: FakeKafka,
    lake: FakeLake,
    *,
    limits: Limits = LIMITS,
    group: int = 0,
    groups: int = 1,
    **options: Any,
) -> Reader:
    topics = options.pop("topics", tuple(sorted(kafka.ids)))
    return Reader(
        KafkaOptions(("nowhere:9092",), topics, **options),
        limits,
        group=group,
        groups=groups,
        lake_ends=lake.lake_ends,
        start_sources=lake.start_sources,
        clock=kafka.clock,
        sleep=kafka.sleep,
        connect=kafka.connect,
    )


def source(kafka: FakeKafka, number: int = 0, topic: str = "wire") -> str:
    return kafka.partition(topic, number).source


def must(batch: Batch | None) -> Batch:
    assert batch is not None
    return batch


def spans(batch: Batch | None) -> list[tuple[str, int, int, int]]:
    return [(b.source.rpartition("/")[2], b.start, b.end, b.records) for b in must(batch).blocks]


def read_all(kafka: FakeKafka, lake: FakeLake, reader: Reader, count: int) -> list[int]:
    """Return the offsets of the next `count` records, each batch committed."""
    offsets: list[int] = []
    until_s = kafka.now_s + 120
    while len(offsets) < count and kafka.now_s < until_s:
        batch = reader.read(1.0)
        if batch is not None:
            lake.commit(batch)
            offsets += [r.offset for r in batch.records]
    return offsets


def test_a_batch_waits_until_it_is_full_or_old() -> None:
    """Records stay in memory between calls, none of which takes longer than it may."""
    kafka, lake = FakeKafka(wire=2), FakeLake()
    reader = reader_of(kafka, lake)
    kafka.logs["wire", 0].append(4)
    for _ in range(4):
        before = kafka.now_s
        assert reader.read(1.0) is None
        assert kafka.now_s - before <= 1.01
    kafka.logs["wire", 1].append(2)
    assert spans(reader.read(2.0)) == [("0", 0, 4, 4), ("1", 0, 2, 2)]
    assert kafka.now_s == pytest.approx(FLUSH_S, abs=0.1)


def test_full_batches_are_cut_exactly() -> None:
    """`max_records` is kept to the record; the rest makes the next batch."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    reader = reader_of(kafka, lake)
    kafka.logs["wire", 0].append(25)
    for expected in ([("0", 0, 10, 10)], [("0", 10, 20, 10)], [("0", 20, 25, 5)]):
        batch = must(reader.read(10))
        assert spans(batch) == expected
        lake.commit(batch)


def test_it_begins_where_the_lake_ends() -> None:
    """Another reader, another process: the committed end decides, not what was handed out."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    kafka.logs["wire", 0].append(30)
    lake.commit(must(reader_of(kafka, lake).read()))
    reader_of(kafka, lake).read()
    assert spans(reader_of(kafka, lake).read()) == [("0", 10, 20, 10)]


def test_a_batch_that_was_not_committed_comes_again() -> None:
    """When the step after reading failed, the same reader hands the same records out again."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    reader = reader_of(kafka, lake)
    kafka.logs["wire", 0].append(15)
    first = must(reader.read())
    again = must(reader.read())
    assert first == again
    assert reader.counters.rereads == 1
    assert reader.counters.lost == 0


def test_a_zombie_drops_what_it_held() -> None:
    """When another writer moved the end, pending records are dropped, not handed out."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    reader = reader_of(kafka, lake)
    kafka.logs["wire", 0].append(4)
    assert reader.read() is None
    lake.ends[source(kafka)] = 3
    kafka.logs["wire", 0].append(1)
    assert spans(reader.read(FLUSH_S + 1)) == [("0", 3, 5, 2)]
    assert reader.counters.lost == 1


def test_a_source_lost_twice_is_left_alone_then_read_again() -> None:
    """Two jobs on one partition: one yields; when the other ends, the source is read on."""
    kafka, lake = FakeKafka(wire=2), FakeLake()
    reader = reader_of(kafka, lake)
    taken, other = kafka.logs["wire", 0], kafka.logs["wire", 1]
    for end in (5, 6):
        taken.append(10)
        assert spans(reader.read()) != []
        lake.ends[source(kafka)] = end
    taken.append(10)
    other.append(10)
    batch = must(reader.read())
    assert {b.source for b in batch.blocks} == {source(kafka, 1)}
    lake.commit(batch)
    assert not reader.caught_up()
    assert reader.counters.left_alone == 1

    deadline = kafka.now_s + 20
    while (batch_ := reader.read(1.0)) is None and kafka.now_s < deadline:
        pass
    assert spans(batch_)[0][:2] == ("0", 6)


def test_the_writer_may_report_a_loss() -> None:
    """A block that another one wrote just the same counts as lost when the writer says so."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    reader = reader_of(kafka, lake)
    for _ in range(2):
        kafka.logs["wire", 0].append(10)
        lake.commit(must(reader.read()))
        reader.report_lost([source(kafka), "kafka/of/another/reader/0"])
    assert reader.counters.left_alone == 1


def test_group_offsets_follow_the_lake() -> None:
    """The consumer group hears of an end once the lake has it, and never before."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    reader = reader_of(kafka, lake)
    kafka.logs["wire", 0].append(10)
    batch = must(reader.read())
    assert kafka.committed == {}
    lake.commit(batch)
    reader.read()
    assert kafka.committed == {source(kafka): 10}


@pytest.mark.parametrize(("start", "first"), [("earliest", 2), ("latest", 5)])
def test_the_first_start_is_policy_later_ones_earliest(start: str, first: int) -> None:
    """All partitions start at once, by policy; one that is added later starts at its earliest."""
    kafka, lake = FakeKafka(wire=2), FakeLake()
    for number in (0, 1):
        kafka.logs["wire", number].append(5)
        kafka.logs["wire", number].earliest = 2
    reader = reader_of(kafka, lake, start=start, groups=2, discover_interval_s=30)
    reader.read()
    assert lake.starts == [{source(kafka, 0): first, source(kafka, 1): first}]

    kafka.logs["wire", 2] = replace(kafka.logs["wire", 0], offsets=[0, 1, 2], end=3, earliest=0)
    kafka.logs["wire", 3] = replace(kafka.logs["wire", 0], offsets=[0, 1, 2], end=3, earliest=0)
    while len(lake.starts) < 2 and kafka.now_s < 100:
        reader.read(1.0)
    assert lake.starts[1] == {source(kafka, 2): 0, source(kafka, 3): 0}
    assert kafka.now_s <= 32


def test_a_start_is_never_resolved_again() -> None:
    """What arrived between a crash and the restart is read, under `latest` too."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    kafka.logs["wire", 0].append(5)
    reader_of(kafka, lake, start="latest").read()
    kafka.logs["wire", 0].append(10)
    assert spans(reader_of(kafka, lake, start="latest").read()) == [("0", 5, 15, 10)]


def test_a_client_whose_looking_failed_is_made_anew() -> None:
    """It began with credentials that may be others by now; what was read goes on from the lake."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    reader = reader_of(kafka, lake, discover_interval_s=30.0)
    kafka.logs["wire", 0].append(3)
    assert reader.read(1.0) is None
    kafka.now_s += 40.0
    kafka.away = True
    assert reader.read(1.0) is None
    assert reader.waiting_for is not None
    kafka.away = False
    kafka.now_s += 10.0
    assert spans(reader.read(1.0)) == [("0", 0, 3, 3)]
    assert (kafka.connected, kafka.closed) == (2, 1)


def test_what_came_while_a_batch_was_worked_on_has_waited_since() -> None:
    """It is old at once, with all that Kafka gives then: not after the flush interval again."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    reader = reader_of(kafka, lake, max_poll_records=2)
    kafka.logs["wire", 0].append(1)
    batch = must(reader.read(2 * FLUSH_S))
    kafka.now_s += FLUSH_S + 1
    kafka.logs["wire", 0].append(7)
    lake.commit(batch)
    begun_s = kafka.now_s
    assert spans(reader.read(1.0)) == [("0", 1, 8, 7)]
    assert 0 < kafka.now_s - begun_s < 0.5
    assert reader.taken_since_s == begun_s - FLUSH_S - 1


@pytest.mark.parametrize(("work_s", "waits_s"), [(0.5, 4.0), (1.0, 3.0), (2.0, 1.0), (3.0, 0.1)])
def test_a_batch_is_taken_so_early_that_it_lands_as_it_gets_old(
    work_s: float, waits_s: float
) -> None:
    """By what the batch before took, which is a part of the interval already: this is of 5 s."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    reader = reader_of(kafka, lake)
    kafka.logs["wire", 0].append(1)
    batch = must(reader.read(2 * FLUSH_S))
    kafka.now_s += work_s
    kafka.logs["wire", 0].append(2)
    lake.commit(batch)
    begun_s = kafka.now_s
    assert spans(reader.read(FLUSH_S)) == [("0", 1, 3, 2)]
    assert kafka.now_s - begun_s == pytest.approx(waits_s, abs=0.11)


def test_a_slow_batch_takes_half_of_the_interval_off_the_next_at_most() -> None:
    """Else a worker that is behind would land files of a few stories."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    reader = reader_of(kafka, lake)
    kafka.logs["wire", 0].append(1)
    batch = must(reader.read(2 * FLUSH_S))
    kafka.now_s += 10 * FLUSH_S
    lake.commit(batch)
    assert reader.read(0.5) is None
    begun_s = kafka.now_s
    kafka.logs["wire", 0].append(2)
    assert spans(reader.read(FLUSH_S)) == [("0", 1, 3, 2)]
    assert kafka.now_s - begun_s == pytest.approx(FLUSH_S / 2, abs=0.11)


def test_a_partition_that_lost_its_leader_keeps_nothing_from_being_read() -> None:
    """It is named, and nothing is asked of it, which would take seconds of each look at the lag."""
    kafka, lake = FakeKafka(bad=2, wire=1), FakeLake()
    reader = reader_of(kafka, lake, discover_interval_s=30.0)
    for log in kafka.logs.values():
        log.append(3)
    lake.commit(must(reader.read(FLUSH_S)))
    kafka.leaderless.add(("bad", 1))
    for log in kafka.logs.values():
        log.append(2)
    kafka.now_s += 31
    assert spans(reader.read(2 * FLUSH_S)) == [("0", 3, 5, 2), ("0", 3, 5, 2)]
    assert {topic: t.state for topic, t in reader.topics.items()} == {
        "bad": "failing",
        "wire": "read",
    }
    assert reader.topics["bad"].reason == "no leader: partition 1 of topic 'bad'"
    begun_s = kafka.now_s
    assert sorted(reader.lag()) == sorted(source(kafka, n, t) for t, n in (("bad", 0), ("wire", 0)))
    assert kafka.now_s == begun_s
    other = reader_of(kafka, FakeLake())
    assert other.read(2 * FLUSH_S) is not None
    assert not reader.caught_up()
    kafka.leaderless.clear()
    kafka.now_s += 31
    batch = must(reader.read(2 * FLUSH_S))
    assert [(b.source, b.start, b.end) for b in batch.blocks][-1][1:] == (3, 5)
    assert {t.state for t in reader.topics.values()} == {"read"}


def test_each_partition_belongs_to_one_group() -> None:
    """Over all groups, every record is handed out once."""
    kafka, lake = FakeKafka(wire=5, other=2), FakeLake()
    for log in kafka.logs.values():
        log.append(3)
    readers = [reader_of(kafka, lake, group=n, groups=3) for n in range(3)]
    found = [r for reader in readers for r in must(reader.read(FLUSH_S)).records]
    assert len(found) == len({(r.source, r.offset) for r in found}) == 21


def test_a_recreated_topic_is_a_new_source() -> None:
    """Records of the new topic never bear the old one's name, though fetched under it."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    reader = reader_of(kafka, lake)
    kafka.logs["wire", 0].append(10)
    lake.commit(must(reader.read()))
    old = source(kafka)
    kafka.recreate("wire")
    kafka.logs["wire", 0].append(20)
    found = []
    for _ in range(2):
        batch = must(reader.read(FLUSH_S))
        lake.commit(batch)
        found += [(r.source, r.offset) for r in batch.records]
    assert found == [(source(kafka), n) for n in range(20)]
    assert lake.ends == {old: 10, source(kafka): 20}


def test_expired_offsets_stop_the_job() -> None:
    """The error names the topic, the partition and the range."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    kafka.logs["wire", 0].append(10)
    lake.ends[source(kafka)] = 2
    kafka.logs["wire", 0].earliest = 6
    with pytest.raises(OffsetExpiredError) as caught:
        reader_of(kafka, lake).read()
    assert dict(caught.value.evidence) == {
        "topic": "wire",
        "partition": 0,
        "committed": 2,
        "position": 2,
        "earliest": 6,
    }


@pytest.mark.parametrize("running", [False, True])
def test_expired_offsets_may_be_skipped(running: bool) -> None:
    """Skipped, the range is a reject and part of a block: at the start as while running."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    log = kafka.logs["wire", 0]
    reader = reader_of(kafka, lake, on_expired="skip")
    if running:
        reader.read()
    else:
        lake.ends[source(kafka)] = 0
    log.append(10)
    log.earliest = 6
    batch = must(reader.read(FLUSH_S + 1))
    assert spans(batch) == [("0", 0, 10, 4)]
    (reject,) = batch.rejects
    assert (reject.kind, reject.stage, reject.offset, reject.item) == (
        "skipped.expired",
        "read",
        0,
        0,
    )
    assert "0 to 5" in reject.message


def test_a_corrupt_batch_stops_the_job_once_what_precedes_it_landed() -> None:
    """The five before it are handed out, and the error names the place when the lake has them."""
    kafka, lake = FakeKafka(wire=2), FakeLake()
    log, other = kafka.logs["wire", 0], kafka.logs["wire", 1]
    log.append(10)
    log.spoil(5, 8)
    other.append(3)
    reader = reader_of(kafka, lake)
    batch = must(reader.read(FLUSH_S + 1))
    assert spans(batch) == [("0", 0, 5, 5), ("1", 0, 3, 3)]
    assert not reader.caught_up()
    lake.commit(must(reader.read(FLUSH_S + 1)))
    with pytest.raises(CorruptBatchError) as caught:
        reader.read(FLUSH_S + 1)
    assert caught.value.exit_code == 17
    told = caught.value.evidence
    assert (told["topic"], told["partition"], told["offset"]) == ("wire", 0, 5)


def test_a_corrupt_batch_may_be_skipped() -> None:
    """Its offsets are a reject and part of the block; what follows is read."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    log = kafka.logs["wire", 0]
    log.append(9)
    log.spoil(5, 8)
    reader = reader_of(kafka, lake, on_corrupt="skip")
    batch = must(reader.read(FLUSH_S + 1))
    assert spans(batch) == [("0", 0, 9, 6)]
    (reject,) = batch.rejects
    assert (reject.kind, reject.stage, reject.offset) == ("skipped.corrupt", "read", 5)
    assert "5 to 7" in reject.message
    lake.commit(batch)
    assert reader.caught_up()


def test_neighbouring_corrupt_batches_are_one_account() -> None:
    """Those with a record between them are two."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    log = kafka.logs["wire", 0]
    log.append(16)
    for start, end in ((5, 8), (8, 10), (10, 11), (12, 14)):
        log.spoil(start, end)
    reader = reader_of(kafka, lake, on_corrupt="skip")
    batch = must(reader.read(FLUSH_S + 1))
    assert spans(batch) == [("0", 0, 16, 8)]
    assert [(r.offset, r.end_offset) for r in batch.rejects] == [(5, 11), (12, 14)]
    assert "5 to 10" in batch.rejects[0].message
    lake.commit(batch)
    assert reader.caught_up()


def test_a_corrupt_batch_ends_where_the_log_does() -> None:
    """A damaged header may say anything: no offset is skipped that was not written yet."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    log = kafka.logs["wire", 0]
    log.append(9)
    log.spoil(5, 1_000_000)
    reader = reader_of(kafka, lake, on_corrupt="skip")
    lake.commit(must(reader.read(FLUSH_S + 1)))
    log.corrupt.clear()
    log.append(2)
    assert spans(reader.read(FLUSH_S + 1)) == [("0", 9, 11, 2)]


def test_after_a_poll_that_failed_the_client_is_another_one() -> None:
    """Nothing of the old one is used; pauses hold, and nothing is lost or doubled."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    reader = reader_of(kafka, lake, broker_timeout_s=60.0)
    reader.start()
    kafka.logs["wire", 0].append(4)
    kafka.trips = 3
    before, polls = kafka.connected, 0
    while (batch := reader.read(0.1)) is None:
        polls += 1
        assert polls < 200
    assert kafka.connected == before + 3
    assert kafka.closed == 3
    assert spans(batch) == [("0", 0, 4, 4)]
    kafka.trips = 10**6
    with pytest.raises(BrokerError, match="trips"):
        while True:
            reader.read(0.1)
    assert kafka.trips > 10**6 - 60


def test_one_missing_topic_keeps_nobody_from_the_others() -> None:
    """It is told, and read once it is there."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    kafka.logs["wire", 0].append(3)
    reader = reader_of(kafka, lake, topics=("wire", "late"))
    batch = must(reader.read(FLUSH_S + 1))
    assert spans(batch) == [("0", 0, 3, 3)]
    lake.commit(batch)
    assert {t: trouble.state for t, trouble in reader.topics.items()} == {
        "wire": "read",
        "late": "missing",
    }
    assert reader.caught_up()
    kafka.create("late", 2)
    kafka.logs["late", 1].append(4)
    kafka.sleep(31)
    batch = must(reader.read(FLUSH_S + 1))
    assert [(b.source, b.end) for b in batch.blocks] == [(source(kafka, 1, "late"), 4)]
    assert {trouble.state for trouble in reader.topics.values()} == {"read"}


def test_a_deleted_topic_keeps_nobody_from_the_others() -> None:
    """Also where the lag is asked for before each read, as the job does, and cannot be said."""
    kafka, lake = FakeKafka(gone=2, wire=1), FakeLake()
    kafka.logs["gone", 0].append(2)
    reader = reader_of(kafka, lake)
    lake.commit(must(reader.read(FLUSH_S + 1)))
    kafka.delete("gone")
    kafka.logs["wire", 0].append(5)
    begin_s = kafka.now_s
    while (batch := (reader.lag(), reader.read(0.5))[1]) is None:
        assert kafka.now_s - begin_s < 30
    assert spans(batch) == [("0", 0, 5, 5)]
    assert reader.topics["gone"].state == "missing"


@pytest.mark.parametrize("partitions", [1, 2, 3])
def test_a_topic_made_again_is_found_whatever_its_partitions(partitions: int) -> None:
    """Within the interval of discovery, with the lag asked for before each read."""
    kafka, lake = FakeKafka(wire=2), FakeLake()
    kafka.logs["wire", 1].append(4)
    reader = reader_of(kafka, lake)
    lake.commit(must(reader.read(FLUSH_S + 1)))
    kafka.recreate("wire", partitions)
    kafka.logs["wire", 0].append(6)
    begin_s = kafka.now_s
    while (batch := (reader.lag(), reader.read(0.5))[1]) is None:
        assert kafka.now_s - begin_s < 45
    assert batch.blocks[0].source == source(kafka, 0)
    assert batch.blocks[0].records == 6
    assert len(reader.sources) == partitions


@pytest.mark.parametrize("how", ["hidden", "unreadable"])
def test_a_topic_without_access_is_that_topics_trouble(how: str) -> None:
    """Whether it may be described or not; with no other topic it is the job's."""
    kafka, lake = FakeKafka(secret=1, wire=1), FakeLake()
    getattr(kafka, how).add("secret")
    kafka.logs["wire", 0].append(3)
    reader = reader_of(kafka, lake)
    batch = must(reader.read(FLUSH_S + 1))
    assert spans(batch) == [("0", 0, 3, 3)]
    lake.commit(batch)
    assert reader.topics["secret"].state == "refused"
    with pytest.raises(BrokerError, match="secret"):
        reader.caught_up()
    kafka.hidden.clear()
    kafka.unreadable.clear()
    kafka.logs["secret", 0].append(2)
    kafka.sleep(31)
    assert [b.source for b in must(reader.read(FLUSH_S + 1)).blocks] == [source(kafka, 0, "secret")]
    kafka.delete("wire")
    getattr(kafka, how).add("secret")
    with pytest.raises(BrokerError, match="refuses access"):
        reader_of(kafka, lake).read(FLUSH_S + 1)


def test_topics_are_found_by_pattern_as_they_come() -> None:
    """A whole name must match; Kafka's own topics and the dead letters' are none of them."""
    kafka, lake = FakeKafka(), FakeLake()
    for topic in ("wire.en", "wire.dead", "other", "__consumer_offsets", "a.wire.x"):
        kafka.create(topic, 1)
        kafka.logs[topic, 0].append(1)
    reader = reader_of(kafka, lake, topics=(r"wire.*|__.*",), but_topics=("wire.dead",))
    lake.commit(must(reader.read(FLUSH_S + 1)))
    assert [s.split("/")[2] for s in reader.sources] == ["wire.en"]
    kafka.create("wire.fr", 2)
    kafka.logs["wire.fr", 1].append(2)
    kafka.sleep(31)
    lake.commit(must(reader.read(FLUSH_S + 1)))
    assert [s.split("/")[2] for s in reader.sources] == ["wire.en", "wire.fr", "wire.fr"]
    kafka.delete("wire.en")
    kafka.sleep(31)
    reader.read(0.1)
    assert {s.split("/")[2] for s in reader.sources} == {"wire.fr"}


def test_what_an_open_transaction_holds_back_is_lag() -> None:
    """It counts, is told apart, and nothing is caught up before it has landed."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    log = kafka.logs["wire", 0]
    log.append(10)
    log.held_from = 4
    reader = reader_of(kafka, lake)
    lake.commit(must(reader.read(FLUSH_S + 1)))
    assert not reader.caught_up()
    assert reader.lag() == {source(kafka): 6}
    assert reader.held_back == {kafka.partition("wire", 0): 6}
    (lag,) = reader.lags(datetime(2026, 3, 4, tzinfo=UTC))
    assert (lag.records, lag.held) == (6, 6)
    log.held_from = None
    lake.commit(must(reader.read(FLUSH_S + 1)))
    assert reader.caught_up()
    assert (reader.lag(), reader.held_back) == ({source(kafka): 0}, {})


def test_what_arrives_between_two_answers_is_not_held_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The broker is asked twice, and gets records meanwhile."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    log = kafka.logs["wire", 0]
    log.append(3)
    reader = reader_of(kafka, lake)
    own = FakeClient.offsets

    def answered(self: FakeClient, *asked: Any) -> Any:
        found = own(self, *asked)
        log.append(1)
        return found

    monkeypatch.setattr(FakeClient, "offsets", answered)
    lake.commit(must(reader.read(FLUSH_S + 1)))
    reader.caught_up()
    assert reader.held_back == {}


def test_a_broker_without_topic_ids() -> None:
    """Kafka below 2.8: a source has the topic's name alone, is grouped by it, and resumes."""
    kafka, lake = FakeKafka(wire=2), FakeLake()
    kafka.ids["wire"] = NO_TOPIC_ID
    kafka.logs["wire", 0].append(3)
    reader = reader_of(kafka, lake)
    lake.commit(must(reader.read(FLUSH_S + 1)))
    assert sorted(lake.ends) == ["kafka/cluster/wire/-/0", "kafka/cluster/wire/-/1"]
    reader.close()
    kafka.logs["wire", 0].append(2)
    assert spans(reader_of(kafka, lake).read(FLUSH_S + 1)) == [("0", 3, 5, 2)]
    halves = [reader_of(kafka, lake, group=n, groups=2) for n in range(2)]
    for half in halves:
        half.start()
    assert [len(half.sources) for half in halves] == [1, 1]


def test_a_log_cut_below_the_lake_stops_the_job() -> None:
    """Skipping cannot help where the broker lost what the lake holds: never read on silently."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    reader = reader_of(kafka, lake, on_expired="skip")
    reader.start()
    partition = kafka.partition("wire", 0)
    with pytest.raises(OffsetExpiredError, match="cut"):
        reader._expired(partition, 7)


def test_caught_up_means_committed_and_an_empty_poll() -> None:
    """Not while records are pending, nor handed out but not in the lake, nor unread."""
    kafka, lake = FakeKafka(wire=2), FakeLake()
    reader = reader_of(kafka, lake)
    assert reader.caught_up()
    kafka.logs["wire", 0].append(10)
    assert not reader.caught_up()
    batch = must(reader.read())
    assert not reader.caught_up()
    lake.commit(must(reader.read()))
    assert batch.records
    assert reader.caught_up()
    kafka.logs["wire", 1].marker()
    assert not reader.caught_up()


def test_the_silence_of_reads_counts_for_having_caught_up() -> None:
    """As long as it is of polls in a row: neither after a pause nor after a record."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    limits = Limits(1, flush_interval_s=FLUSH_S)
    reader = reader_of(kafka, lake, limits=limits, client={"fetch_max_wait_ms": 400})
    reader.start()

    def taken_s() -> float:
        before_s = kafka.now_s
        assert reader.caught_up()
        return kafka.now_s - before_s

    assert taken_s() == pytest.approx(1.0, abs=0.02)
    assert reader.read(0.6) is None
    assert taken_s() == pytest.approx(0.0, abs=0.02)
    kafka.sleep(60)
    assert reader.read(0.6) is None
    assert taken_s() == pytest.approx(0.4, abs=0.02)
    kafka.logs["wire", 0].append(1)
    lake.commit(must(reader.read(FLUSH_S + 1)))
    assert reader.read(0.3) is None
    assert taken_s() == pytest.approx(0.7, abs=0.02)


def test_lag_counts_what_the_lake_lacks() -> None:
    """Pending records are lag: only the lake counts."""
    kafka, lake = FakeKafka(wire=2), FakeLake()
    reader = reader_of(kafka, lake)
    kafka.logs["wire", 0].append(12)
    batch = must(reader.read())
    assert reader.lag() == {source(kafka, 0): 2, source(kafka, 1): 0}
    assert batch.records
    reader.close()
    assert reader.lag() == {}


def test_an_outage_is_waited_out() -> None:
    """While the broker is away reads give None; when it is back, nothing is missing."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    reader = reader_of(kafka, lake, broker_timeout_s=60)
    kafka.logs["wire", 0].append(3)
    assert reader.read() is None
    kafka.away = True
    for _ in range(20):
        assert reader.read(1.0) is None
    assert reader.waiting_for == "the broker is away"
    kafka.away = False
    kafka.logs["wire", 0].append(1)
    assert read_all(kafka, lake, reader, 4) == [0, 1, 2, 3]
    assert reader.waiting_for is None


CHANGING = [
    CredentialsError("Kafka refuses the credentials"),
    ConfigError("the password's file cannot be read"),
]


@pytest.mark.parametrize("refusal", CHANGING)
def test_credentials_may_change_on_one_side_first(refusal: DatelineError) -> None:
    """Who was let in tries again for a while, as broker and file do not change together."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    reader = reader_of(kafka, lake, broker_timeout_s=60)
    kafka.logs["wire", 0].append(2)
    assert read_all(kafka, lake, reader, 2) == [0, 1]
    # The session ends, and who connects anew is refused.
    kafka.away = True
    assert reader.read(1.0) is None
    kafka.away, kafka.refusal = False, refusal
    for _ in range(20):
        assert reader.read(1.0) is None
    assert reader.waiting_for == str(refusal)
    kafka.refusal = None
    kafka.logs["wire", 0].append(1)
    assert read_all(kafka, lake, reader, 1) == [2]
    kafka.away = True
    reader.read(1.0)
    kafka.away, kafka.refusal = False, refusal
    with pytest.raises(BrokerError, match=str(refusal)):
        while kafka.now_s < 1000:
            reader.read(1.0)


@pytest.mark.parametrize("refusal", CHANGING)
def test_credentials_that_never_were_good_are_refused_at_once(refusal: DatelineError) -> None:
    kafka = FakeKafka(wire=1)
    kafka.refusal = refusal
    with pytest.raises(type(refusal), match=str(refusal)):
        reader_of(kafka, FakeLake(), broker_timeout_s=60).start()
    assert kafka.now_s < 1


def test_an_outage_ends_in_an_error_with_evidence() -> None:
    """Patience ends: the error names the address, the topics and how long it lasted."""
    kafka, lake = FakeKafka(wire=1), FakeLake()
    kafka.away = True
    reader = reader_of(kafka, lake, broker_timeout_s=60)
    with pytest.raises(BrokerError) as caught:
        while kafka.now_s < 1000:
            reader.read(1.0)
    assert caught.value.evidence["address"] == "nowhere:9092"
    assert caught.value.evidence["topics"] == "wire"
    with pytest.raises(BrokerError):
        reader_of(kafka, lake, broker_timeout_s=60).start()


def test_a_lake_that_forgets_is_loud() -> None:
    """A start that was committed and is not there is a fault of the store."""
    kafka = FakeKafka(wire=1)
    lake = FakeLake()
    lake.start_sources = lambda first, later: None  # type: ignore[method-assign]
    with pytest.raises(StoreError):
        reader_of(kafka, lake).read()


class TwoJobs(RuleBasedStateMachine):
    """Two readers on the same partitions, failing, dying and racing at will.

    A batch enters the lake as the writer lets it: a block that begins at the committed end is
    taken, one that begins below it loses what is there already, one above it is a lost record.
    """

    @initialize()
    def begin(self) -> None:
        self.kafka = FakeKafka(wire=3)
        self.lake = FakeLake()
        self.rows: list[tuple[str, int]] = []
        self.readers = [self._reader(), self._reader()]

    def _reader(self) -> Reader:
        return reader_of(self.kafka, self.lake, limits=Limits(4, flush_interval_s=2))

    @rule(partition=st.integers(0, 2), count=st.integers(1, 6), marker=st.booleans())
    def produce(self, partition: int, count: int, marker: bool) -> None:
        self.kafka.logs["wire", partition].append(count)
        if marker:
            self.kafka.logs["wire", partition].marker()

    @rule(which=st.integers(0, 1), timeout_s=st.sampled_from([0.0, 1.0, 3.0]), lands=st.booleans())
    def read(self, which: int, timeout_s: float, lands: bool) -> None:
        batch = self.readers[which].read(timeout_s)
        if batch is not None and lands:
            self._write(batch)

    @rule(which=st.integers(0, 1))
    def die(self, which: int) -> None:
        self.readers[which] = self._reader()

    @rule(away=st.booleans())
    def outage(self, away: bool) -> None:
        self.kafka.away = away

    def _write(self, batch: Batch) -> None:
        for block in batch.blocks:
            committed = self.lake.ends[block.source]
            assert block.start <= committed, "a gap"
            self.rows += [
                (r.source, r.offset)
                for r in batch.records
                if r.source == block.source and r.offset >= committed
            ]
            self.lake.ends[block.source] = max(committed, block.end)

    @invariant()
    def nothing_twice(self) -> None:
        assert len(self.rows) == len(set(self.rows))

    def teardown(self) -> None:
        self.kafka.away = False
        reader = self.readers[0]
        for _ in range(400):
            batch = reader.read(1.0)
            if batch is not None:
                self._write(batch)
            elif reader.caught_up():
                break
        else:
            raise AssertionError("never caught up")
        expected = {
            (self.kafka.partition(topic, number).source, offset)
            for (topic, number), log in self.kafka.logs.items()
            for offset in log.offsets
        }
        assert set(self.rows) == expected


TestTwoJobs = TwoJobs.TestCase
TestTwoJobs.settings = law(60, stateful_step_count=30)
