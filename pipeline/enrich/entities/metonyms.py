"""Places that stand for the government that sits there: "Washington said", "ties with Moscow".

A capital, a country or a seat of government (Downing Street) is a metonym where the sentence lets
it speak, decide or have relations; after a preposition of place ("in Washington") it is the place.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pipeline.enrich.entities.spans import Span
from pipeline.enrich.lexicon import Lexicon, phrase, rows, word_set

_SPEAKS = word_set(
    """said says say warned warns warn accused accuses accuse denied denies deny rejected rejects
    reject announced announces announce refused refuses refuse agreed agrees agree condemned
    condemns condemn urged urges urge called calls demanded demands demand insisted insists insist
    vowed vows vow threatened threatens threaten expressed expresses proposed proposes propose
    offered offers offer pledged pledges pledge imposed imposes impose lifted recognised recognized
    recognises recognizes signed signs sign expelled expels summoned summons recalled backed backs
    back supported supports support opposed opposes oppose wants wanted want sought seeks seek
    believes believed hopes hoped fears feared considers considered regards regarded views viewed
    claims claimed claim blames blamed blame criticised criticized welcomes welcomed ordered orders
    approved approves decided decides responded responds replied retaliated broke severed restored
    reclaimed annexed invaded attacked deployed sent sends cut cancelled canceled suspended informed
    told tells declared declares declined declines argues argued maintains maintained"""
)
_AUXILIARY = word_set(
    "has have had is are was were will would may might can could should must does did do also"
)
_LIKE_SPEECH = re.compile(r"\w+(?:ed|ing)$")
_OWNED = word_set(
    """stance position policy decision government response proposal demand demands refusal efforts
    plans plan support opposition offer allies ally envoy ambassador interests military army foreign
    relations ties sanctions troops forces claim claims insistence willingness intentions
    accusations concerns statement announcement diplomacy nuclear parliament leadership rulers
    """
)
_BETWEEN = re.compile(
    r"\b(?:(?:ties|relations|talks|tensions?|war|conflict|dialogue|negotiations|agreements?|"
    r"disputes?|deal|links|treaty|rift|row) (?:with|between)|pressure on|according to|"
    r"message (?:to|from)|signals? (?:to|from)|approval from|support from|"
    r"(?:loyal|hostile|friendly|close) to)\s+(?:the\s+)?$",
    re.IGNORECASE,
)
_SECOND_OF_TWO = re.compile(
    r"\b(?i:ties|relations|talks|tensions?|war|conflict|dialogue|negotiations|agreements?|disputes?|"
    r"deals?|links|treaty|rift|row)\s+(?:with|between)\s+[A-Z][\w.'-]*(?:\s[A-Z][\w.'-]*)?\s+and\s+(?:the\s+)?$"
)
_PLACE_BEFORE = re.compile(
    r"\b(?:in|at|near|from|to|into|outside|around|of|through|across|toward|towards|via|leaving|left|"
    r"visit(?:ed|ing|s)?|downtown|central|throughout|within|over|and|or|,)\s+$"
)
_ACTS = re.compile(
    r"\s+(?:(?:reportedly|also|repeatedly|later|again|now|once|then)\s+)?(\w+)(?:\s+(?:(?:been|not|also|long)\s+)?(\w+))?"
)
_LISTED = re.compile(r",\s+[A-Z]\w+")
_LAST_ACTS = re.compile(r",?\s+and\s+[A-Z]\w+\s+(are|were|have|said|agreed|will)\b")
_HAS = re.compile(r"['\u2019]s?\s+(?:[a-z\"\u201c-]+\s+)?\"?([a-z]+)")


@lru_cache(maxsize=1)
def _seats() -> frozenset[str]:
    """Look-up forms of capitals and other seats of governments."""
    return frozenset(
        phrase(form) for _, forms in rows("seats.tsv") for form in forms.split("|") if form
    )


def is_metonym(text: str, span: Span, lexicon: Lexicon) -> bool:
    """Say whether a place's name stands for its government here."""
    key = phrase(text[span.start : span.end])
    name = lexicon.names.get(key)
    is_country = name is not None and name.source == "countries.tsv" and name.kind == "GPE"
    if span.kind not in ("GPE", "FAC", "LOC") or not (is_country or key in _seats()):
        return False
    before = text[max(0, span.start - 60) : span.start]
    if _BETWEEN.search(before) or _SECOND_OF_TWO.search(before):
        return True
    owned = _HAS.match(text, span.end)
    if owned is not None:
        return owned.group(1) in _OWNED
    if _PLACE_BEFORE.search(before) and not before.rstrip().endswith((",", "and", "or")):
        return False
    return _list_acts(text, span.end) or _acts(text, span.end)


def _list_acts(text: str, end: int) -> bool:
    """Say whether a list of names that goes on at `end` speaks or decides as one.

    Each of its names asks, so the answer is kept for those that follow.
    """
    known, passed, at = _known_lists(text), [], end
    while at not in known:
        passed.append(at)
        if _LAST_ACTS.match(text, at):
            known[at] = True
        elif listed := _LISTED.match(text, at):
            at = listed.end()
        else:
            known[at] = False
    known.update(dict.fromkeys(passed, known[at]))
    return known[at]


@lru_cache(maxsize=1)
def _known_lists(_text: str) -> dict[int, bool]:
    """Return what is known of the lists of a text: filled as they are asked for."""
    return {}


def _acts(text: str, end: int) -> bool:
    """Say whether the words after a name let it speak or decide."""
    acts = _ACTS.match(text, end)
    if acts is None:
        return False
    verb, following = acts.group(1), acts.group(2) or ""
    if verb in _SPEAKS:
        return True
    return verb in _AUXILIARY and (following in _SPEAKS or _speaks(following))


def _speaks(word: str) -> bool:
    """Say whether a form in -ed or -ing is one of a listed verb ("making" is not, "urging" is)."""
    if not _LIKE_SPEECH.match(word):
        return False
    stem = word[:-3] if word.endswith("ing") else word[:-2]
    return any(form in _SPEAKS for form in (stem, f"{stem}e", f"{stem}s", f"{stem}ed"))
