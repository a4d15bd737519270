# ruff: noqa: RUF001 - letters of other alphabets are what the tests are about
"""What is a table, and what is only a text with commas."""

from __future__ import annotations

import pytest

from pipeline.model import Record, Reject, Story
from pipeline.parse import parse_record
from pipeline.source.archive.containers.compressed import Meter
from pipeline.source.archive.containers.cut import cut
from pipeline.source.archive.containers.stream import Stream
from pipeline.tabular import Shape, shape

TABLES = {
    "title,text\nA,Long text.\n": Shape(",", 2, True),
    "Title;Text;Date\n": Shape(";", 3, True),
    '\ufeff"date","headline","storytext"\n"2008","H","T\nU"\n': Shape(",", 3, True),
    "id,article,highlights\n1,Text,x\n": Shape(",", 3, True),
    ",Unnamed: 0,date,author\n0,1,2020-01-01,Ann\n": Shape(",", 4, True),
    "station,wind,wave height\nOslo,3,1\nBergen,4,2\n": Shape(",", 3, True),
    "N1\tnews\tcoast\tThe lamp is lit\thttps://m.example/1\n": Shape("\t", 5, False),
    'N1\tnews\tcoast\t"Lamp" is lit\t[]\nN2\ta\tb\tc "d\te\n': Shape("\t", 5, False),
    "id|title|text\n1|Lamp lit|The lamp, they said, was lit.\n": Shape("|", 3, True),
    "nr|kop|melding\n1|Lamp|De lamp brandt weer.\n2|Tij|Het tij is hoog.\n": Shape("|", 3, True),
    "sep=;\ntitle;text\nLamp lit;The lamp.\n": Shape(";", 2, True),
    "Nr;Flie\ufffdtext;\ufffdberschrift\n1;a;b\n2;c;d\n": Shape(";", 3, True),
    '"1","Lamp lit.","The lamp."\n"2","Tide, high","The tide."\n': Shape(",", 3, False),
}
TEXTS = [
    "LONDON, March 3, 2026\n\nThe lamp, they said, was lit.\n",
    "Oslo, Bergen, Trondheim\n\nA storm came.\n",
    "Lamp lit, tide rises\nThe keepers lit the lamp.\n",
    "Storm hits coast, harbor, lighthouse\nBy Rosa Lindqvist\n\nThe storm came at night.\n",
    "BC-Tides,0050\n\nHigh water Tuesday, at 4 a.m., the office said.\n",
    "One line, and another, and more",
    "Home | News | Sport\nThe keepers lit the lamp.\n",
    "<title>,text\nA,b\n",
    '{"title": 1, "text": 2}\n',
    "",
]


@pytest.mark.parametrize("text", TABLES)
def test_tables(text: str) -> None:
    assert shape(text, whole=True) == TABLES[text]


@pytest.mark.parametrize("text", TEXTS)
def test_texts(text: str) -> None:
    assert shape(text, whole=True) is None


@pytest.mark.parametrize("text", TABLES)
def test_each_row_that_is_cut_is_still_a_table(text: str) -> None:
    """So that a row of a table is never read as plain text, whichever way it came."""
    for piece in cut(Stream(iter([text.encode()])), 1 << 20, Meter()):
        if piece.value.strip():
            (item,) = parse_record(Record("t", 0, piece.value))
            assert isinstance(item, Reject) or item.format == "csv"


def test_a_table_of_unknown_columns_is_one_reject_with_their_names() -> None:
    data = b"station,wind,wave height\nOslo,3,1\nBergen,4,2\n"
    (item,) = parse_record(Record("t", 0, data))
    assert isinstance(item, Reject)
    assert item.kind == "unknown_format"
    assert "station, wind, wave height" in item.message
    assert item.raw == data


def test_columns_with_blanks_and_capitals_are_known() -> None:
    data = (
        b'Index,Date published,Headline,Article text\n0,2021-07-15 02:46:59,Lamp lit,"It burns."\n'
    )
    (item,) = parse_record(Record("t", 0, data))
    assert isinstance(item, Story)
    assert (item.headline, item.paragraphs) == ("Lamp lit", ("It burns.",))
    assert item.published_at is not None


def test_quotes_within_tabs_do_not_join_rows() -> None:
    rows = "".join(f'N{n}\tnews\tcoast\t"Lamp {n}\tText.\n' for n in range(50))
    assert len(list(cut(Stream(iter([rows.encode()])), 1 << 20, Meter()))) == 50


@pytest.mark.parametrize("charset", ["cp1251", "koi8-r", "cp866", "iso8859-5", "utf-8"])
def test_names_that_are_not_decoded_yet_may_be_as_long_as_one_another(charset: str) -> None:
    """`Текст` and `Автор` have five letters each: a table all the same, and no story."""
    row = "Паром останется\tЖители проголосовали. Другой переправы нет.\t01.10.2026\tАнна\n"
    data = ("Заголовок\tТекст\tДата\tАвтор\n" + row * 3).encode(charset)
    found = shape(data.decode("utf-8", "replace"), whole=True)
    assert found is not None and found.has_header and found.width == 4


@pytest.mark.parametrize(
    "header",
    [
        "tytuł;treść;data;źródło",
        "titulek;obsah;datum;autor",
        "başlık;metin;tarih;ajans",
        "Τίτλος;Κείμενο;ημερομηνία;id",
        "Заголовок;Текст;Дата;Автор",
    ],
)
def test_a_table_is_read_by_its_names_in_other_languages(header: str) -> None:
    row = "Ferry stays;Residents voted on Sunday to keep the ferry over the river.;2026-10-05;x\n"
    data = f"{header}\n{row}{row.replace('stays', 'sails').replace(';x', ';y')}".encode()
    items = parse_record(Record("s", 0, data))
    assert [getattr(item, "headline", item) for item in items] == ["Ferry stays", "Ferry sails"]
    assert all(item.body.startswith("Residents voted") for item in items if isinstance(item, Story))
