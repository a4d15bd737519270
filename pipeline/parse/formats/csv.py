"""CSV and TSV: each row is a story, its columns named as in JSON exports, or by a mapping.

A table whose columns nobody knows is one reject that names them. What is a table at all is told
by `pipeline.tabular`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence

from pipeline.parse.draft import Draft, Fault, FaultError, Hints, Part, Sniff, replace
from pipeline.parse.formats.json import read_story_object
from pipeline.parse.limits import ParseLimits
from pipeline.parse.mapping import read as mapped
from pipeline.parse.mapping.field_map import FieldMap, ready_mappings
from pipeline.parse.markup.values import Json
from pipeline.parse.overflow import check_count
from pipeline.parse.text.clean import line as one_line
from pipeline.parse.text.decode import decode
from pipeline.tabular import (
    BODIES,
    SEPARATOR_LINE,
    Shape,
    is_row,
    plain_name,
    shape,
    undecoded,
    unquoted,
)

_MAX_FIELD_CHARS = 16 * 1024 * 1024
_HEAD_CHARS = 4096
_MAX_SHOWN_CHARS = 400
_SUMMARIES = frozenset({"summary", "description", "abstract"})


class _RowLines(Iterator[str]):
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
        """Return what was read since the last call."""
        begin, self._from = self._from, self._at
        return self._text[begin : self._at]

    def left(self) -> str:
        """Return what no call of `taken` has given."""
        return self._text[self._from :]


class _Rows:
    """The rows of a table: by the tabs alone where they suffice, else by RFC 4180."""

    def __init__(self, lines: _RowLines, found: Shape) -> None:
        self._lines = lines
        self._shape = found
        self._again: list[str] = []
        self._reader = csv.reader(self._source(), delimiter=found.delimiter, strict=True)
        self.line_number = 0

    def _source(self) -> Iterator[str]:
        while True:
            if self._again:
                yield self._again.pop()
            elif (text := next(self._lines, None)) is not None:
                yield text
            else:
                return

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        """Return the next row; raises `csv.Error`."""
        delimiter, width = self._shape.delimiter, self._shape.width
        if delimiter == "\t":
            text = next(self._lines)
            self.line_number += 1
            if is_row(text, delimiter, width) or '"' not in text:
                return [unquoted(cell) for cell in text.rstrip("\r\n").split("\t")]
            self._again.append(text)
        before = self._reader.line_num
        row = next(self._reader)
        self.line_number += self._reader.line_num - before - (delimiter == "\t")
        return row


class _CsvFormat:
    name = "csv"

    def matches(self, sniff: Sniff) -> bool:
        """Look for lines of as many cells each, or a first line that names columns."""
        text, data = sniff.text, sniff.data
        is_other = (
            "\ufffd" in text and data[:2] not in (b"\xff\xfe", b"\xfe\xff") and data[1:2] != b"\0"
        )
        text = undecoded(data[:_HEAD_CHARS]) if is_other else text
        return shape(text, whole=len(data) <= _HEAD_CHARS) is not None

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield a part for each row; its raw form is the header line and the row's own lines."""
        csv.field_size_limit(_MAX_FIELD_CHARS)
        decoded = decode(data, hints.charset)
        text = decoded.text.lstrip("\ufeff \r\n\0").replace("\0", "")
        head = text[:_HEAD_CHARS]
        found = shape(head, whole=len(head) == len(text))
        if found is None:
            raise FaultError("malformed", "no table: the text changes beyond its beginning")
        text = text[stated.end() :] if (stated := SEPARATOR_LINE.match(text)) else text
        check_count(text, found.delimiter, "\n")
        lines = _RowLines(text)
        rows = _Rows(lines, found)
        names: list[str] | None = None
        mapping: FieldMap | None = None
        header = ""
        if found.has_header:
            try:
                names = [name.strip() for name in next(rows)]
            except csv.Error as error:
                raise FaultError("malformed", f"no CSV: {error}", "line 1") from error
            header = lines.taken()
        cells = None if names is not None else _first_row(text, found)
        mapping = _mapping(names, cells, found.width, limits)
        if mapping is not None and names is None:
            names = list(mapping.columns)
        if names is None or (mapping is None and not _is_known(names)):
            raise FaultError("unknown_format", _unknown(names, found, text), "line 1")
        table = _Table(names, mapping, decoded.warnings)
        while True:
            line = f"line {rows.line_number + 1}"
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                rest = lines.left().encode("utf-8", "surrogatepass")
                yield Fault("malformed", f"no CSV: {error}", line, rest)
                return
            own = lines.taken()
            if any(cell.strip() for cell in row):
                raw = (header + own).encode("utf-8", "surrogatepass")
                yield table.read(row, raw, line)


class _Table:
    """The columns of a table, and how its rows are read."""

    def __init__(
        self, names: list[str], mapping: FieldMap | None, warnings: tuple[str, ...]
    ) -> None:
        self._names = names
        self._plain = [plain_name(name) for name in names]
        self._mapping = mapping
        self._warnings = warnings

    def read(self, row: list[str], raw: bytes, evidence: str) -> Part:
        """Return the row's story, or why it is none."""
        try:
            draft = self._draft(row, raw)
        except FaultError as error:
            return replace(error.fault, raw=raw, evidence=evidence)
        own = len(row) != len(self._names)
        extra = (f"{len(row)} cells for {len(self._names)} columns",) if own else ()
        return replace(draft, warnings=(*self._warnings, *extra, *draft.warnings))

    def _draft(self, row: list[str], raw: bytes) -> Draft:
        if self._mapping is not None:
            item: dict[str, Json] = dict(zip(self._names, row, strict=False))
            return mapped.read_mapped(self._mapping, item, raw, _story)
        low: dict[str, Json] = {}
        for name, cell in zip(self._plain, row, strict=False):
            low.setdefault(name, cell)
        return _story(low, raw)


def _story(low: dict[str, Json], raw: bytes | None) -> Draft:
    return read_story_object(low, raw, "csv")


def _first_row(text: str, found: Shape) -> list[str]:
    try:
        return next(_Rows(_RowLines(text), found))
    except (csv.Error, StopIteration):
        return []


def _mapping(
    names: list[str] | None, cells: list[str] | None, width: int, limits: ParseLimits
) -> FieldMap | None:
    """Return the mapping of a table with these columns, or of one without a header by its cells."""
    if names is None:
        given = (m for m in limits.mappings if len(m.columns) == width)
        fitting = (
            m for m in ready_mappings() if len(m.columns) == width and _has_cells(m, cells or ())
        )
        return next(iter((*given, *fitting)), None)
    item: dict[str, Json] = dict.fromkeys(names, " .")
    given = (m for m in limits.mappings if not m.columns)
    telling = (m for m in ready_mappings() if m.when.has)
    return next((m for m in (*given, *telling) if _has_columns(m, names, item)), None)


def _has_cells(mapping: FieldMap, cells: Sequence[str]) -> bool:
    row = dict(zip(mapping.columns, cells, strict=False))
    forms = mapping.when.cells
    return bool(forms) and all(
        re.fullmatch(form, row.get(name, "")) for name, form in forms.items()
    )


def _has_columns(mapping: FieldMap, names: list[str], item: dict[str, Json]) -> bool:
    if mapping.when.has:
        return set(mapping.when.has) <= set(names)
    return mapped.fits(replace(mapping, when=type(mapping.when)()), item)


def _is_known(names: list[str]) -> bool:
    """Say whether a column holds the text of a story: headlines alone make none."""
    return bool({plain_name(name) for name in names} & (BODIES | _SUMMARIES))


def _unknown(names: list[str] | None, found: Shape, text: str) -> str:
    if names is None:
        first = one_line(text.split("\n", 1)[0][:_MAX_SHOWN_CHARS])[:120]
        message = f"a table of {found.width} columns without a header row, which needs a mapping"
        return f"{message}; it begins {first}"
    columns = ", ".join(one_line(name)[:40] or "(no name)" for name in names[:60])
    return f"a table of which no column holds a text: {columns}"[:_MAX_SHOWN_CHARS]


CSV = _CsvFormat()
