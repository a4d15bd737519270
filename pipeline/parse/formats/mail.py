"""Mail and Usenet messages (RFC 5322, MIME, RFC 5536): the subject is the headline.

A `Message-ID` is that of a delivery, not of a story: the family goes by the headline, as for plain
text, so that an update in another mail joins it. A message that was sent on is the story, not the
one that carries it; the messages of a digest are stories each (RFC 2046, 5.1.5).
"""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import errors
from email.feedparser import FeedParser
from email.generator import BytesGenerator
from email.header import decode_header, make_header
from email.message import Message
from email.policy import Policy, compat32
from email.utils import parseaddr

from pipeline.parse import fields
from pipeline.parse.conventions.embargo import is_embargo
from pipeline.parse.conventions.providers import provider, provider_of_uri
from pipeline.parse.conventions.wiretext import read_story
from pipeline.parse.draft import Draft, FaultError, Hints, Part, Sniff, replace
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup.flow import read_html
from pipeline.parse.overflow import up_to_limits
from pipeline.parse.text import dates
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
_MAX_CARRIED = 5
_COVER_WORDS = 40
"""A mail of fewer words of its own does not tell a story: it sends one on."""
_SENT_ON = re.compile(
    r"^\s*(?:fwd?|wg|tr|rv|i|enc|vs|vb|vl|fs|pd|doorst|továbbítás|ilt)\s*:\s*", re.I
)
_SEPARATOR = re.compile(
    r"^[ \t>]*(?:-{2,}[ \t]*(?:forwarded message|original message|weitergeleitete nachricht"
    r"|urspr(?:ü|ue)ngliche nachricht|message (?:transféré|d['\u2019]origine)"
    r"|mensaje (?:reenviado|original)|messaggio (?:inoltrato|originale)"
    r"|mensagem (?:original|encaminhada|reencaminhada)|(?:oorspronkelijk|doorgestuurd) bericht"
    r"|(?:opprinnelig|videresendt) melding|(?:oprindelig|videresendt) meddelelse"
    r"|(?:ursprungligt|vidarebefordrat) meddelande|(?:alkuperäinen|välitetty) viesti"
    r"|wiadomość oryginalna|(?:oryginalna|przekazana) wiadomość|(?:původní|přeposlaná) zpráva"
    r"|(?:eredeti|továbbított) üzenet|(?:özgün|orijinal|yönlendirilmiş|iletilen) ileti"
    r"|(?:исходное|пересылаемое|пересланное) сообщение)[^\n]{0,60}"
    r"|(?:begin forwarded message|anfang der weitergeleiteten nachricht"
    r"|début du message (?:réexpédié|transféré)|inizio (?:del )?messaggio inoltrato"
    r"|inicio del mensaje reenviado|início da mensagem re?encaminhada"
    r"|begin doorgestuurd bericht|start på videresendt (?:melding|meddelelse)"
    r"|vidarebefordrat brev|начало переадресованного сообщения)[ \t]?:)[ \t]*$",
    re.I | re.M,
)
_SENDERS = frozenset(
    ["from", "von", "de", "da", "fra", "från", "van", "od", "lähettäjä", "feladó", "от", "kimden"]
)
_SUBJECTS = frozenset(
    [*("subject", "betreff", "objet", "asunto", "oggetto", "emne", "ämne", "onderwerp", "assunto"),
     *("aihe", "temat", "předmět", "tárgy", "тема", "konu")]
)  # fmt: skip
_DATES = frozenset(
    [*("date", "sent", "gesendet", "datum", "envoyé", "enviado", "enviada", "inviato", "fecha"),
     *("data", "dato", "sendt", "skickat", "verzonden", "lähetetty", "wysłano", "odesláno"),
     *("küldve", "отправлено", "дата", "gönderilme", "gönderme tarihi")]
)  # fmt: skip
_RECEIVERS = frozenset(
    [*("to", "an", "à", "para", "a", "cc", "reply-to", "til", "till", "aan", "do", "komu", "kopi"),
     *("kopie", "kopia", "vastaanottaja", "címzett", "кому", "копия", "kime", "bilgi")]
)  # fmt: skip
_CARRIED_FIELD = re.compile(
    r"^[ \t>]*\*?(?P<name>"
    + "|".join(sorted(map(re.escape, _SENDERS | _SUBJECTS | _DATES | _RECEIVERS)))
    + r")[ \t]?:\*?[ \t]*(?P<value>[^\n]*)$",
    re.I,
)
_MAX_CARRIED_FIELDS = 12
_MAX_COVER_LINES = 60
_SENTENCE_END = re.compile(r"[.!?] +(?=[^\W\d_a-zà-ÿ])")
_RICHER = 1.5

Read = Callable[[bytes, Hints, ParseLimits], Iterator[Part]]
"""Reads the parts of data in one of the packaged formats; raises `FaultError` for any other."""


@dataclass(frozen=True, slots=True)
class _Leaf:
    """A part of the message that has no parts: its type, content, charset, name if attached."""

    kind: str
    data: bytes
    charset: str | None
    attached: str | None


@dataclass(frozen=True, slots=True)
class _Sent:
    """Subject, text and date of the message that tells the story, and the words that cover it."""

    subject: str
    text: str
    when: str | None = None
    cover: str | None = None


class MailFormat:
    """Mail; `read` reads a message's content that is in another format."""

    name = "mail"

    def __init__(self, read: Read) -> None:
        self._read = read

    def matches(self, sniff: Sniff) -> bool:
        """Look for a block of header fields, two of them mail's own (`From`, `Subject` …)."""
        begin = _FROM_LINE.match(sniff.text)
        at = begin.end() if begin else 0
        names = set()
        while field := _HEADER.match(sniff.text, at):
            names.add(field["name"].lower())
            at = field.end()
        at_end = at >= len(sniff.text) or sniff.text[at] in "\r\n"
        return at_end and len(names & _OF_MAIL) >= _MIN_OF_MAIL

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield one story, or the parts of what the message carries: a packaged format, messages.

        A message sent on within another one, and each of a digest, are read like mails alone.
        """
        _check_cost(data)
        try:
            message = _message(data.lstrip(b"\xef\xbb\xbf\0 \t\r\n"))
            found = list(self._parts(message, hints, limits, 0))
        except RecursionError as error:
            raise FaultError("malformed", "the message's parts nest too deep") from error
        except _BROKEN_FIELD as error:
            raise FaultError("malformed", f"a content field is broken: {error}") from error
        yield from found

    def _parts(
        self, message: Message, hints: Hints, limits: ParseLimits, level: int
    ) -> Iterator[Part]:
        leaves, messages = _leaves(message), _messages(message)
        carried = next(filter(None, (self._carried(leaf, hints, limits) for leaf in leaves)), None)
        if carried:
            yield from carried
            return
        cover = _cover(leaves, hints) if messages else ""
        subject = (_header(message, "subject") or "") if messages else ""
        is_cover = len(messages) > 1 or _is_cover(subject, cover)
        if not messages or not is_cover or level >= _MAX_CARRIED:
            draft = _story(message, leaves, hints)
            unread = (f"not read: {len(messages)} messages within",) if messages else ()
            yield replace(draft, warnings=(*draft.warnings, *unread))
            return
        for inner in messages:
            parts = list(self._parts(inner, hints, limits, level + 1))
            if len(messages) > 1:
                raw = _bytes(inner)
                parts = [replace(part, raw=part.raw or raw) for part in parts]
            yield from (_under(part, cover) for part in parts)

    def _carried(self, leaf: _Leaf, hints: Hints, limits: ParseLimits) -> list[Part]:
        """Return the parts of a leaf in a packaged format; one alone has the message as its raw
        form."""
        try:
            read = self._read(leaf.data, replace(hints, charset=leaf.charset), limits)
            parts = up_to_limits(read, limits)
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
    """Return the message; raises `FaultError` once it has too many parts."""
    made = itertools.count()

    def make(policy: Policy = compat32) -> Message:
        if next(made) > _MAX_PARTS:
            raise FaultError("malformed", f"the message has more than {_MAX_PARTS} parts")
        return Message(policy)

    parser = FeedParser(make)
    parser.feed(data.decode("ascii", "surrogateescape"))
    return parser.close()


def _leaves(message: Message) -> list[_Leaf]:
    """Return the parts of the message that have no parts, without those of messages within it."""
    leaves: list[_Leaf] = []
    for part in _own_parts(message):
        content = part.get_payload(decode=True)
        name = part.get_filename()
        is_attached = name or part.get_content_disposition() == "attachment"
        attached = line(str(name or "without a name")) if is_attached else None
        data = content if isinstance(content, bytes) else b""
        leaves.append(_Leaf(part.get_content_type(), data, part.get_content_charset(), attached))
    return leaves


def _own_parts(message: Message) -> Iterator[Message]:
    if not message.is_multipart():
        yield message
    elif message.get_content_type() != "message/rfc822":
        for part in message.get_payload():
            if isinstance(part, Message) and part.get_content_type() != "message/rfc822":
                yield from _own_parts(part)


def _messages(message: Message) -> list[Message]:
    """Return the messages that stand in this one, without those in them."""
    if not message.is_multipart():
        return []  # asked for its payload it would look its charset up
    payload = [*message.get_payload()]
    if message.get_content_type() == "message/rfc822":
        return [part for part in payload[:1] if isinstance(part, Message)]
    return [inner for part in payload if isinstance(part, Message) for inner in _messages(part)]


def _bytes(message: Message) -> bytes | None:
    """Return the message as it stands in the one around it; None where Python cannot write it."""
    out = io.BytesIO()
    try:
        BytesGenerator(out, mangle_from_=False, maxheaderlen=0).flatten(message)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return out.getvalue()


def _cover(leaves: list[_Leaf], hints: Hints) -> str:
    """Return the text of the mail itself."""
    inline = [leaf for leaf in leaves if leaf.attached is None]
    return _text(_chosen(inline, hints), hints)[0]


def _is_cover(subject: str, text: str) -> bool:
    """Say whether a mail says too little itself to be more than a cover."""
    words = len(text.split())
    return words < _COVER_WORDS or (bool(_SENT_ON.match(subject)) and words < 5 * _COVER_WORDS)


def _under(part: Part, cover: str) -> Part:
    """Return the part with the covering words as a note, and under the embargo that they give."""
    words = line(cover)
    if not isinstance(part, Draft) or not words:
        return part
    note = "\n".join(filter(None, (part.editor_note, words)))
    lines = _covering_embargoes(cover)
    if not lines or part.embargo_until:
        return replace(part, editor_note=note)
    story = read_story("\n\n".join((*lines, part.headline, *part.paragraphs)))
    warnings = tuple(w for w in story.warnings if w not in part.warnings)
    return replace(
        part,
        editor_note=note,
        embargo_until=story.embargo_until,
        status=story.status if part.status == "usable" else part.status,
        warnings=(*part.warnings, *warnings),
    )


# What mailers write where a mail has its text in HTML alone.
_STUB_WORDS = 60
_STUB = re.compile(
    r"(?:mail|message)(?: ?(?:program|client|reader|app|viewer|software))\b.{0,80}\bHTML\b"
    r"|\bHTML\b.{0,80}(?:mail|message) ?(?:program|client|reader|app|viewer|software)\b"
    r"|\bview (?:this|the) (?:e-?mail|message|newsletter|release) (?:online|in (?:your|a) browser)"
    r"|\bE-?Mail-?Programm\b.{0,80}\bHTML|\b(?:im|in ihrem) browser (?:ansehen|öffnen|anzeigen)"
    r"|\b(?:dans|en) (?:votre|su|tu) (?:navigateur|navegador)\b|\bau format HTML\b"
    r"|\bnel (?:tuo )?browser\b",
    re.I | re.S,
)


def _chosen(inline: list[_Leaf], hints: Hints) -> list[_Leaf]:
    """Return the plain parts, or those in HTML where they hold much more of the text."""
    plain = [leaf for leaf in inline if leaf.kind == "text/plain" and leaf.data.strip()]
    rich = [leaf for leaf in inline if leaf.kind == "text/html" and leaf.data.strip()]
    if not plain or not rich:
        return plain or rich
    written = " ".join(_read(leaf, hints)[0] for leaf in plain)
    short, full = len(written.split()), sum(len(_read(leaf, hints)[0].split()) for leaf in rich)
    is_stub = short <= _STUB_WORDS and bool(_STUB.search(written))
    return rich if full > _RICHER * short or (is_stub and full > 1) else plain


def _read(leaf: _Leaf, hints: Hints) -> tuple[str, tuple[str, ...]]:
    """Return the text of a leaf, and warnings of its decoding."""
    decoded = decode(leaf.data, leaf.charset or hints.charset)
    is_html = leaf.kind == "text/html"
    text = "\n\n".join(read_html(decoded.text).paragraphs) if is_html else decoded.text
    return text, decoded.warnings


def _text(leaves: list[_Leaf], hints: Hints) -> tuple[str, list[str]]:
    """Return the text of readable parts, cleaned and without a signature; warnings of its
    decoding."""
    read = [_read(leaf, hints) for leaf in leaves]
    text = _SIGNATURE.sub("", clean("\n\n".join(text for text, _ in read)).rstrip())
    return text, [warning for _, warnings in read for warning in warnings]


def _carried_at(text: str) -> tuple[int, int] | None:
    """Return where the words of the mail itself end, and where the fields of the one begin that it
    sends on.

    Below a line of its own, or, as Outlook does, a block of sender, time and subject alone.
    """
    if mark := _SEPARATOR.search(text):
        return mark.start(), mark.end()
    at = 0
    lines = text.split("\n")
    for number, entry in enumerate(lines[:_MAX_COVER_LINES]):
        found = _CARRIED_FIELD.match(entry)
        if found and found["name"].lower() in _SENDERS:
            names = set()
            for below in lines[number : number + _MAX_CARRIED_FIELDS]:
                if not (field := _CARRIED_FIELD.match(below)):
                    break
                names.add(field["name"].lower())
            if names & _SUBJECTS and names & _DATES:
                return at, at
        at += len(entry) + 1
    return None


def _covering_embargoes(cover: str) -> list[str]:
    """Return the embargoes of the words that cover a message: lines, or ends of lines."""
    found = []
    for entry in map(line, cover.split("\n")):
        begins = (0, *(match.end() for match in _SENTENCE_END.finditer(entry)))
        found += [entry[at:] for at in begins if is_embargo(entry[at:])][:1]
    return found


def _sent_on(subject: str, text: str) -> _Sent:
    """Return the message that stands in the text of another one.

    Mail programs write it below a line of their own, with its header fields as text.
    """
    begin = _carried_at(text)
    if begin is None or not _is_cover(subject, text[: begin[0]]):
        return _Sent(subject, text)
    cover_end, fields_at = begin
    lines = text[fields_at:].lstrip("\n").split("\n")
    values: dict[str, str] = {}
    end = 0
    for entry in lines[:_MAX_CARRIED_FIELDS]:
        found = _CARRIED_FIELD.match(entry)
        if not found and (entry.strip() or values):
            break
        end += 1
        if found:
            values[found["name"].lower()] = found["value"].strip("* ")
    stated = next((values[name] for name in _SUBJECTS if values.get(name)), None)
    when = next((values[name] for name in _DATES if values.get(name)), None)
    cover = text[:cover_end].strip(" \t\n_")
    body = "\n".join(lines[end:]).strip("\n")
    embargo = _covering_embargoes(cover)
    own = line("\n".join(entry for entry in cover.split("\n") if line(entry) not in embargo))
    text = "\n\n".join((*embargo, body))
    return _Sent(stated or _SENT_ON.sub("", subject), text, when, own or None)


def _story(message: Message, leaves: list[_Leaf], hints: Hints) -> Draft:
    inline = [leaf for leaf in leaves if leaf.attached is None]
    chosen = _chosen(inline, hints)
    warnings = [f"not read: {leaf.kind}, {leaf.attached}" for leaf in leaves if leaf.attached]
    other = {leaf.kind for leaf in inline if leaf not in chosen and leaf.data.strip()}
    warnings += [f"not read: {kind}" for kind in sorted(other - {"text/html", "text/plain"})]
    text, decoding = _text(chosen, hints)
    warnings += decoding
    headers = {name: _header(message, name) for name in ("subject", "date", "from", "keywords")}
    sent = _sent_on(headers["subject"] or "", text)
    moment = dates.moment(sent.when) if sent.when else None
    moment = moment or fields.moment(headers["date"], "Date", warnings)
    draft = read_story(f"{sent.subject}\n\n{sent.text}".strip("\n"), moment)
    sender, address = parseaddr((headers["from"] or "")[:_MAX_ADDRESS_CHARS])
    organization = _header(message, "organization")
    words = (headers["keywords"] or "").split(",")
    return replace(
        draft,
        headline=draft.headline or sent.subject,
        editor_note="\n".join(filter(None, (draft.editor_note, sent.cover))) or None,
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
    """Return a header's text, its encoded words (RFC 2047) read, bytes above ASCII as in a text."""
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
