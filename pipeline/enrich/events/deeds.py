"""Whose deed is meant where a sentence answers one that was told before: "Chile denied the charge",
"Peru condemned the decision"."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from pipeline import tsv
from pipeline.enrich.events.act import Act
from pipeline.enrich.events.code_sets import code_set
from pipeline.enrich.events.frames import REFUSED
from pipeline.enrich.events.party import Party, distinct, identity
from pipeline.enrich.events.syntax import Token

_ACCUSING = code_set("accusing")
_JUDGING = code_set("judging")
_HELD_AGAINST = code_set("held_against")
_ASKING = code_set("asking")
_ANSWERS = code_set("answers")
_UNDONE = code_set("undone")
_MOST_DOERS = 4
_ANSWERING = frozenset({"refuse", "decline", "agree", "accept", "comply", "consent"})
_MOST_STEPS = 4
"""From a noun to its verb: "expressed concern over the test"."""
DEFINITE = frozenset({"the", "this", "that", "these", "those", "such"})
"""Words before a noun that say that it was told of before."""
CHARGES = frozenset([
    "accusation", "charge", "claim", "allegation", "criticism", "complaint", "it", "this", "that",
])  # fmt: skip
"""What a denial denies, where it does not say."""
_LAST_ONE = 0.8
"""How sure it is that the last charge, or deed of its kind, is meant: an estimate, no set says."""


@dataclass(slots=True)
class Deeds:
    """Holds what a story has told so far, in order: who accused whom, and who did what."""

    charges: list[tuple[Party, Party]] = field(default_factory=list)
    requests: list[tuple[Party, Party]] = field(default_factory=list)
    acts: list[tuple[Act, Party]] = field(default_factory=list)

    def add(self, act: Act, source: Party, target: Party | None, *, is_row: bool) -> None:
        """Note an act; `is_row` says whether it may become an event.

        What is denied or only possible is no deed, and somebody unknown did none.
        """
        if target is not None and act.code.startswith(_ACCUSING):
            self.charges.append((source, target))
        if target is not None and act.code.startswith(_ASKING):
            self.requests.append((source, target))
        known = source.political and bool(source.actor.country or source.actor.name)
        if is_row and known and not (act.negated or act.hypothetical):
            self.acts.append((act, source))

    def add_told(self, act: Act, teller: Party, source: Party) -> None:
        """Note an act that somebody says another did: it charges him, if it is held against one.

        "Egypt said Ethiopia had broken the accord."
        """
        if act.code.startswith(_HELD_AGAINST) and not _is_same(teller, source):
            self.charges.append((teller, source))

    def answered(
        self, act: Act, source: Party, target: Party | None
    ) -> Iterator[tuple[Party, Party | None]]:
        """Yield both sides of an act with whoever did what it answers, where it names nobody.

        A denied accusation is that of who made it; a decision, offer, attack or agreement that is
        judged is that of who did the last one of its kind, of all who did it together.
        """
        found: Sequence[Party] = ()
        if target is None or (not target.somebody and target.actor.country is None):
            found = self._accuser(act, source) or self._doers(act, source)
        if target is None:
            found = found or self._asker(act, source)
        if target is None or (target.actor.country is None and not target.actor.name):
            found = found or self._holder(act, source)
        if not found:
            yield source, target
        for party in found:
            actor = replace(party.actor, resolved_by="story", confidence=_LAST_ONE)
            yield source, replace(party, actor=actor)

    def _accuser(self, act: Act, source: Party) -> list[Party]:
        if not act.code.startswith(REFUSED) or not any(
            token.lemma_.lower() in CHARGES for token in act.targets
        ):
            return []
        who = (accuser for accuser, accused in reversed(self.charges) if _is_same(accused, source))
        return [accuser for accuser in (next(who, None),) if accuser is not None]

    def _asker(self, act: Act, source: Party) -> list[Party]:
        """Return who asked what is refused or agreed to in a word: "Copenhagen declined"."""
        alone = len(act.trigger) == 1 and not act.targets and act.code.startswith(_ANSWERS)
        if not alone or act.predicate.lemma_.lower() not in _ANSWERING:
            return []
        who = (asker for asker, asked in reversed(self.requests) if _is_same(asked, source))
        return [asker for asker in (next(who, None),) if asker is not None]

    def _holder(self, act: Act, source: Party) -> list[Party]:
        """Return who did last what is to be undone: "Seoul demanded its release"."""
        if not act.code.startswith(_UNDONE):
            return []
        last = (doer for deed, doer in reversed(self.acts) if deed.code.startswith(_HELD_AGAINST))
        who = next(last, None)
        return [] if who is None or _is_same(who, source) else [who]

    def _doers(self, act: Act, source: Party) -> list[Party]:
        if not act.code.startswith(_JUDGING):
            return []
        own = [token for token in act.targets if _is_of(token, act.predicate)]
        codes = next((c for token in own if (c := _stands_for(token))), None)
        if codes is None:
            return []
        likes = [deed for deed, _ in self.acts if deed.code.startswith(codes)]
        named = {token.lemma_.lower() for token in own if _stands_for(token) is not None}
        same = [deed for deed in likes if any(t.lemma_.lower() in named for t in deed.trigger)]
        if not likes:
            return []
        last = (same or likes)[-1]
        together = distinct([party for deed, party in self.acts if deed is last])
        # Nobody judges his own deed.
        return [] if any(_is_same(party, source) for party in together) else together[:_MOST_DOERS]


def _is_same(one: Party, other: Party) -> bool:
    return identity(one) == identity(other) or _is_one_state(one, other)


def _is_of(token: Token, predicate: Token) -> bool:
    """Say whether a verb itself governs a noun: not "declined to comment on the decision"."""
    above = token.head
    for _ in range(_MOST_STEPS):
        if above.i == predicate.i:
            return True
        if above.pos_ not in {"ADP", "NOUN"}:
            return False
        above = above.head
    return False


def _stands_for(token: Token) -> tuple[str, ...] | None:
    """Return the codes of the acts that a definite noun may stand for ("the decision")."""
    definite = any(child.lower_ in DEFINITE for child in token.lefts)
    return deed_nouns().get(token.lemma_.lower()) if definite else None


@cache
def deed_nouns() -> Mapping[str, tuple[str, ...]]:
    """Return the nouns that stand for an act told before, with the codes of such acts."""
    table = tsv.rows("pipeline.enrich.events", "data/deeds.tsv")
    return {noun: tuple(codes.split()) for nouns, codes, _ in table for noun in nouns.split(", ")}


def _is_one_state(one: Party, other: Party) -> bool:
    """Say whether two parties are one country's government: a country, and the town it sits in."""
    countries = {one.actor.country, other.actor.country}
    return (
        len(countries) == 1
        and None not in countries
        and one.actor.role == other.actor.role == "GOV"
    )
