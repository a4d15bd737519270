"""CSV and TSV with a header row: each row is a record, with the header above it.

The header is one that `pipeline.parse.formats.csv` reads too: it names a headline and a body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipeline.source.archive.containers.pieces import Growing, Piece

_OPEN_FIELD_BYTES = 1024 * 1024
"""A quoted field that is longer has no end: a lone quote must not take all rows after it."""


def _header(delimiter: bytes) -> bytes:
    before, after = (
        rb"(?=(?:[^\n]*" + delimiter + rb")?[ \"]*",
        rb"[ \"]*[\r\n" + delimiter + rb"])",
    )
    headline, body = rb"(?:headline|title)", rb"(?:body|text|content|article|story)"
    return before + headline + after + before + body + after


BEGINS = re.compile(
    rb"(?i:(?:\xef\xbb\xbf)?\s*(?=[\w .,;\t\"-]+\r?\n)(?:"
    + b"|".join(map(_header, (b",", b";", rb"\t")))
    + rb"))"
)


def rows(chunks: Iterable[bytes], limit_bytes: int) -> Iterator[Piece]:
    """Each row, which may have line ends within quotes (RFC 4180), below the header's line."""
    head: bytes | None = None
    current = Growing(limit_bytes)
    quotes, most = 0, min(_OPEN_FIELD_BYTES, limit_bytes // 2)
    for line, ends in _lines(chunks, limit_bytes):
        if head is None:
            if not line.strip(b"\xef\xbb\xbf \t\r\n\0"):
                continue
            head = line
            current.limit = max(limit_bytes - len(head), 0)
            continue
        current.take(line)
        quotes += line.count(b'"')
        if ends and (quotes % 2 == 0 or len(current.data) > most):
            yield from _row(head, current.flush())
            quotes = 0
    yield from _row(head or b"", current.flush(unfinished=True))


def _row(head: bytes, piece: Piece) -> Iterator[Piece]:
    if piece.value.strip():
        yield replace(piece, value=head + piece.value)


def _lines(chunks: Iterable[bytes], limit_bytes: int) -> Iterator[tuple[bytes, bool]]:
    """The lines, and whether they end: one beyond the limit comes in parts, the last may be cut."""
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
