"""What DuckDB reads by itself is what Arrow reads for it, and only what the logs hold."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from pipeline.compat.duckdb_core import DuckError, open_in_memory, register
from pipeline.errors import StoreError, UsageError
from pipeline.store.commit.lake import Lake
from pipeline.store.read import known
from pipeline.store.read.known import allow_known, know_table
from pipeline.store.read.query import query
from pipeline.store.read.session import session, shut
from pipeline.store.read.snapshot import Snapshot, open_snapshot
from pipeline.store.schema.contract import LINKS, TABLES, contract
from tests.support.rows import NOON, a_batch, a_story, enriched, forced, written

ALL = (*TABLES, LINKS)


def _rows(lake: Path, table: str, *, by_arrow: bool) -> tuple[list[Any], list[Any]]:
    """The columns of a table with their types, and its rows, in a session of its own."""
    snapshot = open_snapshot(str(lake))
    with session(snapshot, [] if by_arrow else ALL, memory_mb=512, threads=1) as connection:
        if by_arrow:
            register(connection, table, snapshot.partitioned(table))
        described = connection.execute(f"DESCRIBE {table}").fetchall()
        rows = connection.execute(f"FROM {table}").fetchall()
        return [row[:2] for row in described], sorted(rows, key=repr)


def _is_read_by_duckdb(snapshot: Snapshot, table: str) -> bool:
    connection = open_in_memory({})
    know_table(connection, snapshot, table)
    plan = connection.execute(f"EXPLAIN FROM {table}").fetchall()
    return "READ_PARQUET" in plan[0][1] or "EMPTY" in plan[0][1].upper()


def assert_alike(lake: Path) -> None:
    """Every table has the same columns, types and rows, in the same order of columns.

    Whether DuckDB learns the columns from the files or is told them.
    """
    for table in ALL:
        expected = _rows(lake, table, by_arrow=True)
        for few in (0, 1000):
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(known, "_FEW_FILES", few)
                assert _rows(lake, table, by_arrow=False) == expected, (table, few)


def test_each_table_is_read_as_arrow_reads_it(lake: Path) -> None:
    """Partitions without a day among them."""
    forced(lake, "stories", [])
    assert any(None in values for values in open_snapshot(str(lake)).partitions("stories"))
    for table in TABLES:
        assert _is_read_by_duckdb(open_snapshot(str(lake)), table)
    assert_alike(lake)


@pytest.mark.long
def test_columns_that_an_older_lake_lacks_are_null(tmp_path: Path) -> None:
    """In its files, and in its tables before and after they were widened; new files have them."""
    golden = Path(__file__).parents[2] / "golden" / "lakes"
    with tarfile.open(next(golden.glob("*.tar.xz"))) as packed:
        packed.extractall(tmp_path, filter="data")
    root = tmp_path / "lake"
    assert_alike(root)
    for table in TABLES:
        Lake(str(root)).refresh(table)
    assert_alike(root)
    written(root, a_batch([enriched(a_story(0, source="another"))]))
    assert _is_read_by_duckdb(open_snapshot(str(root)), "stories")
    assert_alike(root)


@pytest.mark.parametrize("name", ["a*b", "[ab]", "date=2020-01-01", "what?", "a'b"])
def test_a_folder_s_name_is_never_taken_for_a_pattern(
    tmp_path: Path, written_lake: Path, name: str
) -> None:
    """Nor for a partition: there Arrow reads."""
    lake = Path(shutil.copytree(written_lake, tmp_path / name / "lake"))
    if "*" in name:
        shutil.copytree(written_lake, tmp_path / "a-b" / "lake")
    assert _is_read_by_duckdb(open_snapshot(str(lake)), "stories") == (name == "a'b")
    sql = "SELECT count(*) AS n, count(DISTINCT date) AS days FROM current"
    expected = query(str(written_lake), None, sql, NOON)
    assert query(str(lake), None, sql, NOON) == expected


def test_a_file_outside_its_partition_s_folder_is_left_to_arrow(lake: Path) -> None:
    """Another writer may name files as it likes: the log says what they hold."""
    log = lake / "stories" / "_delta_log"
    for entry in log.glob("*.json"):
        text = entry.read_text()
        entry.write_text(text.replace("date=2026-03-05/region", "elsewhere/region"))
    folder = lake / "stories" / "elsewhere"
    (lake / "stories" / "date=2026-03-05").rename(folder)
    assert not _is_read_by_duckdb(open_snapshot(str(lake)), "stories")
    assert_alike(lake)


def test_very_many_files_are_left_to_arrow(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "_MOST_FILES", 1)
    assert not _is_read_by_duckdb(open_snapshot(str(lake)), "stories")
    assert_alike(lake)


def test_what_is_damaged_is_told_as_the_lake_s_fault(lake: Path) -> None:
    """And no row is made up: a file without an end, and one whose pages are overwritten."""
    whole = {path: path.read_bytes() for path in lake.glob("stories/date=*/*/*.parquet")}
    sql = "SELECT * FROM stories"
    for change in (
        lambda data: data[:-8],
        lambda data: data[:8] + b"\xff" * (len(data) // 3) + data[8 + len(data) // 3 :],
        lambda data: b"",
    ):
        for path, data in whole.items():
            path.write_bytes(change(data))
        with pytest.raises(StoreError, match="`dateline lake check`"):
            query(str(lake), None, sql, NOON)
    with pytest.raises(UsageError, match="not disturb"):
        query(str(lake), None, "SELECT error('it does not disturb')", NOON)


@pytest.mark.parametrize("few", [0, 8])
def test_what_a_filter_leaves_out_may_be_damaged(
    lake: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(known, "_FEW_FILES", few)
    for path in lake.glob("stories/date=2026-03-04/*/*.parquet"):
        path.write_bytes(b"PAR1?")
    sql = "SELECT count(*) AS n FROM stories WHERE date = '2026-03-05'"
    assert query(str(lake), None, sql, NOON).to_pylist() == [{"n": 1}]
    with pytest.raises(StoreError):
        query(str(lake), None, "SELECT sum(version) FROM stories", NOON)


def test_a_session_that_is_shut_reads_the_files_of_the_log_alone(lake: Path) -> None:
    """Neither a pattern, nor a file beside them in the same folder; and writes none of them."""
    snapshot = open_snapshot(str(lake))
    file = lake / "stories" / snapshot.paths("stories")[0]
    beside = file.with_name("beside.parquet")
    shutil.copy(file, beside)
    before = file.read_bytes()
    with session(snapshot, ["stories"], memory_mb=512, threads=1) as connection:
        shut(connection)
        assert connection.execute("SELECT count(*) FROM stories").fetchall() == [(6,)]
        for sql in (
            f"FROM '{beside}'",
            f"FROM read_parquet('{file.parent}/*.parquet')",
            f"COPY (SELECT 1) TO '{file}'",
            f"SET allowed_paths = ['{beside}']",
            "SET VARIABLE files_of_stories = ['/etc/passwd']; FROM read_blob('/etc/passwd')",
        ):
            with pytest.raises(DuckError):
                connection.execute(sql)
    assert file.read_bytes() == before


def test_names_of_files_are_quoted(tmp_path: Path) -> None:
    """A quote in the lake's folder ends no string of ours."""
    root = tmp_path / "it's; DROP VIEW stories --"
    written(root, a_batch([enriched(a_story(0))]))
    connection = open_in_memory({})
    know_table(connection, open_snapshot(str(root)), "stories")
    allow_known(connection)
    assert connection.execute("SELECT count(*) FROM stories").fetchall() == [(1,)]


@pytest.mark.parametrize("table", ALL)
def test_sql_types_are_those_of_the_arrow_schema(table: str) -> None:
    """The contract gives both."""
    connection = open_in_memory({})
    register(connection, "empty", contract(table).schema.empty_table())
    described = connection.execute("DESCRIBE empty").fetchall()
    types = [column.sql_type.replace('"', "") for column in contract(table).columns]
    assert [row[1].replace('"', "") for row in described] == types
