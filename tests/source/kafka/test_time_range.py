"""A range of a topic: resolved once, read to its end, whatever lies in its gaps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.errors import BrokerError, CorruptBatchError, OffsetExpiredError, UsageError
from pipeline.model import Reject
from pipeline.parse import parse_record
from pipeline.source.kafka.groups import parse_source
from pipeline.source.kafka.options import KafkaOptions
from pipeline.source.kafka.time_range import resolve_range
from tests.support.broker import FakeKafka

OPTIONS = KafkaOptions(("here:1",), ("wire",), group_id=None, max_poll_records=3)


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


@pytest.fixture
def kafka() -> FakeKafka:
    """Two partitions: 20 records and 5; record n is of second n."""
    found = FakeKafka(wire=2)
    found.logs["wire", 0].append(20)
    found.logs["wire", 1].append(5)
    return found


def test_a_range_holds_the_records_between_two_times(kafka: FakeKafka) -> None:
    """The first at or after its begin, none at or after its end; a partition without any is out."""
    found = resolve_range(OPTIONS, at(4.5), at(11), kafka.connect)
    assert [(r.source, r.start, r.total) for r in found.ranges] == [
        ("kafka-replay/cluster/wire/id-wire/0/5-11", 5, 11)
    ]
    (part,) = found.ranges
    records = list(part.records(part.start))
    assert [r.offset for r in records] == list(range(5, 11))
    assert {r.source for r in records} == {part.source}
    assert [r.offset for r in part.records(8)] == [8, 9, 10]
    assert parse_source(part.source) is None
    assert found.offsets == 6


def test_an_open_range_is_all_that_the_broker_has_now(kafka: FakeKafka) -> None:
    """What arrives later is not part of it; what the broker dropped is said."""
    kafka.logs["wire", 0].earliest = 7
    found = resolve_range(OPTIONS, None, None, kafka.connect)
    kafka.logs["wire", 0].append(5)
    assert [(r.start, r.total) for r in found.ranges] == [(7, 20), (0, 5)]
    assert [r.offset for r in found.ranges[0].records(7)] == list(range(7, 20))
    assert len(found.notes) == 1
    assert "begins at offset 7" in found.notes[0]


def test_an_end_that_is_told_too_low_is_seen(kafka: FakeKafka) -> None:
    """The embedded broker tells where its last batch begins: what is in it belongs to the range."""
    kafka.logs["wire", 0].told = 18
    kafka.logs["wire", 1].told = 1
    found = resolve_range(OPTIONS, at(4), None, kafka.connect)
    assert [(r.start, r.total) for r in found.ranges] == [(4, 20), (4, 5)]
    cut = resolve_range(OPTIONS, None, at(3), kafka.connect)
    assert [(r.start, r.total) for r in cut.ranges] == [(0, 3), (0, 3)]


def test_an_end_that_no_record_has_reached_is_said(kafka: FakeKafka) -> None:
    """The range then ends where the partition does."""
    found = resolve_range(OPTIONS, at(18), at(1000), kafka.connect)
    assert [(r.start, r.total) for r in found.ranges] == [(18, 20)]
    assert "ends at offset 20" in found.notes[0]


def test_offsets_without_a_record_are_passed_over(kafka: FakeKafka) -> None:
    """Markers in the middle and at the end: the reading ends all the same."""
    kafka.logs["wire", 1].marker()
    kafka.logs["wire", 1].append(1)
    kafka.logs["wire", 1].marker()
    found = resolve_range(OPTIONS, at(0), None, kafka.connect)
    part = found.ranges[1]
    assert (part.start, part.total) == (0, 8)
    assert [r.offset for r in part.records(0)] == [0, 1, 2, 3, 4, 6]


def test_an_empty_range_is_a_usage_error(kafka: FakeKafka) -> None:
    """Also one that ends before it begins."""
    with pytest.raises(UsageError, match="no record in this range"):
        resolve_range(OPTIONS, at(50), None, kafka.connect)
    with pytest.raises(UsageError, match="ends before it begins"):
        resolve_range(OPTIONS, at(5), at(5) - timedelta(seconds=1), kafka.connect)


def test_records_that_expire_meanwhile_stop_the_reading(kafka: FakeKafka) -> None:
    """Nothing is passed over in silence."""
    part = resolve_range(OPTIONS, at(2), at(9), kafka.connect).ranges[0]
    kafka.logs["wire", 0].earliest = 6
    with pytest.raises(OffsetExpiredError, match="no longer has records"):
        list(part.records(2))


def test_a_corrupt_batch_stops_the_reading_or_is_a_reject(kafka: FakeKafka) -> None:
    """By `on_corrupt`: the reject names the offsets, and the rest is read."""
    kafka.logs["wire", 0].spoil(5, 8)
    part = resolve_range(OPTIONS, None, None, kafka.connect).ranges[0]
    with pytest.raises(CorruptBatchError):
        list(part.records(0))
    skipping = replace(part, options=replace(OPTIONS, on_corrupt="skip"))
    records = list(skipping.records(0))
    assert [r.offset for r in records] == [*range(6), *range(8, 20)]
    (reject,) = parse_record(records[5])
    assert isinstance(reject, Reject)
    assert reject.offset == 5
    assert "offsets 5 to 7 of partition 0 of wire cannot be decoded" in reject.message


def test_a_broker_that_is_away_is_an_error(kafka: FakeKafka) -> None:
    """While resolving and while reading."""
    part = resolve_range(OPTIONS, None, None, kafka.connect).ranges[0]
    kafka.away = True
    with pytest.raises(BrokerError):
        list(part.records(0))
    with pytest.raises(BrokerError):
        resolve_range(OPTIONS, None, None, kafka.connect)
