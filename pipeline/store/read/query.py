"""SQL over the lake, for people: DuckDB in memory, shut off from network and settings, and from
files but those that the tables' logs hold.

Filters on partitions and columns reach the files.
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
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from arro3.core import Array, Table

from pipeline.compat.duckdb_core import (
    DuckError,
    DuckIOError,
    NoSuchName,
    NotOfFiles,
    OutOfMemory,
    StatementType,
    fetched,
)
from pipeline.errors import StoreError, UsageError
from pipeline.store.codes.codes import know_codes
from pipeline.store.read.known import is_unread
from pipeline.store.read.query_apart import too_much_memory
from pipeline.store.read.session import SPILL, create_views, session, shut
from pipeline.store.read.snapshot import Snapshot, open_snapshot
from pipeline.store.read.views import CODE_TABLES, KNOWN, moment_literal, named_in
from pipeline.store.schema.contract import LINKS, TABLES

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

T = TypeVar("T")


class Ask(Protocol):
    """The questions to one session."""

    def __call__(self, sql: str, parameters: Mapping[str, object] | None = None) -> Table:
        """Answer one; `parameters` are the values of `$name` in it. Raises as `query`."""


_SHOWN_ROWS = 1024
_AGAIN_S = 0.2
_ARROWS_OWN = re.compile(r"Interval|Timestamp\(ns|Decimal256|Union")
"""Types that arro3 0.9 refuses (intervals), or that it was not tried on."""

_EXACT_DIGITS = 37
"""Of a decimal: arro3 cuts a HUGEINT that has more than 38, which Arrow's type has no room for."""

_UNREAD_FILE = "reading the stream registered as"
"""So DuckDB begins to tell of a data file that Arrow could not read."""

_OF_A_KIND = re.compile(r"(?!Invalid Error)[A-Z][\w ]* Error: ")
"""How DuckDB begins what it tells, but what its readers of Parquet and Thrift throw."""

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
    import pyarrow as pa

    found = query_rows(
        lake_url, options, sql, as_of, parameters=parameters, memory_mb=memory_mb, threads=threads
    )
    return pa.table(found)


def query_rows(
    lake_url: str,
    options: Mapping[str, str] | None,
    sql: str,
    as_of: datetime,
    *,
    parameters: Mapping[str, object] | None = None,
    memory_mb: int = 2048,
    threads: int = 2,
) -> Table:
    """Return what `query` does in the Arrow of delta-rs, which imports in no time."""

    def answered(named: Collection[str]) -> Table:
        with asking(
            lake_url, options, as_of, memory_mb=memory_mb, threads=threads, named=named
        ) as ask:
            return ask(sql, parameters)

    named = named_in(sql)
    try:
        return answered(named)
    except UsageError as error:
        if named == KNOWN or not isinstance(error.__cause__, NoSuchName):
            raise
    # It builds a name, or misspells one: DuckDB proposes one that is meant among all it knows.
    return answered(KNOWN)


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

    They may be of all tables, views and codes, or of those that are `named` (`views.named_in`).
    """
    moment_literal(as_of)  # refused without a time zone, whatever is asked
    # A lake has to be there for who asks what codes mean, too.
    snapshot = open_snapshot(lake_url, options, frozenset(named) - CODE_TABLES or TABLES)
    with _session(snapshot, as_of, memory_mb, threads, named) as connection:

        def ask(sql: str, parameters: Mapping[str, object] | None = None) -> Table:
            try:
                return _answer(connection, sql, parameters, memory_mb * 1024**2 // 8)
            except OutOfMemory as error:
                # Its own words advise settings that a query may not set.
                raise too_much_memory(memory_mb) from error
            except (DuckError, OSError) as error:
                if _tells_of_a_file(snapshot, error):
                    raise StoreError(
                        "a data file of the lake cannot be read: ask again, as upkeep may have"
                        " replaced it; if it stays so, `dateline lake check` says what is wrong",
                        reason=error,
                    ) from error
                raise UsageError(str(error)) from error

        yield ask


def _tells_of_a_file(snapshot: Snapshot, error: Exception) -> bool:
    """Say whether a data file is at fault: gone, or damaged."""
    if isinstance(error, NotOfFiles):
        return False
    if isinstance(error, FileNotFoundError) or _UNREAD_FILE in str(error):
        return True
    # A query may open no other file, and writes to the folder that it spills into alone.
    if isinstance(error, DuckIOError) and SPILL not in str(error):
        return True
    return is_unread(snapshot, error) or not _OF_A_KIND.match(str(error))


def _answer(
    connection: DuckDBPyConnection,
    sql: str,
    parameters: Mapping[str, object] | None,
    most_bytes: int,
) -> Table:
    # EXPLAIN ANALYZE carries out what it explains: that has to be reading too.
    explained = _EXPLAIN.match(sql)
    if not _only_reads(connection, sql if explained is None else sql[explained.end() :]):
        raise UsageError("a query is one statement that only reads")
    return _interruptible(connection, lambda: _whole(connection, sql, parameters or {}, most_bytes))


def _only_reads(connection: DuckDBPyConnection, sql: str) -> bool:
    statements = connection.extract_statements(sql)
    try:
        return [statement.type for statement in statements] == [StatementType.SELECT]
    except ValueError:
        return False  # a kind that DuckDB's Python side does not know


def _interruptible(connection: DuckDBPyConnection, work: Callable[[], T]) -> T:
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


def _whole(
    connection: DuckDBPyConnection, sql: str, parameters: Mapping[str, object], most_bytes: int
) -> Table:
    schema, rows = fetched(connection, sql, parameters)
    batches = []
    for batch in rows:
        most_bytes -= batch.nbytes
        if most_bytes < 0:
            raise UsageError("the result is too large: ask for fewer rows or columns")
        batches.append(batch)
    return Table.from_batches(batches, schema=schema)


def json_rows(found: Table | pa.Table) -> list[dict[str, Any]]:
    """Return the rows as JSON can hold them.

    ISO 8601 times, base64 bytes, null for NaN and infinity.
    """
    return [{name: plain(value) for name, value in row.items()} for row in row_mappings(found)]


def row_mappings(found: Table | pa.Table) -> list[dict[str, Any]]:
    """Return the rows, their values as Python has them, by the names of their columns."""
    table = Table.from_arrow(found)
    return [dict(zip(table.column_names, row, strict=True)) for row in row_values(table)]


def row_values(table: Table) -> Iterator[tuple[Any, ...]]:
    """Yield the rows, their values as Python has them."""
    for batch in table.rechunk(max_chunksize=_SHOWN_ROWS).to_batches():
        yield from zip(*map(_values, batch.columns), strict=True)


def _values(column: Array) -> list[Any]:
    """Return the values of a column: by pyarrow those that arro3 does not give, or not whole."""
    kind = str(column.type)
    if not _ARROWS_OWN.search(kind):
        values = list(column.to_pylist())
        if not kind.startswith("arro3.core.DataType<Decimal") or all(map(_is_exact, values)):
            return values
    import pyarrow as pa

    return [value.as_py() for value in pa.array(column)]


def _is_exact(value: Decimal | None) -> bool:
    return value is None or len(value.as_tuple().digits) <= _EXACT_DIGITS


@contextmanager
def _session(
    snapshot: Snapshot, as_of: datetime, memory_mb: int, threads: int, named: Collection[str]
) -> Iterator[DuckDBPyConnection]:
    """Open a session that knows what is `named` alone: each table and view takes time to make."""
    tables = [table for table in (*TABLES, LINKS) if table in named]
    with session(snapshot, tables, memory_mb=memory_mb, threads=threads) as connection:
        create_views(connection, snapshot, as_of, named)
        know_codes(connection, named)
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
