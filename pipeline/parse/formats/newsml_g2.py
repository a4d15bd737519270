"""NewsML-G2 2.x (https://iptc.org/standards/newsml-g2/): items alone or in a news message.

News items and packages that say something are stories; concept, knowledge, planning and catalog
items are skipped. Qcodes are resolved through the catalogs that the document itself carries; no
catalog is fetched.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lxml import etree

from pipeline.parse import fields
from pipeline.parse.conventions.dateline import find_dateline
from pipeline.parse.conventions.wiretext import with_moment
from pipeline.parse.draft import Draft, Fault, FaultError, Hints, Part, Sniff, replace
from pipeline.parse.formats.newsml_g2_properties import (
    ItemContext,
    asserted_names,
    bylines_of,
    codes_of,
    places_of,
    provider_of,
    relations_of,
    schemes_of,
    value_of,
)
from pipeline.parse.formats.nitf import read_nitf
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup import values, xml
from pipeline.parse.markup.flow import Flow, local, read_flow, read_html, text_of
from pipeline.parse.text.clean import clean, unescaped
from pipeline.parse.text.dates import Moment
from pipeline.parse.text.paragraphs import split_paragraphs, tidy_paragraphs

_STORIES = ("newsitem", "packageitem")
_OTHERS = ("conceptitem", "knowledgeitem", "planningitem", "catalogitem")
_ROOTS = frozenset((*_STORIES, *_OTHERS, "newsmessage"))
_FRAGMENTS = frozenset({"contentmeta", "itemmeta", "groupset", "itemset", "conceptset"})
_PARTS = ("header", "footer", "section", "div")
_HTML = frozenset(["html", "body", "div", "p", "section", "article", "span"])


class _NewsMlG2:
    name = "newsml-g2"

    def matches(self, sniff: Sniff) -> bool:
        """Look for a root of the standard; `newsItem` (with that capital) in any namespace."""
        root = sniff.root or ""
        named = root in {"newsItem", "packageItem", "newsMessage"}
        if named or "std/nar" in (sniff.namespace or ""):
            return True
        return root.lower() in _ROOTS - {"newsitem"} or root.lower() in _FRAGMENTS

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield a part for each item of the document."""
        document = xml.read_xml(data, hints, limits)
        root = document.root
        if local(root) in _FRAGMENTS:
            raise FaultError("malformed", "a part of an item without the item", local(root))
        if local(root) == "newsmessage":
            items = list(xml.children(xml.child(root, "itemset"), *_STORIES, *_OTHERS))
        else:
            items = [root]
        if not items:
            raise FaultError("no_text", "the message holds no item", "newsMessage/itemSet")
        header = xml.child(root, "header")
        sender = text_of(xml.child(header, "sender")) or None
        schemes = schemes_of(header)
        forms = xml.alone(root, items)
        for item, raw in zip(items, forms, strict=True):
            context = ItemContext({**schemes, **schemes_of(item)}, sender, asserted_names(item))
            part = read_item(item, context)
            if isinstance(part, Draft):
                part = replace(part, warnings=(*document.warnings, *part.warnings))
            yield replace(part, raw=raw)


def read_item(item: etree._Element, context: ItemContext) -> Part:
    """Return the story of a news or package item; other items are skipped."""
    kind = local(item)
    if kind in _OTHERS:
        return Fault("skipped.not_a_story", f"newsml-g2: a {kind}", xml.attribute(item, "guid"))
    meta, about = xml.child(item, "itemmeta"), xml.child(item, "contentmeta")
    headline = unescaped(xml.first(about, "headline") or xml.first(meta, "title") or "")
    if kind == "packageitem" and not headline:
        message = "newsml-g2: a package without a headline of its own"
        return Fault("skipped.not_a_story", message, xml.attribute(item, "guid"))
    warnings: list[str] = []
    content, more = _content(item)
    warnings += more
    remote = [xml.attribute(entry, "href") for entry in xml.below(item, "remotecontent")]
    draft, moments = _metadata(item, meta, about, context, warnings)
    draft = replace(draft, headline=headline or content.headline)
    if not draft.headline and not content.paragraphs:
        warnings.append("neither headline nor text")
    if not draft.headline and not content.paragraphs and not draft.provider_id:
        return Fault("no_text", "the item has no guid, headline or text", kind)
    if not content.paragraphs and any(remote) and is_text_item(meta):
        warnings.append(f"the text is elsewhere: {next(filter(None, remote))}"[:300])
    draft = _merge(draft, content, tuple(warnings))
    draft = fields.embargoed(draft, xml.first(meta, "embargoed"))
    return fields.with_zones(fields.with_body(draft, Flow(content.paragraphs)), *moments)


def _merge(draft: Draft, content: Draft, warnings: tuple[str, ...]) -> Draft:
    """Return the item's own metadata, filled up with what the content says."""
    return replace(
        draft,
        bylines=draft.bylines or content.bylines,
        dateline=draft.dateline or content.dateline,
        dateline_places=content.dateline_places or draft.dateline_places,
        dateline_date=draft.dateline_date or content.dateline_date,
        summary=draft.summary or content.summary,
        editor_note="\n".join(filter(None, (draft.editor_note, content.editor_note))) or None,
        set_aside=(*draft.set_aside, *content.set_aside),
        captions=(*draft.captions, *content.captions),
        slugline=draft.slugline or content.slugline,
        provider=draft.provider or content.provider,
        codes=draft.codes or content.codes,
        urgency=draft.urgency or content.urgency,
        rights=draft.rights or content.rights,
        warnings=(*warnings, *content.warnings),
    )


def is_text_item(meta: etree._Element | None) -> bool:
    """Say whether the item's class is a text, or a whole of text and pictures, or is not given."""
    kind = (value_of(xml.child(meta, "itemclass")) or "").lower()
    return not kind or kind.endswith(("text", "composite"))


def read_page(part: etree._Element) -> Draft:
    """Return the draft of an XHTML page.

    Its header and the notes below it are no part of the text.
    """
    headers = [entry for entry in xml.below(part, *_PARTS) if _is_part(entry, "header")]
    names = [
        name
        for header in headers
        for line in header.iterdescendants()
        if "byline" in (xml.attribute(line, "class") or "").split()
        for name in fields.bylines(text_of(line))
    ]
    titles = xml.texts(entry for header in headers for entry in xml.below(header, "h1"))
    notes = [entry for entry in xml.below(part, *_PARTS) if _is_note(entry)]
    note = "\n".join(text for entry in notes for text in read_flow(entry).paragraphs)
    furniture = tuple(text for header in headers for text in read_flow(header).paragraphs)
    for entry in (*notes, *headers):
        _remove(entry)
    flow = read_flow(part)
    return Draft(
        headline=next(iter(titles), ""),
        paragraphs=flow.paragraphs,
        bylines=tuple(dict.fromkeys(names)),
        captions=flow.captions,
        editor_note=note or None,
        set_aside=furniture,
    )


def _is_note(entry: etree._Element) -> bool:
    """Say whether a part of the page is for desks (dpa's `notepad`), or the page's foot."""
    names = (xml.attribute(entry, "class") or "").split()
    return _is_part(entry, "footer") or any("notepad" in name for name in names)


def _is_part(entry: etree._Element, name: str) -> bool:
    """Say whether an element is the page's header or footer, by its name or its class."""
    return local(entry) == name or name in (xml.attribute(entry, "class") or "").split()


def _remove(entry: etree._Element) -> None:
    """Takes an element out of its page; the text behind it stays."""
    parent, tail = entry.getparent(), entry.tail
    if parent is None:
        return
    before = entry.getprevious()
    if tail and before is not None:
        before.tail = (before.tail or "") + tail
    elif tail:
        parent.text = (parent.text or "") + tail
    parent.remove(entry)


def _metadata(
    item: etree._Element,
    meta: etree._Element | None,
    about: etree._Element | None,
    context: ItemContext,
    warnings: list[str],
) -> tuple[Draft, Sequence[Moment | None]]:
    """Return what the item says of itself, and the moments that it states."""
    rights = xml.child(item, "rightsinfo")
    made = fields.moment(xml.first(meta, "versioncreated"), "versionCreated", warnings)
    begun = fields.moment(xml.first(meta, "firstcreated"), "firstCreated", warnings)
    created = fields.moment(xml.first(about, "contentcreated"), "contentCreated", warnings)
    changed = fields.moment(xml.first(about, "contentmodified"), "contentModified", warnings)
    status, unknown = fields.status(value_of(xml.child(meta, "pubstatus")))
    warnings += [unknown] if unknown else []
    if (
        status == "usable"
        and xml.child(meta, "embargoed") is not None
        and not (xml.first(meta, "embargoed"))
    ):
        # "No value: the embargo is indefinite" (NewsML-G2 guidelines, embargoed).
        status = "withheld"
        warnings.append("embargoed without a time: withheld")
    words = (xml.first(about, "dateline") or "").rstrip(" -–—") or None  # noqa: RUF001
    found = find_dateline(words + " - ") if words else None
    published = made or changed or created or begun
    near = published.at.date() if published else None
    signals = [value_of(signal) or "" for signal in xml.children(meta, "signal")]
    corrected = any(signal.lower().endswith("correction") for signal in signals)
    text_item = is_text_item(meta)
    summaries: list[etree._Element] = []
    captions: list[etree._Element] = []
    for entry in xml.children(about, "description"):
        is_caption = (xml.attribute(entry, "role") or "").lower().endswith("caption")
        (captions if is_caption or not text_item else summaries).append(entry)
    draft = Draft(
        headline="",
        paragraphs=(),
        version=fields.version(xml.attribute(item, "version")),
        version_time=made.at if made else None,
        status=status,
        provider=provider_of(item, meta, about, context),
        provider_id=xml.attribute(item, "guid"),
        slugline=xml.first(about, "slugline"),
        bylines=bylines_of(about),
        dateline=words,
        dateline_places=found.places if found else places_of(about, words),
        dateline_date=found.on(near) if found else None,
        language=fields.language(
            xml.attribute(xml.child(about, "language"), "tag") or xml.attribute(item, "lang")
        ),
        codes=tuple(codes_of(meta, about, context)),
        urgency=values.integer(xml.first(about, "urgency"), 1, 9),
        keywords=xml.texts(xml.children(about, "keyword")),
        rights=xml.first(rights, "copyrightnotice") or xml.first(rights, "copyrightholder"),
        usage_terms=xml.first(rights, "usageterms"),
        editor_note="\n".join(xml.texts(xml.children(meta, "ednote"))) or None,
        summary=" ".join(xml.texts(iter(summaries))) or None,
        captions=xml.texts(iter(captions)),
        related=relations_of(item, meta),
        created_at=(begun or created).at if (begun or created) else None,  # type: ignore[union-attr]
        updated_at=(changed or made).at if (changed or made) else None,  # type: ignore[union-attr]
        revision_mark="correction" if corrected else None,
        format_version=xml.attribute(item, "standardversion"),
        format="newsml-g2",
        delivered=item,
    )
    return with_moment(draft, published), (made, begun, created, changed)


def _content(item: etree._Element) -> tuple[Draft, list[str]]:
    """Say what the content set holds, as a draft, and warnings about content that is not read."""
    empty, warnings = Draft("", ()), []
    for part in xml.children(xml.child(item, "contentset"), "inlinexml", "inlinedata"):
        if local(part) == "inlinedata":
            text = "".join(str(entry) for entry in part.itertext())
            marked = "</" in text or "html" in (xml.attribute(part, "contenttype") or "")
            flow = (
                read_html(text) if marked else Flow(tidy_paragraphs(split_paragraphs(clean(text))))
            )
            found = replace(empty, paragraphs=flow.paragraphs, captions=flow.captions)
        else:
            inner = next(xml.children(part), None)
            name = local(inner) if inner is not None else ""
            if name == "nitf" and inner is not None:
                found = read_nitf(inner)
            elif name in _HTML and inner is not None:
                found = read_page(part)
            else:
                kind = xml.attribute(part, "contenttype") or name or "unknown type"
                warnings.append(f"inline content of {kind} is not read as text")
                continue
        if found.paragraphs or found.headline:
            return found, warnings
    return empty, warnings


NEWSML_G2 = _NewsMlG2()
