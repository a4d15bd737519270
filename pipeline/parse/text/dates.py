"""Dates and times as wire formats write them, without a look at the clock.

A date that is not complete is completed from the story's own date or not at all. What is outside
the years 1700 to 2200, or no date of the calendar, is None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import cache

from pipeline import tsv
from pipeline.parse.draft import Precision


@dataclass(frozen=True, slots=True)
class Moment:
    """A time in UTC, how exactly it was given, and the offset it was given in (None: no zone)."""

    at: datetime
    precision: Precision
    utc_offset_min: int | None = None


_ISO = re.compile(
    r"^(?P<y>\d{4})-?(?P<m>\d\d)-?(?P<d>\d\d)"
    r"(?:[T ]\s*(?P<H>\d\d)(?::?(?P<M>\d\d)(?::?(?P<S>\d\d)(?:[.,]\d+)?)?)?\s*"
    r"(?P<z>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?$",
    re.I,
)
_WIRE = re.compile(
    r"^(?P<d>\d{1,2})[- ](?P<mon>[^\W\d_]{3,9})\.?[-, ]+(?P<y>\d{4}|\d\d)"
    r"(?:\s+(?P<H>\d{1,2})(?::|(?<=\d\d)(?=\d\d\s*[ZUG]))(?P<M>\d\d)(?::(?P<S>\d\d)(?:\.\d+)?)?"
    r")?\s*(?P<z>Z|UTC|GMT)?$"
)
# Only those write dots who write the day first; years of two digits would be hours as well.
_DOTTED = re.compile(
    r"^(?P<d>\d{1,2})\.\s?(?P<m>\d{1,2})\.\s?(?P<y>\d{4})"
    r"(?:,?\s+(?P<H>\d{1,2})[:.](?P<M>\d\d)(?::(?P<S>\d\d))?(?: Uhr)?)?(?P<z>)$"
)
_DDHHMM = re.compile(
    r"^(\d\d)(\d\d)(\d\d)(?:\s*([A-Z]{1,4}))?\s+([^\W\d_]{3})\w*\s+(\d{4}|\d\d)$", re.I
)
_ZONE_HOURS = {"GMT": 0, "UTC": 0, "Z": 0, "EST": -5, "EDT": -4, "CET": 1, "CEST": 2, "BST": 1}
_ABSURD_BEFORE, _ABSURD_AFTER = 1700, 2200


@cache
def _months() -> dict[str, int]:
    table: dict[str, int] = {}
    for number, names in tsv.rows("pipeline.parse.text", "months.tsv"):
        table.update((name.replace("_", " "), int(number)) for name in names.split())
    return table


def month(name: str) -> int | None:
    """Return the month's number for its name or abbreviation in a language of the table."""
    return _months().get(name.strip(". ").casefold())


def month_names() -> tuple[str, ...]:
    """Return all names and abbreviations, longest first."""
    return tuple(sorted(_months(), key=lambda name: (-len(name), name)))


def day(year: int, month_number: int | None, day_number: int) -> date | None:
    """Return the date; None where the calendar has none such, or no wire did exist."""
    if month_number is None or not _ABSURD_BEFORE <= year <= _ABSURD_AFTER:
        return None
    try:
        return date(year, month_number, day_number)
    except ValueError:
        return None


def moment(text: str | None) -> Moment | None:
    """Return a date or time in ISO 8601 (basic or extended), RFC 5322, `26-FEB-1987 15:01:01.79` or
    `281530 GMT Nov 23`; None for anything else. A time without a zone counts as UTC.
    """
    if not text:
        return None
    text = text.strip()
    match = _ISO.match(text) or _WIRE.match(text) or _DOTTED.match(text)
    if match:
        return _from_parts(match.groupdict())
    match = _DDHHMM.match(text)
    if match:
        return _from_wire(match)
    return _rfc5322(text)


def _from_parts(parts: dict[str, str | None]) -> Moment | None:
    named = parts.get("mon")
    number = month(named) if named else int(parts["m"] or 0)
    found = day(full_year(parts["y"] or "0"), number, int(parts["d"] or 0))
    if not found:
        return None
    hour = parts.get("H")
    if hour is None:
        # "6 Oct 1900 GMT" gives an hour, and no year.
        is_yearless = named and parts.get("z") and could_be_hour(parts["y"] or "")
        return None if is_yearless else midnight(found)
    offset = _offset(parts.get("z"))
    seconds = parts.get("S")
    clock = (int(hour), int(parts.get("M") or 0), int(seconds or 0))
    return _moment(found, clock, offset, "minute" if seconds is None else "second")


def _moment(
    found: date, clock: tuple[int, int, int], offset: int | None, precision: Precision
) -> Moment | None:
    hour, minute, second = clock
    try:
        zone = timezone(timedelta(minutes=offset or 0))
        second = min(second, 59)
        local = datetime(found.year, found.month, found.day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
    return Moment(local.astimezone(UTC), precision, offset)


def _from_wire(match: re.Match[str]) -> Moment | None:
    day_text, hour, minute, zone, month_text, year = match.groups()
    found = day(full_year(year), month(month_text), int(day_text))
    hours = _ZONE_HOURS.get(zone.upper()) if zone else None
    if not found or (zone and hours is None):
        return None
    offset = None if hours is None else hours * 60
    return _moment(found, (int(hour), int(minute), 0), offset, "minute")


def _rfc5322(text: str) -> Moment | None:
    if not re.search(r"\d{1,2} \w{3,9} \d{2,4}", text):
        return None
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if not _ABSURD_BEFORE <= found.year <= _ABSURD_AFTER:
        return None
    offset = found.utcoffset()
    minutes = None if offset is None else int(offset.total_seconds() // 60)
    aware = found if found.tzinfo else found.replace(tzinfo=UTC)
    precision: Precision = "second" if re.search(r":\d\d:\d\d", text) else "minute"
    return Moment(aware.astimezone(UTC), precision, minutes)


def _offset(zone: str | None) -> int | None:
    if not zone:
        return None
    if zone.upper() in {"Z", "UTC", "GMT"}:
        return 0
    digits = zone[1:].replace(":", "")
    minutes = int(digits[:2]) * 60 + int(digits[2:] or 0)
    return -minutes if zone.startswith("-") else minutes


def could_be_hour(digits: str) -> bool:
    """Say whether four digits that could be a year may be an hour of the day: 1900, not 1987."""
    return len(digits) == 4 and int(digits[:2]) <= 24 and int(digits[2:]) < 60


def full_year(text: str) -> int:
    """Return the year of a number; two digits are of 1970 to 2069, as POSIX has it."""
    year = int(text)
    return year if len(text) > 2 else year + (2000 if year < 70 else 1900)


def midnight(found: date) -> Moment:
    """Return the day as a moment: midnight UTC."""
    return Moment(datetime(found.year, found.month, found.day, tzinfo=UTC), "day")


def nearest_year(month_number: int, day_number: int, near: date) -> date | None:
    """Return the date of that month and day that is nearest to `near`.

    Datelines leave out the year.
    """
    found = [day(near.year + step, month_number, day_number) for step in (-1, 0, 1)]
    return min((d for d in found if d), key=lambda d: abs((d - near).days), default=None)
