"""What the lake's data files cost: bytes a story by table, by ways of writing Parquet.

Run `python bench/file_bytes.py LAKE`. Each data file of the lake is written anew in memory: as
version 0.2 wrote it, as it is written today, and with one choice otherwise. Once file by file,
as they are; once a row a file, as where stories are few (bytes a file then); and once all
partitions of a table together, as in a large lake's files.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from pipeline.store.commit.data_files import PRUNING, repetitive
from pipeline.store.read.snapshot import Snapshot, open_snapshot
from pipeline.store.schema.contract import LINKS, TABLES, contract
from pipeline.store.schema.rows import decompress

ZSTD = {"compression": "zstd", "write_page_checksum": True}


def written(rows: pa.Table, schema: pa.Schema, **options: Any) -> tuple[int, int]:
    """The bytes of a file of `rows`, and those of its footer."""
    sink = pa.BufferOutputStream()
    pq.write_table(rows.cast(schema), sink, **ZSTD, **options)
    data = sink.getvalue()
    return data.size, pq.ParquetFile(pa.BufferReader(data)).metadata.serialized_size


def with_raw_pressed(rows: pa.Table) -> pa.Table:
    """The rows with each story's bytes compressed by themselves, as version 0.2 had them."""
    if "raw" not in rows.column_names:
        return rows
    zstd = zstandard.ZstdCompressor(level=3)
    packed = [
        None if frame is None else zstd.compress(decompress(frame))
        for frame in rows["raw"].to_pylist()
    ]
    at = rows.schema.get_field_index("raw")
    return rows.set_column(at, rows.schema.field(at), pa.array(packed, pa.binary()))


def ways(rows: pa.Table, table: str) -> Mapping[str, Callable[[], tuple[int, int]]]:
    """Each way of writing `rows`, by its name."""
    known = {field.name: field for field in contract(table).file_schema}
    bare = pa.schema([field.remove_metadata() for field in rows.schema])
    told = pa.schema([known.get(field.name, field) for field in rows.schema])
    pruning = [name for name in rows.column_names if name in PRUNING]
    many = rows.num_rows >= 256
    today = {
        "store_schema": False,
        "write_statistics": pruning,
        "compression_level": 6,
        "use_dictionary": repetitive(rows) if many else False,
        "write_page_index": many,
    }
    pressed = with_raw_pressed(rows)
    return {
        "0.2": lambda: written(pressed, told),
        "today": lambda: written(rows, bare, **today),
        "raw pressed row by row": lambda: written(pressed, bare, **today),
        "dictionaries": lambda: written(rows, bare, **{**today, "use_dictionary": True}),
        "no dictionaries": lambda: written(rows, bare, **{**today, "use_dictionary": False}),
        "zstd level 1": lambda: written(rows, bare, **{**today, "compression_level": 1}),
        "page index": lambda: written(rows, bare, **{**today, "write_page_index": True}),
        "all statistics": lambda: written(rows, bare, **{**today, "write_statistics": True}),
        "pages of 128 KiB": lambda: written(rows, bare, **today, data_page_size=128 * 1024),
    }


def parts(snapshot: Snapshot, table: str) -> list[tuple[str, pa.Table]]:
    """The rows of each data file, with its partition."""
    found = []
    for file in snapshot.active(table):
        with snapshot.filesystem().open_input_file(f"{table}/{file.path}") as source:
            rows = pq.ParquetFile(source).read().replace_schema_metadata(None)
        found.append((file.path.rpartition("/")[0], rows))
    return found


def main(url: str) -> None:
    """Print a line a table and way."""
    snapshot = open_snapshot(unquote(url))
    stories = sum(file.rows or 0 for file in snapshot.active("stories"))
    print(f"{stories} stories")
    print("| table | files | way | bytes a story or file | in footers |\n|---|--:|---|--:|--:|")
    for table in (*TABLES, LINKS):
        found = parts(snapshot, table)
        for label, files in (
            ("as they are", [rows for _, rows in found]),
            ("of one row", [rows.slice(0, 1) for _, rows in found]),
            (
                "all in one",
                [pa.concat_tables([rows for _, rows in found], promote_options="permissive")]
                if found
                else [],
            ),
        ):
            each = len(files) if label == "of one row" else stories
            totals: dict[str, list[int]] = {}
            for rows in files:
                for way, measure in ways(rows, table).items():
                    size, footer = measure()
                    total = totals.setdefault(way, [0, 0])
                    total[0] += size
                    total[1] += footer
            for way, (size, footer) in totals.items():
                cells = (table, f"{len(files)} {label}", way, f"{size / each:.0f}")
                print(f"| {' | '.join(cells)} | {footer / size:.0%} |")


if __name__ == "__main__":
    main(sys.argv[1])
