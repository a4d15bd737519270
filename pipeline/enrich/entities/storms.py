"""Named storms: one event by its full name, also where the story calls it by the name alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.enrich.entities.spans import OWN_NAME, Span
from pipeline.enrich.lexicon import word_set

_STORM = re.compile(
    r"\b(?:(?:Super|Severe|Tropical|Subtropical|Post-Tropical|Winter)[ -])*"
    r"(?:Hurricane|Typhoon|Cyclone|Storm|Depression) "
    r"(?P<name>[A-Z][a-z]+(?:-[A-Z][a-z]+)?)\b(?! [A-Z])"
)
_WORDS = ("Hurricane", "Typhoon", "Cyclone", "Storm", "Depression")
_OTHERS = word_set(
    """Center Centre Centers Committee Force Fund Group Hunter Hunters King Lake Office Prediction
    Preparedness Relief Season Service Shield Surge System Team Tracker Trooper Troopers Utah
    Warning Watch Week Who With The In On At And Of"""
)
"""What stands behind such a word and is no storm's name: "the Hurricane Center"."""
_CAPITAL_BEFORE = re.compile(r"[A-Z][\w'\u2019.-]*\s$")
_SENTENCE = re.compile(r"(?:^|[.!?:;,\n\"\u201c])\s*\S*\s$")


def storms(text: str) -> Iterator[Span]:
    """Yield the storms that a text names, and their names alone in the same text."""
    if not any(map(text.__contains__, _WORDS)):
        return
    names = set()
    for match in _STORM.finditer(text):
        if match["name"] not in _OTHERS:
            names.add(match["name"])
            yield Span(match.start(), match.end(), "EVENT", OWN_NAME)
    for name in sorted(names):
        for found in re.finditer(rf"\b{re.escape(name)}\b(?! ?-?[A-Z])", text):
            before = text[max(0, found.start() - 30) : found.start()]
            if not _CAPITAL_BEFORE.search(before) or _SENTENCE.search(before):
                yield Span(found.start(), found.end(), "EVENT", OWN_NAME)
