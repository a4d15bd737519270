"""Negation, intention and possibility, read off the auxiliaries of a verb."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.enrich.events.syntax import MAX_CHAIN, Token

_WILL = frozenset({"will", "would", "shall", "'ll", "wo", "'d", "ll", "\u2019ll"})
_MAY = frozenset({"may", "might", "could", "can", "ca", "should", "must", "ought"})
_NEGATORS = frozenset({"not", "n't", "never", "n\u2019t", "no"})
_CONDITIONAL = frozenset({"if", "unless", "whether", "should"})
_HELD = frozenset({"ccomp", "xcomp"})
_WEIGHING = frozenset(
    {"consider", "contemplate", "mull", "weigh", "ponder", "debate", "discuss", "study"}
)
"""Who "considered imposing sanctions" or "denied that he attacked" did not do it."""
_OBLIGING = frozenset({"must", "should", "ought", "need", "needs"})


@dataclass(frozen=True, slots=True)
class Modality:
    """Says how a verb holds its act: as intended (`will`), possible, denied, required (`must`)."""

    will: bool = False
    possible: bool = False
    negated: bool = False
    obliged: bool = False
    conditional: bool = False


def modality(verb: Token) -> Modality:
    """Return the modality of a verb, or else that of the verb that it is coordinated with."""
    words = _auxiliaries(verb)
    shares = verb.dep_ == "conj" and not any(
        child.dep_ in {"nsubj", "nsubjpass"} for child in verb.children
    )
    if not words and shares and verb.head.pos_ in {"VERB", "AUX"}:
        words = _auxiliaries(verb.head) - _NEGATORS
    perfect = "have" in words and "would" in words
    governor = verb.head.lemma_.lower() if verb.dep_ in _HELD else ""
    return Modality(
        will=bool(words & _WILL) and not perfect and "'d" not in words,
        possible=bool(words & _MAY) or perfect or governor in _WEIGHING,
        negated=bool(words & _NEGATORS) or governor == "deny",
        obliged=bool(words & _OBLIGING),
        conditional=_conditional(verb),
    )


def _auxiliaries(verb: Token) -> frozenset[str]:
    found = set()
    for child in verb.children:
        if child.dep_ in {"aux", "auxpass", "neg"}:
            found.add(child.lower_)
        elif child.dep_ in {"advmod", "preconj"} and child.lower_ == "never":
            found.add("never")
        elif child.dep_ == "dobj" and any(
            inner.dep_ == "det" and inner.lower_ == "no" for inner in child.children
        ):
            found.add("no")
    subjects = [child for child in verb.children if child.dep_ in {"nsubj", "nsubjpass"}]
    if any(_denies(word) for subject in subjects for word in (subject, *subject.lefts)):
        found.add("no")
    if verb.pos_ == "ADJ" and verb.head.lemma_ == "be":
        found |= _auxiliaries(verb.head)
    return frozenset(found)


def _denies(word: Token) -> bool:
    """Say whether a token denies that anybody is there: "neither side", "no country", "nobody"."""
    return word.lower_ in {"neither", "no", "nobody", "none"}


def _conditional(verb: Token) -> bool:
    """Say whether the verb stands in an "if" clause, at any depth."""
    token = verb
    for _ in range(MAX_CHAIN):
        for child in token.children:
            if child.dep_ in {"mark", "advmod"} and child.lower_ in _CONDITIONAL:
                return True
        if token.head.i == token.i or token.dep_ in {"ccomp", "relcl"}:
            return False
        token = token.head
    return False
