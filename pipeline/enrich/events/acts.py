"""What a sentence says was done: frames matched on predicates, operators applied to inner acts.

An `Act` holds tokens, not actors yet: who the tokens are is decided in `actors`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pipeline.enrich.events.classes import classes_of, is_somebody
from pipeline.enrich.events.frames import TARGET_PREPOSITIONS, Frames
from pipeline.enrich.events.inflect import irregular
from pipeline.enrich.events.lexicon import CLAUSE, NO_EVENT, SOMEBODY, Frame, Lexicon
from pipeline.enrich.events.modality import modality
from pipeline.enrich.events.syntax import (
    MAX_CHAIN,
    Arguments,
    Token,
    arguments,
    conjuncts,
    governed,
    is_infinitive,
)

MAX_DEPTH = 5


@dataclass(frozen=True, slots=True)
class Act:
    """An act as a sentence names it: code, predicate, who (tokens) did it to whom (tokens).

    `targets` is in order of preference, `trigger` are the words that name the act. `weight` says
    how specific the frame was, `depth` how many operators were applied.
    """

    code: str
    predicate: Token
    sources: tuple[Token, ...]
    targets: tuple[Token, ...]
    trigger: tuple[Token, ...]
    weight: int
    consumed: frozenset[int]
    depth: int = 0
    negated: bool = False
    hypothetical: bool = False
    nominal: bool = False

    @property
    def doc(self) -> Token:
        """The parsed text that the act was found in."""
        return self.predicate.doc

    @property
    def background(self) -> bool:
        """Whether the act only dates another one: "after X did …"."""
        return self.predicate.dep_ == "advcl" and any(
            child.dep_ in {"mark", "advmod", "prep"} and child.lower_ in _DATING
            for child in self.predicate.children
        )

    @property
    def purpose(self) -> bool:
        """Whether the act is only what another one was meant for: "to help rebuild"."""
        return self.predicate.dep_ == "advcl" and is_infinitive(self.predicate)

    @property
    def shared(self) -> bool:
        """Whether the act is said to be between others than its doers ("between the two")."""
        return any(
            token.dep_ == "pobj" and token.head.lower_ in {"between", "among"}
            for token in self.targets
        )


class ActFinder:
    """Finds the acts of one parsed sentence."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._frames = Frames(lexicon)
        # Past forms that the lemmatizer does not know ("retook").
        self._lemmas = {
            form: verb for verb in lexicon.frames if " " not in verb for form in irregular(verb)
        }

    def acts(self, doc: Token) -> list[Act]:
        """All acts of a parsed text that no other act has taken in, in the order of the text."""
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
        finished = (
            self._finish(act)
            for token, act in found
            if token.i not in consumed and not _qualifies(token, consumed)
        )
        return [act for act in finished if act is not None]

    def _act(self, predicate: Token, depth: int) -> Act | None:
        if depth > MAX_DEPTH:
            return None
        if predicate.pos_ in {"NOUN", "PROPN"}:
            return self._nominal(predicate, depth)
        found = arguments(predicate)
        lemma = predicate.lemma_.lower()
        if lemma not in self._lexicon.frames:
            lemma = self._lemmas.get(predicate.lower_, lemma)
        for verb, particles in self._frames.verbs(predicate, lemma):
            extended = self._frames.with_particle(found, particles)
            for frame in self._lexicon.frames.get(verb, ()):
                matched = self._frames.match(frame, extended, predicate)
                if matched is None:
                    continue
                if frame.code == NO_EVENT and frame.operator is None:
                    return None
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
        trigger = (predicate, *particles, *_trigger_objects(frame, filled, predicate))
        if frame.operator is None:
            code = self._in_context(frame.code or "", predicate)
            targets = self._frames.targets(frame, found, predicate)
            if code.startswith(_OWN_FORCES):
                # The troops that are moved are not whom they are moved against.
                targets = [token for token in targets if token not in found.objects]
            if code.startswith("14"):
                targets.extend(self._protested(predicate, depth))
            targets.extend(_struck(found))
            return Act(
                code,
                predicate,
                tuple(found.subjects or _possessors(frame, found)),
                tuple(targets),
                trigger,
                frame.weight,
                self._consumed(frame, found, predicate),
                depth,
                nominal=predicate.pos_ in {"NOUN", "PROPN"},
            )
        inner = self._inner(frame, predicate, found, depth)
        if inner is not None:
            return self._applied(frame, predicate, found, inner, trigger)
        if frame.code is None or frame.code == NO_EVENT:
            return None
        targets = self._frames.targets(frame, found, predicate)
        if frame.operator in {"demand", "accuse", "order"}:
            targets = [*targets, *self._clause_subjects(found, predicate)]
        return Act(
            frame.code, predicate, tuple(found.subjects), tuple(targets), trigger,
            frame.weight, frozenset(), depth,
        )  # fmt: skip

    def _in_context(self, code: str, predicate: Token) -> str:
        """Troops sent on a peacekeeping mission are protection given, not a show of force."""
        if code in {"154", "150"} and any(
            token.lower_.startswith("peacekeep") or token.lower_ == "peace"
            for token in predicate.subtree
        ):
            return "074"
        return code

    def _protested(self, predicate: Token, depth: int) -> list[Token]:
        """Whom a protest's purpose names: "marched to demand that the mayor resign"."""
        for child in predicate.children:
            if child.dep_ in {"advcl", "xcomp"} and (is_infinitive(child) or child.tag_ == "VBG"):
                inner = self._act(child, depth + 1)
                if inner is not None:
                    return list(inner.targets)
        return []

    def _consumed(self, frame: Frame, found: Arguments, predicate: Token) -> frozenset[int]:
        """An act's own nouns are no acts beside it; a clause of its purpose is none either."""
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
            for token in _verb_chain(candidate):
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
        if predicate.lemma_ == "order" and inner.code[:3] == "087" and _orders_others(inner):
            operator = "demand"
        code: str | None = inner.code
        held = modality(inner.predicate)
        chain = {t.i for t in conjuncts(inner.predicate) if t.pos_ == "VERB"}
        consumed = inner.consumed | {inner.predicate.i} | {t.i for t in inner.trigger} | chain
        if operator not in _TRANSPARENT:
            if operator == "intent" and held.negated:
                operator = "refuse" if inner.code[:2] < "09" else "intent"
            code = self._lexicon.apply(operator, inner.code)
        if code is None:
            return None
        sources = tuple(found.subjects)
        if (operator == "pass" and not set(inner.sources) <= set(found.objects)) or not sources:
            sources = inner.sources
        targets: tuple[Token, ...]
        if operator in {"demand", "accuse", "order"}:
            addressed = [t for t in found.objects if is_somebody(t, self._lexicon)]
            for name in ("on", "upon", "to", "from", "of"):
                addressed.extend(found.prepositions.get(name, []))
            addressed = [token for token in addressed if token.pos_ != "VERB"]
            own = [t for t in inner.sources if t not in sources]
            targets = (*addressed, *own, *inner.targets)
        else:
            outer = [t for t in (*found.objects, *found.datives) if is_somebody(t, self._lexicon)]
            after = [t for name in TARGET_PREPOSITIONS for t in found.prepositions.get(name, [])]
            own = [t for t in inner.sources if t not in sources] if operator == "stop" else []
            targets = (*inner.targets, *outer, *own, *(t for t in after if t.pos_ != "VERB"))
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

    def _nominal(self, noun: Token, depth: int) -> Act | None:
        lemma = noun.lemma_.lower()
        verb = self._lexicon.nominals.get(lemma)
        if depth == 0 and _nested(noun):
            verb = None
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
            if code is None or (depth == 0 and _nested(noun)):
                continue
            found = arguments(noun)
            after = [t for p in TARGET_PREPOSITIONS for t in found.prepositions.get(p, [])]
            between = found.prepositions.get("between", [])
            sources = between[:1] if len(between) > 1 else found.subjects
            targets = between[1:] if len(between) > 1 else after
            return Act(
                code, noun, tuple(sources), tuple(targets), (noun,), 3, frozenset(), depth,
                nominal=True,
            )  # fmt: skip
        return None

    def _obligation(self, predicate: Token, found: Arguments, depth: int) -> Act | None:
        """ "said that X must do": what a speaker holds another to is a demand."""
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
            code = self._lexicon.apply("demand", inner.code) or "100"
            return Act(
                code, predicate, tuple(found.subjects), tuple(sources), (predicate, clause), 3,
                frozenset({clause.i}) | inner.consumed, depth,
            )  # fmt: skip
        return None

    def _finish(self, act: Act) -> Act | None:
        """Applies the modality of the act's own predicate."""
        held = modality(act.predicate)
        code: str | None = act.code
        negated = act.negated
        hypothetical = act.hypothetical or held.conditional
        cooperative = act.code[:2] < "09"
        if held.will and held.negated:
            code = self._lexicon.apply("refuse", act.code)
        elif held.will:
            intended = self._lexicon.apply("intent", act.code)
            code, hypothetical = intended, intended != act.code or hypothetical
        elif held.negated and cooperative and (held.possible or act.code[:2] in _GRANTING):
            code = self._lexicon.apply("refuse", act.code)
        elif held.negated:
            negated = True
        elif held.possible or is_infinitive(act.predicate):
            # An infinitive that no verb passes on says what was meant, needed or feared.
            hypothetical = True
        if code is None:
            return None
        return replace(act, code=code, negated=negated, hypothetical=hypothetical)


_DATING = frozenset({"after", "before", "since", "when", "while", "as", "until", "once"})
_TRANSPARENT = frozenset({"pass", "do"})
_SPEAKING = frozenset(
    {"say", "tell", "insist", "declare", "state", "stress", "argue", "warn", "add"}
)
_GRANTING = frozenset({"03", "05", "08"})
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


_OWN_FORCES = ("15", "0872", "0873")
_OWN = frozenset({"its", "his", "her", "their", "own"})
_PLANNED = frozenset(["VISIT", "MEETING", "TALKS", "EXERCISE", "WITHDRAWAL", "COOPERATION"])


def _qualifies(token: Token, consumed: set[int]) -> bool:
    """Whether an infinitive only says what a noun of another act is about: "a proposal to …"."""
    return token.dep_ in {"acl", "relcl"} and is_infinitive(token) and token.head.i in consumed


def _struck(found: Arguments) -> list[Token]:
    """Whom the subject was aimed at: "strikes on Syria killed nine soldiers"."""
    return [
        token
        for subject in found.subjects
        if subject.pos_ == "NOUN"
        for child in subject.children
        if child.dep_ == "prep" and child.lower_ in {"on", "against"}
        for token in governed(child)
        if token.pos_ == "PROPN"
    ]


def _possessors(frame: Frame, found: Arguments) -> list[Token]:
    """Whose plan was changed where no doer is named: "the minister's visit was called off"."""
    kinds = {name for atom in frame.atoms if atom.slot == "obj" for name in atom.classes}
    if not found.passive or kinds.isdisjoint(_PLANNED):
        return []
    return [token for item in found.objects for token in arguments(item).subjects]


def _orders_others(inner: Act) -> bool:
    """Whether somebody orders what is not his own to command: "ordered French troops to leave"."""
    return any(
        any(c.dep_ in {"amod", "compound", "nmod", "poss"} and c.text[:1].isupper()
            for c in token.children)
        and not any(c.lower_ in _OWN for c in token.children)
        for token in inner.sources
    )  # fmt: skip


def _trigger_objects(frame: Frame, filled: list[Token], predicate: Token) -> tuple[Token, ...]:
    """The nouns that are part of what names the act: those a class was asked of."""
    kind = frame.obj_class()
    # The noun before a relative clause is not said by the clause itself.
    own = [token for token in filled if not token.is_ancestor(predicate)]
    return tuple(own[:1]) if kind not in {None, SOMEBODY, "*"} else ()


def _nested(noun: Token) -> bool:
    """Whether a noun only qualifies another one ("a ban on visits"): no act is told by it."""
    if noun.dep_ in {"compound", "amod", "nmod", "poss"}:
        return True
    return (
        noun.dep_ == "pobj"
        and noun.head.dep_ == "prep"
        and noun.head.head.pos_ in {"NOUN", "PROPN", "ADJ"}
    )


def _verb_chain(token: Token) -> Iterator[Token]:
    """The token, then the verbs coordinated with it: the first that names an act is taken."""
    yield token
    for child in token.children:
        if child.dep_ == "conj" and child.pos_ in {"VERB", "NOUN"}:
            yield child
        if token.i - child.i > MAX_CHAIN:
            break
