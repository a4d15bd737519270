"""Single bits of a file, flipped."""

from __future__ import annotations


def footer_bits(data: bytes) -> range:
    """The places of the bits of a Parquet file's footer, and of what stands behind it."""
    begin = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    return range(begin * 8, len(data) * 8)


def flipped(data: bytes, bit: int) -> bytes:
    """The same bytes with one bit the other way."""
    content = bytearray(data)
    content[bit // 8] ^= 1 << bit % 8
    return bytes(content)
