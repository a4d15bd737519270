"""Headers whose names are not UTF-8: kafka-python would never get past the record that has one.

Kafka takes any bytes as a header's name. kafka-python reads them strictly, takes the record for
corrupt, and asks for it again for ever. Here such names are read with `\\xff` for what is no text.
"""

from __future__ import annotations

from typing import Any

from kafka.record.default_records import DefaultRecordBatch

from pipeline.compat.liberty import Liberty

LIBERTY = Liberty(
    library="kafka-python",
    version="3.0.12",
    why="a record with a header whose name is not UTF-8 is taken for corrupt",
)

_read_strictly = DefaultRecordBatch._read_msg


def read_any_names() -> None:
    """Make this process's consumers read names of any bytes."""
    DefaultRecordBatch._read_msg = _read


def _read(batch: Any) -> Any:
    try:
        return _read_strictly(batch)
    except UnicodeDecodeError:
        # The position is only moved once a record was read: it is read again, from slower bytes.
        batch._buffer = _Buffer(batch._buffer)
        return _read_strictly(batch)


class _Name(bytes):
    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:  # noqa: ARG002
        return super().decode(encoding, "backslashreplace")


class _Buffer(bytearray):
    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return _Name(found) if isinstance(index, slice) else found
