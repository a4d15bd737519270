"""Rejects as files: JSON Lines, Parquet, or each one's bytes in a file of its own."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.errors import UsageError
from pipeline.store.schema.rows import Row

INDEX = "index.jsonl"
"""Beside the files of bytes: which reject each of them is."""

_SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("offset", pa.int64()),
        ("item", pa.int32()),
        ("kind", pa.string()),
        ("stage", pa.string()),
        ("message", pa.string()),
        ("evidence", pa.string()),
        ("raw_bytes", pa.int64()),
        ("received_at", pa.timestamp("us", tz="UTC")),
        ("date", pa.date32()),
        ("revision_id", pa.string()),
        ("origin_source", pa.string()),
        ("origin_offset", pa.int64()),
        ("origin_item", pa.int32()),
        ("state", pa.string()),
        ("raw", pa.binary()),
    ]
)
_ROWS_A_GROUP = 200


def export(rows: Iterable[Row], path: Path, form: str) -> int:
    """Write `rows` (with `raw`) to `path` as `form`, one of `FORMS`; how many there were.

    `path` appears once it is complete. Raises `UsageError` where it exists already or cannot be
    written, and for another form.
    """
    if form not in FORMS:
        raise UsageError("no such format", given=form, known=", ".join(FORMS))
    if path.exists():
        raise UsageError("there is something at this path already", path=path)
    making = path.with_name(f".{path.name}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        count = FORMS[form](rows, making)
        making.replace(path)
    except OSError as error:
        raise UsageError("the export cannot be written", path=path, reason=error) from error
    return count


def file_name(row: Row) -> str:
    """Return a name that is safe on every system: nothing of it was written by a provider."""
    source = hashlib.sha256(row["source"].encode()).hexdigest()[:12]
    kind = row["kind"].replace(".", "-")
    return f"{source}-{row['offset']:012d}-{row['item']:05d}-{kind}.raw"


def json_row(row: Row) -> dict[str, Any]:
    """Return the row as JSON has it.

    ISO 8601 times, `raw` in base64, `text` where the bytes are UTF-8.
    """
    plain: dict[str, Any] = {
        name: value.isoformat() if hasattr(value, "isoformat") else value
        for name, value in row.items()
        if name != "raw"
    }
    raw = row.get("raw")
    if raw is None:
        return {**plain, "raw": None}
    try:
        text = {"text": raw.decode("utf-8")}
    except UnicodeDecodeError:
        text = {}
    return {**plain, "raw": base64.b64encode(raw).decode("ascii"), **text}


def _json_lines(rows: Iterable[Row], path: Path) -> int:
    count = 0
    with path.open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps(json_row(row), ensure_ascii=False) + "\n")
            count += 1
    return count


def _files(rows: Iterable[Row], path: Path) -> int:
    path.mkdir()
    count = 0
    with (path / INDEX).open("w", encoding="utf-8") as index:
        for row in rows:
            name = None
            if row["raw"] is not None:
                name = file_name(row)
                (path / name).write_bytes(row["raw"])
            facts = {key: value for key, value in row.items() if key != "raw"}
            entry = {"file": name, **json_row(facts)}
            del entry["raw"]
            index.write(json.dumps(entry, ensure_ascii=False) + "\n")
            count += 1
    return count


def _parquet(rows: Iterable[Row], path: Path) -> int:
    count = 0
    waiting: list[dict[str, Any]] = []
    with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as out:

        def flush() -> None:
            out.write_table(pa.Table.from_pylist(waiting, schema=_SCHEMA))
            waiting.clear()

        for row in rows:
            waiting.append(dict(row))
            count += 1
            if len(waiting) >= _ROWS_A_GROUP:
                flush()
        flush()
    return count


FORMS: Mapping[str, Callable[[Iterable[Row], Path], int]] = {
    "jsonl": _json_lines,
    "files": _files,
    "parquet": _parquet,
}
"""The formats by name: one file of JSON Lines, a folder of raw files, one Parquet file."""
