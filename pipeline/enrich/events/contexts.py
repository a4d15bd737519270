"""PLOVER's contexts of an event: what the act is about, beside what it is.

The code's own contexts come first, in the order of the conversion table; then those that words of
the sentence give, and `hypothetical` for what was not done. Names: PLOVER manual draft 0.8 (2021).
"""

from __future__ import annotations

import re
from functools import cache

from pipeline.enrich.events.event_lexicon import Cameo, lexicon_rows

MAX_CONTEXTS = 6


def contexts_of(row: Cameo, sentence: str, hypothetical: bool) -> tuple[str, ...]:
    """Return the contexts of an event with the code `row`, none twice, six at most."""
    found = [name.strip() for name in (row.context or "").split(";") if name.strip()]
    lower = sentence.lower()
    found.extend(name for name, pattern in _patterns() if pattern.search(lower))
    distinct = list(dict.fromkeys(found))[: MAX_CONTEXTS - hypothetical]
    return (*distinct, "hypothetical") if hypothetical else tuple(distinct)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple(
        (name, re.compile(rf"\b(?:{'|'.join(map(_pattern, members.split(', ')))})\b"))
        for _, (name, members) in lexicon_rows("contexts.tsv")
    )


def _pattern(member: str) -> str:
    if member.endswith("*"):
        return re.escape(member[:-1]) + r"\w*"
    return re.escape(member) + r"(?:e?s)?"
