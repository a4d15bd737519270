"""After an upgrade that adds columns, upkeep writes old files anew with all of them."""

from __future__ import annotations

import tarfile
from pathlib import Path

import duckdb
import pytest

from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.read.narrow import narrow_files
from pipeline.store.read.snapshot import open_snapshot
from pipeline.store.schema.contract import TABLES
from pipeline.store.upkeep.clean_up import clean_up
from pipeline.store.upkeep.compact import Sizing, widen
from tests.support.rows import NOON

LAKES = Path(__file__).parents[2] / "golden" / "lakes"


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A lake that an earlier version wrote, opened by this one."""
    with tarfile.open(next(LAKES.glob("*.tar.xz"))) as packed:
        packed.extractall(tmp_path, filter="data")
    root = tmp_path / "lake"
    for table in TABLES:
        Lake(str(root)).refresh(table)
    return root


def narrow(root: Path, table: str) -> list[str]:
    snapshot = open_snapshot(str(root))
    return narrow_files(snapshot.filesystem(), table, snapshot.paths(table))


@pytest.mark.long
def test_old_files_get_the_columns_of_today_and_keep_their_rows(older: Path) -> None:
    """Then a plain glob finds them by name, without being told that files differ."""
    before = {t: open_snapshot(str(older)).dataset(t).to_table() for t in TABLES}
    assert narrow(older, "stories")
    done = widen(Lake(str(older)), Sizing(), NOON)
    assert sum(table.replaced for table in done) == sum(table.written for table in done) > 0
    clean_up(Lake(str(older)), NOON, retention_s=0)
    for table in TABLES:
        assert narrow(older, table) == []
        after = open_snapshot(str(older)).dataset(table).to_table()
        rows, expected = (sorted(found.to_pylist(), key=repr) for found in (after, before[table]))
        assert rows == expected
    glob = f"{older}/stories/date=*/region=*/*.parquet"
    sql = f"SELECT count(*), count(is_partial) FROM '{glob}'"
    assert duckdb.sql(sql).fetchall() == [(before["stories"].num_rows, 0)]
    assert check(str(older)).ok


def test_footers_are_read_again_only_where_the_contract_has_changed(older: Path) -> None:
    assert widen(Lake(str(older)), Sizing(), NOON)
    assert widen(Lake(str(older)), Sizing(), NOON) == []
    (older / "_columns.json").unlink()
    again = widen(Lake(str(older)), Sizing(), NOON)
    assert [table.replaced for table in again] == [0] * len(TABLES)
