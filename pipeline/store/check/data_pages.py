"""The part of `lake check --deep` that reads every page of every column, and each file's seal.

A file is fetched once and read several times: where it is large from the folder of temporary files,
and of its columns a few rows of one at a time. So memory is that of no file's size.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from tempfile import NamedTemporaryFile
from typing import IO, cast

import pyarrow as pa
import pyarrow.fs as pafs
import pyarrow.parquet as pq

from pipeline.store.check.findings import Finding, no_room
from pipeline.store.codes.codes import CODES_FOLDER
from pipeline.store.commit.seal import SEAL_KEY, is_whole_file
from pipeline.store.read.snapshot import Snapshot

_AT_ONCE = 2
_LARGE_BYTES = 8 * 1024**2
_CHUNK_BYTES = 1024**2
_BUFFER_BYTES = 256 * 1024
_FEW_ROWS = 4096
"""So many rows are read at once. A smaller group is read whole, which costs less than column by
column."""


def check_pages(snapshot: Snapshot, table: str) -> list[Finding]:
    """Read every page of every column of the table's files, and each file's seal."""
    if table not in snapshot.tables:
        return []
    paths = [file.path for file in snapshot.active(table)]
    read = partial(_fault, _page_fault, snapshot.filesystem())
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        faults = pool.map(read, (f"{table}/{path}" for path in paths))
        return [
            Finding("damaged_file", table, f"{path}: {fault}")
            for path, fault in zip(paths, faults, strict=True)
            if fault
        ]


def check_codes(snapshot: Snapshot) -> list[Finding]:
    """Hold the tables of codes against their seals; those of earlier versions have none."""
    store = snapshot.filesystem()
    there = store.get_file_info(pafs.FileSelector(CODES_FOLDER, allow_not_found=True))
    paths = sorted(file.path for file in there if file.path.endswith(".parquet"))
    return [
        Finding("damaged_codes", "", f"{path}: {fault}")
        for path in paths
        if (fault := _fault(_code_fault, store, path))
    ]


def _fault(
    find: Callable[[pa.NativeFile], str | None], filesystem: pafs.FileSystem, path: str
) -> str | None:
    """Return what `find` has against a file, or why it cannot be read."""
    try:
        with _at_hand(filesystem, path) as data:
            return find(data)
    except FileNotFoundError:
        return None  # a table's is told of with the files, codes may be missing
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        return str(error)


def _code_fault(data: pa.NativeFile) -> str | None:
    return _seal_fault(data, pq.read_metadata(data))


def _page_fault(data: pa.NativeFile) -> str | None:
    found = pq.ParquetFile(
        data, page_checksum_verification=True, pre_buffer=False, buffer_size=_BUFFER_BYTES
    )
    for group in range(found.num_row_groups):
        if (fault := _group_fault(found, group)) is not None:
            return fault
    return _seal_fault(data, found.metadata)


def _seal_fault(data: pa.NativeFile, footer: pq.FileMetaData) -> str | None:
    seal = (footer.metadata or {}).get(SEAL_KEY)
    if seal is not None and not is_whole_file(data, seal):
        return "its bytes are not those that were written"
    return None


def _group_fault(found: pq.ParquetFile, group: int) -> str | None:
    """Read a row group. Raises `pa.ArrowException` or `OSError` where it cannot be."""
    rows = found.metadata.row_group(group).num_rows
    if rows <= _FEW_ROWS:
        found.read_row_group(group, use_threads=False).validate(full=True)
        return None
    for column in found.schema_arrow.names:
        seen = 0
        for batch in found.iter_batches(
            _FEW_ROWS, row_groups=[group], columns=[column], use_threads=False
        ):
            batch.validate(full=True)
            seen += batch.num_rows
        # A damaged header of a page may end a column early without an error of Arrow's.
        if seen != rows:
            return f"{column}: {seen} rows, {rows} by the footer"
    return None


@contextmanager
def _at_hand(filesystem: pafs.FileSystem, path: str) -> Iterator[pa.NativeFile]:
    """Open a file that is fetched once however often it is read.

    Raises `OSError`, and `StoreError` where the folder of temporary files has no room.
    """
    with filesystem.open_input_file(path) as file:
        if file.size() <= _LARGE_BYTES:
            with pa.BufferReader(file.read()) as data:
                yield data
            return
        with _local_file() as local:
            while chunk := file.read(_CHUNK_BYTES):
                _append(local, chunk)
            with pa.OSFile(local.name) as data:
                yield data


def _append(local: IO[bytes], chunk: bytes) -> None:
    try:
        local.write(chunk)
        local.flush()
    except OSError as error:
        raise no_room(error) from error


def _local_file() -> IO[bytes]:
    try:
        return cast("IO[bytes]", NamedTemporaryFile(prefix="dateline-check-"))
    except OSError as error:
        raise no_room(error) from error
