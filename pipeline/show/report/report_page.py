"""A report as one HTML page that loads nothing: figures, each with the stories behind it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline.show.facts import beginning
from pipeline.show.find import Shown
from pipeline.show.render import render
from pipeline.show.report import charts
from pipeline.show.report.behind import BEHIND, Tables
from pipeline.show.report.figures import Figures, buckets_between, small_unit_of
from pipeline.show.report.listed import (
    MOST_SHOWN,
    ListedStory,
    allotted,
    counted_of_stories,
    listed_story,
)
from pipeline.show.report.room import with_shorter_rankings, without_story
from pipeline.store.codes.codes import (
    QUAD_CLASSES,
    country_with_code,
    names_of_countries,
    region_name,
)

_NEVER = datetime(1, 1, 1, tzinfo=UTC)

_MOST_BYTES = 1_000_000
"""How large the page may be."""

_TRIES = 5
_CLOSE, _MARGIN = 0.99, 0.02
"""How near to that the stories are to fill it, links to them included."""

_LEAST_TAKEN = 0.1

_HEADLINE, _SHORT_HEADLINE = 60, 24
"""Letters of a headline behind a figure, where there is room and where there is little."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Cooperation and conflict of one country over time."""

    country: str
    name: str
    chart: charts.Chart


@dataclass(frozen=True, slots=True)
class _Made:
    """The page, how many of its figures lead to no story for want of room, and its bytes."""

    text: str
    without_story: int
    bytes: int


def report_page(found: Figures, lake_url: str) -> str:
    """Return the whole page, with as much of the stories as finds room in a megabyte.

    `lake_url` is named in the commands that lead further.
    """
    links = BEHIND
    best = _filled(found, lake_url, links)
    while best.without_story and links > 1:
        # A figure that leads nowhere is worse than several that lead to fewer stories.
        links -= 2
        best = min(best, _filled(found, lake_url, links), key=lambda made: made.without_story)
    while best.without_story and (shorter := with_shorter_rankings(found)) != found:
        found = shorter
        best = _filled(found, lake_url, links, is_shortened=True)
    return best.text


def _filled(found: Figures, lake_url: str, links: int, *, is_shortened: bool = False) -> _Made:
    """Return the page with `links` at most a figure, and as much of the stories as finds room."""
    best = _page(found, lake_url, links, 0, is_shortened)
    bare_bytes = best.bytes
    room_bytes = _MOST_BYTES - bare_bytes
    if room_bytes <= 0 or not found.stories:
        return best
    for _ in range(_TRIES):
        page = _page(found, lake_url, links, room_bytes, is_shortened)
        if page == best:
            break
        if page.bytes < _MOST_BYTES and page.bytes >= best.bytes:
            best = page
        taken = (page.bytes - bare_bytes) / (_MOST_BYTES - bare_bytes)
        if _CLOSE - _MARGIN <= taken < 1:
            break
        # The estimate of a story is rough: what all took says by how much.
        room_bytes = int(room_bytes * _CLOSE / max(taken, _LEAST_TAKEN))
    return best


def _page(found: Figures, lake_url: str, links: int, room_bytes: int, is_shortened: bool) -> _Made:
    countries = names_of_countries()
    stories = _listed_stories(found, room_bytes)
    anchors = {story.shown.story["revision_id"]: story for story in stories}
    tables = Tables(found, countries, anchors.keys(), links)
    regions = {row["region"]: region_name(row["region"]) for row in found.regions}
    text = render(
        "report.html.j2",
        scripts=("sort.js", "tips.js", "report.js"),
        title=_title(found),
        language="en",
        found=found,
        scope=_scope(found),
        lake=shlex.quote(lake_url),
        newest=_dated(found.total["newest_published"], found.as_of),
        committed=_dated(found.total["newest_committed"], found.as_of),
        anchors=anchors,
        time_chart=charts.stories_over_time(
            found.stories_by_time, found.buckets, found.unit, regions
        ),
        map_chart=charts.world_map(found.countries, found.places, countries),
        matrix_chart=charts.matrix(found.states, countries),
        balances=_balances(found),
        quads=QUAD_CLASSES,
        tables=tables,
        stories=stories,
        region_name=region_name,
        called=_called,
        letters=_HEADLINE if links == BEHIND else _SHORT_HEADLINE,
        is_shortened=is_shortened,
    )
    return _Made(text, without_story(found, anchors.keys()), len(text.encode()))


def _listed_stories(found: Figures, room_bytes: int) -> list[ListedStory]:
    """Return the stories that find room, the newest at the top."""
    counted = counted_of_stories(found)
    kept = allotted(found.stories, counted, room_bytes)
    kept.sort(key=lambda one: str(one[0].story["revision_id"]))
    kept.sort(key=lambda one: one[0].story["published_at"] or _NEVER, reverse=True)
    return [
        listed_story(shown, number, counted[shown.story["revision_id"]], extent)
        for number, (shown, extent) in enumerate(kept, start=1)
    ]


def _called(shown: Shown) -> str:
    """Return the headline, or the beginning of a story that has none."""
    headline, body = shown.story["headline"], shown.story["body"]
    return str(headline or beginning(body) or shown.story["story_id"])[:MOST_SHOWN]


def _balances(found: Figures) -> list[Balance]:
    rows: dict[str, list[Mapping[str, object]]] = {}
    for row in found.series:
        rows.setdefault(row["country"], []).append(row)
    order = sorted(rows, key=lambda code: (-sum(int(str(r["n"])) for r in rows[code]), code))
    first, last = found.total["first"], found.total["last"]
    unit = small_unit_of(first, last)
    buckets = buckets_between(first, last, unit)
    return [
        Balance(code, country_with_code(code), charts.balance(code, rows[code], buckets, unit))
        for code in order
    ]


def _title(found: Figures) -> str:
    scope = found.scope
    about = country_with_code(scope.country)
    where = region_name(scope.region) if scope.region else ""
    named = ", ".join(word for word in (about, where) if word)
    return f"Wire report: {named}" if named else "Wire report"


def _scope(found: Figures) -> str:
    """Say in words what the report is on, with what the lake has of it."""
    scope, total = found.scope, found.total
    first, last = scope.first or total["first"], scope.last or total["last"]
    scope_words = f"{first} to {last}" if first and last else "no dated story"
    if scope.region:
        scope_words += f", region {region_name(scope.region)} ({scope.region})"
    if scope.country:
        scope_words += f", stories on {country_with_code(scope.country)}"
    return scope_words


def _dated(then: datetime | None, now: datetime) -> str:
    """Return a moment to the minute with its age."""
    return f"{then:%Y-%m-%d %H:%M} UTC, {_age(then, now)}" if then else _age(then, now)


def _age(then: datetime | None, now: datetime) -> str:
    """Say how long ago a moment was, in the largest unit that fits."""
    if then is None:
        return "none"
    passed = now - then
    for unit, size in (
        ("year", timedelta(days=365)), ("day", timedelta(days=1)), ("hour", timedelta(hours=1)),
    ):  # fmt: skip
        n = passed // size
        if n > 0:
            return f"{n} {unit}{'s' if n > 1 else ''} ago"
    minutes = max(0, passed // timedelta(minutes=1))
    return f"{minutes} minute{'' if minutes == 1 else 's'} ago"
