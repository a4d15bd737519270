"""What a data file's footer holds, and what it does not: a small file is mostly footer."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from pipeline.store.commit.data_files import PRUNING, Marks, encode, marks_of
from pipeline.store.read.snapshot import open_snapshot
from pipeline.store.schema.contract import TABLES, contract
from pipeline.store.schema.rows import compress, decompress


def footers(lake: Path, table: str) -> list[pq.ParquetFile]:
    return [pq.ParquetFile(path) for path in (lake / table).glob("date=*/**/*.parquet")]


@pytest.mark.parametrize("table", TABLES)
def test_types_follow_from_parquet_alone(written_lake: Path, table: str) -> None:
    """Without a copy of the Arrow schema each column has the contract's type; comments are the
    table's, in its log."""
    rule = contract(table).file_schema
    for file in footers(written_lake, table):
        assert b"ARROW:schema" not in file.metadata.metadata
        assert file.schema_arrow.remove_metadata().equals(rule.remove_metadata())
        assert not any(field.metadata for field in file.schema_arrow)
    fields = open_snapshot(str(written_lake)).tables[table].schema().fields
    assert all(field.metadata["comment"] for field in fields)


@pytest.mark.parametrize("table", TABLES)
def test_statistics_are_of_what_filters_are_about(written_lake: Path, table: str) -> None:
    for file in footers(written_lake, table):
        group = file.metadata.row_group(0)
        columns = [group.column(n) for n in range(group.num_columns)]
        told = {column.path_in_schema for column in columns if column.is_stats_set}
        assert told == PRUNING & {*contract(table).file_schema.names}


@pytest.mark.parametrize(("rows", "many"), [(1, False), (255, False), (256, True)])
def test_many_rows_have_an_index_of_pages_and_few_have_none(rows: int, many: bool) -> None:
    table = pa.table({"offset": range(rows), "source": ["topic"] * rows})
    data = encode(table, Marks({"topic": rows}))
    file = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True)
    assert file.read().equals(table)
    assert marks_of(file.schema_arrow) == Marks({"topic": rows})
    columns = [file.metadata.row_group(0).column(n) for n in range(2)]
    assert {column.has_column_index for column in columns} == {many}
    assert [column.has_dictionary_page for column in columns] == [False, many]


def test_columns_whose_values_seldom_come_twice_have_no_dictionary() -> None:
    """Of lists too; the others have one."""
    mention = {"text": "Oslo", "start": 1, "end": 5, "sentence": 0}
    rows = [{"story_id": f"f{n}", "kind": "place", "mentions": [mention]} for n in range(256)]
    file = pq.ParquetFile(
        pa.BufferReader(encode(pa.Table.from_pylist(rows), Marks({"topic": 256})))
    )
    columns = [file.metadata.row_group(0).column(n) for n in range(file.metadata.num_columns)]
    assert {column.path_in_schema for column in columns if not column.has_dictionary_page} == {
        "story_id",
        *(f"mentions.list.element.{name}" for name in ("text", "start", "end")),
    }


@pytest.mark.parametrize(("column", "groups"), [("published_at", 4), ("event_date", 1)])
def test_a_large_file_of_stories_has_small_row_groups(column: str, groups: int) -> None:
    """By time and in groups of 8 MiB a reader passes over most of a day."""
    table = pa.table({column: pa.nulls(320), "body": ["x" * 100_000] * 320})
    file = pq.ParquetFile(pa.BufferReader(encode(table, Marks({"topic": 320}))))
    assert file.metadata.num_row_groups == groups
    assert file.read().equals(table)


def test_bytes_of_many_stories_are_compressed_together() -> None:
    """A row's frame holds them whole, so that what is alike in many stands once."""
    item = b"".join(b"<p>%08x</p>" % (n * 2_654_435_761 % 2**32) for n in range(150))
    frames = [compress(b"<item>%d</item>" % n + item) for n in range(300)]
    assert all(decompress(frame).endswith(item) for frame in frames)
    file = encode(pa.table({"raw": frames}), Marks({"topic": 300}))
    assert file.size < 10 * len(zstandard.compress(item))


@pytest.mark.parametrize("rows", [1, 255, 256])
def test_what_gains_nothing_by_it_is_not_compressed(rows: int) -> None:
    """A frame of zstd is longer than a few values; long texts, in lists too, are compressed."""
    table = pa.table(
        {"item": [1] * rows, "body": ["text " * 300] * rows, "notes": [["word " * 300]] * rows}
    )
    file = pq.ParquetFile(pa.BufferReader(encode(table, Marks({"topic": rows}))))
    assert file.read().equals(table)
    group = file.metadata.row_group(0)
    kinds = {c.path_in_schema: c.compression for c in map(group.column, range(3))}
    small = "ZSTD" if rows >= 128 else "UNCOMPRESSED"
    assert kinds == {"item": small, "body": "ZSTD", "notes.list.element": "ZSTD"}


def test_a_small_file_is_small(written_lake: Path) -> None:
    """A story alone took 42 kB."""
    sizes = [p.stat().st_size for p in (written_lake / "stories").glob("date=*/**/*.parquet")]
    assert max(sizes) < 20_000
