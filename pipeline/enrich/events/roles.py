"""What the words around a name say of its role."""

from __future__ import annotations

import re

from pipeline.enrich.events.classes import noun_phrase
from pipeline.enrich.events.event_lexicon import EventLexicon
from pipeline.enrich.events.syntax import Token


def role_of(
    token: Token, lexicon: EventLexicon, kind: str | None = None, begin: int = 0
) -> tuple[str | None, list[Token]]:
    """Return the role that a noun phrase's words give, and the words up to its head.

    Of a name's own words, which begin at the character `begin`, those of a person say nothing ("Kim
    Jong Un"), and of a body's the last alone does ("General Motors").
    """
    left = [t for t in token.lefts if t.dep_ in {"compound", "amod", "nmod", "poss", "det"}]
    words = [t for child in left for t in child.subtree][-7:]
    if kind in {"PERSON", "ORG"}:
        own = begin if kind == "PERSON" else begin - 1  # "Imam Yusuf Ali"
        left = [t for t in left if t.idx <= own]
    lemma, pair = noun_phrase(token)
    table = lexicon.roles
    if lemma in _VAGUE and any(child.lower_ == "loyal" for child in token.rights):
        return "MIL", words
    if lemma in _VAGUE and (pair is None or pair not in table):
        return _of_qualifiers(token, left, lexicon), words
    whose = _led(token, left, lexicon) if lemma in _LEADING and pair not in table else None
    if whose is not None:
        return whose, words
    # A noun in capitals, or behind a desk's flag, keeps its plural: "Gunmen".
    one = re.sub("men$", "man", token.lower_).removesuffix("s")
    for candidate in (pair, lemma, token.lower_, one) if kind != "PERSON" else ():
        if candidate is not None and candidate in table:
            return _in_power(table[candidate], left), words
    qualifying = [c for c in reversed(left) if c.dep_ in {"compound", "nmod", "amod"}]
    beside = [c for c in token.children if c.dep_ == "appos"]
    return next((r for c in (*qualifying, *beside) if (r := _listed(c, lexicon))), None), words


def _listed(noun: Token, lexicon: EventLexicon) -> str | None:
    """Return the role of a noun as the list has it, with the word before it first."""
    lemma, pair = noun_phrase(noun)
    return lexicon.roles.get(pair or "") or lexicon.roles.get(lemma)


def _in_power(role: str, left: list[Token]) -> str:
    """Return the role of a party that governs as the government's: "the ruling Frelimo party"."""
    rules = role == "OPP" and any(t.lower_ in {"ruling", "governing"} for t in left)
    return "GOV" if rules else role


def _led(token: Token, left: list[Token], lexicon: EventLexicon) -> str | None:
    """Return the role of those whom somebody leads or speaks for: "a gang leader", "officials of
    the carmaker"."""
    after = [
        inner
        for child in token.children
        if child.dep_ == "prep" and child.lower_ in {"of", "for"}
        for inner in child.children
        if inner.dep_ == "pobj" and inner.pos_ == "NOUN"
    ]
    before = [t for t in reversed(left) if not t.text[:1].isupper()]
    for noun in (*before, *after):
        role = _listed(noun, lexicon)
        is_people_of = role == "CIV" and noun not in before
        unsaid = noun.lemma_.lower() in _VAGUE | {"party"}
        if role in _OF_OTHERS and not unsaid and not is_people_of:
            return role
    return None


def _of_qualifiers(token: Token, left: list[Token], lexicon: EventLexicon) -> str | None:
    """Return the role of a group by what it is a group of: "the separatist group", "a group of
    MPs"."""
    if any(child.lower_ in LEANING for child in left):
        return "OPP"  # "pro-Iranian groups"
    for child in reversed(left):
        listed = _listed(child, lexicon)
        if listed is not None and child.dep_ in {"compound", "nmod", "amod"}:
            return listed
        if child.lemma_.lower().removeprefix("ex-").endswith(_ARMED):
            return "REB"
    of = [c for c in token.children if c.dep_ == "prep" and c.lower_ == "of"]
    for inner in (i for child in of for i in child.children if i.dep_ == "pobj"):
        listed = _listed(inner, lexicon) or ("CIV" if is_people(inner) else None)
        if listed is not None:
            return listed
    alone = not any(child.dep_ in {"compound", "nmod", "amod", "poss"} for child in left)
    return lexicon.roles.get(token.lemma_.lower()) if alone else None


def is_people(token: Token) -> bool:
    """Say whether an unlisted noun means persons by its form.

    "landowners", "youths", "strikers".
    """
    lemma = token.lemma_.lower()
    return token.pos_ == "NOUN" and (lemma in _PEOPLE or lemma.endswith(_PERSONAL_ENDS))


def is_doer(token: Token) -> bool:
    """Say whether a plural noun has the form of those who do something: "pensioners", "dockers".

    Things have it too ("orders", "computers"): it tells people only beside a nationality.
    """
    lemma = token.lemma_.lower()
    return token.pos_ == "NOUN" and lemma.endswith(_DOERS_ENDS) and lemma not in _THINGS


def role_of_name(name: str, lexicon: EventLexicon) -> str | None:
    """Return the role of a body by its whole name, or by the last words of it.

    "Organization of American States", "Securities and Exchange Commission", "Revolutionary
    Guards"; by the first where these are of an organisation of states ("United Nations Command").
    """
    whole = lexicon.roles.get(name.lower())
    if whole is not None:
        return whole
    words = re.split(" (?:of|for) ", name.lower())[0].split()
    lengths = [len(words), *(n for n in (3, 2, 1) if n < len(words))]
    for length in lengths:
        last = " ".join(words[-length:])
        role = lexicon.roles.get(last) or lexicon.roles.get(last.removesuffix("s"))
        if role is not None:
            return role
    first = (lexicon.roles.get(" ".join(words[:length])) for length in (3, 2, 1))
    return "IGO" if "IGO" in first else None


def role_of_words(words: str, lexicon: EventLexicon) -> str | None:
    """Return the role that a description gives ("prime minister of Kenya")."""
    parts = words.lower().replace("-", " ").split()
    for length in (3, 2, 1):
        for start in range(len(parts) - length + 1):
            role = lexicon.roles.get(" ".join(parts[start : start + length]))
            if role:
                return role
    return None


LEANING = frozenset({"pro", "anti", "non"})
"""What stands before a nationality that somebody is for or against, and not of."""
_VAGUE = frozenset([
    "group", "unit", "organization", "organisation", "member", "wing", "arm", "branch", "alliance",
    "network", "cell", "element", "supporter", "sympathizer", "sympathiser", "team", "association",
    "federation", "league", "body", "head", "chief", "boss",
])  # fmt: skip
_LEADING = frozenset([
    "leader", "official", "spokesman", "spokeswoman", "spokesperson", "commander", "negotiator",
    "representative", "delegate", "aide", "officer", "president", "vice-president", "director",
])  # fmt: skip
LEADING = _LEADING | {"chairman", "chairwoman", "chair", "chief", "head", "secretary", "executive"}
"""Who leads a body or speaks for it, and so has its role."""
PRESIDING = frozenset({"president", "vice-president", "director", "executive"})
"""Who is in office only where the body is known to be a state's."""
_OF_OTHERS = frozenset(["REB", "OPP", "CIV", "NGO", "BUS", "MED", "JUD", "MIL", "SPY"])
"""Roles of those who are led or spoken for, and whose role their leader has."""
_ARMED = ("ist", "guerrilla", "militant", "rebel")
_PEOPLE = frozenset([
    "youth", "people", "folk", "crew", "employee", "hacker", "escapee", "evacuee", "returnee",
    "spy", "pilot", "clan", "minority", "intellectual", "academic", "cleric", "priest", "monk",
    "nun", "bishop", "imam", "captain", "captive", "survivor", "relative", "dependent", "expat",
])  # fmt: skip
_DOERS_ENDS = ("er", "or", "ee", "ant")
_THINGS = frozenset([
    "order", "number", "power", "letter", "paper", "border", "river", "water", "computer", "matter",
    "corner", "center", "quarter", "barrier", "offer", "figure", "winter", "summer", "character",
    "factor", "sector", "error", "motor", "reactor", "tractor", "monitor", "indicator", "plant",
    "grant", "restaurant", "committee", "fee", "coffee", "guarantee", "degree", "door", "floor",
    "color", "labor", "harbor", "cover", "career", "tower", "server", "newspaper", "chapter",
    "disaster", "cancer", "weather", "theater", "layer", "meter", "dollar", "lever", "counter",
    "debenture", "poster", "filter", "answer", "murder", "transfer", "tender", "register",
    "semiconductor", "tiger", "deer", "beer", "boomer", "flower", "finger", "shoulder", "supper",
])  # fmt: skip
_PERSONAL_ENDS = ("owner", "worker", "people", "person", "man", "woman", "ist", "ian", "keeper",
                  "goer", "maker", "holder", "seeker", "guard", "builder", "driver", "trainer",
                  "grower", "breeder", "fisher", "herder", "dweller")  # fmt: skip
