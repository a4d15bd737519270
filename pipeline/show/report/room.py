"""What gives way where a page has no room for a story behind every figure: the ends of rankings.

A figure that leads nowhere cannot be judged. So fewer places, actors, names, topics and providers
are shown, and of fewer countries what they do, until each row that is shown leads to a story.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipeline.show.find import Row
from pipeline.show.report.cover import COUNTED, covering, revisions_by_row, weight_of
from pipeline.show.report.figures import Figures

_RANKED = ("places", "dyads", "persons", "bodies", "topics", "providers")
_KEPT = 0.8
"""What stays of a ranking at each step."""


def without_story(found: Figures, on_page: Collection[str]) -> int:
    """Return how many rows lead to none of the stories `on_page`, though to one of the report's."""
    known, there = {shown.story["revision_id"] for shown in found.stories}, set(on_page)
    rows = revisions_by_row(_counted(found))
    return sum(bool(row & known) and not row & there for row in rows)


def with_shorter_rankings(found: Figures) -> Figures:
    """Return the figures with a fifth less of each ranking, and the stories that lead to those.

    The first stories are again those of which few lead to all. Where nothing is left to be taken
    off, the figures are as before.
    """
    ranked: dict[str, Any] = {name: _first(getattr(found, name)) for name in _RANKED}
    shorter = replace(
        found,
        **ranked,
        states=_of_first_countries(found.states, ("source", "target")),
        series=_of_first_countries(found.series, ("country",)),
    )
    stories = {shown.story["revision_id"]: shown for shown in found.stories}
    rows = [row & stories.keys() for row in revisions_by_row(_counted(shorter))]
    weights = {revision: weight_of(len(shown.events)) for revision, shown in stories.items()}
    order = dict.fromkeys([*covering(rows, len(rows), weights), *stories])
    return replace(shorter, stories=tuple(stories[revision] for revision in order))


def _counted(found: Figures) -> Mapping[str, Sequence[Row]]:
    return {name: getattr(found, name) for name in COUNTED}


def _first(rows: Sequence[Row]) -> tuple[Row, ...]:
    return tuple(rows[: max(1, int(len(rows) * _KEPT))])


def _of_first_countries(rows: Sequence[Row], sides: Sequence[str]) -> tuple[Row, ...]:
    """Return the rows whose countries are among the first of those with most events."""
    events: dict[str, int] = {}
    for row in rows:
        for side in sides:
            events[row[side]] = events.get(row[side], 0) + row["n"]
    order = sorted(events, key=lambda code: (-events[code], code))
    kept = set(order[: max(1, int(len(order) * _KEPT))])
    return tuple(row for row in rows if all(row[side] in kept for side in sides))
