"""A Delta log and its files in memory, that answer as delta-rs and a store do.

delta-rs takes most of the time of a commit, Parquet most of the rest: with both in memory a seed
takes seconds. `test_delta.py` holds what is said here to what delta-rs answers.
"""

from __future__ import annotations

import io
import itertools
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake import DeltaTable, Schema
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction, RemoveAction
from typing_extensions import override

from pipeline.store.commit import data_files
from pipeline.store.commit.data_files import DataFiles, Marks
from pipeline.store.commit.delta import NULL_PARTITION, stats_columns
from pipeline.store.commit.entry_seal import ENTRY_SEAL, seal_of_entry
from pipeline.store.read.table_log import HINT, LogState
from pipeline.store.schema.contract import contract
from pipeline.store.upkeep.repair import ASIDE

URL = "memory://lake"
_CHECKPOINT = ".checkpoint.parquet"
Action = dict[str, Any]


@dataclass(slots=True)
class Blob:
    """A data file: its rows and marks; as Parquet only where somebody reads its bytes."""

    rows: pa.Table
    marks: Marks
    share: float = 1.0
    parquet: bytes | None = None
    whole: pa.Table | None = None

    @property
    def size(self) -> int:
        """What its writer takes for its size."""
        return max(1, self.rows.nbytes)

    def bytes(self) -> bytes:
        """The file as it would be on disk."""
        if self.parquet is None:
            self.parquet = data_files.encode(self.rows, self.marks, self.share).to_pybytes()
        return self.parquet


_INTERVAL = 20
"""A commit makes a checkpoint where this divides the number of entries."""


@dataclass(slots=True)
class Log:
    """The entries of one table's log, and what lies beside them.

    Commits below `forgotten` are told of no more, entries below `cleaned` are no files any more:
    processes that have pinned a version read these for a while. `files` are the checkpoints (None
    for one as it was written), the hint, and what a repair has set aside.
    """

    table: str
    entries: list[list[Action]] = field(default_factory=list)
    forgotten: int = 0
    cleaned: int = 0
    files: dict[str, bytes | None] = field(default_factory=dict)

    def checkpoints(self) -> list[int]:
        """The versions of the checkpoints that readers see: an empty file is none to them."""
        found = (name for name, data in self.files.items() if data != b"")
        return sorted(int(name[:20]) for name in found if name.endswith(_CHECKPOINT))

    def checkpoint(self, version: int) -> None:
        """Make one, as the last commit up to there does. Raises `DeltaError`."""
        self.base(version)
        if checkpoint_name(version) in self.files:
            return
        self.files[checkpoint_name(version)] = None
        self.files[HINT] = json.dumps({"version": version, "size": version}).encode()

    def forget(self) -> None:
        """Make a checkpoint and clean away what the one before it covers. Raises `DeltaError`."""
        last = len(self.entries) - 1
        self.checkpoint(last)
        self.forgotten = len(self.entries)
        older = [version for version in self.checkpoints() if version < last]
        if not older:
            return
        self.assert_sound(older[-1])
        self.cleaned = older[-1] + 1
        oldest = checkpoint_name(older[-1])
        for name in [name for name in self.files if name.endswith(_CHECKPOINT) and name < oldest]:
            del self.files[name]

    def base(self, last: int, asked: int | None = None) -> int:
        """The checkpoint that who opens the table begins with, -1 for none. Raises `DeltaError`."""
        found = [version for version in self.checkpoints() if version <= last]
        hint = self._hinted()
        is_followed = hint is not None and (asked is None or hint <= asked)
        if is_followed and not any(version >= hint for version in found):  # type: ignore[operator]
            raise DeltaError("had a hint but did not find any checkpoints")
        base = found[-1] if found else -1
        self.assert_sound(base)
        if base + 1 < self.cleaned:
            raise DeltaError("no files in the log's segment")
        return base

    def brought(self, base: int, version: int, newest: int) -> int:
        """The same of who has the table open already, at `version`."""
        # One of version 0 is never looked for.
        found = [one for one in self.checkpoints() if max(base, 0) < one <= newest]
        if not found:
            if base < 0 and self._hinted() is not None and not self.checkpoints():
                raise DeltaError("had a hint but did not find any checkpoints")
            return base
        if found[-1] > version or newest == version:
            self.assert_sound(found[-1])
        return found[-1]

    def assert_sound(self, version: int) -> None:
        """Raise `DeltaError` where the checkpoint of `version` is damaged, or set aside."""
        name = checkpoint_name(version)
        if self.files.get(name) is not None:
            raise DeltaError("corrupt footer")
        if name not in self.files and f"{name}{ASIDE}" in self.files:
            raise DeltaError("no such file")

    def _hinted(self) -> int | None:
        try:
            return int(json.loads(self.files.get(HINT) or b"")["version"])
        except (ValueError, KeyError):
            return None


def checkpoint_name(version: int) -> str:
    """The name of a checkpoint in its log's folder."""
    return f"{version:020}{_CHECKPOINT}"


class Store:
    """All logs and data files of one lake."""

    def __init__(self) -> None:
        self.logs: dict[str, Log] = {}
        self.blobs: dict[str, Blob] = {}
        self.notes: dict[str, bytes] = {}
        """The notes of families, by path."""
        self.folder = Path()
        """Where files lie that DuckDB reads: by a filesystem in Python it would wait for ever."""
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

    def lay_out(self, paths: Iterable[str]) -> None:
        """Have those data files, and no others of these, in the folder."""
        for path in paths:
            place, blob = self.folder / path, self.blobs.get(path)
            if blob is None:
                place.unlink(missing_ok=True)
            elif not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(blob.bytes())

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
        self._transactions: dict[str, tuple[int, int]] = {}
        """Of each application its last version, and the entry that says it."""
        self._configuration: dict[str, str] = {}
        last = len(self.log.entries) - 1 if version is None else version
        self._base = self.log.base(last, version)
        self._bring(last)

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
        self._base = self.log.brought(self._base, self._version, newest)
        self._bring(newest if last is None else max(self._version, min(last, newest)))

    def transaction_version(self, app: str) -> int | None:
        """The last version of an application transaction; what is older is read once more."""
        found, number = self._transactions.get(app, (None, -1))
        if number <= self._base >= 0:
            self.log.assert_sound(self._base)
        return found

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
        if self._version + 1 < len(self.log.entries):
            self.log.brought(self._base, self._version, len(self.log.entries) - 1)
        entry = [{"commitInfo": dict(properties.custom_metadata or {})}]
        entry += [_line(action) for action in actions]
        # Of two transactions of one application the first is kept: a mapping has one.
        entry += [{"txn": {"appId": app, "version": version}} for app, version in apps.items()]
        return entry

    def create_write_transaction(
        self, actions: Sequence[AddAction | RemoveAction], **options: Any
    ) -> None:
        """Put the entry behind the last one; raises `DeltaError` if a checkpoint is then due, and
        cannot be made."""
        self.log.entries.append(self.prepared(actions, **options))
        if len(self.log.entries) % _INTERVAL == 0:
            self.create_checkpoint()

    def create_checkpoint(self) -> None:
        """Write what the log says."""
        self.log.checkpoint(len(self.log.entries) - 1)

    def _bring(self, version: int) -> None:
        for number in range(self._version + 1, version + 1):
            for action in self.log.entries[number]:
                if "add" in action:
                    self._files[action["add"]["path"]] = action["add"]
                elif "remove" in action:
                    self._files.pop(action["remove"]["path"], None)
                elif "txn" in action:
                    txn = action["txn"]
                    self._transactions[txn["appId"]] = txn["version"], number
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


_CHECKPOINT_ROWS = pa.schema(
    {
        "add": pa.struct({"path": pa.string(), "size": pa.int64()}),
        "remove": pa.struct({"path": pa.string(), "deletionTimestamp": pa.int64()}),
        "txn": pa.struct({"appId": pa.string(), "version": pa.int64()}),
    }
)


def log_files(log: Log) -> Iterator[str]:
    """Yield the names of the files in a log's folder."""
    yield from (f"{n:020}.json" for n in range(log.cleaned, len(log.entries)))
    yield from log.files


class MemoryFilesystem(pafs.FileSystemHandler):
    """A `Store` as Arrow reads one: logs as JSON, data files as Parquet."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def _names(self, folder: str) -> Iterator[str]:
        """Everything below a folder, in no order."""
        for table, log in self._store.logs.items():
            inner = f"{table}/_delta_log/"
            if inner.startswith(folder) or folder.startswith(inner):
                yield from (f"{inner}{name}" for name in log_files(log))
        for paths in (self._store.blobs, self._store.notes):
            yield from (path for path in paths if path.startswith(folder))

    def _log_file(self, path: str) -> tuple[Log | None, str]:
        table, _, name = path.partition("/_delta_log/")
        log = self._store.logs.get(table)
        number = name.removesuffix(".json")
        is_entry = number.isdigit() and log is not None and int(number) < len(log.entries)
        return (log, name) if log is not None and (is_entry or name in log.files) else (None, name)

    def _bytes(self, path: str) -> bytes:
        if (blob := self._store.blobs.get(path)) is not None:
            return blob.bytes()
        if path in self._store.notes:
            return self._store.notes[path]
        log, name = self._log_file(path)
        if log is None:
            raise FileNotFoundError(path)
        if name in log.files:
            data = log.files[name]
            return self._checkpoint(log, int(name[:20])) if data is None else data
        return self._entry(log, int(name.removesuffix(".json")))

    def _checkpoint(self, log: Log, version: int) -> bytes:
        """A checkpoint with what `table_log` asks of it."""
        state = LogState()
        for action in itertools.chain.from_iterable(log.entries[: version + 1]):
            if (add := action.get("add")) is None:
                state.apply((action,))
            else:
                size = self._store.size(f"{log.table}/{add['path']}", add["size"])
                state.apply(({"add": {"path": add["path"], "size": size}},))
        rows: list[Action] = [
            *({"add": {"path": path, "size": size}} for path, size in state.files.items()),
            *({"remove": {"path": p, "deletionTimestamp": at}} for p, at in state.removed.items()),
            *({"txn": {"appId": app, "version": n}} for app, n in state.versions.items()),
        ]
        sink = pa.BufferOutputStream()
        pq.write_table(pa.Table.from_pylist(rows, _CHECKPOINT_ROWS), sink)
        return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]

    def _entry(self, log: Log, number: int) -> bytes:
        table, entry = log.table, log.entries[number]
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
        is_there = path in self._store.notes or self._log_file(path)[0] is not None
        return pafs.FileInfo(
            path, pafs.FileType.File if is_there else pafs.FileType.NotFound, size=1
        )

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
            for name in sorted(self._names(start))
            if selector.recursive or "/" not in name[len(start) :]
        ]

    def open_input_file(self, path: str) -> pa.NativeFile:
        return pa.BufferReader(self._bytes(path))

    def open_input_stream(self, path: str) -> pa.NativeFile:
        return pa.PythonFile(io.BytesIO(self._bytes(path)), "r")

    def move(self, src: str, dest: str) -> None:
        log, name = self._log_file(src)
        if log is None or name not in log.files:
            raise FileNotFoundError(src)
        log.files[dest.rpartition("/")[2]] = log.files.pop(name)

    def delete_file(self, path: str) -> None:
        if self._store.notes.pop(path, None) is None:
            raise FileNotFoundError(path)
        (self._store.folder / path).unlink()

    def _refuse(self, *_: object) -> Any:
        raise NotImplementedError("the simulation's store is written by its own files alone")

    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = _refuse
    copy_file = open_output_stream = open_append_stream = _refuse
