"""The lake: five Delta tables under one root, and the one way to commit to them.

A commit carries the rows' files and the new end of every source concerned in one entry of the
table's log (Delta's application transactions, protocol section "Transaction Identifiers"), made
from the handle whose versions were compared. Nothing here knows what a row means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction

from pipeline.errors import StoreError
from pipeline.store.commit.actions import add_action, by_partition
from pipeline.store.commit.conditional import assert_put_if_absent
from pipeline.store.commit.conflict import ConflictError
from pipeline.store.commit.data_files import Marks, OnPoint, encode, nothing, open_files
from pipeline.store.commit.delta import folder_of, reading_log, reason
from pipeline.store.commit.entry_seal import COMMIT_KEY, ENTRY_SEAL, entry_seal
from pipeline.store.commit.tables import added, arrow_dataset, open_table
from pipeline.store.schema.contract import contract
from pipeline.store.schema.rows import Row, table_of

_FILES_AT_ONCE = 64
"""So many encoded files are in memory at once."""


def cannot_write(table: str, error: OSError) -> StoreError:
    """Return the fault of a data file that the store does not take."""
    return StoreError(
        "cannot write: see docs/upkeep.md, Faults of the store", table=table, reason=reason(error)
    )


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit to one table: the rows, and the new committed end of each source.

    `name` is unique to the attempt: it names the data files and stands in the commit's metadata,
    where a lost acknowledgement is recognised by it. `at` is the files' modification time. `marks`
    are further application transactions, of which the files' footers need not know.
    """

    table: str
    rows: Sequence[Row]
    ends: Mapping[str, int]
    name: str
    writer: str
    at: datetime
    marks: Mapping[str, int] = field(default_factory=dict)


class Lake:
    """The tables under `url`; creates the missing ones. Not for use by several threads.

    `on_point` is called with a name at each step of a commit, for tests that die there:
    `TABLE.begin`, `file.staged` (local lakes), `TABLE.file` after each file, `TABLE.log` right
    before the log's entry and `TABLE.done` right after it; the writer adds `TABLE.conflict`.
    """

    def __init__(
        self,
        url: str,
        storage_options: Mapping[str, str] | None = None,
        on_point: OnPoint = nothing,
    ) -> None:
        self.url = url.rstrip("/")
        self.options = dict(storage_options or {})
        self.on_point = on_point
        self.files = open_files(self.url, self.options, on_point)
        self._handles: dict[str, DeltaTable] = {}
        self._ends_at: dict[str, tuple[int, dict[str, int | None]]] = {}

    def handle(self, table: str) -> DeltaTable:
        """Return the handle as last refreshed, opened (and the table created) where need be."""
        if table not in self._handles:
            assert_put_if_absent(self.url, self.options)
            self._handles[table] = open_table(self.url, table, self.options)
        return self._handles[table]

    def refresh(self, table: str) -> DeltaTable:
        """Return the handle of `table`, brought up to the log's last version.

        Raises `StoreError` where the log cannot be read, or is no longer the one that was read.
        """
        handle = self.handle(table)
        with reading_log(table):
            handle.update_incremental()
        self._assert_last_entry(table, handle.version())
        return handle

    def committed(self, table: str, sources: Iterable[str]) -> dict[str, int]:
        """Return the committed end of each source that has one, as last refreshed."""
        handle = self.handle(table)
        asked = list(sources)
        # A version says the same for ever, and a batch asks for it several times.
        if table not in self._ends_at or self._ends_at[table][0] != handle.version():
            self._ends_at[table] = (handle.version(), {})
        _, ends = self._ends_at[table]
        with reading_log(table):
            ends |= {s: handle.transaction_version(s) for s in asked if s not in ends}
        return {source: end for source in asked if (end := ends[source]) is not None}

    def ends(self, sources: Sequence[str]) -> dict[str, int]:
        """Say where to resume each source: the smallest committed end over the tables.

        The ledger commits last, so that its end is the smallest.
        """
        self.refresh("ledger")
        return self.committed("ledger", sources)

    def dataset(self, table: str) -> ds.Dataset:
        """Return the table as last refreshed, pinned to that version."""
        with reading_log(table):
            return arrow_dataset(self.handle(table), self.url, table)

    def rows(
        self, table: str, source: str, start: int, end: int, columns: Sequence[str]
    ) -> list[Row]:
        """Read `columns` of `source`'s rows with `start <= offset < end`, as last refreshed."""
        where = (
            (ds.field("source") == source)
            & (ds.field("offset") >= start)
            & (ds.field("offset") < end)
        )
        with self.reading(table):
            found = self.dataset(table).to_table(list(columns), filter=where)
        listed: list[Row] = found.to_pylist()
        return listed

    @contextmanager
    def reading(self, table: str) -> Iterator[None]:
        """Reads data files of `table` as last refreshed.

        Raises `ConflictError` where one has left the table since (compaction), after a refresh;
        `StoreError` where the store fails, or a file of the table is not there.
        """
        try:
            yield
        except FileNotFoundError as error:
            before = self.handle(table).version()
            if self.refresh(table).version() == before:
                raise StoreError(
                    "a data file of the table is gone: `dateline lake check` names it; take it"
                    " from a backup",
                    table=table,
                    reason=reason(error),
                ) from error
            raise ConflictError(table) from error
        except (OSError, pa.ArrowInvalid) as error:
            raise StoreError(
                "cannot read a data file: `dateline lake check --deep` tells whether it is damaged",
                table=table,
                reason=reason(error),
            ) from error

    def added(self, table: str) -> pa.Table:
        """Return one row for each data file of the table as last refreshed: see `tables.added`."""
        return added(self.handle(table), table)

    def active(self, table: str) -> list[str]:
        """List the files that the table's log holds, by their paths relative to the lake's root."""
        paths = self.added(table).column("path").to_pylist()
        return [f"{table}/{unquote(path)}" for path in paths]

    def commit(self, commit: Commit) -> None:
        """Write the files and commit them from the handle as it is.

        Raises `ConflictError` when another writer was first (the files are removed), `StoreError`
        when the store fails. The handle does not see its own commit until it is refreshed.
        """
        self.on_point(f"{commit.table}.begin")
        versions = {**commit.ends, **commit.marks}
        self.commit_actions(commit.table, self._write_files(commit), versions, commit.name)

    def commit_actions(
        self,
        table: str,
        actions: Sequence[AddAction | RemoveAction],
        versions: Mapping[str, int],
        name: str,
    ) -> None:
        """Commit files that stand already, with new versions of application transactions.

        `name` and what is raised are as in `commit`.
        """
        handle = self.handle(table)
        base = handle.version()
        self.on_point(f"{table}.log")
        try:
            handle.create_write_transaction(
                list(actions),
                mode="append",
                schema=contract(table).schema,
                partition_by=list(contract(table).partition_by),
                commit_properties=CommitProperties(
                    custom_metadata={COMMIT_KEY: name, ENTRY_SEAL: entry_seal(actions, versions)},
                    app_transactions=[Transaction(app, n) for app, n in versions.items()],
                ),
            )
        except (DeltaError, OSError) as error:
            # The entry may have been cleaned out of the log since: then the table holds the files.
            if not self._landed(table, name, base) and not self._holds(table, actions):
                if not isinstance(error, CommitFailedError):
                    # The store may still carry the commit out: its files stay until clean-up has
                    # fenced them.
                    raise StoreError(
                        "cannot commit: see docs/upkeep.md, Faults of the store",
                        table=table,
                        reason=reason(error),
                    ) from error
                self.drop(table, actions)
                raise ConflictError(table) from error
        self.on_point(f"{table}.done")

    def _holds(self, table: str, actions: Iterable[AddAction | RemoveAction]) -> bool:
        """Say whether the table, as last refreshed, has a file that `actions` add."""
        held = set(self.active(table))
        paths = (f"{table}/{action.path}" for action in actions if isinstance(action, AddAction))
        return any(path in held for path in paths)

    def drop(self, table: str, actions: Iterable[AddAction | RemoveAction]) -> None:
        """Remove the files of additions that no commit will name.

        What the store does not remove now is left to clean-up.
        """
        for action in actions:
            if isinstance(action, AddAction):
                with suppress(OSError):
                    self.files.delete(f"{table}/{action.path}")

    def _landed(self, table: str, name: str, base: int) -> bool:
        """Say whether the commit is in the log though its acknowledgement was lost."""
        handle = self.refresh(table)
        new = handle.version() - base
        with reading_log(table):
            return new > 0 and any(
                entry.get(COMMIT_KEY) == name for entry in handle.history(limit=new)
            )

    def _write_files(self, commit: Commit) -> list[AddAction | RemoveAction]:
        """Return one file a partition. All of them stand, or none and `StoreError` is raised."""
        table, marks = commit.table, Marks(commit.ends)
        actions: list[AddAction | RemoveAction] = []
        made: dict[str, AddAction] = {}

        def stands(path: str) -> None:
            actions.append(made[path])
            self.on_point(f"{table}.file")

        parts = by_partition(table, commit.rows)
        # One table, of which each file has a slice: an array takes as long for a row as for many.
        ordered = (row for _, rows in parts for row in rows)
        whole = table_of(table, ordered).select(contract(table).file_schema.names)
        begins = [0, *accumulate(len(rows) for _, rows in parts)]
        try:
            for begin in range(0, len(parts), _FILES_AT_ONCE):
                files = []
                for n, (partition, rows) in enumerate(parts[begin : begin + _FILES_AT_ONCE], begin):
                    path = f"{folder_of(partition)}{commit.name}-{n}.parquet"
                    columns = whole.slice(begins[n], len(rows))
                    data = encode(columns, marks, share=len(rows) / whole.num_rows)
                    files.append((f"{table}/{path}", data))
                    made[f"{table}/{path}"] = add_action(
                        table, path, data.size, partition, columns, commit.at
                    )
                self.files.write_all(files, commit.writer, stands)
        except OSError as error:
            self.drop(table, actions)
            raise cannot_write(table, error) from error
        return actions

    def _assert_last_entry(self, table: str, version: int) -> None:
        """Make sure, on a local lake, that the log has the entry of the handle's version.

        delta-rs takes an empty entry for an empty commit, and a log that is gone for one that has
        nothing new.
        """
        if "://" in self.url:
            return
        entry = Path(self.url, table, "_delta_log", f"{version:020}.json")
        try:
            is_whole = entry.stat().st_size > 0
        except OSError as error:
            raise StoreError(
                "the table's log is gone, or not the one that was read: put the lake back in its"
                " place, or name it anew with `lake.url`",
                table=table,
                entry=entry,
            ) from error
        if not is_whole:
            raise StoreError(
                "an entry of the table's log is empty: take it from a backup (docs/upkeep.md, A"
                " damaged log)",
                table=table,
                entry=entry,
            )
