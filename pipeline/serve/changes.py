"""What changed between two revisions of a story: paragraphs with words that went and that came."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

from pipeline.show.find import Row

Kind = Literal["same", "gone", "new"]

_WORDS = re.compile(r"\w+|\s+|[^\w\s]")
_MOST_WORDS = 2000
"""Of two paragraphs that are compared by words; longer ones are shown as replaced."""

_MOST_PARAGRAPHS = 2000


@dataclass(frozen=True, slots=True)
class ChangedParagraph:
    """A paragraph in parts, or `left_out` paragraphs that are the same."""

    parts: tuple[tuple[Kind, str], ...] = ()
    left_out: int = 0


def changes(old: Row, new: Row) -> tuple[ChangedParagraph, ...]:
    """Return headline and paragraphs of `new` against `old`; what is the same is left out."""
    before, after = _paragraphs(old), _paragraphs(new)
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    found: list[ChangedParagraph] = []
    for what, left, left_end, right, right_end in matcher.get_opcodes():
        if what == "equal":
            found.append(ChangedParagraph(left_out=left_end - left))
            continue
        gone, come = before[left:left_end], after[right:right_end]
        for index in range(max(len(gone), len(come))):
            one = gone[index] if index < len(gone) else ""
            other = come[index] if index < len(come) else ""
            found.append(ChangedParagraph(tuple(_parts(one, other))))
    return tuple(found)


def _paragraphs(story: Row) -> list[str]:
    body = [part for part in (story["body"] or "").split("\n\n") if part]
    return [story["headline"] or "", *body][:_MOST_PARAGRAPHS]


def _parts(old: str, new: str) -> Iterator[tuple[Kind, str]]:
    """Yield the words of both, those that are the same once."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if not before or not after or len(before) + len(after) > _MOST_WORDS:
        yield from _both(before, after)
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for what, left, left_end, right, right_end in matcher.get_opcodes():
        if what == "equal":
            yield "same", "".join(before[left:left_end])
        else:
            yield from _both(before[left:left_end], after[right:right_end])


def _both(gone: Sequence[str], come: Sequence[str]) -> Iterator[tuple[Kind, str]]:
    if gone:
        yield "gone", "".join(gone)
    if come:
        yield "new", "".join(come)
