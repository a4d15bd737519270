"""The seal of a data file: a SHA-256 of all its bytes, within itself.

The footer holds it under `SEAL_KEY`, taken over the file with zeros in the seal's place. So a flip
of any bit can be found, in the footer too, for which Parquet has no checksum.
"""

from __future__ import annotations

import hashlib

SEAL_KEY = b"dateline.seal"
"""Footer key of the file's SHA-256, in hex."""

UNSEALED = b"0" * 64
"""What stands in the seal's place while the file is written."""


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
