"""NewsML 1.0 to 1.2 (https://iptc.org/standards/newsml-1/): news items of nested components.

Element names are those of the DTD, matched without regard to case. The text is that of the
components in the main role; texts of pictures are captions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from lxml import etree

from pipeline.model import Code, Relation
from pipeline.parse import fields, values, xml
from pipeline.parse.clean import clean, line
from pipeline.parse.dateline import find_dateline, split_places
from pipeline.parse.dates import Moment
from pipeline.parse.draft import Draft, FaultError, Hints, Part, Sniff
from pipeline.parse.flow import Flow, local, read_flow, read_html, text_of
from pipeline.parse.formats.nitf import read_nitf
from pipeline.parse.limits import ParseLimits
from pipeline.parse.paragraphs import split_paragraphs, tidy
from pipeline.parse.providers import provider_of_uri
from pipeline.parse.wiretext import with_moment

_PICTURES = frozenset(
    ["photo", "picture", "graphic", "image", "video", "audio", "icon", "animation", "logo"]
)
_CAPTION_ROLES = frozenset({"caption", "picture caption", "photo caption", "caption text"})
_ROLES = {
    "subject": "topic",
    "subjectmatter": "topic",
    "subjectdetail": "topic",
    "subjectqualifier": "topic",
    "genre": "genre",
    "location": "place",
    "ofinterestto": "audience",
}


class _NewsMl1:
    name = "newsml1"

    def matches(self, sniff: Sniff) -> bool:
        """The root `<NewsML>`, or a `<NewsItem>` of it (with that capital) alone."""
        return sniff.root in {"NewsML", "NewsItem", "Newsml", "newsml", "NEWSML"}

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """A part for each news item."""
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
    made = _time(management, "thisrevisioncreated", warnings)
    first = _time(management, "firstcreated", warnings)
    sent = _time(envelope, "dateandtime", warnings)
    status, unknown = fields.status(_formal(xml.child(management, "status")))
    embargo = _embargo(management, warnings)
    if embargo and status == "withheld":
        status = "usable"  # from then on: `embargo_until` says when
    warnings += [unknown] if unknown else []
    revision = xml.child(identity, "revisionid")
    words = xml.first(item, "dateline")
    found = find_dateline(words + " - ") if words else None
    published = made or first or sent
    near = published.at.date() if published else None
    urgency = _formal(xml.child(management, "urgency")) or _formal(xml.child(envelope, "priority"))
    content = _content(item)
    draft = Draft(
        headline=xml.first(item, "headline") or content.headline,
        paragraphs=(),
        version=fields.version(text_of(revision)),
        version_time=made.at if made else None,
        status=status,
        provider=_provider(item, envelope, identity) or content.provider,
        provider_id=_identity(identity),
        slugline=xml.first(item, "slugline") or xml.first(item, "namelabel"),
        bylines=fields.bylines(xml.first(item, "byline")) or content.bylines,
        dateline=words or content.dateline,
        dateline_places=(
            found.places if found else split_places(words) if words else content.dateline_places
        ),
        dateline_date=found.on(near) if found else content.dateline_date,
        language=fields.language(_formal(next(xml.below(item, "language"), None))),
        embargo_until=embargo,
        codes=tuple(_codes(item)) or content.codes,
        urgency=values.integer(urgency, 1, 9),
        keywords=_keywords(item),
        rights=xml.first(item, "copyrightline") or xml.first(item, "copyrightholder"),
        usage_terms=xml.first(item, "usagerights", "rightsline"),
        editor_note=_notes(management),
        summary=content.summary,
        captions=content.captions,
        related=_related(management, revision, identity),
        created_at=first.at if first else None,
        updated_at=made.at if made else None,
        revision_mark=_instruction(management),
        warnings=(*warnings, *content.warnings),
        format_version=xml.attribute(item.getroottree().getroot(), "version"),
        format="newsml1",
    )
    if not draft.headline and not content.paragraphs:
        draft = replace(draft, warnings=(*draft.warnings, "neither headline nor text"))
    return fields.with_body(with_moment(draft, published), Flow(content.paragraphs))


def _time(element: etree._Element | None, name: str, warnings: list[str]) -> Moment | None:
    return fields.moment(text_of(xml.child(element, name)), name, warnings)


def _formal(element: etree._Element | None) -> str | None:
    return xml.attribute(element, "formalname") or text_of(element) or None


def _identity(identity: etree._Element | None) -> str | None:
    """The item's URN without the revision, as NewsML 1.2 section 5.3 builds it."""
    parts = [text_of(xml.child(identity, n)) for n in ("providerid", "dateid", "newsitemid")]
    if all(parts):
        return "urn:newsml:" + ":".join(parts)
    return text_of(xml.child(identity, "publicidentifier")) or None


def _provider(
    item: etree._Element, envelope: etree._Element | None, identity: etree._Element | None
) -> str | None:
    admin = next(xml.below(item, "administrativemetadata"), None)
    parties = [_formal(p) for p in xml.below(xml.child(admin, "provider"), "party")]
    sent = [_formal(p) for p in xml.below(xml.child(envelope, "sentfrom"), "party")]
    owner = text_of(xml.child(identity, "providerid")) or None
    by_owner = provider_of_uri(owner)
    return by_owner or fields.first_provider(*parties, *sent, owner)


def _content(item: etree._Element) -> Draft:
    """Texts of the content items, those of pictures as captions."""
    first = Draft("", ())
    paragraphs: list[str] = []
    captions: list[str] = []
    seen: set[tuple[str, ...]] = set()
    for entry in xml.below(item, "contentitem"):
        found = _read(entry)
        if found is None:
            continue
        if _is_caption(entry):
            captions += found.paragraphs
        elif (found.headline or found.paragraphs) and found.paragraphs not in seen:
            seen.add(found.paragraphs)
            first = found if not first.headline and not paragraphs else first
            paragraphs += found.paragraphs
            captions += found.captions
    return replace(first, paragraphs=tuple(paragraphs), captions=tuple(captions))


def _read(entry: etree._Element) -> Draft | None:
    data = xml.child(entry, "datacontent")
    if data is None:
        data = next(xml.below(entry, "datacontent"), None)
    if data is None:
        return None
    inner = next(xml.children(data), None)
    nested = next(xml.below(data, "nitf"), None)
    if nested is not None:
        return read_nitf(nested)
    if inner is not None:
        flow = read_flow(data)
    else:
        text = "".join(str(part) for part in data.itertext())
        flow = read_html(text) if "</" in text else Flow(tidy(split_paragraphs(clean(text))))
    return Draft("", flow.paragraphs, captions=flow.captions)


def _is_caption(entry: etree._Element) -> bool:
    kind = (_formal(xml.child(entry, "mediatype")) or "").lower()
    if kind in _PICTURES:
        return True
    for component in entry.iterancestors():
        role = (_formal(xml.child(component, "role")) or "").lower()
        if role:
            return role in _CAPTION_ROLES
        if local(component) == "newsitem":
            break
    return False


def _embargo(management: etree._Element | None, warnings: list[str]) -> datetime | None:
    changes = xml.child(management, "statuswillchange")
    when = _time(changes, "dateandtime", warnings)
    usable = (_formal(xml.child(changes, "futurestatus")) or "").lower() == "usable"
    return when.at if when and usable else None


def _codes(item: etree._Element) -> Iterator[Code]:
    seen: set[Code] = set()
    for entry in xml.below(item, *_ROLES):
        role = _ROLES[local(entry)]
        value = xml.attribute(entry, "formalname")
        if value:
            code = Code(xml.attribute(entry, "scheme", "vocabulary") or "newsml1", value, role)
            if code not in seen:
                seen.add(code)
                yield code
        for prop in xml.children(entry, "property") if role == "place" else ():
            name, given = xml.attribute(prop, "formalname"), xml.attribute(prop, "value")
            if name and given:
                yield Code(f"newsml1-{name.lower()}", given, role)


def _keywords(item: etree._Element) -> tuple[str, ...]:
    lines = xml.texts(xml.below(item, "keywordline"))
    return tuple(line(word) for text in lines for word in text.split(",") if word.strip())


def _notes(management: etree._Element | None) -> str | None:
    notes = xml.texts(xml.below(management, "comment"))
    return "\n".join(notes) or None


def _instruction(management: etree._Element | None) -> str | None:
    mark = _formal(xml.child(management, "instruction"))
    return mark if mark and mark.lower() not in {"rectify", "none"} else None


def _related(
    management: etree._Element | None,
    revision: etree._Element | None,
    identity: etree._Element | None,
) -> tuple[Relation, ...]:
    found = []
    for name, role in (("derivedfrom", "previous"), ("associatedwith", "related")):
        ids = (xml.attribute(e, "newsitem", "href") for e in xml.children(management, name))
        found += [Relation(role, entry) for entry in ids if entry]
    previous = xml.attribute(revision, "previousrevision")
    own = _identity(identity)
    if previous and previous != "0" and own:
        found.append(Relation("previous", f"{own}:{previous}"))
    return tuple(found)


NEWSML1 = _NewsMl1()
