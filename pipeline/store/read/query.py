"""SQL over the lake, for people: DuckDB in memory, shut off from files, network and settings.

The tables are registered as pinned Arrow datasets, so that DuckDB itself opens nothing, and
filters on partitions and columns reach the files.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from typing import Any, Protocol, TypeVar

import duckdb
import pyarrow as pa

from pipeline.errors import StoreError, UsageError
from pipeline.store.read.query_apart import too_much_memory
from pipeline.store.read.session import create_views, session, shut
from pipeline.store.read.snapshot import Snapshot, open_snapshot
from pipeline.store.read.views import KNOWN, named_in
from pipeline.store.schema.contract import LINKS, TABLES

T = TypeVar("T")


class Ask(Protocol):
    """The questions to one session."""

    def __call__(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """Answer one; `parameters` are the values of `$name` in it. Raises as `query`."""


_BATCH_ROWS = 2048
_AGAIN_S = 0.2
_UNREAD_FILE = "reading the stream registered as"
"""So DuckDB begins to tell of a data file that Arrow could not read."""

_EXPLAIN = re.compile(r"\s*EXPLAIN(\s+ANALYZE)?(\s*\([^()]*\))?\s+", re.IGNORECASE)


def query(
    lake_url: str,
    options: Mapping[str, str] | None,
    sql: str,
    as_of: datetime,
    *,
    parameters: Mapping[str, object] | None = None,
    memory_mb: int = 2048,
    threads: int = 2,
) -> pa.Table:
    """Return the result of one SELECT (or DESCRIBE, SHOW, EXPLAIN) over the tables and views.

    `parameters` are the values of `$name` in it.

    `as_of` is the moment that the views hold embargoes against. DuckDB keeps to `memory_mb` and
    spills above it into a temporary directory, up to eight times as much; a result may take an
    eighth, for its rows take several times that when they are shown. Times are in UTC. Raises
    `UsageError` where there is no lake, for SQL that does not only read, for a result that is too
    large, and with DuckDB's words for SQL that fails; `StoreError` where a data file cannot be
    read.
    """
    named = named_in(sql)
    with asking(lake_url, options, as_of, memory_mb=memory_mb, threads=threads, named=named) as ask:
        return ask(sql, parameters)


@contextmanager
def asking(
    lake_url: str,
    options: Mapping[str, str] | None,
    as_of: datetime,
    *,
    memory_mb: int = 2048,
    threads: int = 2,
    named: Collection[str] = KNOWN,
) -> Iterator[Ask]:
    """Give a function that answers SQL as `query` does: several questions over one snapshot.

    They may be of all tables and views, or of those that are `named` (`views.named_in`).
    """
    snapshot = open_snapshot(lake_url, options, named)
    with _session(snapshot, as_of, memory_mb, threads, named) as connection:

        def ask(sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
            try:
                return _answer(connection, sql, parameters, memory_mb * 1024**2 // 8)
            except duckdb.OutOfMemoryException as error:
                # Its own words advise settings that a query may not set.
                raise too_much_memory(memory_mb) from error
            except (duckdb.Error, pa.ArrowInvalid, OSError) as error:
                if isinstance(error, FileNotFoundError) or _UNREAD_FILE in str(error):
                    raise StoreError(
                        "a data file of the lake cannot be read: ask again, as upkeep may have"
                        " replaced it; if it stays so, `dateline lake check` says what is wrong",
                        reason=error,
                    ) from error
                raise UsageError(str(error)) from error

        yield ask


def _answer(
    connection: duckdb.DuckDBPyConnection,
    sql: str,
    parameters: Mapping[str, object] | None,
    most_bytes: int,
) -> pa.Table:
    # EXPLAIN ANALYZE carries out what it explains: that has to be reading too.
    explained = _EXPLAIN.match(sql)
    if not _only_reads(connection, sql if explained is None else sql[explained.end() :]):
        raise UsageError("a query is one statement that only reads")
    asked = partial(connection.sql, sql, params=dict(parameters or {}) or None)
    return _interruptible(connection, lambda: _whole(asked(), most_bytes))


def _only_reads(connection: duckdb.DuckDBPyConnection, sql: str) -> bool:
    statements = connection.extract_statements(sql)
    try:
        return [statement.type for statement in statements] == [duckdb.StatementType.SELECT]
    except ValueError:
        return False  # a kind that DuckDB's Python side does not know


def _interruptible(connection: duckdb.DuckDBPyConnection, work: Callable[[], T]) -> T:
    """Return the result of `work`, which Ctrl-C ends: DuckDB itself does not always look for a
    signal."""
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(work)
        try:
            return result.result()
        except KeyboardInterrupt:
            connection.interrupt()
            # One that comes before the first step of the query, or between two, is lost.
            while wait([result], timeout=_AGAIN_S).not_done:
                connection.interrupt()
            raise


def _whole(relation: duckdb.DuckDBPyRelation | None, most_bytes: int) -> pa.Table:
    if relation is None:
        return pa.table({})
    batches: list[pa.RecordBatch] = []
    reader = relation.to_arrow_reader(_BATCH_ROWS)
    for batch in reader:
        most_bytes -= batch.nbytes
        if most_bytes < 0:
            raise UsageError("the result is too large: ask for fewer rows or columns")
        batches.append(batch)
    return pa.Table.from_batches(batches, reader.schema)


def json_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Return the rows as JSON can hold them.

    ISO 8601 times, base64 bytes, null for NaN and infinity.
    """
    return [{key: plain(value) for key, value in row.items()} for row in table.to_pylist()]


@contextmanager
def _session(
    snapshot: Snapshot, as_of: datetime, memory_mb: int, threads: int, named: Collection[str]
) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a session that knows what is `named` alone: each table and view takes time to make."""
    tables = [table for table in (*TABLES, LINKS) if table in named]
    with session(snapshot, tables, memory_mb=memory_mb, threads=threads) as connection:
        create_views(connection, snapshot, as_of, named)
        connection.execute(f"SET max_temp_directory_size = '{8 * memory_mb}MiB'")
        shut(connection)
        yield connection


def plain(value: Any) -> Any:  # noqa: PLR0911 (one line a type)
    """Return one value as JSON can hold it."""
    match value:
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case float():
            return value if math.isfinite(value) else None
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return value
