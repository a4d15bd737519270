"""Who the tokens of an act are: actors with name, country and role.

The words around a token tell the role ("Armenian rebels": REB), the story's entities the canonical
name and the country. A phrase that stands for several ("the leaders of Armenia and Azerbaijan") is
several actors.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.enrich.events.classes import classes_of, with_of
from pipeline.enrich.events.entities import Entities
from pipeline.enrich.events.lexicon import Lexicon
from pipeline.enrich.events.party import POLITICAL_ROLES, Party, distinct, identity, is_officer
from pipeline.enrich.events.roles import role_of, role_of_words
from pipeline.enrich.events.syntax import Token, governed, nouns
from pipeline.model import Actor, Entity

_NEVER_POLITICAL = frozenset({"BUS", "SPO", "MED"})
_PLACE_KINDS = frozenset({"GPE", "NORP"})
_HE = frozenset({"he", "she", "him", "her", "his"})
_IT = frozenset({"it", "its"})
_THEY = frozenset({"they", "them", "both", "sides", "side", "two"})
_PLURAL_NOUNS = frozenset(
    [
        "leader",
        "president",
        "minister",
        "side",
        "country",
        "nation",
        "official",
        "government",
        "state",
        "force",
        "troop",
        "people",
        "negotiator",
        "army",
        "delegation",
        "diplomat",
        "party",
    ]
)
_WITHIN = frozenset({"of", "in", "by", "from", "between", "on", "to", "against", "with"})
_LOCATIVE = frozenset({"in", "at", "near", "outside"})
_AIMED = frozenset({"on", "to", "against", "with"})
_FORCES = frozenset({"REB", "MIL", "IGO"})
_QUALIFYING = frozenset({"compound", "nmod", "amod", "poss"})
_ECONOMY = frozenset([
    "deficit", "surplus", "debt", "economy", "inflation", "budget", "growth", "output", "reserve",
    "currency", "price", "rate", "bond", "stock", "share", "index", "sale", "spending", "demand",
])  # fmt: skip
_MAX_ACTORS = 4


class Resolver:
    """Resolves tokens of one parsed sentence; `offset` is where its text begins in the story."""

    def __init__(
        self, lexicon: Lexicon, entities: Entities, offset: int, recent: Sequence[Party]
    ) -> None:
        self._lexicon = lexicon
        self._entities = entities
        self._offset = offset
        self._recent = recent

    def parties(self, tokens: Sequence[Token]) -> list[Party]:
        """The actors that tokens stand for, each country and name once, in order."""
        found: dict[tuple[str | None, str | None, str], Party] = {}
        for token in tokens:
            for party in self._resolve(token, doer=True):
                actor = party.actor
                found.setdefault((actor.name, actor.country, actor.role or ""), party)
        parties = list(found.values())
        if any(party.actor.country for party in parties):
            parties = [p for p in parties if p.actor.country or p.actor.name or p.political]
        return parties[:_MAX_ACTORS]

    def first(self, tokens: Sequence[Token], others: Sequence[Party]) -> list[Party]:
        """The actors at the first token that names somebody other than `others`."""
        taken = {identity(party) for party in others}
        fallback: list[Party] = []
        for position, token in enumerate(tokens):
            parties = [p for p in self._resolve(token) if identity(p) not in taken]
            known = [p for p in parties if p.actor.country or p.political]
            if known and fallback and token.dep_ == "pobj" and token.head.lower_ in _LOCATIVE:
                break  # "detained protesters in The Hague": the place is not whom it was done to
            if known:
                # Tokens coordinated with this one are as much the target as it is.
                joined = {item.i for item in nouns(token)}
                more = [t for t in tokens[position + 1 :] if t.i in joined]
                rest = [p for t in more for p in self._resolve(t) if identity(p) not in taken]
                return distinct([*known, *rest])[:_MAX_ACTORS]
            fallback = fallback or parties
        return fallback[:1]

    def mentioned(self, doc: Any) -> list[Party]:
        """The political actors of a sentence in order: what a later pronoun may stand for."""
        found: list[Party] = []
        for token in doc:
            if token.pos_ in {"PROPN", "NOUN"} and token.dep_ not in {"compound", "nmod"}:
                found.extend(p for p in self._resolve(token) if p.actor.name or p.actor.country)
        return found

    def _resolve(self, token: Token, doer: bool = False) -> list[Party]:
        lower = token.lower_
        if token.pos_ == "PRON" or lower in _THEY or _two_of(token):
            return self._pronoun(token)
        if token.pos_ not in {"NOUN", "PROPN", "ADJ", "NUM", "DET"}:
            return []
        several = list(self._several(token))
        if several:
            return several
        party = self._party(token)
        if party is not None:
            return [party]
        # "Baku's operation", "the attack on Iran": whoever is named within the phrase.
        names = [inner for inner in _modifiers(token) if not doer or self._acting(token, inner)]
        own = [p for inner in names for p in self._resolve(inner, doer)]
        if own and doer:
            return own[:_MAX_ACTORS]
        within = [p for inner in self._within(token, doer) for p in self._resolve(inner, doer)]
        return [*own, *within][:_MAX_ACTORS]

    def _acting(self, noun: Token, name: Token) -> bool:
        """Whether a noun lets who qualifies it act: "Israeli strikes", not "the Swiss franc"."""
        lemma = noun.lemma_.lower()
        if lemma in _ECONOMY:
            return False
        if name.dep_ == "poss" or lemma in self._lexicon.nominals:
            return True
        return not classes_of(noun, self._lexicon) <= {"POSITION", "PROPERTY", "BORDER"}

    def _within(self, token: Token, doer: bool) -> Iterator[Token]:
        talks = any(
            self._lexicon.class_codes.get(name, "").startswith(("04", "05"))
            for name in classes_of(token, self._lexicon)
        )
        for child in token.children:
            # Talks in a town are not talks with it; targets in a country are the country's.
            if (
                child.dep_ == "prep"
                and child.lower_ in _WITHIN
                and not (talks and child.lower_ in {"in", "on"})
                and not (doer and child.lower_ in _AIMED)
            ):
                yield from governed(child)
        for child in token.children:
            if child.dep_ == "appos":
                yield child
            elif child.dep_ == "acl" and child.tag_ == "VBN" and not doer:
                # "two drones launched by rebels" are the rebels'.
                for agent in child.children:
                    if agent.dep_ == "agent":
                        yield from governed(agent)

    def _several(self, token: Token) -> Iterator[Party]:
        """One party a country for a plural noun with coordinated countries."""
        lemma = token.lemma_.lower()
        somebody = lemma in _PLURAL_NOUNS or lemma in self._lexicon.roles
        if token.tag_ not in {"NNS", "NNPS"} or not somebody:
            return
        role, _ = role_of(token, self._lexicon)
        for child in token.children:
            tokens: list[Token] = []
            if child.dep_ == "prep" and child.lower_ == "of":
                tokens = governed(child)
            elif child.dep_ in {"amod", "poss", "nmod"} and child.text[:1].isupper():
                tokens = nouns(child)
            countries = [(item, self._country(item)) for item in tokens]
            if len({country for _, country in countries if country}) > 1:
                for item, country in countries:
                    entity = self._entity(item)
                    name = entity.name if entity else item.text
                    actor = self._actor(item, (), name, country, role)
                    yield Party(actor, True, item, "GPE")
                return

    def _party(self, token: Token) -> Party | None:
        longer = with_of(token)
        if longer is not None and longer in self._lexicon.noun_classes:
            return None  # "a state of emergency" is nobody
        entity = self._entity(token)
        role, words = role_of(token, self._lexicon)
        country = entity.country if entity is not None else None
        kind = entity.kind if entity is not None else None
        if entity is not None and role is None and entity.role:
            role = role_of_words(entity.role, self._lexicon)
        if country is None or kind in {"NORP"}:
            country = country or self._modifying_country(token)
        if entity is None and role is None:
            return None
        if role is None and kind in _PLACE_KINDS and token.text[:1].isupper():
            role = "CIV" if kind == "NORP" and _counted(token) else "GOV"
        if role == "IGO":
            country = None
        if role is None and kind is None:
            return None
        if kind not in _PLACE_KINDS | {"PERSON", "ORG", None} and role is None and country is None:
            return None
        political = role in POLITICAL_ROLES and (
            country is not None
            or entity is not None
            or role in {"REB", "IGO"}
            or (token.pos_ == "PROPN" and token.i > 0)
        )
        if role in _NEVER_POLITICAL:
            political = False
        name = entity.name if entity is not None else self._force(token, role)
        return Party(self._actor(token, words, name, country, role), political, token, kind)

    def _force(self, token: Token, role: str | None) -> str | None:
        """Whose fighters are meant: "Islamic State militants", "NATO troops"."""
        if role not in _FORCES:
            return None
        bodies = [self._entity(child) for child in token.lefts if child.dep_ in _QUALIFYING]
        return next((body.name for body in bodies if body and body.kind == "ORG"), None)

    def _actor(
        self,
        token: Token,
        words: Sequence[Token],
        name: str | None,
        country: str | None,
        role: str | None,
    ) -> Actor:
        """The actor in the words of its phrase, an unbroken run that ends at its head."""
        first = token
        for word in reversed(words):
            if word.i == first.i - 1:
                first = word
        end = token.idx + len(token.text)
        text = token.doc[first.i : token.i + 1].text
        return Actor(text, name, country, role, self._offset + first.idx, self._offset + end)

    def _entity(self, token: Token) -> Entity | None:
        start = self._offset + token.idx
        return self._entities.entity_at(start, start + len(token.text))

    def _country(self, token: Token) -> str | None:
        start = self._offset + token.idx
        return self._entities.country_of(start, start + len(token.text))

    def _modifying_country(self, token: Token) -> str | None:
        """The country that an adjective, a possessor or an "of" phrase gives a noun."""
        for child in token.children:
            if child.dep_ in {"amod", "compound", "nmod", "poss"}:
                country = self._country(child) or self._modifying_country(child)
                if country:
                    return country
        for child in token.children:
            if child.dep_ == "prep" and child.lower_ in {"of", "from", "in", "to"}:
                for inner in governed(child):
                    country = self._country(inner) or self._modifying_country(inner)
                    if country:
                        return country
            if child.dep_ == "appos":
                country = self._country(child) or self._modifying_country(child)
                if country:
                    return country
        return None

    def _pronoun(self, token: Token) -> list[Party]:
        """The nearest clear antecedent: before it in the sentence, else of the sentence before."""
        lower = token.lower_
        before = [
            party
            for other in token.doc[: token.i]
            if other.pos_ in {"PROPN", "NOUN"}
            and other.dep_ in {"nsubj", "nsubjpass", "conj", "poss"}
            for party in ([self._party(other)] if self._party(other) else [])
            if party is not None
        ]
        pool = [*self._recent, *before]
        if lower in _HE:
            return [p for p in pool if p.kind == "PERSON" or is_officer(p)][-1:]
        if lower in _IT:
            return [p for p in before if p.kind != "PERSON" and p.actor.country][-1:]
        if lower in {"they", "them"}:
            several = [p for p in before if p.token.tag_ == "NNS" or p.token.lower_ == "police"]
            if several:
                return several[-1:]
        if lower in _THEY or _two_of(token):
            latest = distinct([p for p in reversed(pool) if p.actor.country and p.political])
            return list(reversed(latest[:2])) if len(latest) > 1 else []
        return []


def _two_of(token: Token) -> bool:
    """ "the two countries", "both leaders": a pair that was named before."""
    words = {child.lower_ for child in token.lefts}
    if token.lemma_.lower() not in _PLURAL_NOUNS or not (
        "both" in words or {"the", "two"} <= words
    ):
        return False
    return not any(child.text[:1].isupper() and child.i > token.sent.start for child in token.lefts)


def _counted(token: Token) -> bool:
    """Whether people are meant, not their state: "thousands of Peruvians", "two Kenyans"."""
    if token.tag_ not in {"NNPS", "NNS"}:
        return False
    if any(child.dep_ in {"nummod", "amod"} for child in token.children):
        return True
    after = token.dep_ == "pobj" and token.head.lower_ == "of"
    return bool(after and token.head.head.pos_ == "NOUN")


def _modifiers(token: Token) -> list[Token]:
    """The names that possess or qualify a noun."""
    return [
        child
        for child in token.children
        if child.dep_ == "poss"
        or (child.dep_ in {"amod", "compound", "nmod"} and child.text[:1].isupper())
    ]
