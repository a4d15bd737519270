"""Which format a record is of, by its content; the table is in order of trial."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.parse.draft import Fault, FaultError, Format, Hints, Part, Sniff, replace
from pipeline.parse.formats.csv import CSV
from pipeline.parse.formats.database import DOCX, FACTIVA, NEXIS, RTF
from pipeline.parse.formats.feeds import FEEDS
from pipeline.parse.formats.gigaword import GIGAWORD
from pipeline.parse.formats.html_page import HtmlPage
from pipeline.parse.formats.iptc7901 import IPTC7901
from pipeline.parse.formats.json import JsonFormat, read_story_object
from pipeline.parse.formats.mail import MailFormat
from pipeline.parse.formats.newsml1 import NEWSML1
from pipeline.parse.formats.newsml_g2 import NEWSML_G2
from pipeline.parse.formats.nitf import NITF
from pipeline.parse.formats.petrarch import PETRARCH
from pipeline.parse.formats.rcv1 import RCV1
from pipeline.parse.formats.reuters21578 import REUTERS21578
from pipeline.parse.formats.text import TEXT
from pipeline.parse.formats.trec import TREC
from pipeline.parse.formats.web import Warc, WebPage
from pipeline.parse.formats.xml_story import XmlStory
from pipeline.parse.limits import ParseLimits

_HEAD_BYTES = 4096
_LONG_HEAD_BYTES = 64 * 1024
_ELEMENT = re.compile(r"<(?!\?|!)(?:([\w.-]+):)?([A-Za-z_][\w.-]*)([^<>]*)")
_NOISE = re.compile(
    r"<!--(?:[^-]|-(?!->))*+(?:-->|$)|<\?[^>]*+(?:>|$)"
    r"|<!DOCTYPE[^<>\[]*+(?:\[[^\]]*+(?:\]|$))?\s*+(?:>|$)",
    re.I,
)
_NAMESPACE = re.compile(r"\bxmlns(?::(?P<prefix>[\w.-]+))?\s*=\s*[\"'](?P<uri>[^\"']*)")


def _nested(data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
    """Return the parts of content within an envelope; an envelope within an envelope is refused."""
    if JSON.matches(sniff(data)):
        raise FaultError("malformed", "an envelope carries JSON", "$.content")
    return read_parts(data, hints, limits)


def _carried(data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
    """Return the parts of what a mail carries, if that is one of the packaged formats."""
    if find_format(data) not in _PACKAGED:
        raise FaultError("unknown_format", "a mail's text is not of another format")
    return read_parts(data, hints, limits)


def _archived(data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
    """Return the parts of what a server answered; an archive of answers within one is refused."""
    if WARC.matches(sniff(data)):
        raise FaultError("malformed", "a WARC record within a WARC record")
    return read_parts(data, hints, limits)


WARC = Warc(_archived)
JSON = JsonFormat(_nested)
MAIL = MailFormat(_carried)
_PACKAGED: tuple[Format, ...] = (
    *(IPTC7901, REUTERS21578, TREC, GIGAWORD, NEWSML_G2, NEWSML1, NITF, RCV1, FEEDS),
)

FORMATS: tuple[Format, ...] = (
    IPTC7901,
    WARC,
    RTF,
    DOCX,
    REUTERS21578,
    TREC,
    GIGAWORD,
    JSON,
    NEWSML_G2,
    NEWSML1,
    NITF,
    RCV1,
    PETRARCH,
    FEEDS,
    HtmlPage(read_story_object),
    WebPage(read_story_object),
    XmlStory(read_story_object),
    MAIL,
    NEXIS,
    FACTIVA,
    CSV,
    TEXT,
)
"""Every format in order of trial: the first one that matches reads the record."""


def sniff(data: bytes) -> Sniff:
    """Return the beginning of `data` as the formats' `matches` see it.

    Of markup whose first element stands behind a long prolog a longer beginning is looked at.
    """
    seen = _sniff(data, _HEAD_BYTES)
    if seen.root is None and seen.text.startswith("<") and len(data) > _HEAD_BYTES:
        return _sniff(data, _LONG_HEAD_BYTES)
    return seen


def _sniff(data: bytes, size: int) -> Sniff:
    head = data[:size]
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = head.decode("utf-16", "replace")
    elif head[:200].count(0) > 20:
        little = head[1:200:2].count(0) > head[0:200:2].count(0)
        text = head.decode("utf-16-le" if little else "utf-16-be", "replace")
    else:
        text = head.decode("utf-8", "replace")
    text = text.lstrip("\ufeff\0 \t\r\n")
    if not text.startswith("<"):
        return Sniff(data, text)
    element = _ELEMENT.search(_NOISE.sub("", text))
    if not element:
        return Sniff(data, text)
    declared = {found["prefix"]: found["uri"] for found in _NAMESPACE.finditer(element[3])}
    return Sniff(data, text, element[2], declared.get(element[1]))


def find_format(data: bytes) -> Format:
    """Return the format of `data`; raises `FaultError` of kind `unknown_format` if none matches."""
    seen = sniff(data)
    for entry in FORMATS:
        if entry.matches(seen):
            return entry
    what = f"<{seen.root}>" if seen.root else "no known beginning"
    raise FaultError("unknown_format", f"no wire format begins like this: {what}")


def read_parts(data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
    """Yield the parts of `data` in its own format, drafts marked with the format's name."""
    entry = find_format(data)
    for part in entry.parse(data, hints, limits):
        if isinstance(part, Fault) or part.format:
            yield part
        else:
            yield replace(part, format=entry.name)
