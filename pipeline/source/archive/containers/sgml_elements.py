"""Cutting a stream of bytes into the elements of one SGML tag, byte for byte.

For archives that string thousands of documents together without a root element, as the files of
Reuters-21578 and Gigaword do. Works on bytes: such files hold control characters and broken
encodings that no SGML parser takes, and the parser of the format wants them as they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipeline.source.archive.containers.pieces import Growing, Piece, with_last

_OVERLAP_BYTES = 128
_NO_CONTENT = re.compile(rb"\xef\xbb\xbf|<!--.*?-->|<![^>]*>|<\?.*?\?>|\s", re.DOTALL)


def elements(tag: bytes, chunks: Iterable[bytes], limit_bytes: int) -> Iterator[Piece]:
    """Yield each `<tag …>…</tag>` of the stream, from `<` to `>`.

    Nothing is lost: what stands between elements and is more than white space, comments and
    declarations is a piece of its own; an element without its end tag ends where the next one
    begins. Holds one element (at most `limit_bytes`) and one chunk in memory.
    """
    marker = re.compile(rb"<%b(?=[\s>])|</%b\s{0,64}>" % (tag, tag))
    current = Growing(limit_bytes)
    inside = False
    rest = bytearray()
    for chunk, last in with_last(chunks):
        rest += chunk
        at = 0
        while found := marker.search(rest, at):
            if found.end() > len(rest) - _OVERLAP_BYTES and not last:
                break
            begins = not found[0].startswith(b"</")
            if begins:
                current.take(rest[at : found.start()])
                yield from _content(current.flush(), inside)
                current.take(found[0])
            else:
                current.take(rest[at : found.end()])
                if inside:
                    yield current.flush()
            inside = begins
            at = found.end()
        # A marker may stand across two chunks: the end of this one is looked at again.
        safe = len(rest) if last else max(at, len(rest) - _OVERLAP_BYTES)
        if found is not None and not last:
            safe = found.start()
        current.take(rest[at:safe])
        del rest[:safe]
    yield from _content(current.flush(unfinished=True), inside)


def _content(piece: Piece, inside: bool) -> Iterator[Piece]:
    if inside or piece.truncated:
        yield piece
    elif _NO_CONTENT.sub(b"", piece.value):
        yield replace(piece, value=piece.value.strip())
