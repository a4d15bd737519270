"""Parquet files of articles: each row is a record, as one object of JSON.

The format is read from its end, so a file is opened where it lies, on a disk or in an object store;
within a tar, a zip or a compression it is one damaged record that says so. A row group is read
column by column in batches of few rows. What is read of a row is bound by the limit of a record.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from pipeline.source.archive.containers.compressed import BOMB_RATIO, BOMB_SLACK_BYTES
from pipeline.source.archive.containers.pieces import Piece

MAGIC = b"PAR1"
_ROWS = 64
_BUFFER_BYTES = 1024 * 1024


def parquet_rows(
    handle: Any, size_bytes: int, limit_bytes: int, on_read: Callable[[int], None], name: str
) -> Iterator[Piece]:
    """Yield the rows of the open file `handle` in order; each damage is a piece. Never raises.

    `on_read` is counted of the file's bytes, row group by row group.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(handle, buffer_size=_BUFFER_BYTES, pre_buffer=False)
    except (pa.ArrowException, OSError, ValueError) as error:
        yield Piece(b"", damage=f"{name}: no Parquet file: {_line(error)}")
        return
    counted = grown = 0
    for number in range(file.num_row_groups):
        try:
            group = file.metadata.row_group(number)
            # Not by what each column takes packed: pyarrow ends the process where a footer does not
            # fit itself (`pipeline.compat.parquet_bounds`).
            unpacked = grown + max(group.total_byte_size, 0)
            if unpacked > BOMB_SLACK_BYTES + BOMB_RATIO * size_bytes:
                yield Piece(b"", damage=f"{name}: row group {number} grows like a bomb")
                continue
            grown = unpacked
            for batch in file.iter_batches(_ROWS, row_groups=[number], use_threads=False):
                for row in batch.to_pylist():
                    yield _piece(row, limit_bytes)
        except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
            yield Piece(b"", damage=f"{name}: row group {number} is broken: {_line(error)}")
            continue
        share = size_bytes * (number + 1) // file.num_row_groups
        on_read(share - counted)
        counted = share


def _piece(row: dict[str, Any], limit_bytes: int) -> Piece:
    text = json.dumps(row, ensure_ascii=False, default=_plain, separators=(",", ":"))
    data = text.encode("utf-8", "surrogatepass")
    return Piece(data[:limit_bytes], truncated=len(data) > limit_bytes)


def _plain(value: object) -> Any:
    """Values that JSON lacks, as text: times in ISO 8601, decimals as written, bytes in base64."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return base64.b64encode(value).decode()
    return str(value)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
