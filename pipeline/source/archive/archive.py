"""Archives: files, directories and object stores whose records are replayed or published."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.model import DAMAGED_HEADER, SKIPPED_HEADER, TRUNCATED_HEADER, Record
from pipeline.source.archive import locations, parquet
from pipeline.source.archive.containers.compressed import Meter
from pipeline.source.archive.containers.cut import cut
from pipeline.source.archive.containers.pieces import Piece
from pipeline.source.archive.containers.stream import Stream
from pipeline.source.archive.locations import Options, StoredFile

MAX_RECORD_BYTES = 64 * 1024**2
"""What is read of one record; one that is longer is delivered so far, and marked."""

_ID_HEX_DIGITS = 32
_CUTTING = b"dateline archive 2"
"""Part of an archive's identity: to be raised when files are cut in another way than before."""

OnProgress = Callable[[int], None]
"""Told how many stored bytes have been read so far."""


@dataclass(frozen=True, slots=True)
class Member:
    """One stored file, as it was found, and how many records it holds."""

    file: StoredFile
    records: int


@dataclass(frozen=True, slots=True)
class Archive:
    """A sequence of records with a fixed order; `source` names their content, not where it lies.

    `encoding` is the character set of texts that say nothing of theirs: it goes along as a header.
    """

    path: str
    source: str
    members: tuple[Member, ...]
    max_record_bytes: int = MAX_RECORD_BYTES
    storage_options: Options = field(default=(), repr=False)
    encoding: str | None = None
    kind = "archive"

    @property
    def stages_id(self) -> None:
        """Any stages may read it."""
        return None

    @property
    def start(self) -> int:
        """The first offset."""
        return 0

    @property
    def total(self) -> int:
        """How many records there are."""
        return sum(member.records for member in self.members)

    @property
    def size_bytes(self) -> int:
        """What the files take where they are stored."""
        return sum(member.file.size_bytes for member in self.members)

    def records(self, start: int = 0) -> Iterator[Record]:
        """Yield the records from offset `start` on, streamed: one record is in memory at a time.

        `received_at` is None: an archive does not say when its records came. Raises `UsageError`
        when a file has changed since the archive was opened, or cannot be read.
        """
        offset = 0
        for member in self.members:
            if offset + member.records <= start:
                offset += member.records
                continue
            for piece in _pieces(member.file, self.max_record_bytes, self.storage_options, None):
                if offset >= start:
                    headers = _headers(piece, self.encoding)
                    yield Record(self.source, offset, piece.value, headers=headers)
                offset += 1
            locations.check_unchanged(member.file, self.storage_options)


def open_archive(
    path: Path | str,
    storage_options: Mapping[str, str] | None = None,
    *,
    max_record_bytes: int = MAX_RECORD_BYTES,
    on_progress: OnProgress | None = None,
    encoding: str | None = None,
) -> Archive:
    """Return the archive at `path`: a file, a directory, a pattern, or a URL (see `locations`).

    Reads everything once, to count and to hash: the same records in the same order are the same
    source wherever and in whatever container they lie, so that replaying them again adds nothing.
    With another `encoding` it is another source, for its stories come out differently. Raises
    `UsageError` when there is nothing at `path`, or something cannot be read.
    """
    options = locations.as_options(storage_options)
    identity = hashlib.sha256(_CUTTING)
    if encoding:
        identity.update(b" read as " + encoding.encode())
    members = []
    meter = _Progress(on_progress)
    for file in locations.find_files(str(path), options):
        records = 0
        for piece in _pieces(file, max_record_bytes, options, meter):
            identity.update(_mark(piece))
            identity.update(piece.value)
            records += 1
        locations.check_unchanged(file, options)
        members.append(Member(file, records))
    source = f"archive/{identity.hexdigest()[:_ID_HEX_DIGITS]}"
    return Archive(str(path), source, tuple(members), max_record_bytes, options, encoding)


def first_records(
    path: Path | str,
    storage_options: Mapping[str, str] | None = None,
    *,
    encoding: str | None = None,
) -> Iterator[Record]:
    """Yield the records at `path` as `open_archive` cuts them, without reading all of it before.

    They have no source: they are looked at, and not kept.
    """
    options = locations.as_options(storage_options)
    offset = 0
    for file in locations.find_files(str(path), options):
        for piece in _pieces(file, MAX_RECORD_BYTES, options, None):
            yield Record("", offset, piece.value, headers=_headers(piece, encoding))
            offset += 1


def stored_bytes(path: Path | str, storage_options: Mapping[str, str] | None = None) -> int:
    """Return what `open_archive` will read: the size of the files at `path`, for a progress bar."""
    options = locations.as_options(storage_options)
    return sum(file.size_bytes for file in locations.find_files(str(path), options))


class _Progress:
    """Adds up what has been read, over all files."""

    def __init__(self, on_progress: OnProgress | None) -> None:
        self._on_progress = on_progress
        self._read_bytes = 0

    def add(self, size: int) -> None:
        self._read_bytes += size
        if self._on_progress is not None:
            self._on_progress(self._read_bytes)


def _pieces(
    file: StoredFile, limit_bytes: int, options: Options, progress: _Progress | None
) -> Iterator[Piece]:
    meter = Meter()

    def on_read(size: int) -> None:
        meter.read_bytes += size
        if progress is not None:
            progress.add(size)

    if locations.begins_with(file, options, parquet.MAGIC):
        return _rows(file, limit_bytes, options, on_read)
    stream = Stream(locations.read_stored(file, options, on_read))
    return cut(stream, limit_bytes, meter, (file.name,))


def _rows(
    file: StoredFile, limit_bytes: int, options: Options, on_read: OnProgress
) -> Iterator[Piece]:
    with locations.open_file(file, options) as handle:
        yield from parquet.parquet_rows(handle, file.size_bytes, limit_bytes, on_read, file.name)


def _mark(piece: Piece) -> bytes:
    """Say what sets a record apart besides its bytes. Not the reason: it names files."""
    marks = bytes((piece.truncated, piece.damage is not None, piece.skipped is not None))
    return marks + len(piece.value).to_bytes(8, "big")


def _headers(piece: Piece, encoding: str | None = None) -> tuple[tuple[str, bytes], ...]:
    headers = []
    if encoding:
        headers.append(("content-type", f"text/plain; charset={encoding}".encode()))
    if piece.truncated:
        headers.append((TRUNCATED_HEADER, b"1"))
    if piece.damage is not None:
        headers.append((DAMAGED_HEADER, piece.damage.encode("utf-8", "replace")))
    if piece.skipped is not None:
        headers.append((SKIPPED_HEADER, piece.skipped.encode("utf-8", "replace")))
    return tuple(headers)
