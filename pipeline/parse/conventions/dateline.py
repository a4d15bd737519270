# ruff: noqa: RUF001 - the typographic quotes and dashes are what the patterns are about
"""Datelines at the head of a paragraph: places, date, agency.

The shapes are the agencies' own: `STOCKHOLM, Aug 29, 2014 (AFP) - `, `ATLANTA (AP) _ `, `Nueva
Delhi, 21 ene (EFE).- `, `KYIV/WASHINGTON, March 3 (Reuters) - `, `MOSCOW, January 5. /TASS/. `,
`(ANSA) - ROMA, 5 GEN - `, `SALVADOR, Feb 26 - `.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from pipeline.parse.conventions.providers import provider
from pipeline.parse.conventions.revisions import read_marks
from pipeline.parse.text import dates

_MONTH = "(?i:" + "|".join(re.escape(name) for name in dates.month_names()) + r")\b\.?"
_WORD = r"[^\W\d_a-z][^\W\d_]*\.?(?:['’.-][^\W\d_]+\.?)*"
_SMALL = r"(?:de|del|della|di|do|da|la|le|el|al|of|the|am|an|der|sur|upon)"
_PART = rf"(?:{_WORD}(?:[ -](?:{_SMALL}[ -]){{0,2}}{_WORD}){{0,3}})"
_PLACE = rf"(?P<place>{_PART}(?:(?:, ?| ?/ ?| and | y | et | und )(?!{_MONTH} ?\d){_PART}){{0,3}}"
_PLACE += rf"(?: \([^()\d]{{3,30}}\)(?=, ?(?:\d|{_MONTH})))?)"
_DATE = (
    r"(?P<date>"
    rf"(?:\w+day,? )?(?P<mon1>{_MONTH}) (?P<day1>\d{{1,2}})(?:(?:, ?| )(?P<year1>\d{{4}}))?"
    rf"|(?P<day2>\d{{1,2}})(?:\.|er|º)?(?: de)? (?P<mon2>{_MONTH})"
    r"(?:(?: de|,)? (?P<year2>\d{4}))?"
    r"|(?P<day3>\d{1,2})[./](?P<mon3>\d{1,2})[./](?P<year3>\d{4})"
    r"|(?P<year4>\d{4})-(?P<mon4>\d\d)-(?P<day4>\d\d)"
    r")"
)
_DASH = r"(?:\.? ?(?:-{1,2}|[–—_]{1,2})(?=\s|$|[A-Z\"“'])|\.-|:)"
_SIGN = r"(?:\((?P<sign>[^()\d]{2,40})\)|/(?P<slash>[A-Za-z-]{2,20})/)"
_LEAD = r"(?:\((?P<lead>[A-Za-z-]{2,12})\)\s*[-–—]\s*)"
_DATELINE = re.compile(
    rf"^\s*{_LEAD}?{_PLACE}(?:[,.]? {_DATE})?(?P<comma>[.,]?)"
    rf"(?:\s*{_SIGN}(?P<dash1>\s*{_DASH}|\.)?|(?P<dash2>\s*{_DASH}))(?P<gap>\s*)"
)
_PLACELESS = re.compile(
    rf"^\s*(?P<place>){_DATE}(?P<comma>)\s*{_SIGN}(?P<dash1>\s*{_DASH})"
    r"(?P<lead>)(?P<dash2>)(?P<gap>\s*)"
)
_MAX_CHARS = 120
_MIN_SENTENCE_CHARS = 40


@dataclass(frozen=True, slots=True)
class Dateline:
    """A dateline as written, what it names, and where the text after it begins.

    `month` and `day` are given wherever the dateline has a date, `year` seldom is.
    """

    text: str
    places: tuple[str, ...]
    end: int
    provider: str | None = None
    signature: str | None = None
    year: int | None = None
    month: int | None = None
    day: int | None = None

    def on(self, near: date | None) -> date | None:
        """The date: its own year, else the one that brings it next to `near`."""
        if self.month is None or self.day is None:
            return None
        if self.year is not None:
            return dates.day(self.year, self.month, self.day)
        return dates.nearest_year(self.month, self.day, near) if near else None


def find_dateline(paragraph: str) -> Dateline | None:
    """The dateline that `paragraph` begins with, or None.

    Needs an agency or a date beside the place, and a mark that ends it; a place in capitals
    before a dash is enough (`MOSCOW -- `).
    """
    head = paragraph[: _MAX_CHARS + 40]
    match = _DATELINE.match(head) or _PLACELESS.match(head)
    if not match or match.end() > _MAX_CHARS:
        return None
    signature = match["sign"] or match["slash"] or match["lead"]
    agency = provider(signature)
    if not _is_dateline(match, agency, signature):
        return None
    month_number, day_number, year = _date_parts(match)
    end = match.end()
    return Dateline(
        text=head[: match.end("gap")].strip().rstrip("-–—_: "),
        places=split_places(match["place"]),
        end=end,
        provider=agency,
        signature=signature,
        year=year,
        month=month_number,
        day=day_number,
    )


def _is_dateline(match: re.Match[str], agency: str | None, signature: str | None) -> bool:
    dash = (match["dash1"] or match["dash2"] or "").strip()
    real_dash = bool(dash) and dash not in {".", ":"}
    capitals = _is_capitals(match["place"])
    if agency and (match["sign"] or match["slash"]):
        return bool(dash) or bool(match["date"]) or capitals
    if match["lead"] and agency:
        return real_dash
    if match["date"]:
        return real_dash or (dash == ":" and capitals)
    marked = read_marks(match.string).base != match.string.strip()
    if signature and match["sign"]:
        return real_dash and capitals and not marked
    rest = match.string[match.end() :]
    sentence = len(rest) > _MIN_SENTENCE_CHARS and not rest.isupper() and bool(match["gap"])
    return real_dash and capitals and not match["comma"] and sentence and not marked


def _is_capitals(place: str) -> bool:
    """`NEW YORK`, `HARTFORD, Conn.`: the first place is in capitals."""
    first = re.split(r"[,/]", place)[0]
    return len(first) > 2 and first.upper() == first


def _date_parts(match: re.Match[str]) -> tuple[int | None, int | None, int | None]:
    for index in "1234":
        if match[f"day{index}"]:
            name = match[f"mon{index}"]
            number = int(name) if name.isdigit() else dates.month(name)
            year = match[f"year{index}"]
            return number, int(match[f"day{index}"]), int(year) if year else None
    return None, None, None


def split_places(text: str) -> tuple[str, ...]:
    """The places of a dateline: `Kyiv/Washington` are two, `HARTFORD, Conn.` is one."""
    places: list[str] = []
    for part in re.split(r" ?/ ?| and | y | et | und ", text.strip(" ,-")):
        place = " ".join(part.strip(" ,").split())
        place = place if place.count(".") > 1 or "," in place else place.rstrip(".")
        if place:
            places.append(place)
    return tuple(places)
