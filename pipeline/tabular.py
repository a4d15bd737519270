# ruff: noqa: RUF001 - the names are those of other alphabets
"""Whether text is a table (CSV, TSV), what its first line is, and its cells.

Archives are cut by it and records are read by it: so that what the one takes for a row of a table
the other does too.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

# In small letters as `str.casefold` makes them, and so without the sigma that ends Greek words.
FOREIGN_HEADLINES = (
    *("titel", "überschrift", "ueberschrift", "titre", "título", "titulo", "titular", "titolo"),
    *("rubrik", "overskrift", "otsikko", "tytuł", "titulek", "nadpis", "naslov", "cím", "titlu"),
    *("заголовок", "τίτλοσ", "başlık", "العنوان", "标题", "標題", "見出し", "タイトル", "제목"),
)
FOREIGN_BODIES = (
    *("inhalt", "artikel", "texte", "contenu", "texto", "contenido", "cuerpo", "testo"),
    *("contenuto", "tekst", "teksti", "brødtext", "brödtext", "treść", "obsah", "sadržaj"),
    *("szöveg", "conținut", "текст", "содержание", "зміст", "κείμενο", "metin", "içerik"),
    *("النص", "正文", "内容", "內容", "本文", "본문", "내용"),
)
HEADLINES = frozenset(FOREIGN_HEADLINES) | frozenset(
    ("headline", "title", "hl", "head", "heading", "news_title", "article_title", "headline_text")
)
BODIES = frozenset(FOREIGN_BODIES) | frozenset(
    ("body", "text", "content", "article", "story", "maintext", "full_text", "fulltext")
) | {"body_text", "article_text", "storytext", "story_text", "article_body", "articlebody",
     "news_text", "text_body", "article_content", "plain_text", "body_html", "html",
     "paragraphs"}  # fmt: skip
_USUAL = HEADLINES | BODIES | {
    "id", "index", "date", "url", "link", "author", "byline", "section", "category", "source",
    "publication", "publisher", "provider", "agency", "language", "lang", "summary", "description",
    "abstract", "keywords", "published_at", "published", "date_published", "pub_date", "pubdate",
    "publish_date", "timestamp", "time", "year", "month", "domain", "slug", "slugline", "tags",
    "label", "topic", "country", "city", "image", "image_url", "created_at", "updated_at", "guid",
    "highlights", "words", "docid", "doc_id", "article_id", "news_id", "seendate", "mobileurl",
}  # fmt: skip
_NOT_WORD = re.compile(r"[\W_]+")
# A letter of an eight-bit set stands as a replacement where the bytes are not decoded yet.
_NAME = re.compile(r"(?:[^\W\d]|\ufffd)[\w .:/()#&'?%\ufffd-]{0,40}|_?id|#|")
SEPARATOR_LINE = re.compile(r"[Ss][Ee][Pp]=(?P<delimiter>[,;|\t])[ \t]*\r?\n")
"""The line above a table by which spreadsheets are told what parts its cells."""
_MOST_NAME_WORDS = 4
_LINES_LOOKED_AT = 12
_FIRST_LINE_CHARS = 8192
_NO_HEADER_WIDTH = 5
_QUOTED_WIDTH = 3


@dataclass(frozen=True, slots=True)
class Shape:
    """A table: what parts its cells, how many there are, and whether the first line names them."""

    delimiter: str
    width: int
    has_header: bool


@lru_cache(maxsize=1024)
def plain_name(name: str) -> str:
    """Bring a column's name into small letters, with `_` for all that is no letter or digit."""
    return _NOT_WORD.sub("_", name.casefold()).strip("_")


def undecoded(head: bytes) -> str:
    """Decode the beginning of bytes whose set is not known: as UTF-8, or letter by letter.

    Bytes of an eight-bit set that happen to be UTF-8 would be signs that no name has, so that each
    byte above ASCII stands as a replacement then. The last characters may be cut.
    """
    text = head.decode("utf-8", "replace")
    return head.decode("ascii", "replace") if "\ufffd" in text[:-3] else text


def shape(text: str, *, whole: bool) -> Shape | None:
    """Return the shape of the table that `text` begins, or None; `whole` if nothing follows it."""
    text = text.lstrip("\ufeff \r\n\0")
    if not text or text[0] in "<{[":
        return None
    delimiters: tuple[str, ...] = ("\t", ",", ";", "|")
    if stated := SEPARATOR_LINE.match(text):
        text, delimiters = text[stated.end() :], (stated["delimiter"],)
    first = text.split("\n", 1)[0][:_FIRST_LINE_CHARS]
    for delimiter in delimiters:
        if delimiter in first:
            found = _shape(text, first.rstrip("\r"), delimiter, whole=whole)
            if found:
                return found
    return None


def _shape(text: str, first: str, delimiter: str, *, whole: bool) -> Shape | None:
    header = _split(first, delimiter)
    width = len(header)
    is_header = _is_header(header)
    if not is_header:
        is_table = _fits_without_header(first, delimiter, width)
    elif (known := _is_known(header, text)) is not None:
        return Shape(delimiter, width, True) if known else None
    else:
        is_table = delimiter == "\t" or width > 2
    rows = list(_rows(text, delimiter, width, whole=whole)) if is_table else []
    enough = len(rows) > int(is_header) and all(len(row) == width for row in rows)
    return Shape(delimiter, width, is_header) if enough else None


def _is_known(header: list[str], text: str) -> bool | None:
    """Say whether the columns' names alone make it a table; None where its rows have to tell."""
    names = {plain_name(name) for name in header}
    if names & HEADLINES and names & BODIES:
        return True
    second = text.split("\n", 2)[1:2]
    if not second or not second[0].strip():
        return False  # a line alone, or one above a blank line: a text
    if len(names & _USUAL) > 1 and (len(header) > 2 or names & BODIES):
        return True
    return None


def _fits_without_header(first: str, delimiter: str, width: int) -> bool:
    if delimiter == "\t":
        return width >= _NO_HEADER_WIDTH
    quoted = first.count('"') >= 2 * width and first.startswith('"') and first.endswith('"')
    return quoted and width >= _QUOTED_WIDTH


def _is_header(cells: list[str]) -> bool:
    """Say whether cells name columns: short, different from each other, no sentences, no
    addresses."""
    names = [cell.strip() for cell in cells]
    named = [name.casefold() for name in names if name]
    read_names = [name for name in named if "\ufffd" not in name]
    return (
        len(names) > 1
        and len(named) >= len(names) - 1
        and len(set(read_names)) == len(read_names)
        and all(_NAME.fullmatch(name) for name in names)
        and all(len(name.split()) <= _MOST_NAME_WORDS and "://" not in name for name in names)
    )


def _rows(text: str, delimiter: str, width: int, *, whole: bool) -> Iterator[list[str]]:
    """Yield the first rows of the text, without one that may be cut off."""
    lines = text.split("\n", _LINES_LOOKED_AT)
    if len(lines) > _LINES_LOOKED_AT or not whole:
        lines.pop()
    held = ""
    for line in lines:
        held = f"{held}\n{line}" if held else line.rstrip("\r")
        if not held.strip():
            if lines[-1:] != [line]:
                yield []
            continue
        cells = _split(held.rstrip("\r"), delimiter)
        if held.count('"') % 2 and not is_row(held, delimiter, width):
            continue
        yield cells
        held = ""


def is_row(line: str, delimiter: str, width: int) -> bool:
    """Say whether a line of tab-separated values is a row by its tabs: quotes are text there."""
    return delimiter == "\t" and line.count("\t") == width - 1


def _split(line: str, delimiter: str) -> list[str]:
    if delimiter == "\t":
        return [unquoted(cell) for cell in line.split("\t")]
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []


def unquoted(cell: str) -> str:
    """Strip a cell of tab-separated values of the quotes around all of it."""
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell
