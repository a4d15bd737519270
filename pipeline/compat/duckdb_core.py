"""DuckDB without the Python that its package lays over it: a connection, statements, rows, errors.

The package imports 4,600 lines of relations, a dictionary of key words and `importlib.metadata`
before it hands on what its compiled part gives, for which a cold question has no use. The classes
are the same ones: once `duckdb` is imported too, a connection made here has all its methods.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import _duckdb
from arro3.core import RecordBatch, RecordBatchReader, Schema

from pipeline.compat.liberty import Liberty

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LIBERTY = Liberty(
    library="duckdb",
    version="2.0.1",
    why="`import duckdb` takes longer than a small question of a lake; its compiled part does not",
)

DuckError = _duckdb.Error
NotOfFiles = (
    _duckdb.PermissionException, _duckdb.CatalogException, _duckdb.BinderException,
    _duckdb.ParserException,
)  # fmt: skip
"""Errors of the SQL, whatever file they name."""

NoSuchName = _duckdb.CatalogException
"""SQL that names a table or function that the session does not know."""

DuckIOError = _duckdb.IOException
"""A file that cannot be opened, read or written."""

OutOfMemory = _duckdb.OutOfMemoryException
StatementType = _duckdb.StatementType


def open_in_memory(config: dict[str, Any]) -> DuckDBPyConnection:
    """Open a database in memory, as `duckdb.connect` does."""
    return _duckdb.connect(":memory:", False, config)


def register(connection: DuckDBPyConnection, name: str, rows: Any) -> None:
    """Make rows in Arrow known to a session: with them the whole package is needed."""
    import duckdb

    assert isinstance(connection, duckdb.DuckDBPyConnection)  # noqa: S101 (its import sets it up)
    connection.register(name, rows)


_BATCH_ROWS = 2048
_PANIC = "PanicException"
"""What a panic of Rust is in Python: no `Exception`, and of no module that could be imported."""
_FROM_DUCKDB = "C Data interface error: "
"""So arro3 begins to tell of what DuckDB says while rows are fetched: by a bare `Exception`."""


def fetched(
    connection: DuckDBPyConnection, sql: str, parameters: Mapping[str, object]
) -> tuple[Schema, Iterator[RecordBatch]]:
    """Run one statement; return the columns of its answer, and its rows as they come.

    In Arrow, by the library that delta-rs brings. Raises `DuckError`, at the rows too.
    """
    found = connection._submit(sql, dict(parameters) or None, "stream", _BATCH_ROWS)
    try:
        reader = RecordBatchReader.from_arrow_pycapsule(found.arrow_capsule())
        return reader.schema, _batches(reader)
    except BaseException as error:
        # So arro3 tells of a column whose name is no UTF-8, which a damaged footer may have.
        if type(error).__name__ != _PANIC:
            raise
        raise DuckError(str(error)) from error


def _batches(reader: RecordBatchReader) -> Iterator[RecordBatch]:
    try:
        yield from reader
    except Exception as error:
        if not str(error).startswith(_FROM_DUCKDB):
            raise
        raise DuckError(str(error).removeprefix(_FROM_DUCKDB)) from error
