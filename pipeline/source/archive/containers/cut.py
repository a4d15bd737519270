"""A stream cut into records: what it holds is recognised by how it begins, layer after layer.

To add a container of text, add an entry to `TEXTS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from pipeline.source.archive.containers import csvs, jsons, press_databases, tar, warc, zip
from pipeline.source.archive.containers.compressed import CODINGS, Coding, Meter, unpack
from pipeline.source.archive.containers.context import Context
from pipeline.source.archive.containers.framing import (
    FROM_LINE,
    HEADER,
    MBOX,
    WIRE_MESSAGES,
    XML_DOCUMENTS,
)
from pipeline.source.archive.containers.pieces import Piece, Split, whole
from pipeline.source.archive.containers.sgml_elements import elements
from pipeline.source.archive.containers.stream import Stream

MAX_DEPTH = 8
"""How many archives and compressions may lie one in the other."""

_HEAD_BYTES = 4096
_LONGEST_LINE_BYTES = 16 * 1024**2
_MARK = rb"(?:\xef\xbb\xbf)?\s*"
_COMMENTS = rb"(?:<!--.{0,2000}?-->\s*|<!DOCTYPE\b[^>]*>\s*|<\?xml\b[^>]*>\s*)*"
_OBJECT = re.compile(_MARK + rb"\{\s*[\"}]")
_PARQUET = b"PAR1"
_OFFICE = re.compile(
    rb"PK\x03\x04.{26}(?:\[Content_Types\]\.xml|_rels/\.rels|docProps/|word/|mimetype)", re.S
)
_LINE_OF_OBJECT = re.compile(rb"\}[ \t\r]*\n\s*")


@dataclass(frozen=True, slots=True)
class Text:
    """A way to write many records one after the other: how it begins, and how it is cut."""

    name: str
    begins: re.Pattern[bytes]
    split: Split


TEXTS: tuple[Text, ...] = (
    Text(
        "reuters21578",
        re.compile(_MARK + _COMMENTS + rb"<REUTERS[\s>]", re.S),
        partial(elements, b"REUTERS"),
    ),
    Text(
        "gigaword",
        re.compile(_MARK + _COMMENTS + rb"<DOC[\s>]", re.S),
        partial(elements, b"DOC"),
    ),
    Text("xml documents", re.compile(_MARK + rb"<\?xml\s"), XML_DOCUMENTS.split),
    Text("json array", re.compile(_MARK + rb"\[\s*\{"), jsons.values),
    Text("json objects", _OBJECT, jsons.values),
    Text("mbox", re.compile(FROM_LINE), MBOX.split),
    Text("wire messages", re.compile(rb"[\x16\x00\r\n ]*" + HEADER), WIRE_MESSAGES.split),
    Text("nexis", press_databases.COUNTED, press_databases.counted),
)
"""Every text that is cut, in order of trial; any other is one record."""


def cut(
    stream: Stream, limit_bytes: int, meter: Meter, where: tuple[str, ...] = ()
) -> Iterator[Piece]:
    """Yield the records of a file in order, each at most `limit_bytes` long. Never raises.

    Each damage becomes one piece, at the place where it was met, with what was read before it.
    """
    return cut_stream(stream, Context(limit_bytes, meter, cut_stream, where=where))


def cut_stream(stream: Stream, context: Context) -> Iterator[Piece]:
    """Yield the records of a stream within `context`."""
    head = stream.peek(_HEAD_BYTES)
    container = _container(head)
    if container is not None:
        yield from container(stream, context)
    else:
        for piece in _split_of(head, stream)(stream.chunks(), context.limit_bytes):
            if piece.unfinished and stream.fault is not None and not stream.reported:
                stream.report()
                yield context.damaged(stream.fault, None, piece)
            else:
                yield piece
    if stream.fault is not None and not stream.reported:
        stream.report()
        yield context.damaged(stream.fault)


Container = Callable[[Stream, Context], Iterator[Piece]]


def _container(head: bytes) -> Container | None:
    """Say what opens a stream that begins like this; None where it holds text."""
    if head.startswith(_PARQUET):
        return _parquet
    if warc.BEGINS.match(head):
        return warc.records
    if _OFFICE.match(head):
        return _document
    coding = next((c for c in CODINGS if c.begins.match(head)), None)
    if coding:
        return _within(partial(_compressed, coding))
    if zip.BEGINS.match(head):
        return _within(zip.members)
    return _within(tar.members) if tar.is_header(head[: tar.BLOCK_BYTES]) else None


def _within(container: Container) -> Container:
    """Return the container, unless it lies too deep in others."""

    def opened(stream: Stream, context: Context) -> Iterator[Piece]:
        if context.depth >= MAX_DEPTH:
            piece = next(whole(stream.chunks(), context.limit_bytes))
            yield context.damaged(f"archives lie more than {MAX_DEPTH} deep", None, piece)
        else:
            yield from container(stream, context)

    return opened


def _parquet(stream: Stream, context: Context) -> Iterator[Piece]:
    reason = "Parquet is read from its end: not within an archive or a compression"
    yield context.damaged(reason, None, next(whole(stream.chunks(), context.limit_bytes)))


def _document(stream: Stream, context: Context) -> Iterator[Piece]:
    """Yield a document, though it is packed as an archive: its parts are no stories."""
    yield from whole(stream.chunks(), context.limit_bytes)


def _compressed(coding: Coding, stream: Stream, context: Context) -> Iterator[Piece]:
    yield from context.cut(Stream(unpack(stream, coding, context.meter)))


def _split_of(head: bytes, stream: Stream) -> Split:
    if _OBJECT.match(head):
        return jsons.json_lines if _is_json_lines(stream) else jsons.values
    found = next((text.split for text in TEXTS if text.begins.match(head)), None)
    found = found or csvs.find_table(head, whole=len(head) < _HEAD_BYTES)
    if found is None and press_databases.LABELLED.match(head):
        found = press_databases.labelled
    return found or whole


def _is_json_lines(stream: Stream) -> bool:
    """Say whether the first line ends an object and the next one, if there is one, begins
    another."""
    size = _HEAD_BYTES
    while True:
        data = stream.peek(size)
        ends = len(data) < size
        line_end = data.find(b"\n", len(data) - len(data.lstrip()))
        if line_end >= 0:
            found = _LINE_OF_OBJECT.match(data, len(data[:line_end].rstrip()) - 1)
            if found is None:
                return False
            if found.end() < len(data) or ends:
                return data[found.end() : found.end() + 1] in {b"", b"{"}
        elif ends or size > _LONGEST_LINE_BYTES:
            return False
        size *= 4
