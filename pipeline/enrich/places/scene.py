"""Where an event was, with the evidence: its sentence, the paragraph, the target, the dateline.

And where its sides lie.
"""

from __future__ import annotations

from dataclasses import replace

from pipeline.enrich.entities.mentions import Placed, StoryEntities
from pipeline.enrich.lexicon import Lexicon
from pipeline.enrich.places.locate import of_country
from pipeline.model import Actor, Entity, Event, Location

_KINDS = frozenset({"GPE", "LOC", "FAC"})
_AT_HOME = frozenset({"COP", "JUD"})
_ON_THE_SPOT = ("042", "043", "17", "18", "19", "20")
"""CAMEO's visits, seizures and arrests, assaults and fights: done where the target is."""
_BEFORE = (
    "in ",
    "at ",
    "near ",
    "outside ",
    "of ",
    "inside ",
    "around ",
    "in the ",
    "from ",
    "to ",
)


def situated(
    event: Event,
    entities: StoryEntities,
    text: str,
    dateline: tuple[str, str | None, Location | None] | None,
    lexicon: Lexicon,
) -> Event:
    """Return the event with a place where something tells one.

    `dateline` is its words, country, location. What the act's own clause names stands in the event
    already.
    """
    hit = _hit(event, entities)
    if event.place is not None:
        known = next((e for e in entities if e.name == event.place and e.kind in _KINDS), None)
        where = known.location if known is not None else None
        is_wide = where is not None and where.exactness == "country"
        if not (is_wide and hit is not None and hit.country == event.place_country):
            return replace(event, place_location=where, place_from="clause")
        return replace(  # "shelled Aleppo in Syria"
            event, place=hit.name, place_location=hit.location, place_from="target"
        )
    start = text.rfind("\n\n", 0, event.start) + 2 if "\n\n" in text[: event.start] else 0
    end = text.find("\n\n", event.end)
    paragraph = entities.within(start, end if end >= 0 else len(text))
    begin = text.rfind(event.sentence[:40], 0, event.start + 1)
    inside = (begin, begin + len(event.sentence)) if begin >= 0 else (event.start, event.end)
    near = [p for p in paragraph if _is_scene(p, text)]
    near.sort(key=lambda p: (abs(p.mention.start - event.start), p.mention.start))
    own = next((p for p in near if inside[0] <= p.mention.start < inside[1]), None)
    for placed, place_from in ((own, "sentence"), (near[0] if near else None, "paragraph")):
        if placed is not None:
            return _at(event, placed, place_from)
    target = None if _is_at_home(event) else event.target
    if target is not None and target.country is not None and target.role != "IGO":
        name, where = target.state or target.country, of_country(target.country, lexicon)
        if hit is not None:
            name, where = hit.name, hit.location
        return replace(
            event, place=name, place_country=target.country, place_location=where,
            place_from="target",
        )  # fmt: skip
    if dateline is not None and (dateline[1] or dateline[2]):
        return replace(
            event, place=dateline[0], place_country=dateline[1], place_location=dateline[2],
            place_from="dateline",
        )  # fmt: skip
    return event


def _is_at_home(event: Event) -> bool:
    """Say whether police or a court hold a foreigner: where they are, not where he is from."""
    source, target = event.source, event.target
    return (
        event.cameo.startswith("17")
        and source is not None
        and source.role in _AT_HOME
        and source.country is not None
        and (target is None or target.country != source.country)
    )


def _hit(event: Event, entities: StoryEntities) -> Entity | None:
    """Return the place that an act was done to on the spot, of which more is known than its
    country.

    "Bombed Damascus", "visited Lima"; who condemns or calls on a capital means a government.
    """
    target = event.target
    if target is None or target.entity_id is None:
        return None
    if not event.cameo.startswith(_ON_THE_SPOT):
        return None
    known = next((e for e in entities if e.entity_id == target.entity_id), None)
    if known is None or known.kind not in _KINDS or known.location is None:
        return None
    return known if known.location.exactness != "country" else None


def whereabouts(actor: Actor | None, entities: StoryEntities, lexicon: Lexicon) -> Actor | None:
    """Return a side of an event with where its entity lies, else where its country does."""
    if actor is None:
        return None
    known = next((e for e in entities if e.entity_id == actor.entity_id and e.location), None)
    if known is not None and actor.entity_id is not None:
        return replace(actor, location=known.location)
    return replace(actor, location=of_country(actor.country, lexicon) if actor.country else None)


def _at(event: Event, placed: Placed, place_from: str) -> Event:
    entity = placed.entity
    return replace(
        event, place=entity.name, place_country=entity.country, place_location=entity.location,
        place_from=place_from,
    )  # fmt: skip


def _is_scene(placed: Placed, text: str) -> bool:
    """Say whether a mention names a place where something is, not a government that acts."""
    entity, mention = placed.entity, placed.mention
    if entity.kind not in _KINDS or mention.metonym or entity.country is None:
        return False
    before = text[max(0, mention.start - 9) : mention.start].lower()
    return before.endswith(_BEFORE)
