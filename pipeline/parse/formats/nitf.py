"""NITF 2.5 to 3.6 (https://iptc.org/standards/nitf/): one article, alone or within NewsML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from pipeline.model import Code, Relation
from pipeline.parse import fields
from pipeline.parse.conventions.dateline import find_dateline, split_places
from pipeline.parse.conventions.providers import house_of, provider
from pipeline.parse.conventions.signoff import read_sign_off
from pipeline.parse.conventions.wiretext import with_moment
from pipeline.parse.draft import Draft, FaultError, Hints, Part, Sniff, replace
from pipeline.parse.limits import ParseLimits
from pipeline.parse.markup import values, xml
from pipeline.parse.markup.flow import Flow, local, read_flow, text_of
from pipeline.parse.text import dates
from pipeline.parse.text.clean import unescaped
from pipeline.parse.text.dates import Moment

_CODED = ("tobject.subject", "evloc", "tobject.property", "identified-content")
_ROLES = {
    "org": "organisation",
    "person": "person",
    "location": "place",
    "city": "place",
    "country": "place",
    "event": "event",
    "function": "function",
    "object.title": "object",
    "classifier": "topic",
    "virtloc": "place",
}
_BY = re.compile(r"^(?:by|par|von|por|av|di|door)\s", re.I)
_SUMMARIES = frozenset({"summary", "abstract", "teaser", "standfirst"})
_VERSION = re.compile(r"NITF\s+(\d+\.\d+)", re.I)


class _Nitf:
    name = "nitf"

    def matches(self, sniff: Sniff) -> bool:
        """Look for the root `<nitf>`, or a NewsML-G2 `<contentSet>` cut out of its item."""
        return (sniff.root or "").lower() in {"nitf", "contentset"}

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield one story."""
        document = xml.read_xml(data, hints, limits)
        root = document.root
        if not root.tag.lower().endswith("nitf"):
            found = next(xml.below(root, "nitf"), None)
            if found is None:
                raise FaultError(
                    "malformed", "a content set without an item around it", "contentSet"
                )
            root = found
        draft = read_nitf(root)
        if not draft.headline and not draft.paragraphs:
            raise FaultError("no_text", "the article has neither headline nor body", "nitf/body")
        yield replace(draft, warnings=(*document.warnings, *draft.warnings))


def read_nitf(root: etree._Element) -> Draft:
    """Return the draft of a `<nitf>` element."""
    head, docdata = xml.child(root, "head"), xml.child(root, "head", "docdata")
    body_head = xml.child(root, "body", "body.head")
    warnings: list[str] = []
    issued = _date(docdata, "date.issue", warnings)
    released = _date(docdata, "date.release", warnings)
    located = next(xml.below(body_head, "dateline"), None)
    story_date = next(xml.below(located, "story.date"), None)
    norm = xml.attribute(story_date, "norm")
    dated = fields.moment(norm, "story.date", warnings) if norm else None
    status, unknown = fields.status(xml.attribute(docdata, "management-status"))
    warnings += [unknown] if unknown else []
    doc_key = xml.child(docdata, "du-key")
    corrections = tuple(xml.below(docdata, "correction"))
    headline = xml.first(body_head, "hl1", "headline") or xml.first(head, "title") or ""
    headline = unescaped(headline)
    words = _words(located, story_date)
    draft = Draft(
        headline=headline,
        paragraphs=(),
        version=fields.version(xml.attribute(doc_key, "version")),
        status=status,
        provider=_provider(root, body_head, docdata) or _house(body_head),
        provider_id=xml.attribute(xml.child(docdata, "doc-id"), "id-string"),
        slugline=xml.attribute(doc_key, "key") or _fixture(docdata),
        bylines=_bylines(body_head),
        dateline=words or None,
        dateline_places=_places(located, words),
        dateline_date=dated.at.date() if dated else None,
        language=fields.language(xml.attribute(root, "lang", "baselang")),
        codes=tuple(_codes(head)),
        urgency=values.integer(xml.attribute(xml.child(docdata, "urgency"), "ed-urg"), 1, 9),
        keywords=tuple(
            filter(None, (xml.attribute(k, "key") for k in xml.below(docdata, "keyword")))
        ),
        rights=_rights(docdata, body_head),
        editor_note=_note(docdata, body_head, corrections),
        summary=_summary(body_head, headline),
        related=_related(docdata, corrections),
        family_id=_corrected(docdata, corrections, status),
        is_partial=(values.integer(xml.attribute(doc_key, "part"), 0, 999) or 0) > 1,
        revision_mark="correction" if corrections else None,
        created_at=issued.at if issued else None,
        warnings=tuple(warnings),
        format_version=_version(root),
        format="nitf",
        delivered=root,
    )
    if released and issued and released.at > issued.at:
        draft = replace(draft, embargo_until=released.at)
    draft = with_moment(draft, issued or released or dated or _printed(head, warnings))
    flow = _body(xml.child(root, "body"))
    summary = draft.summary
    if block := () if summary else _summary_block(root):
        is_first = flow.paragraphs[: len(block)] == block and len(flow.paragraphs) > len(block)
        flow = replace(flow, paragraphs=flow.paragraphs[len(block) :]) if is_first else flow
        summary = " ".join(block) if is_first else None
    below = ("", *texts_of(xml.child(root, "body", "body.end")))
    signed = read_sign_off(list(below))
    notes = [text for text in signed.above[1:] if " " in text]
    draft = replace(
        draft,
        editor_note="\n".join(filter(None, (draft.editor_note, *notes))) or None,
        provider=draft.provider or signed.provider,
        summary=summary,
    )
    if words and not draft.dateline_date and draft.published_at:
        found = find_dateline(words + " - ")
        draft = replace(draft, dateline_date=found.on(draft.published_at.date()) if found else None)
    draft = fields.with_body(draft, flow)
    held = released if released and draft.embargo_until == released.at else None
    return fields.with_zones(draft, issued, released, dated, held=held)


def _body(body: etree._Element | None) -> Flow:
    """Return the text: that of `body.content`, else what stands in the body beside its head and
    end.

    The New York Times Annotated Corpus (LDC2008T19) says the first paragraphs twice: as the block
    `lead_paragraph`, and at the head of the block `full_text`, after the word LEAD.
    """
    content = xml.child(body, "body.content")
    if content is None:
        return read_flow(body, skip=("body.head", "body.end")) if body is not None else Flow()
    blocks = {entry.get("class"): entry for entry in xml.children(content, "block")}
    if "lead_paragraph" not in blocks or "full_text" not in blocks:
        return read_flow(content, skip=("hedline",))
    flow = read_flow(blocks["full_text"])
    read = tuple(p.removeprefix("LEAD: ") for p in flow.paragraphs)
    is_twice = flow.paragraphs[:1] != read[:1] and " ".join(read[1:]).startswith(read[0])
    return replace(flow, paragraphs=read[1:] if is_twice else read)


def _summary_block(root: etree._Element) -> tuple[str, ...]:
    """Return the paragraphs of the block that the article calls its summary."""
    blocks = xml.children(xml.child(root, "body", "body.content"), "block")
    named = (b for b in blocks if (b.get("class") or b.get("id") or "").lower() in _SUMMARIES)
    return texts_of(next(named, None))


def _printed(head: etree._Element | None, warnings: list[str]) -> Moment | None:
    """Return the day of the newspaper: `pubdata`, or the corpus's own `meta` of day, month and
    year."""
    text = xml.attribute(xml.child(head, "pubdata"), "date.publication")
    if text:
        day = re.sub(r"T00:?00:?00$", "", text)
        return fields.moment(day, "date.publication", warnings)
    names = ("publication_year", "publication_month", "publication_day_of_month")
    named = {entry.get("name"): entry.get("content", "") for entry in xml.children(head, "meta")}
    parts = [named.get(name, "") for name in names]
    if not all(part.isdecimal() and part.isascii() and len(part) <= 4 for part in parts):
        return None
    found = dates.day(*map(int, parts))
    return dates.midnight(found) if found else None


def _summary(body_head: etree._Element | None, headline: str) -> str | None:
    """Return the abstract, else the lines under the headline that do not say it once more."""
    found = texts_of(xml.child(body_head, "abstract"))
    below = xml.texts(xml.below(body_head, "hl2"))
    return " ".join(found or (text for text in below if text != headline)) or None


def texts_of(element: etree._Element | None) -> tuple[str, ...]:
    """Return the paragraphs below an element, none for None."""
    return read_flow(element).paragraphs if element is not None else ()


def _date(docdata: etree._Element | None, name: str, warnings: list[str]) -> Moment | None:
    return fields.moment(xml.attribute(xml.child(docdata, name), "norm"), name, warnings)


def _provider(
    root: etree._Element, body_head: etree._Element | None, docdata: etree._Element | None
) -> str | None:
    source = xml.attribute(xml.child(docdata, "doc-id"), "regsrc")
    holder = xml.attribute(xml.child(docdata, "doc.copyright"), "holder")
    name = xml.attribute(next(xml.below(xml.child(root, "head"), "pubdata"), None), "name")
    return fields.first_provider(xml.first(body_head, "distributor"), source, holder, name)


def _house(body_head: etree._Element | None) -> str | None:
    """Return the agency behind a byline's comma: `By Ada Brenner, PA Political Staff`."""
    titles = (text_of(entry).rpartition(", ")[2] for entry in xml.below(body_head, "byline"))
    return next(filter(None, map(house_of, titles)), None)


def _bylines(body_head: etree._Element | None) -> tuple[str, ...]:
    names: list[str] = []
    bylines = {entry.get("class"): entry for entry in xml.below(body_head, "byline")}
    if "normalized_byline" in bylines:  # of the New York Times corpus, as `Brenner, Ada`
        inverted = re.findall(r"([^,;]+),\s*([^,;]+)", text_of(bylines["normalized_byline"]))
        return tuple(f"{first.strip()} {last.strip()}" for last, first in inverted)
    for byline in xml.below(body_head, "byline"):
        people = xml.texts(xml.below(byline, "person"))
        title = text_of(next(xml.below(byline, "byttl", "bytag"), None))
        words = text_of(byline)
        people = tuple(name for name in people if not fields.is_sentence(name))
        # Some write the whole byline as a title.
        name = words.removesuffix(title).strip(" ,") or (title if _BY.match(title) else "")
        written = fields.bylines(name)
        is_more = len(written) > len(people) and set(people) <= set(written)
        names += written if is_more else people or written
    return tuple(dict.fromkeys(names))


def _words(located: etree._Element | None, story_date: etree._Element | None) -> str:
    """Return the dateline's words; a date that is apart by its markup only is apart in them too."""
    words, day = text_of(located), text_of(story_date)
    place = words.removesuffix(day)
    words = f"{place}, {day}" if day and place[-1:].isalnum() else words
    return words.rstrip(" -–—_")  # noqa: RUF001 - dashes of datelines


def _unsigned(place: str) -> str:
    """Return a place without the agency that stands behind it in brackets."""
    name, _, sign = place.rstrip(" -–—_").rpartition("(")  # noqa: RUF001 - dashes of datelines
    return name.strip(" -–—_") if sign.endswith(")") and provider(sign) else place  # noqa: RUF001


def _places(located: etree._Element | None, words: str) -> tuple[str, ...]:
    marked = xml.texts(xml.below(located, "location"))
    if marked:
        return tuple(filter(None, (_unsigned(place) for place in marked)))
    found = find_dateline(words + " - ") if words else None
    return (
        found.places
        if found
        else split_places(words.split("(", maxsplit=1)[0].strip(" -"))
        if words
        else ()
    )


def _codes(head: etree._Element | None) -> Iterator[Code]:
    by_name: dict[str, list[etree._Element]] = {name: [] for name in _CODED}
    for element in xml.below(head, *_CODED):
        by_name[local(element)].append(element)
    for subject in by_name["tobject.subject"]:
        value = xml.attribute(subject, "tobject.subject.refnum", "tobject.subject.code")
        names = ("tobject.subject.detail", "tobject.subject.matter", "tobject.subject.type")
        if value:
            yield Code("iptc-subjectcode", value, "topic", xml.attribute(subject, *names))
    for place in by_name["evloc"]:
        if country := xml.attribute(place, "iso-cc"):
            yield Code("iso-3166", country, "place", xml.attribute(place, "city"))
    for prop in by_name["tobject.property"]:
        if value := xml.attribute(prop, "tobject.property.type"):
            yield Code("nitf-property", value, "genre", value)
    for identified in by_name["identified-content"]:
        for entry in xml.children(identified):
            role = _ROLES.get(str(entry.tag).rpartition("}")[2].lower())
            name = xml.attribute(entry, "value") or text_of(entry) or None
            value = xml.attribute(entry, "idsrc-code", "code", "location-code", "value") or name
            scheme = xml.attribute(entry, "idsrc", "code-source", "type") or "nitf"
            if role and value:
                yield Code(scheme, value, role, name)


def _rights(docdata: etree._Element | None, body_head: etree._Element | None) -> str | None:
    holder = xml.child(docdata, "doc.copyright")
    year, name = xml.attribute(holder, "year"), xml.attribute(holder, "holder")
    stated = text_of(xml.child(body_head, "rights"))
    return stated or " ".join(filter(None, (year, name))) or None


def _note(
    docdata: etree._Element | None,
    body_head: etree._Element | None,
    corrections: tuple[etree._Element, ...],
) -> str | None:
    notes = [xml.attribute(entry, "info", "msg-type") for entry in xml.below(docdata, "ed-msg")]
    notes += [xml.attribute(entry, "info") for entry in corrections]
    notes += [text_of(entry) for entry in xml.children(body_head, "note")]
    return "\n".join(filter(None, notes)) or None


def _related(
    docdata: etree._Element | None, corrections: tuple[etree._Element, ...]
) -> tuple[Relation, ...]:
    found = []
    replaced = xml.attribute(docdata, "management-doc-idref")
    if replaced:
        found.append(Relation("replaces", replaced))
    corrected = (xml.attribute(entry, "id-string") for entry in corrections)
    found += [Relation("previous", identity) for identity in corrected if identity]
    return tuple(found)


def _corrected(
    docdata: etree._Element | None, corrections: tuple[etree._Element, ...], status: str
) -> str | None:
    """Return the id of the article that this one corrects or takes back: its family's."""
    corrected = xml.attribute(corrections[0], "id-string") if corrections else None
    return xml.attribute(docdata, "management-doc-idref") if status != "usable" else corrected


def _fixture(docdata: etree._Element | None) -> str | None:
    return xml.attribute(xml.child(docdata, "fixture"), "fix-id")


def _version(root: etree._Element) -> str | None:
    match = _VERSION.search(xml.attribute(root, "version") or "")
    return match[1] if match else None


NITF = _Nitf()
