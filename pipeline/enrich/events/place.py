"""Where an act was done: the place that a locative phrase of its clause names."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.enrich.events.entities import Entities
from pipeline.enrich.events.syntax import Token, governed
from pipeline.model import Entity

_LOCATIVE = ("in", "at", "near", "outside", "inside", "across", "along", "around", "off")
_KINDS = frozenset({"GPE", "LOC", "FAC"})
_LANDS = frozenset([
    "region", "province", "state", "district", "county", "city", "town", "village", "area",
    "capital", "republic", "island", "valley", "suburb", "neighbourhood", "neighborhood", "coast",
    "border", "department", "prefecture", "governorate", "port", "peninsula", "outskirts",
])  # fmt: skip
_BUILDINGS = frozenset([
    "airport", "airfield", "airstrip", "station", "university", "hospital", "clinic", "mosque",
    "cathedral", "church", "temple", "synagogue", "stadium", "prison", "jail", "courthouse",
    "square", "bridge", "hotel", "school", "camp", "harbour", "harbor", "refinery", "mine",
    "cemetery", "museum", "nightclub", "restaurant", "dam",
])  # fmt: skip
"""What stands in the place that is named before it, and belongs to nobody abroad, as an embassy or
a base does."""


def place_of(predicate: Token, entities: Entities, offset: int) -> tuple[str, str | None] | None:
    """Name and country of the place of an act, or None where its clause names none.

    Phrases of the verb come first, then those of its object, then those of what is behind the
    verb's prepositions ("outside the embassy in Manila"); a place in a country goes before the
    country. `offset` is where the parsed text begins in the story's text.
    """
    found = _places(predicate, entities, offset)
    place = next(found, None)
    if place is None:
        return None
    if _is_country(place):
        within = (e for e in found if e.country == place.country and not _is_country(e))
        place = next(within, place)
    return place.name, place.country


def _places(predicate: Token, entities: Entities, offset: int) -> Iterator[Entity]:
    objects = [c for c in predicate.children if c.dep_ in {"dobj", "pobj", "attr"}]
    behind = [t for c in predicate.children if c.dep_ == "prep" for t in _chained(c)]
    for holder in (predicate, *objects, *behind):
        for child in holder.children:
            if child.dep_ != "prep" or child.lower_ not in _LOCATIVE:
                continue
            for token in (inner for t in governed(child) for inner in _naming(t)):
                start = offset + token.idx
                entity = entities.entity_at(start, start + len(token.text))
                if entity is not None and entity.kind in _KINDS:
                    yield entity


def _is_country(entity: Entity) -> bool:
    return entity.location is not None and entity.location.exactness == "country"


def _naming(token: Token) -> list[Token]:
    """Return the words that may name a place: "Samara region", "the city of Aleppo"."""
    is_land = token.lemma_.lower() in _LANDS
    if not is_land and token.lemma_.lower() not in _BUILDINGS:
        return [token]
    before = [c for c in token.lefts if c.dep_ in {"compound", "nmod"}]
    if not is_land:
        return [token, *before]
    of = [c for c in token.children if c.dep_ == "prep" and c.lower_ == "of"]
    owners = [c for c in token.lefts if c.dep_ == "poss"]
    return [token, *before, *(t for c in of for t in governed(c)), *owners]


def _chained(preposition: Token) -> list[Token]:
    """Return what a preposition governs, through "of" too: "in front of the embassy"."""
    found = governed(preposition)
    deeper = [c for t in found for c in t.children if c.dep_ == "prep" and c.lower_ == "of"]
    return [*found, *(t for c in deeper for t in governed(c))]
