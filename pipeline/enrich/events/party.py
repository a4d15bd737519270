"""Who takes part in an act, and when two of them are the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.enrich.events.syntax import Token
from pipeline.model import Actor

POLITICAL_ROLES = frozenset({"GOV", "LEG", "MIL", "COP", "SPY", "JUD", "OPP", "REB", "IGO"})


@dataclass(frozen=True, slots=True)
class Party:
    """An actor found at a token, and whether it can make an event political.

    `kind` is that of the entity that stands there, `somebody` is False of what names nobody ("the
    draft resolution"). `local` is the town or province whose government, court or police it is, or
    the organisation of states: who is of one is of no country.
    """

    actor: Actor
    political: bool
    token: Token
    kind: str | None = None
    somebody: bool = True
    local: str | None = None


def is_officer(party: Party) -> bool:
    """Say whether a party is one person named by office: "Kenya's president"."""
    token = party.token
    return (
        party.kind is None
        and party.political
        and party.actor.country is not None
        and bool(token.tag_ == "NN")
        and token.lemma_.lower() in _OFFICES
    )


def identity(party: Party) -> str:
    """Say who a party is: an entity in a role; a country alone is its state."""
    actor = party.actor
    if party.kind in _NAMED and actor.name:
        return actor.name
    town = party.kind == "GPE" and not (actor.entity_id or "country:").startswith("country:")
    if town or party.token.lemma_.lower() in _LOCALITIES:
        return actor.name or actor.text.lower()
    if actor.country and party.somebody:
        if party.local:
            return f"{actor.country}/{party.local}"
        state = actor.role in _OF_THE_STATE or actor.role is None
        return actor.country if state else f"{actor.country}/{actor.role}"
    return actor.text.lower()


def distinct(parties: Sequence[Party]) -> list[Party]:
    """Return the first party of each identity."""
    return list({identity(party): party for party in reversed(parties)}.values())[::-1]


_OFFICES = frozenset([
    "president", "premier", "minister", "chancellor", "king", "queen", "emir",
    "sultan", "prince", "monarch", "governor", "mayor", "secretary", "ambassador",
    "envoy", "spokesman", "spokeswoman", "leader", "general", "commander", "chief",
    "senator", "lawmaker", "speaker", "judge", "prosecutor", "official", "diplomat",
])  # fmt: skip
INSTITUTIONS = frozenset([
    "government", "parliament", "army", "military", "police", "court", "authority", "cabinet",
    "ministry", "troop", "soldier", "counterpart", "senate", "president", "premier",
])  # fmt: skip
"""Who is political whatever country the words leave unsaid."""
_NAMED = frozenset({"PERSON", "ORG"})
_LOCALITIES = frozenset(["city", "town", "village", "province", "region", "district", "area"])
_OF_THE_STATE = frozenset({"GOV"})
PLURAL_NOUNS = frozenset([
    "leader", "president", "minister", "side", "country", "nation", "official", "government",
    "state", "force", "troop", "people", "negotiator", "army", "delegation", "diplomat", "party",
    "neighbor", "neighbour", "rival", "foe", "ally",
])  # fmt: skip
"""Nouns that stand for one of each country that is named beside them."""
