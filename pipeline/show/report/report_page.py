"""A report as one HTML page that loads nothing: figures, each with the stories behind it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipeline.show.facts import beginning
from pipeline.show.find import Shown
from pipeline.show.marks import paragraphs
from pipeline.show.render import render
from pipeline.show.report import charts
from pipeline.show.report.behind import Tables, country_names
from pipeline.show.report.figures import Figures
from pipeline.show.story_page import MarkedSegment, marked_segments
from pipeline.store.codes.codes import QUAD_CLASSES, region_name

_WHOLE_PARAGRAPHS = 4
"""Paragraphs that a story shows in any case; of the others those with an event."""

_NEVER = datetime(1, 1, 1, tzinfo=UTC)

_MOST_BYTES = 1_000_000
"""How large the page may be."""

_TRIES = 3
_CLOSE = 0.96
"""How near to that the stories are to fill it, links to them included."""


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
    """Return the whole page, with as many stories as find room in a megabyte.

    `lake_url` is named in the commands that lead further.
    """
    best = _page(found, lake_url, 0)
    bare_bytes = len(best.encode())
    room_bytes = _MOST_BYTES - bare_bytes
    if room_bytes <= 0 or not found.stories:
        return best
    for _ in range(_TRIES):
        page = _page(found, lake_url, room_bytes)
        taken_bytes = len(page.encode()) - bare_bytes
        if bare_bytes + taken_bytes < _MOST_BYTES and len(page) > len(best):
            best = page
        # The estimate of a story is rough: what all took says by how much.
        room_bytes = int(room_bytes * _CLOSE * (_MOST_BYTES - bare_bytes) / max(1, taken_bytes))
    return best


def _page(found: Figures, lake_url: str, room_bytes: int) -> str:
    countries = country_names()
    stories = _listed_stories(found.stories, room_bytes)
    anchors = {story.shown.story["revision_id"]: story for story in stories}
    tables = Tables(found, countries, anchors.keys())
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
        anchors=anchors,
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


def _listed_stories(stories: Sequence[Shown], room_bytes: int) -> list[ListedStory]:
    """Return the first of `stories` that find room, the newest at the top."""
    kept: list[Shown] = []
    for shown in stories:
        room_bytes -= _estimate(shown, _kept(shown)[0])
        if room_bytes < 0:
            break
        kept.append(shown)
    kept.sort(key=lambda shown: str(shown.story["revision_id"]))
    kept.sort(key=lambda shown: shown.story["published_at"] or _NEVER, reverse=True)
    return [_listed(shown, f"story-{number}") for number, shown in enumerate(kept, start=1)]


def _listed(shown: Shown, anchor: str) -> ListedStory:
    kept, left_out = _kept(shown)
    return ListedStory(
        shown,
        anchor,
        marked_segments(shown, 0, len(shown.story["headline"])),
        tuple(marked_segments(shown, start, end) for start, end in kept),
        left_out,
    )


def _kept(shown: Shown) -> tuple[list[tuple[int, int]], int]:
    """Return the paragraphs that the page shows of a story, and how many it leaves out."""
    spans = list(paragraphs(shown))
    starts = [row["trigger_start"] for row in shown.events]
    kept = [
        (start, end)
        for index, (start, end) in enumerate(spans)
        if index < _WHOLE_PARAGRAPHS or any(start <= at < end for at in starts)
    ]
    return kept, len(spans) - len(kept)


def _called(shown: Shown) -> str:
    """Return the headline, or the beginning of a story that has none."""
    headline, body = shown.story["headline"], shown.story["body"]
    return str(headline or beginning(body) or shown.story["story_id"])


def _estimate(shown: Shown, kept: Sequence[tuple[int, int]]) -> int:
    """Guess how many bytes of the page a story takes: its text, marks and events."""
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
