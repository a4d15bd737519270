"""The lake as it stands, read only: its tables, each pinned to one version.

Nothing is created here, unlike in `lake`: a reader that mistypes the URL gets an error, not a new
lake.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

import pyarrow as pa
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

    def dataset(self, table: str) -> ds.Dataset:
        """Return the table's rows; none where the table does not exist.

        Columns that a lake of an older minor version lacks are there, and null.
        """
        rule = contract(table).schema
        if table not in self.tables:
            return ds.dataset(rule.empty_table())
        found = arrow_dataset(self.tables[table], self.url, table)
        lacking = [
            field for field in rule if field.nullable and field.name not in found.schema.names
        ]
        return found.replace_schema(pa.schema([*found.schema, *lacking])) if lacking else found

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
            for action in added(self.tables[table], table).to_pylist()
        ]

    def filesystem(self) -> pafs.FileSystem:
        """Return the store, rooted at the lake."""
        return filesystem_of(self.url, self.options)


def filesystem_of(url: str, options: Mapping[str, str]) -> pafs.FileSystem:
    """Return the store that holds the lake at `url`, rooted there."""
    path = local_path(url)
    if path is not None:
        return pafs.SubTreeFileSystem(str(path), pafs.LocalFileSystem())
    return pafs.PyFileSystem(DeltaStorageHandler(url, dict(options)))


_ALL = (LINKS, *reversed(TABLES))
"""Every table, against the order of commits."""


def open_snapshot(url: str, options: Mapping[str, str] | None = None) -> Snapshot:
    """Pin the lake at `url` as it stands now.

    The tables are opened against the order of commits, so that what one shows is in those after it
    too: no row of the ledger, and no link, is without its stories. Raises `UsageError` where there
    is no lake, `StoreError` where it cannot be read.
    """
    found = find_snapshot(url, options)
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
        handle = open_table(root, table, options or {})
        if handle is not None:
            found[table] = handle
    return Snapshot(root, dict(options or {}), found) if found else None


def open_table(
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
