"""DuckDB's compiled part: the same classes, and what its package would import beside them."""

from __future__ import annotations

import subprocess
import sys

import duckdb
import pytest

from pipeline.compat import duckdb_core
from pipeline.compat.duckdb_core import DuckError, fetched, open_in_memory


def test_the_classes_are_those_of_the_package() -> None:
    assert DuckError is duckdb.Error
    assert duckdb_core.OutOfMemory is duckdb.OutOfMemoryException
    assert duckdb_core.StatementType is duckdb.StatementType
    connection = open_in_memory({"threads": 1})
    assert isinstance(connection, duckdb.DuckDBPyConnection)
    assert connection.sql("SELECT current_setting('threads')").fetchall() == [(1,)]


def test_the_package_still_imports_much_more() -> None:
    """Once it does not, this liberty goes."""
    program = "import sys, {}; print(len([m for m in sys.modules if m.startswith('duckdb')]))"
    counts = [
        int(subprocess.run(
            [sys.executable, "-c", program.format(name)], capture_output=True, text=True, check=True
        ).stdout)
        for name in ("duckdb", "pipeline.compat.duckdb_core")
    ]  # fmt: skip
    assert counts[0] > 10
    assert counts[1] == 0


def test_rows_come_as_they_are_asked_for() -> None:
    """A statement without end gives its first ones; a fault midway is DuckDB's."""
    connection = open_in_memory({"threads": 1})
    schema, rows = fetched(connection, "SELECT range AS n FROM range($n::BIGINT)", {"n": 10**12})
    assert schema.names == ["n"]
    assert next(rows)["n"][3].as_py() == 3
    rows.close()
    midway = "SELECT CASE WHEN range > 9999 THEN error('midway') END FROM range(20000)"
    with pytest.raises(DuckError, match="midway"):
        list(fetched(connection, midway, {})[1])
