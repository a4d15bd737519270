"""How far behind: exact once a record was read, a bound before, unknown rather than invented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline.model import Record
from pipeline.source.kafka.groups import Partition
from pipeline.source.kafka.lag import Ages, Lag
from tests.source.kafka.test_reader import must, reader_of
from tests.support.broker import FakeKafka, FakeLake

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ONE = Partition("c", "wire", "t", 0)


def later(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def test_nothing_lacking_is_no_age() -> None:
    """Whatever was read before."""
    ages = Ages()
    ages.taken([Record(ONE.source, 0, b"", received_at=NOON)])
    assert ages.look(ONE, 0, None, later(9)) == Lag(ONE, 0)


def test_a_record_in_memory_tells_its_own_time() -> None:
    """It is the first that the lake lacks."""
    ages = Ages()
    ages.taken([Record(ONE.source, 0, b"", received_at=NOON)])
    assert ages.look(ONE, 4, later(5), later(9)).since == later(5)


def test_before_it_is_read_the_age_is_bounded() -> None:
    """By the last record read, and by the moment when nothing was lacking: the later one."""
    ages = Ages()
    assert ages.look(ONE, 4, None, later(1)).since is None
    ages.taken([Record(ONE.source, n, b"", received_at=later(n)) for n in range(3)])
    assert ages.look(ONE, 4, None, later(100)).since == later(2)
    ages.look(ONE, 0, None, later(3600))
    assert ages.look(ONE, 1, None, later(3610)).since == later(3600)
    ages.forget(ONE.source)
    assert ages.look(ONE, 1, None, later(3620)).since is None


def test_a_reader_tells_of_every_partition() -> None:
    """Those with nothing to read too; of the others since when, once something was read."""
    kafka, lake = FakeKafka(wire=2), FakeLake()
    reader = reader_of(kafka, lake)
    assert reader.lags(NOON) == []
    kafka.logs["wire", 0].append(12)
    lake.commit(must(reader.read()))
    found = {lag.partition.number: lag for lag in reader.lags(NOON)}
    assert (found[0].records, found[1].records) == (2, 0)
    assert found[1].since is None
    assert reader.taken_since_s is not None
    assert reader.waiting_since_s is None
    assert reader.read(1.0) is None
    assert reader.waiting_since_s is not None
    must(reader.read(9.0))
    assert reader.waiting_since_s is None
