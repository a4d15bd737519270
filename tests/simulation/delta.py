"""A Delta log and its files in memory, that answer as delta-rs and a store do.

delta-rs takes most of the time of a commit, Parquet most of the rest: with both in memory a seed
takes seconds. `test_delta.py` holds what is said here to what delta-rs answers.
"""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
from deltalake import DeltaTable, Schema
from deltalake.exceptions import CommitFailedError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction
from typing_extensions import override

from pipeline.store.commit import data_files
from pipeline.store.commit.data_files import DataFiles, Marks
from pipeline.store.commit.delta import NULL_PARTITION, stats_columns
from pipeline.store.commit.entry_seal import ENTRY_SEAL, seal_of_entry
from pipeline.store.schema.contract import contract

URL = "memory://lake"
Action = dict[str, Any]


@dataclass(slots=True)
class Blob:
    """A data file: its rows and marks; as Parquet only where somebody reads its bytes."""

    rows: pa.Table
    marks: Marks
    parquet: bytes | None = None
    whole: pa.Table | None = None

    @property
    def size(self) -> int:
        """What its writer takes for its size."""
        return max(1, self.rows.nbytes)

    def bytes(self) -> bytes:
        """The file as it would be on disk."""
        if self.parquet is None:
            self.parquet = data_files.encode(self.rows, self.marks).to_pybytes()
        return self.parquet


@dataclass(slots=True)
class Log:
    """The entries of one table's log. Those below `forgotten` were cleaned away."""

    table: str
    entries: list[list[Action]] = field(default_factory=list)
    forgotten: int = 0


class Store:
    """All logs and data files of one lake."""

    def __init__(self) -> None:
        self.logs: dict[str, Log] = {}
        self.blobs: dict[str, Blob] = {}
        self.is_exact = False
        """Whether sizes are those of the Parquet files: a check compares them."""

    @contextmanager
    def exact(self) -> Iterator[None]:
        """Sizes as they would be on disk."""
        self.is_exact = True
        try:
            yield
        finally:
            self.is_exact = False

    def size(self, path: str, said: int) -> int:
        """The size of a data file, `said` where nobody compares."""
        blob = self.blobs.get(path)
        return len(blob.bytes()) if self.is_exact and blob is not None else said

    def rows(self, path: str) -> pa.Table:
        """A data file with its partition's columns."""
        blob = self.blobs.get(path)
        if blob is None:
            raise FileNotFoundError(path)
        if blob.whole is None:
            table, *folders, _ = path.split("/")
            schema = contract(table).schema
            whole = blob.rows.replace_schema_metadata(None)
            for folder in folders:
                name, _, value = folder.partition("=")
                typed = None if value == NULL_PARTITION else _typed(schema.field(name).type, value)
                column = pa.array([typed] * whole.num_rows, schema.field(name).type)
                whole = whole.append_column(name, column)
            blob.whole = whole.select(schema.names).cast(schema)
        return blob.whole


def _typed(kind: pa.DataType, value: str) -> object:
    return date.fromisoformat(value) if pa.types.is_date(kind) else value


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a table says of itself."""

    configuration: Mapping[str, str]
    partition_columns: Sequence[str]


@dataclass(frozen=True, slots=True)
class Protocol:
    """What a reader has to know."""

    min_reader_version: int = 1


class MemoryTable:
    """What the product asks of a `DeltaTable`, over a `Store`."""

    def __init__(self, store: Store, uri: str, version: int | None = None) -> None:
        self._store = store
        self._table = uri.rpartition("/")[2]
        if self._table not in store.logs:
            raise TableNotFoundError(uri)
        self.log = store.logs[self._table]
        self._version = -1
        self._files: dict[str, Action] = {}
        self._transactions: dict[str, int] = {}
        self._configuration: dict[str, str] = {}
        self._bring(len(self.log.entries) - 1 if version is None else version)

    @classmethod
    def create(cls, store: Store, uri: str, **options: Any) -> None:
        """Make the table where it is missing."""
        table = uri.rpartition("/")[2]
        if table not in store.logs:
            store.logs[table] = Log(table, [_first_entry(table, options["configuration"])])

    def protocol(self) -> Protocol:
        """No feature but those that all readers know."""
        return Protocol()

    def version(self) -> int:
        """The version that the handle is at."""
        return self._version

    def update_incremental(self, last: int | None = None) -> None:
        """Up to the log's last version, or to `last`: what a store that lags shows."""
        newest = len(self.log.entries) - 1
        self._bring(newest if last is None else max(self._version, min(last, newest)))

    def transaction_version(self, app: str) -> int | None:
        """The last version of an application transaction."""
        return self._transactions.get(app)

    def schema(self) -> Schema:
        """The contract's: tables here are never older."""
        return Schema.from_arrow(contract(self._table).schema)

    def metadata(self) -> Metadata:
        """As the first entry says."""
        return Metadata(self._configuration, list(contract(self._table).partition_by))

    def history(self, limit: int) -> list[dict[str, Any]]:
        """What the last `limit` commits up to this version say of themselves, as far as kept."""
        found = []
        for version in range(
            self._version, max(self.log.forgotten, self._version - limit + 1) - 1, -1
        ):
            infos = (a["commitInfo"] for a in self.log.entries[version] if "commitInfo" in a)
            found.append(next(infos, {}))
        return found

    def get_add_actions(self, *, flatten: bool) -> pa.Table:
        """One row a file."""
        assert flatten
        rule = contract(self._table)
        stats = stats_columns(self._table)
        adds = list(self._files.values())
        parsed = [add["_stats"] for add in adds]
        columns: dict[str, pa.Array] = {
            "path": pa.array([add["path"] for add in adds], pa.string()),
            "size_bytes": pa.array(
                [self._store.size(f"{self._table}/{add['path']}", add["size"]) for add in adds],
                pa.int64(),
            ),
            "modification_time": pa.array([add["modificationTime"] for add in adds], pa.int64()),
            "num_records": pa.array([s["numRecords"] for s in parsed], pa.int64()),
        }
        for name in stats:
            for side, key in (("min", "minValues"), ("max", "maxValues")):
                kind = rule.schema.field(name).type
                columns[f"{side}.{name}"] = pa.array([s[key][name] for s in parsed], kind)
        for name in rule.partition_by:
            kind = rule.schema.field(name).type
            values = [add["partitionValues"][name] for add in adds]
            typed = [None if value is None else _typed(kind, value) for value in values]
            columns[f"partition.{name}"] = pa.array(typed, kind)
        return pa.table(columns)

    def to_pyarrow_dataset(self, **_: object) -> ds.Dataset:
        """The rows of this version; who reads them meets `FileNotFoundError` if a file is gone."""
        schema = contract(self._table).schema
        try:
            parts = [self._store.rows(f"{self._table}/{path}") for path in self._files]
        except FileNotFoundError as error:
            return _unreadable(schema, str(error))
        return ds.dataset(pa.concat_tables(parts) if parts else schema.empty_table())

    def prepared(self, actions: Sequence[AddAction | RemoveAction], **options: Any) -> list[Action]:
        """The entry of a commit, and whether the log takes it from this handle.

        Measured on delta-rs 1.6: what has an application transaction that a later commit carries
        too is refused, all else is taken, whatever it removes.
        """
        properties = options["commit_properties"]
        apps = {txn.app_id: txn.version for txn in properties.app_transactions or ()}
        for entry in self.log.entries[self._version + 1 :]:
            if any(a.get("txn", {}).get("appId") in apps for a in entry):
                raise CommitFailedError("a concurrent transaction has the same application")
        entry = [{"commitInfo": dict(properties.custom_metadata or {})}]
        entry += [_line(action) for action in actions]
        # Of two transactions of one application the first is kept: a mapping has one.
        entry += [{"txn": {"appId": app, "version": version}} for app, version in apps.items()]
        return entry

    def create_write_transaction(
        self, actions: Sequence[AddAction | RemoveAction], **options: Any
    ) -> None:
        """Put the entry behind the last one."""
        self.log.entries.append(self.prepared(actions, **options))

    def _bring(self, version: int) -> None:
        for number in range(self._version + 1, version + 1):
            for action in self.log.entries[number]:
                if "add" in action:
                    self._files[action["add"]["path"]] = action["add"]
                elif "remove" in action:
                    self._files.pop(action["remove"]["path"], None)
                elif "txn" in action:
                    self._transactions[action["txn"]["appId"]] = action["txn"]["version"]
                elif "metaData" in action:
                    self._configuration = dict(action["metaData"]["configuration"])
        self._version = version


def _unreadable(schema: pa.Schema, path: str) -> ds.Dataset:
    """A data file that is named and not there: opening it fails as it is scanned, not before."""
    form, root = ds.ParquetFileFormat(), pafs.SubTreeFileSystem("/none", pafs.LocalFileSystem())
    part = form.make_fragment(path, filesystem=root)
    return ds.FileSystemDataset([part], schema, form, root)


def _line(action: AddAction | RemoveAction) -> Action:
    if isinstance(action, RemoveAction):
        return {
            "remove": {
                "path": action.path,
                "dataChange": action.data_change,
                "deletionTimestamp": action.deletion_timestamp,
                "size": action.size,
                "partitionValues": dict(action.partition_values or {}),
            }
        }
    return {
        "add": {
            "path": action.path,
            "size": action.size,
            "partitionValues": dict(action.partition_values),
            "modificationTime": action.modification_time,
            "dataChange": action.data_change,
            "stats": action.stats,
            "_stats": json.loads(action.stats),
        }
    }


def _first_entry(table: str, configuration: Mapping[str, str]) -> list[Action]:
    """What delta-rs itself writes for a new table."""
    return json.loads(json.dumps(_made(table, tuple(sorted(configuration.items())))))


@cache
def _made(table: str, configuration: tuple[tuple[str, str], ...]) -> list[Action]:
    rule = contract(table)
    with tempfile.TemporaryDirectory(prefix="simulate-") as folder:
        DeltaTable.create(
            folder,
            schema=rule.schema,
            partition_by=list(rule.partition_by),
            name=table,
            description=rule.description,
            configuration=dict(configuration),
        )
        entry = Path(folder, "_delta_log", f"{0:020}.json").read_text("utf-8")
    return [json.loads(line) for line in entry.splitlines()]


class MemoryFiles(DataFiles):
    """The data files of a `Store`: whole as soon as they are there."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @override
    def write(self, path: str, data: Any, writer: str) -> None:
        self._store.blobs[path] = data

    @override
    def delete(self, path: str) -> None:
        self._store.blobs.pop(path, None)

    @override
    def list(self, table: str) -> list[str]:
        return sorted(path for path in self._store.blobs if path.startswith(f"{table}/"))

    @override
    def marks(self, path: str) -> Marks | None:
        blob = self._store.blobs.get(path)
        return None if blob is None else blob.marks

    @override
    def read(self, path: str, columns: Sequence[str] | None = None) -> pa.Table:
        if path not in self._store.blobs:
            raise FileNotFoundError(path)
        rows = self._store.blobs[path].rows
        return rows.select([c for c in columns if c in rows.column_names]) if columns else rows

    @override
    def read_batches(self, path: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        yield from self.read(path, columns).to_batches()

    @override
    def drop_staged(self) -> int:
        return 0

    @override
    def release(self, writer: str) -> None:
        return


class MemoryFilesystem(pafs.FileSystemHandler):
    """A `Store` as Arrow reads one: logs as JSON, data files as Parquet."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def _names(self) -> dict[str, int]:
        found = {
            f"{table}/_delta_log/{n:020}.json": n
            for table, log in self._store.logs.items()
            for n in range(len(log.entries))
        }
        return found | dict.fromkeys(self._store.blobs, -1)

    def _bytes(self, path: str) -> bytes:
        if (blob := self._store.blobs.get(path)) is not None:
            return blob.bytes()
        table, _, name = path.partition("/_delta_log/")
        log, number = self._store.logs.get(table), name.removesuffix(".json")
        if log is None or not number.isdigit() or int(number) >= len(log.entries):
            raise FileNotFoundError(path)
        entry = log.entries[int(number)]
        told = [self._sized(table, action) for action in entry]
        # Sizes in memory are not those on disk, and an entry's seal covers them.
        infos = [a["commitInfo"] for a in told if ENTRY_SEAL in a.get("commitInfo", ())]
        if infos and infos[0][ENTRY_SEAL] == seal_of_entry(entry):
            infos[0][ENTRY_SEAL] = seal_of_entry(told)
        return "\n".join(map(json.dumps, told)).encode()

    def _sized(self, table: str, action: Action) -> Action:
        if (add := action.get("add")) is None:
            return {name: dict(part) for name, part in action.items()}
        size = self._store.size(f"{table}/{add['path']}", add["size"])
        return {"add": {**add, "size": size, "_stats": None}}

    def _info(self, path: str) -> pafs.FileInfo:
        if path in self._store.blobs:
            size = self._store.size(path, self._store.blobs[path].size)
            return pafs.FileInfo(path, pafs.FileType.File, size=size)
        known = any(name.startswith(path) for name in self._names())
        return pafs.FileInfo(path, pafs.FileType.File if known else pafs.FileType.NotFound, size=1)

    def get_type_name(self) -> str:
        return "memory"

    def normalize_path(self, path: str) -> str:
        return path

    def get_file_info(self, paths: Sequence[str]) -> list[pafs.FileInfo]:
        return [self._info(path) for path in paths]

    def get_file_info_selector(self, selector: pafs.FileSelector) -> list[pafs.FileInfo]:
        start = selector.base_dir.rstrip("/") + "/"
        return [
            self._info(name)
            for name in sorted(self._names())
            if name.startswith(start) and (selector.recursive or "/" not in name[len(start) :])
        ]

    def open_input_file(self, path: str) -> pa.NativeFile:
        return pa.BufferReader(self._bytes(path))

    def open_input_stream(self, path: str) -> pa.NativeFile:
        return pa.PythonFile(io.BytesIO(self._bytes(path)), "r")

    def _refuse(self, *_: object) -> Any:
        raise NotImplementedError("the simulation's store is written by its own files alone")

    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = _refuse
    delete_file = move = copy_file = open_output_stream = open_append_stream = _refuse
