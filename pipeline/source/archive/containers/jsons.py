"""JSON: one object a line, one object after the other, or an array of objects."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, replace

from pipeline.source.archive.containers.pieces import Growing, Piece

_BLANK = b" \t\r\n"
_BETWEEN = re.compile(rb"\xef\xbb\xbf|[\s,]")
_OUTSIDE = re.compile(rb"[\"{}\[\]]")
_INSIDE = re.compile(rb"[^\"\\]*+(?:\\.[^\"\\]*+)*+", re.DOTALL)


def json_lines(chunks: Iterable[bytes], limit_bytes: int) -> Iterator[Piece]:
    """Yield each line that holds something, without the white space around it."""
    current = Growing(limit_bytes)
    for chunk in chunks:
        begin = 0
        while (end := chunk.find(b"\n", begin)) >= 0:
            if current.data or end - begin > limit_bytes:
                current.take(chunk[begin:end])
                yield from _line(current.flush())
            elif line := chunk[begin:end].strip(_BLANK):
                yield Piece(_unmarked(line))
            begin = end + 1
        current.take(chunk[begin:])
    yield from _line(current.flush(unfinished=True))


def _line(piece: Piece) -> Iterator[Piece]:
    if line := piece.value.strip(_BLANK):
        yield replace(piece, value=_unmarked(line))


def _unmarked(line: bytes) -> bytes:
    return line.removeprefix(b"\xef\xbb\xbf")


def values(chunks: Iterable[bytes], limit_bytes: int) -> Iterator[Piece]:
    """Yield each object at the top or in an array at the top, without what separates them.

    What is no object but more than white space and commas is a piece of its own: nothing is lost.
    """
    scan = _Scan(Growing(limit_bytes))
    rest = b""
    for chunk in chunks:
        data = rest + chunk
        kept = yield from scan.feed(data)
        rest = data[kept:]
    scan.current.take(rest)
    yield from scan.finish()


@dataclass(slots=True)
class _Scan:
    """Where in the nesting of values the scanner is."""

    current: Growing
    depth: int = 0
    in_array: bool = False
    in_string: bool = False
    in_piece: bool = False

    def feed(self, data: bytes) -> Generator[Piece, None, int]:
        """Yield the pieces that end in `data`.

        Returns where the part begins that is not judged yet.
        """
        begin = at = 0
        while at < len(data):
            if self.in_string:
                end = _INSIDE.match(data, at)
                at = end.end() if end else at
                if data[at : at + 1] != b'"':
                    break
                self.in_string = False
                at += 1
                continue
            token = _OUTSIDE.search(data, at)
            if token is None:
                at = len(data)
                break
            at = token.end()
            mark = token[0]
            if mark == b'"':
                self.in_string = True
            elif mark in b"{[":
                if self._opens_array(mark):
                    yield from self._between(data[begin : token.start()])
                    begin = at
                    continue
                if not self.in_piece and self.depth == int(self.in_array):
                    yield from self._between(data[begin : token.start()])
                    begin, self.in_piece = token.start(), True
                self.depth += 1
            elif self.depth:
                self.depth -= 1
                if self.in_piece and self.depth == int(self.in_array):
                    self.current.take(data[begin:at])
                    yield self.current.flush()
                    begin, self.in_piece = at, False
                elif self.in_array and not self.depth:
                    yield from self._between(data[begin : token.start()])
                    begin, self.in_array = at, False
        self.current.take(data[begin:at])
        return at

    def finish(self) -> Iterator[Piece]:
        """Yield what has no end."""
        if self.in_piece:
            yield self.current.flush(unfinished=True)
        else:
            yield from self._between(b"", unfinished=True)

    def _opens_array(self, mark: bytes) -> bool:
        if mark == b"[" and not self.depth:
            self.in_array, self.depth = True, 1
            return True
        return False

    def _between(self, data: bytes, *, unfinished: bool = False) -> Iterator[Piece]:
        self.current.take(data)
        piece = self.current.flush(unfinished=unfinished)
        if _BETWEEN.sub(b"", piece.value) or piece.truncated:
            yield replace(piece, value=piece.value.strip(b" \t\r\n,"))
