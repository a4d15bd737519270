"""What a table's log holds, read by ourselves: for the check, clean-up and repair.

delta-rs tells which files make up a table, but not which sources its application transactions
name, nor which files a commit has removed. Delta protocol, sections "Delta Log Entries" and
"Checkpoints" (classic ones of one part, as delta-rs writes them).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from pipeline.errors import StoreError

LOG = "_delta_log"
HINT = "_last_checkpoint"
_ENTRY = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint\.parquet")
_STRANGE = re.compile(r"\d{20}\.(?:\d{20}\.compacted\.json|checkpoint\..+\.(?:parquet|json))")
"""What other tools put beside entries and checkpoints of one part, and readers take the word of."""
_KEPT = ("add", "remove", "txn")


class LogFileError(Exception):
    """A file of the log that cannot be read; the message names it and says why."""


class DamagedLogError(LogFileError):
    """A file of the log that is not there, or not as it was written."""


class UnreadLogError(LogFileError):
    """A file of the log that the store did not give: whether it is damaged is not known."""


@dataclass(slots=True)
class LogState:
    """Holds what the log says at one version; paths are plain, relative to the table.

    `removed` has the time of each removal, in milliseconds since 1970.
    `told` has a short digest of the rest of what is said of a file (its partition, statistics and
    time), and of the table (under `metaData`), where it was asked for.
    """

    files: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    facts: dict[str, bytes] = field(default_factory=dict)

    def apply(self, actions: Iterable[Mapping[str, Any]]) -> None:
        """Carry out the actions of one commit, or of a checkpoint."""
        for action in actions:
            if (add := action.get("add")) is not None:
                path = unquote(add["path"])
                self.files[path] = add["size"]
                self.removed.pop(path, None)
                if "stats" in add:
                    self.facts[path] = _facts(add)
            if (remove := action.get("remove")) is not None:
                path = unquote(remove["path"])
                self.files.pop(path, None)
                self.facts.pop(path, None)
                self.removed[path] = remove.get("deletionTimestamp") or 0
            if (txn := action.get("txn")) is not None:
                self.versions[txn["appId"]] = txn["version"]
            if (metadata := action.get("metaData")) is not None:
                self.facts["metaData"] = _facts_of_table(metadata)


class _Watched:
    """A file that remembers whether the store failed to give its bytes."""

    def __init__(self, file: pa.NativeFile) -> None:
        self._file = file
        self.is_failed = False

    def read(self, size_bytes: int | None = None) -> bytes:
        try:
            return cast("bytes", self._file.read(size_bytes))
        except OSError:
            self.is_failed = True
            raise

    def seek(self, offset: int, whence: int = 0) -> int:
        return cast("int", self._file.seek(offset, whence))

    def tell(self) -> int:
        return cast("int", self._file.tell())

    def close(self) -> None:
        self._file.close()

    @property
    def closed(self) -> bool:
        return cast("bool", self._file.closed)


@dataclass(frozen=True, slots=True)
class Log:
    """The files of one table's log: the versions that have an entry, and a checkpoint.

    `strange` are the names of those that Dateline does not write, and that stand for entries too.
    """

    filesystem: pafs.FileSystem
    table: str
    entries: tuple[int, ...]
    checkpoints: tuple[int, ...]
    strange: tuple[str, ...] = ()

    @classmethod
    def listed(cls, filesystem: pafs.FileSystem, table: str) -> Log:
        """List the entries and the checkpoints of a table's log, both in order of version."""
        selector = pafs.FileSelector(f"{table}/{LOG}", allow_not_found=True)
        names = [info.path.rpartition("/")[2] for info in filesystem.get_file_info(selector)]

        def versions(pattern: re.Pattern[str]) -> tuple[int, ...]:
            return tuple(sorted(int(m[1]) for name in names if (m := pattern.fullmatch(name))))

        strange = tuple(sorted(name for name in names if _STRANGE.fullmatch(name)))
        return cls(filesystem, table, versions(_ENTRY), versions(_CHECKPOINT), strange)

    def path(self, name: str) -> str:
        """Return a file of the log, relative to the lake's root."""
        return f"{self.table}/{LOG}/{name}"

    def entry(self, version: int) -> list[Mapping[str, Any]]:
        """Return the actions of one commit. Raises `LogFileError`."""
        name = f"{version:020}.json"
        try:
            with self._opened(name) as file:
                lines = file.read().decode().splitlines()
            actions = [json.loads(line) for line in lines if line.strip()]
        except ValueError as error:
            raise DamagedLogError(f"{name}: {error}") from error
        if not actions or not all(isinstance(action, dict) for action in actions):
            raise DamagedLogError(f"{name}: it holds no actions")
        return actions

    def checkpoint(self, version: int, *, whole: bool = False) -> LogState:
        """Return what the checkpoint of `version` says, with `whole` all of it.

        Raises `LogFileError`.
        """
        name = f"{version:020}.checkpoint.parquet"
        state = LogState()
        try:
            with self._opened(name) as file:
                found = pq.ParquetFile(file)
                names = [n for n in _KEPT if n in found.schema_arrow.names]
                # All at once where all is asked for: only so columns of unequal length are told of.
                batches = found.read().to_batches() if whole else found.iter_batches(columns=names)
                for batch in batches:
                    state.apply(_parts(batch, _WHOLE if whole else _SLIM).to_pylist())
        except (OSError, pa.ArrowException, ValueError, KeyError, TypeError) as error:
            raise DamagedLogError(f"{name}: {error}") from error
        return state

    @contextmanager
    def _opened(self, name: str) -> Iterator[_Watched]:
        """Open a file of the log. Raises `DamagedLogError` where it is not there, `UnreadLogError`
        where the store fails, also later: pyarrow tells of bytes that are no Parquet by `OSError`
        too."""
        try:
            opened = self.filesystem.open_input_file(self.path(name))
        except FileNotFoundError as error:
            raise DamagedLogError(f"{name}: it is not there") from error
        except OSError as error:
            raise UnreadLogError(f"{name}: {error}") from error
        with opened:
            file = _Watched(opened)
            try:
                yield file
            except OSError as error:
                if file.is_failed:
                    raise UnreadLogError(f"{name}: {error}") from error
                raise

    def replayed(self, version: int, state: LogState, after: int = -1) -> LogState:
        """Bring `state`, which is that of version `after`, up to `version` by the entries.

        Raises `LogFileError` where one of them cannot be read.
        """
        for number in range(after + 1, version + 1):
            try:
                state.apply(self.entry(number))
            except (KeyError, TypeError, ValueError, AttributeError) as error:
                raise DamagedLogError(f"{number:020}.json: {error!r}") from error
        return state

    def state(self, version: int) -> LogState:
        """Return what the log says at `version`, by its last checkpoint.

        Raises `LogFileError`.
        """
        below = [number for number in self.checkpoints if number <= version]
        if not below:
            return self.replayed(version, LogState())
        return self.replayed(version, self.checkpoint(below[-1]), below[-1])

    def hint_fault(self) -> str | None:
        """Return what is wrong with the hint (`_last_checkpoint`), if anything is.

        It has to name the last checkpoint, or one before it: readers begin there.
        """
        try:
            with self.filesystem.open_input_file(self.path(HINT)) as file:
                version = json.loads(file.read())["version"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            return f"{HINT}: {error}"
        if version not in self.checkpoints:
            return f"{HINT}: there is no checkpoint of version {version}"
        return None


_WHOLE: Mapping[str, Sequence[str]] = {
    "add": ("path", "size", "partitionValues", "modificationTime", "stats"),
    "remove": ("path", "deletionTimestamp"),
    "txn": ("appId", "version"),
    "metaData": (
        *("id", "name", "description", "format", "schemaString"),
        *("partitionColumns", "configuration"),
    ),
}
# Without what is seldom asked of the actions: their statistics are most of a checkpoint.
_SLIM: Mapping[str, Sequence[str]] = {**_WHOLE, "add": ("path", "size")}


def _parts(batch: pa.RecordBatch, wanted: Mapping[str, Sequence[str]]) -> pa.Table:
    columns = {}
    for name in wanted.keys() & set(batch.schema.names):
        column = batch.column(name)
        fields = [column.field(part) for part in wanted[name]]
        columns[name] = pa.StructArray.from_arrays(
            fields, names=list(wanted[name]), mask=column.is_null()
        )
    return pa.table(columns)


def _facts(add: Mapping[str, Any]) -> bytes:
    """Return a digest of an addition; a checkpoint has its partition as pairs, an entry not."""
    parts = [sorted(dict(add["partitionValues"]).items()), add["modificationTime"], add["stats"]]
    return hashlib.sha256(json.dumps(parts).encode()).digest()[:8]


def _facts_of_table(metadata: Mapping[str, Any]) -> bytes:
    parts = [metadata[name] for name in ("id", "schemaString", "partitionColumns")]
    parts += [metadata.get("name"), metadata.get("description"), metadata["format"]["provider"]]
    parts += [sorted(dict(metadata["configuration"]).items())]
    return hashlib.sha256(json.dumps(parts).encode()).digest()[:8]


def log_state(filesystem: pafs.FileSystem, table: str, version: int) -> LogState:
    """Return what the log of `table` says at `version`.

    Raises `StoreError` where it is damaged or the store fails.
    """
    try:
        return Log.listed(filesystem, table).state(version)
    except UnreadLogError as error:
        raise StoreError(
            "cannot read the table's log: see docs/upkeep.md, Faults of the store",
            table=table,
            reason=error,
        ) from error
    except DamagedLogError as error:
        raise StoreError(
            "the table's log is damaged: `dateline lake repair` tells what can be done",
            table=table,
            reason=error,
        ) from error
