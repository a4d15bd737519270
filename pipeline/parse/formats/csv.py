# ruff: noqa: ARG002 - the signature is the protocol's
"""CSV and TSV with a header row: each row is a story, its columns named as in JSON exports."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace

from pipeline.parse.draft import Fault, FaultError, Hints, Part, Sniff
from pipeline.parse.formats.json import read_story_object
from pipeline.parse.limits import ParseLimits
from pipeline.parse.pieces import need_few
from pipeline.parse.text.decode import decode

_HEADLINES = frozenset({"headline", "title"})
_BODIES = frozenset({"body", "text", "content", "article", "story"})
_MAX_FIELD_CHARS = 16 * 1024 * 1024


class _Lines(Iterator[str]):
    """The lines of a text one by one, and the text of those that a row took."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._from = self._at = 0

    def __next__(self) -> str:
        begin = self._at
        if begin >= len(self._text):
            raise StopIteration
        self._at = self._text.find("\n", begin) + 1 or len(self._text)
        return self._text[begin : self._at]

    def taken(self) -> str:
        """What was read since the last call."""
        begin, self._from = self._from, self._at
        return self._text[begin : self._at]

    def left(self) -> str:
        """What no call of `taken` has given."""
        return self._text[self._from :]


class _Csv:
    name = "csv"

    def matches(self, sniff: Sniff) -> bool:
        """A first line that names a headline column and a body column."""
        return _delimiter(sniff.text) is not None

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """A part for each row; its raw form is the header line and the row's own lines."""
        csv.field_size_limit(_MAX_FIELD_CHARS)
        decoded = decode(data, hints.charset)
        text = decoded.text.lstrip("\ufeff \t\r\n\0").replace("\0", "")
        delimiter = _delimiter(text) or ","
        need_few(text, delimiter, "\n")
        lines = _Lines(text)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            names = [name.strip().lower() for name in next(reader)]
        except csv.Error as error:
            raise FaultError("malformed", f"no CSV: {error}", "line 1") from error
        head = lines.taken()
        while True:
            line = f"line {reader.line_num + 1}"
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                rest = lines.left().encode("utf-8", "surrogatepass")
                yield Fault("malformed", f"no CSV: {error}", line, rest)
                return
            own = lines.taken()
            if any(cell.strip() for cell in row):
                raw = (head + own).encode("utf-8", "surrogatepass")
                yield _row(names, row, raw, line, decoded.warnings)


def _row(
    names: list[str], row: list[str], raw: bytes, evidence: str, warnings: tuple[str, ...]
) -> Part:
    try:
        draft = read_story_object(dict(zip(names, row, strict=False)), raw, "csv")
    except FaultError as error:
        return replace(error.fault, raw=raw, evidence=evidence)
    extra = () if len(row) == len(names) else (f"{len(row)} cells for {len(names)} columns",)
    return replace(draft, warnings=(*warnings, *extra, *draft.warnings))


def _delimiter(text: str) -> str | None:
    first = text.split("\n", 1)[0].strip("\r")
    for delimiter in (",", "\t", ";"):
        names = {name.strip(' "').lower() for name in first.split(delimiter)}
        if names & _HEADLINES and names & _BODIES:
            return delimiter
    return None


CSV = _Csv()
