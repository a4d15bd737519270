"""The lake as it stands, read only: its tables, each pinned to one version.

Nothing is created here, unlike in `lake`: a reader that mistypes the URL gets an error, not a new
lake.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import and_
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs as pafs
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.fs import DeltaStorageHandler

from pipeline.errors import StoreError, UsageError
from pipeline.store.commit.actions import stats_columns
from pipeline.store.commit.tables import added, arrow_dataset, local_path, reading_log, reason
from pipeline.store.schema.contract import LINKS, TABLES, contract


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file that a table's log holds: its path below the table, its partition and row count.

    The path is as the store knows it: the log has it URL-encoded (Delta protocol, section "Add File
    and Remove File"). `rows` is None where the log does not say; `bounds` are the smallest and
    largest values of the columns that it has statistics of.
    """

    path: str
    partition: Mapping[str, object]
    rows: int | None
    size_bytes: int
    bounds: Mapping[str, tuple[object, object]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The tables that exist, pinned; a lake that is being created has not all of them yet."""

    url: str
    options: Mapping[str, str]
    tables: Mapping[str, DeltaTable]
    _partitioned: dict[str, ds.Dataset] = field(default_factory=dict, compare=False, repr=False)
    _added: dict[str, pa.Table] = field(default_factory=dict, compare=False, repr=False)

    def dataset(self, table: str) -> ds.Dataset:
        """Return the table's rows; none where the table does not exist.

        Columns that a lake of an older minor version lacks are there, and null.
        """
        rule = contract(table).schema
        if table not in self.tables:
            return ds.dataset(rule.empty_table())
        found = arrow_dataset(self.tables[table], self.url, table)
        return found.replace_schema(_widened(found.schema, rule))

    def partitioned(self, table: str) -> ds.Dataset:
        """Return the same rows by files that know their partition alone, not what the log counts.

        A fifth of the time where files are many: for questions, which go by days and regions. It is
        made once.
        """
        if table not in self._partitioned:
            self._partitioned[table] = self._by_partition(table)
        return self._partitioned[table]

    def _by_partition(self, table: str) -> ds.Dataset:
        path = local_path(self.url)
        if path is None or table not in self.tables:
            return self.dataset(table)
        handle = self.tables[table]
        if handle.protocol().min_reader_version > PLAIN_READER:
            return self.dataset(table)
        root = pafs.SubTreeFileSystem(str(path / table), pafs.LocalFileSystem())
        form = ds.ParquetFileFormat(
            default_fragment_scan_options=ds.ParquetFragmentScanOptions(pre_buffer=True)
        )
        schema = pa.schema(handle.schema().to_arrow())
        parts = [
            form.make_fragment(file, filesystem=root, partition_expression=where)
            for file, where in self._file_filters(table)
        ]
        wide = _widened(schema, contract(table).schema)
        return ds.FileSystemDataset(parts, wide, form, root)

    def _file_filters(self, table: str) -> Iterator[tuple[str, pc.Expression]]:
        """Yield each file's path, and what its partition says of its rows."""
        actions = self._files(table)
        keys = contract(table).partition_by
        columns = [actions[f"partition.{key}"] for key in keys]
        # Made once a value: Arrow takes longer for it than for all else of a file.
        known = [
            {value: _is(key, value) for value in pc.unique(column).to_pylist()}
            for key, column in zip(keys, columns, strict=True)
        ]
        for path, *values in zip(
            actions["path"].to_pylist(), *(column.to_pylist() for column in columns), strict=True
        ):
            parts = (of[value] for of, value in zip(known, values, strict=True))
            yield unquote(path), reduce(and_, parts)

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
            )
            for action in self._files(table).to_pylist()
        ]

    def paths(self, table: str) -> list[str]:
        """Return the paths of the files that make up the table, below the table."""
        if table not in self.tables:
            return []
        return [unquote(path) for path in self._files(table)["path"].to_pylist()]

    def _files(self, table: str) -> pa.Table:
        """Return what the log says of each file; asked once, as the table is pinned."""
        if table not in self._added:
            self._added[table] = added(self.tables[table], table)
        return self._added[table]

    def has_undated(self, table: str) -> bool:
        """Say whether the table has a file of rows without a day."""
        if table not in self.tables:
            return False
        nulls: int = self._files(table)["partition.date"].null_count
        return nulls > 0

    def filesystem(self) -> pafs.FileSystem:
        """Return the store, rooted at the lake."""
        return filesystem_of(self.url, self.options)


def _widened(schema: pa.Schema, rule: pa.Schema) -> pa.Schema:
    lacking = [column for column in rule if column.nullable and column.name not in schema.names]
    return pa.schema([*schema, *lacking])


def _is(key: str, value: object) -> pc.Expression:
    return ds.field(key).is_null() if value is None else ds.field(key) == value


PLAIN_READER = 1
"""The reader version of Delta tables without features that change what a data file says."""


def filesystem_of(url: str, options: Mapping[str, str]) -> pafs.FileSystem:
    """Return the store that holds the lake at `url`, rooted there."""
    path = local_path(url)
    if path is not None:
        return pafs.SubTreeFileSystem(str(path), pafs.LocalFileSystem())
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
        raise StoreError(
            "cannot open the table (see `dateline lake repair`)", table=table, reason=reason(error)
        ) from error
