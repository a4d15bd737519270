"""Pages of news sites that say what they hold: the schema.org article within them is the story.

JSON-LD in `<script type="application/ld+json">` (https://schema.org/NewsArticle, JSON-LD 1.1,
section 7). Only pages whose article has its text (`articleBody`) are read like this.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

from pipeline.parse import fields
from pipeline.parse.draft import Draft, FaultError, Hints, Part, Sniff, replace
from pipeline.parse.formats.agency_json import Object, ReadObject, articles, read_articles
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup.values import depth
from pipeline.parse.text.decode import decode

_SCRIPT = re.compile(
    r"<script\b[^<>]*?application/ld\+json[^<>]*>(?P<data>(?:[^<]|<(?!/script))*+)</script", re.I
)
_CHARSET = re.compile(rb"<meta\b[^<>]{0,200}?charset\s*=\s*[\"']?([\w.:-]+)", re.I)
_LANGUAGE = re.compile(r"<html\b[^<>]{0,400}?\slang\s*=\s*[\"']?(?P<value>[A-Za-z_-]{2,20})", re.I)
_HEAD_CHARS = 4096
_CDATA = re.compile(r"^\s*(?://\s*)?<!\[CDATA\[|(?://\s*)?\]\]>\s*$")


class HtmlPage:
    """The format; `read` makes the draft of an object under the names that exports use."""

    name = "json-ld"

    def __init__(self, read: ReadObject) -> None:
        self._read = read

    def matches(self, sniff: Sniff) -> bool:
        """Look for the root `<html>`, and in the page a schema.org article with its text."""
        is_page = (sniff.root or "").lower() in {"html", "head"}
        return is_page and b"application/ld+json" in sniff.data and b"articleBody" in sniff.data

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield a part for each article with a text that the page holds."""
        charset = _CHARSET.search(data[:2048])
        decoded = decode(data, hints.charset or (charset[1].decode("ascii") if charset else None))
        found: list[Object] = []
        for script in _SCRIPT.finditer(decoded.text):
            found += (entry for entry in _articles(script["data"], limits) if entry not in found)
        if not found:
            raise FaultError("unknown_format", "a page without a schema.org article that has text")
        stated = _LANGUAGE.search(decoded.text, 0, _HEAD_CHARS)
        language = fields.language(stated["value"]) if stated else None
        for part in read_articles(found, None, self._read):
            own = part.raw
            if own is not None:
                root = f'<html lang="{language}">' if language else "<html>"
                opening = f'{root}<script type="application/ld+json">'.encode()
                own = opening + own + b"</script></html>"
            if isinstance(part, Draft):
                warnings = (*decoded.warnings, *part.warnings)
                spoken = part.language or language
                yield replace(part, raw=own, warnings=warnings, language=spoken)
            else:
                yield replace(part, raw=own)


def _articles(text: str, limits: ParseLimits) -> Iterator[Object]:
    """Yield the articles of one script that have their text; none where it is no JSON."""
    plain = _CDATA.sub("", text)
    for form in (plain, html.unescape(plain)):
        try:
            value = json.loads(form, strict=False)
        except (ValueError, RecursionError):
            continue
        if depth(value) <= limits.max_depth:
            yield from (entry for entry in articles(value) if entry.get("articleBody"))
        return
