"""Mail and Usenet messages (RFC 5322, MIME, RFC 5536): the subject is the headline.

A `Message-ID` is that of a delivery, not of a story: the family goes by the headline, as for plain
text, so that an update in another mail joins it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from email import errors
from email.feedparser import FeedParser
from email.header import decode_header, make_header
from email.message import Message
from email.policy import Policy, compat32
from email.utils import parseaddr

from pipeline.parse import fields
from pipeline.parse.conventions.providers import provider, provider_of_uri
from pipeline.parse.conventions.wiretext import read_story
from pipeline.parse.draft import Draft, FaultError, Hints, Part, Sniff
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup.flow import read_html
from pipeline.parse.pieces import as_many
from pipeline.parse.text.clean import clean, line, optional_line
from pipeline.parse.text.decode import decode

_FROM_LINE = re.compile(r"From \S{1,160}[^\r\n]{0,80}\r?\n")
_HEADER = re.compile(
    r"(?P<name>[A-Za-z][A-Za-z0-9-]{0,60}):[^\r\n]*(?:\r?\n[ \t]+[^\r\n]*)*+(?:\r?\n|$)"
)
_OF_MAIL = frozenset(
    [
        *("from", "to", "subject", "message-id", "mime-version", "received"),
        *("return-path", "newsgroups", "sender", "reply-to"),
    ]
)
_MIN_OF_MAIL = 2
_SIGNATURE = re.compile(r"\n-- ?\n[^\n]*(?:\n[^\n]*){0,8}$")
_MAX_PARTS = 200
_FIELD = re.compile(
    rb"(?:^|[\r\n])content-(?:type|disposition):[^\r\n]*+(?:(?:\r\n?|\n)[ \t][^\r\n]*+)*+", re.I
)
_BROKEN_FIELD = (TypeError, ValueError, LookupError)
"""What Python's parser raises for parameters that break RFC 2231."""
_MAX_FIELD_BYTES = 8192
_MULTIPART = re.compile(rb"multipart/", re.I)
_MAX_BOUNDARY_CHECKS = 10_000_000
_MAX_HEADER_CHARS = 16_384
_MAX_ADDRESS_CHARS = 1000

Read = Callable[[bytes, Hints, ParseLimits], Iterator[Part]]
"""Reads the parts of data in one of the packaged formats; raises `FaultError` for any other."""


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A part of the message that has no parts: its type, content, charset, name if attached."""

    kind: str
    data: bytes
    charset: str | None
    attached: str | None


class MailFormat:
    """Mail; `read` reads a message's content that is in another format."""

    name = "mail"

    def __init__(self, read: Read) -> None:
        self._read = read

    def matches(self, sniff: Sniff) -> bool:
        """A block of header fields, two of them such as mail alone has (`From`, `Subject` …)."""
        begin = _FROM_LINE.match(sniff.text)
        place = begin.end() if begin else 0
        names = set()
        while field := _HEADER.match(sniff.text, place):
            names.add(field["name"].lower())
            place = field.end()
        at_end = place >= len(sniff.text) or sniff.text[place] in "\r\n"
        return at_end and len(names & _OF_MAIL) >= _MIN_OF_MAIL

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """One story, or the parts of the packaged format that the message carries."""
        _check_cost(data)
        try:
            message = _message(data.lstrip(b"\xef\xbb\xbf\0 \t\r\n"))
            leaves = _leaves(message)
        except RecursionError as error:
            raise FaultError("malformed", "the message's parts nest too deep") from error
        except _BROKEN_FIELD as error:
            raise FaultError("malformed", f"a content field is broken: {error}") from error
        carried = next(filter(None, (self._carried(leaf, hints, limits) for leaf in leaves)), None)
        if carried:
            yield from carried
            return
        yield _story(message, leaves, hints)

    def _carried(self, leaf: _Leaf, hints: Hints, limits: ParseLimits) -> list[Part]:
        """The parts of a leaf in a packaged format; one alone has the message as its raw form."""
        try:
            read = self._read(leaf.data, replace(hints, charset=leaf.charset), limits)
            parts = as_many(read, limits)
        except FaultError as error:
            return [] if error.fault.kind == "unknown_format" else [error.fault]
        if len(parts) == 1:
            return [replace(parts[0], raw=None)]
        return [replace(part, raw=leaf.data if part.raw is None else part.raw) for part in parts]


def _check_cost(data: bytes) -> None:
    """Raises `FaultError` for what Python's parser would take minutes for.

    It cuts parameters off a field one by one, copying the rest, and compares each line with the
    boundaries of all the parts around it.
    """
    if any(len(field[0]) > _MAX_FIELD_BYTES for field in _FIELD.finditer(data)):
        raise FaultError("malformed", f"a content field has more than {_MAX_FIELD_BYTES} bytes")
    lines = data.count(b"\n") + data.count(b"\r")
    if lines * sum(1 for _ in _MULTIPART.finditer(data)) > _MAX_BOUNDARY_CHECKS:
        raise FaultError("malformed", "the message has too many parts for its length")


def _message(data: bytes) -> Message:
    """The message; raises `FaultError` once it has too many parts."""
    made = itertools.count()

    def make(policy: Policy = compat32) -> Message:
        if next(made) > _MAX_PARTS:
            raise FaultError("malformed", f"the message has more than {_MAX_PARTS} parts")
        return Message(policy)

    parser = FeedParser(make)
    parser.feed(data.decode("ascii", "surrogateescape"))
    return parser.close()


def _leaves(message: Message) -> list[_Leaf]:
    leaves: list[_Leaf] = []
    for part in message.walk():
        if part.is_multipart():
            continue
        content = part.get_payload(decode=True)
        name = part.get_filename()
        is_attached = name or part.get_content_disposition() == "attachment"
        attached = line(str(name or "without a name")) if is_attached else None
        data = content if isinstance(content, bytes) else b""
        leaves.append(_Leaf(part.get_content_type(), data, part.get_content_charset(), attached))
    return leaves


def _story(message: Message, leaves: list[_Leaf], hints: Hints) -> Draft:
    inline = [leaf for leaf in leaves if leaf.attached is None]
    plain = [leaf for leaf in inline if leaf.kind == "text/plain" and leaf.data.strip()]
    chosen = plain or [leaf for leaf in inline if leaf.kind == "text/html"]
    warnings = [f"not read: {leaf.kind}, {leaf.attached}" for leaf in leaves if leaf.attached]
    other = {leaf.kind for leaf in inline if leaf not in chosen and leaf.data.strip()}
    warnings += [f"not read: {kind}" for kind in sorted(other - {"text/html"})]
    texts: list[str] = []
    for leaf in chosen:
        decoded = decode(leaf.data, leaf.charset or hints.charset)
        warnings += decoded.warnings
        is_html = leaf.kind == "text/html"
        texts.append("\n\n".join(read_html(decoded.text).paragraphs) if is_html else decoded.text)
    headers = {name: _header(message, name) for name in ("subject", "date", "from", "keywords")}
    moment = fields.moment(headers["date"], "Date", warnings)
    body = _SIGNATURE.sub("", clean("\n\n".join(texts)).rstrip())
    draft = read_story(f"{headers['subject'] or ''}\n\n{body}".strip("\n"), moment)
    sender, address = parseaddr((headers["from"] or "")[:_MAX_ADDRESS_CHARS])
    organization = _header(message, "organization")
    words = (headers["keywords"] or "").split(",")
    return replace(
        draft,
        headline=draft.headline or headers["subject"] or "",
        provider=draft.provider
        or provider(organization)
        or provider(sender)
        or provider_of_uri(address.rpartition("@")[2]),
        language=draft.language or fields.language(_header(message, "content-language")),
        keywords=draft.keywords or tuple(filter(None, map(line, words))),
        warnings=(*warnings, *draft.warnings),
        format="mail",
    )


def _header(message: Message, name: str) -> str | None:
    """A header's text, its encoded words (RFC 2047) read, bytes above ASCII as in a text."""
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name), None)
    if raw is None:
        return None
    text = decode(raw.encode("utf-8", "surrogateescape")).text
    if len(text) > _MAX_HEADER_CHARS:
        return optional_line(text)
    try:
        return optional_line(str(make_header(decode_header(text))))
    except (errors.MessageError, LookupError, ValueError):
        return optional_line(text)
