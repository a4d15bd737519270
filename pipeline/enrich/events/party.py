"""Who takes part in an act, and when two of them are the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.enrich.events.syntax import Token
from pipeline.model import Actor

POLITICAL_ROLES = frozenset({"GOV", "LEG", "MIL", "COP", "SPY", "JUD", "OPP", "REB", "IGO"})


@dataclass(frozen=True, slots=True)
class Party:
    """An actor found at a token, and whether it can make an event political."""

    actor: Actor
    political: bool
    token: Token
    kind: str | None = None


def is_officer(party: Party) -> bool:
    """Whether a party is one person named by office: "Kenya's president"."""
    token = party.token
    return (
        party.kind is None
        and party.political
        and party.actor.country is not None
        and bool(token.tag_ == "NN")
        and token.lemma_.lower() in _OFFICES
    )


def identity(party: Party) -> str:
    """Who a party is: a country's state is one, its citizens, rebels or courts are others."""
    actor = party.actor
    if actor.country and actor.role in _OF_A_COUNTRY and party.kind is None:
        return f"{actor.country}/{actor.role}"
    return actor.country or actor.name or actor.text.lower()


def distinct(parties: Sequence[Party]) -> list[Party]:
    """The first party of each country (or name)."""
    return list({identity(party): party for party in reversed(parties)}.values())[::-1]


_OFFICES = frozenset([
    "president", "premier", "minister", "chancellor", "king", "queen", "emir",
    "sultan", "prince", "monarch", "governor", "mayor", "secretary", "ambassador",
    "envoy", "spokesman", "spokeswoman", "leader", "general", "commander", "chief",
    "senator", "lawmaker", "speaker", "judge", "prosecutor", "official", "diplomat",
])  # fmt: skip
_OF_A_COUNTRY = frozenset({"OPP", "REB", "CIV", "MED", "NGO", "BUS"})
