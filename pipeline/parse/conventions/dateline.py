# ruff: noqa: RUF001 - the typographic quotes and dashes are what the patterns are about
"""Datelines at the head of a paragraph: places, date, agency.

The shapes are the agencies' own: `STOCKHOLM, Aug 29, 2014 (AFP) - `, `ATLANTA (AP) _ `, `Nueva
Delhi, 21 ene (EFE).- `, `KYIV/WASHINGTON, March 3 (Reuters) - `, `MOSCOW, January 5. /TASS/. `,
`(ANSA) - ROMA, 5 GEN - `, `SALVADOR, Feb 26 - `.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from unicodedata import normalize

from pipeline import tsv
from pipeline.parse.conventions.embargo import WEEKDAYS
from pipeline.parse.conventions.providers import plain_letters, provider, telling_words
from pipeline.parse.conventions.revisions import read_marks
from pipeline.parse.conventions.signoff import split_names
from pipeline.parse.conventions.zones import is_hour
from pipeline.parse.text import dates

_MONTH = r"[^\W\d_]{3,12}\b\.?"  # any word here: `_date_parts` asks the table of months
_WORD = r"[^\W\d_a-z][^\W\d_]*+\.?(?:['’.-][^\W\d_]++\.?)*"
_SMALL = r"(?i:de|del|della|di|do|da|la|le|el|al|of|the|am|an|der|sur|upon)"
_PART = rf"(?:{_WORD}(?:[ -](?:{_SMALL}[ -]){{0,2}}{_WORD}){{0,3}}"
_PART += r"(?: [aio]\. ?(?:d\. ?)?[A-Z][a-z]{0,3}\b\.?)?)"  # Frankfurt a.M.
_BESIDE = (
    rf"(?:, ?| ?/ ?| & | and | y | et | und )(?!{_MONTH} ?\d{{1,2}}(?!\. [^\W\d_]{{3}})|\w+day,)"
)
_PLACE = rf"(?P<place>{_PART}(?:{_BESIDE}{_PART}){{0,3}}"
_PLACE += rf"(?: \([^()\d]{{3,30}}\)(?=, ?(?:\d|{_MONTH})| \([A-Za-z]))?)"
# As Poles, Russians and Ukrainians write it behind the year.
_YEAR_WORD = r"(?: (?:r\.|года|г\.|року|р\.))?"
_DATE = (
    r"(?P<date>"
    rf"(?:\w+day,? )?(?P<mon1>{_MONTH}) (?P<day1>\d{{1,2}})(?:(?:, ?| )(?P<year1>\d{{4}}))?"
    rf"|(?:le |den )?(?P<day2>\d{{1,2}})(?:\.|er|º|st|nd|rd|th)?(?: de)? (?P<mon2>{_MONTH})"
    rf"(?:(?: de|,)? (?P<year2>\d{{4}}){_YEAR_WORD})?"
    r"|(?P<day3>\d{1,2})[./] ?(?P<mon3>\d{1,2})[./] ?(?P<year3>\d{4})(?: r\.)?"
    r"|(?P<year4>\d{4})-(?P<mon4>\d\d)-(?P<day4>\d\d)"
    r")"
)
_DASH = r"(?:\.? ?(?:-{1,3}|[–—_]{1,2})(?=\s|$|[A-Z\"“'])|\.-|:)"
_SIGN = r"(?:\((?P<sign>[^()\d]{2,40})\)|/(?P<slash>[A-Za-z-]{2,20})/(?![A-Z]{2,}\b))"
_LEAD = r"(?:\((?P<lead>[A-Za-z-]{2,12})\)\s*[-–—]\s*)"
_DATELINE = re.compile(
    rf"^\s*{_LEAD}?{_PLACE}(?:[,.]? {_DATE})?(?P<comma>[.,]?)"
    rf"(?:\s*{_SIGN}(?P<dash1>\s*{_DASH}|\.|\s*=(?= ))?|(?P<dash2>\s*{_DASH}))(?P<gap>\s*)"
)
_NAME = r"[^\W\d_][\w.&/-]*(?: [\w.&/-]+){0,3}?"
_LETTER = r"[\"“„«'(¿¡]?(?![a-zà-ÿа-я])[^\W\d_]"
# Of the shapes in `datelines.tsv`: without names of groups that the usual shape has.
_ANY_DATE = (
    r"(?P<date>(?:[^\W\d_]{3,14}, )?(?:"
    rf"(?P<mon1>{_MONTH}) (?P<day1>\d{{1,2}})(?:st|nd|rd|th| d\.|\.(?:, [^\W\d_]{{4,12}})?)?"
    r"(?:(?:, ?| |/)(?P<year1>\d{4}))?"
    rf"|(?:d\. |den |le )?(?P<day2>\d{{1,2}})(?:\.|er|º|st|nd|rd|th)?(?: de)? (?P<mon2>{_MONTH})"
    rf"(?:(?: de|,)? (?P<year2>\d{{4}}){_YEAR_WORD})?"
    r"|(?P<day3>\d{1,2})[./] ?(?P<mon3>\d{1,2})"
    r"(?:[./] ?(?P<year3>\d{4}|\d\d(?=[ ,)]))(?: r\.)?|\.|(?=[ )]))"
    r"|(?P<year4>\d{4})-(?P<mon4>\d\d)-(?P<day4>\d\d)"
    rf"|(?P<year5>\d{{4}})\. (?P<mon5>{_MONTH}) (?P<day5>\d{{1,2}})\.?(?:, [^\W\d_]{{4,12}})?"
    r"))"
)
_UPPER = r"[A-ZÇĞİÖŞÜÂÎÛ][A-ZÇĞİÖŞÜÂÎÛ.'-]*"
_PERSON = r"[^\W\d_a-z][\w.'’-]+(?: [^\W\d_a-z][\w.'’-]+){1,3}"
_PEOPLE = rf"{_PERSON}(?:(?:, | and | и | і | и){_PERSON}){{0,2}}"
_SIGN_HINT = re.compile(r"[(/:_–—-]")  # what ends a dateline
_DAY_HINT = re.compile(r"[-–—(] ?(?:\d|[^\W\d_]{3,12}\.? \d)")
_REPORTERS = re.compile(
    rf"(?P<names>{_UPPER}(?: {_UPPER}){{1,3}}(?: ?/ ?{_UPPER}(?: {_UPPER}){{1,3}}){{0,3}}) [-–—] "
)
_PLACELESS = re.compile(
    rf"^\s*(?P<place>){_DATE}(?P<comma>)\s*{_SIGN}(?P<dash1>\s*{_DASH})"
    r"(?P<lead>)(?P<dash2>)(?P<gap>\s*)"
)
# `Frankfurt/Main` is one place, as `Halle/Saale` is.
_SPLIT = re.compile(r" ?/ ?(?!(?:Main|Oder|Saale|Donau|Neckar)\b|[MO]\.)| & | and | y | et | und ")
_WORDS = re.compile(r"[^\W_]+")
_EASTERN_BEGINNING = re.compile(
    r"\s*(?:[（(\[【〔［]\s*)?(?:\d{1,2}月|[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7a3])"
)
# `CAIRO - 5 October: `, `GENEVA (5 October 2026) - `, as international bodies write it.
_DAY_BEHIND = re.compile(
    rf"^\s*{_PLACE}(?: ?[-–—] ?| \((?=[^()]+\))){_DATE}\)?(?::|,? ?[-–—]{{1,2}})\s*(?=\S)"
)
# Scripts without capitals: Arabic, and those of India.
_LETTERS = r"\u0620-\u065f\u066e-\u06d3\u06fa-\u06ff\u0900-\u0963\u0970-\u0dff"
_SOUTHERN_BEGINNING = re.compile(rf"\s*[(\[«]?\s*[{_LETTERS}]")
# `وذكرت وكالة (سانا) أن`: a sentence that names an agency.
_SAYING = re.compile(r"وكال[ةت]|مراسل|قال|أفاد|ذكر|نقل|أعلن|خبرگزاری|گزارش|के अनुसार")
_HANGUL = re.compile(r"[\uac00-\ud7a3]")
_CALLED = re.compile(r"[記记]者[:：]?")
_MAX_NAME_CHARS = 12
_MAX_EASTERN_CHARS = 8
_LONG_SURNAMES = (
    *(
        "歐陽",
        "欧阳",
        "司徒",
        "司馬",
        "司马",
        "諸葛",
        "诸葛",
        "上官",
        "皇甫",
        "夏侯",
        "東方",
        "东方",
    ),
    *("范姜", "張簡", "张简", "端木", "令狐", "慕容", "公孫", "公孙", "尉遲", "尉迟"),
)
_MAX_PLACE_WORDS = 6
_MAX_HOUSE_WORDS = 4
_MAX_BARE_WORDS = 2
_DASHES = re.compile(r"\s[-–—]\s")
_DASH_CHARS = 60
_MAX_PLACE_CHARS = 64
# `Am 5. Oktober (Montag) - so der …`: what stands before a date within a sentence.
_NO_PLACES = frozenset(
    (
        *("am", "on", "le", "el", "il", "den", "em", "dne", "since", "seit", "by", "bis", "in"),
        *("updated", "published", "posted", "issued", "date", "datum", "stand", "today", "heute"),
        *("background", "analysis", "opinion", "explainer", "profile", "update", "summary"),
        *WEEKDAYS,
    )
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
    reporters: tuple[str, ...] = ()

    def on(self, near: date | None) -> date | None:
        """Return the date: its own year, else the one that brings it next to `near`."""
        if self.month is None or self.day is None:
            return None
        if self.year is not None:
            return dates.day(self.year, self.month, self.day)
        return dates.nearest_year(self.month, self.day, near) if near else None


def find_dateline(paragraph: str, house: str | None = None) -> Dateline | None:
    """Return the dateline that `paragraph` begins with, or None.

    Needs an agency or a date beside the place, and a mark that ends it; a place in capitals
    before a dash is enough (`MOSCOW -- `). The forms of `house`, the agency whose story it is, may
    have less.
    """
    head = paragraph[: _MAX_CHARS + 40]
    found = _find(head)
    return _of_house(head, house) if found is None and house else found


def _find(head: str) -> Dateline | None:
    if dated := _day_behind(head):
        return dated
    may_be = _SIGN_HINT.search(head)
    match = (_DATELINE.match(head) or _PLACELESS.match(head)) if may_be else None
    if not match or match.end() > _MAX_CHARS:
        return _styled(head)
    signature = match["sign"] or match["slash"] or match["lead"]
    agency = provider(signature)
    month_number, day_number, year = _date_parts(match)
    if agency is None and (styled := _styled(head)):
        return styled
    if (match["date"] and not month_number) or not _is_dateline(match, agency, signature):
        return _styled(head) if agency else None
    month_number = _own_month(agency, match["date"], month_number)
    end, reporters = _reporters(agency, head, match.end())
    return Dateline(
        text=head[: match.end("gap")].strip().rstrip("-–—_:= "),
        places=split_places(match["place"]),
        end=end,
        provider=agency,
        signature=signature,
        year=year,
        month=month_number,
        day=day_number,
        reporters=reporters,
    )


def _day_behind(head: str) -> Dateline | None:
    """Return the dateline whose day stands behind a dash or in brackets, and no agency in it."""
    match = _DAY_BEHIND.match(head) if _DAY_HINT.search(head, 2, _MAX_PLACE_CHARS) else None
    if not match or len(match["place"].split()) > _MAX_PLACE_WORDS:
        return None
    number, day, year = _date_parts(match)
    if not number or not (year or _is_capitals(match["place"])):
        return None
    return Dateline(
        text=head[: match.end()].strip().rstrip("-–—: "),
        places=split_places(match["place"]),
        end=match.end(),
        year=year,
        month=number,
        day=day,
    )


def _reporters(agency: str | None, head: str, end: int) -> tuple[int, tuple[str, ...]]:
    """Return where the text begins behind the reporters that Anadolu puts there, and these."""
    found = _REPORTERS.match(head, end) if agency == "Anadolu" else None
    if not found:
        return end, ()
    return found.end(), tuple(name.strip() for name in found["names"].split("/"))


def _styled(head: str) -> Dateline | None:
    """Return the dateline in one of the shapes of the tables, which need an agency that is
    known."""
    eastern = _EASTERN_BEGINNING.match(head)
    if not eastern and not _names_agency(head):
        return None
    southern = None if eastern else _SOUTHERN_BEGINNING.match(head)
    for named, shape in _eastern() if eastern else _southern() if southern else _shapes():
        if named and not any(map(head.__contains__, named)):
            continue
        match = shape.match(head)
        if not match or match.end() > _MAX_CHARS:
            continue
        found = match.groupdict()
        if southern and _SAYING.search(found.get("place") or ""):
            continue
        agency = provider(normalize("NFKC", found.get("agency") or ""))
        names, place = _who_and_where(found)
        if not agency and ("agency" in found or not names):
            continue
        if eastern is None and len(place.split()) > _MAX_PLACE_WORDS:
            continue
        number, day, year = _eastern_date(match) if eastern else _date_parts(match)
        words = match.groupdict().get("date")
        if words and not number:
            continue
        number = _own_month(agency, words, number)
        return Dateline(
            text=head[: match.end()].strip().rstrip("-–—_:= "),
            places=_eastern_places(place) if eastern else split_places(place),
            end=match.end(),
            provider=agency,
            signature=found.get("agency"),
            year=year,
            month=number,
            day=day,
            reporters=_eastern_names(names) if eastern else split_names(names),
        )
    return None


def _of_house(head: str, house: str) -> Dateline | None:
    """Return the dateline in a form that only an agency's own stories may have."""
    for shape in _house_shapes().get(house, ()):
        match = shape.match(head)
        place = match["place"] if match else ""
        if not match or len(place.split()) > _MAX_HOUSE_WORDS or match.end() > _MAX_PLACE_CHARS:
            continue
        number, day, year = _date_parts(match)
        if match.groupdict().get("date") and not number:
            continue
        if place.split(",")[0].casefold() in _NO_PLACES:
            continue
        return Dateline(
            text=head[: match.end()].strip().rstrip("-–—_:= "),
            places=split_places(place),
            end=match.end(),
            year=year,
            month=number,
            day=day,
        )
    return None


def _who_and_where(found: dict[str, str | None]) -> tuple[str, str]:
    """Return the reporters and the place, which a shape of the tables has apart or together."""
    names, place = found.get("names") or "", found.get("place") or ""
    together = (found.get("who") or "").strip(" /／、，,")
    if not together:
        return names, place
    known = _known_place(together)
    names_end = len(together) - len(known) if known else _end_of_name(together)
    return names or together[:names_end].rstrip(" /／、，,"), together[names_end:].lstrip(" /／")


def _known_place(text: str) -> str:
    """Return the place of the table that ends a text, with what is called a city or a county."""
    base = text[:-1] if text[-1] in "市縣县州省" else text
    sizes = range(min(_MAX_EASTERN_CHARS, len(base) - 2), 1, -1)
    found = next((base[-size:] for size in sizes if base[-size:] in _eastern_places_known()), "")
    return found and found + text[len(base) :]


@cache
def _eastern_places_known() -> frozenset[str]:
    rows = tsv.rows("pipeline.parse.conventions", "eastern_places.tsv")
    return frozenset(name for _, names in rows for name in names.split("|"))


def _end_of_name(text: str) -> int:
    """Return where a name ends before a place that is not known: at a sign, or as most do."""
    if sign := max(map(text.rfind, " /／")) + 1:
        return sign
    begin = max(map(text.rfind, "、，,")) + 1
    rest = len(text) - begin
    size = 2 if rest < 5 else 4 if rest > 5 and text[begin:].startswith(_LONG_SURNAMES) else 3
    return begin + size


def _eastern_places(text: str) -> tuple[str, ...]:
    """Return the places; the dot parts them in Korean, and names in Chinese and Japanese."""
    return split_places(text.replace("·", "/") if _HANGUL.search(text) else text)


def _eastern_names(text: str) -> tuple[str, ...]:
    """Return the reporters of `记者张三、李四` or `홍길동 김철수`."""
    signs = "、，,· " if _HANGUL.search(text) else "、，, \u3000/／"
    names = (name.strip() for name in re.split(f"[{signs}]", _CALLED.sub("", text)))
    return tuple(name for name in names if 1 < len(name) < _MAX_NAME_CHARS)


def _own_month(agency: str | None, words: str | None, number: int | None) -> int | None:
    """Read listopad as October for Croats, and as November for Poles."""
    return 10 if agency == "Hina" and words and "listopad" in words.casefold() else number


_PARTS = {
    "{P}": _PLACE,
    "{D}": _ANY_DATE,
    "{A}": rf"(?P<agency>{_NAME})",
    "{W}": r"(?:-{1,3}|[–—_]{1,2})(?=\s|$|[A-Z\"“'])\s*",
    "{C}": _LETTER,
    "{N}": _PEOPLE,
    "{U}": r"(?P<place>(?!.*[a-zß-ÿ])[^\W\d_]{3,}(?:[ /-][^\W\d_]{2,}){0,2})",
}


def _compiled(shape: str, parts: Mapping[str, str]) -> re.Pattern[str]:
    whole = re.sub(r"\{[A-Z]\}", lambda found: parts[found[0]], shape)
    return re.compile(rf"\s*(?:{whole})\s*")


_Shape = tuple[tuple[str, ...], re.Pattern[str]]
"""The agencies of which one has to be there, where a shape names all that it is of, and itself."""
_NAMED = re.compile(r"\(\?P<agency>([\w |-]+)\)")


@cache
def _shapes() -> tuple[_Shape, ...]:
    shapes: list[_Shape] = []
    for shape in _table("datelines.tsv"):
        named = _NAMED.search(shape)
        shapes.append((tuple(named[1].split("|")) if named else (), _compiled(shape, _PARTS)))
    return tuple(shapes)


@cache
def _house_shapes() -> dict[str, list[re.Pattern[str]]]:
    """Return the forms of each agency that its own stories alone may have."""
    found: dict[str, list[re.Pattern[str]]] = {}
    for houses, shape in tsv.rows("pipeline.parse.conventions", "datelines_of_houses.tsv"):
        for house in houses.split("|"):
            found.setdefault(house, []).append(_compiled(shape, _PARTS))
    return found


@cache
def _southern() -> tuple[_Shape, ...]:
    """Return the shapes of scripts without capitals."""
    word = rf"[{_LETTERS}]+"
    months = "|".join(
        re.escape(name) for name in dates.month_names() if re.match(f"[{_LETTERS}]", name)
    )
    parts = {
        "{P}": rf"(?P<place>[{_LETTERS}]{{2,}}(?:[ -]{word}){{0,3}}?(?: ?/ ?{word})??)",
        "{D}": (
            rf"(?P<date>(?:(?P<day1>\d{{1,2}}) (?P<mon1>{months})(?: ?/? ?(?:{months}))?"
            r"(?:[ ,،/]{1,3}(?P<year1>\d{4}))?"
            r"|(?P<day3>\d{1,2}) ?[-–/] ?(?P<mon3>\d{1,2})(?: ?[-–/] ?(?P<year3>\d{4}))?) ?م?)"
        ),
        "{H}": rf"\d{{1,2}} (?:{word} ){{1,3}}?1[34]\d\d ?(?:هـ?)?",
        "{A}": (
            rf"(?P<agency>[أا][ .]{{1,2}}[شف][ .]{{1,2}}[أاب]\.?|د[ .]{{1,2}}ب[ .]{{1,2}}أ"
            rf"|[{_LETTERS}-]{{2,}}(?: [{_LETTERS}]{{2,}}){{0,2}}?)"
        ),
        "{E}": r"(?: ?[-–—:.]{1,3}){0,2}(?=\s|$)",
        "{W}": word,
    }
    return tuple(((), _compiled(shape, parts)) for shape in _table("southern.tsv"))


@cache
def _eastern() -> tuple[_Shape, ...]:
    return tuple(((), re.compile(rf"\s*(?:{shape})\s*")) for shape in _table("eastern.tsv"))


def _table(name: str) -> list[str]:
    return [row[1] for row in tsv.rows("pipeline.parse.conventions", name)]


def _names_agency(head: str) -> bool:
    """Say whether a word of an agency's signature is in the head: most heads have none."""
    return not telling_words().isdisjoint(_WORDS.findall(plain_letters(head)))


def _eastern_date(match: re.Match[str]) -> tuple[int | None, int | None, int | None]:
    found = match.groupdict()
    if not found.get("month") or not found.get("day"):
        return None, None, None
    year = found.get("year")
    return int(found["month"] or 0), int(found["day"] or 0), int(year) if year else None


def _is_dateline(match: re.Match[str], agency: str | None, signature: str | None) -> bool:
    dash = (match["dash1"] or match["dash2"] or "").strip()
    real_dash = bool(dash) and dash not in {".", ":"}
    capitals = _is_capitals(match["place"])
    caseless = capitals and _lacks_case(match["place"])
    if caseless and _SAYING.search(match["place"]):
        return False
    if agency and (match["sign"] or match["slash"]):
        return bool(dash) or bool(match["date"]) or (capitals and not caseless)
    if match["lead"] and agency:
        return real_dash
    if match["date"]:
        is_place = match["place"].casefold() not in _NO_PLACES
        return is_place and (real_dash or (dash == ":" and capitals))
    marked = read_marks(match.string).base != match.string.strip()
    if signature and match["sign"]:
        return real_dash and capitals and not marked
    rest = match.string[match.end() :]
    is_apart = bool(match["gap"]) or dash in {"--", "—"}  # `LONDON--The`, as Dow Jones writes it
    sentence = len(rest) > _MIN_SENTENCE_CHARS and not rest.isupper() and is_apart
    if caseless:
        # Without capitals only the one dash tells it: two enclose what is put into a sentence.
        words = len(match["place"].split())
        sentence = sentence and words <= _MAX_BARE_WORDS and not _DASHES.search(rest[:_DASH_CHARS])
    return real_dash and capitals and not match["comma"] and sentence and not marked


def _is_capitals(place: str) -> bool:
    """Say whether the first place is in capitals: `NEW YORK`, `HARTFORD, Conn.`."""
    first = re.split(r"[,/]", place)[0]
    return len(first) > 2 and first.upper() == first


def _lacks_case(text: str) -> bool:
    """Say whether a text is in a script without capitals."""
    return text[:1].lower() == text[:1].upper()


def _date_parts(match: re.Match[str]) -> tuple[int | None, int | None, int | None]:
    found = match.groupdict()
    for index in "12345":
        if day := found.get(f"day{index}"):
            name = found[f"mon{index}"] or ""
            number = int(name) if name.isdigit() else dates.month(name)
            year = found[f"year{index}"]
            if number and not (1 <= number <= 12 and 1 <= int(day) <= 31):
                number = None
            if year and is_hour(match.string, *match.span(f"year{index}")):
                year = None  # "Oct 6 1900 GMT"
            return number, int(day), dates.full_year(year) if year else None
    return None, None, None


def split_places(text: str) -> tuple[str, ...]:
    """Return the places of a dateline: `Kyiv/Washington` are two, `HARTFORD, Conn.` is one."""
    places: list[str] = []
    for part in re.split(_SPLIT, text.strip(" ,-")):
        place = " ".join(part.strip(" ,").split()).removesuffix(" في")
        place = place if place.count(".") > 1 or "," in place else place.rstrip(".")
        if place:
            places.append(place)
    return tuple(places)
