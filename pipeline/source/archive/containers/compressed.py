"""Compressed streams, opened in pieces of bounded size: gzip, bzip2, xz, Zstandard, raw deflate."""

from __future__ import annotations

import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import zstandard

from pipeline.source.archive.containers.stream import CHUNK_BYTES, FIRST_BYTES, DamagedError, Stream

_ZSTD_INPUT_BYTES = 1024
_WINDOW_BYTES = 128 * 1024**2
_XZ_MEMORY_BYTES = 256 * 1024**2
_ERRORS = (zlib.error, lzma.LZMAError, zstandard.ZstdError, OSError, EOFError, ValueError)

BOMB_SLACK_BYTES = 256 * 1024**2
BOMB_RATIO = 250
"""A compressed stream that gave more than the slack, and more than so many times of what was read
of its file meanwhile, is taken for a bomb. (Text shrinks to a third or a tenth.)"""


class Decompressor(Protocol):
    """Holds what `bz2` and `lzma` call a decompressor."""

    @property
    def eof(self) -> bool:
        """Whether the end mark was reached."""

    @property
    def needs_input(self) -> bool:
        """Whether there is nothing more to come of what was put in."""

    @property
    def unused_data(self) -> bytes:
        """What was put in after the end mark."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Put `data` in; at most so many bytes come out, but see `Unzstd`."""


class Inflate:
    """Gives zlib's decompressor the interface of `bz2` and `lzma`."""

    def __init__(self, wbits: int) -> None:
        self._z = zlib.decompressobj(wbits)
        self._full = False

    @property
    def eof(self) -> bool:
        """Whether the end mark was reached."""
        return self._z.eof

    @property
    def needs_input(self) -> bool:
        """False too where the last output was as much as was asked for: more may be pending."""
        return not self._z.unconsumed_tail and not self._full

    @property
    def unused_data(self) -> bytes:
        """What was put in after the end mark."""
        return self._z.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return at most `max_length` bytes; what was not consumed is kept for the next call."""
        out = self._z.decompress(self._z.unconsumed_tail + data, max(0, max_length))
        self._full = len(out) == max_length
        return out


class Unzstd:
    """Gives zstandard's decompressor that interface.

    It cannot be told how much to give; as it is fed by the kilobyte, that is 32 MiB at the most.
    """

    def __init__(self) -> None:
        self._z = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).decompressobj()
        self._left = b""

    @property
    def eof(self) -> bool:
        """Whether the end mark was reached."""
        return self._z.eof

    @property
    def needs_input(self) -> bool:
        """Whether all input was used."""
        return not self._left

    @property
    def unused_data(self) -> bytes:
        """What was put in after the end mark."""
        return self._z.unused_data + self._left

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return about `max_length` bytes."""
        data = self._left + data
        out, size, at = [], 0, 0
        while at < len(data) and not self._z.eof and not 0 <= max_length <= size:
            out.append(self._z.decompress(data[at : at + _ZSTD_INPUT_BYTES]))
            size += len(out[-1])
            at += _ZSTD_INPUT_BYTES
        self._left = data[at:]
        return b"".join(out)


@dataclass(frozen=True, slots=True)
class Coding:
    """A compression: its name, how it begins, and what opens it."""

    name: str
    begins: re.Pattern[bytes]
    decoder: Callable[[], Decompressor]


def _unxz() -> Decompressor:
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_XZ_MEMORY_BYTES)


GZIP = Coding("gzip", re.compile(rb"\x1f\x8b\x08"), lambda: Inflate(31))
BZIP2 = Coding(
    "bzip2", re.compile(rb"BZh[1-9](?:1AY&SY|\x17\x72\x45\x38\x50\x90)"), bz2.BZ2Decompressor
)
XZ = Coding("xz", re.compile(rb"\xfd7zXZ\x00"), _unxz)
# A skippable frame may come first (RFC 8878, 3.1.2; pzstd writes one).
ZSTD = Coding("zstd", re.compile(rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"), Unzstd)
CODINGS: tuple[Coding, ...] = (GZIP, ZSTD, XZ, BZIP2)


class Meter:
    """Says how much was read of the file in hand: what a bomb is told by."""

    __slots__ = ("read_bytes",)

    def __init__(self) -> None:
        self.read_bytes = 0


def unpack(packed: Stream, coding: Coding, meter: Meter) -> Iterator[bytes]:
    """Yield the content of `packed`, all its frames, in chunks.

    Raises `DamagedError` where the data breaks off, is broken, is followed by something else, or
    grows like a bomb.
    """
    while True:
        yield from unpack_one(packed, coding.name, coding.decoder(), meter)
        while (head := packed.peek(64)) and not head.strip(b"\0"):
            packed.skip(len(head))  # padding
        if not head:
            if packed.fault is not None:
                raise packed.fail("")
            return
        packed.skip(len(head) - len(head.lstrip(b"\0")))
        if not coding.begins.match(packed.peek(16)):
            raise DamagedError(f"there are other bytes after the {coding.name} data")


def unpack_one(packed: Stream, name: str, decoder: Decompressor, meter: Meter) -> Iterator[bytes]:
    """Yield one frame; what follows it stays in `packed`."""
    begun_bytes, out_bytes, size = meter.read_bytes, 0, FIRST_BYTES
    while not decoder.eof:
        data = packed.some(size) if decoder.needs_input else b""
        if not data and decoder.needs_input:
            raise packed.fail(f"the {name} data breaks off")
        try:
            out = decoder.decompress(data, CHUNK_BYTES)
        except _ERRORS as error:
            raise DamagedError(f"the {name} data is broken: {error}") from error
        out_bytes += len(out)
        size = min(2 * size, CHUNK_BYTES)
        allowed_bytes = BOMB_SLACK_BYTES + BOMB_RATIO * (meter.read_bytes - begun_bytes)
        if out_bytes > allowed_bytes:
            raise DamagedError(f"the {name} data grows like a bomb: {out_bytes} bytes so far")
        if out:
            yield out
    packed.give_back(decoder.unused_data)
