"""A story as one HTML page that needs nothing else: no script, no font, no address outside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from pipeline.show.facts import metadata, printable, provenance
from pipeline.show.find import Row, Shown
from pipeline.show.marks import Mark, Segment, paragraphs, segments
from pipeline.show.render import render
from pipeline.store.codes.codes import country_with_code

_STYLED = frozenset({"PERSON", "ORG", "GPE", "LOC", "FAC", "NORP"})


@dataclass(frozen=True, slots=True)
class EntityMark:
    """How a name is marked: a class of the stylesheet, what a pointer shows, a label at its end."""

    css: str
    title: str
    label: str


@dataclass(frozen=True, slots=True)
class MarkedSegment:
    """A stretch of text with what covers it; `events` number those whose trigger ends with it."""

    lines: tuple[str, ...]
    entity: EntityMark | None
    actor: bool
    trigger: bool
    events: tuple[int, ...]


def page(shown: Shown) -> str:
    """Return the whole page."""
    return render("story.html.j2", **story_values(shown))


def story_values(shown: Shown, address: Callable[[Row], str] | None = None) -> dict[str, Any]:
    """Return what the templates show of a story; `address` gives the page of an entity."""
    return {
        "title": shown.story["headline"],
        "language": shown.story["language"],
        "story": shown.story,
        "headline": marked_segments(shown, 0, len(shown.story["headline"])),
        "paragraphs": [marked_segments(shown, start, end) for start, end in paragraphs(shown)],
        "entities": [_entity(row, address) for row in shown.entities],
        "events": shown.events,
        "evidence": _evidence(shown.story),
        "metadata": metadata(shown),
        "provenance": provenance(shown),
    }


def marked_segments(shown: Shown, start: int, end: int) -> list[MarkedSegment]:
    """Return the characters `[start, end)` of the story's text with their marks."""
    return [_segment(shown, segment) for segment in segments(shown, start, end)]


def _segment(shown: Shown, segment: Segment) -> MarkedSegment:
    layers = {mark.layer for mark in segment.marks}
    named = [mark for mark in segment.marks if mark.layer == "entity"]
    ended = {mark.row + 1 for mark in segment.ends if mark.layer == "trigger"}
    return MarkedSegment(
        lines=tuple(shown.text[segment.start : segment.end].split("\n")),
        entity=_entity_mark(shown, named[0], segment) if named else None,
        actor=bool(layers & {"source", "target"}),
        trigger="trigger" in layers,
        events=tuple(sorted(ended)),
    )


def _entity_mark(shown: Shown, mark: Mark, segment: Segment) -> EntityMark:
    entity = shown.entities[mark.row]
    facts = (entity["name"], entity["kind"], entity["country"], entity["role"])
    label = entity["country"] or entity["kind"] if mark.end == segment.end else ""
    return EntityMark(
        css=_kind(entity["kind"]),
        title=" · ".join(str(fact) for fact in facts if fact),
        label=label,
    )


def _kind(kind: str) -> str:
    return kind if kind in _STYLED else "OTHER"


def _entity(row: Row, address: Callable[[Row], str] | None) -> tuple[object, ...]:
    name = Markup('<mark class="{}">{}</mark>').format(_kind(row["kind"]), printable(row["name"]))
    if address is not None:
        name = Markup('<a href="{}">{}</a>').format(address(row), name)
    return (
        name,
        row["kind"],
        country_with_code(row["country"]),
        row["role"],
        ", ".join(dict.fromkeys(mention["text"] for mention in row["mentions"])),
        row["mention_count"],
        f"{row['salience']:.2f}",
    )


def _evidence(story: Row) -> list[tuple[object, ...]]:
    evidence = story["region_evidence"] or []
    most = max((row["weight"] for row in evidence), default=0.0) or 1.0
    return [
        (
            bar(row["weight"] / most, f"{row['weight']:.2f}"),
            country_with_code(row["country"]),
            row["kind"],
            row["text"],
        )
        for row in evidence
    ]


def bar(share: float, text: str) -> Markup:
    """Return a bar of `share` (0 to 1) of a fixed width, and `text` behind it."""
    width = round(max(0.0, min(1.0, share)) * 100, 1)
    drawn = Markup(
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="10"></rect></svg> {}'
    )
    return drawn.format(width, text)
