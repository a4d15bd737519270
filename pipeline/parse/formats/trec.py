# ruff: noqa: ARG002 - the signature is the protocol's
"""TIPSTER and TREC disks 1 to 5 (LDC93T3A): AP, WSJ, FT, LA Times, FBIS, and what is like them.

`<DOC><DOCNO> WSJ870324-0001 </DOCNO>`; each collection has its own elements for headline, date,
byline and the first paragraph. AP, WSJ and LA Times give the day in the number of the document.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date

from pipeline.model import Code
from pipeline.parse import fields
from pipeline.parse.conventions.dateline import find_dateline, split_places
from pipeline.parse.conventions.wiretext import with_moment
from pipeline.parse.draft import Draft, FaultError, Hints, Part, Sniff
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup import sgml
from pipeline.parse.markup.flow import Flow
from pipeline.parse.overflow import check_count
from pipeline.parse.text import dates
from pipeline.parse.text.clean import clean, line
from pipeline.parse.text.dates import Moment
from pipeline.parse.text.decode import decode
from pipeline.parse.text.paragraphs import split_paragraphs, tidy_paragraphs

_NUMBERED = re.compile(r"<DOC>\s*<DOCNO>\s*(?![A-Z]+(?:_[A-Z]{3})?_?\d{8}\.)[^<\s]+\s*</DOCNO>")
"""Not a number of Gigaword, `APW19981016.0240`."""

_COLLECTIONS = {
    "AP": "AP", "WSJ": "The Wall Street Journal", "FT": "Financial Times",
    "LA": "Los Angeles Times", "FBIS": "FBIS", "SJMN": "San Jose Mercury News",
    "FR": "Federal Register",
}  # fmt: skip
_HEADLINE = ("HEADLINE", "HL", "TI", "TITLE", "HEAD")
_TEXT = ("LP", "LEADPARA", "TEXT")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
# The Federal Register's marks of typesetting.
_COMMENT = re.compile(r"<!--(?:[^-]|-(?!->))*+-->")
_INNER_TITLE = re.compile(r"<DOCTITLE>([^<]*+)</DOCTITLE>", re.I)
_PARAGRAPH = re.compile(r"</?P\b[^<>]*>", re.I)
_ROW = re.compile(r"</?TABLEROW\b[^<>]*>", re.I)
_CELL = re.compile(r"<TABLECELL\b[^<>]*>", re.I)
_PREFIX = re.compile(r"^([A-Z]+)")
_DAY_OF_NUMBER = re.compile(r"^(?:AP|WSJ|LA|FR)(\d\d)(\d\d)(\d\d)-")
_FT_HEAD = re.compile(r"^FT\s+\d{1,2} [A-Z]{3} \d\d\s*/\s*")
_FILE_TIME = re.compile(r"(\d\d)-(\d\d)-(\d\d) (\d\d)(\d\d)(E[SD]T)")
_KEYWORD = re.compile(r"^(?P<urgency>[a-z])\s+(?P<category>[a-z])\s+(?P<slug>\S.*?)\s+\d\d-\d\d\b")
_COUNT = re.compile(r",\s*(?:<)?\d{1,5}\s*(?:>)?$")
_DESK_NOTE = re.compile(r"^(?:Eds?\b|With\b|Laser[Pp]hoto|Precede\b|A[MP]-|BC-|PM-)")
# What FBIS sets above a translation.
_FBIS_LINE = re.compile(
    r"^[ \t]*(?:(?:Language|Article Type|Document Type|Report Type):.*|CSO)[ \t]*$", re.M
)
_FBIS_MARK = re.compile(r"^\s*\[(?:Text|Excerpts?|Editorial Report|Summary)\]\s*")
_CAPITALS = r"[A-Z][A-Z.'\u2019-]+"
_PLACE = re.compile(
    rf"(?P<place>{_CAPITALS}(?: {_CAPITALS}){{0,3}}(?:, [A-Z][A-Za-z.]+(?: [A-Z][a-z]+)?)?)"
    r" -- (?=[\"'`]{0,2}[A-Z])"
)
_STAFF = re.compile(r"(?:^|,? )(?:Times|Mercury News|Special to)\b.*", re.I)
_WSJ_BYLINE = re.compile(r"\s+-{2,}\s+(By .*)$")
_URGENCY = {"f": 1, "b": 2, "u": 3, "r": 4, "d": 5}
_SHORT_YEAR_FROM = 70


class _Trec:
    name = "trec"

    def matches(self, sniff: Sniff) -> bool:
        """Look for `<DOC>` without attributes, and a `<DOCNO>` that is not one of Gigaword's."""
        return sniff.root == "DOC" and bool(_NUMBERED.search(sniff.text))

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield a part for each document."""
        return sgml.documents(data, _document)


def _document(data: bytes) -> Part:
    decoded = decode(data)
    check_count(decoded.text, "<")
    markup = _COMMENT.sub("", decoded.text.replace("\r\n", "\n"))
    found = sgml.fields(markup[len(sgml.start_tag(markup)) + 1 :], apart=_TEXT)
    number = _first(found, "DOCNO")
    prefix = _PREFIX.match(number)
    collection = prefix[1] if prefix else ""
    headline, notes = _headline(found)
    if not headline and (title := _INNER_TITLE.search(markup)):
        headline, markup = _plain(title[1]), markup[: title.start()] + markup[title.end() :]
        found = sgml.fields(markup[len(sgml.start_tag(markup)) + 1 :], apart=_TEXT)
    if collection == "WSJ":  # an at sign begins each further line
        headline = " ".join(headline.replace(" @", " ").split())
    below = _WSJ_BYLINE.search(headline)
    written, headline = (below[1], headline[: below.start()]) if below else ("", headline)
    warnings: list[str] = list(decoded.warnings)
    words = _first(found, "DATELINE")
    flow, begun = _body(found, placed=bool(words) or collection != "WSJ")
    words = words or begun
    if not headline and not flow.paragraphs:
        raise FaultError("no_text", "the document has neither headline nor text")
    published, sent = _moments(found, number, warnings)
    placed = (
        find_dateline(words if words.endswith(("-", "_")) else f"{words} - ") if words else None
    )
    keyword = _KEYWORD.match(_first(found, "FIRST"))
    slug = _COUNT.sub("", _first(found, "SECOND")) or (keyword["slug"] if keyword else "")
    places = split_places(words.split("(")[0]) if words else ()
    draft = Draft(
        headline=headline,
        paragraphs=(),
        version_time=sent.at if sent else None,
        provider=_provider(found, collection),
        provider_id=number or None,
        slugline=slug or None,
        bylines=fields.bylines(_STAFF.sub("", _first(found, "BYLINE", "AUTHOR") or written)),
        dateline=words.rstrip("-_ ") or None,
        dateline_places=placed.places if placed else places,
        dateline_date=placed.on(published.at.date()) if placed and published else None,
        language="en",
        codes=tuple(_codes(found, keyword)),
        urgency=_URGENCY.get(keyword["urgency"]) if keyword else None,
        editor_note="\n".join((*notes, *_all(found, "CORRECTION"))) or None,
        captions=(*_all(found, "GRAPHIC"), *_all(found, "CAPTION")),
        summary=_first(found, "ABS") or None,
        warnings=tuple(warnings),
        format="trec",
        delivered=markup,
    )
    return fields.with_body(with_moment(draft, published), flow)


def _headline(found: dict[str, list[str]]) -> tuple[str, list[str]]:
    """Return the headline, and what AP's desks wrote in further elements of the same name."""
    name = next((name for name in _HEADLINE if any(map(_plain, found.get(name, ())))), "HEAD")
    lines = list(filter(None, map(_plain, found.get(name, ()))))
    notes = [entry for entry in lines if _DESK_NOTE.match(entry)] if len(lines) > 1 else []
    titles = [entry for entry in lines if entry not in notes] or lines
    if name != "HEAD":
        titles = [" ".join(titles)]
    return _FT_HEAD.sub("", titles[0]) if titles else "", [*notes, *titles[1:]]


def _moments(
    found: dict[str, list[str]], number: str, warnings: list[str]
) -> tuple[Moment | None, Moment | None]:
    """Return the day of publication, and the minute at which AP filed this version."""
    text = _first(found, "DATE1", "DD", "DATE", "PUBDATE")
    numbered = _DAY_OF_NUMBER.match(number)
    day = _day(text)
    if day is None and numbered:
        first, second, third = map(int, numbered.groups())
        order = (third, first, second) if number.startswith("LA") else (first, second, third)
        day = dates.day(_year(order[0]), order[1], order[2])
    filed = _FILE_TIME.search(_first(found, "FILEID"))
    sent = None
    if filed:
        month, day_of, year, hour, minute = map(int, filed.groups()[:5])
        zone = "-05:00" if filed[6] == "EST" else "-04:00"
        sent = dates.moment(f"{_year(year)}-{month:02}-{day_of:02}T{hour:02}:{minute:02}{zone}")
        day = day or dates.day(_year(year), month, day_of)
    if day is None and (text or numbered):
        warnings.append(f"no date of the calendar: {(text or number)[:60]}")
    return (dates.midnight(day) if day else None), sent


def _day(text: str) -> date | None:
    """Return the day of `910514`, `03/24/87`, `January 1, 1989, Sunday`, `1 March 1994`."""
    if match := re.match(r"^(\d\d)(\d\d)(\d\d)$", text):
        return dates.day(_year(int(match[1])), int(match[2]), int(match[3]))
    if match := re.match(r"^(\d{1,2})/(\d{1,2})/(\d{2,4})\b", text):
        return dates.day(_year(int(match[3])), int(match[1]), int(match[2]))
    if match := re.match(r"^([A-Z][a-z]+) (\d{1,2}), (\d{4})\b", text):
        return dates.day(int(match[3]), dates.month(match[1]), int(match[2]))
    if match := re.match(r"^(\d{1,2}) ([A-Z][a-z]+) (\d{4})\b", text):
        return dates.day(int(match[3]), dates.month(match[2]), int(match[1]))
    return None


def _year(number: int) -> int:
    if number > 99:
        return number
    return number + (1900 if number >= _SHORT_YEAR_FROM else 2000)


def _provider(found: dict[str, list[str]], collection: str) -> str | None:
    known = _COLLECTIONS.get(collection)
    publication = _first(found, "PUB") or _first(found, "SO").split(",")[0].split("(")[0].strip()
    return known or fields.first_provider(publication)


def _codes(found: dict[str, list[str]], keyword: re.Match[str] | None) -> Iterator[Code]:
    if keyword:
        yield Code("anpa-category", keyword["category"], "topic")
    for name, role in (("SECTION", "topic"), ("IN", "topic"), ("TYPE", "genre")):
        for text in _all(found, name):
            yield Code(f"trec-{name.lower()}", text, role)


def _body(found: dict[str, list[str]], *, placed: bool) -> tuple[Flow, str]:
    """Return the text, and the dateline that it begins with where the document names none."""
    paragraphs: list[str] = []
    for name in _TEXT:
        for text in found.get(name, ()):
            paragraphs += _paragraphs(text)
    if paragraphs:
        paragraphs[0] = _FBIS_MARK.sub("", paragraphs[0])
        # The Wall Street Journal's: a place in capitals alone, whatever length the sentence has.
        place = None if placed else _PLACE.match(paragraphs[0])
        if place:
            return Flow(tidy_paragraphs([paragraphs[0][place.end() :], *paragraphs[1:]])), place[
                "place"
            ]
    return Flow(tidy_paragraphs(paragraphs)), ""


def _paragraphs(markup: str) -> list[str]:
    markup = _CELL.sub(" | ", _ROW.sub("<P>", markup))
    pieces = [piece for piece in _PARAGRAPH.split(markup) if piece.strip()]
    if len(pieces) > 1 or _PARAGRAPH.search(markup):
        return [_plain(piece).strip(" |") for piece in pieces]
    text = clean(html.unescape(_TAG.sub("", markup)))
    return split_paragraphs(_FBIS_LINE.sub("", text).strip("\n"))


def _first(found: dict[str, list[str]], *names: str) -> str:
    return next((text for name in names for text in map(_plain, found.get(name, ())) if text), "")


def _all(found: dict[str, list[str]], name: str) -> tuple[str, ...]:
    return tuple(filter(None, map(_plain, found.get(name, ()))))


def _plain(markup: str) -> str:
    return line(html.unescape(_TAG.sub(" ", markup)))


TREC = _Trec()
