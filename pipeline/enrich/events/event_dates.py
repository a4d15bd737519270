"""When an act was done, resolved against the story's date alone; no clock is read.

Rules instead of a date library: what is said ("on Tuesday", "in September", "earlier this month")
is a closed set, and each answer is a first and a last day. A weekday without more is the last one
up to the story's day; under "next" or a future verb it is the next one (the wire's usage).
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

from pipeline.model import Event

MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
_SHORT = {month[:3]: number for number, month in enumerate(MONTHS, start=1)} | {"sept": 9}
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_COUNTS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
_NUMBERS = {**{word: number for number, word in enumerate(_COUNTS)}, "a": 1, "an": 1}


def _month(group: str) -> str:
    return rf"(?P<{group}>{'|'.join([*MONTHS, *_SHORT])})\.?"


def _year(group: str) -> str:
    return rf"(?:,?\s+(?P<{group}>\d{{4}}))?"


_EXPRESSION = re.compile(
    r"\b(?:"
    rf"(?P<day1>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+{_month('month')}{_year('year1')}"
    rf"|{_month('month2')}\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b{_year('year2')}"
    rf"|(?P<in>in|since|during|of|early|late|mid|last|next|this)[\s-]+{_month('month3')}"
    rf"{_year('year3')}"
    rf"|(?P<relday>last|next|this|on)?\s*(?P<weekday>{'|'.join(DAYS)})\b"
    r"|(?P<which>last|next|this|past|previous|coming)\s+(?P<unit>week|month|year|weekend)"
    rf"|(?P<count>\d{{1,2}}|{'|'.join(_NUMBERS)})\s+(?P<ago>day|week|month|year)s?\s+ago"
    r"|(?P<word>today|yesterday|tomorrow|tonight)"
    r"|in\s+(?P<year>(?:19|20)\d\d)"
    r")\b",
    re.IGNORECASE,
)

Days = tuple[date, date | None]


def _month_days(year: int, month: int) -> Days:
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])


def _month_number(name: str) -> int:
    lower = name.lower().rstrip(".")
    return MONTHS.index(lower) + 1 if lower in MONTHS else _SHORT[lower]


def _day(day: int, month: int, year: str | None, base: date, future: bool) -> Days | None:
    try:
        if year:
            return date(int(year), month, day), None
        found = date(base.year, month, day)
        if found > base + timedelta(days=7) and not future:
            found = date(base.year - 1, month, day)
        elif future and found < base - timedelta(days=7):
            found = date(base.year + 1, month, day)
    except ValueError:
        return None
    return found, None


def _unit(which: str, unit: str, base: date) -> Days:
    step = {"last": -1, "past": -1, "previous": -1, "next": 1, "coming": 1}.get(which.lower(), 0)
    if unit.lower() == "year":
        year = base.year + step
        return date(year, 1, 1), date(year, 12, 31)
    if unit.lower() == "month":
        index = base.year * 12 + base.month - 1 + step
        return _month_days(index // 12, index % 12 + 1)
    monday = base - timedelta(days=base.weekday()) + timedelta(weeks=step)
    if unit.lower() == "weekend":
        return monday + timedelta(days=5), monday + timedelta(days=6)
    return monday, monday + timedelta(days=6)


def _weekday(name: str, relation: str, base: date, future: bool) -> Days:
    wanted = DAYS.index(name.lower())
    if relation.lower() == "next" or future:
        ahead = (wanted - base.weekday()) % 7
        return base + timedelta(days=ahead or (7 if relation.lower() == "next" else 0)), None
    back = (base.weekday() - wanted) % 7
    return base - timedelta(days=back or (7 if relation.lower() == "last" else 0)), None


def _ago(count: str, unit: str, base: date) -> Days:
    number = int(count) if count.isdigit() else _NUMBERS[count.lower()]
    if unit == "day":
        return base - timedelta(days=number), None
    if unit == "week":
        day = base - timedelta(weeks=number)
        return day - timedelta(days=3), day + timedelta(days=3)
    if unit == "month":
        index = base.year * 12 + base.month - 1 - number
        return _month_days(index // 12, index % 12 + 1)
    return date(base.year - number, 1, 1), date(base.year - number, 12, 31)


def _resolve(match: re.Match[str], base: date, future: bool) -> Days | None:
    get = match.groupdict().get
    result: Days | None = None
    if get("day1") and get("month"):
        result = _day(int(match["day1"]), _month_number(match["month"]), get("year1"), base, future)
    elif get("month2"):
        result = _day(
            int(match["day2"]), _month_number(match["month2"]), get("year2"), base, future
        )
    elif get("month3"):
        month = _month_number(match["month3"])
        year = int(match["year3"]) if get("year3") else base.year
        if not get("year3") and month > base.month and not future and match["in"].lower() != "next":
            year -= 1
        elif not get("year3") and month < base.month and (future or match["in"].lower() == "next"):
            year += 1
        result = _month_days(year, month)
    elif get("weekday"):
        result = _weekday(match["weekday"], get("relday") or "", base, future)
    elif get("unit"):
        result = _unit(match["which"], match["unit"], base)
        first, last = result
        # "this weekend" on a Thursday has not begun: it is meant whole.
        if match["which"].lower() == "this" and last and first <= base < last and not future:
            result = first, base
    elif get("ago"):
        result = _ago(match["count"], match["ago"].lower(), base)
    elif get("word"):
        shift = {"yesterday": -1, "tomorrow": 1}.get(match["word"].lower(), 0)
        result = base + timedelta(days=shift), None
    elif get("year"):
        result = date(int(match["year"]), 1, 1), date(int(match["year"]), 12, 31)
    return result


def event_days(
    text: str, trigger: int, base: date | None, future: bool = False, reach: int = 160
) -> Days | None:
    """Return the first and last day that `text` gives for the act with its trigger at `trigger`.

    The expression nearest to the trigger counts, within `reach` characters and without one of
    another clause between them where that can be seen. None when nothing is said, or when the
    story has no date to count from.
    """
    if base is None:
        return None
    best: tuple[int, Days] | None = None
    for match in _EXPRESSION.finditer(text):
        if match.group().lower() == "may":
            continue
        distance = match.start() - trigger if match.start() >= trigger else trigger - match.end()
        between = text[min(trigger, match.start()) : max(trigger, match.end())]
        if re.search(r"\b(?:which|who|after|before|since|until|because|although)\b|;", between):
            distance += 100
        if match.start() < trigger:
            distance = distance // 2 if match.start() < 25 else distance + 20
        if distance > reach:
            continue
        try:
            days = _resolve(match, base, future)
        except (OverflowError, ValueError):
            continue
        if days is not None and (best is None or distance < best[0]):
            best = distance, days
    return best[1] if best else None


_LONG_AGO_DAYS = 365


def is_historical(event: Event, day: date | None) -> bool:
    """Say whether an act lies long before its story, by what the sentence says of its date."""
    if event.event_date is None or day is None or event.hypothetical:
        return False
    last = event.event_date_end or event.event_date
    return (day - last).days > _LONG_AGO_DAYS
