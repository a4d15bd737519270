"""Titles of works: phrases in quotation marks whose words are capitalised as titles are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline.enrich.entities.spans import SHAPE, Span

_TITLE = re.compile(
    r"(?<![\w.,])[\"\u201c](?P<title>[A-Z][\w'\u2019]*"
    r"(?: (?:[A-Z][\w'\u2019]*|of|the|in|on|and|a|an|for|to|at|with|from)){0,6}"
    r" [A-Z][\w'\u2019]*)[,.]?[\"\u201d]"
)


def titles(text: str) -> Iterator[Span]:
    """Yield works named in quotation marks ("On the Waterfront"): two words at least."""
    for match in _TITLE.finditer(text):
        yield Span(match.start("title"), match.end("title"), "WORK_OF_ART", SHAPE + 2)
