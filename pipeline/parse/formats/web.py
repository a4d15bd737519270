"""Web pages, alone and within WARC records, whose text has to be found among the page's furniture.

The text is what trafilatura (extra `web`) takes for the article; headline, time, byline and
publisher are what the page says of itself: schema.org, Open Graph, `meta`. Pages that hold their
article as data are read by `pipeline.parse.formats.html_page` before.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version

from pipeline.model import Record
from pipeline.parse.draft import Fault, FaultError, Hints, Part, Sniff, replace
from pipeline.parse.envelope import open_record
from pipeline.parse.formats.agency_json import Object, ReadObject, articles, read_articles
from pipeline.parse.formats.page_gates import before_gate
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup.flow import legal_references
from pipeline.parse.markup.values import depth
from pipeline.parse.text.clean import line
from pipeline.parse.text.decode import decode

Read = Callable[[bytes, Hints, ParseLimits], Iterator[Part]]

_MAX_PAGE_BYTES = 2 * 1024 * 1024
_FEWEST_WORDS = 12
"""Words that a page without a headline must have, to be more than a notice."""

_FEWEST_OF_UNDATED = 30
_FEWEST_OF_WHOLE = 150
"""Words above a gate from which on it is taken for a notice below a whole article."""

_SHORT_CHARS = 10
_SCRIPT = re.compile(
    r"<script\b[^<>]*?application/ld\+json[^<>]*>(?P<data>(?:[^<]|<(?!/script))*+)</script", re.I
)
_CHARSET = re.compile(rb"<meta\b[^<>]{0,200}?charset\s*=\s*[\"']?([\w.:-]+)", re.I)
_META = re.compile(r"<(?:meta|link)\b([^<>]{1,4000})>", re.I)
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_TITLE = re.compile(r"<title\b[^<>]*>([^<]{1,2000})</title", re.I)
_LANG = re.compile(r"<html\b[^<>]{0,1000}?\blang\s*=\s*[\"']?([A-Za-z-]{2,12})", re.I)
_WARC = re.compile(rb"WARC/\d\.\d{1,2}\r?\n")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"^([A-Za-z-]+):[ \t]*([^\r\n]*)", re.M)
_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<!--.{0,2000}?-->\s*)*<(?:!doctype\s+html|html|head|body)\b",
    re.I | re.S,
)
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]{0,200}\r\n")
_NAMES: dict[str, tuple[str, ...]] = {
    "headline": ("og:title", "twitter:title", "dc.title", "title"),
    "datePublished": ("article:published_time", "datepublished", "dc.date.issued", "date",
                      "dc.date", "pubdate", "parsely-pub-date", "sailthru.date"),
    "dateModified": ("article:modified_time", "og:updated_time", "datemodified"),
    "author": ("author", "article:author", "dc.creator", "byl", "parsely-author"),
    "publisher": ("og:site_name", "application-name", "dc.publisher"),
    "url": ("canonical", "og:url"),
    "description": ("og:description", "description", "dc.description"),
    "articleSection": ("article:section",),
    "keywords": ("news_keywords", "keywords"),
}  # fmt: skip


@cache
def extractor() -> str:
    """Name and version of what finds the text of a page; empty where it is not installed."""
    try:
        return f"trafilatura {version('trafilatura')}"
    except PackageNotFoundError:
        return ""


class WebPage:
    """The format; `read` makes the draft of an object under the names that exports use."""

    name = "html"

    def __init__(self, read: ReadObject) -> None:
        self._read = read

    def matches(self, sniff: Sniff) -> bool:
        """Look for the root `<html>`, of a page that does not hold its article as data."""
        return (sniff.root or "").lower() in {"html", "head", "body"} or bool(
            _PAGE.match(sniff.data[:4096])
        )

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield one story."""
        if not extractor():
            message = "a web page: its text is found with the extra `web` only (trafilatura)"
            raise FaultError("unknown_format", message)
        if len(data) > _MAX_PAGE_BYTES:
            raise FaultError("too_large", f"a web page of more than {_MAX_PAGE_BYTES} bytes")
        charset = _CHARSET.search(data[:2048])
        decoded = decode(data, hints.charset or (charset[1].decode("ascii") if charset else None))
        about = _stated(decoded.text, limits)
        text = _article_text(decoded.text)
        if text and not about.get("headline") and len(text.split()) < _FEWEST_WORDS:
            raise FaultError("unknown_format", "a page without a headline or an article")
        shown, asked = before_gate(text.split("\n\n"))
        words = sum(len(paragraph.split()) for paragraph in shown)
        is_shown = bool(words or about.get("description")) and bool(about.get("datePublished"))
        if asked and not is_shown and words < _FEWEST_OF_UNDATED:
            raise FaultError("no_text", f"the page asks for {asked} in place of an article")
        if not (asked or text):
            raise FaultError("no_text", "the page holds no article that could be found")
        text = "\n\n".join(shown)
        about["articleBody"] = text
        first = text.split("\n\n", 1)[0]
        if len(first) > _SHORT_CHARS and str(about.get("headline", "")).startswith(first):
            about["headline"] = first  # the page's title has the site's name behind it
        for part in read_articles([about], None, self._read):
            if isinstance(part, Fault):
                yield part
            else:
                notes = (f"the page asks for {asked}: its article ends there",) if asked else ()
                yield replace(
                    part,
                    format="html",
                    format_version=extractor(),
                    warnings=(*decoded.warnings, *part.warnings, *notes),
                    is_partial=bool(asked) and words < _FEWEST_OF_WHOLE,
                )


def _article_text(page: str) -> str:
    """Return the paragraphs of the page's article, a blank line between them."""
    import trafilatura

    try:
        found = trafilatura.extract(
            legal_references(page).replace("\0", ""),
            include_comments=False,
            include_tables=True,
            with_metadata=False,
            output_format="txt",
        )
    except Exception as error:  # of a library, on a stranger's page: the page is what is wrong
        message = f"the page cannot be read: {type(error).__name__}"
        raise FaultError("malformed", message) from error
    return "\n\n".join(filter(None, map(line, (found or "").split("\n"))))


def _stated(page: str, limits: ParseLimits) -> Object:
    """Say what the page says of its article, under the names of schema.org."""
    stated: dict[str, str] = {}
    for tag in _META.finditer(page):
        pairs = {m[1].lower(): m[2] or m[3] or m[4] or "" for m in _ATTRIBUTE.finditer(tag[1])}
        name = pairs.get("property") or pairs.get("name") or pairs.get("itemprop")
        name = (name or pairs.get("rel") or "").lower()
        value = html.unescape(pairs.get("content") or pairs.get("href") or "")
        if name and value.strip():
            stated.setdefault(name, line(value))
    if title := _TITLE.search(page):
        stated.setdefault("title", line(html.unescape(title[1])))
    about: Object = {"@type": "NewsArticle"}
    for key, names in _NAMES.items():
        found = next((stated[name] for name in names if name in stated), None)
        if found:
            about[key] = {"name": found} if key == "publisher" else found
    if language := _LANG.search(page[:4096]):
        about["inLanguage"] = language[1]
    for entry in _data(page, limits):
        about |= {key: value for key, value in entry.items() if value}
        break
    return about


def _data(page: str, limits: ParseLimits) -> Iterator[Object]:
    for script in _SCRIPT.finditer(page):
        try:
            value = json.loads(script["data"], strict=False)
        except (ValueError, RecursionError):
            continue
        if depth(value) <= limits.max_depth:
            yield from articles(value)


class Warc:
    """WARC records (ISO 28500); `read` reads the page or the document that a response holds."""

    name = "warc"

    def __init__(self, read: Read) -> None:
        self._read = read

    def matches(self, sniff: Sniff) -> bool:
        """Look for `WARC/1.0` at the beginning."""
        return bool(_WARC.match(sniff.data))

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield the parts of what the response holds.

        The whole record is the raw form of one alone.
        """
        head, content = _split(data)
        fields = {name.lower(): value.strip() for name, value in _FIELD.findall(head)}
        length = fields.get(b"content-length", b"")
        content = content[: int(length)] if re.fullmatch(rb"\d{1,15}", length) else content
        kind = fields.get(b"warc-type", b"").lower()
        if kind not in {b"response", b"resource"}:
            shown = kind.decode("latin-1")[:40] or "none"
            raise FaultError("skipped.not_a_story", f"a WARC record of type {shown}")
        charset = hints.charset
        if fields.get(b"content-type", b"").lower().startswith(b"application/http"):
            charset, content = _response(content)
        opened = open_record(Record("", 0, content), limits)
        address = line(fields.get(b"warc-target-uri", b"").decode("utf-8", "replace")).strip("<>")
        parts = list(self._read(opened.data, Hints(charset, hints.provider), limits))
        for part in parts:
            own = None if len(parts) == 1 else part.raw
            if isinstance(part, Fault):
                yield replace(part, raw=own, evidence=part.evidence or address or None)
            else:
                yield replace(part, raw=own, provider_id=part.provider_id or address or None)


def _split(data: bytes) -> tuple[bytes, bytes]:
    end = _BLANK_LINE.search(data)
    if end is None:
        raise FaultError("malformed", "a WARC record without an end of its header")
    return data[: end.start()], data[end.end() :]


def _response(data: bytes) -> tuple[str | None, bytes]:
    """Return the charset and the content of an HTTP response; raises `FaultError` for a failed
    one."""
    head, content = _split(data)
    status = re.match(rb"HTTP/\d(?:\.\d)? (\d{3})", head)
    if status and status[1] != b"200":
        code = status[1].decode("ascii")
        raise FaultError("skipped.not_a_story", f"a response with the status {code}")
    fields = {name.lower(): value.strip().lower() for name, value in _FIELD.findall(head)}
    charset = re.search(rb"charset\s*=\s*[\"']?([\w.:-]+)", fields.get(b"content-type", b""))
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        content = _joined(content)
    return (charset[1].decode("ascii") if charset else None), content


def _joined(content: bytes) -> bytes:
    """Return the content without the sizes of its chunks (RFC 9112, 7.1); as it is where it has
    none."""
    out, at = bytearray(), 0
    while chunk := _CHUNK.match(content, at):
        size = int(chunk[1], 16)
        out += content[chunk.end() : chunk.end() + size]
        at = chunk.end() + size + 2
        if not size:
            break
    return bytes(out) if at else content
