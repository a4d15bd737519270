# ruff: noqa: ARG002 - the signature is the protocol's
"""IPTC 7901 and ANPA 1312: wire text between control characters, one message or many.

    SYN SYN SOH header CR LF keyword line CR LF STX text ETX date and time CR LF EOT

Without control characters, as teleprinters mark messages (`ZCZC`, `NNNN`), see `zczc.py`;
where they were lost, `stripped.py`.

IPTC 7901 (1995, section 4) writes `AFP123 4 I 0210` (source and number, priority 1 to 9, category,
words), ANPA 1312 (1989) `a0123 US format`, then `u i BC-Summit, 1st Ld 02-26 0105` (priority
letter, category, keyword, day, words). Both are told by their header, not by the sender's word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.model import Code
from pipeline.parse.conventions.dateline import find_dateline
from pipeline.parse.conventions.providers import provider
from pipeline.parse.conventions.signoff import read_stamp, stamp_provider
from pipeline.parse.conventions.wiretext import as_sent, read_story, with_marks, with_moment
from pipeline.parse.draft import Draft, Fault, FaultError, Hints, Part, Sniff, replace
from pipeline.parse.formats import stripped, zczc
from pipeline.parse.formats.anpa1312 import is_anpa_text, plain_bytes, read_anpa
from pipeline.parse.formats.iptc7901_heading import (
    advised,
    read_marked_heading,
    split_advice,
    split_heading,
)
from pipeline.parse.limits import ParseLimits
from pipeline.parse.text import dates
from pipeline.parse.text.clean import clean, line
from pipeline.parse.text.dates import Moment
from pipeline.parse.text.decode import decode

_MESSAGE = re.compile(rb"\x01(?P<head>[^\x01\x02\x03]*)\x02(?P<text>[^\x01\x03]*)"
                      rb"(?P<end>\x03[^\x01\x02\x16]*)?")  # fmt: skip
_FILLERS = b"\x16\x00\x11\x12\x13\x14\x17\x19\x1a\x7f\r\n "
_BETWEEN = _FILLERS + b"\x04"
_BEGINNING = re.compile("[\x16\x00\x11-\x14\x17\x19\x1a\x7f\r\n ]*\x01[^\x01\x02\x03]{0,400}\x02")
_IPTC = re.compile(
    r"^(?P<source>[A-Za-z]{2,5})?[ ]?(?P<number>\d{1,5})\s+(?P<priority>[1-9])\s+"
    r"(?P<category>[^\W\d_]{1,5})"
    r"(?:\s+(?P<words>\d{1,5}))?\b(?P<rest>.*)$"
)
_NUMBER_ALONE = re.compile(r"^[A-Za-z]{2,5} ?\d{1,5}$")
_LETTERS = re.compile(r"^(?P<priority>[A-Za-z1-9]) (?P<rest>[A-Za-z]{1,5}(?: \d{1,5})?)$")
_ANPA_NUMBER = re.compile(r"^(?P<service>[A-Za-z])(?P<number>\d{3,4})(?:[\x1f ](?P<selector>.*))?$")
_ANPA = re.compile(
    r"^(?P<priority>[a-z])\s+(?P<category>[a-z])\s+(?:(?:\S{2}\s+)(?=\S*[A-Z]))?(?P<keyword>\S.*?)"
    r"(?:\s+(?P<day>\d{1,2}-\d{1,2}))?(?:\s+(?P<words>\d{1,5}))?$"
)
_MAX_LINE_CHARS = 400
_MAX_HEADER_BYTES = 400
_STAMP_WORDS = 12
_URGENCY = {"f": 1, "b": 2, "u": 3, "r": 4, "d": 5}
_TIME = re.compile(r"\d{6}\s*(?:[A-Z]{1,4}\s+)?[^\W\d_]{3,4}\s+\d{2,4}")


@dataclass(frozen=True, slots=True)
class _Header:
    """What stands before the text."""

    draft: Draft
    words: int | None = None
    selector: str | None = None
    is_table: bool = False
    day: str | None = None
    beside: str | None = None
    advice: list[str] = field(default_factory=list)


class _Iptc7901:
    name = "iptc7901"

    def matches(self, sniff: Sniff) -> bool:
        """Look for SOH, a header of plain text and STX, for `ZCZC`, or for a header's line alone.

        Fillers may precede.
        """
        known = _BEGINNING.match(sniff.text) or zczc.BEGINNING.match(sniff.text)
        return bool(known) or stripped.begins(sniff.data[:_MAX_HEADER_BYTES])

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield a part for each message; what stands between messages is malformed."""
        if not data.lstrip(_FILLERS).startswith(b"\x01"):
            yield from _unframed(data, hints)
            return
        position = 0
        for match in _MESSAGE.finditer(data):
            gap = data[position : match.start()].rstrip(_FILLERS)
            start = position + len(gap)
            if gap.strip(_BETWEEN):
                yield Fault("malformed", "bytes between messages", f"byte {position}", gap)
            part = _message(match["head"], match["text"], match["end"] or b"", hints)
            if isinstance(part, Draft) and match["end"] is None:
                part = replace(part, warnings=(*part.warnings, "the message ends without ETX"))
            yield replace(part, raw=data[start : match.end()])
            position = match.end()
        if data[position:].strip(_BETWEEN):
            message = "the message has no text between STX and ETX"
            yield Fault("malformed", message, f"byte {position}", data[position:])


def _unframed(data: bytes, hints: Hints) -> Iterator[Part]:
    """Yield the messages between `ZCZC` and `NNNN`, or behind their header's line alone.

    Words behind `NNNN` are named.
    """
    if stripped.begins(data[:_MAX_HEADER_BYTES]):
        for entry in stripped.headed_messages(data):
            part = _message(entry.head, entry.text, b"", hints)
            yield replace(part, raw=data[entry.start : entry.end])
        return
    for message in zczc.messages(data):
        part = _message(message.head, message.text, message.after[:_MAX_LINE_CHARS], hints)
        if isinstance(part, Draft):
            warnings = [] if message.is_whole else ["the message ends without NNNN"]
            beyond = len(message.after.split())
            warnings += [f"not read: {beyond} words behind NNNN"] if beyond > _STAMP_WORDS else []
            part = replace(part, warnings=(*part.warnings, *warnings))
        yield replace(part, raw=data[message.start : message.end])


def _message(head: bytes, text: bytes, end: bytes, hints: Hints) -> Part:
    try:
        decoded = decode(plain_bytes(text), hints.charset)
        lines, moved = split_heading(clean_lines(head, decoded.encoding), decoded.text)
        lines, advice = split_advice(lines)
        header = replace(_header(lines), is_table=b"\x12" in head, advice=advice)
        draft = _compose(header, moved + decoded.text, clean_lines(end, decoded.encoding))
    except FaultError as error:
        return error.fault
    return replace(draft, warnings=(*decoded.warnings, *draft.warnings))


def clean_lines(data: bytes, charset: str = "latin-1") -> list[str]:
    """Return the lines of a header or trailer.

    Separators of fields (US) stay, typesetting marks part.
    """
    try:
        decoded = data.decode(charset)
    except (UnicodeDecodeError, LookupError):
        decoded = decode(data).text
    text = decoded.replace("\r\n", "\n").replace("\r", "\n")
    kept = re.sub(r"[\x00-\x08\x0b-\x10\x15-\x1e\x7f]", "", re.sub(r"[\t\x11-\x14]+", " ", text))
    return [entry.strip(" ")[:_MAX_LINE_CHARS] for entry in kept.split("\n") if entry.strip(" ")]


def _header(lines: list[str]) -> _Header:
    if len(lines) > 1 and _NUMBER_ALONE.match(lines[0]) and not _ANPA_NUMBER.match(lines[0]):
        lines = _without_number(lines)
    first = lines[0] if lines else ""
    rest = lines[1:]
    iptc = _IPTC.match(first)
    if iptc:
        keyword = line(" ".join(rest))
        source = iptc["source"]
        draft = Draft(
            headline="",
            paragraphs=(),
            provider=provider(source) or provider(iptc["rest"].strip(" 0123456789")) or source,
            slugline=keyword or None,
            urgency=int(iptc["priority"]),
            codes=tuple(_codes(iptc, "iptc7901", source)),
            format_version="iptc7901",
        )
        words = int(iptc["words"]) if iptc["words"] else None
        return _Header(draft, words, beside=line(iptc["rest"]) or None)
    number = _ANPA_NUMBER.match(first)
    body = _ANPA.match(rest[0]) if number and rest else _ANPA.match(first)
    if not body:
        return _Header(Draft("", (), slugline=line(" ".join(lines)) or None))
    words = int(body["words"]) if body["words"] else None
    draft = Draft(
        headline="",
        paragraphs=(),
        slugline=line(" ".join((body["keyword"], *rest[1:]))),
        urgency=_URGENCY.get(body["priority"]),
        codes=tuple(_codes(body, "anpa1312", number["service"].lower() if number else None)),
        format_version="anpa1312",
    )
    return _Header(draft, words, number["selector"] if number else None, day=body["day"])


def _without_number(lines: list[str]) -> list[str]:
    """Return a header whose number stands on a line of its own, and its letters on the next one."""
    number, letters, *rest = lines
    found = _LETTERS.match(letters)
    if not found:
        return [letters, *rest]
    letter = found["priority"].lower()
    priority = letter if letter.isdigit() else str(_URGENCY.get(letter, 4))
    return [f"{number} {priority} {found['rest']}", *rest]


def _codes(header: re.Match[str], scheme: str, service: str | None) -> Iterator[Code]:
    """Yield the category, the service and the number of words that a header gives."""
    yield Code(f"{scheme}-category", header["category"], "topic")
    if service:
        yield Code(f"{scheme}-service", service, "service")
    if header["words"]:
        yield Code(f"{scheme}-words", str(int(header["words"])), "words")


def _compose(header: _Header, delivered: str, end: list[str]) -> Draft:
    heading, text = header.draft, clean(delivered)
    try:
        is_anpa = heading.format_version != "iptc7901" and (is_anpa_text(text) or header.is_table)
        story = (
            read_anpa(text, heading.slugline, is_table=header.is_table)
            if is_anpa
            else read_marked_heading(text) or read_story(text)
        )
    except FaultError as error:
        if error.fault.kind != "unknown_format":
            raise
        story = Draft(line(text), ())
    stamp = next((entry for entry in end if _TIME.search(entry)), None)
    moment = next(filter(None, map(_stamp, end)), None)
    warnings = list(story.warnings)
    if stamp and not moment:
        warnings.append(f"no date of the calendar: {stamp}")
    if (
        header.day
        and not (moment or story.published_at)
        and not any("no date of publication" in warning for warning in warnings)
    ):
        warnings.append(f"the header's day has no year, no date of publication: {header.day}")
    draft = replace(
        story,
        headline=story.headline.strip("* "),
        slugline=(is_anpa and story.slugline)
        or heading.slugline
        or story.slugline
        or header.beside,
        provider=story.provider or heading.provider or _stamped(end),
        urgency=heading.urgency or story.urgency,
        codes=heading.codes,
        delivered=text,
        format_version=heading.format_version,
        warnings=tuple(warnings),
        format="iptc7901",
    )
    if moment:
        draft = with_moment(draft, as_sent(moment, draft.provider))
        if draft.dateline and not draft.dateline_date:
            draft = _redated(draft)
    return with_marks(advised(draft, header.advice))


def _stamp(entry: str) -> Moment | None:
    match = _TIME.search(entry)
    return dates.moment(match[0]) if match else read_stamp(entry)


def _stamped(end: list[str]) -> str | None:
    return next(filter(None, map(stamp_provider, end)), None)


def _redated(draft: Draft) -> Draft:
    found = find_dateline(f"{draft.dateline} - ")
    near = draft.published_at.date() if draft.published_at else None
    kept = tuple(w for w in draft.warnings if not w.startswith("the dateline has no year"))
    return replace(draft, dateline_date=found.on(near) if found else None, warnings=kept)


IPTC7901 = _Iptc7901()
