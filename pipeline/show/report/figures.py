"""What a report counts, asked of the lake: plain rows, each with stories that it was counted from.

Counted is what may be shown: the view `current` and what belongs to it, at one moment. Of events
only deeds count: what a text denies, holds possible or tells of long ago is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from difflib import get_close_matches
from typing import Any, Literal

import duckdb
import pyarrow as pa

from pipeline import tsv
from pipeline.errors import StoreError, UsageError
from pipeline.show.find import Shown
from pipeline.show.report.cover import MOST_DEEDS, covering, revisions_by_row, weight_of
from pipeline.store.commit.delta import reason
from pipeline.store.read.session import create_views, session
from pipeline.store.read.snapshot import Snapshot, open_snapshot
from pipeline.store.read.views import named_in
from pipeline.store.schema.contract import LINKS, TABLES

Unit = Literal["day", "week", "month", "year", "decade"]
Row = Mapping[str, Any]

UNKNOWN_REGION = "unknown"
"""The region of stories that nothing places."""

_REGIONS = "data/regions.tsv"
_COUNTRIES = "data/countries.tsv"

_MOST_BUCKETS: Mapping[Unit, int] = {"day": 62, "month": 60, "year": 100}
_MOST_SMALL: Mapping[Unit, int] = {"day": 31, "week": 27, "month": 36, "year": 40}
"""Units of time in the order in which they are tried, with how many of each a chart can have."""

_PLACES = 120
_DYADS = 25
_STATES = 12
_NAMES = 12
_SERIES = 6
_LISTED = 100
"""Topics, and pairs of provider and language, with most stories."""

_NEWEST = 200
"""Stories that a page holds where fewer lead to all its figures."""

_EPOCH = "TIMESTAMPTZ '1970-01-01 00:00:00+00'"
_ASKED = 20
"""Candidates asked for behind a figure: several may be of one story, and few are on the page."""

_POOLED = 1500
"""Stories that tell most: of these all are candidates, since each leads to many figures."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a report is on: stories of the days `[first, last]`, of a region, on a country.

    `region` is the slug of an M49 sub-region, `country` an ISO 3166-1 alpha-3 code; a story belongs
    to all regions and countries that it is about. None leaves open. With a day given, stories
    without a date are left out.
    """

    first: date | None = None
    last: date | None = None
    region: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """All that a report shows, as rows; `behind` of a row names revisions that it was counted from.

    `stories` are those that serve most figures first, so that a page that has no room for all keeps
    them. `total` counts `stories`, `undated`, `providers`, `languages`, `entities` (one a story
    that names it), `names` (each once), `events` (deeds) and tells `first`, `last` (days),
    `newest_published` and `newest_committed`. `buckets` are the first days of the equal `unit`s
    that the report's time is cut into; `series` has the `small_unit_of` that time.
    """

    scope: Scope
    as_of: datetime
    total: Row
    unit: Unit
    buckets: tuple[date, ...]
    stories_by_time: tuple[Row, ...]
    undated: tuple[Row, ...]
    regions: tuple[Row, ...]
    countries: tuple[Row, ...]
    places: tuple[Row, ...]
    dyads: tuple[Row, ...]
    states: tuple[Row, ...]
    series: tuple[Row, ...]
    persons: tuple[Row, ...]
    bodies: tuple[Row, ...]
    topics: tuple[Row, ...]
    providers: tuple[Row, ...]
    rejects: tuple[Row, ...]
    stories: tuple[Shown, ...]


def figures(
    lake_url: str,
    options: Mapping[str, str] | None,
    scope: Scope,
    as_of: datetime,
    *,
    most_stories: int | None = None,
    memory_mb: int = 1024,
) -> Figures:
    """Return the figures of the lake at `as_of`, with the stories behind them.

    Those come first of which few lead to all figures, then the newest up to 200; `most_stories`
    limits both. DuckDB keeps to `memory_mb` and spills above. Raises `UsageError` where there is no
    lake, for days in the wrong order and for a region or country that there is not; `StoreError`
    where the lake cannot be read.
    """
    if scope.first and scope.last and scope.last < scope.first:
        raise UsageError("the last day is before the first", first=scope.first, last=scope.last)
    _check("region", scope.region, {row[0] for row in tsv.rows("pipeline.enrich", _REGIONS)})
    _check("country", scope.country, {row[0] for row in tsv.rows("pipeline.enrich", _COUNTRIES)})
    snapshot = open_snapshot(lake_url, options)
    try:
        with _opened(snapshot, as_of, memory_mb) as connection:
            return _Asked(connection, scope, as_of).figures(most_stories)
    except (duckdb.Error, pa.ArrowInvalid, OSError) as error:
        raise StoreError("the lake cannot be read", lake=lake_url, reason=reason(error)) from error


def _check(name: str, given: str | None, known: set[str]) -> None:
    if given is None or given in known or given == UNKNOWN_REGION:
        return
    close = ", ".join(get_close_matches(given, sorted(known), n=3)) or "see docs/regions.md"
    raise UsageError(f"there is no such {name}", given=given, close=close)


@contextmanager
def _opened(
    snapshot: Snapshot, as_of: datetime, memory_mb: int
) -> Iterator[duckdb.DuckDBPyConnection]:
    tables = (*TABLES, LINKS)
    with session(snapshot, tables, memory_mb=memory_mb, threads=2) as connection:
        create_views(connection, snapshot, as_of, named_in("current, open_rejects"))
        yield connection


@dataclass(frozen=True, slots=True)
class _Asked:
    """The lake's answers; stories, names and deeds of the scope are held as temporary tables."""

    connection: duckdb.DuckDBPyConnection
    scope: Scope
    as_of: datetime

    def figures(self, most_stories: int | None) -> Figures:
        self._gather()
        self._pool()
        total = self._total()
        unit = unit_of(total["first"], total["last"])
        buckets = buckets_between(total["first"], total["last"], unit)
        found: dict[str, tuple[Row, ...]] = {
            "stories_by_time": self._stories_by_time(unit),
            "undated": self._undated(),
            "regions": self._regions(),
            "countries": self._countries(),
            "places": self._places(),
            "dyads": self._dyads(),
            "states": self._states(),
            "series": self._series(small_unit_of(total["first"], total["last"])),
            "persons": self._named("kind = 'PERSON'", unit),
            "bodies": self._named("kind = 'ORG'", unit),
            "topics": self._topics(),
            "providers": self._providers(),
        }
        return Figures(
            **found,
            scope=self.scope,
            as_of=self.as_of,
            total=total,
            unit=unit,
            buckets=buckets,
            rejects=self._rejects(),
            stories=self._shown(self._chosen(found, most_stories)),
        )

    def _rows(self, sql: str) -> tuple[Row, ...]:
        return tuple(self.connection.sql(sql).to_arrow_table().to_pylist())

    def _gather(self) -> None:
        """Make the temporary tables; what rows of older lakes lack is taken from what they have."""
        scope = self.scope
        self.connection.execute(
            f"""
            CREATE TEMP TABLE told AS
            SELECT story_id, revision_id, enrichment_id, record_source, record_offset, record_item,
              date, region, regions, countries, provider, language, topics,
              coalesce(published_at, {_EPOCH}) AS published_at
            FROM current
            WHERE ($first IS NULL OR date >= $first) AND ($last IS NULL OR date <= $last)
              AND ($region IS NULL OR region = $region OR list_contains(regions, $region))
              AND ($country IS NULL OR list_contains(countries, $country))
            """,
            {
                "first": scope.first,
                "last": scope.last,
                "region": scope.region,
                "country": scope.country,
            },
        )
        same = _JOINED.format("told")
        self.connection.execute(
            f"""
            CREATE TEMP TABLE named AS
            SELECT coalesce(r.entity_id, r.kind || ':' || r.name) AS entity_id,
              r.name, r.kind, r.country, r.role, r.mention_count, r.salience,
              t.revision_id, t.date, t.published_at
            FROM entities AS r {same}
            """
        )
        self.connection.execute(
            f"""
            CREATE TEMP TABLE deeds AS
            SELECT r.* REPLACE (
                coalesce(r.source_label, r.source_name, r.source_text) AS source_label,
                coalesce(r.target_label, r.target_name, r.target_text) AS target_label
              ), t.published_at
            FROM events AS r {same}
            WHERE NOT r.negated AND NOT r.hypothetical AND NOT coalesce(r.historical, false)
            """
        )

    def _pool(self) -> None:
        """Make the table of the stories that tell most."""
        self.connection.execute(
            f"""
            CREATE TEMP TABLE pool AS
            SELECT told.revision_id FROM told LEFT JOIN (
              SELECT revision_id, count(*) AS n FROM deeds GROUP BY revision_id
            ) AS done USING (revision_id)
            ORDER BY
              3 * least(coalesce(done.n, 0), {MOST_DEEDS}) + coalesce(len(countries), 0) DESC,
              published_at DESC, told.revision_id
            LIMIT {_POOLED}
            """
        )
        for table in ("told", "named", "deeds"):
            self.connection.execute(
                f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT r.*, p.revision_id IS NOT NULL "
                f"AS pooled FROM {table} AS r LEFT JOIN pool AS p USING (revision_id)"
            )

    def _total(self) -> Row:
        (total,) = self._rows(
            f"""
            SELECT count(*) AS stories, count(*) FILTER (date IS NULL) AS undated,
              count(DISTINCT provider) AS providers, count(DISTINCT language) AS languages,
              min(date) AS first, max(date) AS last,
              nullif(max(published_at), {_EPOCH}) AS newest_published,
              (SELECT count(*) FROM named) AS entities,
              (SELECT count(DISTINCT entity_id) FROM named) AS names,
              (SELECT count(*) FROM deeds) AS events,
              (SELECT max(committed_at) FROM ledger) AS newest_committed
            FROM told
            """
        )
        return total

    def _stories_by_time(self, unit: Unit) -> tuple[Row, ...]:
        return self._rows(
            f"""
            SELECT {_bucket(unit)} AS bucket, region, count(*) AS n, {_newest()} AS behind
            FROM told WHERE date IS NOT NULL GROUP BY ALL ORDER BY bucket, region
            """
        )

    def _undated(self) -> tuple[Row, ...]:
        return self._rows(
            f"SELECT count(*) AS n, {_newest()} AS behind FROM told WHERE date IS NULL "
            "HAVING count(*) > 0"
        )

    def _regions(self) -> tuple[Row, ...]:
        return self._rows(
            f"SELECT region, count(*) AS n, {_newest()} AS behind FROM told "
            "GROUP BY ALL ORDER BY n DESC, region"
        )

    def _countries(self) -> tuple[Row, ...]:
        return self._rows(
            f"""
            SELECT country, count(*) AS n, {_newest()} AS behind
            FROM (SELECT unnest(countries) AS country, revision_id, published_at, pooled FROM told)
            GROUP BY ALL ORDER BY n DESC, country
            """
        )

    def _places(self) -> tuple[Row, ...]:
        return self._rows(
            f"""
            SELECT place_geonames_id AS geonames_id, place, place_country AS country,
              place_exactness AS exactness, any_value(place_latitude) AS latitude,
              any_value(place_longitude) AS longitude, count(*) AS n, {_QUADS},
              {_surest()} AS behind
            FROM deeds WHERE place_latitude IS NOT NULL
            GROUP BY ALL ORDER BY n DESC, place, country, geonames_id LIMIT {_PLACES}
            """
        )

    def _dyads(self) -> tuple[Row, ...]:
        return self._rows(
            f"""
            SELECT source_label AS source, source_country, target_label AS target, target_country,
              count(*) AS n, {_QUADS}, avg(goldstein) AS goldstein,
              list(DISTINCT root ORDER BY root) AS roots, {_surest()} AS behind
            FROM deeds WHERE source_label IS NOT NULL AND target_label IS NOT NULL
            GROUP BY ALL ORDER BY n DESC, source, target, source_country, target_country
            LIMIT {_DYADS}
            """
        )

    def _states(self) -> tuple[Row, ...]:
        """Deeds between the countries that act and are acted upon most."""
        return self._rows(
            f"""
            WITH between_states AS (
              SELECT * FROM deeds WHERE source_country IS NOT NULL AND target_country IS NOT NULL
            ), most AS (
              SELECT country FROM (
                SELECT source_country AS country FROM between_states
                UNION ALL SELECT target_country FROM between_states
              ) GROUP BY country ORDER BY count(*) DESC, country LIMIT {_STATES}
            )
            SELECT source_country AS source, target_country AS target, count(*) AS n, {_QUADS},
              {_surest()} AS behind
            FROM between_states
            WHERE source_country IN (FROM most) AND target_country IN (FROM most)
            GROUP BY ALL ORDER BY n DESC, source, target
            """
        )

    def _series(self, unit: Unit) -> tuple[Row, ...]:
        """Deeds over time of the countries that have a part in most."""
        return self._rows(
            f"""
            WITH parts AS (
              SELECT DISTINCT unnest([source_country, target_country]) AS country, event_id,
                revision_id, date, quad_class, confidence, pooled
              FROM deeds WHERE date IS NOT NULL
            ), most AS (
              SELECT country FROM parts WHERE country IS NOT NULL
              GROUP BY country ORDER BY count(*) DESC, country LIMIT {_SERIES}
            )
            SELECT country, {_bucket(unit)} AS bucket, count(*) AS n, {_QUADS},
              {_surest()} AS behind
            FROM parts WHERE country IN (FROM most) GROUP BY ALL ORDER BY country, bucket
            """
        )

    def _named(self, kinds: str, unit: Unit) -> tuple[Row, ...]:
        """Names in most stories, with how many stories name them in each bucket."""
        return self._rows(
            f"""
            WITH most AS (
              SELECT entity_id, mode(name) AS name, mode(country) AS country, mode(role) AS role,
                count(DISTINCT revision_id) AS n, sum(mention_count) AS mentions,
                {_best("salience")} AS behind
              FROM named WHERE {kinds}
              GROUP BY entity_id ORDER BY n DESC, mentions DESC, name, entity_id LIMIT {_NAMES}
            ), trend AS (
              SELECT entity_id, {_bucket(unit)} AS bucket, count(DISTINCT revision_id) AS n
              FROM named WHERE date IS NOT NULL AND entity_id IN (SELECT entity_id FROM most)
              GROUP BY ALL
            )
            SELECT most.*, (
              SELECT map_from_entries(list((trend.bucket, trend.n) ORDER BY trend.bucket))
              FROM trend WHERE trend.entity_id = most.entity_id
            ) AS trend
            FROM most ORDER BY n DESC, mentions DESC, name, entity_id
            """
        )

    def _topics(self) -> tuple[Row, ...]:
        return self._rows(
            f"""
            SELECT topic.name AS name, topic.code AS code, count(*) AS n, {_newest()} AS behind
            FROM (SELECT unnest(topics) AS topic, revision_id, published_at, pooled FROM told)
            GROUP BY ALL ORDER BY n DESC, name, code LIMIT {_LISTED}
            """
        )

    def _providers(self) -> tuple[Row, ...]:
        return self._rows(
            f"""
            SELECT provider, language, count(*) AS n, {_newest()} AS behind
            FROM told GROUP BY ALL ORDER BY n DESC, provider, language LIMIT {_LISTED}
            """
        )

    def _rejects(self) -> tuple[Row, ...]:
        """Open failures and skips of the whole lake: rejects have no region or country."""
        return self._rows(
            """
            SELECT kind, stage, count(*) AS n, max(message) AS message, true AS failed
            FROM open_rejects GROUP BY ALL
            UNION ALL
            SELECT kind, stage, count(*) AS n, max(message) AS message, false AS failed
            FROM rejects WHERE kind LIKE 'skipped.%' GROUP BY ALL
            ORDER BY failed DESC, n DESC, kind
            """
        )

    def _chosen(self, found: Mapping[str, Sequence[Row]], most: int | None) -> list[str]:
        """Return few revisions that lead to as many figures as can be, then the newest."""
        figures = revisions_by_row(found)
        newest = self._rows(
            f"SELECT revision_id FROM told ORDER BY published_at DESC, revision_id LIMIT {_NEWEST}"
        )
        weights = {
            row["revision_id"]: weight_of(row["n"])
            for row in self._rows(
                "SELECT revision_id, count(*) AS n FROM deeds WHERE pooled GROUP BY revision_id"
            )
        }
        leading = covering(figures, len(figures) if most is None else most, weights)
        chosen = dict.fromkeys([*leading, *(row["revision_id"] for row in newest)])
        return list(chosen)[: max(len(leading), _NEWEST) if most is None else most]

    def _shown(self, revisions: Sequence[str]) -> tuple[Shown, ...]:
        """Return the stories with their entities and events, in the order of `revisions`."""
        wanted = pa.table({"revision_id": pa.array(revisions, pa.string())})
        self.connection.register("wanted", wanted)
        self.connection.execute(
            "CREATE TEMP TABLE chosen AS "
            "SELECT t.* FROM told AS t SEMI JOIN wanted USING (revision_id)"
        )
        same = _JOINED.format("chosen")
        order = {revision: place for place, revision in enumerate(revisions)}
        stories = sorted(
            self._rows(f"SELECT r.* EXCLUDE (raw) FROM stories AS r {same}"),
            key=lambda story: order[story["revision_id"]],
        )
        entities = _by_revision(
            self._rows(
                f"SELECT r.* FROM entities AS r {same} ORDER BY r.salience DESC, r.name, r.kind"
            )
        )
        events = _by_revision(
            self._rows(f"SELECT r.* FROM events AS r {same} ORDER BY r.trigger_start, r.event_id")
        )
        return tuple(
            Shown(
                story,
                tuple(entities.get(story["revision_id"], ())),
                tuple(events.get(story["revision_id"], ())),
            )
            for story in stories
        )


def revisions_behind(row: Row) -> list[str]:
    """Return the revisions that a row names, each once, the best first."""
    return list(dict.fromkeys(row["behind"] or ()))


def bucket_of(day: date, unit: Unit) -> date:
    """Return the first day of the day, week, month, year or decade that `day` lies in."""
    match unit:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday()) if day.toordinal() > day.weekday() else day
        case "month":
            return day.replace(day=1)
        case "year":
            return day.replace(month=1, day=1)
        case _:
            return date(max(1, day.year // 10 * 10), 1, 1)


def last_day_of(bucket: date, unit: Unit) -> date:
    """Return the last day of the bucket that begins with `bucket`."""
    if unit == "decade" and bucket.year // 10 == date.max.year // 10:
        return date.max
    if unit != "decade" and bucket_of(date.max, unit) == bucket:
        return date.max
    return _next(bucket, unit) - timedelta(days=1)


_JOINED = """
JOIN {} AS t ON r.revision_id = t.revision_id AND r.enrichment_id = t.enrichment_id
  AND r.source = t.record_source AND r.offset = t.record_offset AND r.item = t.record_item
  AND r.date IS NOT DISTINCT FROM t.date AND r.region = t.region"""
"""Joins rows of a table to their stories; the partitions let it leave out files."""

_QUADS = ", ".join(f"count(*) FILTER (quad_class = {quad}) AS quad{quad}" for quad in (1, 2, 3, 4))


def _newest() -> str:
    return _best("published_at")


def _surest() -> str:
    return _best("confidence")


def _best(by: str) -> str:
    """Return the SQL of the revisions behind a row: the first by a column, then all pooled."""
    return (
        f"list_concat(max_by(revision_id, ({by}, revision_id), {_ASKED}), "
        "coalesce(list(DISTINCT revision_id ORDER BY revision_id) FILTER (pooled), []))"
    )


def _bucket(unit: Unit) -> str:
    return f"greatest(date_trunc('{unit}', date)::DATE, DATE '0001-01-01')"


def _by_revision(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["revision_id"], []).append(row)
    return found


def unit_of(first: date | None, last: date | None) -> Unit:
    """Return what the time between two days is cut into."""
    return _unit(first, last, _MOST_BUCKETS)


def small_unit_of(first: date | None, last: date | None) -> Unit:
    """Return what it is cut into where several charts stand beside one another."""
    return _unit(first, last, _MOST_SMALL)


def _unit(first: date | None, last: date | None, limits: Mapping[Unit, int]) -> Unit:
    if first is None or last is None:
        return "day"
    days, months = (last - first).days, (last.year - first.year) * 12 + last.month - first.month
    counts: Mapping[Unit, int] = {
        **{"day": days + 1, "week": days // 7 + 1},
        **{"month": months + 1, "year": last.year - first.year + 1},
    }
    return next((unit for unit, most in limits.items() if counts[unit] <= most), "decade")


def buckets_between(first: date | None, last: date | None, unit: Unit) -> tuple[date, ...]:
    """Return the first days of the units from one day to another."""
    if first is None or last is None:
        return ()
    buckets = [bucket_of(first, unit)]
    while buckets[-1] < bucket_of(last, unit):
        buckets.append(_next(buckets[-1], unit))
    return tuple(buckets)


def _next(day: date, unit: Unit) -> date:
    if unit in ("day", "week"):
        return day + timedelta(days=1 if unit == "day" else 7)
    if unit == "month":
        return bucket_of(day + timedelta(days=31), unit)
    return date(day.year + (1 if unit == "year" else 10 - day.year % 10), 1, 1)
