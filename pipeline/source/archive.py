"""Archives on disk: files and directories whose records are replayed or published."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.model import Record
from pipeline.source.members import DamagedError, read_chunks, read_pieces

MAX_RECORD_BYTES = 64 * 1024**2
"""What is read of one record; one that is longer is delivered so far, and marked."""

TRUNCATED_HEADER = "dateline-truncated"

_ID_HEX_DIGITS = 32
_CUTTING = b"dateline archive 1"
"""Part of an archive's identity: to be raised when files are cut in another way than before."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file: what of it was counted and hashed, and how to tell that it has changed since."""

    path: Path
    records: int
    size_bytes: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Archive:
    """A sequence of records with a fixed order; `source` names their content, not their place."""

    path: Path
    source: str
    members: tuple[Member, ...]
    max_record_bytes: int = MAX_RECORD_BYTES

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
        """What the files take on disk."""
        return sum(member.size_bytes for member in self.members)

    def records(self, start: int = 0) -> Iterator[Record]:
        """The records from offset `start` on, streamed: one record is in memory at a time.

        `received_at` is None: an archive does not say when its records came. Raises `UsageError`
        when a file has changed since the archive was opened, or cannot be read.
        """
        offset = 0
        for member in self.members:
            if offset + member.records <= start:
                offset += member.records
                continue
            _check_unchanged(member)
            for piece in read_pieces(member.path, self.max_record_bytes):
                if offset >= start:
                    headers = ((TRUNCATED_HEADER, b"1"),) if piece.truncated else ()
                    yield Record(self.source, offset, piece.value, headers=headers)
                offset += 1
            _check_unchanged(member)


def open_archive(path: Path | str, *, max_record_bytes: int = MAX_RECORD_BYTES) -> Archive:
    """The archive at `path`: a file, or all files of a directory in the order of their names.

    Reads everything once, to count and to hash: the same content is the same source wherever it
    lies and whether or not it is compressed, so that replaying it again adds nothing. Hidden
    files, and links that lead out of the directory, are left out. Raises `UsageError` when there
    is nothing at `path`, or something cannot be read.
    """
    path = Path(path)
    identity = hashlib.sha256(_CUTTING)
    members = []
    for file in _files(path):
        digest, member = _scan(file, max_record_bytes)
        identity.update(digest)
        members.append(member)
    source = f"archive/{identity.hexdigest()[:_ID_HEX_DIGITS]}"
    return Archive(path, source, tuple(members), max_record_bytes)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise UsageError("no such file or directory", path=path)

    def refuse(error: OSError) -> None:
        raise UsageError("cannot read the archive", path=error.filename, reason=error) from error

    root = path.resolve()
    found = []
    for folder, folders, names in os.walk(path, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            file = Path(folder, name)
            inside = not file.is_symlink() or file.resolve().is_relative_to(root)
            if not name.startswith(".") and inside and file.is_file():
                found.append(file)
    return sorted(found, key=lambda file: file.relative_to(path).parts)


def _scan(path: Path, max_record_bytes: int) -> tuple[bytes, Member]:
    content = hashlib.sha256()
    try:
        for chunk in read_chunks(path):
            content.update(chunk)
    except DamagedError:
        content.update(b"damaged")
    records = sum(1 for _ in read_pieces(path, max_record_bytes))
    status = _status(path)
    return content.digest(), Member(path, records, status.st_size, status.st_mtime_ns)


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise UsageError("cannot read the archive", path=path, reason=error) from error


def _check_unchanged(member: Member) -> None:
    status = _status(member.path)
    if (status.st_size, status.st_mtime_ns) != (member.size_bytes, member.modified_ns):
        raise UsageError("a file of the archive changed while it was read", path=member.path)
