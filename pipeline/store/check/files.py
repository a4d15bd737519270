"""The part of `lake check` that looks at the tables' schemas and data files."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from pipeline.compat.parquet_bounds import footer_bounds
from pipeline.store.check.findings import Finding
from pipeline.store.commit.data_files import marks_of
from pipeline.store.commit.delta import STATS_COLUMNS, folder_of, stats_columns
from pipeline.store.commit.write import LINKED
from pipeline.store.read.lost import key_columns, lost_rows
from pipeline.store.read.snapshot import DataFile, Snapshot, pin_table
from pipeline.store.read.table_log import LogState
from pipeline.store.schema.contract import LINKS, contract

OPEN_AT_ONCE = 8
"""Threads that open files pay off for a store that answers late."""

_LAYOUTS = {
    pa.string_view(): pa.string(),
    pa.large_string(): pa.string(),
    pa.binary_view(): pa.binary(),
    pa.large_binary(): pa.binary(),
}


@dataclass(frozen=True, slots=True)
class FileTotals:
    """The files that make up a table, their size, and the files that no log refers to.

    `replaced` ones were part of it until a commit took them out; `unreferenced` are the others.
    """

    files: int
    size_bytes: int
    unreferenced: int
    replaced: int


@dataclass(frozen=True, slots=True)
class _Footer:
    rows: int
    schema: pa.Schema
    bounds: Mapping[str, tuple[object, object]]


@dataclass(frozen=True, slots=True)
class _FileNote:
    """What is kept of a file that was looked at: little, as a lake has many."""

    findings: tuple[Finding, ...]
    is_there: bool
    is_ours: bool
    replaces: frozenset[str]
    columns: tuple[str, ...] = ()


def check_contract(snapshot: Snapshot, table: str) -> list[Finding]:
    """Say whether the table is there, with the contract's columns; more columns are fine.

    A column that may be null may be missing: a lake of an older minor version has it not.
    """
    if table not in snapshot.tables:
        remedy = ": `dateline lake link` makes it anew" if table == LINKS else ""
        return [Finding("no_table", table, f"the table does not exist{remedy}")]
    rule = contract(table)
    partitions = tuple(snapshot.tables[table].metadata().partition_columns)
    found = _differences(rule.schema, snapshot.dataset(table).schema, nulls=True)
    if partitions != rule.partition_by:
        found.append(f"partitioned by {partitions}, not by {rule.partition_by}")
    stated = snapshot.tables[table].metadata().configuration.get(STATS_COLUMNS)
    if stated != (expected := ",".join(stats_columns(table))):
        found.append(
            f"{STATS_COLUMNS} is {stated}, not {expected}: filters on other columns find nothing"
            " (the job sets it as it opens the table)"
        )
    return [Finding("contract", table, message) for message in found]


def has_links(snapshot: Snapshot, ledger: LogState) -> bool:
    """Say whether the lake has a table of links, or should have: nobody need ever have linked.

    It should where files lie in its folder, or the ledger's log says so (since the version that
    began to say it). The table is pinned before the ledger and may have been made meanwhile.
    """
    if LINKS in snapshot.tables:
        return True
    is_known = LINKED in ledger.versions or bool(_listed(snapshot.filesystem(), LINKS))
    return is_known and pin_table(snapshot.url, LINKS, snapshot.options) is None


def check_files(
    snapshot: Snapshot, table: str, removed: Collection[str], pool: Executor
) -> tuple[FileTotals, list[Finding]]:
    """Say whether the table's files are there, whole, as the log says; and which others are.

    `removed` are the files that a commit took out of the table; `pool` opens them.
    A file that left or entered the table since it was pinned is not held against it.
    """
    filesystem = snapshot.filesystem()
    active = {file.path: file for file in snapshot.active(table)}
    sizes = _listed(filesystem, table)
    others = sorted(sizes.keys() - active.keys())

    def seen(path: str) -> _FileNote:
        return _seen(table, path, active.get(path), sizes.get(path), filesystem)

    paths = [*active, *others]
    files = dict(zip(paths, pool.map(seen, paths), strict=True))
    latest = _latest(snapshot, table)
    findings = [
        finding
        for path in active
        if files[path].is_there or path in latest
        for finding in files[path].findings
    ]
    beyond = [path for path in others if path not in latest and files[path].is_there]
    replaced = {path.removeprefix(f"{table}/") for file in files.values() for path in file.replaces}
    kept = 0
    findings += _unread_columns(snapshot, table, (files[path].columns for path in active))
    for path in beyond:
        findings += files[path].findings
        kind = "replaced" if path in replaced or path in removed else "unreferenced"
        if kind == "unreferenced" and files[path].is_ours:
            kind = "lost_file" if _is_lost(snapshot, table, path) else kind
        kept += kind == "replaced"
        findings.append(Finding(kind, table, path))
    size = sum(file.size_bytes for file in active.values())
    return FileTotals(len(active), size, len(beyond) - kept, kept), findings


def _seen(
    table: str,
    path: str,
    file: DataFile | None,
    size_bytes: int | None,
    filesystem: pafs.FileSystem,
) -> _FileNote:
    """Look at a data file; `file` is what the log says of it, None where it does not name it."""
    footer = _footer(filesystem, table, path)
    if file is not None:
        findings = tuple(_judge(table, file, size_bytes, footer))
    else:
        fault = Finding("unreadable_file", table, f"{path}: {footer}")
        findings = (fault,) if isinstance(footer, str) else ()
    marks = marks_of(footer.schema) if isinstance(footer, _Footer) else None
    return _FileNote(
        findings,
        is_there=footer is not None,
        is_ours=marks is not None,
        replaces=frozenset() if marks is None else marks.replaces,
        columns=_shared(tuple(footer.schema.names)) if isinstance(footer, _Footer) else (),
    )


def _unread_columns(
    snapshot: Snapshot, table: str, columns: Iterable[tuple[str, ...]]
) -> Iterator[Finding]:
    """Yield the contract's columns that data files have and the table lacks: nobody reads them."""
    if table not in snapshot.tables:
        return
    known = {field.name for field in snapshot.tables[table].schema().fields}
    held = {name for names in set(columns) for name in names}
    for name in contract(table).schema.names:
        if name in held and name not in known:
            message = f"column {name} is in data files, not in the table: nobody reads it"
            yield Finding("contract", table, message)


@cache
def _shared(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return `names` as one tuple for all files of the same columns."""
    return names


def _is_lost(snapshot: Snapshot, table: str, path: str) -> bool:
    """Say whether the file of ours has rows that the lake should hold and does not."""
    if table == LINKS:
        return False
    name = f"{table}/{path}"
    try:
        rows = pq.read_table(
            name, filesystem=snapshot.filesystem(), columns=key_columns(table), partitioning=None
        )
        ends = snapshot.committed("ledger", set(rows["source"].to_pylist()))
        return lost_rows(table, rows, snapshot.dataset, ends) > 0
    except (pa.ArrowException, OSError, KeyError):
        return False


def surplus(snapshot: Snapshot, table: str) -> list[str]:
    """Data files in the table's folders that are no part of it: a plain glob counts their rows.

    So are, for a moment, files that a live writer is about to commit.
    """
    listed = _listed(snapshot.filesystem(), table)
    return sorted(listed.keys() - {file.path for file in snapshot.active(table)})


def _judge(
    table: str, file: DataFile, size_bytes: int | None, footer: _Footer | str | None
) -> Iterator[Finding]:
    if footer is None:
        yield Finding("missing_file", table, file.path)
        return
    if isinstance(footer, str):
        yield Finding("unreadable_file", table, f"{file.path}: {footer}")
        return
    if size_bytes != file.size_bytes:
        message = f"{file.path}: {size_bytes} bytes, {file.size_bytes} in the log"
        yield Finding("file_size", table, message)
    if file.rows is not None and footer.rows != file.rows:
        message = f"{file.path}: {footer.rows} rows, {file.rows} in the log"
        yield Finding("file_rows", table, message)
    for column, bounds in file.bounds.items():
        if footer.bounds.get(column, bounds) != bounds:
            message = f"{file.path}: {column} of {footer.bounds[column]}, {bounds} in the log"
            yield Finding("file_bounds", table, message)
    for column, nulls in file.nulls.items():
        if nulls:
            message = f"{file.path}: {nulls} rows without {column} by the log, none lacks it"
            yield Finding("file_bounds", table, message)
    folder = folder_of({k: None if v is None else str(v) for k, v in file.partition.items()})
    if unquote(file.path.rpartition("/")[0]) + "/" != folder:
        yield Finding("file_place", table, f"{file.path} is not in {folder}")
    if marks_of(footer.schema) is None:
        yield Finding("foreign_file", table, file.path)
    for message in _differences(contract(table).file_schema, footer.schema, nulls=False):
        yield Finding("file_columns", table, f"{file.path}: {message}")


def _differences(rule: pa.Schema, found: pa.Schema, *, nulls: bool) -> list[str]:
    different: list[str] = []
    for field in rule:
        if field.name not in found.names:
            if not field.nullable:
                different.append(f"column {field.name} is missing")
            continue
        other = found.field(field.name)
        if _plain(other.type) != field.type:
            different.append(f"column {field.name} is {other.type}, not {field.type}")
        elif nulls and other.nullable != field.nullable:
            word = "may" if other.nullable else "must not"
            different.append(f"column {field.name} {word} be null, against the contract")
    return different


def _plain(kind: pa.DataType) -> pa.DataType:
    """Return `kind` without Arrow's choice of layout, which the Parquet column does not have."""
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(_plain(kind.value_type))
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _plain(field.type)) for field in kind])
    return _LAYOUTS.get(kind, kind)


def _listed(filesystem: pafs.FileSystem, table: str) -> dict[str, int]:
    selector = pafs.FileSelector(table, recursive=True, allow_not_found=True)
    return {
        name: info.size
        for info in filesystem.get_file_info(selector)
        if (name := info.path.removeprefix(f"{table}/")).endswith(".parquet")
        and not name.startswith("_")
    }


def _footer(filesystem: pafs.FileSystem, table: str, path: str) -> _Footer | str | None:
    """Return the file's footer; None where it is not there, the reason where it cannot be read."""
    try:
        # Not by `metadata.schema`, which refers back to its metadata: 150 KB a file of stories stay
        # until Python looks for such rings, which it does not for many thousand files.
        with pq.ParquetFile(f"{table}/{path}", filesystem=filesystem) as found:
            schema = found.schema_arrow
            known = footer_bounds(found, stats_columns(table))
            return _Footer(found.metadata.num_rows, schema, known)
    except FileNotFoundError:
        return None
    except (pa.ArrowException, OSError, ValueError) as error:
        return str(error)


def _latest(snapshot: Snapshot, table: str) -> frozenset[str]:
    handle = pin_table(snapshot.url, table, snapshot.options)
    if handle is None:
        return frozenset()
    now = Snapshot(snapshot.url, snapshot.options, {table: handle})
    return frozenset(file.path for file in now.active(table))
