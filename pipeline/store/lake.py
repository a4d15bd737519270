"""The lake: five Delta tables under one root, and the one way to commit to them.

A commit carries the rows' files and the new end of every source concerned in one entry of the
table's log (Delta's application transactions, protocol section "Transaction Identifiers"), made
from the handle whose versions were compared. Nothing here knows what a row means.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction

from pipeline.errors import StoreError
from pipeline.store.contract import contract
from pipeline.store.files import encode, open_files
from pipeline.store.rows import Row, table_of

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
_COMMIT_KEY = "dateline.commit"


class ConflictError(Exception):
    """Another writer committed to one of these sources since the handle was refreshed."""


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit to one table: the rows, and the new committed end of each source.

    `name` is unique to the attempt: it names the data files and stands in the commit's metadata,
    where a lost acknowledgement is recognised by it. `at` is the files' modification time.
    """

    table: str
    rows: Sequence[Row]
    ends: Mapping[str, int]
    name: str
    writer: str
    at: datetime


class Lake:
    """The tables under `url`; creates the missing ones. Not for use by several threads."""

    def __init__(self, url: str, storage_options: Mapping[str, str] | None = None) -> None:
        self.url = url.rstrip("/")
        self.options = dict(storage_options or {})
        self.files = open_files(self.url, self.options)
        self._handles: dict[str, DeltaTable] = {}

    def handle(self, table: str) -> DeltaTable:
        """The handle as last refreshed, opened (and the table created) where need be."""
        if table not in self._handles:
            self._handles[table] = self._open(table)
        return self._handles[table]

    def refresh(self, table: str) -> DeltaTable:
        """The handle of `table`, brought up to the log's last version."""
        handle = self.handle(table)
        try:
            handle.update_incremental()
        except (DeltaError, OSError) as error:
            raise StoreError("cannot read the table's log", table=table, reason=error) from error
        return handle

    def committed(self, table: str, sources: Iterable[str]) -> dict[str, int]:
        """The committed end of each source that has one, as the handle was last refreshed."""
        handle = self.handle(table)
        found = {source: handle.transaction_version(source) for source in sources}
        return {source: end for source, end in found.items() if end is not None}

    def ends(self, sources: Sequence[str]) -> dict[str, int]:
        """Where to resume each source: the smallest committed end over the tables.

        The ledger commits last, so that its end is the smallest.
        """
        self.refresh("ledger")
        return self.committed("ledger", sources)

    def dataset(self, table: str) -> ds.Dataset:
        """The table as last refreshed, pinned to that version."""
        return self.handle(table).to_pyarrow_dataset()

    def rows(
        self, table: str, source: str, start: int, end: int, columns: Sequence[str]
    ) -> list[Row]:
        """`columns` of the rows of `source` with `start <= offset < end`, as last refreshed."""
        where = (
            (ds.field("source") == source)
            & (ds.field("offset") >= start)
            & (ds.field("offset") < end)
        )
        found = self.dataset(table).to_table(list(columns), filter=where)
        listed: list[Row] = found.to_pylist()
        return listed

    def active(self, table: str) -> list[str]:
        """Paths, relative to the lake's root, of the files that the table's log holds.

        The log has them URL-encoded (Delta protocol, section "Add File and Remove File").
        """
        paths = pa.table(self.handle(table).get_add_actions(flatten=True)).column("path")
        return [f"{table}/{unquote(path)}" for path in paths.to_pylist()]

    def commit(self, commit: Commit) -> None:
        """Write the files and commit them from the handle as it is.

        Raises `ConflictError` when another writer was first (the files are removed), `StoreError`
        when the store fails. The handle does not see its own commit until it is refreshed.
        """
        handle = self.handle(commit.table)
        base = handle.version()
        actions = self._write_files(commit)
        try:
            handle.create_write_transaction(
                actions,
                mode="append",
                schema=contract(commit.table).schema,
                partition_by=list(contract(commit.table).partition_by),
                commit_properties=CommitProperties(
                    custom_metadata={_COMMIT_KEY: commit.name},
                    app_transactions=[Transaction(s, end) for s, end in commit.ends.items()],
                ),
            )
        except (DeltaError, OSError) as error:
            if self._landed(commit, base):
                return
            if not isinstance(error, CommitFailedError):
                # The store may still carry the commit out: its files stay until `clean` has
                # fenced them.
                raise StoreError("cannot commit", table=commit.table, reason=error) from error
            for action in actions:
                self.files.delete(f"{commit.table}/{action.path}")
            raise ConflictError(commit.table) from error

    def _landed(self, commit: Commit, base: int) -> bool:
        """Whether the commit is in the log though its acknowledgement was lost."""
        handle = self.refresh(commit.table)
        new = handle.version() - base
        return new > 0 and any(
            entry.get(_COMMIT_KEY) == commit.name for entry in handle.history(limit=new)
        )

    def _write_files(self, commit: Commit) -> list[AddAction | RemoveAction]:
        """One file a partition. All of them stand, or none and `StoreError` is raised."""
        rule = contract(commit.table)
        footer = json.dumps(dict(commit.ends)).encode()
        actions: list[AddAction | RemoveAction] = []
        try:
            for n, (place, rows) in enumerate(_partitions(commit)):
                folders = "/".join(
                    f"{column}={NULL_PARTITION if value is None else value}"
                    for column, value in zip(rule.partition_by, place, strict=True)
                )
                path = f"{folders}/{commit.name}-{n}.parquet"
                columns = table_of(commit.table, rows).select(rule.file_schema.names)
                data = encode(columns, footer)
                self.files.write(f"{commit.table}/{path}", data, commit.writer)
                actions.append(
                    AddAction(
                        path,
                        data.size,
                        dict(zip(rule.partition_by, place, strict=True)),
                        int(commit.at.timestamp() * 1000),
                        True,
                        _stats(commit.table, rows),
                    )
                )
        except OSError as error:
            for action in actions:
                self.files.delete(f"{commit.table}/{action.path}")
            raise StoreError("cannot write", table=commit.table, reason=error) from error
        return actions

    def _open(self, table: str) -> DeltaTable:
        rule = contract(table)
        uri = self._uri(table)
        try:
            if "://" not in uri:
                Path(uri).mkdir(parents=True, exist_ok=True)
            DeltaTable.create(
                uri,
                schema=rule.schema,
                partition_by=list(rule.partition_by),
                mode="ignore",
                name=table,
                description=rule.description,
                # Readers take a column that has no statistics for one without values, unless the
                # table says which columns have them (measured: deltalake 1.6 as Arrow dataset).
                configuration={
                    "delta.dataSkippingStatsColumns": ",".join(_stats_columns(table)),
                    # A handle holds every commit since the last checkpoint in memory, and opening
                    # a table reads them one by one (the default is 100).
                    "delta.checkpointInterval": "20",
                },
                storage_options=self.options or None,
            )
            return DeltaTable(uri, storage_options=self.options or None)
        except DeltaError:
            # Two writers may create the table at once: the second finds it made.
            return DeltaTable(uri, storage_options=self.options or None)
        except OSError as error:
            raise StoreError("cannot open the table", table=table, reason=error) from error

    def _uri(self, table: str) -> str:
        return f"{self.url}/{table}"


def _partitions(commit: Commit) -> list[tuple[tuple[str | None, ...], list[Row]]]:
    columns = contract(commit.table).partition_by

    def place(row: Row) -> tuple[str | None, ...]:
        return tuple(None if row[c] is None else str(row[c]) for c in columns)

    def order(row: Row) -> Any:
        return (
            [(value is None, value or "") for value in place(row)],
            row["source"],
            row.get("offset", 0),
            row.get("item", 0),
        )

    return [(key, list(rows)) for key, rows in groupby(sorted(commit.rows, key=order), key=place)]


def _stats_columns(table: str) -> tuple[str, str]:
    """The columns that the log has the smallest and largest values of."""
    return "source", "start_offset" if table == "ledger" else "offset"


def _stats(table: str, rows: Sequence[Row]) -> str:
    key = _stats_columns(table)[1]
    sources = [row["source"] for row in rows]
    offsets = [row[key] for row in rows]
    return json.dumps(
        {
            "numRecords": len(rows),
            "minValues": {"source": min(sources), key: min(offsets)},
            "maxValues": {"source": max(sources), key: max(offsets)},
            "nullCount": {"source": 0, key: 0},
        }
    )
