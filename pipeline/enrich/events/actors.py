"""Who the tokens of an act are: actors with name, country and role.

The words around a token tell the role ("Armenian rebels": REB), the story's entities the canonical
name and the country. A phrase that stands for several ("the leaders of Armenia and Azerbaijan") is
several actors. A phrase that names nobody ("the draft resolution") is a side in its own words, with
the country of whoever is named within it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.enrich.entities.mentions import Placed
from pipeline.enrich.events import labels
from pipeline.enrich.events.act import Act
from pipeline.enrich.events.antecedents import (
    HE,
    THEY,
    Mentions,
    antecedents,
    is_a_person,
    is_possessed,
    speaker_of,
    stands_for_body,
    stands_for_several,
    stands_for_state,
)
from pipeline.enrich.events.classes import classes_of, is_gathering, is_harm, is_somebody, with_of
from pipeline.enrich.events.code_sets import code_set
from pipeline.enrich.events.entities import Entities
from pipeline.enrich.events.event_lexicon import EventLexicon
from pipeline.enrich.events.party import (
    INSTITUTIONS,
    PLURAL_NOUNS,
    POLITICAL_ROLES,
    Party,
    distinct,
    identity,
)
from pipeline.enrich.events.roles import (
    LEADING,
    LEANING,
    PRESIDING,
    is_doer,
    is_people,
    role_of,
    role_of_name,
    role_of_words,
)
from pipeline.enrich.events.syntax import Token, arguments, governed, leaders, nouns
from pipeline.enrich.lexicon import load_lexicon
from pipeline.model import Actor, Entity

if TYPE_CHECKING:
    from spacy.tokens import Doc

_NEVER_POLITICAL = frozenset({"BUS", "SPO", "MED"})
_TALKS = code_set("talks")
_DONE_TO_PEOPLE = code_set("done_to_people")
_PLACE_KINDS = frozenset({"GPE", "NORP"})
_WITHIN = frozenset(
    {"of", "in", "by", "from", "between", "among", "on", "to", "against", "with", "for"}
)
_NAMED_WITHIN = _WITHIN | {"at", "for", "near", "inside"}
_LOCATIVE = frozenset({"in", "at", "near", "outside"})
_PLACED = _LOCATIVE | {
    "into",
    "to",
    "along",
    "across",
    "from",
    "inside",
    "around",
    "over",
    "on",
    "throughout",
}
_OTHER_CLAUSES = frozenset({"relcl", "ccomp", "nsubj", "nsubjpass"})
_PLACES = frozenset({"GPE", "LOC", "FAC"})
_NATURE = frozenset([
    "sea", "seas", "ocean", "gulf", "bay", "strait", "straits", "channel", "river", "lake",
    "mount", "mountain", "mountains", "coast",
])  # fmt: skip
_DISEASES = frozenset([
    "aids", "hiv", "covid", "covid-19", "coronavirus", "sars", "sars-cov-2", "mers", "ebola",
    "zika", "cholera", "malaria", "measles", "polio", "dengue", "flu", "influenza", "tuberculosis",
])  # fmt: skip
_AIMED = frozenset({"on", "to", "against", "with", "for"})
_FORCES = frozenset({"REB", "MIL", "IGO"})
_QUALIFYING = frozenset({"compound", "nmod", "amod", "poss"})
_ECONOMY = frozenset([
    "deficit", "surplus", "debt", "economy", "inflation", "budget", "growth", "output", "reserve",
    "currency", "price", "rate", "bond", "stock", "share", "index", "sale", "spending", "demand",
])  # fmt: skip
_OFFICERS = frozenset({"GOV", "LEG", "JUD", "OPP"})
_HARMING = frozenset({"ATTACK", "BOMB"})
_PRONOUN = 0.8
"""How sure a pronoun's antecedent is; an estimate, as no labelled set tells it."""
_IN_PLACE = 0.6
"""How sure a place is that stands for whom an act in it was done to: the share right of those on
development rows."""
_LOCAL_BODIES = frozenset({"GOV", "LEG", "COP", "JUD"})
_OWNED = frozenset({"own", "run", "control", "operate"})
_BACKED = frozenset({"back", "support", "lead", "arm", "train"}) | _OWNED
_LAND = frozenset({"country", "nation", "territory", "state", "capital", "city", "province"})
_BARE = 2
_OF_A_NATION = ("chman", "shman", "tsman", "chwoman", "shwoman", "tswoman")
"""The ends of "Frenchman", "Englishman", "Scotsman"."""
_OF_STATES = frozenset({"government", "country", "nation", "state", "neighbor", "neighbour"})
_PLURALS = frozenset({"NNS", "NNPS"})
_SENT_BY_STATES = frozenset({"observer", "inspector"})
_CROWDS = frozenset({"hundred", "thousand", "dozen", "score", "million"})
_MAX_ACTORS = 4
_MAX_DEPTH = 4
_MAX_LED = 2
_NEAR_CHARS = 300
"""How far back a person may have been named whom "he" stands for."""


class Resolver:
    """Resolves tokens of one parsed sentence; `offset` is where its text begins in the story."""

    def __init__(
        self, lexicon: EventLexicon, entities: Entities, offset: int, recent: Mentions
    ) -> None:
        self._lexicon = lexicon
        self._entities = entities
        self._offset = offset
        self._recent = recent
        self._standing: dict[int, Party | None] = {}

    def parties(self, tokens: Sequence[Token]) -> list[Party]:
        """Return the actors that tokens stand for, each once, in order."""
        found: dict[tuple[str | None, str | None, str], Party] = {}
        for token in tokens:
            own = self._of_speaker(token) or self._of_owner(token) if is_possessed(token) else []
            for party in own or self._resolve(token, doer=True) or self._unlisted(token):
                actor = party.actor
                key = (actor.name, actor.country, actor.role or actor.text.lower())
                found.setdefault(key, party)
        parties = list(found.values())
        if any(party.actor.country for party in parties):
            parties = [
                p for p in parties if p.actor.country or p.actor.name or p.political or p.actor.role
            ]
        return parties[:_MAX_ACTORS]

    def first(
        self,
        tokens: Sequence[Token],
        others: Sequence[Party],
        naming: Collection[Token] = (),
        *,
        unnamed: bool = True,
        own: bool = False,
    ) -> list[Party]:
        """Return the actors at the first token that names somebody other than `others`.

        Where no token does, what the first one says in its own words, if `unnamed` allows it.
        `naming` are the words that name the act: they are no side themselves, and what says a side
        in its own words stands right with them. `own` says that what is given is the doers' own
        ("reaffirmed US support").
        """
        taken = {identity(party) for party in others} | {p.actor.text.lower() for p in others}
        states = {party.actor.country for party in others if party.actor.country}
        weak: list[Party] = []
        for position, token in enumerate(tokens):
            if labels.is_time(token) or (weak and _tells_of(token, weak[0])):
                continue
            if is_possessed(token):
                found = [p for t in self._within(token, False) for p in self._resolve(t)]
                found = found or self._of_speaker(token) or self._own_officer(token, naming)
            else:
                found = self._resolve(token)
                beside = token not in naming and _stands_with(token, naming)
                if not found and unnamed and beside and not _is_location(token):
                    found = self._unnamed(token)
            parties = [p for p in found if identity(p) not in taken]
            if own and token in naming:  # "reaffirmed US support": the speaker's own state gives it
                parties = [p for p in parties if p.actor.country not in states]
            known = [p for p in parties if p.somebody]
            if weak and _is_location(token) and _goes_before(weak[0], token, known):
                # "detained protesters in The Hague": the place is not whom it was done to
                weak = [self.of_country(party, [token]) for party in weak]
                continue
            if known and (_is_known(known[0]) or _is_object(token, naming)):
                # Tokens coordinated with this one are as much the target as it is.
                joined = {item.i for item in nouns(token)}
                more = [t for t in tokens[position + 1 :] if t.i in joined]
                rest = [p for t in more for p in self._resolve(t) if identity(p) not in taken]
                return distinct([*known, *rest])[:_MAX_ACTORS]
            weak = weak or parties
        return weak[:1]

    def blamed(self, tokens: Sequence[Token], others: Sequence[Party]) -> list[Party] | None:
        """Return whom criticism of violence blames: who did it, else the violence in its words.

        Never whom it was done to. None where something else is criticised.
        """
        act = next((t for t in tokens if t.pos_ in {"NOUN", "PROPN"}), None)
        if act is None or not is_harm(act, self._lexicon) or is_somebody(act, self._lexicon):
            return None
        taken = {identity(party) for party in others}
        found = []
        for doer in self._doers_of(act):
            within = doer.is_ancestor(act) or doer.head.i == act.i
            own = [p for p in self._resolve(doer) if identity(p) not in taken]
            found += [self._widened(act, p) if within and doer.i < act.i else p for p in own]
        if found:
            return distinct(found)[:_MAX_ACTORS]
        return [
            replace(p, actor=replace(p.actor, country=None, entity_id=None))
            for p in self._unnamed(act)
        ]

    def _doers_of(self, act: Token) -> list[Token]:
        """Say who did what a noun names: "the Russian attack", "an attack claimed by rebels"."""
        subjects = arguments(act, act.lemma_.lower() in self._lexicon.patients).subjects
        said = [
            t
            for clause in act.children
            if clause.dep_ in {"acl", "relcl"}
            for child in clause.children
            if child.dep_ == "agent" or (child.lower_ == "on" and clause.lemma_ == "blame")
            for t in governed(child)
        ]
        return [*subjects, *said]

    def _own_officer(self, token: Token, naming: Collection[Token]) -> list[Party]:
        """Return an officer of the doer's own who is acted upon: "sacked his defence minister"."""
        party = self._party(token) if _is_object(token, naming) else None
        if party is None or party.actor.role not in _OFFICERS:
            return []
        return [] if self.is_abroad(token) else [party]

    def in_words(self, tokens: Sequence[Token]) -> list[Party]:
        """Return what was refused or criticised, in its own words.

        "the Senate's draft resolution".
        """
        for token in tokens:
            for party in self._unnamed(token):
                if len(party.actor.text.split()) > _BARE and not is_possessed(token):
                    return [party]
        return []

    def mentioned(self, doc: Doc) -> list[Party]:
        """Return the political actors of a sentence in order.

        What a later pronoun may stand for.
        """
        found: list[Party] = []
        for token in doc:
            if token.pos_ in {"PROPN", "NOUN"} and token.dep_ not in {"compound", "nmod"}:
                above = token.head if token.dep_ == "appos" and token.head.pos_ != "ADJ" else None
                if above is not None and self._party(above) is not None:
                    continue  # "Ana Perez, an editor": one and the same
                found.extend(
                    p
                    for p in self._resolve(token)
                    if p.actor.name or p.actor.country or is_a_person(p) or _are_several(p)
                )
        return found

    def party_at(self, token: Token) -> Party | None:
        """Return who stands at a noun itself, not within its phrase."""
        return self._party(token)

    def tellers(self, act: Act) -> list[Party]:
        """Return who says, in the sentence, that somebody did an act."""
        told_by = (speaker_of(token) for token in act.sources)
        return [p for t in told_by if t is not None for p in [self._party(t)] if p is not None]

    def of_country(self, party: Party, tokens: Sequence[Token]) -> Party:
        """Return a party without a country, of the country that an attack on it names."""
        if party.actor.country is not None or party.actor.name is not None:
            return party
        country = next((c for t in tokens for c in [self._country(t)] if c), None)
        return replace(party, actor=replace(party.actor, country=country))

    def located(self, token: Token) -> Party | None:
        """Return the state of a place that an act without a doer was done in."""
        entity = self._entity(token)
        if entity is None or entity.kind not in {"GPE", "LOC"} or entity.country is None:
            return None
        actor = self._actor(token, entity.name, entity.country, "GOV", entity)
        return Party(replace(actor, resolved_by="place"), True, token, entity.kind)

    def is_abroad(self, token: Token) -> bool:
        """Say whether a noun is of those whom a state has in another: an envoy, an embassy."""
        return not classes_of(token, self._lexicon).isdisjoint({"DIPLOMAT", "MISSION"})

    def state_of(self, party: Party) -> Party:
        """Return the state that somebody belongs to, who is known by words."""
        state = load_lexicon().canonical_country.get(party.actor.country or "")
        actor = replace(
            party.actor, name=state, role="GOV", entity_id=None, resolved_by="other_side",
            confidence=_PRONOUN,
        )  # fmt: skip
        return replace(party, actor=actor, political=True, kind="GPE", local=None)

    def places(self, predicate: Token, others: Sequence[Party]) -> list[Party]:
        """Return the place of an act, as its target where the words name nobody else.

        "provided food in northern Kenya"; `others` are the doers.
        """
        taken = {identity(party) for party in others}
        for token in predicate.subtree:
            is_placed = token.text[:1].isupper() and _is_place_of(token, predicate)
            entity = self._entity(token) if is_placed else None
            if entity is None or entity.kind not in _PLACES or _is_of_nature(entity):
                continue
            role = "GOV" if entity.kind == "GPE" and entity.country else None
            actor = self._actor(token, entity.name, entity.country, role, entity)
            actor = replace(actor, resolved_by="place", confidence=_IN_PLACE)
            party = Party(actor, role is not None, token, entity.kind)
            if identity(party) not in taken:
                return [party]
        return []

    def provoking(self, predicate: Token, others: Sequence[Party]) -> list[Party]:
        """Return the state or force that did what an act came after: "protested after troops
        crossed"."""
        taken = {party.actor.country for party in others}
        clauses = [
            child
            for child in predicate.children
            if child.dep_ == "advcl" and any(c.lower_ in {"after", "as"} for c in child.lefts)
        ]
        found = [p for c in clauses for t in arguments(c).subjects for p in self._resolve(t)]
        return [
            replace(p, actor=replace(p.actor, resolved_by="story", confidence=_IN_PLACE))
            for p in found
            if p.actor.country and p.actor.country not in taken
        ][:1]

    def other_state(self, predicate: Token, others: Sequence[Party]) -> list[Party]:
        """Return the state that was named last before an act, other than those of the doers.

        "broke off talks with Spain and recalled its ambassador": where he was, nothing else says.
        """
        states = {party.actor.country for party in others}
        before = [
            party
            for token in predicate.doc[: predicate.i]
            if token.pos_ in {"PROPN", "NOUN"} and token.dep_ not in {"compound", "nmod"}
            for party in self._resolve(token)
        ]
        named = [
            party
            for party in (*self._recent.parties(), *before)
            if party.political and party.actor.role == "GOV" and party.kind != "PERSON"
            if party.actor.country and party.actor.country not in states
        ]
        return [
            replace(p, actor=replace(p.actor, resolved_by="story", confidence=_IN_PLACE))
            for p in named[-1:]
        ]

    def _resolve(self, token: Token, doer: bool = False, depth: int = 0) -> list[Party]:
        lower = token.lower_
        if stands_for_body(token):
            named = [p for p in self._recent.parties() if p.actor.role == "IGO" and p.actor.name]
            return [_by_pronoun(p) for p in named[-1:]] or [p for p in [self._party(token)] if p]
        is_pronoun = token.pos_ == "PRON" or lower in THEY
        if is_pronoun or stands_for_several(token) or stands_for_state(token):
            found = antecedents(token, self._recent, self._speaking)
            found = found or (self._person_before(token) if lower in HE else [])
            if token.lemma_.lower() in _OF_STATES:  # "the two governments": not their troops
                found = [self.state_of(p) if p.actor.role != "GOV" else p for p in found]
            return [_by_pronoun(p) for p in found]
        if token.pos_ not in {"NOUN", "PROPN", "ADJ", "NUM", "DET"} or depth > _MAX_DEPTH:
            return []
        party = self._party(token)
        itself = list(self._several(token)) or ([party] if party is not None else [])
        return itself or self._inside(token, doer, depth)

    def _person_before(self, token: Token) -> list[Party]:
        """Return the one person that the words before a sentence name, read or not."""
        named = {
            placed.entity.name: placed
            for placed in self._entities.within(max(0, self._offset - _NEAR_CHARS), self._offset)
            if placed.entity.kind == "PERSON"
        }
        if len(named) != 1:
            return []
        (placed,) = named.values()
        mention, person = placed.mention, placed.entity
        role = role_of_words(person.role, self._lexicon) if person.role else None
        actor = Actor(
            mention.text, start=mention.start, end=mention.end, name=person.name,
            country=person.country, role=role, entity_id=person.entity_id,
        )  # fmt: skip
        return [Party(actor, role in POLITICAL_ROLES, token, person.kind)]

    def _inside(self, token: Token, doer: bool, depth: int) -> list[Party]:
        """Return whoever is named within a noun's phrase."""
        # "Baku's operation", "the attack on Iran": whoever is named within the phrase.
        names = [inner for inner in _modifiers(token) if not doer or self._acting(token, inner)]
        own = [p for inner in names for p in self._resolve(inner, doer, depth + 1)]
        if own and not doer and depth == 0:
            return [self._widened(token, own[0])]
        if own:
            return own[:_MAX_ACTORS]
        inside = list(self._within(token, doer))
        nearer = [t for t in inside if not _is_location(t)]
        if doer and not nearer and token.text.isupper() and len(token.text) > _BARE:
            return []  # "ICE in Miami": a body that no entity was found for, not its place
        found = [p for t in nearer or inside for p in self._resolve(t, doer, depth + 1)]
        if not (nearer or doer or depth):
            found = [self._thing_in(token, p) for p in found]
        return found[:_MAX_ACTORS]

    def _thing_in(self, token: Token, place: Party) -> Party:
        """Return what stands in a place, in its own words: "a school in Kaduna" is not Kaduna."""
        party = self._widened(token, place)
        return replace(party, actor=replace(party.actor, name=None, role=None))

    def _of_speaker(self, token: Token) -> list[Party]:
        """Say whose "its troops" are in a clause that somebody said: the speaker's."""
        clause = token.head.head if token.dep_ == "pobj" else token.head
        if clause.dep_ != "ccomp" or not any(c.lower_ in labels.OWNERS for c in token.lefts):
            return []
        subjects = [c for c in clause.head.children if c.dep_ == "nsubj" and c.i < clause.i]
        found = [p for s in subjects for p in [self._speaking(s)] if p is not None]
        if not any(p.actor.country or p.actor.name for p in found):
            return []
        role, _ = role_of(token, self._lexicon)
        whose = self._widened(token, found[0])
        actor = replace(
            whose.actor, role=role, name=None, entity_id=None, resolved_by="pronoun",
            confidence=_PRONOUN,
        )  # fmt: skip
        return [replace(whose, actor=actor, kind=None)]

    def _of_owner(self, token: Token) -> list[Party]:
        """Say whose "its fighters" are that begin a sentence: the last one's that acted."""
        pronoun = next(iter(token.subtree))
        if pronoun.lower_ != "its" or pronoun.i or pronoun.head.i != token.i:
            return []
        found = antecedents(pronoun, self._recent, self._speaking)
        role, _ = role_of(token, self._lexicon)
        if not found or (role is None and token.tag_ != "NNS"):
            return []
        (owner,) = found
        body = owner.kind == "ORG" and owner.actor.country is None
        whose = self._widened(token, owner)
        actor = replace(
            whose.actor, role=role or owner.actor.role, resolved_by="pronoun", confidence=_PRONOUN,
            name=owner.actor.name if body else None,
            entity_id=owner.actor.entity_id if body else None,
        )  # fmt: skip
        return [replace(whose, actor=actor, kind=owner.kind if body else None)]

    def _speaking(self, token: Token) -> Party | None:
        """Say who stands at a noun that a pronoun may take up, or is named within its phrase."""
        inner = (t for t in (*_modifiers(token), *self._within(token, True)) if t.pos_ != "PRON")
        told = self._party(token) or next((p for t in inner for p in [self._party(t)] if p), None)
        return told or next(iter(self._unlisted(token)), None)

    def _widened(self, token: Token, party: Party) -> Party:
        """Return a party that qualifies a noun, in the words of the noun's phrase."""
        first, last = labels.phrase_of(token, whole=True)
        actor = party.actor
        widened = self._words(token, first, last)
        return replace(
            party,
            token=token,
            actor=replace(actor, text=widened.text, start=widened.start, end=widened.end),
        )

    def _unlisted(self, token: Token) -> list[Party]:
        """Return a name that no entity was found for, as a doer; an attack as what did harm."""
        if labels.is_time(token) or (token.pos_ == "PROPN" and not token.text[:1].isupper()):
            return []
        entity = self._entity(token)
        if token.lower_ in _DISEASES or (entity is not None and entity.kind == "EVENT"):
            return []  # a storm and a disease do nothing to anybody
        if token.pos_ == "PROPN" or _is_acronym(token):
            return self._unnamed(token)
        if classes_of(token, self._lexicon).isdisjoint(_HARMING):
            return []
        return [replace(p, actor=replace(p.actor, country=None)) for p in self._unnamed(token)]

    def _unnamed(self, token: Token) -> list[Party]:
        """Return a noun that names nobody, as a side in its own words."""
        if token.pos_ not in {"NOUN", "PROPN"} or token.lower_ in _NOTHING:
            return []
        if any(child.lower_ in {"no", "any"} for child in token.children):
            return []
        if is_gathering(token, self._lexicon):
            return []  # "boycotted a conference in Beijing": nobody, and neither is Beijing
        acronym = _is_acronym(token)
        if token.tag_ == "NN" and not acronym and not any(True for _ in token.children):
            return []  # "smuggling", "talks": nothing that somebody could be
        country, entity = self._named_within(token)
        first, last = labels.phrase_of(token, whole=True)
        actor = replace(self._words(token, first, last), country=country, entity_id=entity)
        return [Party(actor, False, token, None, token.pos_ == "PROPN" or acronym)]

    def _named_within(self, token: Token) -> tuple[str | None, str | None]:
        """Return country and id of the first name in a phrase, clauses left out."""
        queue = list(token.children)
        for child in queue[:40]:
            if child.dep_ in {"relcl", "acl", "conj", "appos"}:
                continue
            if child.dep_ == "prep" and child.lower_ not in _NAMED_WITHIN:
                continue
            entity = self._entity(child)
            if entity is not None and entity.country:
                return entity.country, entity.entity_id
            queue.extend(child.children)
        return None, None

    def _acting(self, noun: Token, name: Token) -> bool:
        """Say whether a noun lets who qualifies it act: "Israeli strikes", not "the Swiss
        franc"."""
        lemma = noun.lemma_.lower()
        if lemma in _ECONOMY:
            return False
        if name.dep_ == "poss" or lemma in self._lexicon.nominals:
            return True
        return not classes_of(noun, self._lexicon) <= {"POSITION", "PROPERTY", "BORDER"}

    def _within(self, token: Token, doer: bool) -> Iterator[Token]:
        talks = any(
            self._lexicon.class_codes.get(name, "").startswith(_TALKS)
            for name in classes_of(token, self._lexicon)
        )
        for child in token.children:
            # Talks in a town are not talks with it; targets in a country are the country's.
            if (
                child.dep_ == "prep"
                and child.lower_ in _WITHIN
                and not (talks and child.lower_ in {"in", "on"})
                and not (child.lower_ == "on" and self._is_about(token, child))
                and not (doer and child.lower_ in _AIMED)
            ):
                yield from governed(child)
        for child in token.children:
            if child.dep_ == "appos":
                yield child
            elif child.dep_ == "acl" and child.tag_ == "VBN":
                # "two drones launched by rebels" are the rebels'.
                for agent in child.children:
                    if agent.dep_ == "agent":
                        yield from (t for t in governed(agent) if t.pos_ != "PRON")

    def _is_about(self, token: Token, preposition: Token) -> bool:
        """Say whether a phrase is what a policy is about, nobody named: "a law on agents"."""
        if "POLICY" not in classes_of(token, self._lexicon):
            return False
        return not any(self._entity(inner) for inner in preposition.subtree)

    def _several(self, token: Token) -> Iterator[Party]:
        """Yield one party a country for a plural noun with coordinated countries."""
        if token.tag_ not in {"NNS", "NNPS"}:
            return
        role, _ = role_of(token, self._lexicon)
        if role is None and token.lemma_.lower() not in PLURAL_NOUNS:
            return
        before = [c for c in token.lefts if c.dep_ in _QUALIFYING and c.text[:1].isupper()]
        if any(c.dep_ == "cc" for child in before for c in child.children):
            groups = [[t for child in before for t in nouns(child)]]  # "UK and EU negotiators"
        else:
            groups = [nouns(child) for child in before]
        after = [c for c in token.children if c.dep_ == "prep" and c.lower_ == "of"]
        groups += [governed(child) for child in after]
        for tokens in groups:
            countries = [(item, self._country(item)) for item in tokens]
            bodies = [item for item, country in countries if country or self._is_body(item)]
            if len(bodies) > 1 and len({country for _, country in countries}) > 1:
                for item, country in countries:
                    entity = self._entity(item)
                    name = entity.name if entity else item.text
                    yield Party(self._actor(item, name, country, role, entity), True, item, "GPE")
                return

    def _is_body(self, token: Token) -> bool:
        entity = self._entity(token)
        return entity is not None and entity.kind == "ORG"

    def _party(self, token: Token) -> Party | None:
        """Say who stands at a noun; found once, as several acts of a sentence ask for it."""
        if token.i not in self._standing:
            self._standing[token.i] = self._found(token)
        return self._standing[token.i]

    def _found(self, token: Token) -> Party | None:
        longer = with_of(token)
        if longer is not None and longer in self._lexicon.noun_classes:
            return None  # "a state of emergency" is nobody
        own = self._placed(token)
        placed = own or self._titled(token)
        entity = placed.entity if placed is not None else None
        named = (own.entity.kind, own.mention.start - self._offset) if own is not None else ()
        role, _ = role_of(token, self._lexicon, *named)
        if entity is not None and entity.kind == "ORG":
            whole = self._of_whole_name(entity)
            role = role if role == "GOV" and whole == "OPP" else whole or role  # a ruling party
        led = self._led_body(token) if entity is None else None
        role = role if led is None else self._role_by(token, led, role)
        country = entity.country if entity is not None else None
        kind = entity.kind if entity is not None else None
        longer_name = entity is not None and " " in entity.name
        if (kind == "GPE" and longer_name) or (kind == "ORG" and role == "CIV"):
            role = None  # "the Soviet Union", "the African Union": no trade union
        if entity is not None and role is None and entity.role:
            role = role_of_words(entity.role, self._lexicon)
        if country is None or kind in {"NORP"}:
            country = country or self._modifying_country(token, led)
        if entity is None and role is None:
            role = self._people(token, country)
        if (entity is None and role is None) or kind == "EVENT":
            return None
        if role is None and kind in _PLACE_KINDS and token.text[:1].isupper():
            role = _of_nation(token, kind, country)
        role = self._sent(token, role, country if kind in {None, "NORP", "PERSON"} else "")
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
            or token.lemma_.lower() in INSTITUTIONS
        )
        if role in _NEVER_POLITICAL:
            political = False
        name = entity.name if entity is not None else self._force(token, role)
        local = self._locality(token) if kind is None and role in _LOCAL_BODIES else None
        local = local or (self._of_states(token) if country is None else None)
        actor = self._actor(token, name, country, role, entity)
        actor = self._with_name(token, actor, placed) if placed and not own else actor
        return Party(actor, political, token, kind, local=local)

    def _with_name(self, token: Token, actor: Actor, placed: Placed) -> Actor:
        """Return the actor whose words go on to the end of the name behind them."""
        end = placed.mention.end - self._offset
        last = max(word.i for word in token.doc[token.i :] if word.idx < end)
        words = self._words(token, labels.phrase_of(token, whole=False)[0], last)
        return replace(actor, text=words.text, start=words.start, end=words.end)

    def _led_body(self, token: Token) -> Entity | None:
        """Return the body that somebody leads or speaks for: "president of Acme Corp".

        Through another: "the chairman of the commission of the African Union".
        """
        if token.lemma_.lower() not in LEADING:
            return None
        named = self._bodies(token)
        above = token
        for _ in range(_MAX_LED):
            of = [c for c in above.children if c.dep_ == "prep" and c.lower_ in {"of", "for"}]
            inner = next((t for child in of for t in governed(child)), None)
            if named or inner is None:
                break
            entity, above = self._entity(inner), inner
            named = [entity] if entity is not None and entity.kind == "ORG" else []
        return named[-1] if named else None

    def _role_by(self, token: Token, led: Entity, role: str | None) -> str | None:
        """Return the role that somebody has by the body that he leads.

        Of a president of a body of no known role none: he is hardly a state's.
        """
        whole = self._of_whole_name(led)
        return whole if whole or token.lemma_.lower() in PRESIDING else role

    def _of_whole_name(self, body: Entity) -> str | None:
        """Return the role of a body by the names that the story has for it."""
        roles = (role_of_name(name, self._lexicon) for name in (body.name, *body.aliases))
        return next((role for role in roles if role), None)

    def _sent(self, token: Token, role: str | None, country: str | None) -> str | None:
        """Return the role of those who are called by what they do for a state or for several.

        "Guatemalan observers" are their state's, "a European Union delegation" is of no state.
        """
        if role == "IGO" and country and token.lemma_.lower() in _SENT_BY_STATES:
            return "GOV"
        return "IGO" if role == "GOV" and country is None and self._of_states(token) else role

    def _locality(self, token: Token) -> str | None:
        """Return the town or province that a body is of: "the Gujarat government"."""
        of = [
            inner
            for child in token.children
            if child.dep_ == "prep" and child.lower_ == "of"
            for inner in governed(child)
        ]
        for inner in [*(c for c in token.lefts if c.dep_ in _QUALIFYING), *of]:
            entity = self._entity(inner)
            if entity is not None and entity.kind == "GPE":
                state = (entity.entity_id or "country:").startswith("country:")
                return None if state else entity.name
        return None

    def _people(self, token: Token, country: str | None) -> str | None:
        """Return CIV for a nationality's unlisted people: "Moroccan youths", "Greek pensioners"."""
        if _is_a_crowd(token) or self._is_toll(token):
            return "CIV"
        if is_people(token):
            return "CIV" if country or token.tag_ == "NNS" else None
        named = country is not None and token.tag_ == "NNS" and is_doer(token)
        return "CIV" if named and not classes_of(token, self._lexicon) else None

    def _is_toll(self, token: Token) -> bool:
        """Say whether a number counts people who are harmed, held or freed: "kidnap 20 in
        Kaduna"."""
        if token.tag_ != "CD" or token.dep_ not in {"dobj", "nsubjpass"}:
            return False
        if any(child.dep_ in {"prep", "nummod", "quantmod"} for child in token.children):
            return False
        frames = self._lexicon.frames.get(token.head.lemma_.lower(), ())
        return any((frame.code or "").startswith(_DONE_TO_PEOPLE) for frame in frames)

    def _force(self, token: Token, role: str | None) -> str | None:
        """Say whose fighters are meant: "Islamic State militants", "NATO troops"."""
        if role not in _FORCES:
            return None
        return next((body.name for body in self._bodies(token)), None)

    def _bodies(self, token: Token) -> list[Entity]:
        """Return the bodies that qualify a noun: "Islamic State militants", "EU lawmakers"."""
        # Below a title too: "European Commission President X".
        before = [word for child in token.lefts for word in child.subtree]
        named = [self._entity(word) for word in before if word.dep_ in _QUALIFYING]
        return [body for body in named if body is not None and body.kind == "ORG"]

    def _of_states(self, token: Token) -> str | None:
        """Return the organisation of states that somebody is of, who so is of no country."""
        roles = self._lexicon.roles
        bodies = self._bodies(token)
        return next((b.name for b in bodies if roles.get(b.name.lower()) == "IGO"), None)

    def _actor(
        self,
        token: Token,
        name: str | None,
        country: str | None,
        role: str | None,
        entity: Entity | None = None,
    ) -> Actor:
        """Return the actor in the words of its phrase."""
        first, last = labels.phrase_of(token, whole=entity is None)
        return replace(
            self._words(token, first, last),
            name=name,
            country=country,
            role=role,
            entity_id=entity.entity_id if entity is not None else None,
        )

    def _words(self, token: Token, first: int, last: int) -> Actor:
        words = token.doc[first : last + 1]
        return Actor(
            words.text,
            start=self._offset + words.start_char,
            end=self._offset + words.end_char,
        )

    def _entity(self, token: Token) -> Entity | None:
        start = self._offset + token.idx
        return self._entities.entity_at(start, start + len(token.text))

    def _placed(self, token: Token) -> Placed | None:
        start = self._offset + token.idx
        found = self._entities.within(start, start + len(token.text))
        entity = self._entity(token)
        return next((placed for placed in reversed(found) if placed.entity is entity), None)

    def _titled(self, token: Token) -> Placed | None:
        """Return whoever is named right behind what he is: "the premier Ana Silva"."""
        following = token.doc[token.i + 1] if token.i + 1 < len(token.doc) else None
        if following is None or token.pos_ not in {"NOUN", "PROPN", "ADJ"}:
            return None
        if not (token.is_ancestor(following) and following.text[:1].isupper()):
            return None
        start = self._offset + following.idx
        behind = [p for p in self._entities.within(start, start + 1) if p.mention.start == start]
        kinds = {"PERSON", "ORG"} if token.tag_ not in _PLURALS else {"PERSON"}
        return next((p for p in behind if p.entity.kind in kinds), None)

    def _country(self, token: Token) -> str | None:
        start = self._offset + token.idx
        return self._entities.country_of(start, start + len(token.text))

    def _modifying_country(self, token: Token, led: Entity | None = None) -> str | None:
        """Return the country that an adjective, a possessor or an "of" phrase gives a noun.

        Whoever backs somebody comes last: "a Russia-backed Syrian militia". Who is said to be of
        the body `led` is not of the place where he is: "leaders of Hamas in Doha".
        """
        before = [c for c in token.children if c.dep_ in {"amod", "compound", "nmod", "poss"}]
        before = [c for c in before if not _is_leaning(c)]
        for child in sorted(before, key=lambda c: c.tag_ == "VBN"):
            country = self._country(child) or self._modifying_country(child)
            if country:
                return country
        of = {"of", "from", "in", "to"} if led is None else {"of"}
        of |= {"for"} if token.lemma_.lower().startswith("spokes") else set()
        for child in token.children:
            if child.dep_ == "prep" and child.lower_ in of:
                for inner in governed(child):
                    within = self._modifying_country(inner) if led is None else None
                    country = self._country(inner) or within
                    if country:
                        return country
            if child.dep_ == "appos":
                country = self._country(child) or self._modifying_country(child)
                if country:
                    return country
            if child.dep_ == "acl" and child.lemma_.lower() in _BACKED:
                backers = [t for c in child.children if c.dep_ == "agent" for t in governed(c)]
                owns = child.lemma_.lower() in _OWNED
                countries = (
                    self._country(t) or (self._modifying_country(t) if owns else None)
                    for t in backers
                )
                country = next((c for c in countries if c), None)
                if country:
                    return country
        return None


def _by_pronoun(party: Party) -> Party:
    return replace(party, actor=replace(party.actor, resolved_by="pronoun", confidence=_PRONOUN))


def _of_nation(token: Token, kind: str | None, country: str | None) -> str | None:
    """Return the role of a place or people: its government, where it has a country."""
    if kind == "NORP" and (_counted(token) or (country is None and token.tag_ in _PLURALS)):
        return "CIV"
    return "GOV" if country is not None else None


def _are_several(party: Party) -> bool:
    """Say whether several are called by what they are, and no more: "three gunmen"."""
    return party.kind is None and party.actor.role is not None and party.token.tag_ == "NNS"


def _is_place_of(token: Token, predicate: Token) -> bool:
    """Say whether a noun stands in a phrase of place below a verb, and in no other clause."""
    placed = False
    for head in (token, *token.ancestors):
        if head.i == predicate.i:
            return placed
        if head.dep_ in _OTHER_CLAUSES or (head.dep_ == "conj" and head.pos_ in {"VERB", "AUX"}):
            return False
        placed = placed or (head.dep_ == "prep" and head.lower_ in _PLACED)
    return False


def _is_of_nature(place: Entity) -> bool:
    """Say whether a place is water or a mountain, where nobody is whom something could be done
    to."""
    return not _NATURE.isdisjoint(place.name.lower().split())


def _is_known(party: Party) -> bool:
    """Say whether a party says more than what somebody is: a name, a country."""
    actor = party.actor
    if actor.country is None and party.kind is None and party.token.lemma_.lower() in _LAND:
        return False
    return bool(actor.country or actor.name or party.political or party.token.pos_ == "PROPN")


def _goes_before(party: Party, place: Token, found: Sequence[Party]) -> bool:
    """Say whether somebody, a thing acted upon or opposed is the target, and no place behind it.

    `found` are those who stand at the place: a parliament is more than where it lies.
    """
    opposed = party.token.dep_ == "pobj" and party.token.head.lower_ == "against"
    opposed = opposed and all(p.kind in _PLACES for p in found)
    return bool(party.actor.role) or opposed or _acted_upon(party, place)


def _tells_of(token: Token, party: Party) -> bool:
    """Say whether a name stands in a clause that tells what somebody did: "beat men shouting at
    Assad".

    What was done to him may tell whose he is: "families displaced by war in Syria".
    """
    if party.actor.role is None or not party.token.is_ancestor(token):
        return False
    clauses = [t for t in (token, *token.ancestors) if party.token.is_ancestor(t)]
    of_his = [t for t in clauses if t.dep_ in {"acl", "relcl"}]
    return bool(of_his) and of_his[-1].tag_ != "VBN"


def _acted_upon(party: Party, token: Token) -> bool:
    """Say whether an act is on a thing within a place: what is fired "at" somebody is not."""
    thing = party.token
    object_ = thing.dep_ in {"dobj", "nsubjpass"} and thing.lemma_.lower() not in _LAND
    return object_ and token.head.lower_ != "at"


def _is_object(token: Token, naming: Collection[Token]) -> bool:
    held = token.dep_ == "compound" and token.tag_ == "NNS" and token.head in naming
    object_ = token.dep_ in {"dobj", "nsubjpass", "dative"} or held  # "hold families hostage"
    return object_ and token.lemma_.lower() not in _LAND


def _stands_with(token: Token, naming: Collection[Token]) -> bool:
    """Say whether a noun is governed by the words that name the act, through a preposition or
    not."""
    head = token.head.head if token.dep_ in {"pobj", "conj"} else token.head
    return token.head in naming or head in naming


def _is_acronym(token: Token) -> bool:
    """Say whether a noun is a body's short form, which the tagger takes for a common noun."""
    return token.text.isupper() and len(token.text) > _BARE and token.dep_ in {"nsubj", "nsubjpass"}


def _is_location(token: Token) -> bool:
    return token.dep_ == "pobj" and token.head.lower_ in _LOCATIVE


def _is_a_crowd(token: Token) -> bool:
    """Say whether a number stands for people who act: "thousands marched"."""
    acts = token.lemma_.lower() in _CROWDS and token.dep_ == "nsubj"
    return acts and not any(child.dep_ == "prep" for child in token.children)


def _counted(token: Token) -> bool:
    """Say whether people are meant, not their state: "thousands of Peruvians", "two Kenyans"."""
    if token.dep_ == "pobj" and token.head.head.lemma_.lower() in _CROWDS:
        return True
    if token.tag_ not in {"NNPS", "NNS"}:  # "a Frenchman", "an Iraqi"
        one = token.pos_ in {"NOUN", "PROPN"} and any(c.lower_ in {"a", "an"} for c in token.lefts)
        return one or token.lower_.endswith(_OF_A_NATION)
    if any(child.dep_ in {"nummod", "amod"} for child in token.children):
        return True
    after = token.dep_ == "pobj" and token.head.lower_ == "of"
    return bool(after and token.head.head.pos_ == "NOUN")


def _modifiers(token: Token) -> list[Token]:
    """Return the names that possess or qualify a noun, and who leads it: "a Saudi-led strike"."""
    led = [who for child in token.lefts if child.dep_ == "amod" for who in leaders(child)]
    return led + [
        child
        for child in token.children
        if child.dep_ == "poss"
        or (child.dep_ in {"amod", "compound", "nmod"} and child.text[:1].isupper())
        if not _is_leaning(child)
    ]


def _is_leaning(word: Token) -> bool:
    """Say whether a nationality says whom somebody is for or against: "pro-Iranian groups"."""
    if word.lower_ in LEANING or word.text == "-":
        return True
    return word.i > 1 and word.nbor(-1).text == "-" and word.nbor(-2).lower_ in LEANING


_NOTHING = frozenset([
    "while", "way", "fact", "case", "part", "addition", "response", "return", "order", "favor",
    "favour", "result", "condition", "connection", "line", "behalf", "basis", "rush", "view",
    "bid", "move", "alert", "siege", "emergency", "street", "effort", "attempt", "step", "measure",
    "thing", "lot", "number", "place", "mandate", "term", "purpose", "reason",
])  # fmt: skip
