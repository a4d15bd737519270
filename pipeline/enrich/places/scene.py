"""Where an event was, with the evidence: its sentence, the paragraph, the target, the dateline.

And where its sides lie.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace

from pipeline.enrich.entities.mentions import Placed, StoryEntities
from pipeline.enrich.lexicon import Lexicon
from pipeline.enrich.places.locate import of_country
from pipeline.model import Actor, Entity, Event, Location

_KINDS = frozenset({"GPE", "LOC", "FAC"})
_OPENING = 40
"""The characters by which a sentence is found in the text again."""
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


class StoryPlaces:
    """The places of one story: where each of its events was, and where their sides lie.

    Made once a story: a text of many events and places is looked through once, not for each event.
    """

    def __init__(self, entities: StoryEntities, text: str) -> None:
        self._text = text
        self._scenes = [p for p in entities.within(0, len(text)) if _is_scene(p, text)]
        self._starts = [placed.mention.start for placed in self._scenes]
        self._by_name: dict[str, Entity] = {}
        self._by_id: dict[str | None, Entity] = {}
        self._located: dict[str | None, Entity] = {}
        for entity in entities:
            if entity.kind in _KINDS:
                self._by_name.setdefault(entity.name, entity)
            self._by_id.setdefault(entity.entity_id, entity)
            if entity.location is not None:
                self._located.setdefault(entity.entity_id, entity)

    def situated(
        self,
        event: Event,
        dateline: tuple[str, str | None, Location | None] | None,
        lexicon: Lexicon,
    ) -> Event:
        """Return the event with a place where something tells one.

        `dateline` is its words, country, location. What the act's own clause names stands in the
        event already.
        """
        hit = self._hit(event)
        if event.place is not None:
            known = self._by_name.get(event.place)
            where = known.location if known is not None else None
            is_wide = where is not None and where.exactness == "country"
            if not (is_wide and hit is not None and hit.country == event.place_country):
                # "Hit out at France": the words say whom, not where.
                of_whom = is_wide and _is_target(event, known)
                return replace(
                    event, place_location=where, place_from="target" if of_whom else "clause"
                )
            return replace(  # "shelled Aleppo in Syria"
                event, place=hit.name, place_location=hit.location, place_from="target"
            )
        for placed, place_from in self._around(event):
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

    def whereabouts(self, actor: Actor | None, lexicon: Lexicon) -> Actor | None:
        """Return a side of an event with where its entity lies, else where its country does."""
        if actor is None:
            return None
        known = self._located.get(actor.entity_id) if actor.entity_id is not None else None
        if known is not None:
            return replace(actor, location=known.location)
        return replace(
            actor, location=of_country(actor.country, lexicon) if actor.country else None
        )

    def _around(self, event: Event) -> tuple[tuple[Placed | None, str], ...]:
        """Return the scene next to an event in its sentence, and in its paragraph."""
        text = self._text
        start = text.rfind("\n\n", 0, event.start) + 2 if "\n\n" in text[: event.start] else 0
        end = text.find("\n\n", event.end)
        begin = text.rfind(event.sentence[:_OPENING], 0, event.start + _OPENING)
        inside = (begin, begin + len(event.sentence)) if begin >= 0 else (event.start, event.end)
        first = bisect_left(self._starts, start)
        while first and self._scenes[first - 1].mention.end > start:
            first -= 1
        beyond = bisect_left(self._starts, end if end >= 0 else len(text))
        own = self._next_to(
            event.start,
            max(first, bisect_left(self._starts, inside[0])),
            min(beyond, bisect_left(self._starts, inside[1])),
        )
        return (own, "sentence"), (self._next_to(event.start, first, beyond), "paragraph")

    def _next_to(self, at: int, first: int, beyond: int) -> Placed | None:
        """Return the nearest of the scenes `[first, beyond)`; of two as near the one before."""
        if first >= beyond:
            return None
        middle = bisect_left(self._starts, at, first, beyond)
        sides = self._scenes[max(first, middle - 1) : min(beyond, middle + 1)]
        return min(sides, key=lambda placed: abs(placed.mention.start - at))

    def _hit(self, event: Event) -> Entity | None:
        """Return the place that an act was done to on the spot, of which more is known than its
        country.

        "Bombed Damascus", "visited Lima"; who condemns or calls on a capital means a government.
        """
        target = event.target
        if target is None or target.entity_id is None:
            return None
        if not event.cameo.startswith(_ON_THE_SPOT):
            return None
        known = self._by_id.get(target.entity_id)
        if known is None or known.kind not in _KINDS or known.location is None:
            return None
        return known if known.location.exactness != "country" else None


def _is_target(event: Event, place: Entity | None) -> bool:
    target = event.target
    return target is not None and place is not None and target.entity_id == place.entity_id


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
