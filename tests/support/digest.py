"""What a lake holds, as figures that do not depend on coordinates or on the order of rows."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pipeline.store.read.query import json_rows, query

_NOT_CONTENT = ("source", "offset", "item", "received_at")
_COLUMNS = {
    "stories": "*",
    "entities": "*",
    "events": "*",
    "rejects": "kind, stage, message, raw, revision_id",
}
_LATER = datetime(2100, 1, 1, tzinfo=UTC)


def digests(lake: Path) -> dict[str, tuple[int, str]]:
    """By table: how many rows, and the sum of the hashes of all of them."""
    found = {}
    for table, named in _COLUMNS.items():
        columns = named
        if named == "*":
            have = json_rows(query(str(lake), None, f"DESCRIBE {table}", _LATER))
            names = {row["column_name"] for row in have}
            left_out = ", ".join(f'"{name}"' for name in _NOT_CONTENT if name in names)
            columns = f"* EXCLUDE ({left_out})"
        sql = (
            f"SELECT count(*) AS n, sum(hash(r)::HUGEINT)::VARCHAR AS h "
            f"FROM (SELECT {columns} FROM {table}) AS r"
        )
        (row,) = json_rows(query(str(lake), None, sql, _LATER))
        found[table] = (row["n"], str(row["h"]))
    return found
