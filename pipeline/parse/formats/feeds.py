"""RSS 0.9x to 2.0, RSS 1.0 (RDF) and Atom 1.0 (RFC 4287): each entry is a story.

What an element means is feedparser's business. It is given one entry at a time, from memory, out of
a document that `pipeline.parse.markup.xml` has read safely; so it never fetches and sees no
entities. The full text (`content:encoded`, `<content>`) is taken where the entry has it, else the
summary.
"""

from __future__ import annotations

import html
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import feedparser
from lxml import etree

from pipeline.model import Code, Relation
from pipeline.parse import fields
from pipeline.parse.conventions.providers import provider, provider_of_uri, provider_or_host
from pipeline.parse.conventions.wiretext import with_moment
from pipeline.parse.draft import Draft, Fault, FaultError, Hints, Part, Sniff, replace
from pipeline.parse.formats.feed_elements import entries, prepare, whole_entries
from pipeline.parse.formats.wordpress import Post, author_names, prepare_post
from pipeline.parse.ids import headline_key
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup import xml
from pipeline.parse.markup.flow import Flow, local, read_html
from pipeline.parse.text import dates
from pipeline.parse.text.clean import clean, line, optional_line
from pipeline.parse.text.dates import Moment
from pipeline.parse.text.paragraphs import split_paragraphs, tidy_paragraphs

_ROOTS = frozenset({"rss", "rdf", "feed", "channel"})
_TEXTS = frozenset({"text/plain", "text/html", "application/xhtml+xml"})
_ADDRESS = re.compile(r"[<(]?[\w.+-]+@[\w.-]+[>)]?")
_TRAILER = re.compile(r"^The post .{1,300} (?:appeared first|first appeared) on .{1,160}$")
# On a line of its own: feedparser looks through all of the first line for the encoding, in a time
# that grows with the cube of its length.
_DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>\n'

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Feed:
    """What the feed says of all its entries; `is_atom` is no RSS of any kind."""

    version: str | None
    is_atom: bool
    values: Values
    warnings: tuple[str, ...] = ()


class _Feeds:
    name = "feed"

    def matches(self, sniff: Sniff) -> bool:
        """Look for `<rss>`, `<rdf:RDF>`, `<feed>` or `<channel>`, or an Atom `<entry>` alone."""
        root = (sniff.root or "").lower()
        return root in _ROOTS or (root == "entry" and "Atom" in (sniff.namespace or ""))

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield a part for each entry; an empty feed is skipped.

        Of a feed that is cut off the whole entries are read; the rest is malformed.
        """
        try:
            document = xml.read_xml(data, hints, limits)
        except FaultError:
            whole, rest = whole_entries(xml.read_text(data, hints).text)
            if not whole:
                raise
            document = xml.read_xml(whole.encode("utf-8", "surrogatepass"), hints, limits)
            warnings = ("the feed is cut off", *document.warnings)
            yield from _entries(replace(document, warnings=warnings), is_cut=True)
            if rest:
                raw = rest.encode("utf-8", "surrogatepass")
                yield Fault("malformed", "the feed is cut off", "after its last whole entry", raw)
        else:
            yield from _entries(document, is_cut=False)


def _entries(document: xml.Document, *, is_cut: bool) -> Iterator[Part]:
    root = document.root
    items = list(entries(root))
    if not items:
        raise FaultError("skipped.not_a_story", "feed: no entries", local(root))
    forms = list(xml.alone(root, items))
    if len(items) == 1 and is_cut:
        forms = [etree.tostring(root, encoding="utf-8")]
    for item in items:
        parent = item.getparent()
        if parent is not None:
            parent.remove(item)
    shared = _shared(items)
    names = author_names(root)
    feed = _feed(root)
    for item, raw in zip(items, forms, strict=True):
        try:
            post = prepare_post(item, names)
            draft = _entry(item, feed, shared)
        except FaultError as error:
            yield replace(error.fault, raw=raw)
            continue
        if post is not None:
            draft = _as_post(draft, post)
        yield replace(draft, raw=raw, warnings=(*document.warnings, *draft.warnings))


def _as_post(draft: Draft, post: Post) -> Draft:
    """Return the draft with what WordPress says of it; a kill in its text stays one."""
    status = draft.status if draft.status != "usable" else post.status
    warnings = (*draft.warnings, *filter(None, (post.warning,)))
    summary = post.summary or draft.summary
    changed = dates.moment(post.changed) if post.changed else None
    if changed and draft.version_time is None:
        draft = replace(draft, version_time=changed.at, updated_at=changed.at)
    return replace(draft, status=status, summary=summary, warnings=warnings)


def _feed(root: etree._Element) -> _Feed:
    """Say what stands around the entries, which are no longer in the tree."""
    kind = {"rss": f"rss {xml.attribute(root, 'version') or ''}", "rdf": "rss 1.0"}
    version = kind.get(local(root), "atom").strip()
    is_atom = local(root) in {"feed", "entry"}
    if local(root) == "entry":
        return _Feed(version, is_atom, {})
    prepare(root)
    try:
        return _Feed(version, is_atom, _read(etree.tostring(root, encoding="utf-8")).feed)
    except FaultError as error:
        return _Feed(version, is_atom, {}, (f"the feed's head: {error}",))


def _read(document: bytes) -> Any:
    """Return feedparser's view of a document; plain bytes it would take for the name of a file.

    Raises `FaultError` where elements that never lie within each other confuse it.
    """
    source = io.BytesIO(_DECLARATION + document)
    try:
        return feedparser.parse(source, resolve_relative_uris=False, sanitize_html=False)
    except (LookupError, ValueError, TypeError, AttributeError) as error:
        raise FaultError("malformed", f"no feed that can be read: {error!r}"[:200]) from error


def _shared(items: Sequence[etree._Element]) -> frozenset[str]:
    """Return the ids that entries with different links share, or different titles without any.

    They name no entry.
    """
    links: dict[str, set[str]] = {}
    for item in items:
        named = {"guid": "", "id": "", "link": "", "title": ""}
        for part in item:
            name = local(part)
            if name in named and not named[name]:
                named[name] = line(part.text or "") or xml.attribute(part, "href") or ""
        identity = named["guid"] or named["id"]
        which = named["link"] or headline_key(named["title"])
        if identity and which:
            links.setdefault(identity, set()).add(which)
    return frozenset(identity for identity, found in links.items() if len(found) > 1)


def _entry(item: etree._Element, feed: _Feed, shared: frozenset[str]) -> Draft:
    aside = prepare(item)
    wrap = (b"<feed>", b"</feed>") if feed.is_atom else (b"<rss><channel>", b"</channel></rss>")
    parsed = _read(wrap[0] + etree.tostring(item, encoding="utf-8", with_tail=False) + wrap[1])
    if not parsed.entries:
        raise FaultError("malformed", "the entry cannot be read", local(item))
    entry: Values = parsed.entries[0]
    headline, body, summary = _headline(entry, feed), *_body(entry, feed)
    if not headline and not body.paragraphs:
        raise FaultError("no_text", "the entry has neither title nor text", "item")
    warnings = list(feed.warnings)
    published, updated = _times(entry, feed, warnings)
    link, identity = _text(entry, "link"), _text(entry, "id")
    if identity in shared:
        link = link if link != identity else None  # feedparser takes an id for a link
        taken = "the link is taken" if link else "none is taken"
        warnings.append(f"other entries have this id too, so {taken}: {identity[:80]}")
        identity = link
    identity = identity or link
    draft = Draft(
        headline=headline,
        paragraphs=(),
        version_time=updated.at if updated else None,
        provider=_provider(entry, feed.values, link or identity),
        provider_id=identity,
        bylines=_bylines(entry),
        language=fields.language(_language(entry) or _text(feed.values, "language")),
        codes=tuple(_codes(entry)),
        keywords=aside.keywords,
        rights=_text(entry, "rights") or _text(feed.values, "rights"),
        summary=" ".join(_without_trailer(summary).paragraphs) or None,
        captions=aside.captions,
        related=(Relation("related", link),) if link and link != identity else (),
        created_at=published.at if published else None,
        updated_at=updated.at if updated else None,
        warnings=tuple(warnings),
        format_version=feed.version,
        format="feed",
        delivered=item,
    )
    draft = fields.with_body(with_moment(draft, published or updated), _without_trailer(body))
    if draft.provider:
        return draft
    # Many sites number their entries: without a provider those of two sites would be one family.
    return replace(draft, provider=provider_or_host(link or identity, _text(feed.values, "link")))


def _without_trailer(body: Flow) -> Flow:
    """Return the text without the line that WordPress puts below each entry."""
    last = body.paragraphs[-1] if len(body.paragraphs) > 1 else ""
    return replace(body, paragraphs=body.paragraphs[:-1]) if _TRAILER.match(last) else body


def _text(values: Values, key: str) -> str | None:
    """Return a value on one line; asked for like this, `updated` never stands for `published`."""
    found = values[key] if key in values else None  # noqa: SIM401 - `get` warns and mixes the two
    return optional_line(found) if isinstance(found, str) else None


def _headline(entry: Values, feed: _Feed) -> str:
    """Return the title, with the markup that feeds escape into it taken away."""
    detail = entry.get("title_detail") or {}
    text = str(detail.get("value") or "")
    if _may_be_markup(detail, feed) and "<" in text and "</" in text:
        return " ".join(read_html(text).paragraphs)
    return line(html.unescape(text))


def _may_be_markup(detail: Values, feed: _Feed) -> bool:
    """Guess for RSS, which does not say whether a text is markup; Atom does (RFC 4287, 3.1.1)."""
    return not feed.is_atom or detail.get("type") != "text/plain"


def _body(entry: Values, feed: _Feed) -> tuple[Flow, Flow]:
    """Return the full text, else the summary; and the summary where there is a full text."""
    short = entry.get("summary_detail") or {}
    summary = _flow(short, feed)
    for content in entry.get("content") or ():
        if content.get("type") in _TEXTS and (full := _flow(content, feed)).paragraphs:
            return full, Flow() if full.paragraphs == summary.paragraphs else summary
    return summary, Flow()


def _flow(detail: Values, feed: _Feed) -> Flow:
    text = str(detail.get("value") or "")
    if _may_be_markup(detail, feed) and ("<" in text or "&lt;" in text):
        return read_html(html.unescape(text) if "<" not in text else text)
    return Flow(tidy_paragraphs(split_paragraphs(clean(html.unescape(text)))))


def _times(entry: Values, feed: _Feed, warnings: list[str]) -> tuple[Moment | None, Moment | None]:
    """Return published and updated. RSS without a `pubDate` was published at its `dc:date`."""
    published = _text(entry, "published") or _text(entry, "created")
    updated = _text(entry, "updated")
    if not published and not feed.is_atom:
        published, updated = updated, None
    return fields.moment(published, "published", warnings), fields.moment(
        updated, "updated", warnings
    )


def _bylines(entry: Values) -> tuple[str, ...]:
    names = [author.get("name") for author in entry.get("authors") or ()]
    written = str(entry.get("author") or "")
    if "@" in written and len(names) == 1:  # feedparser cuts domains of more than four letters
        names = [_ADDRESS.sub(" ", written).strip(" ()<>,;")]
    found = (part for name in names if name and "@" not in name for part in fields.bylines(name))
    return tuple(dict.fromkeys(map(line, found)))


def _provider(entry: Values, feed: Values, link: str | None) -> str | None:
    """Return the agency that a name or an address tells, else the source as named."""
    source, publisher = _text(entry.get("source") or {}, "title"), _text(entry, "publisher")
    home = _text(feed, "link")
    by_name = provider(source) or provider(publisher)
    by_link = provider_of_uri(link) or provider_of_uri(home)
    known = by_name or by_link or provider(_text(feed, "title"))
    return known or source or publisher


def _language(entry: Values) -> str | None:
    details = (
        *(entry.get("content") or ()),
        entry.get("summary_detail"),
        entry.get("title_detail"),
    )
    stated = (detail.get("language") for detail in details if detail)
    return _text(entry, "language") or next(filter(None, stated), None)


def _codes(entry: Values) -> Iterator[Code]:
    for tag in entry.get("tags") or ():
        value = _text(tag, "term")
        if value:
            scheme = _text(tag, "scheme") or "feed-category"
            yield Code(scheme, value, "topic", _text(tag, "label"))


FEEDS = _Feeds()
