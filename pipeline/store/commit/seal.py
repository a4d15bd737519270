"""The seal of a data file: a SHA-256 of all its bytes, within itself.

The footer holds it under `SEAL_KEY`, taken over the file with zeros in the seal's place. So a flip
of any bit can be found, in the footer too, for which Parquet has no checksum.
"""

from __future__ import annotations

import hashlib
from os import SEEK_END
from typing import Protocol

SEAL_KEY = b"dateline.seal"
"""Footer key of the file's SHA-256, in hex."""

UNSEALED = b"0" * 64
"""What stands in the seal's place while the file is written."""

_TAIL_BYTES = 8
"""The length of the footer and Parquet's name, at the end of each file."""
_PART_BYTES = 1024**2


class SeekableBytes(Protocol):
    """Reads any part of a file."""

    def seek(self, position: int, whence: int = ..., /) -> int:
        """Go to a position and return it."""
        ...

    def read(self, nbytes: int, /) -> bytes:
        """Return so many bytes from there, fewer at the end alone."""
        ...


def sealed(data: bytes) -> bytes:
    """Return `data`, a Parquet file whose footer holds `UNSEALED`, with its seal.

    Raises `ValueError` where the footer does not hold it.
    """
    at = data.rindex(UNSEALED)
    digest = hashlib.sha256(data).hexdigest().encode()
    return b"".join((data[:at], digest, data[at + len(UNSEALED) :]))


def is_whole(data: bytes, seal: bytes) -> bool:
    """Say whether `seal`, as the footer says it, is that of the file `data`."""
    at = data.rfind(seal)
    if at < 0 or len(seal) != len(UNSEALED):
        return False
    view = memoryview(data)
    digest = hashlib.sha256(view[:at])
    digest.update(UNSEALED)
    digest.update(view[at + len(seal) :])
    return digest.hexdigest().encode() == seal


def is_whole_file(file: SeekableBytes, seal: bytes) -> bool:
    """Say as `is_whole` does of a Parquet file that is read in parts.

    The seal is looked for where it is written, in the footer.
    """
    size = file.seek(0, SEEK_END)
    file.seek(size - _TAIL_BYTES)
    begin = size - _TAIL_BYTES - int.from_bytes(file.read(4), "little")
    if not 0 <= begin <= size - _TAIL_BYTES or len(seal) != len(UNSEALED):
        return False
    file.seek(begin)
    at = file.read(size - _TAIL_BYTES - begin).rfind(seal)
    if at < 0:
        return False
    digest = hashlib.sha256()
    for first, beyond in ((0, begin + at), (begin + at + len(seal), size)):
        if first:
            digest.update(UNSEALED)
        file.seek(first)
        for part in range(first, beyond, _PART_BYTES):
            digest.update(file.read(min(_PART_BYTES, beyond - part)))
    return digest.hexdigest().encode() == seal
