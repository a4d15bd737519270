"""The lake as it stands, read only: its tables, each pinned to one version.

Nothing is created here, unlike in `lake`: a reader that mistypes the URL gets an error, not a new
lake. Arrow is imported by what gives Arrow (`pipeline.store.read.datasets`): a question goes
without.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from pipeline.errors import UsageError
from pipeline.store.commit.delta import (
    cannot_open,
    local_path,
    logged,
    reading_log,
    stats_columns,
)
from pipeline.store.schema.contract import LINKS, TABLES, contract

if TYPE_CHECKING:
    import pyarrow.dataset as ds
    import pyarrow.fs as pafs
    from arro3.core import Table


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that a table's log holds: its path below the table, its partition and row count.

    The path is as the store knows it: the log has it URL-encoded (Delta protocol, section "Add File
    and Remove File"). `rows` is None where the log does not say; `bounds` are the smallest and
    largest values of the columns that it has statistics of, `nulls` how many rows lack one.
    """

    path: str
    partition: Mapping[str, object]
    rows: int | None
    size_bytes: int
    bounds: Mapping[str, tuple[object, object]]
    nulls: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The tables that exist, pinned; a lake that is being created has not all of them yet."""

    url: str
    options: Mapping[str, str]
    tables: Mapping[str, DeltaTable]
    _partitioned: dict[str, ds.Dataset] = field(default_factory=dict, compare=False, repr=False)
    _logged: dict[str, Table] = field(default_factory=dict, compare=False, repr=False)

    def dataset(self, table: str) -> ds.Dataset:
        """Return the table's rows; none where the table does not exist.

        Columns that a lake of an older minor version lacks are there, and null.
        """
        from pipeline.store.read.datasets import whole_dataset

        return whole_dataset(self, table)

    def partitioned(self, table: str) -> ds.Dataset:
        """Return the same rows by files that know their partition alone, not what the log counts.

        A fifth of the time where files are many: for questions, which go by days and regions. It is
        made once.
        """
        from pipeline.store.read.datasets import partitioned_dataset

        if table not in self._partitioned:
            self._partitioned[table] = partitioned_dataset(self, table)
        return self._partitioned[table]

    def is_plain(self, table: str) -> bool:
        """Say whether a data file of the table holds its rows as they are, whoever reads it."""
        handle = self.tables[table]
        return bool(handle.protocol().min_reader_version <= PLAIN_READER)

    def committed(self, table: str, sources: Iterable[str]) -> dict[str, int]:
        """Return the committed end of each source that has one in `table`."""
        if table not in self.tables:
            return {}
        handle = self.tables[table]
        with reading_log(table):
            found = {source: handle.transaction_version(source) for source in sources}
        return {source: end for source, end in found.items() if end is not None}

    def active(self, table: str) -> list[DataFile]:
        """Return the files that make up the table at its pinned version."""
        if table not in self.tables:
            return []
        keys = contract(table).partition_by
        return [
            DataFile(
                path=unquote(action["path"]),
                partition={key: action[f"partition.{key}"] for key in keys},
                rows=action.get("num_records"),
                size_bytes=action["size_bytes"],
                bounds={
                    name: (action[f"min.{name}"], action[f"max.{name}"])
                    for name in stats_columns(table)
                    if action.get(f"min.{name}") is not None
                },
                nulls={
                    name: action.get(f"null_count.{name}") or 0 for name in stats_columns(table)
                },
            )
            for action in self.logged(table).to_struct_array().to_pylist()
        ]

    def paths(self, table: str) -> list[str]:
        """Return the paths of the files that make up the table, below the table."""
        if table not in self.tables:
            return []
        return [unquote(path) for path in self.logged(table).column("path").to_pylist()]

    def partitions(self, table: str) -> list[tuple[object, ...]]:
        """Return the values of each file's partition columns, in the order of `paths`."""
        if table not in self.tables:
            return []
        found = self.logged(table)
        keys = contract(table).partition_by
        columns = (found.column(f"partition.{key}").to_pylist() for key in keys)
        return list(zip(*columns, strict=True))

    def logged(self, table: str) -> Table:
        """Return what the log says of each file; asked once, as the table is pinned."""
        if table not in self._logged:
            self._logged[table] = logged(self.tables[table], table)
        return self._logged[table]

    def has_undated(self, table: str) -> bool:
        """Say whether the table has a file of rows without a day."""
        if table not in self.tables:
            return False
        return None in self.logged(table).column("partition.date").to_pylist()

    def filesystem(self) -> pafs.FileSystem:
        """Return the store, rooted at the lake."""
        return filesystem_of(self.url, self.options)


PLAIN_READER = 1
"""The reader version of Delta tables without features that change what a data file says."""


def filesystem_of(url: str, options: Mapping[str, str]) -> pafs.FileSystem:
    """Return the store that holds the lake at `url`, rooted there."""
    import pyarrow.fs as pafs

    path = local_path(url)
    if path is not None:
        return pafs.SubTreeFileSystem(str(path), pafs.LocalFileSystem())
    from deltalake.fs import DeltaStorageHandler

    return pafs.PyFileSystem(DeltaStorageHandler(url, dict(options)))


_ALL = (LINKS, *reversed(TABLES))
"""Every table, against the order of commits."""


def open_snapshot(
    url: str, options: Mapping[str, str] | None = None, tables: Collection[str] = _ALL
) -> Snapshot:
    """Pin the lake at `url` as it stands now, or no more than `tables` of it.

    The tables are opened against the order of commits, so that what one shows is in those after it
    too: no row of the ledger, and no link, is without its stories. Raises `UsageError` where there
    is no lake, `StoreError` where it cannot be read.
    """
    found = find_snapshot(url, options, [table for table in _ALL if table in tables])
    # Those may be the ones that a lake has not yet.
    found = found or find_snapshot(url, options)
    if found is None:
        raise UsageError(
            "there is no lake at this URL: name it with --lake or `lake.url`", lake=url
        )
    return found


def find_snapshot(
    url: str, options: Mapping[str, str] | None = None, tables: Sequence[str] = _ALL
) -> Snapshot | None:
    """Pin `tables` alone, as `open_snapshot` does; None where there is none of them."""
    root = url.rstrip("/")
    found: dict[str, DeltaTable] = {}
    for table in tables:
        handle = pin_table(root, table, options or {})
        if handle is not None:
            found[table] = handle
    return Snapshot(root, dict(options or {}), found) if found else None


def pin_table(
    root: str, table: str, options: Mapping[str, str], version: int | None = None
) -> DeltaTable | None:
    """Open one table at `version` (its last one by default), None where it does not exist."""
    path = local_path(root)
    if path is not None and not (path / table / "_delta_log").is_dir():
        return None
    try:
        return DeltaTable(f"{root}/{table}", version, storage_options=dict(options) or None)
    except TableNotFoundError:
        return None
    except (DeltaError, OSError) as error:
        raise cannot_open(table, error) from error
