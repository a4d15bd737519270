"""Batches that kafka-python cannot decode, read by its own fetcher."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import requires
from types import SimpleNamespace
from typing import Any

import pytest
from kafka.consumer.fetcher import Fetcher, IsolationLevel
from kafka.errors import CorruptRecordError, InvalidTopicError
from kafka.record import MemoryRecords
from kafka.record.memory_records import MemoryRecordsBuilder
from kafka.structs import TopicPartition

from pipeline.compat import kafka_batches
from pipeline.compat.kafka_batches import UnreadableBatch, tell_unreadable_batches

NAME = TopicPartition("wire", 0)
HEADER_BYTES = 61
DELTA_AT = 23
CODEC_AT = 22


def a_batch(offset: int, count: int, codec: int = 0) -> bytearray:
    builder = MemoryRecordsBuilder(magic=2, compression_type=codec, batch_size=100_000)
    for n in range(count):
        builder.append(timestamp=n, key=None, value=b"story %d" % (offset + n))
    builder.close()
    found = bytearray(builder.buffer())
    found[:8] = offset.to_bytes(8, "big")
    return found


def part_of(data: bytes, at: int = 0) -> Any:
    return Fetcher.PartitionRecords(at, NAME, MemoryRecords(bytes(data)))


@pytest.fixture(autouse=True)
def told() -> Iterator[None]:
    tell_unreadable_batches()
    yield


@pytest.mark.parametrize("codec", [0, 1, 2, 3, 4])
def test_batches_of_every_codec_are_read(codec: int) -> None:
    """Kafka's four: gzip, snappy, lz4, zstd; and none."""
    part = part_of(a_batch(0, 5, codec))
    assert [r.value for r in part.take(9)] == [b"story %d" % n for n in range(5)]


def test_what_decodes_them_comes_with_the_package() -> None:
    """No extra has to be asked for: kafka-python itself depends on none of its codecs."""
    needed = {line for line in requires("dateline") or () if "extra" not in line}
    assert {re.split(r"[^\w-]", line)[0] for line in needed} >= {"lz4", "python-snappy"}


@pytest.mark.parametrize("at", [HEADER_BYTES + 3, DELTA_AT + 3, CODEC_AT])
def test_a_damaged_batch_names_its_offsets(at: int) -> None:
    """One bit of a record, of the header's count, of the codec: what precedes it is given, and the
    error says where it stands and where the next one begins."""
    damaged = a_batch(5, 3)
    damaged[at] ^= 1
    part = part_of(a_batch(0, 5) + damaged + a_batch(8, 2))
    assert [r.offset for r in part.take(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(UnreadableBatch) as caught:
        part.take(9)
    assert (caught.value.name, caught.value.position, caught.value.end) == (NAME, 5, 8)
    assert "checksum" in caught.value.reason


def test_the_fetch_is_let_go() -> None:
    """Where the error is kept for later, the fetch is asked for again: no iterator stays spent."""
    damaged = a_batch(5, 3)
    damaged[-1] ^= 1
    part = part_of(a_batch(0, 5) + damaged)
    assert len(part.take(9)) == 5
    assert not part
    again = part_of(damaged, at=5)
    with pytest.raises(UnreadableBatch) as caught:
        again.take(9)
    assert (caught.value.position, caught.value.end) == (5, 8)
    assert not again


def test_a_damaged_end_gives_up_one_offset_where_nothing_follows() -> None:
    """A header that cannot be believed, at the end of a fetch: the next fetch meets the rest."""
    damaged = a_batch(5, 3)
    damaged[DELTA_AT : DELTA_AT + 4] = (0).to_bytes(4, "big")
    with pytest.raises(UnreadableBatch) as caught:
        part_of(damaged, at=6).take(9)
    assert (caught.value.position, caught.value.end) == (6, 7)


@pytest.mark.parametrize("bit", range(64))
def test_a_first_offset_that_does_not_fit_is_told(bit: int) -> None:
    """It stands outside the checksum: as it is, records had other offsets, or none came after."""
    damaged = a_batch(5, 5)
    damaged[bit // 8] ^= 0x80 >> bit % 8
    part = part_of(a_batch(0, 5) + damaged + a_batch(10, 5))
    assert [r.offset for r in part.take(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(UnreadableBatch) as caught:
        part.take(9)
    assert caught.value.position == 5
    assert 5 < caught.value.end <= 10
    assert "do not fit" in caught.value.reason


def test_a_batch_that_ends_before_what_was_asked_for_is_told() -> None:
    """It was skipped as one that holds earlier records, and asked for again for ever."""
    with pytest.raises(UnreadableBatch) as caught:
        part_of(a_batch(1, 5), at=7).take(9)
    assert (caught.value.position, caught.value.end) == (7, 8)


def test_gaps_and_earlier_records_are_no_damage() -> None:
    """Compaction leaves the one, and a fetch from the middle of a batch the other."""
    part = part_of(a_batch(0, 5) + a_batch(9, 2) + a_batch(20, 1), at=3)
    assert [r.offset for r in part.take(9)] == [3, 4, 9, 10, 20]


@pytest.mark.parametrize("length", [10_000, -1])
def test_an_answer_without_a_whole_batch_is_told(length: int) -> None:
    """A broker cuts the last batch of an answer, never the first."""
    damaged = a_batch(5, 3)
    damaged[8:12] = length.to_bytes(4, "big", signed=True)
    with pytest.raises(UnreadableBatch) as caught:
        part = answered(0, 5, 5, bytes(damaged))
        part.take(9)
    assert (caught.value.name, caught.value.position, caught.value.end) == (NAME, 5, 6)


def test_an_answer_with_a_cut_last_batch_is_read() -> None:
    whole = a_batch(5, 3)
    part = answered(0, 5, 5, bytes(whole + a_batch(8, 3)[:-7]))
    assert [r.offset for r in part.take(9)] == [5, 6, 7]


def answered(error_code: int, at: int, position: int, records: bytes = b"") -> Any:
    """What the fetcher makes of a broker's answer to a fetch from `at`, standing at `position`."""
    state = SimpleNamespace(
        position=SimpleNamespace(offset=position),
        highwater=None,
        update_preferred_read_replica=lambda *_: None,
    )
    fetcher = SimpleNamespace(
        _subscriptions=SimpleNamespace(
            assignment={NAME: state},
            is_fetchable=lambda _: True,
            move_partition_to_end=lambda _: None,
        ),
        PartitionRecords=Fetcher.PartitionRecords,
        config={
            "key_deserializer": None,
            "value_deserializer": None,
            "check_crcs": True,
            "metadata_max_age_ms": 1,
        },
        _isolation_level=IsolationLevel.READ_COMMITTED,
        _on_partition_records_drain=lambda _: None,
    )
    data = SimpleNamespace(
        error_code=error_code,
        high_watermark=9,
        records=records,
        diverging_epoch=None,
        aborted_transactions=None,
        preferred_read_replica=None,
    )
    fetch = SimpleNamespace(
        topic_partition=NAME,
        fetched_offset=at,
        partition_data=data,
        metric_aggregator=None,
        response_version=11,
    )
    return Fetcher._parse_fetched_data(fetcher, fetch)


def test_a_broker_that_finds_the_damage_itself_is_told_alike() -> None:
    """CORRUPT_MESSAGE stands for a batch; its end is not said, so that one offset is given up."""
    with pytest.raises(UnreadableBatch) as caught:
        answered(CorruptRecordError.errno, 5, 5)
    assert (caught.value.name, caught.value.position, caught.value.end) == (NAME, 5, 6)
    assert "CORRUPT_MESSAGE" in caught.value.reason


def test_such_an_answer_from_before_a_seek_is_let_go() -> None:
    """Else the batch that was skipped would be met once more."""
    assert answered(CorruptRecordError.errno, 5, 6) is None


def test_other_errors_of_a_broker_stay_what_they_are() -> None:
    """An answer that no reader can make sense of is no damaged batch."""
    with pytest.raises(InvalidTopicError):
        answered(InvalidTopicError.errno, 5, 5)


def test_kafka_python_still_needs_it() -> None:
    """Without it the spent iterator stays, which is what `poll` loops over for ever."""
    damaged = a_batch(0, 3)
    damaged[-1] ^= 1
    Fetcher.PartitionRecords._unpack_records = kafka_batches._unpack
    part = part_of(damaged)
    with pytest.raises(Exception, match="crc"):
        part.take(9)
    assert part
    assert part.take(9) == []
    assert part
