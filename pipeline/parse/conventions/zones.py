"""Which offset from UTC a zone's name stands for at a given hour; the table is `zones.tsv`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline import tsv
from pipeline.parse.text.dates import could_be_hour

_OFFSET = re.compile(
    r"(?:(?:GMT|UTC)\s?)?(?P<sign>[+\u2212-])(?P<h>\d{1,2})(?::?(?P<m>[0-5]\d))?(?!\d)", re.I
)

HOUR_WORD = r"(?:uhr|hours?|hrs?|horas?|heures?|uur|ore|h|hs|godz)\b\.?"
"""The words for hours that stand behind one, as a pattern."""
_HOURS = re.compile(HOUR_WORD, re.I)
LOCAL = re.compile(
    r"(?:\(?local(?: time)?|ortszeit|heure locale|hora local|ora locale|lokal tid|plaatselijke tijd"
    r"|(?:hora|heures?|ora) (?:de(?: la)? |d['’]|di )(?-i:[^\W\d_a-zà-ÿ])\w+"  # noqa: RUF001
    r"|(?-i:[A-Z][a-zé]+(?: [A-Z][a-zé]+)?) time)\b",
    re.I,
)
"""A zone that is named by its place alone."""


@cache
def _zones() -> dict[str, str]:
    """Return the zone of each name, the name in small letters."""
    rows = tsv.rows("pipeline.parse.conventions", "zones.tsv")
    return {name: zone for zone, names in rows for name in names.split("|")}


@cache
def _pattern() -> re.Pattern[str]:
    names = sorted(_zones(), key=lambda name: (-len(name), name))
    return re.compile(rf"(?:{'|'.join(map(re.escape, names))})(?!\w)", re.I)


def zone_at(text: str) -> tuple[tzinfo, int] | None:
    """Return the zone that `text` begins with, by name or offset, and where it ends.

    None if none.
    """
    offset = _OFFSET.match(text)
    if offset:
        minutes = int(offset["h"]) * 60 + int(offset["m"] or 0)
        if minutes > 15 * 60:
            return None
        signed = minutes if offset["sign"] == "+" else -minutes
        return timezone(timedelta(minutes=signed)), offset.end()
    named = _pattern().match(text)
    if not named:
        return None
    zone = _zone(_zones()[named[0].casefold()])
    return (zone, named.end()) if zone else None


@cache
def _zone(name: str) -> tzinfo | None:
    if "/" not in name:
        return timezone(timedelta(hours=float(name)))
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        return None


def is_hour(text: str, begin: int, end: int, between: str = " ") -> bool:
    """Say whether four digits that could be a year are an hour: "6 Oct 1900 GMT".

    A zone or a word for hours stands behind an hour, with nothing but `between` before it.
    """
    if not could_be_hour(text[begin:end]):
        return False
    rest = text[end:].lstrip(between)
    return bool(zone_at(rest) or _HOURS.match(rest) or LOCAL.match(rest))


LATEST = timezone(timedelta(hours=-12))
"""The zone in which an hour comes last on Earth."""


_LANGUAGES = {
    "cs": "Europe/Prague",
    "da": "Europe/Copenhagen",
    "de": "Europe/Berlin",
    "fi": "Europe/Helsinki",
    "it": "Europe/Rome",
    "ja": "Asia/Tokyo",
    "ko": "Asia/Seoul",
    "nb": "Europe/Oslo",
    "nl": "Europe/Amsterdam",
    "pl": "Europe/Warsaw",
    "sv": "Europe/Stockholm",
    "tr": "Europe/Istanbul",
}


@cache
def _desks() -> dict[str, str]:
    rows = tsv.rows("pipeline.parse.conventions", "desks.tsv")
    return {name: zone for zone, names in rows for name in names.split("|")}


def zone_of_desk(provider: str | None) -> tzinfo | None:
    """Return the zone in which a national agency gives hours that name none; None for any other."""
    name = _desks().get(provider or "")
    return _zone(name) if name else None


def zone_of_language(language: str) -> tzinfo | None:
    """Return the zone of the countries that write a language; None where these have several."""
    name = _LANGUAGES.get(language)
    return _zone(name) if name else None


def in_utc(local: datetime, zone: tzinfo) -> datetime:
    """Return the moment of a local time.

    Of an hour that comes twice (clocks set back) the later one.
    """
    return max(local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
