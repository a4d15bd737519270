"""Writes into a lake's root what it says of itself: README.md, views.sql, codes/*.parquet.

They belong to no table: nothing of the job reads them, and they can be removed at any time. Written
is only what differs from what is there, so that a round over an unchanged lake writes nothing; a
README.md or views.sql of somebody else is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib.resources import files

import duckdb
import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
import structlog

from pipeline import __version__
from pipeline.compat.delta_uploads import Uploads
from pipeline.errors import DatelineError, StoreError
from pipeline.redact import masked
from pipeline.store.codes.codes import CODES, CODES_FOLDER, PREFIX
from pipeline.store.commit.delta import local_path, reason
from pipeline.store.commit.seal import SEAL_KEY, UNSEALED, sealed
from pipeline.store.read.snapshot import Snapshot, open_snapshot
from pipeline.store.read.views import VIEWS, moment_literal, view_select
from pipeline.store.schema.contract import LINKS, TABLES, contract

_log: structlog.stdlib.BoundLogger = structlog.get_logger("dateline")

_README = "data/readme.txt"
_HEAD = "data/views_head.sql"
_ANY = datetime(2000, 1, 1, tzinfo=UTC)


def explain(lake_url: str, options: Mapping[str, str] | None = None) -> list[str]:
    """Write the files that differ, and return the paths of those written, below the lake.

    Raises `UsageError` where there is no lake, `StoreError` where it cannot be written.
    """
    snapshot = open_snapshot(lake_url, options)
    store = snapshot.filesystem()
    changed = []
    try:
        for path, data in _files(snapshot):
            held = _held(store, path)
            if held != data and (held is None or _is_ours(path, held)):
                _put(snapshot, path, data)
                changed.append(path)
    except OSError as error:
        raise StoreError(
            "cannot write what the lake says of itself: see docs/upkeep.md",
            lake=lake_url,
            reason=reason(error),
        ) from error
    return changed


def explain_or_tell(lake_url: str, options: Mapping[str, str] | None = None) -> None:
    """Do as `explain` does, and log what hinders it: all that matters has landed by then."""
    try:
        explain(lake_url, options)
    except DatelineError as error:
        _log.warning("the lake could not be explained", lake=masked(lake_url), reason=str(error))


def _files(snapshot: Snapshot) -> Iterator[tuple[str, bytes]]:
    yield "README.md", _readme().encode()
    yield "views.sql", views_sql(snapshot).encode()
    for name, make in CODES.items():
        yield f"{CODES_FOLDER}/{name}.parquet", _code_file(make().arrow())


def _code_file(codes: pa.Table) -> bytes:
    """Return codes as Parquet, with a checksum on each page and the seal of the file."""
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink, codes.schema, compression="zstd", write_page_checksum=True
    ) as writer:
        writer.write_table(codes)
        writer.add_key_value_metadata({SEAL_KEY: UNSEALED})
    return sealed(sink.getvalue().to_pybytes())


def _readme() -> str:
    tables = "".join(
        f"| `{rule.table}` | {rule.version} | {rule.description} |\n"
        for rule in map(contract, (*reversed(TABLES), LINKS))
    )
    codes = ", ".join(f"`{name}`" for name in CODES if name != "columns")
    return _text(_README).format(version=__version__, tables=tables, codes=codes)


def views_sql(snapshot: Snapshot) -> str:
    """Return SQL that makes tables, views and codes known to a DuckDB that stands in the lake."""
    parts = [_text(_HEAD)]
    for table in (*TABLES, LINKS):
        select = _table_select(table, has_files=bool(snapshot.active(table)))
        parts.append(f"CREATE OR REPLACE VIEW {table} AS\n{select};\n")
    for view in VIEWS:
        select = view_select(view, _ANY).replace(moment_literal(_ANY), "now()")
        parts.append(f"CREATE OR REPLACE VIEW {view} AS\n{select.strip()};\n")
    for name in CODES:
        read = f"SELECT * FROM read_parquet('{CODES_FOLDER}/{name}.parquet')"
        parts.append(f"CREATE OR REPLACE VIEW {PREFIX}{name} AS {read};\n")
    return "\n".join(parts)


def _table_select(table: str, *, has_files: bool) -> str:
    """Return a table's files with all columns of today; of a table without files its columns
    alone."""
    rule = contract(table)
    with duckdb.connect() as connection:
        connection.register("empty", rule.schema.empty_table())
        described = connection.execute("DESCRIBE empty").fetchall()
    nothing = ", ".join(f'NULL::{kind} AS "{name}"' for name, kind, *_ in described)
    columns = f"SELECT {nothing} WHERE false"
    if not has_files:
        return columns
    keys = {"date": "DATE", "region": "VARCHAR"}
    folders = "/".join(f"{key}=*" for key in rule.partition_by)
    types = ", ".join(f"'{key}': {keys[key]}" for key in rule.partition_by)
    read = (
        f"SELECT * FROM read_parquet('{table}/{folders}/*.parquet', union_by_name = true, "
        f"hive_partitioning = true, hive_types = {{{types}}})"
    )
    return f"{columns}\nUNION ALL BY NAME\n{read}"


def _held(store: pafs.FileSystem, path: str) -> bytes | None:
    try:
        with store.open_input_file(path) as file:
            data: bytes = file.read()
            return data
    except FileNotFoundError:
        return None


def _is_ours(path: str, held: bytes) -> bool:
    ours = {"README.md": _README, "views.sql": _HEAD}.get(path)
    return ours is None or held.startswith(_text(ours).partition("\n")[0].encode())


def _text(name: str) -> str:
    return files("pipeline.store.explain").joinpath(name).read_text("utf-8")


def _put(snapshot: Snapshot, path: str, data: bytes) -> None:
    """Write a file so that nobody reads half of it: an object store's put is whole by itself."""
    root = local_path(snapshot.url)
    if root is None:
        Uploads(snapshot.url, snapshot.options).put(path, pa.py_buffer(data))
        return
    (root / path).parent.mkdir(exist_ok=True)
    part = root / f"{path}.part"
    part.write_bytes(data)
    part.replace(root / path)
