"""Opening one table of the lake: made where it is missing, widened where the contract has grown.

A change within a major version only adds columns that may be null (schemas/README). They enter the
table's metadata when a newer version of the code opens it first. That refuses every commit made
from an older handle, whose writer then refreshes it and commits again; older code writes on beside
newer, its rows without the new columns.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
from deltalake import CommitProperties, DeltaTable, Schema
from deltalake.exceptions import CommitFailedError, DeltaError

from pipeline.errors import UnfitStoreError
from pipeline.store.commit.conflict import until_won
from pipeline.store.commit.delta import (
    STATS_COLUMNS,
    cannot_open,
    local_path,
    logged,
    stats_columns,
)
from pipeline.store.schema.contract import Contract, contract

_ATTEMPTS = 10

PROPERTIES: Mapping[str, str] = {
    # A handle holds every commit since the last checkpoint in memory, and opening a table reads
    # them one by one (the default is 100).
    "delta.checkpointInterval": "20",
    # Entries that a checkpoint covers go after this time, by the commit that makes a checkpoint
    # (the default is 30 days: half a million files a table at a commit every five seconds).
    "delta.logRetentionDuration": "interval 2 days",
}
"""Properties of every table, beside the columns that have statistics. An operator's own stay."""


def added(handle: DeltaTable, table: str) -> pa.Table:
    """Return what `logged` does, for Arrow."""
    return pa.table(logged(handle, table))


def arrow_dataset(handle: DeltaTable, url: str, table: str) -> ds.Dataset:
    """Return the table's rows as `handle` has pinned them; `url` is the lake's.

    A local lake is read by Arrow itself. The handler that deltalake would use is written in Python:
    Arrow's threads may still call it while the interpreter ends, which aborts the process
    (measured: 22 of 50 short programs; 0 of 25 this way).
    """
    path = local_path(url)
    if path is None:
        return handle.to_pyarrow_dataset()
    root = pafs.SubTreeFileSystem(str(path / table), pafs.LocalFileSystem())
    return handle.to_pyarrow_dataset(filesystem=root)


def open_table(url: str, table: str, options: Mapping[str, str]) -> DeltaTable:
    """Return the table at its last version, as the contract has it.

    Raises `StoreError` where the store fails, `UnfitStoreError` where the table is of another major
    version.
    """
    rule = contract(table)
    uri = f"{url}/{table}"

    def attempt() -> DeltaTable | None:
        handle = _made(uri, rule, options)
        return handle if _widened(handle, rule) else None

    try:
        return until_won(table, attempt, attempts=_ATTEMPTS)
    except (DeltaError, OSError) as error:
        raise cannot_open(table, error) from error


def _made(uri: str, rule: Contract, options: Mapping[str, str]) -> DeltaTable:
    if "://" not in uri:
        Path(uri).mkdir(parents=True, exist_ok=True)
    with suppress(DeltaError):
        DeltaTable.create(
            uri,
            schema=rule.schema,
            partition_by=list(rule.partition_by),
            mode="ignore",
            name=rule.table,
            description=rule.description,
            # Readers take a column that has no statistics for one without values, unless the
            # table says which columns have them (measured: deltalake 1.6 as Arrow dataset).
            configuration={
                STATS_COLUMNS: ",".join(stats_columns(rule.table)),
                **PROPERTIES,
            },
            storage_options=dict(options) or None,
            # Two writers may create the table at once. Tried again, the second's entry would be
            # the next one, and give the table another id: it takes the first's instead.
            commit_properties=CommitProperties(max_commit_retries=0),
        )
    return DeltaTable(uri, storage_options=dict(options) or None)


def _widened(handle: DeltaTable, rule: Contract) -> bool:
    """Add the columns that the table lacks; False when the handle is outdated by that."""
    found = {field.name: field for field in handle.schema().fields}
    wanted = Schema.from_arrow(rule.schema).fields
    for field in wanted:
        other = found.get(field.name)
        if other is None and field.nullable:
            continue
        if other is None or other.type != field.type or other.nullable != field.nullable:
            raise UnfitStoreError(
                "the table is of another major version, a column differs: read it with the"
                " version of Dateline that wrote it, or name another `lake.url`",
                table=rule.table,
                column=field.name,
                found=None if other is None else other.type,
                contract=field.type,
            )
    missing = [field for field in wanted if field.name not in found]
    known = handle.metadata().configuration
    properties = {name: value for name, value in PROPERTIES.items() if name not in known}
    if known.get(STATS_COLUMNS) != (stated := ",".join(stats_columns(rule.table))):
        properties[STATS_COLUMNS] = stated
    if not missing and not properties:
        return True
    try:
        if missing:
            handle.alter.add_columns(missing)
        else:
            handle.alter.set_table_properties(properties)
    except CommitFailedError:
        # Another one was first.
        pass
    return False
