"""Properties of NewsML-G2 items: codes with their schemes, the provider, links, places.

Qcodes are resolved through the catalogs that the document itself carries; no catalog is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from pipeline.model import Code, Relation
from pipeline.parse import fields
from pipeline.parse.conventions.dateline import split_places
from pipeline.parse.conventions.providers import named, provider_of_uri
from pipeline.parse.markup import xml
from pipeline.parse.markup.flow import local, text_of

_ROLES = {"subject": "topic", "genre": "genre", "keyword": "keyword"}
_TYPES = {
    "geoarea": "place", "poi": "place", "person": "person", "organisation": "organisation",
    "organization": "organisation", "event": "event", "object": "object",
}  # fmt: skip
_REPLACING = {
    "replaces": "replaces",
    "replacedby": "replaced_by",
    "previousversion": "previous",
    "evolvedfrom": "previous",
    "ispartof": "part_of",
}


@dataclass(frozen=True, slots=True)
class ItemContext:
    """What stands around a property: schemes by alias, the sender, names of asserted concepts."""

    schemes: Mapping[str, str]
    sender: str | None
    names: Mapping[str, str]


def schemes_of(element: etree._Element | None) -> dict[str, str]:
    """Return the schemes by alias of the catalogs that stand in `element`."""
    found: dict[str, str] = {}
    for scheme in xml.below(element, "scheme"):
        alias, uri = xml.attribute(scheme, "alias"), xml.attribute(scheme, "uri")
        if alias and uri:
            found[alias] = uri
    return found


def asserted_names(item: etree._Element) -> dict[str, str]:
    """Return the names that the item asserts for its concepts, by qcode, URI or literal."""
    found: dict[str, str] = {}
    for entry in xml.children(item, "assert"):
        identity, name = value_of(entry), text_of(xml.child(entry, "name"))
        if identity and name:
            found[identity] = name
    return found


def value_of(element: etree._Element | None) -> str | None:
    """Return the identifier that a property carries: qcode, URI or literal."""
    return xml.attribute(element, "qcode", "uri", "literal", "code")


def provider_of(
    item: etree._Element,
    meta: etree._Element | None,
    about: etree._Element | None,
    context: ItemContext,
) -> str | None:
    """Return the agency: named, by the host of its URI or of the guid, or the sender."""
    given = xml.child(meta, "provider")
    name = text_of(xml.child(given, "name")) or None
    literal = xml.attribute(given, "literal")
    code = (xml.attribute(given, "qcode") or "").rpartition(":")[2] or None
    uri = xml.attribute(given, "uri")
    by_uri = provider_of_uri(uri) or provider_of_uri(xml.attribute(item, "guid"))
    source = text_of(xml.child(about, "infosource")) or None
    host = re.sub(r"^\w+://(?:www\.)?|/.*$", "", uri) if uri else None
    if by_uri and not name and not literal:
        return by_uri
    by_literal = provider_of_uri(literal) or literal
    own = fields.first_provider(name, by_literal, code)
    return own or by_uri or named(host) or provider_of_uri(context.sender) or named(source)


def bylines_of(about: etree._Element | None) -> tuple[str, ...]:
    """Return the names of `by`, else of `creator`."""
    stated = [name for by in xml.children(about, "by") for name in fields.bylines(text_of(by))]
    creators = [text_of(xml.child(entry, "name")) for entry in xml.children(about, "creator")]
    return tuple(dict.fromkeys(stated or (name for name in creators if name and is_name(name))))


def is_name(text: str) -> bool:
    """Say whether a creator is a name, and no account of a system (`brenner.ada`, `abr`)."""
    words = text.split()
    if len(words) > 1:
        return "@" not in text
    return bool(re.fullmatch(r"[^\W\d_a-z][^\W\d_]*(?:['’-][^\W\d_]+)*", text)) and (  # noqa: RUF001
        not text.isupper() or len(text) > 4
    )


def places_of(about: etree._Element | None, words: str | None) -> tuple[str, ...]:
    """Return the places of `located`, else of the words of the dateline."""
    names = [text_of(xml.child(entry, "name")) for entry in xml.children(about, "located")]
    found = tuple(filter(None, names))
    return found or (split_places(re.split(r",|\(", words)[0]) if words else ())


def codes_of(
    meta: etree._Element | None, about: etree._Element | None, context: ItemContext
) -> Iterator[Code]:
    """Yield the codes of the item: class, subjects and genres, schemes resolved."""
    item_class = xml.child(meta, "itemclass")
    entries = [*xml.children(about, "subject", "genre")]
    for entry in ([item_class] if item_class is not None else []) + entries:
        kind = (xml.attribute(entry, "type") or "").rpartition(":")[2].lower()
        role = "class" if entry is item_class else _TYPES.get(kind) or _ROLES[local(entry)]
        asserted = context.names.get(value_of(entry) or "")
        name = text_of(xml.child(entry, "name")) or asserted
        scheme, value = _resolve(entry, context.schemes)
        if value or name:
            yield Code(scheme or "newsml-g2", value or name or "", role, name)


def _resolve(entry: etree._Element, schemes: Mapping[str, str]) -> tuple[str | None, str | None]:
    qcode = xml.attribute(entry, "qcode")
    if qcode and ":" in qcode:
        alias, _, value = qcode.partition(":")
        return schemes.get(alias, alias), value
    uri = xml.attribute(entry, "uri")
    if uri:
        match = re.match(r"^(.*[/#])([^/#]+)$", uri.rstrip("/"))
        return (match[1], match[2]) if match else ("uri", uri)
    return None, xml.attribute(entry, "literal")


def relations_of(item: etree._Element, meta: etree._Element | None) -> tuple[Relation, ...]:
    """Return what the item links to and, as a package, holds."""
    found: list[Relation] = []
    for link in xml.children(meta, "link"):
        identity = xml.attribute(link, "residref", "href")
        rel = (xml.attribute(link, "rel") or "").rpartition(":")[2].lower()
        if identity:
            found.append(Relation(_REPLACING.get(rel, "related"), identity))
    parts = xml.below(xml.child(item, "groupset"), "itemref")
    members = (xml.attribute(entry, "residref", "href") for entry in parts)
    found += [Relation("has_part", identity) for identity in members if identity]
    return tuple(dict.fromkeys(found))
