"""Word forms of English verbs and nouns: what a lemma of the lexicon looks like in running text.

The parser's lemmatizer does the way back; this way is needed before parsing, where the surface
filter decides which sentences can hold an event.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

_IRREGULAR = (
    "be is are was were been being am",
    "beat beaten",
    "become became",
    "begin began begun",
    "bid bade",
    "blow blew blown",
    "break broke broken",
    "bring brought",
    "build built",
    "buy bought",
    "choose chose chosen",
    "come came",
    "cut cutting",
    "deal dealt",
    "draw drew drawn",
    "drive drove driven",
    "fall fell fallen",
    "feed fed",
    "feel felt",
    "fight fought",
    "find found",
    "flee fled",
    "fly flew flown flies",
    "forbid forbade forbidden",
    "forgive forgave forgiven",
    "freeze froze frozen",
    "get got gotten",
    "give gave given",
    "go went gone goes",
    "grow grew grown",
    "hang hung hanged",
    "have has had having",
    "hide hid hidden",
    "hit hitting",
    "hold held",
    "keep kept",
    "know knew known",
    "lay laid",
    "lead led",
    "leave left",
    "lend lent lended",
    "let letting",
    "lose lost",
    "make made",
    "meet met",
    "pay paid",
    "put putting",
    "quit quitting",
    "say said",
    "seek sought",
    "sell sold",
    "send sent",
    "set setting",
    "shoot shot",
    "show shown",
    "shun shunning",
    "shut shutting",
    "slay slew slain",
    "speak spoke spoken",
    "stand stood",
    "steal stole stolen",
    "stick stuck",
    "strike struck stricken",
    "swear swore sworn",
    "take took taken",
    "tear tore torn",
    "tell told",
    "think thought",
    "throw threw thrown",
    "undertake undertook undertaken",
    "uphold upheld",
    "withdraw withdrew withdrawn",
    "withhold withheld",
    "win won winning",
    "write wrote written",
    "overthrow overthrew overthrown",
    "withstand withstood",
    "sink sank sunk",
    "override overrode overridden",
    "overrun overran",
    "understand understood",
    "spend spent",
    "kidnap kidnapped kidnapping",
    "boycott boycotted",
    "veto vetoed vetoes",
    "arm armed",
    "go goes",
    "lie lay lain",
)
_VOWELS = "aeiou"


@cache
def irregular_forms() -> Mapping[str, tuple[str, ...]]:
    """Return the forms of verbs that no rule gives, by lemma."""
    return {line.split()[0]: tuple(line.split()[1:]) for line in _IRREGULAR}


_PLURALS = {
    "child": "children",
    "knife": "knives",
    "midwife": "midwives",
    "thief": "thieves",
    "wife": "wives",
    "wolf": "wolves",
}
_REGULAR_MEN = frozenset(("german", "human", "ottoman", "roman", "shaman", "talisman"))
_PREFIXES = ("re", "over", "under", "out", "fore", "up", "un", "mis")


@cache
def irregular(lemma: str) -> tuple[str, ...]:
    """Return the irregular forms of a verb, those of a prefixed one by its stem.

    `retake` → retook.
    """
    table = irregular_forms()
    if lemma in table:
        return table[lemma]
    for prefix in _PREFIXES:
        stem = table.get(lemma.removeprefix(prefix)) if lemma.startswith(prefix) else None
        if stem:
            return tuple(prefix + form for form in stem)
    return ()


def inflections(lemma: str) -> Iterable[str]:
    """Yield the regular forms of a verb: `stop` → stop, stops, stopped, stopping.

    Where doubling is uncertain both spellings are given: a form too many costs nothing.
    """
    yield lemma
    if lemma.endswith(("s", "x", "z", "ch", "sh", "o")):
        yield lemma + "es"
    else:
        yield lemma + "s"
    if lemma.endswith("e"):
        yield lemma + "d"
        yield lemma[:-1] + "ing"
        return
    if lemma.endswith("y") and len(lemma) > 1 and lemma[-2] not in _VOWELS:
        yield lemma[:-1] + "ies"
        yield lemma[:-1] + "ied"
        yield lemma + "ing"
        return
    yield lemma + "ed"
    yield lemma + "ing"
    if len(lemma) > 2 and lemma[-1] not in "aeiouwxy" and lemma[-2] in _VOWELS:
        yield lemma + lemma[-1] + "ed"
        yield lemma + lemma[-1] + "ing"


def plurals(noun: str) -> Iterable[str]:
    """Yield the plural of a noun, in small letters: `gunman` → gunmen, `clash` → clashes."""
    if noun in _PLURALS:
        yield _PLURALS[noun]
    elif noun.endswith("man") and noun not in _REGULAR_MEN:
        yield noun[:-2] + "en"
    elif noun.endswith(("s", "x", "z", "ch", "sh")):
        yield noun + "es"
    elif noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        yield noun[:-1] + "ies"
    else:
        yield noun + "s"
        if noun.endswith("person"):
            yield noun[:-6] + "people"
