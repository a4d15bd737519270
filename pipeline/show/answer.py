"""A query's rows as text for a reader, and as files for other programs.

For a reader: a table where it fits, else each row as a list of its values (`expanded`), without a
character that a terminal would obey. For programs: the values as they are.
"""

from __future__ import annotations

import csv
import html
import io
import json
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, BinaryIO

from arro3.core import DataType, Table
from rich.cells import cell_len

from pipeline.errors import UsageError
from pipeline.show.facts import printable
from pipeline.store.read.query import json_rows, plain, row_values

if TYPE_CHECKING:
    import pyarrow as pa

_MOST_CELL = 200
_MOST_VALUE = 2000
_LEAST_TEXT_WIDTH = 20
_GAP = "  "
_JSON_OBEYED = {ord(c): f"\\u{ord(c):04x}" for c in "\x7f\u202a\u202b\u202c\u202d\u202e"} | {
    code: f"\\u{code:04x}" for code in (*range(0x80, 0xA0), *range(0x2066, 0x206A))
}
_TSV = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})

_SHEET_CELL = 32_767
_SHEET_ROWS = 1_048_576
_SHEET_COLUMNS = 16_384
_EXACT_INT = 2**53
_SHEET_FIRST = date(1900, 3, 1)
"""Before this day Excel's own calendar is wrong, or has no day at all."""


def as_text(found: Table | pa.Table, form: str, width: int) -> Iterator[str]:
    """Give the lines of `found` in one of the forms of text; `width` is the reader's, in columns.

    A `table` that does not fit comes `expanded`. What is no text for a reader (`csv`, `tsv`,
    `json`, `jsonl`) holds every value whole.
    """
    return _TEXT[form](Table.from_arrow(found), width)


def as_file(found: Table | pa.Table, form: str, sink: BinaryIO) -> list[str]:
    """Write `found` to `sink` in any of the `forms`; return what did not fit, in words.

    A sheet's times are UTC without saying so, its texts end at 32,767 characters, and what it
    cannot hold exactly (a number above 2^53, a day before March 1900) stands there as text.
    Raises `UsageError` for a sheet of too many rows.
    """
    if form in ("parquet", "arrow"):
        _write_arrow(found, form, sink)
        return []
    if form == "xlsx":
        return _sheet(Table.from_arrow(found), sink)
    for line in as_text(found, form, width=80):
        sink.write(f"{line}\n".encode("utf-8", "backslashreplace"))
    return []


def _write_arrow(found: Table | pa.Table, form: str, sink: BinaryIO) -> None:
    """Write the columns as they are, by the library that has these formats."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(found)
    if form == "parquet":
        pq.write_table(table, sink, compression="zstd")
        return
    with pa.ipc.new_file(sink, table.schema) as writer:
        writer.write_table(table)


def fitting_widths(found: Table, width: int) -> list[int] | None:
    """Return the widths of the columns where the rows fit into `width` without a break, or None."""
    return _fitting(_texts(found), _names(found), width)


def cells_of(found: Table) -> list[list[str]]:
    """Return the rows as a table of a terminal shows them: each value in one short line."""
    return _texts(found)


def is_numeric(kind: DataType) -> bool:
    """Say whether a column of this type is set to the right."""
    kinds = (DataType.is_integer, DataType.is_floating, DataType.is_decimal)
    return any(is_kind(kind) for is_kind in kinds)


def _table(found: Table, width: int) -> Iterator[str]:
    texts, names = _texts(found), _names(found)
    widths = _fitting(texts, names, width)
    if widths is None:
        yield from _expanded(found, width)
        return
    right = [*map(is_numeric, found.schema.types)]

    def line(cells: Sequence[str]) -> str:
        set_ = (
            _padded(cell, size, to_right)
            for cell, size, to_right in zip(cells, widths, right, strict=True)
        )
        return _GAP.join(set_).rstrip()

    yield line(names)
    yield _GAP.join("-" * size for size in widths)
    for row in texts:
        yield line(row)


def _expanded(found: Table, width: int) -> Iterator[str]:
    names = _names(found)
    room = max(map(cell_len, names), default=0)
    for number, row in enumerate(row_values(found), 1):
        head = f"-- row {number} "
        yield head + "-" * max(0, min(width, 80) - len(head))
        for name, value in zip(names, row, strict=True):
            text = printable(_said(value))
            if len(text) > _MOST_VALUE:
                text = f"{text[:_MOST_VALUE]}… ({len(text):,} characters in all)"
            lines = _wrapped(text, max(_LEAST_TEXT_WIDTH, width - room - 3)) or [""]
            yield f"{_padded(name, room, False)} | {lines[0]}".rstrip()
            for more in lines[1:]:
                yield f"{' ' * room} | {more}".rstrip()
    if not found.num_rows:
        yield f"(no rows; columns: {', '.join(names)})"


def _csv(found: Table, _: int) -> Iterator[str]:
    for row in ([*found.column_names], *(map(_written, row) for row in row_values(found))):
        held = io.StringIO()
        # What ends a line is what a cell is quoted for: both signs, though the line goes without.
        csv.writer(held, lineterminator="\r\n").writerow(row)
        yield held.getvalue().removesuffix("\r\n")


def _tsv(found: Table, _: int) -> Iterator[str]:
    """Write tab-separated, a row a line: tabs, line ends and backslashes are written as in C."""
    for row in ([*found.column_names], *(map(_written, row) for row in row_values(found))):
        yield "\t".join(cell.translate(_TSV) for cell in row)


def _json(found: Table, _: int) -> Iterator[str]:
    text = json.dumps(json_rows(found), ensure_ascii=False, indent=1, default=str)
    yield text.translate(_JSON_OBEYED)


def _jsonl(found: Table, _: int) -> Iterator[str]:
    for row in json_rows(found):
        yield json.dumps(row, ensure_ascii=False, default=str).translate(_JSON_OBEYED)


def _markdown(found: Table, _: int) -> Iterator[str]:
    """Yield a table as GitHub and pandoc read it; what would be markup there stands as text."""
    rules = ("--:" if is_numeric(kind) else "---" for kind in found.schema.types)
    yield f"| {' | '.join(map(_marked, found.column_names))} |"
    yield f"|{'|'.join(rules)}|"
    for row in row_values(found):
        yield f"| {' | '.join(_marked(_said(value)) for value in row)} |"


def _text(found: Table, _: int) -> Iterator[str]:
    """Yield the values of an answer of one column, without a head: where SQL makes the file
    itself."""
    if found.num_columns != 1:
        raise UsageError("a text is an answer of one column", columns=found.num_columns)
    for (value,) in row_values(found):
        yield _written(value)


_TEXT: Mapping[str, Callable[[Table, int], Iterator[str]]] = {
    "table": _table,
    "expanded": _expanded,
    "csv": _csv,
    "tsv": _tsv,
    "json": _json,
    "jsonl": _jsonl,
    "markdown": _markdown,
    "text": _text,
}


def _sheet(found: Table, sink: BinaryIO) -> list[str]:
    import xlsxwriter

    if found.num_rows >= _SHEET_ROWS or found.num_columns > _SHEET_COLUMNS:
        raise UsageError("a sheet does not hold so much: ask for fewer rows", rows=found.num_rows)
    cut = 0
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(sink, options) as book:
        bold = book.add_format({"bold": True, "bottom": 1})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet = book.add_worksheet("answer")
        sheet.freeze_panes(1, 0)
        for at, (name, kind) in enumerate(zip(found.column_names, found.schema.types, strict=True)):
            sheet.write_string(0, at, name[:_SHEET_CELL], bold)
            sheet.set_column(at, at, _sheet_width(name, kind))
        if found.num_columns:
            sheet.autofilter(0, 0, found.num_rows, found.num_columns - 1)
        for down, row in enumerate(row_values(found), 1):
            for at, value in enumerate(row):
                match value:
                    case None:
                        continue
                    case bool():
                        sheet.write_boolean(down, at, value)
                    case int() | float() if plain(value) is not None and abs(value) <= _EXACT_INT:
                        sheet.write_number(down, at, value)
                    case datetime() if value.date() >= _SHEET_FIRST:
                        utc = value.astimezone(UTC) if value.tzinfo else value
                        sheet.write_datetime(down, at, utc.replace(tzinfo=None), moment)
                    case date() if not isinstance(value, datetime) and value >= _SHEET_FIRST:
                        sheet.write_datetime(down, at, value, day)
                    case _:
                        text = _written(value)
                        cut += len(text) > _SHEET_CELL
                        sheet.write_string(down, at, text[:_SHEET_CELL])
    return [f"{cut} texts were cut: a cell holds {_SHEET_CELL:,} characters"] if cut else []


def _sheet_width(name: str, kind: DataType) -> int:
    return 20 if DataType.is_timestamp(kind) else max(10, min(40, len(name) + 4))


def _names(found: Table) -> list[str]:
    return [_line(name) for name in found.column_names]


def _texts(found: Table) -> list[list[str]]:
    return [[_short(_said(value)) for value in row] for row in row_values(found)]


def _said(value: Any) -> str:
    """Return a value for a reader: times without letters, bytes by their number, lists as JSON."""
    match value:
        case bytes():
            return f"<{len(value):,} bytes>"
        case datetime():
            text = value.isoformat(sep=" ")
            return text.replace("+00:00", "Z")
        case _:
            return _written(value)


def _written(value: Any) -> str:
    """Return a value for a program: ISO 8601, base64 for bytes, JSON for what has parts, null
    empty."""
    match simple := plain(value):
        case None:
            return ""
        case str():
            return simple
        case bool():
            return "true" if simple else "false"
        case dict() | list():
            return json.dumps(simple, ensure_ascii=False, default=str)
        case _:
            return str(simple)


def _marked(text: str) -> str:
    shown = html.escape(printable(text), quote=False)
    for sign in "\\`*_[]|":
        shown = shown.replace(sign, f"\\{sign}")
    return shown.replace("\n", "<br>").replace("\t", " ")


def _line(text: str) -> str:
    return printable(text).replace("\n", "↵").replace("\t", " ")


def _short(text: str) -> str:
    return _line(text if len(text) <= _MOST_CELL else f"{text[: _MOST_CELL - 1]}…")


def _wrapped(text: str, width: int) -> list[str]:
    lines = (textwrap.wrap(line, width, replace_whitespace=False) for line in text.split("\n"))
    return [line for found in lines for line in (found or [""])]


def _padded(text: str, width: int, to_right: bool) -> str:
    space = " " * (width - cell_len(text))
    return space + text if to_right else text + space


def _fitting(texts: list[list[str]], names: list[str], width: int) -> list[int] | None:
    widths = [max(map(cell_len, column)) for column in zip(names, *texts, strict=True)]
    return widths if sum(widths) + len(_GAP) * (len(widths) - 1) <= width else None
