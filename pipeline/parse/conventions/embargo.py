# ruff: noqa: RUF001 - the typographic quotes and dashes are what the patterns are about
"""Embargo lines: `EMBARGOED UNTIL 1200 GMT, March 5`, `Sperrfrist: 05.03.2022, 14.00 Uhr`.

The words that they begin with are in `embargo.tsv`, the zones in `zones.tsv`. An embargo that is
recognised and not understood has no end: its story is withheld (`Embargo.until` None). An hour that
names no zone is that of the agency's own country, else of the one that speaks the line's language,
or of the last zone on Earth (see `desks.tsv`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cache, lru_cache

from pipeline import tsv
from pipeline.parse.conventions.zones import (
    HOUR_WORD,
    LATEST,
    LOCAL,
    in_utc,
    is_hour,
    zone_at,
    zone_of_language,
)
from pipeline.parse.text import dates
from pipeline.parse.text.dates import Moment

_OPENING = (
    r"^[^\w]{0,6}(?:(?:achtung|attn|attention|atención|attenzione|atenção|eds"
    r"|editors?(?:['’]s? note)?"
    r"|note to editors|notice|advisory|note|nota|obs|viktig|important|redaktionen|caution"
    r"|please note|fyi|for your information|n\.?b|reminder|hi(?: all)?|hello|dear \w+"
    r"|bitte beachten(?: sie)?|(?:wichtiger |redaktioneller )?hinweis(?: an die redaktionen)?"
    r"|wichtig|avis|avertissement|aviso|importante|let op|uwaga|pozor|внимание|увага|dikkat"
    r"|huom(?:io)?|bemærk|merk)"
    r"\b\W{1,4}){0,2}"
    r"(?:(?:die|eine|auf die|the|l['’]|la|el|il|den|de|het)\b ?(?=\w{0,2}(?:sp[eäæ]r|emb)))?"
)
_MAX_CHARS = 240
_ENDS = " :.-–—*)]!"
_MONTHS = "|".join(re.escape(name) for name in dates.month_names())
_WEEKDAY_NAMES = (
    "monday|mon|montag|lundi|lunes|lunedì|lunedi|mandag|måndag|maandag|segunda-feira|poniedziałek",
    "tuesday|tue|tues|dienstag|mardi|martes|martedì|martedi|tirsdag|tisdag|dinsdag|terça-feira|terca-feira|wtorek",
    "wednesday|wed|mittwoch|mercredi|miércoles|miercoles|mercoledì|mercoledi|onsdag|woensdag|quarta-feira|środa|środy",
    "thursday|thu|thur|thurs|donnerstag|jeudi|jueves|giovedì|giovedi|torsdag|donderdag|quinta-feira",
    "friday|fri|freitag|vendredi|viernes|venerdì|venerdi|fredag|vrijdag|sexta-feira|piątek|piątku",
    "saturday|sat|samstag|sonnabend|samedi|sábado|sabado|sabato|lørdag|lördag|zaterdag|sobota|soboty",
    "sunday|sun|sonntag|dimanche|domingo|domenica|søndag|söndag|zondag|niedziela|niedzieli",
)
WEEKDAYS = {n: i for i, names in enumerate(_WEEKDAY_NAMES) for n in names.split("|")}
"""The number of each day of the week, Monday is 0, by its names in small letters."""
_NEAR = dict.fromkeys(
    ("today", "tonight", "heute", "aujourd'hui", "aujourd’hui", "hoy", "oggi", "idag", "vandaag"), 0
) | dict.fromkeys(("tomorrow", "demain", "mañana", "domani", "imorgon", "amanhã"), 1)
_WHEN = {**WEEKDAYS, **_NEAR}
_WEEKDAY = re.compile(
    r"(?<![\w-])(?:" + "|".join(sorted(map(re.escape, _WHEN), key=lambda w: (-len(w), w))) + r")"
    r"(?![\w-])",
    re.I,
)
_WHOLE = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:?\d\d(?::\d\d)?\s?(?:Z|GMT|UTC|[+-]\d\d:?\d\d)?)?(?![\d:])"
    r"|\d{6}\s?[A-Z]{3}\s\w{3}\s\d{2,4}"
)
_NAMED_DAY = re.compile(
    rf"\b(?P<m>{_MONTHS})\b\.?,? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:\d)"
    r"(?:,? (?P<y>(?:1[89]|20)\d\d))?"
    r"|\b(?P<d2>\d{1,2})(?:st|nd|rd|th|\.|er|º|°)?(?:,? (?:of|de|d['’]))? ?"
    rf"(?P<m2>{_MONTHS})\b\.?"
    r"(?:(?:,| de| del)? (?P<y2>(?:1[89]|20)\d\d))?",
    re.I,
)
_NUMBER_DAY = re.compile(
    r"(?<![\d.:/-])(?:(?P<d>\d{1,2})(?P<s>[./-])(?P<m>\d{1,2})(?:(?P=s)(?P<y>\d{4}|\d\d)\b|(?P<open>\.))"
    r"|(?P<d2>\d{1,2})/(?P<m2>\d{1,2}))(?![\d/-])"
)
# Only Americans write the month first.
_NOT_ENGLISH = re.compile(
    r"\b(?:jusqu|avant|diffus|hasta|antes|bis|uhr|sperr|fino|sino|prima|ore|tot|uur|indtil|klausul|kl"
    r"|til|spärr|até|às|asti|saakka|do|до|heures?|horas?)\b|\b(?:sperr|spärr|spærr|jusqu|klausul)|\dh",
    re.I,
)
_ISO_DAY = re.compile(r"\b(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)\b")
# `BC-Ferry-Vote,ADV06`: what AP and others send ahead for the sixth, `ADV05-06` for a weekend.
_ADVANCE = re.compile(r"(?<![^\W_])adv\.? ?(?P<d>\d\d)(?: ?[-/] ?(?P<d2>\d\d))?(?![\w:])", re.I)
_DAYS_BACK = 7
_MONTH_DAYS = 31
# `10 horas de Madrid`, `10 heures locales`: the word belongs to the zone.
_OF_PLACE = (
    r" (?:(?:(?:de|del|da)\b ?|d['’] ?)(?!(?:de|del|el|día|dia)\b)[^\W\d]"
    r"|local|peninsular|espa|argentina|italian|franç)"
)
_CLOCK = re.compile(
    r"(?<![\d.:/-])(?P<h>[01]?\d|2[0-4])(?:"
    r" ?(?:[:.h]|uhr) ?(?P<i>[0-5]\d)(?::[0-5]\d)?(?!\d)"
    r"|(?P<i4>(?<=[0-2]\d)[0-5]\d)(?!\d)"
    rf"|(?P<bare>(?= ?(?:[ap]\.? ?m\b|{HOUR_WORD})))"
    r")(?P<half> ?(?P<ap>[ap])\.? ?m\b\.?)?(?P<word> ?" + HOUR_WORD + rf"(?!{_OF_PLACE}))?",
    re.I,
)
_LED_CLOCK = re.compile(
    r"(?<!\w)(?:kl|klokken|klockan|klo|at|um|ab|bis|à|a las|alle|alle ore|ore|às|om|o|godz\.?)\.? "
    r"(?P<h>[01]?\d|2[0-4])(?![\d.:/]|\. ?[^\W\d])",
    re.I,
)
# `11h00 de 6 de outubro (hora de Lisboa)`: the day, masked by then, stands between hour and zone.
_OF_DAY = r"(?:de|del|du|di|do|da|le|el|il|of|on|am|den|dem|op|om|på|in|the|día|dia)\b(?=[ .|]*\|)"
_NOON = re.compile(
    r"\b(?:12 )?(?:noon|midday|midi|mittag|12 uhr mittags|mediodía|mezzogiorno)\b", re.I
)
_MIDNIGHT = re.compile(
    r"\b(?:12 )?(?:midnight|minuit|mitternacht|medianoche|mezzanotte|middernacht|midnatt|midnat)\b",
    re.I,
)
_ZONE_WORD = re.compile(r"(?P<word>[A-ZÅÄÖ][A-ZÅÄÖ.]{1,5}(?:/[A-Z]{2,5})?)(?![\w])")
_NO_ZONES = frozenset(
    (
        *(
            "AM",
            "PM",
            "ON",
            "AT",
            "THE",
            "OF",
            "FOR",
            "AND",
            "OR",
            "IN",
            "BY",
            "TO",
            "HOURS",
            "HRS",
        ),
        *(
            "HOUR",
            "UHR",
            "TODAY",
            "TOMORROW",
            "UNTIL",
            "FROM",
            "DE",
            "LE",
            "EL",
            "DEN",
            "DEM",
            "DER",
        ),
        *(
            "IL",
            "DI",
            "DEL",
            "UM",
            "NOT",
            "NO",
            "IS",
            "A",
            "DAY",
            "RELEASE",
            "UND",
            "Y",
            "E",
            "LAS",
        ),
    )
)
# `For release on delivery, expected at 2 p.m.`: nobody knows the hour.
_EXPECTED = re.compile(
    r"\b(?:(?:at )?(?:about|around)(?= \d)|circa|cirka|ca(?=\.)|etwa|gegen"
    r"|omkring|omtrent|verso le|expected"
    r"|approximately|approx|estimated|voraussichtlich|ungefähr|prévue?|vers|environ"
    r"|previst[oa]|sobre las|alrededor|verwacht|omstreeks|forventet|beräknas)\b",
    re.I,
)
_LEADING = re.compile(
    r"^(?:\W|\b(?:until|till|to|at|on|for|from|after|the|bis|zum|den|dem|am|um|ab|fino|alle|al|del|il|"
    r"jusqu|au|à|le|hasta|el|las|la|a|até|às|tot|om|op|til|till|kl|du|von|of|release|use|papers|"
    r"editions|and|thereafter|before|date|time)\b)*",
    re.I,
)

_EASTERN = re.compile(r"[月日時时点點월일시]")
_EASTERN_DAY = re.compile(
    r"(?:(?P<y>\d{4})[年년] ?)?(?P<m>\d{1,2})[月월] ?(?P<d>\d{1,2})[日일]"
    r"(?: ?[(（][^()（）]{1,4}[)）])?"
)
_EASTERN_CLOCK = re.compile(
    r"(?:(?P<half>午前|午後|上午|下午|오전|오후) ?)?(?P<h>\d{1,2})[時时点點시]"
    r"(?: ?(?P<i>\d{1,2})[分분])?"
    r"|(?P<noon>正午|정오)"
)


# `8 de la tarde`, `6 Uhr abends`: half a day of its own, and no `mañana` that is tomorrow.
_HALF_DAY = re.compile(
    r"(?<![\d.:/-])(?P<h>\d|1[0-2])(?P<i> ?[:.h] ?[0-5]\d)?"
    r"(?: ?(?:horas?|heures?|uhr|uur|h|ore)\b)?,? (?:"
    r"(?P<late>(?:de|da|por) la (?:tarde|noche)|da (?:tarde|noite)|du soir|de l['’]apr[èe]s-midi"
    r"|del pomeriggio|di sera|della sera|abends|nachmittags|am (?:abend|nachmittag)"
    r"|['’]s (?:avonds|middags)|in the (?:afternoon|evening)|at night"
    r"|på (?:ettermiddagen|kvelden|eftermiddagen|kvällen|aftenen))"
    r"|(?:de|por) la (?:mañana|madrugada)|da (?:manhã|madrugada)|du matin"
    r"|d(?:el|i|ella) mattin[ao]|morgens|vormittags|früh|am (?:morgen|vormittag)"
    r"|['’]s (?:morgens|ochtends)|in the morning|på (?:morgenen|morgonen|formiddagen))(?!\w)",
    re.I,
)


@dataclass(frozen=True, slots=True)
class Embargo:
    """Holds what a line says: the moment until which a story is not to be used, UTC.

    `until` None: the line is an embargo whose end is not understood. `zoneless`: it gives an hour
    and no zone. `dayless`: it gives an hour and no day, and the story's own hour is not known.
    """

    until: datetime | None
    zoneless: bool = False
    dayless: bool = False


@cache
def _openings() -> dict[str, re.Pattern[str]]:
    """Return the patterns of each kind of words."""
    words: dict[str, list[str]] = {}
    for kind, _, found in tsv.rows("pipeline.parse.conventions", "embargo.tsv"):
        words.setdefault(kind, []).extend(found.split("||"))
    return {
        kind: re.compile(_OPENING + "(?:" + "|".join(found) + ")", re.I)
        for kind, found in words.items()
    }


@cache
def _words_of_languages() -> tuple[re.Pattern[str], dict[str, re.Pattern[str]]]:
    """Return the pattern of what stands before the words of any language, and that of each's own.

    Where they begin is looked for once: it costs more than the words do.
    """
    words: dict[str, list[str]] = {}
    for kind, language, found in tsv.rows("pipeline.parse.conventions", "embargo.tsv"):
        if kind != "none":
            words.setdefault(language, []).extend(found.split("||"))
    of_all = "|".join("|".join(found) for found in words.values())
    before = re.compile(f"{_OPENING}(?={of_all})", re.I)
    return before, {lang: re.compile("|".join(found), re.I) for lang, found in words.items()}


def is_embargo(text: str) -> bool:
    """Say whether a line sets an embargo, understood or not."""
    if len(text) > _MAX_CHARS or not _may_be(text):
        return False
    openings = _openings()
    if openings["none"].match(text):
        return False
    if lift := openings["lift"].match(text):
        return _is_lifted_at(text[lift.end() :])
    if openings["sure"].match(text):
        return True
    weak = openings["weak"].match(text)
    return weak is not None and _is_time(text[weak.end() :])


_HINTS = (
    *("embarg", "ambargo", "sperr", "spärr", "spærr", "klausul", "releas", "publi"),
    *("hold", "held", "veröff", "verwend", "frei", "diffus", "difund", "divulg"),
    *("diffond", "utili", "broadcast", "use", "air", "print", "distrib", "offentligg", "bringes"),
    *("julkais", "zveřej", "эмбарго", "ембарго", "публик", "yayın", "yayin", "adv"),
    *(
        "nicht vor",
        "verwert",
        "usar ",
        "en ligne",
        "gjengi",
        "användning",
        "papers",
        "editions",
        "transmission",
        "uitzend",
        "hfr",
        "bruk",
    ),
    *("解禁", "엠바고", "禁发", "禁發", "禁运", "禁運"),
    *("限时", "请勿", "請勿", "不得", "不可"),
    *("محظور", "ممنوع", "يحظر", "pubblic"),
)


@lru_cache(maxsize=1024)
def _may_be(text: str) -> bool:
    """Say whether a word is there that every embargo line has one of: most lines have none.

    A paragraph is asked about several times on its way.
    """
    low = text.lower()
    return any(map(low.__contains__, _HINTS))


def is_advance(slug: str) -> bool:
    """Say whether a slug says that its story is sent ahead: `BC-Ferry-Vote,ADV06`."""
    return "adv" in slug.casefold() and bool(_ADVANCE.search(slug))


def lifts_embargo(text: str) -> bool:
    """Say whether a line says that there is no embargo (`FOR IMMEDIATE RELEASE`, `Embargo.

    None`).
    """
    if len(text) > _MAX_CHARS or not _may_be(text):
        return False
    openings = _openings()
    lift = openings["lift"].match(text)
    return bool(openings["none"].match(text)) or (
        lift is not None and not _is_lifted_at(text[lift.end() :])
    )


def _is_lifted_at(rest: str) -> bool:
    """Say whether what follows `embargo lifted` is when it will be (`: Friday, 6 a.m.`)."""
    return bool(rest.strip(_ENDS)) and _is_time(rest)


def zone_of_words(text: str) -> tzinfo | None:
    """Return the zone that the language of an embargo's words speaks for.

    The language is the one that knows most of the line's first words. None where it, or one that
    knows as many, is at home in several zones.
    """
    before, own = _words_of_languages()
    if not (begin := before.match(text)):
        return None
    ends = {
        language: found.end()
        for language, words in own.items()
        if (found := words.match(text, begin.end()))
    }
    most = max(ends.values(), default=0)
    zones = [zone_of_language(language) for language in sorted(ends) if ends[language] == most]
    return zones[0] if zones and all(zones) else None


def _is_time(rest: str) -> bool:
    """Say whether what follows `FOR RELEASE` or `EMBARGO` is nothing, or begins with a time."""
    leading = _LEADING.match(rest)
    rest = rest[leading.end() :] if leading else rest
    if not rest.strip(_ENDS):
        return True
    patterns = (_WHOLE, _NAMED_DAY, _NUMBER_DAY, _CLOCK, _WEEKDAY, _NOON, _MIDNIGHT)
    return any(pattern.match(rest) for pattern in patterns)


def read_embargo(
    text: str, near: datetime | None, *, day_only: bool = True, home: tzinfo | None = None
) -> Embargo:
    """Return the embargo that a line gives.

    A day without a year is the one next to the story's own (`near`, of which `day_only` says that
    its hour is not known); a weekday is the first from that day on, an hour without a day the first
    from then on, where the story's hour is not known that of the day after. A day without an hour
    ends the embargo with its beginning, `midnight` with its end. An hour without a zone is that of
    `home`, else of the last zone on Earth; with a zone that is not known nothing is understood. Of
    two readings of a day in numbers (10/6/2027) the later one counts.
    """
    text = _HALF_DAY.sub(_whole_day, _western(text))
    for found in _WHOLE.finditer(text):
        when = dates.moment(found[0])
        if when and when.precision != "day" and not _zone_after(text, found.end()):
            zoneless = when.utc_offset_min is None
            return Embargo(zoned_end(when, home), zoneless)
    days, spans = _days(text, near)
    if (spans and not days) or _EXPECTED.search(text):
        return Embargo(None)
    rest = text
    for begin, end in spans:
        rest = f"{rest[:begin]}{'|' * (end - begin)}{rest[end:]}"
    clock = _clock(rest)
    if clock is None:
        return Embargo(None)
    found_at, hour, zone = clock
    if not days:
        if not near or not found_at:
            return Embargo(None)
        until = _at(near.date(), hour, zone or home or LATEST)
        if day_only or until <= near:  # a story of that day may have been sent after that hour
            until += timedelta(days=1)
        return Embargo(until, zone is None, day_only)
    until = max(_at(day, hour, zone or (home or LATEST if found_at else UTC)) for day in days)
    if near and not day_only and _is_weekday(text, spans) and until <= near:
        until += timedelta(days=7)
    return Embargo(until, bool(found_at) and zone is None)


def _western(text: str) -> str:
    """Return the line with days and hours as Japanese, Chinese and Korean write them in our own
    way."""
    if not _EASTERN.search(text):
        return text
    text = unicodedata.normalize("NFKC", text)
    for pattern, write in ((_EASTERN_CLOCK, _written_clock), (_EASTERN_DAY, _written_day)):
        text = pattern.sub(write, text)
    return text


def _whole_day(found: re.Match[str]) -> str:
    """Return an hour of half a day as one of the whole day: `8 de la tarde` as `20:00`."""
    late = (found["late"] or "").casefold()
    hour = int(found["h"])
    if late and (hour < 12 or "noche" in late or "noite" in late or "night" in late):
        hour += 12
    return f"{hour:02}:{(found['i'] or '00')[-2:]} "


def _written_clock(found: re.Match[str]) -> str:
    late = found["half"] in {"午後", "下午", "오후"}
    hour = 12 if found["noon"] else int(found["h"]) % (12 if found["half"] else 25) + 12 * late
    return f" {hour:02}:{int(found['i'] or 0):02} "


def _written_day(found: re.Match[str]) -> str:
    month, day = int(found["m"]), int(found["d"])
    whole = f"{found['y']}-{month:02}-{day:02}" if found["y"] else f"{day}.{month}."
    return f" {whole} "


def _zone_after(text: str, end: int) -> bool:
    """Say whether a zone is named behind a time that was read without one."""
    return bool(re.match(r" ?(?!GMT|UTC|Z)[A-Z]{2,5}\b", text[end:]))


def zoned_end(moment: Moment, home: tzinfo | None) -> datetime:
    """Return the end of an embargo that a moment gives.

    An hour without a zone is taken as in `read_embargo`.
    """
    if moment.utc_offset_min is not None or moment.precision == "day":
        return moment.at
    return in_utc(moment.at.replace(tzinfo=None), home or LATEST)


def _at(day: date, hour: timedelta, zone: tzinfo) -> datetime:
    return in_utc(datetime.combine(day, time()) + hour, zone)


def _is_weekday(text: str, spans: list[tuple[int, int]]) -> bool:
    """Say whether the day was given as a weekday alone."""
    return len(spans) == 1 and text[slice(*spans[0])].casefold() in WEEKDAYS


def _days(text: str, near: datetime | None) -> tuple[list[date], list[tuple[int, int]]]:
    """Return the days that a line may mean, and where it says so; spans without days: none
    understood."""
    spans = [match.span() for match in _WEEKDAY.finditer(text)]
    for read in (_named_day, _advance_day, _iso_day):
        if stated := read(text, near):
            found, span = stated
            return ([found] if found else []), [*spans, span]
    numbers = next(filter(_is_day, _NUMBER_DAY.finditer(text)), None)
    if numbers:
        american = not _NOT_ENGLISH.search(text)
        return _by_number(numbers, near, american), [*spans, numbers.span()]
    if not spans:
        return [], []
    word = text[slice(*spans[0])].casefold()
    if near is None:
        return [], spans
    step = _NEAR[word] if word in _NEAR else (WEEKDAYS[word] - near.weekday()) % 7
    return [near.date() + timedelta(days=step)], spans


def _named_day(text: str, near: datetime | None) -> tuple[date | None, tuple[int, int]] | None:
    found = _NAMED_DAY.search(text)
    if not found:
        return None
    number, month = int(found["d"] or found["d2"]), dates.month(found["m"] or found["m2"])
    of_year = "y" if found["y"] else "y2"
    year, (begin, end) = found[of_year], found.span()
    if year and _is_hour_of_day(text, *found.span(of_year), near):
        year, end = None, found.start(of_year)
    return _of_year(year, month, number, near), (begin, end)


def _is_hour_of_day(text: str, begin: int, end: int, near: datetime | None) -> bool:
    """Say whether four digits behind a day that could be a year are an hour: "6 Oct 1900 GMT".

    A zone or a word for hours stands behind an hour; else it is one where the year would lie far
    from the story's own. Where the text gives another hour, a year close to the story's is one.
    """
    if not dates.could_be_hour(text[begin:end]):
        return False
    year = int(text[begin:end])
    others = f"{text[:begin]}||||{text[end:]}"
    has_other = any(map(_is_clock, _CLOCK.finditer(others)))
    is_close = near is not None and abs(year - near.year) <= 1
    if is_hour(text, begin, end, " ,("):
        return not (is_close and has_other)
    return near is not None and not is_close and not has_other


def _advance_day(text: str, near: datetime | None) -> tuple[date | None, tuple[int, int]] | None:
    """Return the day of a month that a story was sent ahead for; it may be repeated days later."""
    found = _ADVANCE.search(text)
    if not found:
        return None
    number = int(found["d2"] or found["d"])
    first = near.date() - timedelta(days=_DAYS_BACK) if near else None
    days = (first + timedelta(days=step) for step in range(_MONTH_DAYS)) if first else ()
    return next((day for day in days if day.day == number), None), found.span()


def _iso_day(text: str, near: datetime | None) -> tuple[date | None, tuple[int, int]] | None:  # noqa: ARG001
    found = _ISO_DAY.search(text)
    return (
        (dates.day(int(found["y"]), int(found["m"]), int(found["d"])), found.span())
        if found
        else None
    )


def _is_day(match: re.Match[str]) -> bool:
    """Tell days (`6.10.`, `06/10`) from hours (`10.00`)."""
    first, second = int(match["d"] or match["d2"]), int(match["m"] or match["m2"])
    return 1 <= first <= 31 and 1 <= second <= 31 and min(first, second) <= 12


def _by_number(match: re.Match[str], near: datetime | None, american: bool) -> list[date]:
    first, second, year = int(match["d"] or match["d2"]), int(match["m"] or match["m2"]), match["y"]
    pairs = [(first, second)]
    if american and match["s"] != "." and match["open"] is None:
        pairs.append((second, first))
    found = (_of_year(year, month, day, near) for day, month in pairs)
    return [day for day in found if day]


def _of_year(
    year: str | None, month: int | None, number: int, near: datetime | None
) -> date | None:
    if month is None or not 1 <= month <= 12:
        return None
    if year:
        whole = int(year) if len(year) > 2 else 2000 + int(year)
        return dates.day(whole, month, number)
    return dates.nearest_year(month, number, near.date()) if near else None


def _clock(text: str) -> tuple[bool, timedelta, tzinfo | None] | None:
    """Say whether an hour is given, the time since midnight, its zone; None for an unknown zone."""
    for pattern, hours in ((_NOON, 12), (_MIDNIGHT, 24)):
        word = pattern.search(text)
        if word:
            return _zoned(text, word.end(), timedelta(hours=hours))
    match = next(filter(_is_clock, _CLOCK.finditer(text)), None) or _LED_CLOCK.search(text)
    if not match:
        return (False, timedelta(), None)
    parts = match.groupdict()
    hour, minute = int(parts["h"]), int(parts.get("i") or parts.get("i4") or 0)
    if parts.get("ap"):
        hour = hour % 12 + (12 if parts["ap"].lower() == "p" else 0)
    return _zoned(text, match.end(), timedelta(hours=hour, minutes=minute))


def _is_clock(match: re.Match[str]) -> bool:
    return bool(match["i"] or match["i4"] or match["half"] or match["bare"] is not None)


def _zoned(text: str, end: int, hour: timedelta) -> tuple[bool, timedelta, tzinfo | None] | None:
    rest = text[end:].lstrip(" ,(|")
    rest = re.sub(rf"^(?:uhr|hours|hrs|on|{_OF_DAY}|\W)+", "", rest, flags=re.I)
    zone = zone_at(rest)
    if zone:
        return True, hour, zone[0]
    if LOCAL.match(rest):
        return None
    word = _ZONE_WORD.match(rest)
    name = word["word"].strip(".").casefold() if word else ""
    if word and name.upper() not in _NO_ZONES and name not in _WHEN and not dates.month(name):
        return None
    return True, hour, None
