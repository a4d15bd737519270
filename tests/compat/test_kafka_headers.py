"""Headers whose names are not UTF-8."""

from __future__ import annotations

from kafka.record import MemoryRecords
from kafka.record.default_records import DefaultRecordBatch
from kafka.record.memory_records import MemoryRecordsBuilder

from pipeline.compat import kafka_headers
from pipeline.compat.kafka_headers import read_any_names


class _NoText(str):
    def encode(self, *_: object) -> bytes:
        return b"n\xff"


def batch() -> object:
    builder = MemoryRecordsBuilder(magic=2, compression_type=0, batch_size=10_000)
    builder.append(timestamp=1, key=None, value=b"v", headers=[(_NoText("n"), b"x")])
    builder.close()
    return MemoryRecords(bytes(builder.buffer())).next_batch()


def test_such_names_are_read() -> None:
    """With `\\xff` for what is no text."""
    read_any_names()
    (record,) = batch()  # type: ignore[misc]
    assert record.headers == [("n\\xff", b"x")]


def test_kafka_python_still_needs_it() -> None:
    """Without it the record is taken for corrupt."""
    DefaultRecordBatch._read_msg = kafka_headers._read_strictly
    try:
        next(iter(batch()))  # type: ignore[call-overload]
    except Exception as error:
        assert "utf-8" in str(error).lower()
    else:
        raise AssertionError("kafka-python reads such names by itself: drop compat.kafka_headers")
    finally:
        read_any_names()
