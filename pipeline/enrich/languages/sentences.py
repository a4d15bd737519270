"""Where sentences begin and end: rules, no model.

The headline is sentence 0, a blank line always ends a sentence. Within a paragraph a sentence ends
at `.`, `!` or `?` (closing quotes and brackets included) before white space and a capital, a digit
or an opening quote, unless the dot belongs to an abbreviation, an initial or a number. Which words
these are is said by the language's room.
"""

from __future__ import annotations

import re

from pipeline.enrich.languages.base import SentenceEnds
from pipeline.enrich.languages.en import SENTENCE_ENDS as ENGLISH

_PARAGRAPH = re.compile(r"\S(?:[^\n]+|\n(?![ \t]*\n))*")
_END = re.compile(
    r"""(?P<stop>[.!?…]+|\.\.\.)        # the mark
        (?P<close>                      # quotes and brackets that it closes: German ones are the
        [ \u00a0\u202f]»                # other way round, French ones stand apart
        |["'”\u2019»)\]“\u2018«\u203a]{0,3})
        (?P<gap>\s+)
        (?=(?:«[ \u00a0\u202f]|["'“\u2018«(\[„\u201a»\u2039]{0,2})
        [^\Wa-z_])                      # what may begin a sentence: no small letter
    """,
    re.VERBOSE,
)
_LAST_WORD = re.compile(r"[\w.'\u2019&-]+$")
_INITIALS = re.compile(r"^(?:[A-Z]\.)*[A-Z]$")

_NUMBER = re.compile(r"\d{1,3}|[IVX]{1,6}")
_WITHIN_NUMBER = re.compile(r"\d[,:]\Z")
_FIRST_WORD = re.compile(r"[\"'“\u2018«(\[„\u201a»\u2039 \u00a0\u202f]*([\w'\u2019]+)")


def split(text: str, ends: SentenceEnds = ENGLISH) -> tuple[tuple[int, int], ...]:
    """Split a story's text into sentences: character spans `[start, end)` without outer space.

    `ends` are the words of the text's language (`pipeline.enrich.languages.rooms`).
    """
    spans: list[tuple[int, int]] = []
    for paragraph in _PARAGRAPH.finditer(text):
        start, stop = paragraph.span()
        for end in _END.finditer(text, start, stop):
            if end.start() < start or not _ends(text, start, end, ends):
                continue
            spans.append((start, end.end("close")))
            start = end.end()
        while stop > start and text[stop - 1].isspace():
            stop -= 1
        if stop > start:
            spans.append((start, stop))
    return tuple(spans)


def _ends(text: str, start: int, end: re.Match[str], ends: SentenceEnds) -> bool:
    """Say whether the dots at `end` close the sentence that began at `start`."""
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
    if lower in ends.before_name:
        # "No." before anything but a number is the word, at the end of its sentence.
        return lower in ends.before_number and not next_word[:1].isdigit()
    starts = next_word.lower() in ends.starters
    if lower in ends.may_end or (ends.ordinals and _is_ordinal(text, before)):
        return starts
    if _INITIALS.match(word):
        return "." in word and starts
    return True


def _is_ordinal(text: str, word: re.Match[str]) -> bool:
    """Say whether a dot may make this word an ordinal: no score (3:1), no decimal (3,5)."""
    before = text[max(0, word.start() - 2) : word.start()]
    return bool(_NUMBER.fullmatch(word.group())) and not _WITHIN_NUMBER.search(before)
