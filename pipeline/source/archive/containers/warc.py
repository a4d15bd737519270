"""WARC 0.17 to 1.1 (ISO 28500), as of Common Crawl's CC-NEWS: each response is a record.

A record of an archive is a WARC record with its own header lines. Requests, metadata and the like
hold no page: they are no records. Responses that are no text (pictures, programs) are skips.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.source.archive.containers.context import Context
from pipeline.source.archive.containers.pieces import Growing, Piece
from pipeline.source.archive.containers.stream import CHUNK_BYTES, Stream

BEGINS = re.compile(rb"WARC/\d\.\d{1,2}\r?\n")
_HEADER_BYTES = 64 * 1024
_END = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"^([A-Za-z-]+):[ \t]*([^\r\n]*)", re.M)
_TEXTS = re.compile(
    rb"text/|application/(?:xhtml|xml|json|ld\+json|rss|atom)|[a-z]+/[a-z.-]+\+(?:xml|json)"
)
_TYPES = frozenset({b"response", b"resource", b"conversion"})
_HTTP_HEAD_BYTES = 16 * 1024


def records(stream: Stream, context: Context) -> Iterator[Piece]:
    """Yield the responses of a WARC stream.

    Each damage is a piece, at the place where it was met.
    """
    while True:
        blank = stream.peek(_HEADER_BYTES)
        stream.skip(len(blank) - len(blank.lstrip(b"\r\n")))
        head = stream.peek(_HEADER_BYTES)
        if not head:
            return
        end = _END.search(head)
        if not BEGINS.match(head) or end is None:
            yield from _lost(stream, context)
            continue
        fields = {
            name.lower(): value.strip() for name, value in _FIELD.findall(head[: end.start()])
        }
        length = fields.get(b"content-length", b"")
        if not re.fullmatch(rb"\d{1,15}", length):
            yield from _lost(stream, context)
            continue
        stream.skip(end.end())
        yield from _record(stream, context, head[: end.end()], int(length), fields)


def _record(
    stream: Stream, context: Context, head: bytes, length: int, fields: dict[bytes, bytes]
) -> Iterator[Piece]:
    if fields.get(b"warc-type", b"").lower() not in _TYPES:
        if stream.skip(length) < length:
            yield _broken(stream, context, Piece(head))
        return
    media = _media_type(stream.peek(min(length, _HTTP_HEAD_BYTES)), fields)
    if media and not _TEXTS.match(media):
        target = fields.get(b"warc-target-uri", b"?").decode("utf-8", "replace")
        if stream.skip(length) < length:
            yield _broken(stream, context, Piece(head))
        else:
            yield context.skipped(f"a response of type {media.decode('latin-1')[:60]}", target)
        return
    current = Growing(context.limit_bytes)
    current.take(head)
    left = length
    while left and (data := stream.some(min(left, CHUNK_BYTES))):
        current.take(data)
        left -= len(data)
    piece = current.flush()
    yield _broken(stream, context, piece) if left else piece


def _media_type(data: bytes, fields: dict[bytes, bytes]) -> bytes:
    """Return the type of the page that a response holds, by its HTTP header; empty where none is
    told."""
    if not fields.get(b"content-type", b"").lower().startswith(b"application/http"):
        return fields.get(b"content-type", b"").lower()
    end = _END.search(data)
    http = data[: end.start()] if end else data
    for name, value in _FIELD.findall(http):
        if name.lower() == b"content-type":
            return bytes(value.strip().lower())
    return b""


def _broken(stream: Stream, context: Context, piece: Piece) -> Piece:
    reason = stream.fault or "the WARC record breaks off"
    stream.report()
    return context.damaged(reason, None, piece)


def _lost(stream: Stream, context: Context) -> Iterator[Piece]:
    """Yield what is no WARC record, up to where one begins."""
    current = Growing(context.limit_bytes)
    current.take(stream.read(1))
    marker = re.compile(rb"WARC/\d\.\d{1,2}\r?\n")
    while data := stream.peek(_HEADER_BYTES):
        found = marker.search(data)
        if found:
            current.take(stream.read(found.start()))
            break
        current.take(stream.read(max(len(data) - 16, 1)))
    yield context.damaged("bytes that are no WARC record", None, current.flush())
