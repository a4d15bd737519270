"""What the order of rows in a compacted file gives: bytes on disk, and bytes that a filter reads.

    PYTHONPATH=. .venv/tools/bin/python bench/row_order.py LAKE [--copies N] [--row-groups MIB]

All rows of a lake's table become one file of a large closed day, as compaction writes it: the
stories are spread over 24 hours and over eight partitions of a topic in the order of their arrival,
some minutes early or late. Ordered as compaction does and otherwise, each file is read by DuckDB,
Polars, PyArrow and DataFusion, for the rows that a filter of an analyst asks for; what they read is
counted by the kernel (`rchar` of /proc/self/io), and processor time is the least of five. With
`--copies` the day is so many times as large: ids are others then, texts are not, so that the bytes
on disk mislead. `--row-groups` makes them of another size than the job does. Needs Linux and the
tools (`make test-rest` installs them).
"""

from __future__ import annotations

import argparse
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq

from pipeline.store.commit import data_files
from pipeline.store.commit.data_files import Marks, encode
from pipeline.store.read.snapshot import Snapshot, open_snapshot
from pipeline.store.schema.contract import contract

DAY = datetime(2026, 3, 4, tzinfo=UTC)
ARRIVAL = ("source", "offset", "item")
IDS = ("story_id", "revision_id", "event_id", "content_hash")
TIMES = 5


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of one table: rows whose `column` lies between two values, some columns."""

    column: str
    first: Any
    last: Any
    columns: tuple[str, ...]
    rows: int


ORDERS: Mapping[str, Sequence[tuple[str, ...]]] = {
    "stories": (
        ARRIVAL,
        ("published_at", *ARRIVAL),
        ("revision_id",),
        ("dateline_country", *ARRIVAL),
    ),
    "entities": (ARRIVAL, ("entity_id", *ARRIVAL), ("kind", "country", "entity_id", *ARRIVAL)),
    "events": (
        ARRIVAL,
        ("root", "source_country", *ARRIVAL),
        ("source_country", "root", *ARRIVAL),
    ),
}
ASKED: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "stories": (
        ("published_at", "revision_id", "dateline_country", "offset"),
        ("headline", "body"),
    ),
    "entities": (("entity_id", "country"), ("revision_id", "name", "salience", "mention_count")),
    "events": (
        ("root", "source_country", "target_country"),
        ("event_id", "source_label", "target_label", "sentence"),
    ),
}
"""The columns that are filtered by, and those that are asked for."""


def rows_of(snapshot: Snapshot, table: str) -> pa.Table:
    """All rows of a table, without the partition."""
    parts = []
    for file in snapshot.active(table):
        with snapshot.filesystem().open_input_file(f"{table}/{file.path}") as source:
            parts.append(pq.ParquetFile(source).read().replace_schema_metadata(None))
    return pa.concat_tables(parts).select(contract(table).file_schema.names)


def arrivals(stories: pa.Table) -> dict[tuple[str, int, int], int]:
    """The number of each story in the order of arrival, by its source, offset and item."""
    keys = zip(*(stories[name].to_pylist() for name in ARRIVAL), strict=True)
    return {key: n for n, key in enumerate(sorted(set(keys)))}


def one_day(rows: pa.Table, numbers: Mapping[tuple[str, int, int], int], copies: int) -> pa.Table:
    """The rows, so many times, as if all stories had come on one day."""
    keys = zip(*(rows[name].to_pylist() for name in ARRIVAL), strict=True)
    once = np.array([numbers[key] for key in keys])
    stories = len(numbers) * copies
    parts = []
    for copy in range(copies):
        number = once + copy * len(numbers)
        late_s = np.random.default_rng(1).normal(0, 300, stories)[number]
        seconds = np.clip(number * 86_400 / stories + late_s, 0, 86_399)
        published = [DAY + timedelta(seconds=float(s)) for s in seconds]
        made: dict[str, pa.Array] = {
            "source": pa.array([f"cluster/topic/{n % 8}" for n in number]),
            "offset": pa.array(number // 8),
            "published_at": pa.array(published, pa.timestamp("us", "UTC")),
        }
        if copy:
            made |= {name: _other(rows[name], copy) for name in IDS if name in rows.column_names}
        part = rows
        for name, column in made.items():
            if (at := part.schema.get_field_index(name)) >= 0:
                part = part.set_column(at, name, column.cast(part.schema.field(at).type))
        parts.append(part)
    return pa.concat_tables(parts).combine_chunks()


def _other(ids: pa.ChunkedArray, copy: int) -> pa.Array:
    each = (None if i is None else f"{i}/{copy}".encode() for i in ids.to_pylist())
    return pa.array([None if i is None else hashlib.sha256(i).hexdigest()[:32] for i in each])


def question(rows: pa.Table, column: str, columns: tuple[str, ...]) -> Question:
    """An hour of the afternoon, a span of offsets; else what a twentieth of rows has."""
    spans = {
        "published_at": (DAY + timedelta(hours=14), DAY + timedelta(hours=15)),
        "offset": (rows.num_rows // 16, rows.num_rows // 16 + 100),
    }
    if column in spans:
        first, last = spans[column]
        found = pc.and_(
            pc.greater_equal(rows[column], pa.scalar(first)),
            pc.less_equal(rows[column], pa.scalar(last)),
        )
        return Question(column, first, last, columns, pc.sum(found).as_py())
    counts = pc.value_counts(rows[column]).to_pylist()
    count, value = max(
        (count["counts"], count["values"])
        for count in counts
        if count["values"] is not None and count["counts"] * 20 <= rows.num_rows
    )
    return Question(column, value, value, columns, count)


def _duckdb(path: str, asked: Question) -> int:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute("SET enable_external_file_cache = false")
        connection.execute("SET TimeZone = 'UTC'")
        sql = (
            f"SELECT {', '.join(asked.columns)} FROM read_parquet('{path}')"
            f' WHERE "{asked.column}" BETWEEN $first AND $last'
        )
        found = connection.execute(sql, {"first": asked.first, "last": asked.last})
        return len(found.fetchall())


def _polars(path: str, asked: Question) -> int:
    import polars as pl

    column = pl.col(asked.column)
    kept = pl.scan_parquet(path).filter((column >= asked.first) & (column <= asked.last))
    return int(kept.select(asked.columns).collect().height)


def _arrow(path: str, asked: Question) -> int:
    column = pc.field(asked.column)
    wanted = (column >= pa.scalar(asked.first)) & (column <= pa.scalar(asked.last))
    scanned = ds.dataset(path).scanner(list(asked.columns), wanted, use_threads=False)
    return int(scanned.to_table().num_rows)


def _datafusion(path: str, asked: Question, *, pushed: bool = False) -> int:
    from datafusion import SessionConfig, SessionContext, col, lit

    settings = SessionConfig().with_target_partitions(1)
    if pushed:
        settings = settings.set("datafusion.execution.parquet.pushdown_filters", "true")
    first, last = (lit(pa.scalar(value)) for value in (asked.first, asked.last))
    column = col(f'"{asked.column}"')
    kept = SessionContext(settings).read_parquet(path).filter((column >= first) & (column <= last))
    batches = kept.select(*(f'"{name}"' for name in asked.columns)).collect()
    return sum(batch.num_rows for batch in batches)


READERS: Mapping[str, Callable[[str, Question], int]] = {
    "DuckDB": _duckdb,
    "Polars": _polars,
    "PyArrow": _arrow,
    "DataFusion": _datafusion,
    "DataFusion, pushed": partial(_datafusion, pushed=True),
}


def read_by(reader: Callable[[str, Question], int], path: str, asked: Question) -> tuple[int, int]:
    """The bytes that are read, and microseconds of the processor."""
    reader(path, asked)
    sizes, times = [], []
    for _ in range(TIMES):
        begin, begin_s = _read_so_far(), time.process_time()
        if reader(path, asked) != asked.rows:
            raise SystemExit(f"a reader finds other rows than there are: {asked}")
        times.append(time.process_time() - begin_s)
        sizes.append(_read_so_far() - begin)
    return min(sizes), round(min(times) * 1e6)


def _read_so_far() -> int:
    told = Path("/proc/self/io").read_text(encoding="ascii")
    return int(told.split("rchar: ")[1].split()[0])


def main() -> None:
    """Print a line an order and filter: kB read and milliseconds, reader by reader."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("lake")
    options.add_argument("--copies", type=int, default=1)
    options.add_argument("--row-groups", type=int, default=0, help="of so many MiB of values")
    given = options.parse_args()
    os.environ |= {"POLARS_FORCE_ASYNC": "1", "POLARS_MAX_THREADS": "1"}
    if given.row_groups:
        for name in ("_ROW_GROUP_BYTES", "_ORDERED_GROUP_BYTES"):
            vars(data_files)[name] = given.row_groups * 1024**2
    snapshot = open_snapshot(given.lake)
    numbers = arrivals(rows_of(snapshot, "stories"))
    print("| table, order | kB | row groups | filter, rows |", " | ".join(READERS), "|")
    print("|---|--:|--:|---|" + "--:|" * len(READERS))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "rows.parquet")
        for table, orders in ORDERS.items():
            rows = one_day(rows_of(snapshot, table), numbers, given.copies)
            filtered, columns = ASKED[table]
            questions = [question(rows, column, columns) for column in filtered]
            for order in orders:
                keys = [(name, "ascending") for name in order]
                data = encode(rows.take(pc.sort_indices(rows, sort_keys=keys)), Marks({}))
                path.write_bytes(data)
                groups = pq.read_metadata(path).num_row_groups
                for asked in questions:
                    read = [read_by(reader, str(path), asked) for reader in READERS.values()]
                    cells = (f"{size / 1e3:,.0f} ({us / 1e3:.0f} ms)" for size, us in read)
                    print(
                        f"| {table}, {', '.join(order)} | {data.size / 1e3:,.0f} | {groups} |"
                        f" {asked.column}, {asked.rows} of {rows.num_rows:,} |",
                        " | ".join(cells),
                        "|",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
