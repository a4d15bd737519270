"""The surface screen: which sentences can hold an event, by their words, before any parsing.

Parsing is what event coding costs, and most sentences hold no event. A sentence passes when a word
form of the lexicon is there with what its frames ask for: "held" needs talks or an exercise, a
ceasefire or a hostage in the sentence, "condemned" needs nobody's help but somebody to condemn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise

from pipeline.enrich.events.code_sets import code_set
from pipeline.enrich.events.deeds import CHARGES, DEFINITE, deed_nouns
from pipeline.enrich.events.event_lexicon import (
    ANYTHING,
    INFINITIVE,
    NO_EVENT,
    SOMEBODY,
    EventLexicon,
    Frame,
)
from pipeline.enrich.events.inflect import inflections, irregular, plurals

_WORD = re.compile(r"[^\W\d_]+(?:[-'\u2019][^\W\d_]+)*")
_SPORT = re.compile(
    r"\b(?:goalkeeper|tournament|championships?|world cup|olympi\w+|quarter-?finals?|semi-?finals?|"
    r"grand prix|innings?|wickets?|head coach|medall?ist|playoffs?|touchdown|batsman|midfielder|"
    r"premier league|champions league|(?:test|first|second|final|opening|tennis|cricket) match)\b",
    re.IGNORECASE,
)
_MARKET = frozenset(
    (
        *(
            "share",
            "shares",
            "pct",
            "percent",
            "dividend",
            "profit",
            "profits",
            "net",
            "qtr",
            "cts",
        ),
        *("stock", "stocks", "shareholder", "shareholders", "merger", "acquisition", "acquire"),
        *(
            "acquired",
            "stake",
            "subsidiary",
            "bond",
            "bonds",
            "notes",
            "yield",
            "tonnes",
            "futures",
        ),
        *("earnings", "revenue", "revenues", "quarter", "sales", "takeover", "buyout", "tender"),
        *("common", "preferred", "outstanding", "securities", "analyst", "analysts", "trader"),
        *("traders", "barrel", "barrels", "bpd", "prices", "price", "rates", "market", "markets"),
        *(
            "corp",
            "inc",
            "ltd",
            "co",
            "plc",
            "company",
            "companies",
            "bid",
            "investors",
            "investor",
        ),
        *("coupon", "loss", "losses"),
    )
)
_PERSONAL = frozenset(
    ("he", "she", "they", "him", "her", "them", "his", "their", "it", "its", "we", "us", "both")
)
_ACTING = frozenset({"GOV", "MIL", "REB", "IGO", "LEG", "COP", "JUD", "OPP", "SPY"})
_ACTED_UPON = frozenset({"CIV", "MED", "NGO"})
_TOLD_BY_NOUNS = code_set("told_by_nouns")
_MONTHS = frozenset(("March", "May"))
_MIN_WORDS = 3
_CROWDS = frozenset(("thousands", "hundreds", "dozens"))
_ANSWERS = frozenset(("refused", "declined", "agreed", "accepted", "complied"))
"""What somebody who was asked does in a sentence of two or three words."""
_MARKET_REPORT = 4


class Screen:
    """Word forms of a lexicon, ready to be looked up in running text."""

    def __init__(self, lexicon: EventLexicon) -> None:
        # Forms that name an act alone, and for each form the words that make an act with it.
        self._free: set[str] = set()
        self._needs: dict[str, frozenset[str]] = {}
        members = _class_forms(lexicon)
        for verb, frames in lexicon.frames.items():
            free, needs = _needs(frames, members)
            lemma, *particles = verb.split(" ")
            if particles:
                free, needs = False, needs | frozenset(particles[:1] if free else ())
            for form in _forms(lemma):
                self._add(form, free, needs)
        for noun, verb in lexicon.nominals.items():
            free, needs = _needs(lexicon.frames.get(verb, ()), members)
            for form in (noun, *plurals(noun)):
                self._add(form, free, needs)
        self._nominal = frozenset(
            form
            for name, code in lexicon.class_codes.items()
            if code.startswith(_TOLD_BY_NOUNS)
            for form in members.get(name, ())
        )
        self._deeds = frozenset(
            form for noun in {*deed_nouns(), *CHARGES} for form in (noun, *plurals(noun))
        )
        self._acting = frozenset(
            form
            for noun, role in lexicon.roles.items()
            if role in _ACTING and " " not in noun
            for form in (noun, *plurals(noun))
        )

        self._others = frozenset(
            form
            for noun, role in lexicon.roles.items()
            if role in _ACTED_UPON and " " not in noun
            for form in (noun, *plurals(noun))
        )

    def _add(self, form: str, free: bool, needs: frozenset[str]) -> None:
        if free:
            self._free.add(form)
        if needs:
            self._needs[form] = self._needs.get(form, frozenset()) | needs

    def _names_a_deed(self, words: Sequence[str]) -> bool:
        """Say whether somebody's deed stands for him: "condemned the decision"."""
        return any(word in self._deeds and before in DEFINITE for before, word in pairwise(words))

    def passes(self, text: str, named: int) -> bool:
        """Say whether a sentence is worth parsing; `named` is how many entities are named in it."""
        words = [word.lower() for word in _WORD.findall(text) if word not in _MONTHS]
        acting = sum(map(self._acting.__contains__, words))
        market = sum(map(_MARKET.__contains__, words))
        if market >= _MARKET_REPORT or (market > 1 and not acting):
            return False
        if len(words) <= _MIN_WORDS and named and words[-1:] and words[-1] in _ANSWERS:
            return True  # "Copenhagen declined."
        if len(words) < _MIN_WORDS or not (named or acting) or _SPORT.search(text):
            return False
        present = frozenset(words)
        if any(not self._needs[word].isdisjoint(present) for word in present & self._needs.keys()):
            return True
        others = sum(word in self._others or word in _CROWDS for word in words)
        sides = named + acting + (not _PERSONAL.isdisjoint(present)) + others
        sides += self._names_a_deed(words)
        if sides > 1 and not self._free.isdisjoint(present):
            return True
        return named > 1 and not self._nominal.isdisjoint(present)


def _needs(
    frames: tuple[Frame, ...], members: Mapping[str, frozenset[str]]
) -> tuple[bool, frozenset[str]]:
    """Say whether one of a verb's frames asks for no noun, and the nouns that the others ask
    for."""
    free = False
    found: set[str] = set()
    for frame in frames:
        if frame.code in {None, NO_EVENT}:
            continue
        asked: set[str] | None = None
        for atom in frame.atoms:
            if atom.slot == "lemma":
                asked = {form for word in atom.classes for form in (word, *plurals(word))}
            elif atom.classes and not {ANYTHING, SOMEBODY, INFINITIVE} & set(atom.classes):
                asked = {form for name in atom.classes for form in members.get(name, ())}
        if asked is None:
            free = True
        else:
            found |= asked
    return free, frozenset(found)


def _class_forms(lexicon: EventLexicon) -> dict[str, frozenset[str]]:
    """Return the last words of the members of each noun class, singular and plural."""
    found: dict[str, set[str]] = {}
    for noun, names in lexicon.noun_classes.items():
        word = noun.rsplit(" ", 1)[-1]
        for name in names:
            found.setdefault(name, set()).update((word, *plurals(word), noun))
    return {name: frozenset(words) for name, words in found.items()}


@cache
def _forms(lemma: str) -> tuple[str, ...]:
    return (*inflections(lemma), *irregular(lemma))
