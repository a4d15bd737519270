"""Where a simulated lake lies: in memory behind our own log, or in a folder behind delta-rs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from unittest.mock import patch

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from pipeline.store.commit.data_files import DataFiles, LocalFiles
from pipeline.store.read import datasets, known
from pipeline.store.read.snapshot import Snapshot
from pipeline.store.read.table_log import LOG
from pipeline.store.schema.contract import contract
from tests.simulation.delta import (
    URL,
    Blob,
    MemoryFiles,
    MemoryFilesystem,
    MemoryTable,
    Store,
    log_files,
)

Put = Callable[[], bool]
"""Carries a commit out that the store had accepted; False where another one took its place."""


class Backend(Protocol):
    """A store for one lake."""

    url: str

    def installed(self) -> Any:
        """A context in which the product's code meets this store."""

    def files(self) -> DataFiles:
        """The data files, as one process sees them."""

    def version(self, table: str) -> int:
        """The last version of a table's log."""

    def entry(self, table: str, version: int) -> list[Mapping[str, Any]]:
        """One entry of it."""

    def put_later(self, handle: Any, actions: Sequence[Any], options: Mapping[str, Any]) -> Put:
        """A commit whose request is under way; raises `CommitFailedError` where it is refused."""

    def forget(self, table: str) -> None:
        """Make a checkpoint and clean away the entries that it covers."""

    def log_names(self, table: str) -> list[str]:
        """The names of the files in a table's log."""

    def stored(self, table: str, name: str) -> bytes | None:
        """The bytes of one of them; None for a checkpoint that is whole for sure."""

    def spoil(self, table: str, name: str, change: Callable[[bytes], bytes]) -> None:
        """Damage a file of a log."""

    def rows(self, path: str, columns: Sequence[str]) -> pa.Table:
        """Columns of a data file."""

    def exists(self, path: str) -> bool:
        """Whether a data file is there."""

    def exact(self) -> Any:
        """A context in which sizes are those on disk."""


def _dataset(store: Store, snapshot: Snapshot, table: str) -> ds.Dataset:
    """A table as files that know their partition, which a question may take some of."""
    schema = contract(table).schema
    if table not in snapshot.tables:
        return ds.dataset(schema.empty_table())
    store.lay_out(f"{table}/{path}" for path in snapshot.paths(table))
    place = str(store.folder / table)
    root, form = pafs.SubTreeFileSystem(place, pafs.LocalFileSystem()), ds.ParquetFileFormat()
    parts = [
        form.make_fragment(file, filesystem=root, partition_expression=where)
        for file, where in datasets._file_filters(snapshot, table)
    ]
    return ds.FileSystemDataset(parts, schema, form, root)


class Memory(Backend):
    """Everything in memory: thousands of steps a second."""

    def __init__(self) -> None:
        self.url = URL
        self.store = Store()

    @contextmanager
    def installed(self) -> Iterator[None]:
        store = self.store

        class Table(MemoryTable):
            def __init__(self, uri: str, version: int | None = None, **_: object) -> None:
                super().__init__(store, uri, version)

            @classmethod
            def create(cls, uri: str, **options: Any) -> None:  # type: ignore[override]
                super().create(store, uri, **options)

        filesystem = pafs.PyFileSystem(MemoryFilesystem(store))
        named = known._named_files

        def laid_out(snapshot: Snapshot, table: str, *paths: Any) -> list[str] | None:
            store.lay_out(f"{table}/{path}" for path in snapshot.paths(table))
            return named(snapshot, table, *paths)

        with ExitStack() as stack:
            store.folder = Path(stack.enter_context(TemporaryDirectory(prefix="simulate-")))
            for target, stand_in in {
                "pipeline.store.commit.tables.DeltaTable": Table,
                "pipeline.store.read.snapshot.DeltaTable": Table,
                "pipeline.store.read.snapshot.filesystem_of": lambda *_: filesystem,
                "pipeline.store.upkeep.clean_up.filesystem_of": lambda *_: filesystem,
                "pipeline.store.upkeep.repair.filesystem_of": lambda *_: filesystem,
                "pipeline.store.upkeep.repair.DeltaTable": Table,
                "pipeline.store.read.datasets.partitioned_dataset": partial(_dataset, store),
                "pipeline.store.upkeep.note_families.put": self._put_note,
                "pipeline.store.read.known.local_path": lambda _: store.folder,
                "pipeline.store.read.known._named_files": laid_out,
                "pipeline.store.commit.lake.encode": Blob,
                "pipeline.store.upkeep.compact.encode": Blob,
                "pipeline.store.upkeep.withdraw.encode": Blob,
                "pipeline.store.links.links_table.encode": Blob,
                "pipeline.store.commit.lake.open_files": lambda *_: self.files(),
                "pipeline.store.commit.lake.assert_put_if_absent": lambda *_: None,
            }.items():
                stack.enter_context(patch(target, stand_in))
            yield

    def _put_note(self, url: str, options: object, path: str, data: pa.Buffer) -> None:
        self.store.notes[path] = data.to_pybytes()
        (self.store.folder / path).parent.mkdir(exist_ok=True)
        (self.store.folder / path).write_bytes(self.store.notes[path])

    def files(self) -> DataFiles:
        return MemoryFiles(self.store)

    def version(self, table: str) -> int:
        return len(self.store.logs[table].entries) - 1 if table in self.store.logs else -1

    def entry(self, table: str, version: int) -> list[Mapping[str, Any]]:
        return list(self.store.logs[table].entries[version])

    def put_later(self, handle: Any, actions: Sequence[Any], options: Mapping[str, Any]) -> Put:
        log = handle.log
        entry, place = handle.prepared(actions, **options), len(log.entries)

        def put() -> bool:
            if len(log.entries) != place:
                return False
            log.entries.append(entry)
            return True

        return put

    def forget(self, table: str) -> None:
        with suppress(DeltaError):
            self.store.logs[table].forget()

    def log_names(self, table: str) -> list[str]:
        return list(log_files(self.store.logs[table])) if table in self.store.logs else []

    def stored(self, table: str, name: str) -> bytes | None:
        return self.store.logs[table].files[name]

    def spoil(self, table: str, name: str, change: Callable[[bytes], bytes]) -> None:
        with MemoryFilesystem(self.store).open_input_file(f"{table}/{LOG}/{name}") as file:
            self.store.logs[table].files[name] = change(file.read())

    def rows(self, path: str, columns: Sequence[str]) -> pa.Table:
        return self.store.rows(path).select(list(columns))

    def exists(self, path: str) -> bool:
        return path in self.store.blobs

    def exact(self) -> Any:
        return self.store.exact()


class Folder(Backend):
    """A folder, with delta-rs and Parquet as in production: tens of steps a second."""

    def __init__(self, root: Path) -> None:
        self.url = str(root)
        self._root = root

    @contextmanager
    def installed(self) -> Iterator[None]:
        yield

    def files(self) -> DataFiles:
        return LocalFiles(self._root)

    def version(self, table: str) -> int:
        log = self._root / table / LOG
        return max((int(path.stem) for path in log.glob("*.json")), default=-1)

    def entry(self, table: str, version: int) -> list[Mapping[str, Any]]:
        path = self._root / table / LOG / f"{version:020}.json"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]

    def put_later(self, handle: Any, actions: Sequence[Any], options: Mapping[str, Any]) -> Put:
        table = Path(handle.table_uri).name
        base = self.version(table)
        # As delta-rs does: what the handle has not seen yet is compared before the request.
        mine = {txn.app_id for txn in options["commit_properties"].app_transactions}
        for version in range(handle.version() + 1, base + 1):
            if any(a.get("txn", {}).get("appId") in mine for a in self.entry(table, version)):
                return lambda: False

        def put() -> bool:
            if self.version(table) != base:
                return False
            late = DeltaTable(str(self._root / table), version=base)
            late.create_write_transaction(list(actions), **options)
            return True

        return put

    def forget(self, table: str) -> None:
        try:
            handle = DeltaTable(str(self._root / table))
            handle.create_checkpoint()
        except DeltaError:
            return
        for path in (self._root / table / LOG).iterdir():
            number, _, kind = path.name.partition(".")
            if kind in {"json", "checkpoint.parquet"} and int(number) < handle.version():
                path.unlink()

    def log_names(self, table: str) -> list[str]:
        return [path.name for path in (self._root / table / LOG).glob("*")]

    def stored(self, table: str, name: str) -> bytes | None:
        return (self._root / table / LOG / name).read_bytes()

    def spoil(self, table: str, name: str, change: Callable[[bytes], bytes]) -> None:
        path = self._root / table / LOG / name
        path.write_bytes(change(path.read_bytes()))

    def rows(self, path: str, columns: Sequence[str]) -> pa.Table:
        return pq.ParquetFile(self._root / path).read(list(columns))

    def exists(self, path: str) -> bool:
        return (self._root / path).is_file()

    @contextmanager
    def exact(self) -> Iterator[None]:
        yield
