"""Data files made known to a DuckDB session: read by DuckDB itself, or by Arrow for it.

DuckDB reads the files that a table's log holds, each named, never a pattern. It takes partitions by
the names of folders, so where these say anything else than the log, where a name could be taken for
a pattern, where files are very many, and in an object store (for which it would need an extension)
Arrow reads for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pipeline.compat.duckdb_core import DuckError, register
from pipeline.store.commit.delta import folder_of, local_path
from pipeline.store.read.snapshot import Snapshot
from pipeline.store.schema.contract import LINKS, TABLES, contract

if TYPE_CHECKING:
    import pyarrow.dataset as ds
    from duckdb import DuckDBPyConnection

NOTED, FRESH, FRESH_LEDGER = "noted_families", "fresh_stories", "fresh_ledger"
"""A note of families, and the rows of data files that it does not know, by their names in a
session."""

_NAMES = (*TABLES, LINKS, NOTED, FRESH, FRESH_LEDGER)
_SIGNS = re.compile(r"[*?\[\\=%]")
"""What a name may not hold: signs of a pattern, of a partition, of an encoding."""

_FEW_FILES = 8
"""Up to so many are opened to learn their columns sooner than DuckDB is told of all columns."""

_MOST_FILES = 1000
"""DuckDB looks for each file at each mention of a table (10 µs): above so many Arrow is faster,
which goes through them once a session, in spite of the time that its import takes."""

_SQL_TYPES = {
    "string": "VARCHAR",
    "integer": "INTEGER",
    "long": "BIGINT",
    "double": "DOUBLE",
    "boolean": "BOOLEAN",
    "binary": "BLOB",
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
}
"""The types of a Delta table (protocol, section "Primitive Types") that a lake has."""


def know_table(
    connection: DuckDBPyConnection,
    snapshot: Snapshot,
    table: str,
    name: str = "",
    paths: Sequence[str] | None = None,
) -> None:
    """Make a table known to a session by its own name, or the data files `paths` of it by `name`.

    Columns that a lake of an older minor version lacks are there, and null.
    """
    name = name or table
    found = sql_columns(snapshot, table)
    files = _named_files(snapshot, table, paths)
    if files is not None and found is not None:
        keys = contract(table).partition_by
        ways = (True,) if len(files) > _FEW_FILES else (False, True)
        for stated in ways:
            # One is damaged, or none has a column of the table: then the next way, or Arrow. What
            # DuckDB tells of a damaged name may be no text (`UnicodeDecodeError`, `RuntimeError`).
            with suppress(DuckError, UnicodeDecodeError, RuntimeError):
                _know_files(connection, name, files, found, keys, stated=stated)
                return
    # A file may be gone: Arrow leaves be what a question does not reach.
    rows = snapshot.partitioned(table)
    register(connection, name, rows if paths is None else _part_of(rows, paths))


def know_note(connection: DuckDBPyConnection, snapshot: Snapshot, path: str) -> None:
    """Make a note of families known to a session as `NOTED`. Raises `DuckError`, `OSError`."""
    root = local_path(snapshot.url)
    if root is None or _SIGNS.search(str(root)):
        import pyarrow.dataset as ds

        note = ds.dataset(path, filesystem=snapshot.filesystem(), format="parquet")
        register(connection, NOTED, note)
        return
    _hand_over(connection, NOTED, [f"{root}/{path}"])
    connection.execute(
        f"CREATE OR REPLACE VIEW {NOTED} AS FROM read_parquet({_variable(NOTED)},"
        " hive_partitioning = false)"
    )


def footer_of(
    connection: DuckDBPyConnection, snapshot: Snapshot, path: str
) -> Mapping[bytes, bytes]:
    """Return the keys and values of a Parquet file's footer. Raises `DuckError`, `OSError`."""
    root = local_path(snapshot.url)
    if root is None or _SIGNS.search(str(root)):
        import pyarrow.parquet as pq

        return pq.read_schema(path, filesystem=snapshot.filesystem()).metadata or {}
    rows = connection.execute(
        "SELECT key, value FROM parquet_kv_metadata($file)", {"file": f"{root}/{path}"}
    ).fetchall()
    return dict(rows)


def allow_known(connection: DuckDBPyConnection) -> None:
    """Let a session that is about to be shut off read the files that it knows, and no other."""
    lists = ", ".join(f"coalesce({_variable(name)}, [])" for name in _NAMES)
    ((files,),) = connection.execute(f"SELECT flatten([{lists}])").fetchall()
    connection.execute(f"SET allowed_paths = [{', '.join(map(_quoted, files))}]")


def is_unread(snapshot: Snapshot, error: Exception) -> bool:
    """Say whether DuckDB tells by `error` of a data file of `snapshot`, and not of the SQL."""
    root = local_path(snapshot.url)
    return root is not None and any(f"{root}/{table}/" in str(error) for table in snapshot.tables)


def sql_columns(snapshot: Snapshot, table: str) -> dict[str, str] | None:
    """Return the columns of a table with their SQL types; None where DuckDB has none like one.

    In the order of the table, then those of the contract that it lacks.
    """
    found: dict[str, str] = {}
    if table in snapshot.tables:
        for column in json.loads(snapshot.tables[table].schema().to_json())["fields"]:
            kind = _sql_type(column["type"])
            if kind is None:
                return None
            found[column["name"]] = kind
    lacking = (
        column
        for column in contract(table).columns
        if column.name not in found and (column.nullable or not found)
    )
    return found | {column.name: column.sql_type for column in list(lacking)}


def _sql_type(spec: Any) -> str | None:
    if isinstance(spec, str):
        return _SQL_TYPES.get(spec)
    if spec["type"] == "array":
        inner = _sql_type(spec["elementType"])
        return inner and f"{inner}[]"
    if spec["type"] == "struct":
        parts = [(field["name"], _sql_type(field["type"])) for field in spec["fields"]]
        if None not in dict(parts).values():
            return f"STRUCT({', '.join(f'{_name(name)} {kind}' for name, kind in parts)})"
    return None


def _named_files(snapshot: Snapshot, table: str, paths: Sequence[str] | None) -> list[str] | None:
    """Return the files that DuckDB is to read, None where it may not."""
    if table not in snapshot.tables:
        return []
    root = local_path(snapshot.url)
    if root is None or _SIGNS.search(str(root)) or not snapshot.is_plain(table):
        return None
    if len(snapshot.paths(table) if paths is None else paths) > _MOST_FILES:
        return None
    keys = contract(table).partition_by
    wanted = None if paths is None else set(paths)
    folders: dict[tuple[object, ...], str] = {}
    found = []
    for path, values in zip(snapshot.paths(table), snapshot.partitions(table), strict=True):
        if values not in folders:
            texts = (None if value is None else str(value) for value in values)
            folders[values] = folder_of(dict(zip(keys, texts, strict=True)))
        folder = folders[values]
        name = path.removeprefix(folder)
        if not path.startswith(folder) or "/" in name or _SIGNS.search(name) or "%" in folder:
            return None
        if wanted is None or path in wanted:
            found.append(f"{root}/{table}/{path}")
    return found


def _know_files(
    connection: DuckDBPyConnection,
    name: str,
    files: Sequence[str],
    types: Mapping[str, str],
    partition_by: Iterable[str],
    *,
    stated: bool,
) -> None:
    """Make files known to DuckDB, their columns `stated` or learnt from their footers."""
    if not files:
        nothing = ", ".join(f"NULL::{kind} AS {_name(column)}" for column, kind in types.items())
        connection.execute(f"CREATE OR REPLACE VIEW {name} AS SELECT {nothing} WHERE false")
        return
    _hand_over(connection, name, files)
    if stated:
        _state_columns(connection, name, types, partition_by)
    told = f"schema = getvariable('columns_of_{name}')" if stated else "union_by_name = true"
    keys = ", ".join(f"{_quoted(key)}: {types[key]}" for key in partition_by)
    connection.execute(
        f"CREATE OR REPLACE VIEW {name} AS SELECT {', '.join(map(_name, types))}"
        f" FROM read_parquet({_variable(name)}, hive_partitioning = true,"
        f" hive_types = {{{keys}}}, {told})"
    )


def _state_columns(
    connection: DuckDBPyConnection,
    name: str,
    types: Mapping[str, str],
    partition_by: Iterable[str],
) -> None:
    """State what data files hold, so that none is opened to learn it, and what they lack is null.

    Once, not in each view: DuckDB would put so large a constant together at each of them.
    """
    held = [(column, kind) for column, kind in types.items() if column not in partition_by]
    rows = ", ".join(f"({_quoted(column)}, {_quoted(kind)})" for column, kind in held)
    connection.execute(
        f"SET VARIABLE columns_of_{name} = (SELECT map(list(c), list("
        f"{{name: c, type: t, default_value: NULL}})) FROM (VALUES {rows}) AS held(c, t))"
    )


def _hand_over(connection: DuckDBPyConnection, name: str, files: Sequence[str]) -> None:
    """Name files to a session once, not in each view that reads them."""
    connection.execute(f"SET VARIABLE files_of_{name} = [{', '.join(map(_quoted, files))}]")


def _variable(name: str) -> str:
    return f"getvariable('files_of_{name}')"


def _quoted(text: str) -> str:
    return "'{}'".format(text.replace("'", "''"))


def _name(column: str) -> str:
    return '"{}"'.format(column.replace('"', '""'))


def _part_of(dataset: ds.Dataset, paths: Iterable[str]) -> ds.Dataset:
    """Return the data files of `paths`, relative to the table, as a dataset of their own."""
    import pyarrow.dataset as ds

    wanted = set(paths)
    parts = [part for part in dataset.get_fragments() if part.path in wanted]
    return ds.FileSystemDataset(parts, dataset.schema, parts[0].format, parts[0].filesystem)
