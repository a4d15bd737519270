"""Asks the copy what a page shows: each answer is of one moment, and is given up in time."""

from __future__ import annotations

import json
import queue
import sqlite3
import time
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock_time
from pathlib import Path
from typing import Any

from pipeline.clock import Clock
from pipeline.serve.columns import Answer
from pipeline.serve.copy import live_copy
from pipeline.serve.copy.copied_rows import ALL, APART, UNDATED, first_number, unpacked
from pipeline.serve.copy.follow import microseconds
from pipeline.serve.copy.live_copy import CopyState
from pipeline.serve.copy.words import MOST_WORDS, asked_words
from pipeline.serve.filters import Filters
from pipeline.show.find import Shown
from pipeline.store.codes.codes import names_of_countries

MOST_STORIES = 10_000
"""Stories found are counted up to here."""

_STEPS = 20_000
"""Of SQLite's machine, between two looks at the clock."""

_WAIT_S = 2.0
_AGAIN_S = 0.02
_RECENT_DAYS = 7
_CHART_DAYS = 30
_PLACES = 150
_TOP = 12
_MONTH = len("2026-11")
_STATES = 12
_REVISIONS = 200
_OF_NAME = {"entity": "name", "entity_id": "entity_id"}
_NOBODY: Mapping[str, None] = dict.fromkeys(_OF_NAME)
_NAMES_LOOKED_AT = 2000
_STORIES = (
    "(SELECT coalesce(sum(c.n), 0) FROM counts AS c WHERE c.what IN ('person', 'body', 'name')"
    f" AND c.key = n.entity_id AND c.bucket = '{ALL}') AS stories"
)
_QUAD_NAMES = ("quad1", "quad2", "quad3", "quad4")
_QUADS = ", ".join(f"sum({name}) AS {name}" for name in _QUAD_NAMES)
_STORY = (
    "s.id, s.date, s.published_at, s.precision, s.headline, s.beginning, s.region, s.provider,"
    " s.language, s.story_id, s.revision_id, s.committed_at"
)
_FREE = "(s.embargo_until IS NULL OR s.embargo_until <= :now)"


class NotReadyError(Exception):
    """The copy is being made, or brought over a moment at which something has to be hidden."""

    def __init__(self, state: CopyState) -> None:
        super().__init__("the copy is not ready")
        self.state = state


class TooSlowError(Exception):
    """The answer took longer than allowed, or no connection came free."""


class NothingThereError(Exception):
    """Nothing of that name may be shown."""


@dataclass(slots=True)
class Copy:
    """Holds connections to the copy at `path`, `most` at once; questions end after `most_s`."""

    path: Path
    clock: Clock
    most: int = 4
    most_s: float = 5.0
    _free: queue.SimpleQueue[sqlite3.Connection] | None = None

    @contextmanager
    def asking(self) -> Iterator[Questions]:
        """Give questions that are all of one moment of the copy.

        Raises `NotReadyError` where the copy is not whole, or an embargo has ended that it does not
        know of yet; `TooSlowError` for what takes too long.
        """
        if not self.path.exists():
            raise NotReadyError(CopyState())
        if self._free is None:
            free: queue.SimpleQueue[sqlite3.Connection] = queue.SimpleQueue()
            for _ in range(self.most):
                free.put(live_copy.open_readonly(self.path))
            self._free = free
        free = self._free
        try:
            connection = free.get(timeout=self.most_s)
        except queue.Empty:
            raise TooSlowError from None
        ends = time.monotonic() + self.most_s
        connection.set_progress_handler(lambda: time.monotonic() > ends, _STEPS)
        try:
            yield self._begun(connection)
        except sqlite3.OperationalError as error:
            if str(error) == "interrupted":
                raise TooSlowError from error
            raise
        finally:
            connection.set_progress_handler(None, 0)
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            free.put(connection)

    def _begun(self, connection: sqlite3.Connection) -> Questions:
        """Begin a moment of the copy; wait for one in which every embargo is as it is now."""
        ends = time.monotonic() + _WAIT_S
        while True:
            connection.execute("BEGIN")
            now = self.clock()
            state = _state(connection)
            is_due = state.next_change is not None and state.next_change <= microseconds(now)
            if state.ready and not is_due:
                return Questions(connection, state, now)
            connection.execute("ROLLBACK")
            if not state.ready or time.monotonic() > ends:
                raise NotReadyError(state)
            time.sleep(_AGAIN_S)

    def state(self) -> CopyState:
        """Return how far the copy is; that of an empty one where there is none."""
        if not self.path.exists():
            return CopyState()
        connection = live_copy.open_readonly(self.path)
        try:
            return _state(connection)
        finally:
            connection.close()

    def close(self) -> None:
        """Close the connections that are free."""
        while self._free is not None and not self._free.empty():
            self._free.get().close()


def _state(connection: sqlite3.Connection) -> CopyState:
    try:
        return live_copy.state(connection)
    except sqlite3.OperationalError:
        return CopyState()  # its tables are not made yet


@dataclass(frozen=True, slots=True)
class Questions:
    """What may be asked of one moment of the copy."""

    connection: sqlite3.Connection
    state: CopyState
    now: datetime

    def _rows(self, sql: str, **values: object) -> list[dict[str, Any]]:
        return [dict(row) for row in self.connection.execute(sql, values)]

    def _one(self, sql: str, **values: object) -> dict[str, Any] | None:
        found = self._rows(sql, **values)
        return found[0] if found else None

    def newest(self) -> Answer:
        """Return the newest stories, with figures of the last days that have any."""
        stories = self._newest(40)
        last = self._last_day()
        recent = () if last is None else _days(last, _RECENT_DAYS)
        chart = () if last is None else _days(last, _CHART_DAYS)
        total = self._totals()
        (seq,) = self.connection.execute("SELECT coalesce(max(seq), 0) FROM arrivals").fetchone()
        return Answer(
            {
                "stories": stories,
                "by-time": self._by_time(chart),
                "countries": self._countries(recent, _TOP),
                "persons": self._named("person", recent),
                "bodies": self._named("body", recent),
                "dyads": self._dyads(recent),
            },
            {**total, "last_day": last and last.isoformat(), "days": _RECENT_DAYS, "arrival": seq},
        )

    def newest_alone(self) -> Answer:
        """Return the newest stories and the totals, without the figures of days."""
        (seq,) = self.connection.execute("SELECT coalesce(max(seq), 0) FROM arrivals").fetchone()
        return Answer({"stories": self._newest(40)}, {**self._totals(), "arrival": seq})

    def newest_published(self) -> str | None:
        """Return when the newest story was published, in ISO 8601."""
        return live_copy.newest_published(self.connection)

    def number_of_stories(self) -> int:
        """Return how many stories there are, each counted once however many revisions it has."""
        return self._totals()["stories"]

    def _newest(self, limit: int) -> list[dict[str, Any]]:
        return self._rows(
            f"SELECT {_STORY} FROM stories AS s WHERE s.is_current AND {_FREE}"
            " ORDER BY s.id DESC LIMIT :limit",
            limit=limit,
            now=microseconds(self.now),
        )

    def arrived(self, after: int, limit: int) -> tuple[list[dict[str, Any]], int]:
        """Return the stories that came after the arrival of that number, and the last number."""
        rows = self._rows(
            f"SELECT a.seq, {_STORY} FROM arrivals AS a JOIN stories AS s ON s.id = a.id"
            f" WHERE a.seq > :after AND s.is_current AND {_FREE} ORDER BY a.seq DESC LIMIT :limit",
            after=after,
            limit=limit,
            now=microseconds(self.now),
        )
        return rows[::-1], max((row["seq"] for row in rows), default=after)

    def found(self, filters: Filters) -> Answer:
        """Return the stories that the filters leave, the newest first."""
        named: list[dict[str, Any]] = []
        if filters.entity:
            named = self._named_as(filters.entity)
            if not named:
                near = self.names(filters.entity)
                return Answer(
                    {"stories": [], "names": near}, {"found": 0, "is_more": False, **_NOBODY}
                )
        match = filters.match([row["entity"] for row in named])
        low, high = _numbers(filters)
        high_page = high if filters.before is None else min(high, filters.before)
        if match:
            source, number = "search JOIN stories AS s ON s.id = search.rowid", "search.rowid"
            where, counted = "search MATCH :match", "search"
        else:
            source, number = "stories AS s", "s.id"
            where, counted = "s.is_current", "stories AS s"
        where = f"{where} AND {number} >= :low AND {number} < :high"
        values = {"match": match, "low": low, "now": microseconds(self.now)}
        rows = self._rows(
            f"SELECT {_STORY} FROM {source} WHERE {where} AND {_FREE}"
            f" ORDER BY {number} DESC LIMIT :limit",
            **values,
            high=high_page,
            limit=filters.limit + 1,
        )
        count = self._one(
            f"SELECT count(*) AS n FROM"
            f" (SELECT 1 FROM {counted} WHERE {where} LIMIT {MOST_STORIES + 1})",
            **values,
            high=high,
        )
        assert count is not None  # noqa: S101 (a count has a row)
        more = rows[filters.limit - 1]["id"] if len(rows) > filters.limit else None
        return Answer(
            {"stories": rows[: filters.limit], "names": named if len(named) > 1 else []},
            {
                "found": min(count["n"], MOST_STORIES),
                "is_more": count["n"] > MOST_STORIES,
                **({key: named[0][_OF_NAME[key]] for key in _NOBODY} if named else _NOBODY),
            },
            more,
        )

    def story(self, wanted: str) -> tuple[Shown, list[dict[str, Any]]]:
        """Return a revision by its id, or the one in force of a family, and all its revisions.

        Raises `NothingThereError` for one that is not there or may not be shown.
        """
        family = self._one(
            "SELECT story_id FROM stories WHERE story_id = :it OR revision_id = :it LIMIT 1",
            it=wanted,
        )
        if family is None:
            raise NothingThereError
        revisions = self._rows(
            f"SELECT s.revision_id, s.published_at, s.committed_at, s.is_current, s.headline,"
            f" s.id, s.shown FROM stories AS s WHERE s.story_id = :family AND {_FREE}"
            " ORDER BY s.is_current DESC, s.committed_at DESC, s.id DESC LIMIT :limit",
            family=family["story_id"],
            now=microseconds(self.now),
            limit=_REVISIONS,
        )
        for row in revisions:
            row["is_current"] = bool(row["is_current"])
        chosen = next((row for row in revisions if row["revision_id"] == wanted), None)
        if chosen is None:
            chosen = next((row for row in revisions if row["is_current"]), None)
        if chosen is None:
            raise NothingThereError
        return unpacked(chosen["shown"]), revisions

    def entity(self, entity_id: str, filters: Filters) -> Answer:
        """Return what is told of a name: stories, trend, whom it acts upon, who acts upon it."""
        named = self._one("SELECT * FROM names WHERE entity_id = :id", id=entity_id)
        if named is None:
            raise NothingThereError
        own = Filters(entity=entity_id, before=filters.before, limit=filters.limit)
        stories = self.found(own)
        if not stories.facts["found"]:
            raise NothingThereError
        trend = self._rows(
            "SELECT bucket, sum(n) AS stories FROM counts WHERE what IN ('person', 'body', 'name')"
            f" AND key = :key AND bucket NOT IN ('{ALL}', '{UNDATED}') GROUP BY bucket"
            " ORDER BY bucket",
            key=entity_id,
        )
        labels = self._labels(entity_id)
        partners = {
            "as-source": self._partners(labels, "dyad", "target"),
            "as-target": self._partners(labels, "dyad-of", "source"),
        }
        return Answer(
            {"stories": stories.tables["stories"], "trend": trend, **partners},
            {**stories.facts, **{key: named[key] for key in ("name", "kind", "country", "role")}},
            stories.more,
        )

    def _named_as(self, asked: str) -> list[dict[str, Any]]:
        """Return the name of that id, else all that are written so, those told most first."""
        found = self._rows(
            f"SELECT n.*, {_STORIES} FROM names AS n WHERE entity_id = :it", it=asked
        )
        return found or self._rows(
            f"SELECT n.*, {_STORIES} FROM names AS n WHERE name = :it COLLATE NOCASE"
            f" ORDER BY stories DESC, entity_id LIMIT {_TOP}",
            it=asked.strip(),
        )

    def names(self, asked: str) -> list[dict[str, Any]]:
        """Return names with all words of a text, the last perhaps begun; those told most first."""
        wanted, _ = asked_words(f"{asked.replace(chr(34), ' ').strip()}*")
        if not wanted or len(wanted) > MOST_WORDS:
            return []
        rows = self._rows(
            f"SELECT n.*, {_STORIES} FROM ("
            f"  SELECT rowid FROM name_words WHERE name_words MATCH :match LIMIT {_NAMES_LOOKED_AT}"
            ") AS w JOIN names AS n ON n.entity = w.rowid"
            f" ORDER BY stories DESC, entity_id LIMIT {_TOP}",
            match=" AND ".join(wanted),
        )
        return [row for row in rows if row["stories"]]

    def _labels(self, entity_id: str) -> list[str]:
        """Say what an entity is called where it acts or is acted upon, as its last deeds have
        it."""
        found: dict[str, None] = {}
        for side in ("source", "target"):
            rows = self._rows(
                f"SELECT DISTINCT {side} AS label FROM (SELECT {side} FROM deeds"
                f" WHERE {side}_id = :id ORDER BY id DESC LIMIT 500)",
                id=entity_id,
            )
            found.update((row["label"], None) for row in rows if row["label"])
        return list(found)[:20]

    def _partners(self, labels: Sequence[str], what: str, other: str) -> list[dict[str, Any]]:
        """Say whom an entity acts upon, or who acts upon it, under each of its labels."""
        rows: dict[str, dict[str, Any]] = {}
        for label in labels:
            for row in self._rows(
                f"SELECT key, {', '.join(_QUAD_NAMES)}, n AS events, goldstein / n AS goldstein"
                f" FROM counts WHERE what = :what AND bucket = '{ALL}'"
                " AND key > :low AND key < :high ORDER BY events DESC, key LIMIT 50",
                what=what,
                low=label + APART,
                high=label + chr(ord(APART) + 1),
            ):
                row[other], row["own"] = row["key"].partition(APART)[2], label
                known = rows.get(row[other])
                if known is None or known["events"] < row["events"]:
                    rows[row[other]] = row
        return sorted(rows.values(), key=lambda row: (-row["events"], row[other]))[:25]

    def dyad(self, source: str, target: str, filters: Filters) -> Answer:
        """Return what two did to one another: over time, by act, and sentence by sentence.

        Two codes of countries stand for the countries, anything else for the actors' own names.
        """
        by_country = source in names_of_countries() and target in names_of_countries()
        what = ("source_country", "target_country") if by_country else ("source", "target")
        count = "states" if by_country else "dyad"
        over_time, acts, events = [], [], []
        low, high = _numbers(filters)
        top = min(high, filters.before) if filters.before is not None else high
        directions = [("to", source, target)]
        if source != target:
            directions.append(("from", target, source))
        is_narrowed = bool(filters.act or filters.first or filters.last)
        acted = " AND root = :act" if filters.act else ""
        for direction, one, other in directions:
            ends = {"one": one, "other": other, "low": low, "high": high, "act": filters.act}
            between = (
                f"{what[0]} = :one AND {what[1]} = :other AND id >= :low AND id < :high{acted}"
            )
            if is_narrowed:
                quads = ", ".join(
                    f"sum(quad = {number}) AS {name}"
                    for number, name in enumerate(_QUAD_NAMES, start=1)
                )
                rows = self._rows(
                    f"SELECT date AS bucket, {quads}, count(*) AS events FROM deeds"
                    f" WHERE {between} AND date IS NOT NULL GROUP BY date ORDER BY date",
                    **ends,
                )
            else:
                rows = self._rows(
                    f"SELECT bucket, {_QUADS}, sum(n) AS events FROM counts WHERE what = :what"
                    " AND key = :key AND length(bucket) = 10 GROUP BY bucket ORDER BY bucket",
                    what=count,
                    key=f"{one}{APART}{other}",
                )
            over_time += [{"direction": direction, **row} for row in rows]
            rows = self._rows(
                "SELECT root, avg(goldstein) AS goldstein, count(*) AS events FROM deeds"
                f" WHERE {between} GROUP BY root ORDER BY events DESC, root",
                **ends,
            )
            acts += [{"direction": direction, **row} for row in rows]
            events += self._rows(
                "SELECT d.id, d.n, d.date, d.source, d.source_country, d.root, d.quad,"
                " d.goldstein, d.target, d.target_country, d.place, d.confidence, d.sentence,"
                " s.headline, s.revision_id FROM deeds AS d JOIN stories AS s ON s.id = d.id"
                f" WHERE d.{what[0]} = :one AND d.{what[1]} = :other AND d.id >= :low"
                f" AND d.id < :top{acted} AND {_FREE} ORDER BY d.id DESC LIMIT :limit",
                **{**ends, "top": top},
                now=microseconds(self.now),
                limit=filters.limit + 1,
            )
        is_empty = not over_time and not events and not acts
        if is_empty and not (is_narrowed and self._is_anything_between(count, source, target)):
            raise NothingThereError
        events.sort(key=lambda row: (-row["id"], row["n"]))
        more = events[filters.limit - 1]["id"] if len(events) > filters.limit else None
        return Answer(
            {"events": events[: filters.limit], "over-time": over_time, "acts": acts},
            {"source": source, "target": target, "by_country": by_country},
            more,
        )

    def _is_anything_between(self, what: str, source: str, target: str) -> bool:
        """Say whether anything at all is told of two."""
        return any(
            self._one(
                f"SELECT 1 FROM counts WHERE what = :what AND bucket = '{ALL}' AND key = :key",
                what=what,
                key=f"{one}{APART}{other}",
            )
            for one, other in ((source, target), (target, source))
        )

    def map(self, filters: Filters) -> Answer:
        """Return countries by stories on them, places by events there, and who acts upon whom."""
        buckets = self._range(filters)
        rows = self._places_named_most(buckets)
        places = []
        for row in rows:
            place, country, exactness, latitude, longitude, known = row["key"].split(APART)
            places.append(
                {
                    **{"place": place, "country": country, "exactness": exactness},
                    **{"latitude": float(latitude), "longitude": float(longitude), **row},
                    "place_id": known or place,
                }
            )
        return Answer(
            {
                "countries": self._countries(buckets, 300),
                "places": places,
                "between-countries": self._states(buckets),
            },
            self._totals(buckets),
        )

    def _places_named_most(self, buckets: Sequence[str]) -> list[dict[str, Any]]:
        """Return the places with most events in all buckets together.

        Only the first of each bucket are read, as many as it takes until no other place can be
        among them: one that is in none of these has at most the sum of their last.
        """
        first = 2 * _PLACES
        while True:
            known, ahead, most_unread = Counter[str](), Counter[str](), 0
            for bucket in buckets:
                rows = self._rows(
                    "SELECT key, n FROM counts INDEXED BY most_told_places"
                    " WHERE what = 'place' AND bucket = :bucket ORDER BY n DESC, key LIMIT :first",
                    bucket=bucket,
                    first=first,
                )
                last = rows[-1]["n"] if len(rows) == first else 0
                most_unread += last
                for row in rows:
                    known[row["key"]] += row["n"]
                    ahead[row["key"]] += row["n"] - last
            # What was not read of a place is no more than the last of those buckets.
            least = min((n for _, n in known.most_common(_PLACES)), default=0)
            may_be = (key for key, n in ahead.items() if n + most_unread >= least)
            found = self._summed("place", may_be, buckets)[:_PLACES]
            if not most_unread or (len(found) == _PLACES and found[-1]["events"] > most_unread):
                return found
            first *= 4

    def _summed(
        self, what: str, keys: Iterable[str], buckets: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Return the events of each key in all buckets together, the most first."""
        values, among = _among(buckets)
        return self._rows(
            f"SELECT c.key, {_QUADS}, sum(c.n) AS events FROM json_each(:keys) AS k"
            " CROSS JOIN counts AS c ON c.what = :what AND c.key = k.value"
            f" AND c.bucket IN {among} GROUP BY k.value ORDER BY events DESC, c.key",
            **values,
            what=what,
            keys=json.dumps(sorted(keys)),
        )

    def _states(self, buckets: Sequence[str]) -> list[dict[str, Any]]:
        """Deeds between the countries that act and are acted upon most."""
        values, among = _among(buckets)
        most = [
            row["key"]
            for row in self._rows(
                f"SELECT key FROM counts WHERE what = 'side' AND bucket IN {among}"
                f" GROUP BY {_by_key(buckets)} ORDER BY sum(n) DESC, key LIMIT {_STATES}",
                **values,
            )
        ]
        pairs = [f"{source}{APART}{target}" for source in most for target in most]
        rows = self._summed("states", pairs, buckets)
        for row in rows:
            row["source"], row["target"] = row["key"].split(APART)
        return rows

    def _totals(self, buckets: Sequence[str] = (ALL,)) -> dict[str, int]:
        values, among = _among(buckets)
        rows = self._rows(
            "SELECT what, sum(n) AS n FROM counts WHERE what IN ('stories', 'events', 'entities')"
            f" AND bucket IN {among} GROUP BY what",
            **values,
        )
        return {"stories": 0, "events": 0, "entities": 0, **{row["what"]: row["n"] for row in rows}}

    def _last_day(self) -> date | None:
        found = self._one(
            "SELECT max(bucket) AS day FROM counts WHERE what = 'stories' AND key = ''"
            " AND length(bucket) = 10 AND bucket < :tomorrow",
            tomorrow=(self.now.date() + timedelta(days=2)).isoformat(),
        )
        return None if found is None or found["day"] is None else date.fromisoformat(found["day"])

    def _by_time(self, days: Sequence[str]) -> list[dict[str, Any]]:
        values, among = _among(days)
        return self._rows(
            "SELECT bucket, key AS region, n AS stories FROM counts WHERE what = 'region'"
            f" AND bucket IN {among} ORDER BY bucket, region",
            **values,
        )

    def _countries(self, buckets: Sequence[str], limit: int) -> list[dict[str, Any]]:
        values, among = _among(buckets)
        rows = self._rows(
            "SELECT key AS country, sum(n) AS stories FROM counts WHERE what = 'country'"
            f" AND bucket IN {among} GROUP BY {_by_key(buckets)}"
            " ORDER BY stories DESC, key LIMIT :limit",
            **values,
            limit=limit,
        )
        return [
            {**row, "name": names_of_countries().get(row["country"], row["country"])}
            for row in rows
        ]

    def _named(self, what: str, buckets: Sequence[str]) -> list[dict[str, Any]]:
        values, among = _among(buckets)
        return self._rows(
            "SELECT m.key AS entity_id, n.name, n.role, n.country, m.stories FROM ("
            "  SELECT key, sum(n) AS stories FROM counts WHERE what = :what"
            f"  AND bucket IN {among} GROUP BY {_by_key(buckets)}"
            f" ORDER BY stories DESC, key LIMIT {_TOP}"
            ") AS m JOIN names AS n ON n.entity_id = m.key ORDER BY m.stories DESC, m.key",
            **values,
            what=what,
        )

    def _dyads(self, buckets: Sequence[str]) -> list[dict[str, Any]]:
        values, among = _among(buckets)
        rows = self._rows(
            f"SELECT key, {_QUADS}, sum(n) AS events, sum(goldstein) / sum(n) AS goldstein"
            f" FROM counts WHERE what = 'dyad' AND bucket IN {among}"
            f" GROUP BY {_by_key(buckets)} ORDER BY events DESC, key LIMIT {_TOP}",
            **values,
        )
        for row in rows:
            row["source"], row["target"] = row["key"].split(APART)
        return rows

    def _range(self, filters: Filters) -> tuple[str, ...]:
        """Return the buckets that make up the filters' days: whole months, and days at both
        ends."""
        if filters.first is None and filters.last is None:
            return (ALL,)
        ends = self._one(
            "SELECT min(bucket) AS first, max(bucket) AS last FROM counts WHERE what = 'stories'"
            " AND key = '' AND length(bucket) = 10"
        )
        if ends is None or ends["first"] is None:
            return ()
        first = max(filters.first or date.min, date.fromisoformat(ends["first"]))
        last = min(filters.last or date.max, date.fromisoformat(ends["last"]))
        # Of the months between a story of the year 1 and one of 9999 nearly all are empty.
        months = self._rows(
            "SELECT bucket FROM counts WHERE what = 'stories' AND key = '' AND length(bucket) = 7"
        )
        known = {row["bucket"] for row in months}
        return tuple(b for b in _months_and_days(first, last) if len(b) != _MONTH or b in known)


def _months_and_days(first: date, last: date) -> Iterator[str]:
    """Yield months that lie within, and the days that are in none of them."""
    day = first
    while day <= last:
        month_end = day.replace(day=monthrange(day.year, day.month)[1])
        if day.day == 1 and month_end <= last:
            yield day.isoformat()[:7]
            day = month_end
        else:
            yield day.isoformat()
        if day == date.max:
            return
        day += timedelta(days=1)


def _days(last: date, n: int) -> tuple[str, ...]:
    return tuple((last - timedelta(days=back)).isoformat() for back in range(n))


def _by_key(buckets: Sequence[str]) -> str:
    """Say what counts of several buckets are grouped by.

    The `+` keeps SQLite from the index of one key over time, for which it would go through every
    day (measured over 400,000 stories: 250 ms of processor against 2); one bucket is in order.
    """
    return "key" if len(buckets) == 1 else "+key"


def _among(buckets: Sequence[str]) -> tuple[dict[str, str], str]:
    """Values and the list of their names for an IN."""
    values = {f"b{index}": bucket for index, bucket in enumerate(buckets)}
    return values, f"({', '.join(f':{name}' for name in values)})"


def _numbers(filters: Filters) -> tuple[int, int]:
    """Return the numbers `[low, high)` of stories of the filters' days; the undated without any."""
    low, high = 0, 2**63 - 1
    if filters.first is not None:
        low = first_number(datetime.combine(filters.first, clock_time(), UTC))
    elif filters.last is not None:
        low = first_number(datetime(1, 1, 1, tzinfo=UTC))
    if filters.last is not None and filters.last < date.max:
        following = filters.last + timedelta(days=1)
        high = first_number(datetime.combine(following, clock_time(), UTC))
    return low, high
