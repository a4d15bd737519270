"""What a sentence says was done: frames matched on predicates, operators applied to inner acts.

An `Act` holds tokens, not actors yet: who the tokens are is decided in `actors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.enrich.events.act import COOPERATIVE, HALTING, PROTESTING, Act, finished
from pipeline.enrich.events.classes import classes_of, is_harm, is_somebody
from pipeline.enrich.events.code_sets import code_set
from pipeline.enrich.events.event_lexicon import CLAUSE, NO_EVENT, EventLexicon, Frame
from pipeline.enrich.events.frames import TARGET_PREPOSITIONS, Frames
from pipeline.enrich.events.inflect import inflections, irregular
from pipeline.enrich.events.modality import modality
from pipeline.enrich.events.relations import (
    between,
    harmed,
    is_nested,
    names,
    orders_others,
    possessors,
    qualifies,
    struck,
    trigger_objects,
    verb_chain,
)
from pipeline.enrich.events.syntax import (
    Arguments,
    Token,
    arguments,
    conjuncts,
    is_infinitive,
    is_unread_verb,
)

if TYPE_CHECKING:
    from spacy.tokens import Doc

MAX_DEPTH = 5


class ActFinder:
    """Finds the acts of one parsed sentence."""

    def __init__(self, lexicon: EventLexicon) -> None:
        self._lexicon = lexicon
        self._frames = Frames(lexicon)
        # Forms that the lemmatizer does not know ("retook") or takes for another verb's ("staged").
        self._lemmas = {
            form: verb
            for verb in lexicon.frames
            if " " not in verb
            for form in (*inflections(verb), *irregular(verb))
        }

    def acts(self, doc: Doc) -> list[Act]:
        """Find all acts of a parsed text that no other act takes in, in the order of the text."""
        found = [
            (token, act)
            for token in doc
            if token.pos_ in {"VERB", "NOUN", "ADJ", "AUX"}
            or (token.pos_ == "PROPN" and token.i == 0)
            if not (token.dep_ == "amod" or (token.dep_ == "compound" and token.pos_ != "VERB"))
            for act in [self._act(token, 0)]
            if act is not None
        ]
        consumed = {index for _, act in found for index in act.consumed}
        whole = (
            finished(act, self._lexicon)
            for token, act in found
            if token.i not in consumed
            and not qualifies(token, consumed)
            and not _is_what_for(token, found)
        )
        return [act for act in whole if act is not None]

    def _act(self, predicate: Token, depth: int) -> Act | None:
        if depth > MAX_DEPTH:
            return None
        if predicate.pos_ in {"NOUN", "PROPN"} and not is_unread_verb(predicate):
            return self._nominal(predicate, depth)
        lemma = predicate.lemma_.lower()
        if lemma not in self._lexicon.frames:
            lemma = self._lemmas.get(predicate.lower_, lemma)
        entries = self._frames.entries(predicate, lemma)
        if not entries and predicate.lemma_ not in _SPEAKING:
            return None  # most words: their arguments need not be looked for
        found = arguments(predicate)
        for verb, particles, frames in entries:
            extended = self._frames.with_particle(found, particles)
            for frame in frames:
                matched = self._frames.match(frame, extended, predicate)
                if matched is None:
                    continue
                if frame.code == NO_EVENT and frame.operator is None:
                    return None
                if verb == "call" and frame.code == _PHONED and names(predicate):
                    continue
                act = self._build(frame, predicate, extended, matched, particles, depth=depth)
                if act is not None:
                    return act
        return self._obligation(predicate, found, depth)

    def _build(
        self,
        frame: Frame,
        predicate: Token,
        found: Arguments,
        filled: list[Token],
        particles: list[Token],
        *,
        depth: int,
    ) -> Act | None:
        trigger = (predicate, *particles, *trigger_objects(frame, filled, predicate))
        if frame.operator is None:
            code = self._in_context(frame.code or "", predicate)
            targets = self._frames.targets(frame, found, predicate)
            own = self._consumed(frame, found, predicate)
            code = self._figurative(code, targets)
            subjects = found.subjects or possessors(frame, found)
            if not subjects and found.passive and code.startswith(_ASSAULTING):
                attacks = [t for t in self._frames.after("in", found) if is_harm(t, self._lexicon)]
                subjects = [t for attack in attacks for t in arguments(attack).subjects]
                targets = [*found.objects, *targets] if subjects else targets
                own |= {t.i for t in attacks if subjects}
            if frame.suffered:
                subjects, targets = self._inflicted(found), found.subjects
            if not subjects and code.startswith(_BETWEEN_BOTH):
                # "talks between A and B were held": both did.
                both = between(found.objects)
                subjects, targets = both[:1], both[1:] or targets
            if code.startswith(_OWN_FORCES):
                # The troops that are moved are not whom they are moved against.
                targets = [token for token in targets if token not in found.objects]
                moved = found.objects if predicate.pos_ == "NOUN" else []
                subjects = moved or subjects or found.objects
            if code.startswith(PROTESTING):
                where = [t for t in targets if t.dep_ == "pobj" and t.head.lower_ in _VENUES]
                against = [t for t in targets if t not in where]
                targets = [*against, *self._protested(predicate, depth), *where]
            targets = [*harmed(predicate), *targets, *struck(found)]
            # "Talks collapsed" are no talks besides.
            if code.startswith(_OF_SUBJECTS):
                own |= {t.i for t in found.subjects if t.pos_ == "NOUN"}
            held = [t for t in trigger if t.lower_ in {"hostage", "captive", "prisoner"}]
            targets = [c for t in held for c in t.lefts if c.tag_ == "NNS"] + targets
            return Act(
                code,
                predicate,
                tuple(subjects),
                tuple(targets),
                trigger,
                frame.weight,
                own,
                depth,
                nominal=predicate.pos_ in {"NOUN", "PROPN"},
            )
        inner = self._inner(frame, predicate, found, depth)
        if inner is not None:
            return self._applied(frame, predicate, found, inner, trigger)
        if frame.operator in {"demand", "order"} and self._expels(found):
            whom = [t for t in found.objects if is_somebody(t, self._lexicon)]
            envoys = any(not classes_of(t, self._lexicon).isdisjoint(_ENVOYS) for t in whom)
            return Act(
                _EXPELLED[envoys], predicate, tuple(found.subjects), tuple(whom),
                (*trigger, found.clauses[0]), frame.weight, frozenset({found.clauses[0].i}), depth,
            )  # fmt: skip
        if frame.code is None or frame.code == NO_EVENT:
            return None
        targets = self._frames.targets(frame, found, predicate)
        if frame.operator in {"demand", "accuse", "order"}:
            targets = [*targets, *self._clause_subjects(found, predicate)]
        for clause in self._frames.clauses(found, predicate):
            asked = arguments(clause)
            targets = [*targets, *(t for t in asked.others() if t.pos_ != "VERB")]
            targets = [*targets, *(s for c in asked.clauses for s in arguments(c).subjects)]
        targets = list(dict.fromkeys(t for t in targets if t not in found.subjects))
        return Act(
            frame.code, predicate, tuple(found.subjects), tuple(targets), trigger,
            frame.weight, frozenset(), depth,
        )  # fmt: skip

    def _expels(self, found: Arguments) -> bool:
        """Say whether somebody is told to leave a country: "ordered reporters to leave Laos"."""
        clause = found.clauses[0] if found.clauses else None
        if clause is None or clause.lemma_ not in _LEAVING or not is_infinitive(clause):
            return False
        whom = [t for t in found.objects if is_somebody(t, self._lexicon)]
        where = arguments(clause).objects
        named = any(t.pos_ == "PROPN" or t.lemma_.lower() in _LANDS for t in where)
        return named and bool(whom) and all(self._is_a_foreigner(t) for t in whom)

    def _is_a_foreigner(self, noun: Token) -> bool:
        """Say whether somebody is called by what he is, and is of no force that is sent home."""
        role = self._lexicon.roles.get(noun.lemma_.lower())
        own = any(child.dep_ == "poss" for child in noun.children)  # "told its citizens to leave"
        return noun.pos_ == "NOUN" and not own and role not in {None, "MIL", "REB", "IGO"}

    def _figurative(self, code: str, targets: list[Token]) -> str:
        """Return the act, as criticism where words are its target: "attacked the fiscal policy"."""
        first = next((token for token in targets if token.pos_ in {"NOUN", "PROPN"}), None)
        if not code.startswith(_FIGHTING) or first is None or first.pos_ != "NOUN":
            return code
        return _ON_WORDS if "POLICY" in classes_of(first, self._lexicon) else code

    def _inflicted(self, found: Arguments) -> list[Token]:
        """Say who did what the subject suffered: "drew fire from the Senate"."""
        return [t for name in ("from", "by") for t in self._frames.after(name, found)]

    def _in_context(self, code: str, predicate: Token) -> str:
        """Take troops sent to keep peace for protection given, not for a show of force."""
        if code.startswith(_SENT_TROOPS) and any(
            token.lower_.startswith("peacekeep") or token.lower_ == "peace"
            for token in (*predicate.subtree, *_told_with(predicate))
        ):
            return _MOVED_IN_PEACE
        return code

    def _protested(self, predicate: Token, depth: int) -> list[Token]:
        """Say whom a protest's purpose names, or the verb that it is coordinated with.

        "marched to demand that the mayor resign", "summoned the envoy and protested".
        """
        for child in predicate.children:
            if child.dep_ in {"advcl", "xcomp"} and (is_infinitive(child) or child.tag_ == "VBG"):
                inner = self._act(child, depth + 1)
                if inner is not None:
                    return list(inner.targets)
        if predicate.dep_ == "conj" and predicate.head.lemma_.lower() == "summon":
            return list(arguments(predicate.head).objects)
        return []

    def _consumed(self, frame: Frame, found: Arguments, predicate: Token) -> frozenset[int]:
        """List the nouns that are an act's own, so no acts beside it, and the clause of its
        purpose."""
        taken = {token.i for token in found.objects}
        for atom in frame.atoms:
            if atom.slot not in {"obj", "subj", CLAUSE, "lemma", "out"}:
                taken.update(token.i for token in self._frames.after(atom.slot, found))
        if frame.has(CLAUSE):
            taken.update(clause.i for clause in self._frames.clauses(found, predicate))
        return frozenset(taken)

    def _clause_subjects(self, found: Arguments, predicate: Token) -> list[Token]:
        return [
            subject
            for clause in self._frames.clauses(found, predicate)
            for subject in arguments(clause).subjects
        ]

    def _inner(self, frame: Frame, predicate: Token, found: Arguments, depth: int) -> Act | None:
        if frame.operator == "do":
            candidates = [
                *found.objects,
                *(c for item in found.objects for c in item.children if c.dep_ in {"acl", "amod"}),
            ]
        else:
            candidates = self._frames.clauses(found, predicate) if frame.has(CLAUSE) else []
            if frame.operator in _OF_ONES_OWN and found.objects and not found.passive:
                # "opened a post to fight smuggling": what the thing is for is not what is offered.
                candidates = [c for c in candidates if c.dep_ not in {"advcl", "acl"}]
            if candidates and frame.operator == "demand":
                # A purpose ("demanded a meeting to discuss …") is not what is demanded.
                purpose = candidates[0].dep_ == "advcl"
                nouns = [token for token in found.objects if token.pos_ == "NOUN"]
                candidates = [*nouns, *candidates] if purpose else [*candidates, *nouns]
            if not frame.has(CLAUSE):
                after = [
                    t
                    for name in ("for", "of", "with", "from")
                    for t in self._frames.after(name, found)
                ]
                candidates = [*found.objects, *after]
        for candidate in candidates:
            if candidate.i == predicate.i:
                continue
            for token in verb_chain(candidate):
                inner = self._act(token, depth + 1)
                if inner is not None:
                    return inner
        return None

    def _applied(
        self,
        frame: Frame,
        predicate: Token,
        found: Arguments,
        inner: Act,
        trigger: tuple[Token, ...],
    ) -> Act | None:
        operator = frame.operator or ""
        if "order" in {operator, predicate.lemma_} and self._commands_others(inner, found):
            operator = "demand"
        code: str | None = inner.code
        held = modality(inner.predicate)
        chain = {t.i for t in conjuncts(inner.predicate) if t.pos_ == "VERB"}
        consumed = inner.consumed | {inner.predicate.i} | {t.i for t in inner.trigger} | chain
        if operator not in _TRANSPARENT:
            if operator == "intent" and held.negated:
                operator = "refuse" if inner.code.startswith(COOPERATIVE) else "intent"
            code = self._lexicon.apply(operator, inner.code)
        if code is None:
            return None
        sources = tuple(found.subjects)
        if (operator == "pass" and not set(inner.sources) <= set(found.objects)) or not sources:
            sources = inner.sources
        targets: tuple[Token, ...]
        others = [t for t in inner.sources if t not in sources and is_somebody(t, self._lexicon)]
        others += [t for t in found.objects if t not in sources and is_somebody(t, self._lexicon)]
        if code == _RALLYING and operator == "demand" and others and predicate.pos_ == "VERB":
            code = _DEMANDING  # somebody is called upon to do it, and is whom the demand is made of
        if operator in {"demand", "accuse", "order"}:
            addressed = [t for t in found.objects if is_somebody(t, self._lexicon)]
            for name in ("on", "upon", "to", "from", "of"):
                addressed.extend(found.prepositions.get(name, []))
            addressed.extend(_pleaded_with(predicate, found))
            addressed = [token for token in addressed if token.pos_ != "VERB"]
            own = [t for t in inner.sources if t not in sources]
            targets = (*addressed, *own, *inner.targets)
        else:
            outer = [t for t in (*found.objects, *found.datives) if is_somebody(t, self._lexicon)]
            if operator == "pass" and inner.code.startswith(_ORDERED):
                outer = [t for t in outer if t not in inner.sources]
            after = [t for name in TARGET_PREPOSITIONS for t in found.prepositions.get(name, [])]
            own = [t for t in inner.sources if t not in sources] if operator == "stop" else []
            after = [t for t in after if t.pos_ != "VERB"]
            if operator == "purpose":  # whom one summons to complain is whom one complains to
                targets = (*outer, *inner.targets, *after)
            else:
                targets = (*inner.targets, *outer, *own, *after)
        return Act(
            code,
            predicate,
            sources,
            tuple(dict.fromkeys(targets)),
            (*trigger, *inner.trigger),
            frame.weight + inner.weight,
            consumed,
            inner.depth + (operator not in _TRANSPARENT),
            hypothetical=inner.hypothetical,
            nominal=inner.nominal and operator == "do",
        )

    def _commands_others(self, inner: Act, found: Arguments) -> bool:
        """Say whether somebody orders what is not his own to do: "ordered French troops to
        leave"."""
        others = [token for token in inner.sources if token not in found.subjects]
        if inner.code.startswith(_RETREATING) and orders_others(others):
            return True
        people = [t for t in others if self._lexicon.roles.get(t.lemma_.lower()) in _OUTSIDE]
        people += [t for t in others if t.tag_ == "NN" and t not in people and self._one(t)]
        named = [t for t in others if t.pos_ == "PROPN"]
        return inner.code.startswith(COOPERATIVE) and bool(people or named)

    def _one(self, noun: Token) -> bool:
        """Say whether a noun in the singular is one person or body, and no force that is
        commanded."""
        return classes_of(noun, self._lexicon).isdisjoint(_COMMANDED)

    def _nominal(self, noun: Token, depth: int) -> Act | None:
        if depth == 0 and is_nested(noun):
            return None
        lemma = noun.lemma_.lower()
        verb = self._lexicon.nominals.get(lemma)
        if verb is not None:
            found = arguments(noun, lemma in self._lexicon.patients)
            for frame in self._lexicon.frames.get(verb, ()):
                if frame.code == NO_EVENT or (not frame.atoms and verb not in _PLAIN_NOMINALS):
                    continue
                matched = self._frames.match(frame, found, noun)
                if matched is not None:
                    act = self._build(frame, noun, found, matched, [], depth=depth)
                    if act is not None:
                        return act
        for name in sorted(classes_of(noun, self._lexicon)):
            code = self._lexicon.class_codes.get(name)
            if code is None:
                continue
            found = arguments(noun)
            after = [t for p in TARGET_PREPOSITIONS for t in found.prepositions.get(p, [])]
            between = found.prepositions.get("between", [])
            sources = between[:1] if len(between) > 1 else found.subjects
            targets = between[1:] if len(between) > 1 else after
            code = self._figurative(code, targets)
            return Act(
                code, noun, tuple(sources), tuple(targets), (noun,), 3, frozenset(), depth,
                nominal=True,
            )  # fmt: skip
        return None

    def _obligation(self, predicate: Token, found: Arguments, depth: int) -> Act | None:
        """Read what a speaker holds another to as a demand: "said that X must do"."""
        if predicate.lemma_ not in _SPEAKING:
            return None
        for clause in found.clauses:
            held = modality(clause)
            if not held.obliged or held.conditional or clause.dep_ != "ccomp":
                continue
            inner = self._act(clause, depth + 1)
            own = arguments(clause)
            sources = own.objects if own.passive else own.subjects
            if inner is None or not sources:
                continue
            code = self._lexicon.apply("demand", inner.code) or _DEMANDING
            return Act(
                code, predicate, tuple(found.subjects), tuple(sources), (predicate, clause), 3,
                frozenset({clause.i}) | inner.consumed, depth,
            )  # fmt: skip
        return None


_OUTSIDE = frozenset({"CIV", "BUS", "MED", "OPP", "NGO", "REB"})
_ASSAULTING = code_set("assaulting")
_OF_SUBJECTS = _ASSAULTING + HALTING
"""Codes of acts whose subject, where a noun names an act, is no act besides."""
_ORDERED = code_set("ordered")
_FIGHTING = code_set("fighting")
_SENT_TROOPS = code_set("sent_troops")
_JUDGED = code_set("judged")
_EXPELLED = code_set("expelled")
_ENVOYS = frozenset({"DIPLOMAT", "AIDWORKER", "MONITOR"})
_LEAVING = frozenset({"leave", "quit", "exit"})
_LANDS = frozenset({"country", "nation", "kingdom", "republic", "territory", "island"})
_VENUES = frozenset({"in", "at", "near", "across", "through", "along", "around"})
_RETREATING = code_set("retreating")
(_MOVED_IN_PEACE,) = code_set("moved_in_peace")
(_ON_WORDS,) = code_set("on_words")
(_RALLYING,) = code_set("rallying")
(_DEMANDING,) = code_set("demanding")


def _is_what_for(token: Token, found: Sequence[tuple[Token, Act]]) -> bool:
    """Say whether a deed is what somebody is judged for: "jailed for spying", "thanked for aid"."""
    if token.head.lower_ != "for" or token.dep_ not in {"pcomp", "pobj"}:
        return False
    judged = {act.predicate.i for _, act in found if act.code.startswith(_JUDGED)}
    return token.dep_ == "pcomp" or token.head.head.i in judged


def _pleaded_with(predicate: Token, found: Arguments) -> list[Token]:
    """Say who stands right behind a verb and "with": "pleaded with Germany to lift it"."""
    return [t for t in found.prepositions.get("with", []) if t.head.i == predicate.i + 1]


def _told_with(predicate: Token) -> list[Token]:
    """Say what stands with a noun's verb: "announced the deployment of troops on a peace
    mission"."""
    if predicate.pos_ == "NOUN" and predicate.head.pos_ == "VERB":
        return [
            t for child in predicate.head.children if child.dep_ == "prep" for t in child.subtree
        ]
    return []


(_PHONED,) = code_set("by_telephone")
_BETWEEN_BOTH = code_set("between_both")
_COMMANDED = frozenset({"FORCE", "POLICE", "PEACEKEEPER", "DIPLOMAT"})
_TRANSPARENT = frozenset({"pass", "do"})
_OF_ONES_OWN = frozenset({"offer", "intent"})
_SPEAKING = frozenset(
    {"say", "tell", "insist", "declare", "state", "stress", "argue", "warn", "add"}
)
_PLAIN_NOMINALS = frozenset(
    [
        "resign",
        "surrender",
        "apologize",
        "mediate",
        "cooperate",
        "free",
        "withdraw",
        "threaten",
        "warn",
        "visit",
    ]
)
_OWN_FORCES = code_set("own_forces")
