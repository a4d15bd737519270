"""What the articles of press databases have in common: their times, names, sections and languages.

The databases themselves are beside it: `nexis.py`, `factiva.py`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from pipeline.model import Code
from pipeline.parse import fields
from pipeline.parse.conventions.wiretext import with_moment
from pipeline.parse.draft import Draft, replace
from pipeline.parse.markup.flow import Flow
from pipeline.parse.text import dates
from pipeline.parse.text.clean import line
from pipeline.parse.text.dates import Moment
from pipeline.parse.text.paragraphs import split_paragraphs, tidy_paragraphs

COPYRIGHT = re.compile(
    r"^(?:Copyright|\(c\)|©|\(Copyright\)|All Rights Reserved|Alle Rechte vorbehalten"
    r"|Tous droits réservés|Todos los derechos reservados|Tutti i diritti riservati"
    r"|Alle rechten voorbehouden|Todos os direitos reservados)",
    re.I,
)
EDITION = re.compile(
    r"^(?:[^\W\d_][\w-]*\W{1,3}){0,4}(?:\w*ausgabe|edition|édition|edición|edizione|editie|edição)"
    r"(?:\W{1,3}\w+){0,3}$",
    re.I,
)
LABEL_WORDS = 12
"""A field of no more words is a label of the database, not a part of the article."""
_MONTH_FIRST = re.compile(
    r"^(?:[^\W\d_]+,? )?([^\W\d_]{3,10})\.? (\d{1,2}),? (\d{4})(?:,? [^\W\d_]+day)?"
    r"(?:,? (\d{1,2}):(\d\d) ?([AP]M))?(?: ([A-Z]{2,5}))?$",
    re.I,
)
_DAY_FIRST = re.compile(
    r"^(?:[^\W\d_]+,? )?(\d{1,2})\.? (?:de )?([^\W\d_]{3,10})\.? (?:de )?(\d{4})(?:,? [^\W\d_]+)?"
    r"(?:,? (\d{1,2}):(\d\d) ?([AP]M|Uhr)?)?(?: ([A-Z]{2,5}))?$",
    re.I,
)
_ZONES = {"GMT": 0, "UTC": 0, "EST": -300, "EDT": -240, "ET": None, "BST": 60, "CET": 60}
_LANGUAGES = {"ENGLISH": "en", "GERMAN": "de", "DEUTSCH": "de", "FRENCH": "fr", "FRANÇAIS": "fr",
              "SPANISH": "es", "ESPAÑOL": "es", "ITALIAN": "it", "DUTCH": "nl", "PORTUGUESE": "pt",
              "FRANCAIS": "fr", "ITALIANO": "it", "NEDERLANDS": "nl", "DANISH": "da",
              "SWEDISH": "sv", "NORWEGIAN": "no", "POLISH": "pl", "ENGLISCH": "en",
              "PORTUGUÊS": "pt", "ANGLAIS": "en", "INGLÉS": "en", "INGLESE": "en",
              "FRANZÖSISCH": "fr", "SPANISCH": "es", "ALLEMAND": "de"}  # fmt: skip
_COUNTED_WORDS = r"[\d.,]{1,8} (?:words|Wörter|mots|palabras|parole|woorden|palavras)"
WORDS = re.compile(rf"^{_COUNTED_WORDS}$")
# `Olaf Lind contributed reporting.` behind the names of a byline.
_NOT_NAMED = re.compile(r"\bcontribut(?:ed|ing)\b|\bassisted\b|\bhat mitgearbeitet\b", re.I)


def language_named(word: str | None) -> str | None:
    """Return the ISO 639-1 code of a language that a field names: `GERMAN; DEUTSCH`."""
    return _LANGUAGES.get((word or "").split(";")[0].strip().upper())


def composed(
    draft: Draft,
    body: list[str],
    published: Moment | None,
    text: str,
    aside: Sequence[str] = (),
) -> Draft:
    """Return the draft with its body; `text` is the whole document, `aside` its labels."""
    read = fields.with_body(with_moment(draft, published), Flow(tidy_paragraphs(body)))
    return replace(read, delivered=text, set_aside=(*read.set_aside, *aside))


def body_of(lines: list[str]) -> list[str]:
    """Return the paragraphs of the lines of a text."""
    return split_paragraphs("\n".join(lines).strip("\n"))


def stated_moment(text: str) -> Moment | None:
    """Return the moment that a line gives which is nothing else: `October 5, 2026 Monday`."""
    text = text.strip()
    if match := _MONTH_FIRST.match(text):
        month, day, year = dates.month(match[1]), int(match[2]), int(match[3])
        return _at(dates.day(year, month, day), match)
    if match := _DAY_FIRST.match(text):
        return _at(dates.day(int(match[3]), dates.month(match[2]), int(match[1])), match)
    return None


def _at(day: date | None, match: re.Match[str]) -> Moment | None:
    if day is None:
        return None
    zone = (match[7] or "").upper()
    if not match[4] or (zone and _ZONES.get(zone) is None):
        return dates.midnight(day)
    offset = _ZONES.get(zone) or 0
    sign, minutes = ("-" if offset < 0 else "+"), abs(offset)
    clock = f"{hour_of(int(match[4]), match[6]):02}:{match[5]}"
    return dates.moment(f"{day}T{clock}{sign}{minutes // 60:02}:{minutes % 60:02}")


def hour_of(hour: int, half: str | None) -> int:
    """Return the hour of the day; `half` is AM or PM, where the clock has twelve hours."""
    if not half or half.upper() == "UHR":
        return hour
    return hour % 12 + (12 if half.upper() == "PM" else 0)


def signers_of(text: str | None) -> tuple[str, ...]:
    """Return the names of a byline, its parts separated by semicolons."""
    parts = (part.strip() for part in (text or "").split(";"))
    return tuple(n for part in parts if not _NOT_NAMED.search(part) for n in fields.bylines(part))


def section_codes(text: str | None) -> tuple[Code, ...]:
    """Return the code of the section that a label gives."""
    return (Code("section", line(text), "topic"),) if text else ()
