"""CSV and TSV: each row is a record, with the header line above it where there is one.

What is a table is told by `pipeline.tabular`, by which `pipeline.parse.formats.csv` goes too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipeline.source.archive.containers.pieces import Growing, Piece, Split
from pipeline.tabular import Shape, shape, undecoded

_OPEN_FIELD_BYTES = 1024 * 1024
"""A quoted field that is longer has no end: a lone quote must not take all rows after it."""

_MAYBE = re.compile(rb"(?:\xef\xbb\xbf)?[\s\0]*[^<{\[\n]*?[,;|\t]")
_SEPARATOR_LINE = re.compile(rb"(?:\xef\xbb\xbf)?\s*[Ss][Ee][Pp]=[,;|\t][ \t]*\r?\n")


def find_table(head: bytes, *, whole: bool) -> Split | None:
    """Say how the table that begins with `head` is cut; None where it begins none.

    `whole` if the stream ends with `head`. UTF-16 and the like are no table here.
    """
    if not _MAYBE.match(head) or head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return None
    found = shape(undecoded(head), whole=whole)
    if found is None:
        return None
    return lambda chunks, limit_bytes: csv_rows(chunks, limit_bytes, found)


def csv_rows(chunks: Iterable[bytes], limit_bytes: int, found: Shape) -> Iterator[Piece]:
    """Yield each row below the header's line; within quotes it may have line ends (RFC 4180)."""
    head: bytes | None = None if found.has_header else b""
    current = Growing(limit_bytes)
    quotes, most = 0, min(_OPEN_FIELD_BYTES, limit_bytes // 2)
    for line, ends in _lines(chunks, limit_bytes):
        if head is None:
            if not line.strip(b"\xef\xbb\xbf \t\r\n\0") or _SEPARATOR_LINE.fullmatch(line):
                continue
            head = line
            current.limit = max(limit_bytes - len(head), 0)
            continue
        is_row = found.delimiter == "\t" and not current.data
        is_row = is_row and line.count(b"\t") == found.width - 1
        current.take(line)
        quotes += line.count(b'"')
        if ends and (is_row or quotes % 2 == 0 or len(current.data) > most):
            yield from _row(head, current.flush())
            quotes = 0
    yield from _row(head or b"", current.flush(unfinished=True))


def _row(head: bytes, piece: Piece) -> Iterator[Piece]:
    if piece.value.strip():
        yield replace(piece, value=head + piece.value)


def _lines(chunks: Iterable[bytes], limit_bytes: int) -> Iterator[tuple[bytes, bool]]:
    """Yield the lines, and whether they end: one beyond the limit comes in parts, the last may
    be cut."""
    rest = bytearray()
    for chunk in chunks:
        begin = 0
        while (end := chunk.find(b"\n", begin)) >= 0:
            yield bytes(rest) + chunk[begin : end + 1], True
            rest.clear()
            begin = end + 1
        rest += chunk[begin:]
        if len(rest) > limit_bytes:
            yield bytes(rest), False
            rest.clear()
    if rest:
        yield bytes(rest), False
