"""Data files of the lake: written whole or not at all, on a local path or an object store."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Protocol

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake.fs import DeltaStorageHandler
from typing_extensions import override

from pipeline.compat.delta_uploads import Uploads
from pipeline.store.commit.seal import SEAL_KEY, UNSEALED, sealed

MAINTAIN = "maintain"
"""The application transaction of every maintenance commit; its version counts them."""

BLOCKS_KEY = b"dateline.blocks"
"""Footer key of every data file: a JSON object from source to the end of its block."""

REPLACES_KEY = b"dateline.replaces"
"""Footer key of a compacted file: a JSON array of the files whose rows it holds."""

TIME_KEY = b"dateline.time_ms"
"""Footer key of a compacted file: when it was made, in milliseconds since 1970."""

OnPoint = Callable[[str], None]
"""Called with the name of each step of a commit as it is reached: tests die there."""

_ROW_GROUP_BYTES = 64 * 1024**2
_ORDERED_GROUP_BYTES = 8 * 1024**2
"""What a row group holds, unpacked: less where rows have a time, by which compaction orders them,
so that an hour of a day is a part of its file. Others gain nothing by it, and grow by 4 %
(`bench/row_order.py`)."""

_ZSTD_LEVEL = 3
"""Of what a writer lands, which compaction writes again: 7 % fewer bytes than Parquet's own level 1
for little more time. Level 6 takes off 5 % more, and takes nearly twice as long."""

_ZSTD_LEVEL_TO_STAY = 6
"""Of a file that replaces others."""

_MANY_ROWS = 256
"""From here on a file has dictionaries and an index of its pages; below they cost more than they
save (`bench/file_bytes.py`)."""

_WORTH_BYTES = 1024
"""Columns of smaller files that hold less than that are not compressed."""

_ROWS_AT_ONCE = 4096
"""Of a file that is read in parts."""

SELDOM_TWICE = frozenset(
    (
        *("story_id", "revision_id", "event_id", "content_hash", "raw", "body", "headline"),
        *("slugline", "provider_id", "published_at", "offset", "salience"),
        *("mentions.list.element.text", "mentions.list.element.start"),
        *("mentions.list.element.end", "source_start", "source_end", "trigger_start"),
        *("trigger_end", "target_start", "target_end"),
    )
)
"""Columns without a dictionary: theirs would hold nearly each value once, and the places beside.
Without it large files of entities are 7 % smaller, and written faster (`bench/file_bytes.py`)."""

PRUNING = frozenset(
    (
        *("story_id", "revision_id", "entity_id", "event_id"),
        *("published_at", "received_at", "committed_at", "event_date"),
        *("dateline_country", "country", "kind", "root", "cameo", "confidence"),
        *("source_country", "target_country", "place_country"),
        *("source", "offset", "start_offset", "end_offset"),
        *("left_story_id", "left_revision_id", "right_story_id", "right_revision_id"),
        *("left_date", "right_date"),
    )
)
"""Columns whose smallest and largest values stand in the footer: those that filters are about."""
_SYNCS_AT_ONCE = 16
_STAGING = "_staging"
_WRITERS = "_writers"


def nothing(_: str) -> None:
    """Do nothing: the `OnPoint` of production."""


@dataclass(frozen=True, slots=True)
class Marks:
    """Holds what a data file's footer says of its making: see the keys above."""

    blocks: Mapping[str, int]
    replaces: frozenset[str] = frozenset()
    time_ms: int = 0


class DataFiles(Protocol):
    """Does what the lake needs of a store; paths are relative to the lake's root, with `/`."""

    def write(self, path: str, data: pa.Buffer, writer: str) -> None:
        """Make `path` appear with all of `data`, or not at all."""

    def write_all(
        self, files: Sequence[tuple[str, pa.Buffer]], writer: str, on_file: OnPoint
    ) -> None:
        """Write each of `files` as `write` does, in this order; `on_file` is told its path then."""
        for path, data in files:
            self.write(path, data, writer)
            on_file(path)

    def delete(self, path: str) -> None:
        """Remove `path`; not an error where it is gone already."""

    def list(self, table: str) -> list[str]:
        """Return every Parquet file of `table` that lies in a partition."""

    def marks(self, path: str) -> Marks | None:
        """Return what the footer says.

        None for a file that is gone, damaged or not written by us.
        """

    def read(self, path: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return those columns of a data file, or all of them."""

    def read_batches(self, path: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Yield those columns of a data file, some thousand rows at a time."""

    def drop_staged(self) -> int:
        """Remove what dead writers left unfinished; how many files that were."""

    def release(self, writer: str) -> None:
        """Remove the mark that `writer` is alive, if there is one."""


def encode(table: pa.Table, marks: Marks, share: float = 1.0) -> pa.Buffer:
    """Return `table` as one Parquet file, by zstd, with `marks` and its seal in the footer.

    `share` is how much of what its buffers hold is its own: a slice has its rows in those of the
    table that it is of.

    Each page has a checksum, so that a reader that asks for it never takes a damaged one.
    Row groups hold about 64 MiB of values, those of stories 8 MiB, so that a reader of a large file
    needs no more.
    The footer is most of a small file. So it has no copy of the Arrow schema, which follows from
    Parquet's own; comments of columns stand in the table's log alone; and statistics are of
    `PRUNING`.
    """
    metadata = {
        BLOCKS_KEY: json.dumps(dict(marks.blocks)).encode(),
        SEAL_KEY: UNSEALED,
    }
    if marks.replaces:
        metadata[REPLACES_KEY] = json.dumps(sorted(marks.replaces)).encode()
        metadata[TIME_KEY] = str(marks.time_ms).encode()
    # Comments of columns are in the metadata of fields, which are not written without the schema.
    table = table.replace_schema_metadata()
    names = table.column_names
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        table.schema,
        **_compression(table, _ZSTD_LEVEL_TO_STAY if marks.replaces else _ZSTD_LEVEL, share),
        coerce_timestamps="us",
        write_page_checksum=True,
        store_schema=False,
        write_statistics=[name for name in names if name in PRUNING],
        use_dictionary=repetitive(table) if table.num_rows >= _MANY_ROWS else False,
        write_page_index=table.num_rows >= _MANY_ROWS,
    ) as writer:
        writer.write_table(table, row_group_size=_rows_of_group(table, names))
        writer.add_key_value_metadata(metadata)
    return pa.py_buffer(sealed(sink.getvalue().to_pybytes()))


def _rows_of_group(table: pa.Table, names: Sequence[str]) -> int:
    group = _ORDERED_GROUP_BYTES if "published_at" in names else _ROW_GROUP_BYTES
    # What its buffers take is told much faster than the part of them that are its values.
    size_bytes = table.get_total_buffer_size()
    if size_bytes > group:
        size_bytes = table.nbytes
    return int(min(max(1, table.num_rows * group // max(1, size_bytes)), 1024**2))


def _compression(table: pa.Table, level: int, share: float) -> Mapping[str, Any]:
    """Say which columns are compressed: of a small file those that gain by it.

    A frame takes more bytes than it saves of a few values, and as much time as of many.
    """
    if table.num_rows >= _MANY_ROWS:
        return {"compression": "zstd", "compression_level": level}
    large = [
        path
        for column, field in zip(table.columns, table.schema, strict=True)
        if column.get_total_buffer_size() * share >= _WORTH_BYTES
        for path in _paths(field.name, field.type)
    ]
    return {
        "compression": dict.fromkeys(large, "zstd"),
        "compression_level": dict.fromkeys(large, level),
    }


def repetitive(table: pa.Table) -> list[str]:
    """Return the paths of the columns whose values come again and again."""
    paths = (path for field in table.schema for path in _paths(field.name, field.type))
    return [path for path in paths if path not in SELDOM_TWICE]


@lru_cache(maxsize=1024)
def _paths(name: str, kind: pa.DataType) -> tuple[str, ...]:
    """Return the paths of a column's values as Parquet names them."""
    return tuple(_leaves(pa.field(name, kind)))


def _leaves(field: pa.Field, above: str = "") -> Iterator[str]:
    path = f"{above}{field.name}"
    if pa.types.is_list(field.type):
        element = field.type.value_field.with_name("element")
        yield from _leaves(element, f"{path}.list.")
    elif pa.types.is_struct(field.type):
        for child in field.type:
            yield from _leaves(child, f"{path}.")
    else:
        yield path


def marks_of(schema: pa.Schema) -> Marks | None:
    """Return the marks in the metadata of a data file's schema.

    None where there are none, or damaged.
    """
    metadata: Mapping[bytes, bytes] = schema.metadata or {}
    if BLOCKS_KEY not in metadata:
        return None
    try:
        return Marks(
            blocks={str(app): int(end) for app, end in json.loads(metadata[BLOCKS_KEY]).items()},
            replaces=frozenset(json.loads(metadata.get(REPLACES_KEY, b"[]"))),
            time_ms=int(metadata.get(TIME_KEY, b"0")),
        )
    except (ValueError, AttributeError, TypeError):
        return None


def open_files(url: str, options: Mapping[str, str], on_point: OnPoint = nothing) -> DataFiles:
    """Return the files under the lake's root `url`: a local path, or a URL that delta-rs knows."""
    if "://" not in url:
        return LocalFiles(Path(url), on_point)
    if url.startswith("file://"):
        return LocalFiles(Path(url.removeprefix("file://")), on_point)
    return ObjectFiles(url, options)


class LocalFiles(DataFiles):
    """A directory. Files are completed in `_staging` and renamed into their partition.

    Each writer holds a lock on `_writers/<writer>`, so that what a dead one left in `_staging` can
    be told from what a live one is writing.
    """

    def __init__(self, root: Path, on_point: OnPoint = nothing) -> None:
        self._root = root
        self._on_point = on_point
        self._locks: dict[str, IO[bytes]] = {}

    @override
    def write(self, path: str, data: pa.Buffer, writer: str) -> None:
        self.write_all([(path, data)], writer, nothing)

    @override
    def write_all(
        self, files: Sequence[tuple[str, pa.Buffer]], writer: str, on_file: OnPoint
    ) -> None:
        """Write them all before the disk is waited for: it takes many at once as fast as one."""
        self._hold(writer)
        staging = self._root / _STAGING / writer
        staging.mkdir(parents=True, exist_ok=True)
        names = [staging / Path(path).name for path, _ in files]
        with ThreadPoolExecutor(min(_SYNCS_AT_ONCE, len(files) or 1)) as pool:
            try:
                for (path, data), staged in zip(files, names, strict=True):
                    # Not made anew: a lake that was removed under a running job is a fault.
                    if not (table := self._root / Path(path).parts[0]).is_dir():
                        raise FileNotFoundError(f"the folder {table} is gone")
                    staged.write_bytes(data)
                list(pool.map(_sync, names))
                for (path, _), staged in zip(files, names, strict=True):
                    self._on_point("file.staged")
                    target = self._root / path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    staged.replace(target)
                    on_file(path)
            except OSError:
                for staged in names:
                    staged.unlink(missing_ok=True)
                raise
            list(pool.map(_sync, sorted({(self._root / path).parent for path, _ in files})))

    @override
    def delete(self, path: str) -> None:
        (self._root / path).unlink(missing_ok=True)

    @override
    def list(self, table: str) -> list[str]:
        found = (self._root / table).glob("*=*/**/*.parquet")
        return sorted(path.relative_to(self._root).as_posix() for path in found)

    @override
    def marks(self, path: str) -> Marks | None:
        try:
            return marks_of(pq.read_schema(self._root / path))
        except (FileNotFoundError, pa.ArrowInvalid):
            return None

    @override
    def read(self, path: str, columns: Sequence[str] | None = None) -> pa.Table:
        return pq.ParquetFile(self._root / path).read(columns and list(columns))

    @override
    def read_batches(self, path: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(self._root / path) as file:
            yield from file.iter_batches(_ROWS_AT_ONCE, columns=list(columns), use_threads=False)

    @override
    def drop_staged(self) -> int:
        dropped = 0
        for folder in self._staged_folders():
            lock = self._root / _WRITERS / folder.name
            if folder.name in self._locks or _is_locked(lock):
                continue
            for path in folder.iterdir():
                path.unlink(missing_ok=True)
                dropped += 1
            shutil.rmtree(folder, ignore_errors=True)
            lock.unlink(missing_ok=True)
        return dropped

    @override
    def release(self, writer: str) -> None:
        if (handle := self._locks.pop(writer, None)) is None:
            return
        # What stays, because it is not empty or the store refuses, is a dead writer's from now on:
        # the next clean-up takes it.
        with suppress(OSError):
            (self._root / _WRITERS / writer).unlink(missing_ok=True)
            (self._root / _STAGING / writer).rmdir()
        handle.close()

    def _staged_folders(self) -> Iterator[Path]:
        staging = self._root / _STAGING
        return iter(sorted(staging.iterdir()) if staging.is_dir() else ())

    def _hold(self, writer: str) -> None:
        if writer in self._locks:
            return
        path = self._root / _WRITERS / writer
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = path.open("wb")
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._locks[writer] = handle


def _sync(path: Path) -> None:
    """Wait until the disk has the file, or what the folder holds."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _is_locked(path: Path) -> bool:
    try:
        with path.open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


class ObjectFiles(DataFiles):
    """An object store through delta-rs' own client; an upload is atomic there by itself."""

    def __init__(self, url: str, options: Mapping[str, str]) -> None:
        self._fs = pafs.PyFileSystem(DeltaStorageHandler(url, dict(options)))
        self._uploads = Uploads(url, options)

    @override
    def write(self, path: str, data: pa.Buffer, writer: str) -> None:
        self._uploads.put(path, data)

    @override
    def delete(self, path: str) -> None:
        try:
            self._fs.delete_file(path)
        except FileNotFoundError:
            return

    @override
    def list(self, table: str) -> list[str]:
        selector = pafs.FileSelector(table, recursive=True, allow_not_found=True)
        return sorted(
            info.path
            for info in self._fs.get_file_info(selector)
            if info.path.endswith(".parquet") and "/_" not in info.path
        )

    @override
    def marks(self, path: str) -> Marks | None:
        try:
            return marks_of(pq.read_schema(path, filesystem=self._fs))
        except (FileNotFoundError, pa.ArrowInvalid):
            return None

    @override
    def read(self, path: str, columns: Sequence[str] | None = None) -> pa.Table:
        return pq.ParquetFile(path, filesystem=self._fs).read(columns and list(columns))

    @override
    def read_batches(self, path: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(path, filesystem=self._fs) as file:
            yield from file.iter_batches(_ROWS_AT_ONCE, columns=list(columns), use_threads=False)

    @override
    def drop_staged(self) -> int:
        return 0

    @override
    def release(self, writer: str) -> None:
        return
