"""The stories of a report: as much of each text as finds room, always with what was counted of it.

A page has a size. So that every figure leads to a story whose marks it can be read off, stories
give up text before one of them is left out: first what stands around the counted, then its own
paragraphs down to their sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Literal

from pipeline.show.find import Row, Shown
from pipeline.show.marks import Mark, marks, paragraphs
from pipeline.show.report.figures import Figures, Unit, bucket_of, small_unit_of
from pipeline.show.story_page import MarkedSegment, marked_segments

Extent = Literal["sentences", "passages", "whole"]
Span = tuple[int, int]

EXTENTS: tuple[Extent, ...] = ("sentences", "passages", "whole")
"""How much of a text is shown, from the least."""

_WHOLE_PARAGRAPHS = 4
"""Paragraphs that a story at its whole shows in any case; of the others what was counted."""

_BEGINNING = 240
"""Characters that stand for a text of which no deed and no name was counted."""

_AROUND = 120
"""Characters on either side of a name that was counted and has no deed in its sentence."""

_MOST_COUNTED = 12
"""Deeds of which a story shows the sentences, beside those that figures lead to; there are tables
of match results."""


@dataclass(frozen=True, slots=True)
class CountedParts:
    """What figures lead to a story for: ids of entities, and places of deeds among its events."""

    names: frozenset[str] = frozenset()
    deeds: frozenset[int] = frozenset()


MOST_SHOWN = 300
"""Characters of a name or a headline that a page shows: longer ones are none."""

_NOTHING = CountedParts()


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a text with its marks; whether it begins or ends within a paragraph."""

    segments: Sequence[MarkedSegment]
    is_cut_before: bool
    is_cut_behind: bool


@dataclass(frozen=True, slots=True)
class ListedStory:
    """A story as the report shows it, under its `number` in the list.

    `headline` is empty where it bears no marks; `events` are those whose trigger is shown, each
    with its number in the story. `is_whole` says that no word of the text is left out, `is_brief`
    that the events say no more than their acts.
    """

    shown: Shown
    number: int
    headline: Sequence[MarkedSegment]
    passages: tuple[Passage, ...]
    events: tuple[tuple[int, Row], ...]
    is_whole: bool
    is_brief: bool

    @property
    def anchor(self) -> str:
        """The story's anchor on the page."""
        return f"story-{self.number}"


def listed_story(shown: Shown, number: int, own: CountedParts, extent: Extent) -> ListedStory:
    """Return what the page shows of a story; `own` is what figures lead to it for."""
    spans = shown_spans(shown, own, extent)
    bounds = set(paragraphs(shown))
    starts, ends = {start for start, _ in bounds}, {end for _, end in bounds}
    labelled: set[str] = set()
    headline = _labelled_once(marked_segments(shown, 0, len(shown.story["headline"])), labelled)
    seen = [(0, len(shown.story["headline"])), *spans]
    is_brief = extent == EXTENTS[0]
    has_name = not is_brief or any(
        mention["start"] < len(shown.story["headline"])
        for entity in _named(shown, own)
        for mention in entity["mentions"]
    )
    return ListedStory(
        shown,
        number,
        headline if any(one.trigger or (one.entity and has_name) for one in headline) else (),
        tuple(
            Passage(
                _labelled_once(marked_segments(shown, start, end), labelled),
                start not in starts,
                end not in ends,
            )
            for start, end in spans
        ),
        tuple(
            (at, event)
            for at, event in enumerate(shown.events, start=1)
            if any(start < event["trigger_end"] <= end for start, end in seen)
        ),
        bounds == set(spans),
        is_brief,
    )


def shown_spans(shown: Shown, own: CountedParts, extent: Extent) -> list[Span]:
    """Return the stretches `[start, end)` of the body that are shown, in order."""
    spans = list(paragraphs(shown))
    counted = _spans_of(shown, own)
    if extent == "whole":
        return [
            (start, end)
            for index, (start, end) in enumerate(spans)
            if index < _WHOLE_PARAGRAPHS or _touches(counted, start, end)
        ]
    if extent == "passages":
        kept = [(start, end) for start, end in spans if _touches(counted, start, end)]
        return kept or [_begun(shown.text, one) for one in spans[:1]]
    kept = list(_joined(_within(one, spans) for one in counted))
    return kept or [_begun(shown.text, one) for one in spans[:1]]


def _spans_of(shown: Shown, own: CountedParts) -> list[Span]:
    """Return where the text says what is counted: sentences of deeds, surroundings of names."""
    text, body = shown.text, len(shown.story["headline"]) + 2
    found: list[Span] = []
    others = _MOST_COUNTED - len(own.deeds)
    for at, event in enumerate(shown.events):
        if not _is_deed(event):
            continue
        start, end = event["trigger_start"], event["trigger_end"]
        sentence = event["sentence"] or ""
        begin = text.rfind(sentence, 0, end + len(sentence)) if sentence else -1
        if begin < 0 or begin + len(sentence) < end:
            begin, sentence = start, text[start:end]
        if end > body and (at in own.deeds or others > 0):
            others -= at not in own.deeds
            found.append((begin, begin + len(sentence)))
    for entity in _named(shown, own):
        mentions = sorted((one["start"], one["end"]) for one in entity["mentions"])
        if any(start < body or _touches(found, start, end) for start, end in mentions):
            continue
        found += [_surroundings(text, start, end) for start, end in mentions[:1]]
    return [(max(start, body), end) for start, end in found]


def _named(shown: Shown, own: CountedParts) -> Iterator[Row]:
    """Yield the entities that figures lead to the story for."""
    for entity in shown.entities:
        if own.names & {entity["entity_id"], f"{entity['kind']}:{entity['name']}"}:
            yield entity


def _surroundings(text: str, start: int, end: int) -> Span:
    """Return a name with what stands around it in its paragraph, cut between words."""
    left = max(text.rfind("\n\n", 0, start) + 2, start - _AROUND)
    right = text.find("\n\n", end)
    right = min(right if right >= 0 else len(text), end + _AROUND)
    if left == start - _AROUND:
        left = text.find(" ", left, start) + 1 or left
    if right == end + _AROUND:
        cut = text.rfind(" ", end, right)
        right = cut if cut > 0 else right
    return left, right


def _begun(text: str, span: Span) -> Span:
    """Return the beginning of a paragraph, cut between words."""
    start, end = span
    if end - start <= _BEGINNING:
        return span
    cut = text.rfind(" ", start, start + _BEGINNING)
    return start, cut if cut > start else start + _BEGINNING


def _within(span: Span, paragraphs_: Sequence[Span]) -> Span:
    """Return the span cut to the paragraph that it begins in."""
    start, end = span
    for begin, stop in paragraphs_:
        if begin <= start < stop:
            return start, min(end, stop)
    return span


def _touches(spans: Sequence[Span], start: int, end: int) -> bool:
    return any(begin < end and start < stop for begin, stop in spans)


def _joined(spans: Iterator[Span]) -> Iterator[Span]:
    """Yield the spans in order, those that touch or overlap as one."""
    ordered = sorted(set(spans))
    if not ordered:
        return
    begin, stop = ordered[0]
    for (_, _), (start, end) in pairwise(ordered):
        if start <= stop:
            stop = max(stop, end)
            continue
        yield begin, stop
        begin, stop = start, end
    yield begin, stop


def _labelled_once(segments: Sequence[MarkedSegment], labelled: set[str]) -> list[MarkedSegment]:
    """Return the segments with the label of each name where it is told first."""
    made = []
    for segment in segments:
        entity = segment.entity
        if entity is not None and len(entity.title) > MOST_SHOWN:
            entity = replace(entity, title=f"{entity.title[:MOST_SHOWN]}…")
            segment = replace(segment, entity=entity)  # noqa: PLW2901
        if entity is not None and entity.title in labelled:
            segment = replace(segment, entity=replace(entity, title="", label=""))  # noqa: PLW2901
        elif entity is not None and entity.label:
            labelled.add(entity.title)
        made.append(segment)
    return made


def counted_of_stories(found: Figures) -> Mapping[str, CountedParts]:
    """Return of each revision what it stands behind figures for."""
    names: dict[str, set[str]] = {}
    for row in (*found.persons, *found.bodies):
        for revision in row["behind"] or ():
            names.setdefault(revision, set()).add(row["entity_id"])
    keys = _keys_of_rows(found)
    unit = small_unit_of(found.total["first"], found.total["last"])
    made = {}
    for shown in found.stories:
        revision = shown.story["revision_id"]
        rows: dict[object, int] = {}
        for at, event in enumerate(shown.events):
            if _is_deed(event):
                for key in _keys_of(event, shown.story["date"], unit):
                    if key in keys:
                        rows.setdefault(key, at)
        made[revision] = CountedParts(frozenset(names.get(revision, ())), frozenset(rows.values()))
    return made


def _keys_of_rows(found: Figures) -> set[object]:
    """Return what tells the rows apart that count deeds."""
    return {
        *(("place", row["geonames_id"], row["place"], row["country"]) for row in found.places),
        *(("states", row["source"], row["target"]) for row in found.states),
        *(
            ("dyad", row["source"], row["source_country"], row["target"], row["target_country"])
            for row in found.dyads
        ),
        *(("series", row["country"], row["bucket"]) for row in found.series),
    }


def _keys_of(event: Row, day: date | None, unit: Unit) -> Iterator[object]:
    """Yield the rows that a deed may be counted in."""
    countries = [event["source_country"], event["target_country"]]
    labels = [
        next((event[name] for name in names if event.get(name)), None)
        for names in (
            (f"{side}_label", f"{side}_name", f"{side}_text") for side in ("source", "target")
        )
    ]
    yield "place", event["place_geonames_id"], event["place"], event["place_country"]
    yield "states", *countries
    yield "dyad", labels[0], countries[0], labels[1], countries[1]
    if day is not None:
        for country in countries:
            yield "series", country, bucket_of(day, unit)


def _is_deed(event: Row) -> bool:
    return not (event["negated"] or event["hypothetical"] or event.get("historical"))


def allotted(
    stories: Sequence[Shown], counted: Mapping[str, CountedParts], room_bytes: int
) -> list[tuple[Shown, Extent]]:
    """Return the first of `stories` that find room, with as much of each as finds room too."""
    kept: list[tuple[Shown, list[int]]] = []
    for shown in stories:
        marked = marks(shown)
        own = counted.get(shown.story["revision_id"], _NOTHING)
        sizes = [_estimate(shown, marked, own, extent) for extent in EXTENTS]
        if sizes[0] > room_bytes:
            continue
        room_bytes -= sizes[0]
        kept.append((shown, sizes))
    extents: list[int] = [0] * len(kept)
    for extent in range(1, len(EXTENTS)):
        for at, (_, sizes) in enumerate(kept):
            more = sizes[extent] - sizes[extents[at]]
            if extents[at] == extent - 1 and more <= room_bytes:
                extents[at] = extent
                room_bytes -= more
    return [(shown, EXTENTS[at]) for (shown, _), at in zip(kept, extents, strict=True)]


def _estimate(shown: Shown, marked: Sequence[Mark], own: CountedParts, extent: Extent) -> int:
    """Guess how many bytes of the page a story takes: its text, marks and events."""
    spans = shown_spans(shown, own, extent)
    headline = len(shown.story["headline"])
    seen = [(0, headline), *spans]
    within = [mark for mark in marked if _touches(seen, mark.start, mark.end)]
    words = sum(len(shown.text[start:end].encode("utf-8", "replace")) for start, end in spans)
    triggers = sum(mark.layer == "trigger" for mark in within)
    named = len({mark.row for mark in within if mark.layer == "entity"})
    deed = 90 if extent == EXTENTS[0] else 420
    return 480 + 2 * headline + words + 45 * len(within) + 80 * named + deed * triggers
