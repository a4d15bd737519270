"""A lake whose every touch of the store is a step, at which the store may fail or lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs
from deltalake.exceptions import CommitFailedError, DeltaError
from typing_extensions import override

from pipeline.store.commit.data_files import DataFiles, Marks
from pipeline.store.commit.lake import Lake
from pipeline.store.upkeep import note_families

if TYPE_CHECKING:
    from tests.simulation.world import World


_ENTRIES_A_STEP = 20


class SteppedTable:
    """A handle: everything as the table's own, but refreshes and commits."""

    def __init__(self, world: World, table: str, handle: Any) -> None:
        self._world, self._table, self._handle = world, table, handle
        self._may_lag = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._handle, name)

    def update_incremental(self) -> None:
        """As delta-rs does; a store that lags shows nothing new, but to who has just committed.

        delta-rs has read the log itself by then, and no store goes back on what it has shown.
        """
        faults = ("fail", "stale") if self._may_lag else ("fail",)
        fault = self._world.step(f"{self._table}.refresh", faults)
        if fault == "fail":
            raise DeltaError("the store does not answer")
        if fault != "stale":
            self._handle.update_incremental()
            self._may_lag = True

    def create_write_transaction(self, actions: Sequence[Any], **options: Any) -> None:
        """As delta-rs does; the answer may be lost, or the request still be under way."""
        faults = ("fail", "late", "lost", "lost.conflict")
        fault = self._world.step(f"{self._table}.put", faults)
        self._may_lag = False
        if fault == "fail":
            raise DeltaError("the store does not answer")
        if fault == "late":
            put = self._world.backend.put_later(self._handle, actions, options)
            self._world.late.append((self._table, put))
            raise DeltaError("the store does not answer in time")
        self._handle.create_write_transaction(actions, **options)
        self._world.observe(self._table)
        if fault == "lost":
            raise DeltaError("the connection was reset")
        if fault == "lost.conflict":
            # What delta-rs makes of an object store's answer that was lost: it meets its own entry.
            raise CommitFailedError("a concurrent transaction has the same application")


class SteppedFiles(DataFiles):
    """Data files: each operation may fail before or after it was carried out."""

    def __init__(self, world: World, inner: DataFiles) -> None:
        self._world, self.inner = world, inner
        self._listed: dict[str, list[str]] = {}

    def _step(self, at: str, *faults: str) -> str | None:
        fault = self._world.step(at, faults)
        if fault == "fail":
            raise OSError(5, "the store does not answer")
        return fault

    @override
    def write(self, path: str, data: pa.Buffer, writer: str) -> None:
        fault = self._step("file.staged", "fail", "lost")
        self.inner.write(path, data, writer)
        if fault == "lost":
            raise OSError(5, "the connection was reset")

    @override
    def delete(self, path: str) -> None:
        fault = self._step("file.delete", "fail", "lost")
        self._world.deleted(path)
        self.inner.delete(path)
        if fault == "lost":
            raise OSError(5, "the connection was reset")

    @override
    def list(self, table: str) -> list[str]:
        fault = self._step("file.list", "fail", "stale")
        found = self.inner.list(table)
        if fault == "stale":
            # What was there at an earlier look, and half of what has come since.
            before = self._world.listed.get(table, [])
            found = sorted({*before, *found[::2]})
        self._world.listed[table] = found
        return found

    @override
    def marks(self, path: str) -> Marks | None:
        self._step("file.marks", "fail")
        return self.inner.marks(path)

    @override
    def read(self, path: str, columns: Sequence[str] | None = None) -> pa.Table:
        self._step("file.read", "fail")
        return self.inner.read(path, columns)

    @override
    def read_batches(self, path: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        self._step("file.read", "fail")
        return self.inner.read_batches(path, columns)

    @override
    def drop_staged(self) -> int:
        self._step("file.drop_staged", "fail")
        return self.inner.drop_staged()

    @override
    def release(self, writer: str) -> None:
        # A process that was killed lets go of nothing by itself.
        if not self._world.is_dying():
            self.inner.release(writer)


class SteppedFilesystem:
    """The store as a repair sees it: lists, checkpoints, hints and some entries are steps."""

    def __init__(self, world: World, inner: pafs.FileSystem) -> None:
        self._world, self._inner = world, inner
        self._entries = 0

    def _step(self, at: str, *faults: str) -> str | None:
        fault = self._world.step(at, faults)
        if fault == "fail":
            raise OSError(5, "the store does not answer")
        return fault

    def get_file_info(self, what: Any) -> Any:
        """As the store does."""
        self._step("repair.list", "fail")
        return self._inner.get_file_info(what)

    def open_input_file(self, path: str) -> Any:
        """As the store does; entries, which never change, are one step in so many."""
        self._entries += path.endswith(".json")
        if not path.endswith(".json") or self._entries % _ENTRIES_A_STEP == 0:
            self._step("repair.read", "fail")
        return self._inner.open_input_file(path)

    def move(self, path: str, to: str) -> None:
        """As the store does; the answer may be lost."""
        fault = self._step("repair.move", "fail", "lost")
        self._inner.move(path, to)
        self._world.assert_recoverable()
        if fault == "lost":
            raise OSError(5, "the connection was reset")


class RepairedTable:
    """A table as a repair opens it, to write a checkpoint."""

    def __init__(self, world: World, handle: Any) -> None:
        self._world, self._handle = world, handle

    def create_checkpoint(self) -> None:
        """As delta-rs does; the answer may be lost."""
        fault = self._world.step("repair.checkpoint", ("fail", "lost"))
        if fault == "fail":
            raise DeltaError("the store does not answer")
        self._handle.create_checkpoint()
        if fault == "lost":
            raise DeltaError("the connection was reset")


class SteppedNotes:
    """The deeds of which a note of families is made, each a step, to be put in their places."""

    def __init__(self, world: World) -> None:
        self._world = world

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Have notes made in steps."""
        with ExitStack() as stack:
            for name in ("find_families", "_facts", "_gather", "_write"):
                deed = getattr(note_families, name)
                stepped = partial(self._do, f"{_NOTES}.{name.strip('_')}", deed)
                stack.enter_context(patch.object(note_families, name, stepped))
            put = partial(self._put, note_families.put)
            stack.enter_context(patch.object(note_families, "put", put))
            listed = partial(self._listed, note_families.notes)
            stack.enter_context(patch.object(note_families, "notes", listed))
            yield

    def _do(self, at: str, deed: Any, *given: Any) -> Any:
        self._world.step(at)
        return deed(*given)

    def _put(self, put: Any, *given: Any) -> None:
        fault = self._world.step(f"{_NOTES}.put", ("fail", "lost"))
        if fault == "fail":
            raise OSError(5, "the store does not answer")
        put(*given)
        self._world.passed["notes of families"] += 1
        if fault == "lost":
            raise OSError(5, "the connection was reset")

    def _listed(self, notes: Any, store: Any) -> Any:
        found = notes(store)
        # What is listed may be removed by another one before it is here.
        if self._world.step(f"{_NOTES}.delete", ("fail",)) == "fail":
            raise OSError(5, "the store does not answer")
        return found


_NOTES = "notes"


class SteppedLake(Lake):
    """The lake as one actor's process has it open."""

    def __init__(self, world: World) -> None:
        super().__init__(world.backend.url, on_point=world.step)
        self._world = world
        self.files = SteppedFiles(world, self.files)

    @override
    def handle(self, table: str) -> Any:
        if table not in self._handles:
            self._world.step(f"{table}.open")
            handle = super().handle(table)
            self._handles[table] = SteppedTable(self._world, table, handle)  # type: ignore[assignment]
        return self._handles[table]

    @override
    def dataset(self, table: str) -> ds.Dataset:
        # Between a refresh and the reading another process may remove files.
        self._world.step(f"{table}.read")
        return super().dataset(table)
