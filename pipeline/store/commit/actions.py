"""Rows as data files and Delta actions: folders of partitions, paths, statistics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from deltalake.transaction import AddAction

from pipeline.store.commit.delta import Partition, stats_columns
from pipeline.store.schema.contract import contract
from pipeline.store.schema.rows import Row


def time_ms(at: datetime) -> int:
    """Return `at` as the log has times: milliseconds since 1970."""
    return int(at.timestamp() * 1000)


def add_action(  # noqa: PLR0917 (each has its own type)
    table: str, path: str, size_bytes: int, partition: Partition, rows: pa.Table, at: datetime
) -> AddAction:
    """Return the entry of the log for a new data file that holds `rows`; `at` is its time."""
    return AddAction(path, size_bytes, dict(partition), time_ms(at), True, _stats(table, rows))


def by_partition(table: str, rows: Sequence[Row]) -> list[tuple[Partition, list[Row]]]:
    """Return `rows` by partition, each in the order of source, offset, item."""
    columns = contract(table).partition_by
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple([row[column] for column in columns]), []).append(row)
    named: dict[tuple[str | None, ...], list[Row]] = {}
    for values, group in found.items():
        key = tuple(None if value is None else str(value) for value in values)
        named.setdefault(key, []).extend(group)
    for group in named.values():
        group.sort(key=_coordinates)
    ordered = sorted(named, key=lambda key: [(value is None, value or "") for value in key])
    return [(dict(zip(columns, key, strict=True)), named[key]) for key in ordered]


def _coordinates(row: Row) -> tuple[Any, ...]:
    return row.get("source", ""), row.get("offset", 0), row.get("item", 0)


def _stats(table: str, rows: pa.Table) -> str:
    bounds = {name: pc.min_max(rows[name]) for name in stats_columns(table)}
    return json.dumps(
        {
            "numRecords": rows.num_rows,
            "minValues": {name: found["min"].as_py() for name, found in bounds.items()},
            "maxValues": {name: found["max"].as_py() for name, found in bounds.items()},
            "nullCount": dict.fromkeys(bounds, 0),
        }
    )
