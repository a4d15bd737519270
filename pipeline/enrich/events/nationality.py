"""Which country somebody is of who is called only by what he is: "police", "the rebels".

Where the act was done tells it; of acts between a state and its people (protest, arrest, trial,
pardon) the other side's country does; else the story, as long as it has named one country only.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from pipeline.enrich.events.act import PROTESTING
from pipeline.enrich.events.code_sets import code_set
from pipeline.enrich.events.entities import Entities
from pipeline.enrich.events.party import POLITICAL_ROLES, Party

_LOCAL = POLITICAL_ROLES - {"IGO"} | {"CIV", "MED"}
_DOMESTIC = code_set("domestic")
_AGAINST_PEOPLE = code_set("against_people")
_HARMING_PEOPLE = code_set("harming_people")
_SURE = {"place": 0.9, "other_side": 0.8, "story": 0.7}
"""How sure a country is by what told it; estimates, as no labelled set tells them apart."""
_INSTITUTIONS = frozenset([
    "government", "parliament", "army", "military", "police", "court", "authority", "opposition",
    "president", "minister", "cabinet", "prosecutor", "protester", "demonstrator", "rebel",
    "soldier", "troop", "officer", "judge", "lawmaker", "militant", "gunman", "activist",
    "junta", "regime", "ministry", "senate", "magistrate", "tribunal", "policeman", "gendarme",
    "dissident", "insurgent", "guerrilla", "militia", "separatist",
])  # fmt: skip
_OUTSIDE_THE_STATE = frozenset({"REB"})
"""Rebels free and hold foreigners too: "the rebels released 12 Chinese engineers"."""
_ABROAD = frozenset(
    ["embassy", "consulate", "ambassador", "envoy", "diplomat", "consul", "attache"]
)
"""Those of a state that are in another: who protests there or arrests one is not of the first."""
_AT_HOME = frozenset({"GOV", "LEG", "MIL", "COP"})
"""Organs of a state that a story of several countries leaves unnamed where it was filed."""
_WITHIN_STATES = frozenset({"JUD", "LEG", "OPP", "CIV", "MED"})
"""Who means his own state by "the government"."""
_COUNTRY_KINDS = frozenset({"GPE", "NORP"})


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What surrounds an act: the place it was done in, and its story up to its sentence's end."""

    place: str | None
    entities: Entities
    end: int
    filed_from: str | None = None

    def only_country(self) -> str | None:
        """Return the one country named so far; None where there were several or none."""
        named = self._named()
        return next(iter(named)) if len(named) == 1 else None

    def home(self) -> str | None:
        """Return whose state a story means that leaves it out ("the government", "the premier").

        The one country that it has named so far; of several that of the dateline, where none was
        named more often.
        """
        named, filed_from = self._named(), self.filed_from
        most = max(named.values(), default=0)
        if len(named) == 1:
            return next(iter(named))
        return filed_from if filed_from is not None and named[filed_from] == most else None

    def _named(self) -> Counter[str]:
        """Return how often each country was named so far."""
        return Counter(
            placed.entity.country
            for placed in self.entities.within(0, self.end)
            if placed.entity.kind in _COUNTRY_KINDS and placed.entity.country
        )


def at_home(
    code: str, source: Party, target: Party | None, around: Surroundings
) -> tuple[Party, Party | None]:
    """Return both sides of an act with the countries that its surroundings tell."""
    is_abroad = target is not None and target.token.lemma_.lower() in _ABROAD
    settled = _settled(source, around)
    if target is None or not is_abroad or settled.actor.country != target.actor.country:
        source = settled
    if code.startswith(PROTESTING):
        source = _as_people(source)
    if target is not None:
        at_office = _settled(target, around)
        # "Norway praised the premier Leo Garnett": hardly its own.
        foreign = target.kind == "PERSON" and source.kind in _COUNTRY_KINDS
        if not (foreign and at_office.actor.country == source.actor.country):
            target = at_office
        if code.startswith(_HARMING_PEOPLE):
            target = _as_people(target)
        if code.startswith(_AGAINST_PEOPLE) and target.actor.role == "BUS":
            target = _works_at(target, around.place)
        if code.startswith(_AGAINST_PEOPLE) and target.actor.role in {"CIV", "MED", "OPP"}:
            target = _in_country(target, around.only_country(), "story")
        if source.actor.role in _WITHIN_STATES and target.token.lemma_.lower() in _INSTITUTIONS:
            target = _in_country(
                target, source.actor.country
            )  # "deputies criticised the government"
        is_domestic = code.startswith(_DOMESTIC) and not is_abroad
        if is_domestic and source.actor.role not in _OUTSIDE_THE_STATE:
            if target.actor.resolved_by != "pronoun":  # a foreigner, named further above
                source = _in_country(source, target.actor.country)
            target = _in_country(target, source.actor.country)
    if code.startswith(PROTESTING) and source.actor.country is not None:
        source = replace(source, political=True)  # whoever protests does so politically
    return source, target


def _as_people(party: Party) -> Party:
    """Return a nationality in the plural as people: "Chileans marched" is not Chile's deed."""
    several = party.token.tag_ in {"NNS", "NNPS"}
    if party.kind == "NORP" and several and party.actor.role == "GOV":
        return replace(party, actor=replace(party.actor, role="CIV"), political=False)
    return party


def _settled(party: Party, around: Surroundings) -> Party:
    actor, token = party.actor, party.token
    if party.kind == "PERSON" and actor.role == "GOV" and not (actor.country or party.local):
        return _of_home(party, around.home())
    if actor.country or actor.name or actor.role not in _LOCAL:
        return party
    several = actor.role == "GOV" and token.tag_ == "NNS"  # "ministers": of which countries?
    if around.place is not None and not several:
        return _in_country(party, around.place, "place")
    owned = any(c.dep_ == "poss" and c.tag_ != "PRP$" for c in token.children)
    if token.lemma_.lower() in _INSTITUTIONS and not (several or owned):
        country = around.home() if actor.role in _AT_HOME else around.only_country()
        return _in_country(party, country, "story")
    return party


def _of_home(party: Party, country: str | None) -> Party:
    """Return somebody in office of whose country nothing is said, as wires do at home: of that."""
    if country is None:
        return party
    sure = min(party.actor.confidence, _SURE["story"])
    told_by = party.actor.resolved_by or "story"
    actor = replace(party.actor, country=country, resolved_by=told_by, confidence=sure)
    return replace(party, actor=actor)


def _works_at(party: Party, place: str | None) -> Party:
    """Return a nameless company or works as of the place where it was hit or seized."""
    actor = party.actor
    if place is None or actor.country or actor.name:
        return party
    sure = min(actor.confidence, _SURE["place"])
    return replace(party, actor=replace(actor, country=place, resolved_by="place", confidence=sure))


def _in_country(party: Party, country: str | None, resolved_by: str = "other_side") -> Party:
    actor = party.actor
    if country is None or actor.country or actor.name or party.local or actor.role not in _LOCAL:
        return party
    political = party.political or actor.role in POLITICAL_ROLES
    known_by = actor.resolved_by or resolved_by
    sure = min(actor.confidence, _SURE[resolved_by])
    actor = replace(actor, country=country, resolved_by=known_by, confidence=sure)
    return replace(party, actor=actor, political=political)
