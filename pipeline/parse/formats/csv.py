# ruff: noqa: ARG002 - the signature is the protocol's
"""CSV and TSV with a header row: each row is a story, its columns named as in JSON exports."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import replace

from pipeline.parse.decode import decode
from pipeline.parse.draft import Fault, FaultError, Hints, Part, Sniff
from pipeline.parse.formats.json import read_story_object
from pipeline.parse.limits import ParseLimits

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_HEADLINES = frozenset({"headline", "title"})
_BODIES = frozenset({"body", "text", "content", "article", "story"})
_MAX_FIELD_CHARS = 16 * 1024 * 1024


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
        lines = _LINE.findall(text)
        reader = csv.reader(iter(lines), delimiter=_delimiter(text) or ",", strict=True)
        try:
            names = [name.strip().lower() for name in next(reader)]
        except csv.Error as error:
            raise FaultError("malformed", f"no CSV: {error}", "line 1") from error
        begin = reader.line_num
        head = "".join(lines[:begin])
        while True:
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                rest = "".join(lines[begin:]).encode("utf-8", "surrogatepass")
                yield Fault("malformed", f"no CSV: {error}", f"line {begin + 1}", rest)
                return
            own = "".join(lines[begin : reader.line_num])
            raw = (head + own).encode("utf-8", "surrogatepass")
            evidence, begin = f"line {begin + 1}", reader.line_num
            if any(cell.strip() for cell in row):
                yield _row(names, row, raw, evidence, decoded.warnings)


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
