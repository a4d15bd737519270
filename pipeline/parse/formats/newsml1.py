"""NewsML 1.0 to 1.2 (https://iptc.org/standards/newsml-1/): news items of nested components.

Element names are those of the DTD, matched without regard to case. The text is that of the
components in the main role; texts of pictures are captions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from pipeline.parse import fields
from pipeline.parse.conventions.dateline import find_dateline, split_places
from pipeline.parse.conventions.wiretext import with_moment
from pipeline.parse.draft import Draft, FaultError, Hints, Part, Sniff, replace
from pipeline.parse.formats.newsml1_properties import (
    codes_of,
    embargo_of,
    formal_name,
    identity_of,
    instruction_of,
    keywords_of,
    lines_of,
    notes_of,
    provider_of,
    relations_of,
    time_of,
)
from pipeline.parse.formats.nitf import read_nitf
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup import values, xml
from pipeline.parse.markup.flow import Flow, local, read_flow, read_html, text_of
from pipeline.parse.text import dates
from pipeline.parse.text.clean import clean, unescaped
from pipeline.parse.text.paragraphs import split_paragraphs, tidy_paragraphs

_PICTURES = frozenset(
    ["photo", "picture", "graphic", "image", "video", "audio", "icon", "animation", "logo"]
)
_TITLES = frozenset({"title", "headline"})
_ABSTRACTS = frozenset({"abstract", "summary", "teaser"})
_NO_TEXT = re.compile(r"style ?sheet|\bcss\b|\bxslt?\b|javascript")
_CAPTION_ROLES = frozenset({"caption", "picture caption", "photo caption", "caption text"})
_DIGIT = re.compile(r"\d")


class _NewsMl1:
    name = "newsml1"

    def matches(self, sniff: Sniff) -> bool:
        """Look for the root `<NewsML>`, or a `<NewsItem>` of it (with that capital) alone."""
        return sniff.root in {"NewsML", "NewsItem", "Newsml", "newsml", "NEWSML"}

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield a part for each news item."""
        document = xml.read_xml(data, hints, limits)
        root = document.root
        items = [root] if local(root) == "newsitem" else list(xml.children(root, "newsitem"))
        if not items:
            raise FaultError("no_text", "the document holds no NewsItem", "NewsML")
        envelope = xml.child(root, "newsenvelope")
        forms = xml.alone(root, items)
        for item, raw in zip(items, forms, strict=True):
            draft = _item(item, envelope)
            yield replace(draft, raw=raw, warnings=(*document.warnings, *draft.warnings))


def _item(item: etree._Element, envelope: etree._Element | None) -> Draft:
    warnings: list[str] = []
    identity = xml.child(item, "identification", "newsidentifier")
    management = xml.child(item, "newsmanagement")
    made = time_of(management, "thisrevisioncreated", warnings)
    first = time_of(management, "firstcreated", warnings)
    sent = time_of(envelope, "dateandtime", warnings)
    status, unknown = fields.status(formal_name(xml.child(management, "status")))
    held = embargo_of(management, warnings)
    if held and status == "withheld":
        status, unknown = "usable", None  # from then on: `embargo_until` says when
    warnings += [unknown] if unknown else []
    revision = xml.child(identity, "revisionid")
    words = xml.first(item, "dateline")
    stamp = dates.moment(words) if words else None
    if stamp or not re.search(r"[^\W\d_]{3}", words or ""):
        words = None  # a time and no words, as some systems fill the line
    words = words.rstrip(" -–—_") if words else words  # noqa: RUF001 - dashes of datelines
    found = find_dateline(words + " - ") if words else None
    agency = provider_of(item, envelope, identity)
    if words and not found and agency and _DIGIT.search(words):
        found = find_dateline(f"{words} ({agency}) - ")  # `NORRBY 05/10`: a day, and no agency
    published = made or first or stamp or sent
    near = published.at.date() if published else None
    urgency = formal_name(xml.child(management, "urgency")) or formal_name(
        xml.child(envelope, "priority")
    )
    content = _content(item)
    draft = Draft(
        headline=unescaped(
            _headline(item) or content.headline or xml.first(item, "headline") or ""
        ),
        paragraphs=(),
        version=fields.version(text_of(revision)),
        version_time=made.at if made else None,
        status=status,
        provider=agency or content.provider,
        provider_id=identity_of(identity),
        slugline=xml.first(item, "slugline")
        or xml.first(item, "namelabel")
        or next(iter(lines_of(item, "catchline")), None),
        bylines=fields.bylines(xml.first(item, "byline")) or content.bylines,
        dateline=words or content.dateline,
        dateline_places=(
            found.places if found else split_places(words) if words else content.dateline_places
        ),
        dateline_date=found.on(near) if found else content.dateline_date,
        language=fields.language(formal_name(next(xml.below(item, "language"), None))),
        embargo_until=held.at if held else None,
        codes=tuple(codes_of(item)) or content.codes,
        urgency=values.integer(urgency, 1, 9),
        keywords=keywords_of(item),
        rights=xml.first(item, "copyrightline") or xml.first(item, "copyrightholder"),
        usage_terms=xml.first(item, "usagerights", "rightsline"),
        editor_note=notes_of(item, management),
        summary=content.summary,
        captions=content.captions,
        related=relations_of(management, revision, identity),
        created_at=first.at if first else None,
        updated_at=made.at if made else None,
        revision_mark=instruction_of(management),
        warnings=(*warnings, *content.warnings),
        format_version=xml.attribute(item.getroottree().getroot(), "version"),
        format="newsml1",
        delivered=item,
    )
    if not draft.headline and not content.paragraphs:
        draft = replace(draft, warnings=(*draft.warnings, "neither headline nor text"))
    draft = fields.with_body(with_moment(draft, published), Flow(content.paragraphs))
    return fields.with_zones(draft, made, first, stamp, sent, held=held)


def _content(item: etree._Element) -> Draft:
    """Return the texts of the content items, those of pictures as captions."""
    first = Draft("", ())
    paragraphs: list[str] = []
    captions: list[str] = []
    seen: set[tuple[str, ...]] = set()
    for entry in xml.below(item, "contentitem"):
        found = _read(entry)
        if found is None:
            continue
        role = _role(entry)
        if _is_caption(entry):
            captions += found.paragraphs
        elif role in _TITLES:
            first = replace(first, headline=first.headline or " ".join(found.paragraphs))
        elif role in _ABSTRACTS:
            first = replace(first, summary=first.summary or " ".join(found.paragraphs))
        elif (found.headline or found.paragraphs) and found.paragraphs not in seen:
            seen.add(found.paragraphs)
            if not paragraphs:
                first = replace(
                    found,
                    headline=first.headline or found.headline,
                    summary=first.summary or found.summary,
                )
            paragraphs += found.paragraphs
            captions += found.captions
    return replace(first, paragraphs=tuple(paragraphs), captions=tuple(captions))


def _read(entry: etree._Element) -> Draft | None:
    data = xml.child(entry, "datacontent")
    if data is None:
        data = next(xml.below(entry, "datacontent"), None)
    if data is None or not _is_text(entry):
        return None
    inner = next(xml.children(data), None)
    nested = next(xml.below(data, "nitf"), None)
    if nested is not None:
        return read_nitf(nested)
    if inner is not None:
        flow = read_flow(data)
    else:
        text = "".join(str(part) for part in data.itertext())
        flow = (
            read_html(text)
            if "</" in text
            else Flow(tidy_paragraphs(split_paragraphs(clean(text))))
        )
    return Draft("", flow.paragraphs, captions=flow.captions)


def _is_text(entry: etree._Element) -> bool:
    """Say whether the content is to be read: a style sheet, a table of data or a script is not."""
    kinds = ("mediatype", "format", "mimetype")
    named = " ".join(formal_name(xml.child(entry, kind)) or "" for kind in kinds).lower()
    return not _NO_TEXT.search(named)


def _role(entry: etree._Element) -> str:
    """Return the role of the nearest component around a content item that has one."""
    for component in entry.iterancestors():
        if local(component) == "newsitem":
            break
        role = (formal_name(xml.child(component, "role")) or "").lower()
        if role:
            return role
    return ""


def _headline(item: etree._Element) -> str:
    """Return the first headline that is not that of a picture beside the text."""
    lines = (e for e in xml.below(item, "headline") if _role(e) not in _PICTURES)
    return next(filter(None, map(text_of, lines)), "")


def _is_caption(entry: etree._Element) -> bool:
    kind = (formal_name(xml.child(entry, "mediatype")) or "").lower()
    if kind in _PICTURES:
        return True
    return _role(entry) in _CAPTION_ROLES


NEWSML1 = _NewsMl1()
