"""Articles as Factiva prints them: fields in a fixed order, or behind codes (HD, BY, WC, LP, TD …).

A file holds many; each ends with a line `Document REUT000020150101ab1200001`. What stands around an
article is taken off its text: codes, counts of words, the database's own index, copyright.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.parse import fields
from pipeline.parse.conventions.press_database import (
    COPYRIGHT,
    LABEL_WORDS,
    WORDS,
    body_of,
    composed,
    hour_of,
    language_named,
    section_codes,
    stated_moment,
)
from pipeline.parse.conventions.providers import named
from pipeline.parse.draft import Draft, FaultError
from pipeline.parse.text import dates
from pipeline.parse.text.clean import line
from pipeline.parse.text.dates import Moment

FACTIVA_END = re.compile(
    r"^(?:(?:AN|Accession Number)[ \t]+)?(?:Document|Dokument|Documento)"
    r" ([A-Z][A-Z0-9]{3,7}\d{8}[a-z0-9]{6,16})[ \t]*$",
    re.M,
)
_FIELD_NAMES = {
    "Headline": "HD", "Byline": "BY", "Credit": "CR", "Credit Information": "CR",
    "Word Count": "WC", "Publication Date": "PD", "Publication Time": "ET", "Time": "ET",
    "Source Name": "SN", "Source Code": "SC", "Edition": "ED", "Page": "PG", "Volume": "VOL",
    "Language": "LA", "Copyright": "CY", "Lead Paragraph": "LP", "Text": "TD", "Body": "TD",
    "Full Text": "TD", "Contact": "CT", "Reference": "RF", "Art": "ART", "Company": "CO",
    "Company Code": "CO", "Industry": "IN", "Industry Code": "IN", "Subject": "NS",
    "News Subject": "NS", "Region": "RE", "Region Code": "RE", "Publisher Name": "PUB",
    "Section": "SE", "Column": "CLM", "Accession Number": "AN",
}  # fmt: skip
"""The fields by their names, which stand alone on a line or before a colon, as by their codes."""
_CODES = (
    "HD|HL|BY|CR|WC|PD|ET|SN|SC|NGC|GC|ED|PG|LA|CY|LP|TD|RF|ART|CO|IN|NS|RE|IPD|IPC|PUB|AN|SE|CLM"
    "|VOL|CX|DE|CT"
)
_CODED = re.compile(rf"^(?:(?P<code>{_CODES})(?:[ \t]+(?P<rest>.*)|$))$", re.M)
_NAMED = re.compile(rf"^(?P<code>{'|'.join(_FIELD_NAMES)})(?:[ \t]*:(?P<rest>.*)|$)$", re.M)
_INDEXING = frozenset(
    ("CO", "IN", "NS", "RE", "IPD", "IPC", "PUB", "ART", "RF", "CT", "ED", "PG", "SC", "DE")
)
_HEAD_CHARS = 4000
_HEAD_LINES = 60
_CLOCK = re.compile(r"^(\d{1,2}:\d\d)(?: ?([AP]M))?(?: GMT)?$", re.I)
_BY = re.compile(r"^(?:By|BY|Von|VON|Par|PAR|Por|POR|Di|DI|Door|De|Av|Af)\s+[^\W\d_a-z]")
_PERSON = re.compile(r"^(?:[^\W\d_a-z][\w.'’-]+ ){1,3}[^\W\d_a-z][\w.'’-]+$")  # noqa: RUF001
_WRAPPED_CHARS = 56
"""A shorter line does not go on in the next one: each is a field of its own."""
_SECTION_WORDS = 3
_META_LINES = 6


def is_factiva(text: str) -> bool:
    """Say whether a text is an export of Factiva.

    A line counts words, or codes or names of fields stand before them, and the number ends it.
    """
    if not FACTIVA_END.search(text):
        return False
    counts = any(map(WORDS.match, text.split("\n", _HEAD_LINES)[:_HEAD_LINES]))
    return counts or _fields_of(text) is not None


def _fields_of(text: str) -> re.Pattern[str] | None:
    """Return the pattern of the codes or names that stand before the fields; None without any."""
    for pattern in (_CODED, _NAMED):
        words = {match["code"] for match in pattern.finditer(text[:_HEAD_CHARS])}
        codes = {_FIELD_NAMES.get(word, word) for word in words}
        if "HD" in codes and not codes.isdisjoint({"WC", "PD", "LP", "TD"}):
            return pattern
    return None


def split_factiva(text: str) -> Iterator[tuple[int, int]]:
    """Yield where each document of an export begins and ends.

    What stands behind the last end is a document that is cut off, where it is more than the search.
    """
    begin = 0
    for match in FACTIVA_END.finditer(text):
        yield begin, match.end()
        begin = match.end()
    if any(len(entry.split()) > LABEL_WORDS for entry in text[begin:].split("\n")):
        yield begin, len(text)


def read_factiva(text: str) -> Draft:
    """Return one document of Factiva.

    Raises `FaultError` where no line counts the words, or where nothing ends the document.
    """
    if not FACTIVA_END.search(text):
        raise FaultError("malformed", "the document is cut off: its number does not end it")
    pattern = _fields_of(text)
    return _read_fields(text, pattern) if pattern else _read_plain(text)


def _read_fields(text: str, pattern: re.Pattern[str]) -> Draft:
    """Return the document whose fields have codes or names before them."""
    coded = _coded([entry.strip() for entry in text.split("\n")], pattern)
    said = {code: line(" ".join(values)) for code, values in coded.items()}
    published = _with_clock(stated_moment(said.get("PD", "")), said.get("ET", ""))
    number = FACTIVA_END.match(said.get("AN", ""))
    body = [*body_of(coded.get("LP", [])), *body_of(coded.get("TD", []))]
    if not said.get("HD") and not body:
        raise FaultError("no_text", "the document has neither headline nor text")
    return composed(
        Draft(
            headline=said.get("HD", ""),
            paragraphs=(),
            provider=named(said.get("SN")),
            provider_id=number[1] if number else None,
            bylines=fields.bylines(said.get("BY")),
            language=language_named(said.get("LA")),
            codes=section_codes(said.get("SE")),
            rights=said.get("CY"),
            warnings=() if published else ("no date above the document",),
            format="factiva",
        ),
        body,
        published,
        text,
        [
            *(match["code"] for match in pattern.finditer(text)),
            *(words for code, words in said.items() if _is_aside(code, words)),
        ],
    )


def _coded(lines: list[str], pattern: re.Pattern[str]) -> dict[str, list[str]]:
    """Return the lines of each field that a code or a name begins."""
    coded: dict[str, list[str]] = {}
    here: list[str] = []
    for entry in lines:
        found = pattern.match(entry)
        if found:
            here = coded.setdefault(_FIELD_NAMES.get(found["code"], found["code"]), [])
        here.append((found["rest"] or "").strip() if found else entry)
    return coded


def _is_aside(code: str, words: str) -> bool:
    """Say whether a field is an index of the database, or no more than a label."""
    return code in _INDEXING or (code not in {"LP", "TD"} and len(words.split()) <= LABEL_WORDS)


def _read_plain(text: str) -> Draft:
    """Return the document whose fields have no codes.

    Section, headline, byline, count of words, date, source, code, language.
    """
    lines = [entry.strip() for entry in text.split("\n")]
    end = next((n for n, entry in enumerate(lines) if FACTIVA_END.match(entry)), len(lines))
    number = FACTIVA_END.match(lines[end]) if end < len(lines) else None
    count = next((n for n, entry in enumerate(lines[:end]) if WORDS.match(entry)), None)
    if count is None:
        raise FaultError("unknown_format", "a document of Factiva that does not count its words")
    section, headline, signed = _read_head(lines[:count])
    rest = [n for n in range(count + 1, end) if lines[n]]
    published, used = _moment_of([lines[n] for n in rest[:2]])
    meta = rest[used : used + _META_LINES]
    copyright_at = next((n for n in meta if COPYRIGHT.match(lines[n])), None)
    code_at = next((n for n in meta if re.fullmatch(r"[A-Z0-9]{2,8}", lines[n])), None)
    language_at = next((n for n in meta if language_named(lines[n])), None)
    last = max(filter(None, (copyright_at, code_at)), default=meta[0] if meta else count)
    if copyright_at is None and language_at is not None:
        last = max(last, language_at)
    return composed(
        Draft(
            headline=headline,
            paragraphs=(),
            provider=named(lines[meta[0]]) if meta else None,
            provider_id=number[1] if number else None,
            bylines=fields.bylines(signed),
            language=language_named(lines[language_at]) if language_at is not None else None,
            codes=section_codes(section),
            rights=lines[copyright_at] if copyright_at is not None else None,
            warnings=() if published else ("no date above the document",),
            format="factiva",
        ),
        body_of(lines[last + 1 : end]),
        published,
        text,
        [entry for entry in lines[: last + 1] if len(entry.split()) <= LABEL_WORDS],
    )


def _read_head(lines: list[str]) -> tuple[str | None, str, str | None]:
    """Return section, headline and byline of the lines above the count of words.

    Where blank lines part them a block is a field; else a line is one, unless it may be wrapped.
    """
    blocks = [line(part) for part in re.split(r"\n\s*\n", "\n".join(lines)) if part.strip()]
    is_parted = len(blocks) > 1
    if not is_parted:
        blocks = [entry for entry in lines if entry]
    signed = None
    if len(blocks) > 1 and _is_byline(blocks[-1], blocks[-2]):
        signed = blocks.pop()
    section = None
    if len(blocks) > 1 and (
        _is_section(blocks[0], blocks[1]) if not is_parted else "; SECT" in blocks[0]
    ):
        section = blocks.pop(0)
    return section, (blocks[0] if is_parted and blocks else " ".join(blocks)), signed


def _is_byline(text: str, above: str) -> bool:
    if _BY.match(text) and not fields.is_sentence(text):
        return True
    return bool(_PERSON.match(text)) and len(above) < _WRAPPED_CHARS


def _is_section(text: str, below: str) -> bool:
    few = len(text.split()) <= _SECTION_WORDS and len(text) < _WRAPPED_CHARS
    return ("; SECT" in text or few) and len(below.split()) > _SECTION_WORDS


def _with_clock(day: Moment | None, clock: str) -> Moment | None:
    """Return the moment that a day and the clock of another field give."""
    found = _CLOCK.match(clock)
    if not day or not found:
        return day
    hour, minute = found[1].split(":")
    return dates.moment(f"{day.at:%Y-%m-%d}T{hour_of(int(hour), found[2]):02}:{minute}") or day


def _moment_of(lines: list[str]) -> tuple[Moment | None, int]:
    """Return the moment that a date and perhaps a clock below it give, and how many lines they
    take."""
    day = stated_moment(lines[0]) if lines else None
    if day is None or len(lines) < 2 or not _CLOCK.match(lines[1]):
        return day, int(day is not None)
    return _with_clock(day, lines[1]), 2
