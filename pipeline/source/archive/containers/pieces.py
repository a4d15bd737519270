"""What a container is cut into, and what a cutter needs to stay within its limit of memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes of one record, and what is wrong with them.

    `truncated`: there were more bytes than the limit. `unfinished`: the stream ended before the
    container's own mark of the record's end. `damage`: why these bytes are not what was packed.
    `skipped`: why the member is left out (a link, a device).
    """

    value: bytes
    truncated: bool = False
    unfinished: bool = False
    damage: str | None = None
    skipped: str | None = None


Split = Callable[[Iterable[bytes], int], Iterator[Piece]]
"""Cuts a stream of chunks into records of at most so many bytes each."""


@dataclass(slots=True)
class Growing:
    """The piece in the making, at most `limit` bytes of it in memory."""

    limit: int
    data: bytearray = field(default_factory=bytearray)
    truncated: bool = False

    def take(self, data: bytes | bytearray) -> None:
        """Add `data`, as far as there is room."""
        room = self.limit - len(self.data)
        self.data += data[:room]
        self.truncated = self.truncated or len(data) > room

    def flush(self, *, unfinished: bool = False) -> Piece:
        """Return what has been taken, as a piece; empty again after it."""
        piece = Piece(bytes(self.data), self.truncated, unfinished)
        self.data.clear()
        self.truncated = False
        return piece


def whole(chunks: Iterable[bytes], limit_bytes: int) -> Iterator[Piece]:
    """Yield all of the stream as one piece; what is above the limit is not even read."""
    current = Growing(limit_bytes)
    for chunk in chunks:
        current.take(chunk)
        if current.truncated:
            break
    yield current.flush(unfinished=True)


def with_last(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield each chunk, and whether it is the last one."""
    before: bytes | None = None
    for chunk in chunks:
        if before is not None:
            yield before, False
        before = chunk
    if before is not None:
        yield before, True
