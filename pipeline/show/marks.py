"""A story's text in segments that each bear the same marks: entities, triggers, sources, targets.

Marks of entities never overlap one another; those of events may overlap anything. Cutting the text
at every mark's ends lets a renderer nest nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from pipeline.show.find import Shown

Layer = Literal["entity", "trigger", "source", "target"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters `[start, end)` of the text, and what row of entities or events they show."""

    start: int
    end: int
    layer: Layer
    row: int


@dataclass(frozen=True, slots=True)
class Segment:
    """Characters `[start, end)` with all marks that cover them; `ends` are those that end here."""

    start: int
    end: int
    marks: tuple[Mark, ...]

    @property
    def ends(self) -> tuple[Mark, ...]:
        """The marks whose last character is this segment's."""
        return tuple(mark for mark in self.marks if mark.end == self.end)


def marks(shown: Shown) -> tuple[Mark, ...]:
    """Return all marks of a story, in the order of the text."""
    size = len(shown.text)
    found = [
        Mark(mention["start"], mention["end"], "entity", number)
        for number, entity in enumerate(shown.entities)
        for mention in entity["mentions"]
    ]
    for number, event in enumerate(shown.events):
        found.append(Mark(event["trigger_start"], event["trigger_end"], "trigger", number))
        sides: tuple[Literal["source", "target"], ...] = ("source", "target")
        for side in sides:
            span = _side(shown.text, event, side)
            if span is not None:
                found.append(Mark(*span, side, number))
    kept = (mark for mark in found if 0 <= mark.start < mark.end <= size)
    return tuple(sorted(kept, key=lambda m: (m.start, m.end, m.layer, m.row)))


def segments(shown: Shown, start: int, end: int) -> Iterator[Segment]:
    """Yield the text's characters `[start, end)` cut where a mark begins or ends."""
    inside = [mark for mark in marks(shown) if mark.start < end and start < mark.end]
    cuts = {start, end, *(m.start for m in inside), *(m.end for m in inside)}
    edges = sorted(cut for cut in cuts if start <= cut <= end)
    for left, right in pairwise(edges):
        covering = tuple(m for m in inside if m.start <= left and right <= m.end)
        yield Segment(left, right, covering)


def paragraphs(shown: Shown) -> Iterator[tuple[int, int]]:
    """Yield the character ranges of the body's paragraphs in the text."""
    position = len(shown.story["headline"]) + 2
    for paragraph in shown.story["body"].split("\n\n"):
        if paragraph:
            yield position, position + len(paragraph)
        position += len(paragraph) + 2


def _side(text: str, event: Mapping[str, Any], side: str) -> tuple[int, int] | None:
    """Say where the source's or target's words stand: as stored, else nearest to the trigger."""
    start, end = event.get(f"{side}_start"), event.get(f"{side}_end")
    if start is not None and end is not None:
        return start, end
    words, sentence = event[f"{side}_text"], event["sentence"]
    if not words or not sentence:
        return None
    begin = text.rfind(sentence, 0, event["trigger_end"] + len(sentence))
    if begin < 0:
        return None
    stop, trigger = begin + len(sentence), event["trigger_start"]
    starts = []
    at = text.find(words, begin, stop)
    while at >= 0:
        starts.append(at)
        at = text.find(words, at + 1, stop)
    if not starts:
        return None
    at = min(starts, key=lambda one: abs(one - trigger))
    return at, at + len(words)
