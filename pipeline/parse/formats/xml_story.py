"""XML of no standard: agencies' and sites' own exports, read by the names of their elements.

An element that holds a headline and a text under names that exports use is a story, however many
there are; what else it holds is read under those names too. Sources: the exports of Ritzau
(`<RBNews>`) and of other desks.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from html import escape
from itertools import islice

from lxml import etree

from pipeline.parse import fields
from pipeline.parse.draft import Draft, FaultError, Hints, Part, Sniff, replace
from pipeline.parse.formats.agency_json import Object, ReadObject
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup import values, xml
from pipeline.parse.markup.flow import local, text_of
from pipeline.parse.text import dates
from pipeline.tabular import BODIES, HEADLINES, plain_name

_NOT_HERE = frozenset(("html", "head", "body", "div", "p", "svg", "opml", "doctype", "wsdl"))
_HEADLINES = (HEADLINES - {"head"}) | {"hl1", "headline1", "newstitle", "title_text"}
_BODIES = (BODIES - {"article", "story", "html"}) | {"bodytext", "newstext", "body_content"}
_NAMES = {
    "id": ("newsid", "storyid", "articleid", "itemid", "docid", "uniqueid", "news_id", "guid"),
    "published_at": (
        *("publishdate", "publish_date", "publicationdate", "publication_date", "pubdate", "date"),
        *("newsdate", "releasedate", "published", "publishedat", "datepublished", "datetime"),
    ),
    "version_time": ("versiondate", "updatedate", "lastupdate", "last_update", "modificationdate"),
    "summary": ("subtitle", "subheadline", "standfirst", "teaser", "lead", "ingress", "abstract"),
    "editor_note": ("editorialnote", "editorsnote", "ednote", "tilredaktionen", "editornote"),
    "provider": ("provider", "agency", "source", "origin", "newsagency", "credit", "supplier"),
    "byline": ("byline", "author", "authors", "writer", "journalist", "reporter"),
    "language": ("language", "lang"),
    "embargo": ("embargo", "embargodate", "embargo_until", "embargotime"),
}
_CANONICAL = {name: field for field, names in _NAMES.items() for name in names}
_SHARED = frozenset(("published_at", "provider", "language"))
_ENDING = re.compile(rb"</(?:[\w.-]+:)?([\w.-]+)\s*>\s*$")
_TAIL_BYTES = 400
_MIN_BODY_WORDS = 3
_MAX_NAMED = 40
_MANY_TEXTS = 20


class XmlStory:
    """The format; `read` makes the draft of an object under the names that exports use."""

    name = "xml"

    def __init__(self, read: ReadObject) -> None:
        self._read = read

    def matches(self, sniff: Sniff) -> bool:
        """Look for a root element that no other format has, closed at the record's end."""
        root = sniff.root or ""
        if not root or root.lower() in _NOT_HERE:
            return False
        ending = _ENDING.search(sniff.data[-_TAIL_BYTES:].rstrip(b"\0"))
        return ending is not None and ending[1] == root.encode()

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield a part for each element that holds a headline and a text."""
        document = xml.read_xml(data, hints, limits)
        root = document.root
        items = _items(root)
        if not items:
            names = dict.fromkeys(local(entry) for entry in root.iter(etree.Element))
            message = f"no wire format begins like this: <{local(root)}>; no element of it has a"
            message += f" headline and a text: they are {', '.join(list(names)[:_MAX_NAMED])}"
            raise FaultError("unknown_format", message[:500], local(root))
        around = {} if items == [root] else _around(root, items)
        for item, raw in zip(items, xml.alone(root, items), strict=True):
            low = {**around, **_object(item)}
            try:
                draft = _of(self._read(low, None), low, root)
            except FaultError as error:
                yield replace(error.fault, raw=raw)
                continue
            warnings = (*document.warnings, *draft.warnings)
            yield replace(draft, raw=raw, warnings=warnings, delivered=item)


def _of(draft: Draft, low: Object, root: etree._Element) -> Draft:
    """Return the draft as one of this format, its times by the clock of the agency's country."""
    times = (dates.moment(values.text(low, name)) for name in ("published_at", "version_time"))
    draft = replace(draft, format="xml", format_version=local(root)[:60])
    return fields.with_zones(draft, *times)


def _items(root: etree._Element) -> list[etree._Element]:
    """Return the elements that have a headline and a text among their children, the outermost."""
    found: list[etree._Element] = []
    for element in root.iter(etree.Element):
        parent = element.getparent()
        if found and parent is not None and _is_within(element, found[-1]):
            continue
        names = {plain_name(local(child)) for child in xml.children(element)}
        if names & _HEADLINES and any(_is_text(child) for child in xml.children(element)):
            found.append(element)
    return found or _whole(root)


def _is_within(element: etree._Element, outer: etree._Element) -> bool:
    return any(parent is outer for parent in element.iterancestors())


def _is_text(element: etree._Element) -> bool:
    if plain_name(local(element)) not in _BODIES:
        return False
    return len(text_of(element).split()) >= _MIN_BODY_WORDS


def _whole(root: etree._Element) -> list[etree._Element]:
    """Return the root where headline and text stand apart below it, and each only once."""
    headlines = [e for e in root.iter(etree.Element) if plain_name(local(e)) in _HEADLINES]
    if len(headlines) != 1:
        return []
    texts = list(islice((e for e in root.iter(etree.Element) if _is_text(e)), _MANY_TEXTS))
    outer = [e for e in texts if not any(_is_within(e, other) for other in texts)]
    return [root] if len(outer) == 1 else []


def _around(root: etree._Element, items: list[etree._Element]) -> Object:
    """Return what the document says of all its stories, beside them: provider, language, day."""
    found: Object = {}
    parent = items[0].getparent()
    while parent is not None:
        for element in xml.children(parent):
            field = _CANONICAL.get(plain_name(local(element)))
            if field in _SHARED and not len(element):
                found.setdefault(field, text_of(element))
        parent = parent.getparent() if parent is not root else None
    return found


def _object(item: etree._Element) -> Object:
    """Return a story's elements and attributes under the names that exports use."""
    found: dict[str, list[str]] = {}
    body: str | None = None
    queue = deque(xml.children(item))
    while queue:
        element = queue.popleft()
        name = plain_name(local(element))
        if _is_text(element):
            body = body or _markup(element)
        elif any(True for _ in xml.children(element)) and name not in _HEADLINES:
            queue.extendleft(reversed(list(xml.children(element))))
        elif text := text_of(element):
            field = "headline" if name in _HEADLINES else _CANONICAL.get(name, name)
            found.setdefault(field, []).append(text)
    for key, value in item.items():
        attribute = plain_name(str(key))
        found.setdefault(_CANONICAL.get(attribute, attribute), [str(value)])
    alone = {"headline", "published_at", "version_time", "summary", "id", "provider", "language"}
    low: Object = {
        name: texts[0] if len(texts) == 1 or name in alone else list(texts)
        for name, texts in found.items()
    }
    return {**low, "body_html": body or ""}


def _markup(element: etree._Element) -> str:
    """Return the text of an element as HTML: its own elements, or the markup escaped within it."""
    if any(True for _ in xml.children(element)):
        parts = [escape(element.text or "")]
        parts += [
            etree.tostring(child, encoding="unicode", method="html")
            for child in element
            if isinstance(child.tag, str)
        ]
        return "".join(parts)
    return element.text or ""
