"""RSS 0.9x to 2.0, RSS 1.0 (RDF) and Atom 1.0 (RFC 4287): each entry is a story.

The full text (`content:encoded`, `<content>`) is taken where the entry has it, else the summary.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml import etree

from pipeline.model import Code, Relation
from pipeline.parse import fields, xml
from pipeline.parse.clean import clean, line
from pipeline.parse.dates import Moment
from pipeline.parse.draft import Draft, FaultError, Hints, Part, Sniff
from pipeline.parse.flow import Flow, local, read_flow, read_html, text_of
from pipeline.parse.limits import ParseLimits
from pipeline.parse.paragraphs import split_paragraphs, tidy
from pipeline.parse.providers import provider, provider_of_uri
from pipeline.parse.wiretext import with_moment

_MEDIA = "search.yahoo.com/mrss"
_ROOTS = frozenset({"rss", "rdf", "feed", "channel"})


@dataclass(frozen=True, slots=True)
class _Feed:
    """What the feed says of all its entries."""

    version: str | None
    title: str | None
    link: str | None
    language: str | None
    rights: str | None


class _Feeds:
    name = "feed"

    def matches(self, sniff: Sniff) -> bool:
        """The roots `<rss>`, `<rdf:RDF>`, `<feed>`, `<channel>`, or an Atom `<entry>` alone."""
        root = (sniff.root or "").lower()
        return root in _ROOTS or (root == "entry" and "Atom" in (sniff.namespace or ""))

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """A part for each entry; an empty feed is skipped."""
        document = xml.read_xml(data, hints, limits)
        root = document.root
        is_entry = local(root) == "entry"
        items = [root] if is_entry else list(xml.below(root, "item", "entry"))
        if not items:
            raise FaultError("skipped.not_a_story", "feed: no entries", local(root))
        feed = _feed(root)
        forms = xml.alone(root, items)
        for item, raw in zip(items, forms, strict=True):
            try:
                draft = _entry(item, feed)
            except FaultError as error:
                yield replace(error.fault, raw=raw)
                continue
            yield replace(draft, raw=raw, warnings=(*document.warnings, *draft.warnings))


def _feed(root: etree._Element) -> _Feed:
    channel = xml.child(root, "channel")
    source = channel if channel is not None else root
    version = xml.attribute(root, "version")
    kind = {"rss": f"rss {version or ''}", "rdf": "rss 1.0"}.get(local(root), "atom")
    return _Feed(
        version=kind.strip(),
        title=text_of(xml.child(source, "title")) or None,
        link=_link(source),
        language=text_of(xml.child(source, "language")) or xml.attribute(root, "lang"),
        rights=text_of(next(xml.children(source, "copyright", "rights"), None)) or None,
    )


def _entry(item: etree._Element, feed: _Feed) -> Draft:
    headline = _plain(xml.child(item, "title"))
    full = _own(item, "encoded", "content", "fulltext")
    short = _own(item, "description", "summary")
    body, summary = _flow(full), _flow(short)
    if not body.paragraphs:
        body, summary = summary, Flow()
    if not headline and not body.paragraphs:
        raise FaultError("no_text", "the entry has neither title nor text", "item")
    warnings: list[str] = []
    published = _time(item, ("pubdate", "published", "date", "issued"), warnings)
    updated = _time(item, ("updated", "modified"), warnings)
    link = _link(item)
    identity = text_of(next(xml.children(item, "guid", "id"), None)) or link
    own = xml.attribute(item, "about")
    draft = Draft(
        headline=headline,
        paragraphs=(),
        version_time=updated.at if updated else None,
        provider=_provider(item, feed, link or identity),
        provider_id=identity or own,
        bylines=_bylines(item),
        language=fields.language(xml.attribute(item, "lang") or feed.language),
        codes=tuple(_codes(item)),
        keywords=_keywords(item),
        rights=text_of(xml.child(item, "rights")) or feed.rights,
        summary=" ".join(summary.paragraphs) or None,
        captions=_captions(item),
        related=(Relation("related", link),) if link and link != identity else (),
        created_at=published.at if published else None,
        updated_at=updated.at if updated else None,
        warnings=tuple(warnings),
        format_version=feed.version,
        format="feed",
    )
    return fields.with_body(with_moment(draft, published or updated), body)


def _own(item: etree._Element, *names: str) -> etree._Element | None:
    """The first child of one of these names, in their order; Media RSS has a `content` too."""
    for name in names:
        for entry in xml.children(item, name):
            if _MEDIA not in str(entry.tag):
                return entry
    return None


def _captions(item: etree._Element) -> tuple[str, ...]:
    """The descriptions of pictures and video (Media RSS 1.5)."""
    described = xml.below(item, "description", "thumbnail_caption", "mediadescription")
    media = (e for e in described if _MEDIA in str(e.tag) or local(e) != "description")
    return tuple(dict.fromkeys(xml.texts(media)))


def _plain(element: etree._Element | None) -> str:
    """A title: its text, with the markup that feeds escape into it taken away."""
    text = text_of(element)
    if "<" in text and "</" in text:
        return " ".join(read_html(text).paragraphs)
    return line(html.unescape(text))


def _flow(element: etree._Element | None) -> Flow:
    if element is None:
        return Flow()
    if next(xml.children(element), None) is not None:
        return read_flow(element)
    text = "".join(str(part) for part in element.itertext())
    if "<" in text or "&lt;" in text:
        return read_html(html.unescape(text) if "<" not in text else text)
    return Flow(tidy(split_paragraphs(clean(html.unescape(text)))))


def _time(item: etree._Element, names: tuple[str, ...], warnings: list[str]) -> Moment | None:
    for name in names:
        text = text_of(xml.child(item, name))
        if text:
            return fields.moment(text, name, warnings)
    return None


def _link(element: etree._Element) -> str | None:
    for link in xml.children(element, "link"):
        if xml.attribute(link, "rel") in {None, "alternate"}:
            found = xml.attribute(link, "href") or text_of(link)
            if found:
                return found
    return None


def _bylines(item: etree._Element) -> tuple[str, ...]:
    names: list[str] = []
    for author in xml.children(item, "author", "creator"):
        name = text_of(xml.child(author, "name")) or text_of(author)
        if "(" in name and "@" in name:
            name = name[name.index("(") + 1 :].rstrip(") ")
        if name and "@" not in name:
            names += fields.bylines(name)
    return tuple(dict.fromkeys(names))


def _provider(item: etree._Element, feed: _Feed, link: str | None) -> str | None:
    source = xml.child(item, "source")
    told = text_of(xml.child(source, "title")) or text_of(source)
    by_name = provider(told) or provider(text_of(xml.child(item, "publisher")))
    return by_name or provider_of_uri(link) or provider_of_uri(feed.link) or provider(feed.title)


def _codes(item: etree._Element) -> Iterator[Code]:
    for category in xml.children(item, "category", "subject"):
        value = xml.attribute(category, "term") or text_of(category)
        scheme = xml.attribute(category, "domain", "scheme") or "feed-category"
        if value:
            yield Code(scheme, value, "topic", xml.attribute(category, "label"))


def _keywords(item: etree._Element) -> tuple[str, ...]:
    lines = xml.texts(xml.below(item, "keywords"))
    return tuple(line(word) for text in lines for word in text.split(",") if word.strip())


FEEDS = _Feeds()
