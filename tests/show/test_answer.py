"""A query's answer in every form: what a reader gets fits, what a program gets is whole."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lxml import etree

from pipeline.errors import UsageError
from pipeline.show.answer import as_file, as_text
from pipeline.show.forms import FORMS, form_named

SAID = 'a "b",\tc\\d\n=1+1 | <b> \x1b[31m'
ROWS = pa.table(
    {
        "said": pa.array([SAID, None]),
        "n": pa.array([1, 2**60]),
        "share": pa.array([0.25, float("nan")]),
        "exact": pa.array([Decimal("1.50"), None], pa.decimal128(9, 2)),
        "day": pa.array([date(2026, 3, 4), date(1850, 6, 5)]),
        "moment": pa.array([datetime(2026, 3, 4, 12, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
        "codes": pa.array([["a", "b"], []]),
        "raw": pa.array([b"\x00\xff", None]),
        "usable": pa.array([True, None]),
    }
)
NARROW = pa.table({"name": ["東京", "Rome"], "n": [7, 1234]})
_CELLS = {"s": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def lines(found: pa.Table, form: str, width: int = 80) -> list[str]:
    return list(as_text(found, form, width))


def test_a_table_that_fits_has_a_row_a_line_and_no_boxes() -> None:
    """Numbers are set to the right, and wide characters count for two."""
    assert lines(NARROW, "table") == ["name     n", "----  ----", "東京     7", "Rome  1234"]


def test_a_table_that_does_not_fit_is_expanded() -> None:
    assert lines(NARROW, "table", width=9)[:3] == ["-- row 1 ", "name | 東京", "n    | 7"]


@pytest.mark.parametrize("width", [40, 80, 200])
def test_an_expanded_answer_fits_and_says_every_column(width: int) -> None:
    """Whatever the width, and nothing in it is obeyed by a terminal."""
    text = lines(ROWS, "expanded", width)
    assert max(map(len, text)) <= width
    for name in ROWS.column_names:
        assert sum(line.startswith(f"{name} ") for line in text) == ROWS.num_rows
    assert "\x1b" not in "".join(text)
    assert any("<2 bytes>" in line for line in text)


@pytest.mark.parametrize("form", ["table", "expanded"])
def test_no_rows_are_said_to_be_none(form: str) -> None:
    assert lines(NARROW.slice(0, 0), form)[0] in ("name  n", "(no rows; columns: name, n)")


def test_a_long_text_says_how_long_it_is() -> None:
    text = "\n".join(lines(pa.table({"body": ["word " * 5000]}), "expanded"))
    assert "25,000 characters in all" in text.replace("\n     |", "")
    assert len(text) < 4000


def test_csv_holds_every_value_whole() -> None:
    rows = list(csv.DictReader(io.StringIO("\n".join(lines(ROWS, "csv")))))
    assert rows[0]["said"] == SAID
    assert [row["day"] for row in rows] == ["2026-03-04", "1850-06-05"]
    assert rows[0]["moment"] == "2026-03-04T12:00:00+00:00"
    assert json.loads(rows[0]["codes"]) == ["a", "b"]
    assert (rows[0]["raw"], rows[0]["usable"], rows[1]["usable"]) == ("AP8=", "true", "")


def test_tsv_has_a_row_a_line() -> None:
    """Tabs and line ends in a value are written out, so that a value can be had again."""
    head, first, _ = (line.split("\t") for line in lines(ROWS, "tsv"))
    assert head == ROWS.column_names
    assert len(first) == len(head)
    assert (
        first[0].replace("\\\\", "\0").replace("\\t", "\t").replace("\\n", "\n").replace("\0", "\\")
        == SAID
    )


def test_json_lines_and_json_say_the_same() -> None:
    assert [json.loads(line) for line in lines(ROWS, "jsonl")] == json.loads(
        "\n".join(lines(ROWS, "json"))
    )


def test_markdown_holds_text_and_no_markup() -> None:
    head, rule, first, _ = lines(ROWS.select(["said", "n"]), "markdown")
    assert (head, rule) == ("| said | n |", "|---|--:|")
    assert "\\|" in first
    assert "<b>" not in first
    assert first.count("<br>") == 1


def test_a_text_is_one_column_as_it_is() -> None:
    assert lines(NARROW.select(["name"]), "text") == ["東京", "Rome"]
    with pytest.raises(UsageError, match="one column"):
        lines(NARROW, "text")


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_columns_keep_their_types(form: str) -> None:
    sink = io.BytesIO()
    assert as_file(ROWS, form, sink) == []
    found = sink.getvalue()
    read = pq.read_table if form == "parquet" else lambda s: pa.ipc.open_file(s).read_all()
    got = read(pa.BufferReader(found))
    assert got.schema.equals(ROWS.schema)
    assert got.num_rows == ROWS.num_rows


def sheet(found: pa.Table) -> tuple[list[list[tuple[str, str]]], list[str]]:
    """The rows of the sheet below its head: each cell's type and value; and the notes."""
    sink = io.BytesIO()
    notes = as_file(found, "xlsx", sink)
    with zipfile.ZipFile(sink) as book:
        texts = [
            "".join(item.itertext()) for item in etree.fromstring(book.read("xl/sharedStrings.xml"))
        ]
        root = etree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    rows = []
    for row in root.iterfind(".//s:row", _CELLS):
        cells = []
        for cell in row.iterfind("s:c", _CELLS):
            assert cell.find("s:f", _CELLS) is None, "a formula"
            kind, value = cell.get("t", "n"), cell.findtext("s:v", "", _CELLS)
            cells.append((kind, texts[int(value)] if kind == "s" else value))
        rows.append(cells)
    return rows[1:], notes


def test_a_sheet_holds_texts_as_texts_and_times_as_utc() -> None:
    """No formula comes of a headline; what Excel cannot hold exactly stands there as text."""
    (first, second), notes = sheet(ROWS.select(["n", "day", "moment"]))
    assert first == [("n", "1"), ("n", "46085"), ("n", "46085.5")]
    assert second == [("s", str(2**60)), ("s", "1850-06-05")]
    assert notes == []
    ((said, share),) = sheet(pa.table({"said": ["=1+1"], "share": [0.25]}))[0]
    assert (said, share) == (("s", "=1+1"), ("n", "0.25"))


def test_a_sheet_says_what_it_cut() -> None:
    (((_, text),),), notes = sheet(pa.table({"body": ["x" * 40_000]}))
    assert len(text) == 32_767
    assert notes == ["1 texts were cut: a cell holds 32,767 characters"]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_written_of_nothing(form: str) -> None:
    sink = io.BytesIO()
    as_file(NARROW.select(["name"]).slice(0, 0), form, sink)
    assert sink.getvalue() or form in ("jsonl", "text")


def test_a_file_s_name_tells_its_form() -> None:
    assert [form_named(Path(name)) for name in ("a.CSV", "a.md", "b.xlsx", "c.ndjson")] == [
        "csv",
        "markdown",
        "xlsx",
        "jsonl",
    ]
    with pytest.raises(UsageError, match="--format"):
        form_named(Path("answer"))


def test_a_line_end_within_a_cell_ends_no_row_of_csv() -> None:
    found = pa.table({"a": ["one\ntwo", "three\rfour", "five\r\nsix"], "b": ["x", "y", "z"]})
    text = "\n".join(as_text(found, "csv", 80))
    told = list(csv.reader(io.StringIO(text, newline="")))
    assert told == [["a", "b"], ["one\ntwo", "x"], ["three\rfour", "y"], ["five\r\nsix", "z"]]
