"""The pages: what each asks of the copy, and what its template shows of the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from markupsafe import Markup

from pipeline.serve.changes import changes
from pipeline.serve.columns import Answer, Row
from pipeline.serve.copy.copied_rows import entity_id_of, label_of, unpacked
from pipeline.serve.copy.follow import moment_of
from pipeline.serve.copy.live_copy import CopyState
from pipeline.serve.filters import (
    Filters,
    WrongQuestionError,
    names_of_roots,
    slugs_of_regions,
)
from pipeline.serve.questions import Questions
from pipeline.show.facts import printable
from pipeline.show.find import Shown
from pipeline.show.report import charts
from pipeline.show.report.behind import Table, TableRow
from pipeline.show.report.figures import (
    Unit,
    bucket_of,
    buckets_between,
    last_day_of,
    unit_of,
)  # fmt: skip
from pipeline.show.story_page import story_values
from pipeline.store.codes.codes import (
    QUAD_CLASSES,
    country_with_code,
    names_of_countries,
    region_name,
)

FORMATS = ("csv", "json", "arrow")
"""The files that every table can be had as."""

_BEHIND_S = 60.0
_QUAD_HEADS = tuple(QUAD_CLASSES.values())


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that was read: its path, its filters, and what else stands in the address."""

    path: str
    filters: Filters
    given: Mapping[str, str]
    named: str = ""

    def address(self, **changes: object) -> str:
        """Return this page's own address with other values; empty ones are left out."""
        found = {
            name: value for name, value in self.given.items() if name not in ("format", "table")
        }
        found.update({name: str(value) for name, value in changes.items()})
        asked = urlencode([(name, value) for name, value in found.items() if value])
        path = quote(self.path, safe="/:")
        return f"{path}?{asked}" if asked else path


@dataclass(frozen=True, slots=True)
class LivePage:
    """A page of the server: `template` with `values`, and the answer that its files hold."""

    template: str
    title: str
    answer: Answer
    values: Mapping[str, object]
    language: str = "en"


MakesPage = Callable[[Questions, Asked], LivePage]
"""What asks the copy for a page."""


def newest_list(questions: Questions) -> dict[str, object]:
    """Return what the part of the first page shows that is sent anew whenever the copy changes."""
    answer = questions.newest_alone()
    return {
        "stories": answer.tables["stories"],
        "facts": answer.facts,
        "serial": questions.state.serial,
    }


def newest(questions: Questions, _: Asked) -> LivePage:
    """Return the newest stories, arriving, with figures of the last days."""
    answer = questions.newest()
    last = answer.facts["last_day"]
    chart = None
    if last is not None:
        end = date.fromisoformat(last)
        days = tuple(end - timedelta(days=back) for back in reversed(range(30)))
        rows = [
            {
                "bucket": date.fromisoformat(row["bucket"]),
                "region": row["region"],
                "n": row["stories"],
            }
            for row in answer.tables["by-time"]
        ]
        weight: dict[str, int] = {}
        for row in rows:
            weight[row["region"]] = weight.get(row["region"], 0) + row["n"]
        names = {slug: region_name(slug) for slug in sorted(weight, key=lambda s: (-weight[s], s))}
        chart = charts.stories_over_time(rows, days, "day", names)
    recent: dict[str, str] = {}
    if last is not None:
        first = date.fromisoformat(last) - timedelta(days=int(answer.facts["days"]) - 1)
        recent = {"from": first.isoformat(), "to": last}

    def naming(row: Row) -> str:
        return search_address(entity=row["entity_id"], **recent)

    made = {
        "by_time": _by_time(answer.tables["by-time"]),
        "countries": _table(
            "countries", answer.tables["countries"], 1,
            counted=lambda row: search_address(country=row["country"], **recent),
        ),
        "persons": _table("persons", answer.tables["persons"], 1, counted=naming),
        "bodies": _table("bodies", answer.tables["bodies"], 1, counted=naming),
        "dyads": _table(
            "dyads", answer.tables["dyads"], 6,
            counted=lambda row: dyad_address(row["source"], row["target"], **recent),
        ),
    }  # fmt: skip
    values = {
        **{"stories": answer.tables["stories"], "serial": questions.state.serial},
        **{"page": "newest", "time_chart": chart, "made": made},
        "is_recent": any(
            answer.tables[name] for name in ("countries", "dyads", "persons", "bodies")
        ),
    }
    return LivePage("live/newest.html.j2", "Newest stories", answer, values)


def search(questions: Questions, asked: Asked) -> LivePage:
    """Return the stories that the address asks for."""
    answer = questions.found(asked.filters)
    values = {
        "page": "search",
        "names": _table("names", answer.tables["names"], 1, counted=_named_story),
        "countries": sorted(names_of_countries().items(), key=lambda one: one[1]),
        "regions": sorted(slugs_of_regions(), key=region_name),
        "acts": tuple(names_of_roots().items()),
        "older": asked.address(before=answer.more) if answer.more else "",
        "anywhere": asked.address(place="", before=""),
    }
    title = f"Search: {asked.filters.words}" if asked.filters.words else "Search"
    return LivePage("live/search.html.j2", title, answer, values)


def story(questions: Questions, asked: Asked) -> LivePage:
    """Return one story with its marks, its revisions, and what changed between two of them."""
    shown, revisions = questions.story(asked.named)
    marked = [{**row, "mark": _mark(row)} for row in revisions]
    compared = _compared(asked, shown, revisions)
    own = {row["revision_id"]: row["is_current"] for row in revisions}
    answer = Answer(
        {
            "revisions": marked,
            "entities": [
                {**row, "entity_id": entity_id_of(row), "mentions": row["mention_count"]}
                for row in shown.entities
            ],
            "events": [_event(row, shown) for row in shown.events],
        },
        {"story": {name: value for name, value in shown.story.items() if name != "raw"}},
    )
    values = {
        **story_values(shown, lambda row: entity_address(entity_id_of(row))),
        "page": "story",
        "is_current": own.get(shown.story["revision_id"], False),
        "revisions": marked,
        "compared": compared,
        "made": {"revisions": _table("revisions", marked, 0)},
    }
    title = printable(shown.story["headline"] or shown.story["story_id"])
    values.pop("title")
    # The page is in English; the article says its own language.
    values.pop("language")
    return LivePage("live/story.html.j2", title, answer, values)


def entity(questions: Questions, asked: Asked) -> LivePage:
    """Return what is told of a name."""
    answer = questions.entity(asked.named, asked.filters)
    trend = answer.tables["trend"]
    chart = None
    unit: Unit = "day"
    if trend:
        days = [(date.fromisoformat(row["bucket"]), row["stories"]) for row in trend]
        unit = unit_of(days[0][0], days[-1][0])
        buckets = buckets_between(days[0][0], days[-1][0], unit)
        summed: dict[date, int] = {}
        for day, n in days:
            bucket = bucket_of(day, unit)
            summed[bucket] = summed.get(bucket, 0) + n
        rows = [{"bucket": day, "region": "all", "n": n} for day, n in summed.items()]
        chart = charts.stories_over_time(rows, buckets, unit, {"all": "stories"})
        trend = [
            {"bucket": charts.bucket_words(day, unit), "stories": n, "first": day}
            for day, n in summed.items()
        ]
    made = {
        "trend": _table(
            "trend", trend, 1, anchor=lambda row: f"time-{row['first']}",
            counted=lambda row: search_address(entity=asked.named, **_days_of(row["first"], unit)),
        ),
        "as_source": _table(
            "as-source", answer.tables["as-source"], 6,
            counted=lambda row: dyad_address(row["own"], row["target"]),
        ),
        "as_target": _table(
            "as-target", answer.tables["as-target"], 6,
            counted=lambda row: dyad_address(row["source"], row["own"]),
        ),
    }  # fmt: skip
    values = {
        "page": "entity",
        "unit": unit,
        "time_chart": chart,
        "made": made,
        "older": asked.address(before=answer.more) if answer.more else "",
        "search_address": search_address(entity=asked.named),
    }
    return LivePage("live/entity.html.j2", printable(answer.facts["name"]), answer, values)


def dyad(questions: Questions, asked: Asked) -> LivePage:
    """Return what two did to one another."""
    source, target = asked.given.get("source", ""), asked.given.get("target", "")
    if not source.strip() or not target.strip():
        raise WrongQuestionError("say both source and target: codes of countries, or names")
    answer = questions.dyad(source, target, asked.filters)
    names = [
        country_with_code(one) if answer.facts["by_country"] else one for one in (source, target)
    ]
    ends = {"to": (source, target), "from": (target, source)}
    given = {"act": asked.filters.act, "from": asked.filters.first, "to": asked.filters.last}

    def narrowed(row: Row, **changes: object) -> str:
        one, other = ends[row["direction"]]
        return dyad_address(one, other, **{**given, **changes})

    over_time = answer.tables["over-time"]
    days = [date.fromisoformat(row["bucket"]) for row in over_time]
    unit = unit_of(min(days, default=None), max(days, default=None))
    buckets = buckets_between(min(days, default=None), max(days, default=None), unit)
    balances, changes = [], []
    for direction, caption in (("to", names), ("from", names[::-1])):
        summed: dict[date, dict[str, Any]] = {}
        for row in over_time:
            if row["direction"] != direction:
                continue
            bucket = bucket_of(date.fromisoformat(row["bucket"]), unit)
            one = summed.setdefault(bucket, dict.fromkeys(("quad1", "quad2", "quad3", "quad4"), 0))
            for quad in tuple(one):
                one[quad] += row[quad]
        if not summed:
            continue
        rows = [{"bucket": bucket, **one} for bucket, one in summed.items()]
        label = f"{caption[0]} towards {caption[1]}"
        chart = charts.balance(direction, rows, buckets, unit, f"What {label} does over time")
        balances.append((label, chart))
        changes += [
            {
                **row,
                **{"direction": direction, "first": row["bucket"]},
                "bucket": charts.bucket_words(row["bucket"], unit),
                "events": sum(row[f"quad{quad}"] for quad in QUAD_CLASSES),
                "label": label,
            }
            for row in rows
        ]
    labels = {"to": f"{names[0]} → {names[1]}", "from": f"{names[1]} → {names[0]}"}
    made = {
        "over_time": _table(
            "over-time", changes, 5, anchor=lambda row: f"series-{row['direction']}-{row['first']}",
            labels=labels, counted=lambda row: narrowed(row, **_days_of(row["first"], unit)),
        ),
        "acts": _table(
            "acts", answer.tables["acts"], 2, labels=labels,
            counted=lambda row: narrowed(row, act=row["root"]),
        ),
        "events": _table("events", answer.tables["events"], 1),
    }  # fmt: skip
    values = {
        "page": "dyad",
        "names": names,
        "quads": QUAD_CLASSES,
        "balances": balances,
        "acts": tuple(names_of_roots().items()),
        "whole": dyad_address(source, target),
        "made": made,
        "older": asked.address(before=answer.more) if answer.more else "",
    }
    return LivePage("live/dyad.html.j2", printable(" and ".join(names)), answer, values)


def world_map(questions: Questions, asked: Asked) -> LivePage:
    """Return where it happened, and between which countries."""
    answer = questions.map(asked.filters)
    countries_counted = [{**row, "n": row["stories"]} for row in answer.tables["countries"]]
    places = [{**row, "n": row["events"]} for row in answer.tables["places"]]
    states = [{**row, "n": row["events"]} for row in answer.tables["between-countries"]]
    days = {"from": asked.filters.first, "to": asked.filters.last}
    made = {
        "countries": _table(
            "countries", countries_counted, 1, anchor=lambda row: f"country-{row['country']}",
            counted=lambda row: search_address(country=row["country"], **days),
        ),
        "places": _table(
            "places", places, 7, anchor="place",
            counted=lambda row: search_address(place=row["place_id"], **days),
        ),
        "between_countries": _table(
            "between-countries", states, 5,
            anchor=lambda row: f"states-{row['source']}-{row['target']}",
            counted=lambda row: dyad_address(row["source"], row["target"], **days),
        ),
    }  # fmt: skip
    names = dict(names_of_countries())
    for row in states:
        for side in ("source", "target"):
            names.setdefault(row[side], row[side])
    values = {
        "page": "map",
        "map_chart": charts.world_map(countries_counted, places, names),
        "matrix_chart": charts.matrix(states, names) if states else None,
        "made": made,
    }
    return LivePage("live/map.html.j2", "Map", answer, values)


def entity_address(entity_id: str) -> str:
    """Return the page of an entity."""
    return f"/entity/{quote(entity_id, safe=':')}"


def story_address(revision_id: str) -> str:
    """Return the page of a story or of one of its revisions."""
    return f"/story/{quote(revision_id, safe=':')}"


def dyad_address(source: str, target: str, **filters: object) -> str:
    """Return the page of who does what to whom, narrowed by `filters` that are not empty."""
    given = {name: value for name, value in filters.items() if value}
    return f"/dyad?{urlencode({'source': source, 'target': target, **given})}"


def search_address(**filters: object) -> str:
    """Return the search for stories with all of the filters that are not empty."""
    given = urlencode({name: value for name, value in filters.items() if value})
    return f"/search?{given}" if given else "/search"


def _days_of(first: date, unit: Unit) -> dict[str, object]:
    """Return the first and the last day of a bucket, as filters."""
    return {"from": first, "to": last_day_of(first, unit)}


def _named_story(row: Row) -> str:
    return search_address(entity=row["entity_id"])


def time_words(published: str | datetime | None) -> str:
    """Return a time to the minute, in UTC."""
    if published is None:
        return "no date"
    text = published if isinstance(published, str) else published.isoformat()
    return text[:16].replace("T", " ")


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old is what is shown, in words."""

    newest: str
    committed: str
    asked: str
    stories: int | None
    is_behind: bool
    error: str


def freshness(
    state: CopyState, newest_published: str | None, now: datetime, stories: int | None = None
) -> Freshness:
    """Return how old the copy and its newest story are at `now`, with how many `stories` it has."""
    asked = now - moment_of(state.checked_at)
    committed = state.lake_committed_at
    newest_words = "without a date" if state.total else "none"
    if newest_published is not None:
        published = datetime.fromisoformat(newest_published)
        age = f", {_length(now - published)} ago" if published <= now else ""
        newest_words = f"{time_words(published)} UTC{age}"
    return Freshness(
        newest_words,
        "none" if committed is None else f"{time_words(moment_of(committed))} UTC",
        _length(asked) if state.checked_at else "a while",
        stories,
        not state.checked_at or asked.total_seconds() > _BEHIND_S,
        state.error,
    )


def _length(passed: timedelta) -> str:
    seconds = max(0, round(passed.total_seconds()))
    for size, word in (
        (31_536_000, "year"),
        (86400, "day"),
        (3600, "hour"),
        (60, "minute"),
        (1, "second"),
    ):
        n = seconds // size
        if n or size == 1:
            return f"{n} {word}{'' if n == 1 else 's'}"
    return ""


def _mark(row: Row) -> str:
    return "in force" if row["is_current"] else "earlier"


def _compared(asked: Asked, shown: Shown, revisions: Sequence[Row]) -> dict[str, Any]:
    """Say what changed between the revisions that the address names, else to the one before."""
    by_id = {row["revision_id"]: row for row in revisions}
    ids = list(by_id)
    new = asked.given.get("new", "")
    if new not in by_id:
        new = shown.story["revision_id"]
    at = ids.index(new)
    old = asked.given.get("old", "")
    if old not in by_id:
        old = ids[at + 1] if at + 1 < len(ids) else ids[0]
    if len(ids) < 2 or old == new:
        return {"old": old, "new": new, "paragraphs": (), "differ": False}
    before, after = (unpacked(by_id[one]["shown"]).story for one in (old, new))
    found = changes(before, after)
    return {
        **{"old": old, "new": new, "paragraphs": found},
        "differ": any(not paragraph.left_out for paragraph in found),
    }


def _event(row: Row, shown: Shown) -> dict[str, Any]:
    labels = {side: label_of(row, side) for side in ("source", "target")}
    return {
        **row,
        **labels,
        **{"quad": row["quad_class"], "date": shown.story["date"]},
        "headline": shown.story["headline"],
    }


_HEADS: Mapping[str, tuple[str, ...]] = {
    "by-time": ("day", "regions", "stories"),
    "countries": ("country", "code", "stories"),
    "persons": ("name", "role", "country", "stories"),
    "bodies": ("name", "role", "country", "stories"),
    "dyads": ("source", "target", "Goldstein", *_QUAD_HEADS, "events"),
    "trend": ("time", "stories"),
    "as-source": ("target", "Goldstein", *_QUAD_HEADS, "events"),
    "as-target": ("source", "Goldstein", *_QUAD_HEADS, "events"),
    "over-time": ("direction", "time", *_QUAD_HEADS, "events"),
    "acts": ("direction", "act", "Goldstein", "events"),
    "events": ("day", "source", "act", "target", "sentence", "story", "sure"),
    "names": ("name", "kind", "role", "country", "stories"),
    "revisions": ("published", "committed", "which", "headline", "revision"),
    "places": (
        *("place", "country", "exact to", "latitude", "longitude"),
        *(*_QUAD_HEADS, "events"),
    ),
    "between-countries": ("source", "target", *_QUAD_HEADS, "events"),
}


def _table(
    name: str,
    rows: Sequence[Row],
    numbers: int,
    *,
    anchor: Callable[[Row], str] | str | None = None,
    labels: Mapping[str, str] | None = None,
    counted: Callable[[Row], str] | None = None,
) -> Table:
    """Return a table of a page; `anchor` gives the ids that a chart leads to.

    `counted` gives the page of what the last column counts.
    """
    made = []
    for index, row in enumerate(rows, start=1):
        own = anchor(row) if callable(anchor) else f"{anchor or name}-{index}"
        cells = _cells(name, row, labels or {})
        if counted is not None:
            cells = (*cells[:-1], _link(counted(row), cells[-1]))
        made.append(TableRow(own, cells))
    heads = _HEADS[name]
    return Table(name, heads, min(numbers, len(heads)), tuple(made), "")


def _by_time(rows: Sequence[Row]) -> Table:
    """Group stories by day, its regions in words."""
    of_day: dict[str, list[Row]] = {}
    for row in rows:
        of_day.setdefault(row["bucket"], []).append(row)
    made = []
    for day, of_regions in of_day.items():
        named = ", ".join(f"{region_name(row['region'])} {row['stories']}" for row in of_regions)
        n = sum(row["stories"] for row in of_regions)
        linked = _link(search_address(**{"from": day, "to": day}), n)
        made.append(TableRow(f"time-{day}", (day, named, linked)))
    return Table("by-time", _HEADS["by-time"], 1, tuple(made), "")


def _cells(  # noqa: PLR0911, PLR0912 (one line a table)
    name: str, row: Row, labels: Mapping[str, str]
) -> tuple[object, ...]:
    quads = tuple(row.get(f"quad{quad}", 0) for quad in QUAD_CLASSES)
    match name:
        case "countries":
            return row["name"], row["country"], row["stories"]
        case "names":
            linked = _link(entity_address(row["entity_id"]), row["name"])
            return (
                linked,
                row["kind"],
                row["role"],
                country_with_code(row["country"]),
                row["stories"],
            )
        case "persons" | "bodies":
            linked = _link(entity_address(row["entity_id"]), row["name"])
            return linked, row["role"], country_with_code(row["country"]), row["stories"]
        case "dyads":
            goldstein = f"{row['goldstein']:.1f}"
            return row["source"], row["target"], goldstein, *quads, row["events"]
        case "as-source":
            linked = _link(dyad_address(row["own"], row["target"]), row["target"])
            return linked, f"{row['goldstein']:.1f}", *quads, row["events"]
        case "as-target":
            linked = _link(dyad_address(row["source"], row["own"]), row["source"])
            return linked, f"{row['goldstein']:.1f}", *quads, row["events"]
        case "trend":
            return row["bucket"], row["stories"]
        case "over-time":
            return labels[row["direction"]], row["bucket"], *quads, row["events"]
        case "acts":
            root = names_of_roots().get(row["root"], row["root"])
            return labels[row["direction"]], root, f"{row['goldstein']:.1f}", row["events"]
        case "events":
            linked = _link(story_address(row["revision_id"]), row["headline"] or "(no headline)")
            act = names_of_roots().get(row["root"], row["root"])
            who = row["source"], act, row["target"]
            return (
                row["date"] or "no date",
                *who,
                row["sentence"],
                linked,
                f"{row['confidence']:.2f}",
            )
        case "revisions":
            linked = _link(story_address(row["revision_id"]), row["revision_id"][:12])
            times = time_words(row["published_at"]), time_words(row["committed_at"])
            return *times, row["mark"], row["headline"], linked
        case "places":
            where = f"{row['latitude']:.2f}", f"{row['longitude']:.2f}"
            exact = row["exactness"]
            return (
                row["place"],
                country_with_code(row["country"]),
                exact,
                *where,
                *quads,
                row["events"],
            )
        case _:
            return (
                country_with_code(row["source"]),
                country_with_code(row["target"]),
                *quads,
                row["events"],
            )


def _link(address: str, text: object) -> Markup:
    return Markup('<a href="{}" dir="auto">{}</a>').format(address, printable(text))
