"""Pages that ask for something in place of their article: an account, a subscription, consent.

What they ask stands in `gates.tsv`. Such a page is no story; where it shows the beginning of its
article all the same, only that is read.
"""

from __future__ import annotations

import re
from functools import cache

from pipeline import tsv

_MAX_WORDS_BELOW = 120
_MAX_WORDS = 90


def before_gate(paragraphs: list[str]) -> tuple[list[str], str | None]:
    """Return the paragraphs of the article alone, and what the page asks for instead of the rest.

    An article that speaks of passwords is no gate: below a gate there is no article any more.
    """
    for number, text in enumerate(paragraphs):
        asked = _asked(text)
        if asked is None:
            continue
        below = (entry for entry in paragraphs[number + 1 :] if _asked(entry) is None)
        if sum(len(entry.split()) for entry in below) > _MAX_WORDS_BELOW:
            return paragraphs, None
        return paragraphs[:number], asked
    return paragraphs, None


def _asked(text: str) -> str | None:
    if len(text.split()) > _MAX_WORDS:
        return None
    return next((kind for kind, shape in _gates() if shape.search(text)), None)


@cache
def _gates() -> tuple[tuple[str, re.Pattern[str]], ...]:
    table = tsv.rows("pipeline.parse.formats", "gates.tsv")
    return tuple((kind, re.compile(shape, re.I)) for kind, shape in table)
