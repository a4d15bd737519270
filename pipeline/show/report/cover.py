"""Which few stories lead to all figures of a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from pipeline.show.find import Row

COUNTED = (
    *("stories_by_time", "undated", "regions", "countries", "places", "dyads", "states", "series"),
    *("persons", "bodies", "topics", "providers"),
)
"""The figures whose rows have stories behind them."""

MOST_DEEDS = 12
"""Deeds above which a story tells no more: tables of match results would else come first."""

_DEED = 0.5
"""What a deed's sentence takes on the page, against a story without any."""


def weight_of(deeds: int) -> float:
    """Return what a story of so many deeds takes on the page, against one without any."""
    return 1 + _DEED * min(deeds, MOST_DEEDS)


def revisions_by_row(found: Mapping[str, Sequence[Row]]) -> list[set[str]]:
    """Return of each row of the page's tables the revisions that it was counted from."""
    by_time: dict[date, set[str]] = {}
    for row in found["stories_by_time"]:  # a line of the table each bucket
        by_time.setdefault(row["bucket"], set()).update(row["behind"] or ())
    others = (row for name in COUNTED if name != "stories_by_time" for row in found[name])
    return [*by_time.values(), *(set(row["behind"] or ()) for row in others)]


def covering(
    figures: Sequence[set[str]], most: int, weights: Mapping[str, float] | None = None
) -> list[str]:
    """Return up to `most` revisions, each the one that leads to most of the figures still without.

    The greedy cover of weighted sets (Chvatal 1979), all of weight 1 that `weights` does not name;
    of equals the one with the smaller id.
    """
    weight = weights or {}
    served: dict[str, set[int]] = {}
    for number, revisions in enumerate(figures):
        for revision in revisions:
            served.setdefault(revision, set()).add(number)
    chosen: list[str] = []
    while served and len(chosen) < most:
        best = min(served, key=lambda one: (-len(served[one]) / weight.get(one, 1.0), one))
        done = served.pop(best)
        if not done:
            break
        chosen.append(best)
        for revision in {other for number in done for other in figures[number]} & served.keys():
            served[revision] -= done
    return chosen
