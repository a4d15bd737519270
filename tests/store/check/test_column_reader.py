"""What the check reads is what Arrow's data set reads, a few rows at a time."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from pipeline.store.check.column_reader import reader
from pipeline.store.read.narrow import narrow_files
from pipeline.store.read.snapshot import Snapshot, open_snapshot
from pipeline.store.schema.contract import TABLES, contract
from tests.support.large_file import with_large_file
from tests.support.rows import a_batch, a_reject, a_story, enriched, written

LAKES = Path(__file__).parents[2] / "golden" / "lakes"


def sorted_rows(table: pa.Table) -> list[str]:
    return sorted(repr(row) for row in table.to_pylist())


def by_data_set(snapshot: Snapshot, table: str, columns: list[str]) -> pa.Table:
    found: ds.Dataset = snapshot.dataset(table)
    return found.to_table(columns=columns)


@pytest.mark.parametrize("table", TABLES)
def test_rows_are_those_of_the_data_set_with_and_without_a_day(tmp_path: Path, table: str) -> None:
    """Days and regions stand in the files' places alone, an undated story in that of no day."""
    stories = [
        enriched(a_story(0)),
        enriched(a_story(1, published_at=None, published_precision=None)),
        enriched(a_story(2), region="unknown"),
    ]
    written(tmp_path / "lake", a_batch(stories, [a_reject(3, received_at=None)])).close()
    snapshot = open_snapshot(str(tmp_path / "lake"))
    columns = contract(table).schema.names
    found = reader(snapshot, table, columns, 2).read_all()
    assert sorted_rows(found) == sorted_rows(by_data_set(snapshot, table, columns))
    assert found.num_rows > 0


@pytest.mark.parametrize("archive", sorted(LAKES.glob("*.tar.xz")), ids=lambda path: path.name)
def test_columns_that_an_older_version_had_not_are_null(tmp_path: Path, archive: Path) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    snapshot = open_snapshot(str(tmp_path / "lake"))
    filesystem = snapshot.filesystem()
    assert any(narrow_files(filesystem, table, snapshot.paths(table)) for table in TABLES)
    for table in TABLES:
        columns = contract(table).schema.names
        found = reader(snapshot, table, columns, 100).read_all()
        assert found.num_rows > 0
        assert sorted_rows(found) == sorted_rows(by_data_set(snapshot, table, columns))


def test_memory_is_of_a_few_rows_not_of_a_file(tmp_path: Path) -> None:
    """A file of 20,000 stories is read with less than a quarter of its text at any time."""
    lake, _ = with_large_file(tmp_path / "lake", 40)
    snapshot = open_snapshot(lake.url)
    before = pa.total_allocated_bytes()
    whole = most = 0
    for batch in reader(snapshot, "stories", ["headline", "body"], 512):
        whole += batch.nbytes
        most = max(most, pa.total_allocated_bytes() - before)
    assert whole > 16_000_000
    assert most < whole / 4


def test_no_flipped_bit_in_a_page_header_is_read_over(tmp_path: Path) -> None:
    """It is told of, or changes nothing: Arrow itself may end a column early."""
    written(tmp_path / "lake", a_batch([enriched(a_story(n)) for n in range(3)])).close()
    (path,) = (tmp_path / "lake" / "stories").glob("date=*/**/*.parquet")
    whole = path.read_bytes()
    group = pq.read_metadata(path).row_group(0)
    chunks = [group.column(n) for n in range(group.num_columns)]
    begin = next(c.data_page_offset for c in chunks if c.path_in_schema == "headline")
    snapshot = open_snapshot(str(tmp_path / "lake"))
    before = reader(snapshot, "stories", ["headline"], 100).read_all()
    told = 0
    for at in range(begin, begin + 40):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        try:
            found = reader(snapshot, "stories", ["headline"], 100).read_all()
        except (pa.ArrowException, OSError, UnicodeDecodeError):
            told += 1
        else:
            assert found == before, at - begin
    assert told > 10
