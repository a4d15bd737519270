"""Properties of NewsML 1 items: identity, provider, codes, times, relations."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from pipeline.model import Code, Relation
from pipeline.parse import fields
from pipeline.parse.conventions.providers import provider_of_uri
from pipeline.parse.markup import xml
from pipeline.parse.markup.flow import local, text_of
from pipeline.parse.text.clean import line
from pipeline.parse.text.dates import Moment

_ROLES = {
    "subject": "topic",
    "subjectmatter": "topic",
    "subjectdetail": "topic",
    "subjectqualifier": "topic",
    "genre": "genre",
    "location": "place",
    "ofinterestto": "audience",
}


_FOR_DESKS = ("advisoryline", "advisory", "editorialnote", "editornote", "ednote", "productline")


def embargo_of(management: etree._Element | None, warnings: list[str]) -> Moment | None:
    """Say from when a story may be used that is to become usable later."""
    changes = xml.child(management, "statuswillchange")
    when = time_of(changes, "dateandtime", warnings)
    usable = (formal_name(xml.child(changes, "futurestatus")) or "").lower() == "usable"
    return when if usable else None


def codes_of(item: etree._Element) -> Iterator[Code]:
    """Yield subjects, genre, places and audience, each once."""
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


def keywords_of(item: etree._Element) -> tuple[str, ...]:
    """Return the words of the keyword lines."""
    lines = (*xml.texts(xml.below(item, "keywordline")), *lines_of(item, "catchword"))
    return tuple(line(word) for text in lines for word in text.split(",") if word.strip())


def notes_of(item: etree._Element, management: etree._Element | None) -> str | None:
    """Return the comments on the management of the item, and its lines for desks (AFP, Belga)."""
    notes = xml.texts(xml.below(management, "comment"))
    return "\n".join((*notes, *lines_of(item, *_FOR_DESKS))) or None


def lines_of(item: etree._Element, *kinds: str) -> tuple[str, ...]:
    """Return the news lines of these types, in small letters (`AdvisoryLine`, `CatchLine`)."""
    found: list[str] = []
    for entry in xml.below(item, "newsline"):
        kind = (formal_name(xml.child(entry, "newslinetype")) or "").lower()
        if kind in kinds:
            found += xml.texts(xml.children(entry, "newslinetext"))
    return tuple(dict.fromkeys(found))


def instruction_of(management: etree._Element | None) -> str | None:
    """Return what the provider asks for, beyond putting the revision in its place."""
    mark = formal_name(xml.child(management, "instruction"))
    return mark if mark and mark.lower() not in {"rectify", "none"} else None


def relations_of(
    management: etree._Element | None,
    revision: etree._Element | None,
    identity: etree._Element | None,
) -> tuple[Relation, ...]:
    """Return the items that this one comes from or goes with, and its previous revision."""
    found = []
    for name, role in (("derivedfrom", "previous"), ("associatedwith", "related")):
        ids = (xml.attribute(e, "newsitem", "href") for e in xml.children(management, name))
        found += [Relation(role, entry) for entry in ids if entry]
    previous = xml.attribute(revision, "previousrevision")
    own = identity_of(identity)
    if previous and previous != "0" and own:
        found.append(Relation("previous", f"{own}:{previous}"))
    return tuple(found)


def identity_of(identity: etree._Element | None) -> str | None:
    """Return the item's URN without the revision, as NewsML 1.2 section 5.3 builds it."""
    parts = [text_of(xml.child(identity, n)) for n in ("providerid", "dateid", "newsitemid")]
    if all(parts):
        return "urn:newsml:" + ":".join(parts)
    return text_of(xml.child(identity, "publicidentifier")) or None


def provider_of(
    item: etree._Element, envelope: etree._Element | None, identity: etree._Element | None
) -> str | None:
    """Return the agency: the owner of the ids where its host is known, else the named parties."""
    admin = next(xml.below(item, "administrativemetadata"), None)
    parties = [formal_name(p) for p in xml.below(xml.child(admin, "provider"), "party")]
    sent = [formal_name(p) for p in xml.below(xml.child(envelope, "sentfrom"), "party")]
    owner = text_of(xml.child(identity, "providerid")) or None
    by_owner = provider_of_uri(owner)
    return by_owner or fields.first_provider(*parties, *sent, owner)


def time_of(element: etree._Element | None, name: str, warnings: list[str]) -> Moment | None:
    """Return the time in a child element; a warning where it is none."""
    return fields.moment(text_of(xml.child(element, name)), name, warnings)


def formal_name(element: etree._Element | None) -> str | None:
    """Return the value of a property: its FormalName, or its text."""
    return xml.attribute(element, "formalname") or text_of(element) or None
