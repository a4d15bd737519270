# ruff: noqa: ARG002 - the signature is the protocol's
"""Gigaword SGML (LDC): `<DOC id="AFP_ENG_20060101.0001" type="story">`, many to a file.

The id gives agency, language and day. Of the collection's types, `story`, `multi` (several stories
under one head) and `other` (lists, results) are stories, with the type as a genre code; `advis`
(notes to editors) is skipped unless it takes a story back.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date

from pipeline.model import Code
from pipeline.parse import fields
from pipeline.parse.conventions.dateline import find_dateline, split_places
from pipeline.parse.conventions.providers import named
from pipeline.parse.conventions.wiretext import with_moment
from pipeline.parse.draft import Draft, Fault, FaultError, Hints, Part, Sniff
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup import sgml
from pipeline.parse.markup.flow import Flow
from pipeline.parse.overflow import check_count
from pipeline.parse.text import dates
from pipeline.parse.text.clean import clean, line
from pipeline.parse.text.dates import Moment
from pipeline.parse.text.decode import decode
from pipeline.parse.text.paragraphs import split_paragraphs, tidy_paragraphs

_NUMBER = re.compile(r"^([A-Z]+)(?:_([A-Z]{3}))?_?(\d{4})(\d\d)(\d\d)\.")
_STAMP = re.compile(r"\s(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC)$")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_PARAGRAPH = re.compile(r"</?P\b[^<>]*>", re.I)
_CODES = {"APW": "AP", "NYT": "NYT", "XIN": "Xinhua", "CNA": "CNA", "LTW": "LTW", "AFP": "AFP"}


class _Gigaword:
    name = "gigaword"

    def matches(self, sniff: Sniff) -> bool:
        """Look for `<DOC …>` at the beginning."""
        return sniff.root == "DOC"

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield a part for each document."""
        return sgml.documents(data, _document)


def _document(data: bytes) -> Part:
    decoded = decode(data)
    check_count(decoded.text, "<")
    markup = decoded.text.replace("\r\n", "\n")
    attributes = {k.lower(): v for k, v in sgml.attributes(sgml.start_tag(markup)).items()}
    number = attributes.get("id") or line(_inner("DOCNO", markup) or _inner("DOCID", markup))
    kind = (attributes.get("type") or line(_inner("DOCTYPE", markup)) or "story").lower()
    headline = line(_inner("HEADLINE", markup))
    paragraphs = _paragraphs(markup)
    if not headline and not paragraphs:
        raise FaultError("no_text", "the document has neither headline nor text")
    words = line(_inner("DATELINE", markup))
    stamp = _STAMP.search(words)
    words = words[: stamp.start()].rstrip(" ,") if stamp else words
    coded = _NUMBER.match(number)
    day = dates.day(int(coded[3]), int(coded[4]), int(coded[5])) if coded else None
    warnings = () if day or not coded else (f"no date of the calendar: {number}",)
    found = find_dateline(words if words.endswith(("-", "_")) else f"{words} - ") if words else None
    draft = Draft(
        headline=headline,
        paragraphs=(),
        provider=_CODES.get(coded[1], named(coded[1])) if coded else None,
        provider_id=number or None,
        dateline=words.rstrip("-_ ") or None,
        dateline_places=found.places
        if found
        else split_places(words.split("(")[0])
        if words
        else (),
        dateline_date=found.on(day) if found else None,
        language=fields.language(coded[2].lower()) if coded and coded[2] else None,
        codes=(Code("gigaword-type", kind, "genre"),),
        warnings=(*decoded.warnings, *warnings),
        format="gigaword",
        delivered=markup,
    )
    draft = fields.with_body(with_moment(draft, _sent(stamp, day)), Flow(paragraphs))
    if kind.startswith("advis") and draft.status != "canceled":
        return Fault("skipped.not_a_story", "gigaword: an advisory to editors", number)
    return draft


def _sent(stamp: re.Match[str] | None, day: date | None) -> Moment | None:
    """Return the time behind the dateline where it is of the day that the id gives, else that
    day."""
    moment = dates.moment(stamp["time"]) if stamp else None
    if moment and (day is None or moment.at.date() == day):
        return moment
    return dates.midnight(day) if day else None


def _inner(name: str, markup: str) -> str:
    return clean(html.unescape(_TAG.sub(" ", sgml.inside(name, markup) or "")))


def _paragraphs(markup: str) -> tuple[str, ...]:
    text = sgml.inside("TEXT", markup, open_end=True)
    if text is None:
        return ()
    pieces = [p for p in _PARAGRAPH.split(text) if p.strip()]
    if len(pieces) > 1 or _PARAGRAPH.search(text):
        return tidy_paragraphs(clean(html.unescape(_TAG.sub(" ", piece))) for piece in pieces)
    return tidy_paragraphs(split_paragraphs(clean(html.unescape(_TAG.sub(" ", text)))))


GIGAWORD = _Gigaword()
