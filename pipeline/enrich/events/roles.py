"""What the words around a name say of its role."""

from __future__ import annotations

from pipeline.enrich.events.classes import phrase
from pipeline.enrich.events.lexicon import Lexicon
from pipeline.enrich.events.syntax import Token


def role_of(token: Token, lexicon: Lexicon) -> tuple[str | None, list[Token]]:
    """The role that the words of a noun phrase give, and the phrase's words up to its head."""
    left = [t for t in token.lefts if t.dep_ in {"compound", "amod", "nmod", "poss", "det"}]
    words = [t for child in left for t in child.subtree][-7:]
    lemma, pair = phrase(token)
    table = lexicon.roles
    for candidate in (pair, lemma, token.lower_):
        if candidate is not None and candidate in table:
            return table[candidate], words
    for child in reversed(left):
        if child.dep_ in {"compound", "nmod", "amod"}:
            lemma, pair = phrase(child)
            for candidate in (pair, lemma):
                if candidate is not None and candidate in table:
                    return table[candidate], words
    for child in token.children:
        if child.dep_ == "appos":
            lemma, pair = phrase(child)
            for candidate in (pair, lemma):
                if candidate is not None and candidate in table:
                    return table[candidate], words
    return None, words


def role_of_words(words: str, lexicon: Lexicon) -> str | None:
    """The role that a description gives ("prime minister of Kenya")."""
    parts = words.lower().replace("-", " ").split()
    for length in (3, 2, 1):
        for start in range(len(parts) - length + 1):
            role = lexicon.roles.get(" ".join(parts[start : start + length]))
            if role:
                return role
    return None
