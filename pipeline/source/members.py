"""The files of an archive: opened, decompressed, and cut into records as their container says.

A container is recognised by how it begins, never by its name. To add one, add an entry to
`CONTAINERS`.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.source.elements import Piece, elements

_CHUNK_BYTES = 1024 * 1024
_HEAD_BYTES = 4096
_GZIP = b"\x1f\x8b"

Split = Callable[[Iterable[bytes], int], Iterator[Piece]]
"""Cuts a stream of chunks into records of at most so many bytes each."""


@dataclass(frozen=True, slots=True)
class Container:
    """A way to hold many records in one file: how it begins, and how it is cut."""

    name: str
    begins: re.Pattern[bytes]
    split: Split


CONTAINERS: tuple[Container, ...] = (
    Container(
        "reuters21578",
        re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<!DOCTYPE\s+lewis\b[^>]*>\s*)?<REUTERS[\s>]"),
        partial(elements, b"REUTERS"),
    ),
)
"""Every container that is cut; any other file is one record."""


def read_pieces(path: Path, limit_bytes: int) -> Iterator[Piece]:
    """The records of one file, in order.

    A damaged gzip file gives what its container yields before the damage, then the rest as one
    more piece (so that the damage is seen); where it is no container, its bytes as they are.
    """
    chunks = read_chunks(path)
    damage: list[bool] = []
    steady = _until_damage(chunks, damage)
    head = b""
    for chunk in steady:
        head += chunk
        if len(head) >= _HEAD_BYTES:
            break
    container = next((c for c in CONTAINERS if c.begins.match(head)), None)
    stream = chain((head,) if head else (), steady)
    if container is not None:
        yield from container.split(stream, limit_bytes)
        if damage:
            yield Piece(b"")
        return
    whole = _whole(stream, limit_bytes)
    yield _whole(_stored(path), limit_bytes) if damage else whole


def read_chunks(path: Path) -> Iterator[bytes]:
    """The content of a file, decompressed where it is gzip (RFC 1952), in chunks.

    Raises `DamagedError` where the compressed data breaks off or is broken.
    """
    try:
        with path.open("rb") as file:
            packed = file.peek(2)[:2] == _GZIP
            if not packed:
                while chunk := file.read(_CHUNK_BYTES):
                    yield chunk
                return
            with gzip.GzipFile(fileobj=file) as unpacked:
                while chunk := unpacked.read(_CHUNK_BYTES):
                    yield chunk
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise DamagedError(path) from error
    except OSError as error:
        raise UsageError("cannot read the archive", path=path, reason=error) from error


class DamagedError(Exception):
    """Compressed data that breaks off or is broken."""


def _until_damage(chunks: Iterator[bytes], damage: list[bool]) -> Iterator[bytes]:
    try:
        yield from chunks
    except DamagedError:
        damage.append(True)


def _stored(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise UsageError("cannot read the archive", path=path, reason=error) from error


def _whole(chunks: Iterable[bytes], limit_bytes: int) -> Piece:
    data = bytearray()
    for chunk in chunks:
        data += chunk
        if len(data) > limit_bytes:
            # Read on no further than needed to know: the rest is not wanted.
            return Piece(bytes(data[:limit_bytes]), truncated=True)
    return Piece(bytes(data))
