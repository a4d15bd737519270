"""Where sentences begin and end: rules, no model.

The headline is sentence 0, a blank line always ends a sentence. Within a paragraph a sentence ends
at `.`, `!` or `?` (closing quotes and brackets included) before white space and a capital, a digit
or an opening quote, unless the dot belongs to an abbreviation, an initial or a number.
"""

from __future__ import annotations

import re

from pipeline.enrich.lexicon import words

_PARAGRAPH = re.compile(r"\S(?:[^\n]|\n(?![ \t]*\n))*")
_END = re.compile(
    r"""(?P<stop>[.!?…]+|\.\.\.)       # the mark
        (?P<close>["'”\u2019»)\]]{0,3})     # quotes and brackets that it closes
        (?P<gap>\s+)
        (?=["'“\u2018«(\[]{0,2}[^\Wa-z_])   # what may begin a sentence: no small letter
    """,
    re.VERBOSE,
)


_LAST_WORD = re.compile(r"[\w.'\u2019&-]+$")
_INITIALS = re.compile(r"^(?:[A-Z]\.)*[A-Z]$")

# Abbreviations that stand before a name or a number: a sentence never ends with them.
_BEFORE_NAME = words(
    """mr mrs ms dr prof rev fr hon gov sen rep gen lt col maj capt cmdr adm sgt cpl pvt brig pres
    amb atty supt det st ste mt ft messrs mme mlle sr sra herr vs v no nos art fig approx ca cf e.g
    i.e jan feb mar apr jun jul aug sept sep oct nov dec mon tue tues wed thu thur thurs fri sat sun
    vol pp ed eds op sec para"""
)
# Abbreviations that may end a sentence: they do so before a word that rarely follows a name.
_MAY_END = words(
    """inc corp co ltd plc llc bros jr sr etc al a.m p.m u.s u.n u.k e.u u.s.a u.s.s.r d.c
    assn dept univ est intl"""
)
_STARTERS = words(
    """the a an this that these those he she it they we i you his her its their our but and or so in
    on at for from to of as if when while after before since until although though because
    however meanwhile also there here what who where why how yes no not analysts officials police
    last earlier many most some several other another each both all one two under with by"""
)
_FIRST_WORD = re.compile(r"[\"'“\u2018«(\[]*([\w'\u2019]+)")


def split(text: str) -> tuple[tuple[int, int], ...]:
    """Character spans `[start, end)` of the sentences of a story's text, without outer space."""
    spans: list[tuple[int, int]] = []
    for paragraph in _PARAGRAPH.finditer(text):
        start, stop = paragraph.span()
        for end in _END.finditer(text, start, stop):
            if end.start() < start or not _ends(text, start, end):
                continue
            spans.append((start, end.end("close")))
            start = end.end()
        while stop > start and text[stop - 1].isspace():
            stop -= 1
        if stop > start:
            spans.append((start, stop))
    return tuple(spans)


def _ends(text: str, start: int, end: re.Match[str]) -> bool:
    """Whether the dots at `end` close the sentence that began at `start`."""
    if end["stop"] != ".":
        return True
    # A window: the last word alone decides, and a sentence may be very long.
    before = _LAST_WORD.search(text, max(start, end.start() - 40), end.start())
    if before is None or end["close"]:
        return True
    word = before.group()
    lower = word.lower()
    following = _FIRST_WORD.match(text, end.end())
    next_word = following.group(1) if following else ""
    if lower in _BEFORE_NAME:
        # "No." before anything but a number is the word, at the end of its sentence.
        return lower in ("no", "nos", "sec", "art") and not next_word[:1].isdigit()
    if lower in _MAY_END:
        return next_word.lower() in _STARTERS
    if _INITIALS.match(word):
        return "." in word and next_word.lower() in _STARTERS
    return True
