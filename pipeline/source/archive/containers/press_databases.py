"""Exports of Nexis and Factiva in plain text, cut into documents where they are too long for one.

Up to `WHOLE_BYTES`, what a record may be by default, an export is one record, and its parser takes
the documents apart. A longer one would be refused, so each of its documents is a record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipeline.source.archive.containers.framing import Framing
from pipeline.source.archive.containers.pieces import Piece, whole

WHOLE_BYTES = 16 * 1024**2
_COUNT = (
    rb"(?:\d{1,5} (?:of|von|de|di|van) \d{1,5} (?:DOCUMENT|DOKUMENT)[A-Z]{0,3}"
    rb"|(?:Document|Dokument|Documento) \d{1,5} (?:of|von|de|sur|di|van) \d{1,5}"
    rb"(?=[ \t]{0,80}\r?\n))"
)
_END = (
    rb"(?:End of Document|Ende des Dokuments?|Fin du document|Fin del? documento"
    rb"|Fine (?:del )?documento|Einde van (?:het )?document|Fim do documento"
    rb"|(?:(?:AN|Accession Number)[ \t]{1,20})?"
    rb"(?:Document|Dokument|Documento) [A-Z][A-Z0-9]{3,7}\d{8}[a-z0-9]{6,16})"
    rb"[ \t]{0,80}\r?(?:\n|$)"
)
COUNTED = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,400}" + _COUNT)
"""`1 of 250 DOCUMENTS` above each document."""
LABELLED = re.compile(
    rb"(?=[^\x01\x02<{]{0,4000}?\n"
    rb"(?:[ \t]{0,40}[\d.,]{1,8} (?:words|W\xc3\xb6rter|mots|palabras|parole|woorden|palavras)"
    rb"[ \t]*\r?\n|WC[ \t]+\d|Word Count ?:?[ \t]*\r?\n?\d"
    rb"|(?i:Length|L\xc3[\xa4\x84]nge|Longueur|Longitud|Lunghezza|Lengte|Comprimento) ?:[ \t]*\d))"
)
"""A count of words, as it stands above the text of either; a line of its own ends each document."""
_NEXT_COUNT = Framing(re.compile(rb"\n(?P<begin>[ \t\x0c]{0,80}" + _COUNT + rb"[ \t]{0,80}\r?\n)"))
_AFTER_END = Framing(re.compile(rb"\n[ \t]{0,80}" + _END + rb"\s{0,200}(?P<begin>\S)"))
_ENDED = re.compile(rb"(?:^|\n)[ \t]{0,80}" + _END)
_TAIL_BYTES = 400


def counted(chunks: Iterable[bytes], limit_bytes: int) -> Iterator[Piece]:
    """Yield the export as it is, or each of its documents where it is long."""
    yield from _cut(_NEXT_COUNT, chunks, limit_bytes)


def labelled(chunks: Iterable[bytes], limit_bytes: int) -> Iterator[Piece]:
    """Yield the export as it is, or each of its documents where it is long.

    What stands behind the last end of a document is the database's own, and goes with it.
    """
    before: Piece | None = None
    for piece in _cut(_AFTER_END, chunks, limit_bytes):
        if before is not None and not _ENDED.search(piece.value, len(piece.value) - _TAIL_BYTES):
            joined = (before.value + piece.value)[:limit_bytes]
            before = replace(piece, value=joined, truncated=before.truncated or piece.truncated)
            continue
        if before is not None:
            yield before
        before = piece
    if before is not None:
        yield before


def _cut(framing: Framing, chunks: Iterable[bytes], limit_bytes: int) -> Iterator[Piece]:
    source = iter(chunks)
    begun: list[bytes] = []
    size = 0
    for chunk in source:
        begun.append(chunk)
        size += len(chunk)
        if size > WHOLE_BYTES:
            yield from framing.split(_all(begun, source), limit_bytes)
            return
    yield from whole(begun, limit_bytes)


def _all(begun: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    while begun:
        yield begun.pop(0)
    yield from rest
