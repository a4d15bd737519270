# ruff: noqa: ARG002 - the signature is the protocol's
"""Reuters-21578 SGML: one `<REUTERS>` element or a whole file of them.

The elements are those of the collection's README, section VI. `<TEXT TYPE="BRIEF">` has a title
only (its text is a filler), `UNPROC` no inner markup at all. DATE is without a zone: taken as UTC.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from pipeline.model import Code
from pipeline.parse.conventions.dateline import find_dateline, split_places
from pipeline.parse.conventions.signoff import split_names
from pipeline.parse.conventions.wiretext import with_marks, with_moment
from pipeline.parse.draft import Draft, Fault, FaultError, Hints, Part, Sniff, replace
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup import sgml
from pipeline.parse.overflow import check_count
from pipeline.parse.text import dates
from pipeline.parse.text.clean import clean, line
from pipeline.parse.text.decode import decode
from pipeline.parse.text.paragraphs import split_indented, tidy_paragraphs

_START = re.compile(rb"<REUTERS\b[^<>]*>")
_END = re.compile(rb"</REUTERS\s*>\s*")
_PROLOG = re.compile(rb"<!DOCTYPE[^>]*>|<!--(?:[^-]|-(?!->))*+-->")
_ROLES = (
    ("TOPICS", "topic"),
    ("PLACES", "place"),
    ("PEOPLE", "person"),
    ("ORGS", "organisation"),
    ("EXCHANGES", "exchange"),
    ("COMPANIES", "company"),
)
_DAY = re.compile(r"(?<!\w)(?:,?\s|,)?(?<!\s\s)\w+ \d+\s?-*$")
_DATE = re.compile(r"\d{1,2}-[A-Za-z]{3}-\d{4}(?:\s+\d{1,2}:\d\d(?::\d\d(?:\.\d+)?)?)?")
_KEYWORDS = re.compile(r"([a-z]) ([a-z]) (\S.*?)\s+(\d\d-\d\d) (\d{4})\s*$")
_SIGN_OFF = re.compile(r"(?:(?:^|\s)(?:REUTERS?|Reuters?|reuters?|REUTE|REUITER)\W*)+$")
_MORE = re.compile(r"(?:^|\n)\s*(?:More|MORE|more)\W*$")
_TAIL_CHARS = 240
_FILLER = "Blah blah blah."
_URGENCY = {"f": 1, "b": 2, "u": 3, "r": 4, "d": 5}


class _Reuters21578:
    name = "reuters21578"

    def matches(self, sniff: Sniff) -> bool:
        """Look for `<REUTERS …>` or the collection's document type."""
        return sniff.root == "REUTERS" or sniff.text.startswith("<!DOCTYPE lewis")

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield a part for each element; text between elements that is no blank is malformed."""
        heads = [match.span() for match in _START.finditer(data)]
        if not heads:
            raise FaultError("malformed", "there is no <REUTERS> element", "byte 0")
        before = _PROLOG.sub(b"", data[: heads[0][0]]).strip()
        if before:
            yield Fault("malformed", "text before the first element", "byte 0", data[: heads[0][0]])
        for index, (start, inside) in enumerate(heads):
            stop = heads[index + 1][0] if index + 1 < len(heads) else len(data)
            end = _END.search(data, inside, stop)
            raw = data[start : end.end() if end else stop]
            if end is None:
                message = "the element <REUTERS> does not end"
                yield Fault("malformed", message, f"byte {start}", raw)
                continue
            yield self._element(data[start : end.start()], start, raw)
            if data[end.end() : stop].strip():
                rest = data[end.end() : stop]
                yield Fault("malformed", "text between elements", f"byte {end.end()}", rest)

    def _element(self, data: bytes, start: int, raw: bytes | None) -> Part:
        try:
            return _draft(data, raw)
        except FaultError as error:
            fault = error.fault
            return Fault(fault.kind, fault.message, fault.evidence or f"byte {start}", raw)


def _draft(data: bytes, raw: bytes | None) -> Draft:
    decoded = decode(data)
    check_count(decoded.text, "<")
    markup = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
    attributes = sgml.attributes(sgml.start_tag(markup))
    inner = sgml.inside("TEXT", markup)
    if inner is None:
        raise FaultError("malformed", "the element has no <TEXT>")
    title, paragraphs, warnings = _text(inner)
    if not title and not paragraphs:
        raise FaultError("no_text", "the element has neither title nor body")
    date_text = _inner("DATE", markup)
    match = _DATE.search(date_text)
    moment = dates.moment(match[0]) if match else None
    if not moment:
        warnings = (*warnings, f"no date of the calendar: {line(date_text)[:60]}")
    urgency, slugline = _keywords(markup)
    draft = Draft(
        headline=title,
        paragraphs=paragraphs,
        raw=raw,
        provider="Reuters",
        provider_id=attributes.get("NEWID") or attributes.get("OLDID"),
        slugline=slugline,
        bylines=_bylines(_inner("AUTHOR", inner)),
        language="en",
        codes=_codes(markup),
        urgency=urgency,
        editor_note=line(_inner("MKNOTE", markup)) or None,
        warnings=(*decoded.warnings, *warnings),
        delivered=markup,
    )
    return _with_dateline(with_marks(with_moment(draft, moment)), _inner("DATELINE", inner))


def _text(inner: str) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return title, paragraphs and warnings of the inside of TEXT."""
    title = line(_inner("TITLE", inner)).strip("* ")
    body = sgml.inside("BODY", inner)
    text = clean(html.unescape(sgml.outside(inner) if body is None else body))
    text = text.strip("*\n ") if body is None else text.rstrip()
    if body is None and text == _FILLER:
        text = ""
    signed = _SIGN_OFF.search(text, max(len(text) - _TAIL_CHARS, 0))
    text = text[: signed.start()].rstrip() if signed else text
    more = _MORE.search(text, max(len(text) - _TAIL_CHARS, 0))
    warnings: tuple[str, ...] = ()
    if more:
        text, warnings = text[: more.start()], ("the story goes on in a later take",)
    paragraphs = tidy_paragraphs(split_indented(text))
    if not title and body is None and paragraphs:
        title, paragraphs = paragraphs[0], paragraphs[1:]
    return title, paragraphs, warnings


def _inner(name: str, markup: str) -> str:
    return html.unescape(sgml.inside(name, markup) or "")


def _codes(markup: str) -> tuple[Code, ...]:
    codes = []
    for element, role in _ROLES:
        values = _items(sgml.inside(element, markup) or "")
        scheme = f"reuters21578-{element.lower()}"
        codes += [Code(scheme, line(html.unescape(v)), role) for v in values if v.strip()]
    return tuple(codes)


def _items(markup: str) -> list[str]:
    """Return the contents of the elements `<D>`."""
    return [entry.split("</D>", 1)[0] for entry in markup.split("<D>")[1:] if "</D>" in entry]


def _keywords(markup: str) -> tuple[int | None, str | None]:
    """Return urgency and slugline of the wire's own heading, which the collection has as UNKNOWN.

    Its last line is `u f BC-BAHIA-COCOA-REVIEW   02-26 0105`: priority, category, slug, day, words.
    """
    heading = clean(_inner("UNKNOWN", markup)).rstrip()
    match = _KEYWORDS.search(heading, max(len(heading) - _TAIL_CHARS, 0))
    if not match:
        return None, None
    slug = re.sub(r"^BC-+", "", match[3]).strip("* ")
    return _URGENCY.get(match[1]), slug or None


def _bylines(author: str) -> tuple[str, ...]:
    text = re.sub(r"^by\s+", "", line(author), flags=re.I)
    text = re.sub(r",?\s*Reuters?\b.*$", "", text, flags=re.I)
    return split_names(text)


def _with_dateline(draft: Draft, text: str) -> Draft:
    words = re.sub(r",? Reuters?$", "", line(text).strip("* -"))
    if not words:
        return draft
    found = find_dateline(f"{words} - ")
    near = draft.published_at.date() if draft.published_at else None
    places = found.places if found else split_places(_DAY.sub("", words))
    return replace(
        draft,
        dateline=words,
        dateline_places=places,
        dateline_date=found.on(near) if found else None,
    )


REUTERS21578 = _Reuters21578()
