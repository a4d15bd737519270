"""What surrounds the content: headers, compression, and a schema registry's frame.

Headers (`content-type`, `content-encoding`, `provider`) are hints: compression is recognised by its
own first bytes, and a hint that does not fit is left aside with a warning.
"""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import zstandard

from pipeline.model import DAMAGED_HEADER, SKIPPED_HEADER, TRUNCATED_HEADER, Record
from pipeline.parse.draft import FaultError, Hints
from pipeline.parse.limits import ParseLimits
from pipeline.parse.text.clean import optional_line
from pipeline.parse.text.decode import is_encoding

_MAGIC = ((b"\x1f\x8b\x08", "gzip"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"\x04\x22\x4d\x18", "lz4"))
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.I)
_FRAME_BYTES = 5
_MAX_SCHEMA_ID = 1 << 20
_PADDING = re.compile(rb"\0*+")  # as tapes leave it, and gzip takes it
_HINTS = frozenset({"content-type", "content-encoding", "provider"})
_WIRE = (b"\x01", b"\x16")  # SOH and SYN of IPTC 7901, after fillers
_CHUNK_BYTES = 1 << 16
_STEP_BYTES = 256
_MAX_LAYERS = 2
_MAX_HINT_CHARS = 200


@dataclass(frozen=True, slots=True)
class Opened:
    """The content without compression and frame, what the headers hint at, warnings about them.

    `whole` is the content with the frame that it had.
    """

    data: bytes
    hints: Hints
    warnings: tuple[str, ...] = ()
    whole: bytes = b""


def open_record(record: Record, limits: ParseLimits) -> Opened:
    """Return the record's content; raises `FaultError` where it is compressed and cannot be opened.

    Also where an archive says that it could not deliver the record whole.
    """
    _refuse_incomplete(record)
    headers = _hinting(record)
    data, found = record.value, set[str]()
    for _ in range(_MAX_LAYERS):
        if coding := _coding(data):
            data = _decompress(data, coding, limits)
            found.add(coding)
    whole, (data, framed) = data, _unframed(data)
    if framed and (coding := _coding(data)):
        data = _decompress(data, coding, limits)
        found.add(coding)
    named = headers.get("content-encoding", "").lower()
    declared = {name.strip().removeprefix("x-") for name in named.split(",")} - {"", "identity"}
    wrong = not declared <= found
    warnings = (f"header content-encoding says {named}, but the content is not",) if wrong else ()
    return Opened(data, _hints(headers), (*warnings, *framed), whole)


def hints_of_record(record: Record) -> Hints:
    """Return what the headers say of the bytes, as far as it helps to read them once more."""
    if not record.headers:
        return Hints()
    hints = _hints(_hinting(record))
    is_known = hints.charset is not None and is_encoding(hints.charset)
    return hints if is_known else Hints(None, hints.provider)


def _hinting(record: Record) -> dict[str, str]:
    return {
        name.strip().lower(): _text(value[: 4 * _MAX_HINT_CHARS])[:_MAX_HINT_CHARS].strip()
        for name, value in record.headers
        if name.strip().lower() in _HINTS and value is not None
    }


def _text(value: bytes) -> str:
    """Read a header's bytes, which no rule gives an encoding: UTF-8, else as HTTP's."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _hints(headers: Mapping[str, str]) -> Hints:
    charset = _CHARSET.search(headers.get("content-type", ""))
    return Hints(charset[1] if charset else None, optional_line(headers.get("provider")))


def framed_schema(data: bytes) -> int | None:
    """Return the id of the schema whose frame bytes begin with, if they can be one."""
    number = int.from_bytes(data[1:_FRAME_BYTES], "big")
    holds = data[:1] == b"\0" and data[_FRAME_BYTES:].strip(b"\0 \t\r\n")
    return number if holds and 0 < number < _MAX_SCHEMA_ID else None


def _unframed(data: bytes) -> tuple[bytes, tuple[str, ...]]:
    """Return the content without the frame of Confluent's schema registry, and a warning where it
    had one.

    The frame is a zero and the schema's id in four bytes (Confluent Platform, wire format). JSON
    and XML behind it are read, also compressed or behind a byte order mark; Avro and Protobuf raise
    `FaultError`, which names the id.
    """
    number, rest = framed_schema(data), data[_FRAME_BYTES:]
    if number is None:
        return data, ()
    rest = rest.removeprefix(codecs.BOM_UTF8)
    if rest.lstrip(b" \t\r\n")[:1] in (b"{", b"[", b"<") or _coding(rest):
        return rest, (f"a schema registry's frame of schema {number} was taken off",)
    small = data[1:3] == b"\0\0" and not any(mark in data[:_FRAME_BYTES] for mark in _WIRE)
    # Schemas of Confluent Cloud are counted from 100,001 on: 00 01 86 A1, as no text begins.
    large = data[1] == 0 and data[3] > 0x7F
    if not (small or large):
        return data, ()
    message = f"a schema registry's frame of schema {number}: Avro and Protobuf are not read"
    raise FaultError("unknown_format", message, "byte 0")


def _refuse_incomplete(record: Record) -> None:
    for name, value in record.headers:
        reason = (value or b"").decode("utf-8", "replace")
        if name == DAMAGED_HEADER:
            raise FaultError("malformed", f"damaged in its archive: {reason}")
        if name == SKIPPED_HEADER:
            raise FaultError("skipped.not_a_story", f"left out of its archive: {reason}")
        if name == TRUNCATED_HEADER:
            size = f"only its first {len(record.value)} bytes were read"
            raise FaultError("too_large", f"the record is too large: {size}")


def _coding(data: bytes) -> str | None:
    return next((coding for magic, coding in _MAGIC if data.startswith(magic)), None)


def _decompress(data: bytes, coding: str, limits: ParseLimits) -> bytes:
    limit = limits.max_decompressed_bytes
    try:
        out = _OPENERS[coding](data, limit + 1, limits.max_items)
    except (zlib.error, zstandard.ZstdError, OSError, EOFError) as error:
        raise FaultError("malformed", f"{coding} content cannot be opened: {error}") from error
    if len(out) > limit:
        raise FaultError("too_large", f"{coding} content grows beyond {limit} bytes")
    return out


def _gunzip(data: bytes, limit: int, max_frames: int) -> bytes:
    return _unframe(data, limit, max_frames, lambda: zlib.decompressobj(wbits=31))


def _unzstd(data: bytes, limit: int, max_frames: int) -> bytes:
    return _unframe(data, limit, max_frames, zstandard.ZstdDecompressor().decompressobj)


def _unframe(data: bytes, limit: int, max_frames: int, begin: Callable[[], Any]) -> bytes:
    """Return all frames (gzip: members) of a file, up to about `limit` bytes; `begin` opens one.

    A step takes few bytes, since 128 KiB can come out of four of them (zstd; RFC 8878, section
    3.1.1.2), and since what follows a frame is copied.
    """
    out = bytearray()
    at = frames = 0
    while at < len(data) and len(out) < limit:
        frames += 1
        if frames > max_frames:
            message = f"the content is compressed in more than {max_frames} pieces"
            raise FaultError("too_large", message)
        frame = begin()
        while not frame.eof and at < len(data) and len(out) < limit:
            step = data[at : at + _STEP_BYTES]
            out += frame.decompress(step)
            at += len(step) - len(frame.unused_data)
        if not frame.eof and len(out) < limit:
            raise EOFError("the content is cut off")
        at = _PADDING.match(data, at).end()  # type: ignore[union-attr]
    return bytes(out)


def _unlz4(data: bytes, limit: int, _: int) -> bytes:
    import pyarrow as pa

    out = bytearray()
    with pa.CompressedInputStream(pa.BufferReader(data), "lz4") as reader:
        while len(out) < limit and (chunk := reader.read(min(_CHUNK_BYTES, limit - len(out)))):
            out += chunk
    return bytes(out)


_OPENERS = {"gzip": _gunzip, "zstd": _unzstd, "lz4": _unlz4}
