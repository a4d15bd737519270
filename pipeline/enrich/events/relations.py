"""How the tokens around a predicate stand to it: what frames ask beyond its own arguments."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from pipeline.enrich.events.event_lexicon import SOMEBODY, Frame
from pipeline.enrich.events.syntax import (
    MAX_CHAIN,
    Arguments,
    Token,
    arguments,
    governed,
    is_infinitive,
)

_UNTIL = frozenset({"until", "unless"})


def qualifies(token: Token, consumed: set[int]) -> bool:
    """Say whether an infinitive only says what a noun of another act is about.

    "a proposal to …".
    """
    return token.dep_ in {"acl", "relcl"} and is_infinitive(token) and token.head.i in consumed


def struck(found: Arguments) -> list[Token]:
    """Return whom the subject was aimed at: "strikes on Syria killed nine soldiers"."""
    return [
        token
        for subject in found.subjects
        if subject.pos_ == "NOUN"
        for child in subject.children
        if child.dep_ == "prep" and child.lower_ in {"on", "against"}
        for token in governed(child)
        if token.pos_ == "PROPN"
    ]


def harmed(predicate: Token) -> list[Token]:
    """Return who was killed or hurt "when" the predicate was done.

    "nine soldiers died when rebels attacked their convoy": it was done to the soldiers.
    """
    head = predicate.head
    if predicate.dep_ != "advcl" or head.lemma_.lower() not in _HARMED:
        return []
    if not any(c.lower_ in {"when", "after", "as"} for c in predicate.lefts):
        return []
    found = arguments(head)
    if head.lemma_ == "die":
        return found.subjects
    return found.objects if found.passive and not found.subjects else []


_HARMED = frozenset({"die", "kill", "wound", "injure", "hurt", "maim"})


def between(tokens: Iterable[Token]) -> list[Token]:
    """Return the two or more that something is said to be between: "ties between A and B"."""
    for token in tokens:
        for child in token.children:
            if child.dep_ == "prep" and child.lower_ == "between":
                both = governed(child)
                if len(both) > 1:
                    return both
    return []


def names(call: Token) -> bool:
    """Say whether "call" gives a name, and telephones nobody: "called Assad a murderer"."""
    return any(
        child.dep_ in {"oprd", "attr", "acomp"}
        or (child.dep_ in {"ccomp", "xcomp"} and child.pos_ in {"NOUN", "PROPN", "ADJ"})
        for child in call.children
        if child.i > call.i
    )


def conditions(predicate: Token, words: Collection[str] = _UNTIL) -> list[Token]:
    """Say who has to act first where something is refused or threatened.

    "will not lift it until Cuba reforms"; with "if" among the words "threatened to strike if Cuba
    did not".
    """
    verbs = [predicate, *(c for c in predicate.children if c.dep_ == "xcomp")]
    return [
        subject
        for verb in verbs
        for child in verb.children
        if child.dep_ == "advcl" and any(c.lower_ in words for c in child.children)
        for subject in arguments(child).subjects
    ]


def possessors(frame: Frame, found: Arguments) -> list[Token]:
    """Return whose plan was changed where no doer is named.

    "the minister's visit was called off".
    """
    kinds = {name for atom in frame.atoms if atom.slot == "obj" for name in atom.classes}
    if not found.passive or kinds.isdisjoint(_PLANNED):
        return []
    return [token for item in found.objects for token in arguments(item).subjects]


def orders_others(sources: Iterable[Token]) -> bool:
    """Say whether somebody orders what is not his own to command.

    "ordered French troops to leave".
    """
    return any(
        any(c.dep_ in {"amod", "compound", "nmod", "poss"} and c.text[:1].isupper()
            for c in token.children)
        and not any(c.lower_ in _OWN for c in token.children)
        for token in sources
    )  # fmt: skip


def trigger_objects(frame: Frame, filled: list[Token], predicate: Token) -> tuple[Token, ...]:
    """Return the nouns that are part of what names the act: those a class was asked of."""
    kind = frame.obj_class()
    # The noun before a relative clause is not said by the clause itself.
    own = [token for token in filled if not token.is_ancestor(predicate)]
    return tuple(own[:1]) if kind not in {None, SOMEBODY, "*"} else ()


def is_nested(noun: Token) -> bool:
    """Say whether a noun only qualifies another one ("a ban on visits"): no act is told by it."""
    if noun.dep_ in {"compound", "amod", "nmod", "poss"}:
        return True
    return (
        noun.dep_ == "pobj"
        and noun.head.dep_ == "prep"
        and noun.head.head.pos_ in {"NOUN", "PROPN", "ADJ"}
    )


def is_alleged(predicate: Token) -> bool:
    """Say whether a deed is only what somebody is charged with or what is claimed.

    "convicted of killing …", "rejected accusations that it supplied …".
    """
    head = predicate.head
    if predicate.dep_ == "pcomp" and head.lower_ in {"of", "with"}:
        return head.head.lemma_.lower() in _CHARGING
    marked = any(c.dep_ == "mark" and c.lower_ == "that" for c in predicate.children)
    return marked and head.pos_ == "NOUN" and head.lemma_.lower() in _CLAIMS


def verb_chain(token: Token) -> Iterator[Token]:
    """Yield the token, then the verbs coordinated with it: the first that names an act is taken."""
    yield token
    for child in token.children:
        if child.dep_ == "conj" and child.pos_ in {"VERB", "NOUN"}:
            yield child
        if token.i - child.i > MAX_CHAIN:
            break


_CHARGING = frozenset({"convict", "suspect", "accuse", "charge", "indict", "acquit", "guilty"})
_CLAIMS = frozenset([
    "claim", "accusation", "allegation", "charge", "report", "rumour", "rumor", "suggestion",
    "speculation", "suspicion", "fear", "idea", "notion", "possibility",
])  # fmt: skip
_OWN = frozenset({"its", "his", "her", "their", "own"})
_PLANNED = frozenset(["VISIT", "MEETING", "TALKS", "EXERCISE", "WITHDRAWAL", "COOPERATION"])
