"""What the words around a name say of its role."""

from __future__ import annotations

from pipeline.enrich.events.classes import noun_phrase
from pipeline.enrich.events.event_lexicon import EventLexicon
from pipeline.enrich.events.syntax import Token


def role_of(token: Token, lexicon: EventLexicon) -> tuple[str | None, list[Token]]:
    """Return the role that a noun phrase's words give, and the words up to its head."""
    left = [t for t in token.lefts if t.dep_ in {"compound", "amod", "nmod", "poss", "det"}]
    words = [t for child in left for t in child.subtree][-7:]
    lemma, pair = noun_phrase(token)
    table = lexicon.roles
    if lemma in _VAGUE and any(child.lower_ == "loyal" for child in token.rights):
        return "MIL", words
    if lemma in _VAGUE and (pair is None or pair not in table):
        return _of_qualifiers(token, left, lexicon), words
    for candidate in (pair, lemma, token.lower_):
        if candidate is not None and candidate in table:
            return table[candidate], words
    for child in reversed(left):
        if child.dep_ in {"compound", "nmod", "amod"}:
            lemma, pair = noun_phrase(child)
            for candidate in (pair, lemma):
                if candidate is not None and candidate in table:
                    return table[candidate], words
    for child in token.children:
        if child.dep_ == "appos":
            lemma, pair = noun_phrase(child)
            for candidate in (pair, lemma):
                if candidate is not None and candidate in table:
                    return table[candidate], words
    return None, words


def _of_qualifiers(token: Token, left: list[Token], lexicon: EventLexicon) -> str | None:
    """Return the role of a group by what it is a group of: "the separatist group", "a group of
    MPs"."""
    table = lexicon.roles
    for child in reversed(left):
        lemma, pair = noun_phrase(child)
        listed = table.get(pair or "") or table.get(lemma)
        if listed is not None and child.dep_ in {"compound", "nmod", "amod"}:
            return listed
        if lemma.endswith(_ARMED):
            return "REB"
    for child in token.children:
        if child.dep_ == "prep" and child.lower_ == "of":
            for inner in child.children:
                lemma, pair = noun_phrase(inner)
                listed = table.get(pair or "") or table.get(lemma)
                if inner.dep_ == "pobj" and listed is not None:
                    return listed
                if inner.dep_ == "pobj" and is_people(inner):
                    return "CIV"
    if not any(child.dep_ in {"compound", "nmod", "amod", "poss"} for child in left):
        return table.get(token.lemma_.lower())
    return None


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


def role_of_words(words: str, lexicon: EventLexicon) -> str | None:
    """Return the role that a description gives ("prime minister of Kenya")."""
    parts = words.lower().replace("-", " ").split()
    for length in (3, 2, 1):
        for start in range(len(parts) - length + 1):
            role = lexicon.roles.get(" ".join(parts[start : start + length]))
            if role:
                return role
    return None


_VAGUE = frozenset([
    "group", "unit", "organization", "organisation", "member", "wing", "arm", "branch", "alliance",
    "network", "cell", "element", "supporter", "sympathizer", "sympathiser", "team", "association",
    "federation", "league", "body", "head", "chief", "boss",
])  # fmt: skip
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
