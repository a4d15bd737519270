"""Embargo lines of plain text: `EMBARGOED UNTIL 1200 GMT, March 5`, `Sperrfrist 5. März, 14.00`."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta

from pipeline.parse.text import dates

_LINE = re.compile(
    r"^\W{0,4}(?:(?:strictly )?(?:embargo(?:ed)?|under embargo|embargado|sous embargo|sperrfrist)\b"
    r"|(?:not for (?:release|publication|use)|hold (?:for release )?) (?:before|until)\b"
    r"|for release (?:after|at|on)\b)",
    re.I,
)
_WHOLE = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:?\d\d(?::\d\d)?\s?(?:Z|GMT|UTC|[+-]\d\d:?\d\d)?)?"
    r"|\d{6}\s?[A-Z]{3}\s\w{3}\s\d{2,4}"
)
_MONTHS = "|".join(re.escape(name) for name in dates.month_names())
_DAY = re.compile(
    rf"\b(?P<m>{_MONTHS})\b\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (?P<y>\d{{4}}))?"
    rf"|\b(?P<d2>\d{{1,2}})(?:st|nd|rd|th|\.|er)?(?: de)? (?P<m2>{_MONTHS})\b\.?"
    r"(?:(?:,| de)? (?P<y2>\d{4}))?",
    re.I,
)
_CLOCK = re.compile(
    r"(?<![\d.:-])(?P<h>[01]?\d|2[0-3])(?:[:.h]?(?P<i>[0-5]\d)|(?= ?[ap]\.?m))"
    r"(?: ?(?P<half>[ap])\.?m\.?)?(?: (?:hours|uhr|horas))?"
    r"(?: ?(?P<z>GMT|UTC|Z|[ECB]S?[DES]?T|CEST))?"
    r"(?!\d)",
    re.I,
)
_ZONES = {"EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "CET": 1, "CEST": 2, "BST": 1}


def is_embargo(text: str) -> bool:
    """Whether a line sets an embargo: it gives a time, or says nothing but that there is one."""
    match = _LINE.match(text)
    if not match:
        return False
    return bool(re.search(r"\d", text)) or not text[match.end() :].strip(" :.-*)")


def read_embargo(text: str, near: date | None) -> datetime | None:
    """The moment that an embargo line gives, UTC; a day without a year is the one next to `near`.

    A time without a zone counts as UTC; a day without a time ends with the day's beginning.
    """
    for found in _WHOLE.findall(text):
        when = dates.moment(found)
        if when:
            return when.at
    match = _DAY.search(text)
    if not match:
        return None
    number, month = int(match["d"] or match["d2"]), dates.month(match["m"] or match["m2"])
    year = match["y"] or match["y2"]
    if year:
        day = dates.day(int(year), month, number)
    else:
        day = dates.nearest_year(month, number, near) if near and month else None
    if not day:
        return None
    rest = f"{text[: match.start()]} | {text[match.end() :]}"
    clock = next((c for c in _CLOCK.finditer(rest) if c["i"] or c["half"]), None)
    return datetime.combine(day, time(), UTC) + (_since_midnight(clock) if clock else timedelta())


def _since_midnight(clock: re.Match[str]) -> timedelta:
    hour = int(clock["h"])
    if clock["half"]:
        hour = hour % 12 + (12 if clock["half"].lower() == "p" else 0)
    zone = _ZONES.get((clock["z"] or "").upper(), 0)
    return timedelta(hours=hour - zone, minutes=int(clock["i"] or 0))
