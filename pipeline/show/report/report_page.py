"""A report as one HTML page that loads nothing: figures, each with the stories behind it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipeline.show.find import Shown
from pipeline.show.marks import paragraphs
from pipeline.show.render import render
from pipeline.show.report import charts
from pipeline.show.report.behind import Tables, country_names
from pipeline.show.report.figures import Figures
from pipeline.show.story_page import MarkedSegment, marked
from pipeline.store.explain.codes import QUAD_CLASSES, region_name

_WHOLE_PARAGRAPHS = 4
"""Paragraphs that a story shows in any case; of the others those with an event."""

_MOST_CALLED = 60
"""Characters of a body that stand for the headline of a story without one."""

_MOST_BYTES = 550_000
"""How much of the page the stories may take: the whole is to stay below 1 MB."""


@dataclass(frozen=True, slots=True)
class ListedStory:
    """A story as the report shows it: of a long one the beginning and what has an event."""

    shown: Shown
    anchor: str
    headline: Sequence[MarkedSegment]
    paragraphs: tuple[Sequence[MarkedSegment], ...]
    left_out: int


@dataclass(frozen=True, slots=True)
class Balance:
    """Cooperation and conflict of one country over time."""

    country: str
    name: str
    chart: charts.Chart


def report_page(found: Figures, lake_url: str) -> str:
    """Return the whole page; `lake_url` is named in the commands that lead further."""
    countries = country_names()
    tables = Tables(found, countries)
    stories = list(_listed_stories(found.stories))
    regions = {row["region"]: region_name(row["region"]) for row in found.regions}
    return render(
        "report.html.j2",
        scripts=("sort.js", "report.js"),
        title=_title(found, countries),
        language="en",
        found=found,
        scope=_scope(found, countries),
        lake=shlex.quote(lake_url),
        age=_age(found.total["newest_published"], found.as_of),
        committed=_age(found.total["newest_committed"], found.as_of),
        anchors={story.shown.story["revision_id"]: story for story in stories},
        time_chart=charts.stories_over_time(
            found.stories_by_time, found.buckets, found.unit, regions
        ),
        map_chart=charts.world_map(found.countries, found.places, countries),
        matrix_chart=charts.matrix(found.states, countries),
        balances=_balances(found, countries),
        quads=QUAD_CLASSES,
        tables=tables,
        stories=stories,
        region_name=region_name,
        called=_called,
    )


def _listed_stories(stories: Sequence[Shown]) -> Iterator[ListedStory]:
    """Yield stories, the newest first, until the page is full."""
    left = _MOST_BYTES
    for number, shown in enumerate(stories, start=1):
        spans = list(paragraphs(shown))
        starts = [row["trigger_start"] for row in shown.events]
        kept = [
            (start, end)
            for index, (start, end) in enumerate(spans)
            if index < _WHOLE_PARAGRAPHS or any(start <= at < end for at in starts)
        ]
        left -= _estimate(shown, kept)
        if left < 0:
            return
        yield ListedStory(
            shown,
            f"story-{number}",
            marked(shown, 0, len(shown.story["headline"])),
            tuple(marked(shown, start, end) for start, end in kept),
            len(spans) - len(kept),
        )


def _called(shown: Shown) -> str:
    """Return the headline, or the beginning of a story that has none."""
    headline, body = shown.story["headline"], shown.story["body"]
    return str(headline or body[:_MOST_CALLED].replace("\n", " ") or shown.story["story_id"])


def _estimate(shown: Shown, kept: Sequence[tuple[int, int]]) -> int:
    """About how many bytes of the page a story takes: its text, marks and events."""
    words: int = sum(end - start for start, end in kept)
    mentions: int = sum(row["mention_count"] for row in shown.entities)
    return 1000 + 2 * words + 120 * mentions + 700 * len(shown.events)


def _balances(found: Figures, countries: Mapping[str, str]) -> list[Balance]:
    rows: dict[str, list[Mapping[str, object]]] = {}
    for row in found.series:
        rows.setdefault(row["country"], []).append(row)
    order = sorted(rows, key=lambda code: (-sum(int(str(r["n"])) for r in rows[code]), code))
    return [
        Balance(
            code,
            countries.get(code, code),
            charts.balance(code, rows[code], found.buckets, found.unit),
        )
        for code in order
    ]


def _title(found: Figures, countries: Mapping[str, str]) -> str:
    scope = found.scope
    about = countries.get(scope.country, scope.country) if scope.country else ""
    where = region_name(scope.region) if scope.region else ""
    named = ", ".join(word for word in (about, where) if word)
    return f"Wire report: {named}" if named else "Wire report"


def _scope(found: Figures, countries: Mapping[str, str]) -> str:
    """Say in words what the report is on, with what the lake has of it."""
    scope, total = found.scope, found.total
    first, last = scope.first or total["first"], scope.last or total["last"]
    scope_words = f"{first} to {last}" if first and last else "no dated story"
    if scope.region:
        scope_words += f", region {region_name(scope.region)}"
    if scope.country:
        scope_words += f", stories on {countries.get(scope.country, scope.country)}"
    return scope_words


def _age(then: datetime | None, now: datetime) -> str:
    """Say how long ago a moment was, in the largest unit that fits."""
    if then is None:
        return "never"
    passed = now - then
    for unit, size in (("day", timedelta(days=1)), ("hour", timedelta(hours=1))):
        n = passed // size
        if n:
            return f"{n} {unit}{'s' if n > 1 else ''} ago"
    minutes = max(0, passed // timedelta(minutes=1))
    return f"{minutes} minute{'' if minutes == 1 else 's'} ago"
