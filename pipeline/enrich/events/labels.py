"""The words of a side: from where to where its phrase runs, and what it is called in a table."""

from __future__ import annotations

import re
from dataclasses import replace

from pipeline.enrich.events.syntax import TIMES, Token
from pipeline.enrich.lexicon import load_lexicon, phrase
from pipeline.model import Actor

_MOST_BEFORE = 8
_MOST_AFTER = 9
_YEAR = 4
"""The digits of a year."""
_CARRIED_ON = frozenset(
    {"of", "in", "at", "from", "for", "by", "against", "on", "near", "with", "to", "into"}
)
_CLAUSES = frozenset({"relcl", "acl", "appos", "advcl", "ccomp", "conj"})
OWNERS = frozenset({"its", "his", "her", "their"})
_BLAMING = frozenset([
    "censure", "criticise", "criticize", "condemn", "blame", "fine", "fault", "thank", "praise",
    "jail", "sentence", "rebuke", "denounce", "punish", "apologise", "apologize", "reprimand",
    "fire", "sack", "arrest", "detain",
])  # fmt: skip
_TAKING = frozenset(["strip", "deprive", "rob", "accuse", "acquit", "convict", "suspect", "inform"])
_ARMS = frozenset(
    ["arms", "artillery", "bomb", "drone", "explosive", "grenade", "gun", "knife", "machete",
     "missile", "mortar", "rifle", "rocket", "shell", "stick", "stone", "tank", "weapon"]
)  # fmt: skip
_LANDS = frozenset({"country", "nation"})
_ARTICLES = frozenset({"the", "a", "an", "some", "this", "that", "these", "those"})


def phrase_of(token: Token, *, whole: bool) -> tuple[int, int]:
    """Return the first and last token of a noun's phrase, an unbroken run of words.

    A name's phrase goes on over "of" alone ("the government of India"); with `whole` over every
    preposition behind it ("the bombing of a school in Aden") and over the name right behind it
    ("the carmaker Volvo"). Clauses are left out.
    """
    first = token
    for word in reversed(list(token.doc[max(0, token.i - _MOST_BEFORE) : token.i])):
        if not token.is_ancestor(word) or _breaks(word) or _is_of_verb(word, token):
            break
        first = word
    last = _name_behind(token) if whole else token
    for child in token.rights:
        if child.i <= last.i:
            continue
        if child.i != last.i + 1 or child.dep_ != "prep":
            break
        if any(is_time(inner) for inner in child.children) or _is_of_verb(child, token):
            break
        if child.lower_ == "by" and token.dep_ == "pobj":
            break  # "the arrest of a man by police": the doer of the noun before
        if child.lower_ == "with" and any(t.lemma_.lower() in _ARMS for t in child.children):
            break  # "struck a hospital with missiles": what it was done with
        if child.lower_ != "of" and not (whole and child.lower_ in _CARRIED_ON):
            break
        last = _end(child, token.i + _MOST_AFTER)
    return first.i, last.i


def _name_behind(token: Token) -> Token:
    """Return the last word of the name that stands right behind a noun, else the noun."""
    for child in token.rights:
        if child.dep_ == "appos" and child.pos_ == "PROPN" and child.left_edge.i == token.i + 1:
            return child
    return token


def is_time(token: Token) -> bool:
    """Say whether a noun only says when: "Friday", "April", "2018", "last week", "the end"."""
    lower = token.lower_
    return (
        lower in TIMES
        or token.lemma_.lower() in TIMES
        or (token.pos_ == "NUM" and lower.isdigit() and not _is_number_of(token))
    )


def _is_number_of(token: Token) -> bool:
    """Say whether a number is of those whom something is done to: "killed 12"."""
    return token.dep_ in {"dobj", "nsubjpass"} and len(token.text) < _YEAR


def label(text: str) -> str:
    """Return a phrase without the article or pointing word that it begins with."""
    words = _FLAG.sub("", text).split()
    while len(words) > 1 and words[0].lower() in _ARTICLES:
        words = words[1:]
    return " ".join(words)


def actor_code(country: str | None, role: str | None) -> str | None:
    """Return the actor's code in CAMEO's form: country, then role (`SYRREB`), as far as known."""
    return f"{country or ''}{role or ''}" or None


def with_label(actor: Actor, kind: str | None) -> Actor:
    """Return the actor with its label, its state's name and its code.

    A nationality that stands for its government alone is called as the state: "Israeli and
    Palestinian officials" are Israel and Palestine, but "Israeli police" are the Israeli police.
    What is "its" or "their" is called by whose it is ("Russia's forces"), where that is known.
    """
    state = load_lexicon().canonical_country.get(actor.country or "")
    words = label(actor.text)
    words = _of_its_owner(words, state if actor.resolved_by != "place" else None)
    named = actor.name is not None and kind != "NORP" and not (kind is None and actor.role)
    return replace(
        actor,
        label=state if _is_government(actor, words) else actor.name if named else words,
        state=state,
        code=actor_code(actor.country, actor.role),
    )


def _of_its_owner(words: str, state: str | None) -> str:
    """Return a phrase without the pronoun of its owner, with the state for it where none is
    named."""
    pronoun, _, owned = words.partition(" ")
    if not owned or pronoun.lower() not in OWNERS:
        return words
    if state is not None and owned.lower() in _LANDS:
        return state
    if state is None or load_lexicon().names.get(phrase(owned.split()[0])) is not None:
        return owned
    return f"{state}'{'' if state.endswith('s') else 's'} {owned}"


def _is_government(actor: Actor, words: str) -> bool:
    """Say whether a nationality and no other word stands for the government of its country."""
    entry = load_lexicon().names.get(phrase(words)) if actor.role == "GOV" else None
    return (
        entry is not None
        and (entry.kind, entry.source) == ("NORP", "countries.tsv")
        and entry.country == actor.country
    )


def _is_of_verb(word: Token, noun: Token) -> bool:
    """Say whether a word below a noun is its verb's: "shot dead two", "stripped ten of it"."""
    if word.dep_ == "amod":
        return word.lower_ == "dead" and word.i == noun.head.i + 1
    if word.lower_ == "for" and noun.dep_ == "dobj" and noun.head.lemma_.lower() in _BLAMING:
        return True  # "censured a senator for misconduct"
    return word.lower_ == "of" and word.dep_ == "prep" and noun.head.lemma_.lower() in _TAKING


def _breaks(word: Token) -> bool:
    return word.is_space or word.text in {",", ";", ":", '"', "(", ")", "--"} or word.dep_ == "mark"


def _end(preposition: Token, limit: int) -> Token:
    """Return the last word of a prepositional phrase, before any clause in it."""
    last = preposition
    for word in preposition.doc[preposition.i + 1 : limit + 1]:
        if not preposition.is_ancestor(word) or _breaks(word) or _in_clause(word, preposition):
            break
        last = word
    while last.dep_ in {"prep", "det", "cc", "punct"} and last.i > preposition.i:
        last = last.nbor(-1)
    return last if last.i > preposition.i else preposition.nbor(-1)


def _in_clause(word: Token, top: Token) -> bool:
    """Say whether a word below `top` is part of a clause, also before its verb ("in which")."""
    while word.i != top.i:
        if word.dep_ in _CLAUSES:
            return True
        word = word.head
    return False


_FLAG = re.compile(r"^[A-Z]{4,}-(?=[A-Z][a-z])")
"""What desks write before a headline: "CORRECTED-Gunmen kidnap students"."""
