"""Which classes a noun belongs to, seen through compounds and quantities.

"a series of air strikes" is an attack, "an aid package" is aid.
"""

from __future__ import annotations

from pipeline.enrich.events.code_sets import code_set
from pipeline.enrich.events.event_lexicon import ANYTHING, SOMEBODY, EventLexicon
from pipeline.enrich.events.syntax import Token

_QUANTITIES = frozenset(
    [
        "series",
        "number",
        "wave",
        "round",
        "set",
        "lot",
        "hundred",
        "thousand",
        "dozen",
        "dollar",
        "dlr",
        "dlrs",
        "million",
        "billion",
        "group",
        "part",
        "kind",
        "sort",
        "type",
        "spate",
        "string",
        "range",
        "couple",
        "pair",
        "rest",
        "majority",
        "member",
        "batch",
        "ton",
        "tonne",
        "delivery",
        "shipment",
        "act",
        "campaign",
        "package",
        "consignment",
        "convoy",
        "planeload",
        "resumption",
        "start",
        "beginning",
        "bit",
        "handful",
        "form",
        "amount",
        "worth",
        "piece",
        "fleet",
        "flow",
        "tranche",
        "provision",
        "possibility",
        "use",
        "kilogram",
        "%",
        "percent",
        "pct",
        "half",
        "third",
        "quarter",
        "most",
        "bulk",
        "share",
        "increase",
    ]
)
_LIGHT = frozenset(
    [
        "package",
        "effort",
        "mission",
        "process",
        "campaign",
        "plan",
        "supply",
        "measure",
        "order",
        "program",
        "programme",
        "contract",
        "operation",
        "delivery",
        "shipment",
        "worth",
        "project",
        "work",
        "commitment",
        "status",
        "session",
        "proceeding",
        "action",
        "regime",
        "system",
        "policy",
        "activity",
        "team",
        "hour",
        "worker",
    ]
)
_PERSONAL = frozenset(
    [
        "he",
        "she",
        "they",
        "him",
        "her",
        "them",
        "it",
        "we",
        "us",
        "i",
        "me",
        "you",
        "who",
        "himself",
        "themselves",
        "itself",
    ]
)


_BOMBINGS = frozenset({"bombing", "shelling", "bombardment", "ambush", "airstrike", "bomb"})
_HARMS = frozenset({"ATTACK", "BOMB", "CRUELTY", "CLASH", "ARREST", "SEIZURE", "OCCUPATION"})
_HARMING = code_set("harming")
_AIDS = frozenset({"AID", "HUMAID", "MILAID", "ECONAID"})
_GATHERINGS = frozenset({"TALKS", "MEETING"})


def noun_phrase(token: Token) -> tuple[str, str | None]:
    """Return the noun's lemma, with the word before it in a compound or after an adjective."""
    lemma = token.lemma_.lower().removeprefix("ex-")
    if token.i > 0:
        before = token.nbor(-1)
        if before.text == "-" and token.i > 1:
            return lemma, f"{token.nbor(-2).lower_}-{lemma}"
        if before.dep_ in {"compound", "amod", "nmod", "poss"} or before.pos_ in {"ADJ", "NOUN"}:
            return lemma, f"{before.lemma_.lower()} {lemma}"
    return lemma, None


def with_of(token: Token) -> str | None:
    """Return the noun with the "of" phrase after it: "state of emergency"."""
    if token.i + 2 < len(token.doc) and token.nbor(1).lower_ == "of":
        return f"{token.lemma_.lower()} of {token.nbor(2).lower_}"
    return None


def classes_of(token: Token, lexicon: EventLexicon) -> frozenset[str]:
    """Return the noun classes of a head token; a listed phrase decides alone."""
    lemma, pair = noun_phrase(token)
    table = lexicon.noun_classes
    longer = with_of(token)
    if longer is not None and longer in table:
        return table[longer]
    if pair is not None and token.i > 1:
        three = f"{token.nbor(-2).lemma_.lower()} {pair}"  # "air defence system"
        if three in table:
            return table[three]
    if pair is not None and pair in table:
        return table[pair]
    found = table.get(lemma) or table.get(token.lower_) or frozenset()
    if lemma in _QUANTITIES:
        for child in token.children:
            if child.dep_ == "prep" and child.lower_ == "of":
                for inner in child.children:
                    if inner.dep_ == "pobj":
                        found |= classes_of(inner, lexicon)
    found = found or _given_in(token, lexicon)
    if lemma in _LIGHT or not found:
        for child in token.children:
            if child.dep_ in {"compound", "amod", "nmod"} and lemma in _LIGHT:
                found |= classes_of(child, lexicon)
    return found


def _given_in(amount: Token, lexicon: EventLexicon) -> frozenset[str]:
    """Return the kind of aid that a sum of any currency is: "10 million lats in aid"."""
    if not any(child.dep_ == "nummod" for child in amount.children):
        return frozenset()
    inner = [
        noun
        for child in amount.children
        if child.dep_ == "prep" and child.lower_ in {"in", "of"}
        for noun in child.children
        if noun.dep_ == "pobj"
    ]
    return frozenset(c for noun in inner for c in classes_of(noun, lexicon) & _AIDS)


def is_armed(token: Token, lexicon: EventLexicon) -> bool:
    """Say whether a head token is an attack with arms: no heart attack, fire or explosion."""
    lemma, pair = noun_phrase(token)
    listed = lexicon.noun_classes.get(pair or "", frozenset())
    return lemma in _BOMBINGS or not listed.isdisjoint({"ATTACK", "BOMB"})


def is_gathering(token: Token, lexicon: EventLexicon) -> bool:
    """Say whether a noun is one of talks or a meeting."""
    return not _GATHERINGS.isdisjoint(classes_of(token, lexicon))


def is_harm(token: Token, lexicon: EventLexicon) -> bool:
    """Say whether a head token names violence or force: "attack", "killing", "arrest"."""
    if not classes_of(token, lexicon).isdisjoint(_HARMS):
        return True
    verb = lexicon.nominals.get(token.lemma_.lower())
    frames = lexicon.frames.get(verb or "", ())
    return any((frame.code or "").startswith(_HARMING) for frame in frames)


def is_somebody(token: Token, lexicon: EventLexicon) -> bool:
    """Say whether a head token names somebody: a name, a pronoun, a person or a body."""
    if token.pos_ == "PROPN" or token.lower_ in _PERSONAL:
        return True
    lemma, pair = noun_phrase(token)
    if lemma in lexicon.roles or (pair is not None and pair in lexicon.roles):
        return True
    if lemma in _QUANTITIES or token.pos_ == "NUM":
        return any(
            is_somebody(inner, lexicon)
            for child in token.children
            if child.dep_ == "prep" and child.lower_ == "of"
            for inner in child.children
            if inner.dep_ == "pobj" and inner.i > token.i
        )
    return False


def holds(token: Token, classes: tuple[str, ...], lexicon: EventLexicon) -> bool:
    """Say whether a head token is of one of the classes a frame asks for."""
    if ANYTHING in classes:
        return True
    if SOMEBODY in classes and is_somebody(token, lexicon):
        return True
    return not classes_of(token, lexicon).isdisjoint(classes)
