"""Frames against a parsed sentence: which of a verb's patterns hold, and what fills them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipeline.enrich.events.classes import holds, is_somebody
from pipeline.enrich.events.code_sets import code_set
from pipeline.enrich.events.event_dates import DAYS, MONTHS
from pipeline.enrich.events.event_lexicon import (
    CLAUSE,
    INFINITIVE,
    SOMEBODY,
    Atom,
    EventLexicon,
    Frame,
)
from pipeline.enrich.events.syntax import (
    Arguments,
    Token,
    arguments,
    governed,
    is_infinitive,
)

TARGET_PREPOSITIONS = (
    "with", "to", "against", "on", "upon", "at", "from", "between", "among", "for", "toward",
    "towards", "into", "over", "about", "of", "in", "inside", "outside", "before", "across",
    "along", "near", "around",
)  # fmt: skip
_INNER_PREPOSITIONS = ("of", "from", "for", "with", "against", "to", "about", "on", "in")
_ADVERBS_OUT = frozenset({"out", "back", "away"})
_MAX_PURPOSES = 3
REFUSED = code_set("refused")
_GIVEN = code_set("given")
_PLACING = frozenset({"in", "inside", "outside", "at", "near", "across", "along", "around"})
_Entry = tuple[str, list[Token], Sequence[Frame]]


class Frames:
    """Matches the frames of a lexicon."""

    def __init__(self, lexicon: EventLexicon) -> None:
        self._lexicon = lexicon

    def entries(self, predicate: Token, lemma: str) -> list[_Entry]:
        """Return the entries to try for a predicate: verb, tokens of its particle, frames.

        Verbs with their particle first; none where the lexicon has no frame.
        """
        particles = self._lexicon.particles.get(lemma, ())
        read = ((f"{lemma} {p}", _particle_tokens(predicate, p.split())) for p in particles)
        tried = [*((verb, tokens) for verb, tokens in read if tokens), (lemma, [])]
        of = self._lexicon.frames
        return [(verb, tokens, of[verb]) for verb, tokens in tried if verb in of]

    def with_particle(self, found: Arguments, particles: list[Token]) -> Arguments:
        """Return the arguments with what the particle governs as object ("call for X")."""
        if not particles or any(token not in particles for token in found.objects):
            return found
        objects = governed(particles[-1])
        if not objects:
            objects = [
                token
                for child in particles[-1].children
                if child.dep_ == "prep"
                for token in governed(child)
            ]
        clauses = [*found.clauses, *(token for token in objects if token.pos_ == "VERB")]
        return replace(found, objects=objects, clauses=clauses)

    def match(self, frame: Frame, found: Arguments, predicate: Token) -> list[Token] | None:
        """Return the tokens that fill the frame's atoms, or None where one does not hold."""
        filled: list[Token] = []
        for atom in frame.atoms:
            if atom.slot == CLAUSE:
                tokens = self._clause_atom(atom, found, predicate)
            elif atom.slot == "out":
                tokens = [child for child in predicate.children if child.lower_ in _ADVERBS_OUT]
            elif atom.slot == "lemma":
                tokens = [t for t in found.objects if t.lemma_.lower() in atom.classes]
            else:
                tokens = [
                    token
                    for token in self._slot(atom.slot, found)
                    if holds(token, atom.classes, self._lexicon) and not _is_day(token)
                ]
            if not tokens:
                return None
            if atom.slot not in {CLAUSE, "out"} or atom.classes not in {(), (INFINITIVE,)}:
                filled.extend(tokens)
        return filled

    def _slot(self, slot: str, found: Arguments) -> list[Token]:
        if slot == "obj":
            return found.objects
        return found.subjects if slot == "subj" else self.after(slot, found)

    def _clause_atom(self, atom: Atom, found: Arguments, predicate: Token) -> list[Token]:
        clauses = self.clauses(found, predicate)
        if atom.classes == (INFINITIVE,):
            return [c for c in clauses if is_infinitive(c) or _is_wished(c)]
        if not atom.classes:
            return clauses
        wanted = (t for t in predicate.subtree if t.pos_ == "ADJ")
        return [t for t in wanted if holds(t, atom.classes, self._lexicon)][:1]

    def after(self, preposition: str, found: Arguments) -> list[Token]:
        """Return what stands after a preposition of the predicate or of its object."""
        if preposition == "to":
            tokens = [*found.prepositions.get("to", []), *found.datives]
        else:
            tokens = list(found.prepositions.get(preposition, []))
        for item in found.objects:
            for child in item.children:
                if child.dep_ == "prep" and child.lower_ == preposition:
                    tokens.extend(governed(child))
        return tokens

    def clauses(self, found: Arguments, predicate: Token) -> list[Token]:
        """Return the clauses an operator can apply to.

        Complements, and verbs after a preposition.
        """
        after = [
            token
            for preposition in _INNER_PREPOSITIONS
            for token in self.after(preposition, found)
            if token.dep_ == "pcomp"
        ]
        own = [
            clause
            for clause in found.clauses
            if clause.i != predicate.i and not _is_question(clause)
        ]
        return [*own, *after]

    def targets(self, frame: Frame, found: Arguments, predicate: Token) -> list[Token]:
        """Return whom the act may be done to, the likeliest first."""
        asked = [
            token
            for atom in frame.atoms
            if atom.slot not in {"obj", "subj", CLAUSE, "lemma", "out", "as"}
            for token in self.after(atom.slot, found)
        ]
        after = [
            token
            for name in TARGET_PREPOSITIONS
            for token in self.after(name, found)
            if token.pos_ != "VERB"
        ]
        kind = frame.obj_class()
        objects = list(found.objects)
        of_subjects = kind is None and all(atom.slot == "subj" for atom in frame.atoms)
        if kind in {SOMEBODY, "*"} or of_subjects:
            ordered = [*objects, *asked, *found.datives, *after]
            if kind == "*" and (frame.code or "").startswith(_GIVEN):
                given_to = [t for t in self.after("to", found) if t.pos_ != "VERB"]
                ordered = [*given_to, *ordered]
        else:
            somebody = [t for t in found.datives if t.pos_ != "VERB"]
            where = [t for t in after if t.dep_ == "pobj" and t.head.lower_ in _PLACING]
            owned = [t for t in objects if is_somebody(t, self._lexicon) or _of_a_name(t)]
            towards = [t for t in after if t not in where]
            # "expelled Australian diplomats from Moscow": it was done to them, not to the town.
            named = [t for t in owned if _of_a_name(t) and is_somebody(t, self._lexicon)]
            if named and all(t.head.lower_ == "from" for t in towards):
                towards = [*named, *towards]
            ordered = [*somebody, *asked, *towards, *owned, *where, *objects]
            if (frame.code or "").startswith(REFUSED):
                # What is refused, not what it is about.
                ordered = [*somebody, *owned, *asked, *towards, *where, *objects]
        if frame.has(CLAUSE):
            ordered += _doers(found.clauses)
        if not found.passive:
            ordered += [t for t in self.after("by", found) if t.pos_ != "VERB"]
        ordered += [*behind([*objects, *asked, *after]), *_purposes(predicate, objects)]
        ordered += _told_of([*objects, *asked, *after, *_governed_verbs(found, objects)])
        return [token for token in dict.fromkeys(ordered) if token.i != predicate.i]


def _of_a_name(noun: Token) -> bool:
    """Say whether a noun is said to be somebody's: "the Afghan demand", "a bid by the minister"."""
    return any(
        (child.dep_ in {"poss", "compound", "nmod", "amod"} and child.text[:1].isupper())
        or (child.dep_ in {"prep", "agent"} and child.lower_ in {"by", "from"})
        for child in noun.children
    )


def _doers(clauses: list[Token]) -> list[Token]:
    """Say who is let or made to act: "agreed to let inspectors visit"."""
    found: list[Token] = []
    for clause in clauses:
        if clause.dep_ == "ccomp" and not _says_that(clause):
            found.extend(c for c in clause.children if c.dep_ in {"nsubj", "nsubjpass"})
    return found


def _says_that(clause: Token) -> bool:
    return any(c.dep_ == "mark" and c.lower_ == "that" for c in clause.children)


def _is_wished(clause: Token) -> bool:
    """Say whether a clause tells what is to be done: "asked that Kenya send observers".

    One subject's verb in its base form, which no statement has.
    """
    if not _says_that(clause) or any(c.dep_ in {"aux", "auxpass"} for c in clause.children):
        return False
    subject = next((c for c in clause.children if c.dep_ == "nsubj"), None)
    one = subject is not None and subject.tag_ in {"NN", "NNP", "NNPS"}
    several = subject is not None and any(c.dep_ == "conj" for c in subject.children)
    return one and not several and clause.tag_ in {"VB", "VBP"}


def behind(tokens: list[Token]) -> list[Token]:
    """Return whom a participle after a noun names.

    "sanctions imposed on Chile", "a ship belonging to Chile".
    """
    found: list[Token] = []
    for token in tokens:
        for child in token.children:
            if child.dep_ not in {"acl", "relcl"} or child.tag_ not in {"VBN", "VBG", "VBD"}:
                continue
            own = arguments(child)
            if child.tag_ == "VBG" and own.objects:
                found.extend(own.objects)
            else:
                for name, governed_ones in own.prepositions.items():
                    if name != "by":
                        found.extend(t for t in governed_ones if t.pos_ != "VERB")
            found.extend(_meant(own.clauses))
    return found


def _purposes(predicate: Token, objects: list[Token]) -> list[Token]:
    """Say whom the purpose of an act, or of what it gives, names: "money to help Haiti rebuild"."""
    meant = [
        child
        for token in (predicate, *objects)
        for child in token.children
        if child.dep_ in {"advcl", "xcomp", "acl", "relcl"} and is_infinitive(child)
    ]
    return [token for token in _meant(meant) if token.i > predicate.i]


def _meant(clauses: list[Token], depth: int = 0) -> list[Token]:
    """Say whom clauses of purpose name, through a chain of them: "to try to help the two agree"."""
    found: list[Token] = []
    for clause in clauses:
        own = arguments(clause)
        subjects = [c for c in clause.children if c.dep_ in {"nsubj", "nsubjpass"}]
        found.extend(subjects)
        found.extend(own.objects)
        if depth < _MAX_PURPOSES:
            found.extend(_meant(own.clauses, depth + 1))
    return list(dict.fromkeys(found))


def _governed_verbs(found: Arguments, objects: list[Token]) -> list[Token]:
    """Return the clauses after a preposition: "an investigation into whether she was spied on"."""
    after = [t for tokens in found.prepositions.values() for t in tokens if t.dep_ == "pcomp"]
    inner = [
        t
        for item in objects
        for child in item.children
        if child.dep_ == "prep"
        for t in governed(child)
        if t.dep_ == "pcomp"
    ]
    return [*after, *inner]


def _told_of(tokens: list[Token]) -> list[Token]:
    """Say who a clause after a noun or preposition is about.

    "claims that soldiers abused them", "permission for an aide to be sent home".
    """
    found: list[Token] = []
    for token in tokens:
        clauses = [token] if token.dep_ == "pcomp" else list(token.children)
        for clause in clauses:
            if any(c.dep_ == "mark" and c.lower_ in _TELLING for c in clause.children):
                own = arguments(clause)
                found.extend(own.objects if own.passive else own.subjects)
    return found


_TELLING = frozenset({"that", "whether", "for"})


def _is_behind_object(preposition: Token, predicate: Token) -> bool:
    """Say whether "in" with a noun of its own follows the verb's object.

    "took two men hostage in Mali" takes nobody in.
    """
    if preposition.lower_ != "in" or not any(c.dep_ == "pobj" for c in preposition.children):
        return False
    return any(
        child.dep_ == "dobj" and predicate.i < child.i < preposition.i
        for child in predicate.children
    )


def _particle_tokens(predicate: Token, words: list[str]) -> list[Token]:
    """Return the particle or preposition of a two-word verb, near the verb or depending on it."""
    first = [
        child
        for child in predicate.children
        if child.lower_ == words[0]
        and child.i > predicate.i
        and not _is_behind_object(child, predicate)
        and child.dep_
        in {
            "prt",
            "prep",
            "advmod",
            "advcl",
            "dative",
            "npadvmod",
            "dobj",
            "acomp",
            "oprd",
            "xcomp",
            "ccomp",
        }
    ]
    if not first:  # "held villagers captive": an adjective behind the object, read as its own
        first = [
            inner
            for child in predicate.children
            if child.dep_ == "dobj" and child.i > predicate.i
            for inner in child.rights
            if inner.dep_ == "amod" and inner.lower_ == words[0]
        ]
    if not first and predicate.i + 1 < len(predicate.doc):
        following = predicate.nbor(1)
        if following.lower_ == words[0]:
            first = [following]
    for token in first:
        run = [token]
        while len(run) < len(words) and run[-1].i + 1 < len(predicate.doc):
            following = run[-1].nbor(1)
            if following.lower_ != words[len(run)]:
                break
            run.append(following)
        temporal = any(inner.lower_ in _TIME_WORDS for inner in run[-1].children)
        if len(run) == len(words) and not temporal:
            return run
    return []


def _is_day(token: Token) -> bool:
    """Say whether a word after a preposition is a day, and nobody: "called on Saturday"."""
    return token.dep_ == "pobj" and token.lower_ in _TIME_WORDS


_TIME_WORDS = frozenset(
    [
        *DAYS,
        *MONTHS,
        "today",
        "yesterday",
        "tomorrow",
    ]
)


def _is_question(clause: Token) -> bool:
    """Say whether a clause leaves open what is done: "decided whether to go"."""
    return any(
        child.dep_ in {"mark", "advmod"} and child.lower_ in {"whether", "if", "how"}
        for child in clause.children
    )
