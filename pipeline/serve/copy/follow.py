"""Follows the lake's logs: what is new, gone or free of its embargo enters the copy, all at once.

Of the table stories every row is accounted for without its text (`revisions`); the lake's own
views say which of a touched family may be shown; texts are read of those alone that come in. So
what may not be shown never is in the copy. Dead on its way it goes on where it was: what the copy
shows is compared with what it should show.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from pipeline.errors import StoreError, UsageError
from pipeline.serve.copy import live_copy
from pipeline.serve.copy.choice import Chosen, RowKey, choose_shown
from pipeline.serve.copy.copied_rows import (
    ALL,
    UNDATED,
    counts,
    deeds,
    entity_id_of,
    packed,
    story_id_number,
    tags,
    unpacked,
    words,
)
from pipeline.serve.copy.live_copy import CopyState
from pipeline.serve.copy.words import indexed
from pipeline.show.facts import beginning
from pipeline.show.find import Shown
from pipeline.source.bounded import in_batches
from pipeline.store.commit.delta import reason
from pipeline.store.read.snapshot import Snapshot, find_snapshot, open_snapshot
from pipeline.store.schema.contract import contract

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_COPIED = (
    *("source", "offset", "item", "enrichment_id", "story_id", "revision_id", "version"),
    *("version_time", "updated_at", "published_at", "published_precision", "date", "region"),
    *("revision_mark", "is_partial", "status", "content_hash", "embargo_until", "generation"),
    *("received_at", "origin_source", "origin_offset", "origin_item"),
)
"""Columns of stories that decide what is in force, and none of a text."""

_WATCHED = ("ledger", "stories")
"""Whose versions tell that something happened: whoever commits stories or takes rows out does."""

_CHUNK = 2000
"""Stories whose texts are held in memory at once."""

_KEPT_ARRIVALS = 1000
_COUNT_ROW = "n = n + excluded.n, " + ", ".join(
    f"{name} = {name} + excluded.{name}"
    for name in ("quad1", "quad2", "quad3", "quad4", "goldstein")
)

OnState = Callable[[CopyState], None]


def microseconds(at: datetime) -> int:
    """Return a moment as the copy holds it."""
    return (at - _EPOCH) // _MICROSECOND


def moment_of(at: int) -> datetime:
    """Return the moment that the copy holds as `at`."""
    return _EPOCH + at * _MICROSECOND


@dataclass(slots=True)
class Follower:
    """Brings the copy at `path` up to the lake; the one writer of it.

    `on_state` is called with the state after each step. Raises `UsageError` where there is no lake,
    or the copy is another lake's, `StoreError` where the lake cannot be read: the copy stays as it
    was, but for what time alone has to hide.
    """

    path: Path
    lake_url: str
    options: Mapping[str, str] | None = None
    on_state: OnState | None = None
    connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open the copy, or make it."""
        self.connection = live_copy.create(self.path)
        before = live_copy.state(self.connection)
        if before.lake not in ("", self.lake_url):
            raise UsageError("the copy is another lake's", path=self.path, lake=before.lake)

    def close(self) -> None:
        """Close the copy."""
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def refresh(self, now: datetime) -> bool:
        """Bring the copy up to the lake as it is `now`; True where something was to be done."""
        connection = self._open
        before = live_copy.state(connection)
        due = before.next_change is not None and before.next_change <= microseconds(now)
        try:
            watched = find_snapshot(self.lake_url, self.options, _WATCHED)
            if watched is None:
                raise UsageError("there is no lake at this URL", lake=self.lake_url)
            seen = {name: table.version() for name, table in watched.tables.items()}
            made = {name: str(table.metadata().id) for name, table in watched.tables.items()}
            if before.tables and made != dict(before.tables):
                self._forget(before)
                before = live_copy.state(connection)
            is_same = seen == dict(before.versions)
            if before.ready and not due and is_same:
                self._remember(replace(before, checked_at=microseconds(now), error=""))
                return False
            snapshot = open_snapshot(self.lake_url, self.options)
            self._bring(snapshot, before, now)
        except (pa.ArrowInvalid, OSError) as error:
            raise StoreError(
                "the lake cannot be read", lake=self.lake_url, reason=reason(error)
            ) from error
        return True

    def hide_what_is_due(self, now: datetime) -> None:
        """Take out what time alone has to hide, without the lake: where that cannot be read.

        What an embargo held back until now stays out, as its text cannot be had.
        """
        connection = self._open
        before = live_copy.state(connection)
        if before.next_change is None or before.next_change > microseconds(now):
            return
        families = self._due(before, now)
        revisions = self._revisions(families)
        ledger = contract("ledger").schema.empty_table()
        wanted = choose_shown(revisions, ledger, now)
        shown = self._shown(families)
        gone = [key for key in shown if key not in wanted]
        with live_copy.transaction(connection):
            self._remove(gone, shown, wanted)
            # Its moment stays, and no version is known: what the lake lacks now is made up for.
            self._remember(
                replace(
                    before,
                    versions={},
                    serial=before.serial + bool(gone),
                    next_change=self._next_change(now),
                )
            )

    def failed(self, error: Exception) -> None:
        """Remember that the lake could not be read, for whoever looks at the page."""
        self._remember(replace(live_copy.state(self._open), error=str(error)[:500]))

    @property
    def _open(self) -> sqlite3.Connection:
        if self.connection is None:
            self.open()
        assert self.connection is not None  # noqa: S101 (for the type checker)
        return self.connection

    def _forget(self, before: CopyState) -> None:
        """Take everything out: another lake stands at the place of the one that was copied."""
        with live_copy.transaction(self._open):
            for table in ("files", "revisions", "stories", "names", "deeds", "counts", "arrivals"):
                self._open.execute(f"DELETE FROM {table}")
            for index in ("search", "name_words"):
                self._open.execute(f"INSERT INTO {index} ({index}) VALUES ('delete-all')")
            self._remember(CopyState(lake=self.lake_url, serial=before.serial + 1))

    def _remember(self, state: CopyState) -> None:
        live_copy.remember(self._open, state)
        if self.on_state is not None:
            self.on_state(state)

    def _bring(self, snapshot: Snapshot, before: CopyState, now: datetime) -> None:
        ledger = snapshot.dataset("ledger").to_table()
        if before.ready:
            with live_copy.transaction(self._open):
                families = self._account(snapshot) | self._due(before, now) | self._unknown()
                step = self._step(ledger, before, families, snapshot, now)
                self._remove(step.gone, step.shown, step.wanted)
                for part in _parts(step.changed, step.dates):
                    self._add(snapshot, part, step.changed, step.dates, arrived=True)
                self._tell_commits(step)
                self._trim()
                something = bool(step.gone or step.changed)
                self._remember(replace(step.state, serial=before.serial + something))
            return
        with live_copy.transaction(self._open):
            self._account(snapshot)
        self._fill(snapshot, self._step(ledger, before, None, snapshot, now))

    def _step(
        self,
        ledger: pa.Table,
        before: CopyState,
        families: set[str] | None,
        snapshot: Snapshot,
        now: datetime,
    ) -> _Step:
        """Compare what the copy shows of the families, or of all, with what it should show."""
        revisions = self._revisions(families)
        wanted = choose_shown(revisions, ledger, now)
        shown = self._shown(families)
        changed = {
            key: one
            for key, one in wanted.items()
            if key not in shown or shown[key] != one.is_current
        }
        state = CopyState(
            lake=self.lake_url,
            versions={name: snapshot.tables[name].version() for name in _WATCHED},
            tables={name: str(snapshot.tables[name].metadata().id) for name in _WATCHED},
            ready=before.ready,
            serial=before.serial,
            as_of=microseconds(now),
            next_change=self._next_change(now),
            checked_at=microseconds(now),
            lake_committed_at=_latest(ledger),
            total=len(wanted),
            done=len(wanted) - len(changed),
        )
        gone = tuple(key for key in shown if key not in wanted or key in changed)
        return _Step(wanted, changed, gone, shown, _dates(revisions, changed), state)

    def _fill(self, snapshot: Snapshot, step: _Step) -> None:
        """Make the copy, part by part: nobody reads it before it is whole."""
        state, done = step.state, step.state.done
        with live_copy.transaction(self._open):
            self._remove(step.gone, step.shown, step.wanted)
            self._remember(state)
        for part in _parts(step.changed, step.dates):
            with live_copy.transaction(self._open):
                self._add(snapshot, part, step.changed, step.dates, arrived=False)
                done += len(part)
                self._remember(replace(state, done=done))
        with live_copy.transaction(self._open):
            self._open.execute("PRAGMA analysis_limit = 1000")
            self._open.execute("ANALYZE")
            self._remember(replace(state, ready=True, serial=state.serial + 1, done=done))

    def _account(self, snapshot: Snapshot) -> set[str]:
        """Account for every row of stories; return the families of what came or went."""
        connection = self._open
        fragments = {one.path: one for one in snapshot.dataset("stories").get_fragments()}
        known = {path: number for number, path in connection.execute("SELECT id, path FROM files")}
        removed = [(known[path],) for path in known.keys() - fragments.keys()]
        touched: set[str] = set()
        new = sorted(fragments.keys() - known.keys())
        for path in new:
            touched |= self._account_file(path, fragments[path])
        vanished = False
        for (number,) in removed:
            left = connection.execute(
                "SELECT DISTINCT story_id FROM revisions WHERE file = ?", (number,)
            ).fetchall()
            vanished = vanished or bool(left)
            touched |= {story_id for (story_id,) in left}
        connection.executemany("DELETE FROM revisions WHERE file = ?", removed)
        connection.executemany("DELETE FROM files WHERE id = ?", removed)
        if vanished:
            # What stood twice and was taken out once is still there, in a file read before.
            for path in sorted(fragments.keys() - set(new)):
                self._account_file(path, fragments[path])
        return touched

    def _account_file(self, path: str, fragment: ds.Fragment) -> set[str]:
        connection = self._open
        connection.execute("INSERT OR IGNORE INTO files (path) VALUES (?)", (path,))
        (number,) = connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
        schema = contract("stories").schema
        rows = _whole(fragment, pa.schema([schema.field(name) for name in _COPIED]))
        columns = [_numbers(rows[name]).to_pylist() for name in _COPIED]
        # A file that only replaces others (compaction) moves rows, and touches no family.
        before = {
            key
            for key in zip(*columns[: len(_ROW_KEY)], strict=True)
            if connection.execute(
                'SELECT 1 FROM revisions WHERE source = ? AND "offset" = ? AND item = ?'
                " AND enrichment_id = ?",
                key,
            ).fetchone()
        }
        touched = {
            row[_COPIED.index("story_id")]
            for row in zip(*columns, strict=True)
            if row[: len(_ROW_KEY)] not in before
        }
        names = ", ".join(f'"{name}"' for name in (*_COPIED, "file"))
        marks = ", ".join("?" * (len(_COPIED) + 1))
        connection.executemany(
            f"INSERT OR REPLACE INTO revisions ({names}) VALUES ({marks})",
            ((*row, number) for row in zip(*columns, strict=True)),
        )
        return touched

    def _due(self, before: CopyState, now: datetime) -> set[str]:
        """Families with an embargo that ended since the copy's moment."""
        rows = self._open.execute(
            "SELECT DISTINCT story_id FROM revisions"
            " WHERE embargo_until > ? AND embargo_until <= ?",
            (before.as_of, microseconds(now)),
        )
        return {story_id for (story_id,) in rows}

    def _unknown(self) -> set[str]:
        """Families of stories whose commit the ledger did not tell yet."""
        rows = self._open.execute("SELECT story_id FROM stories WHERE committed_at IS NULL")
        return {story_id for (story_id,) in rows}

    def _tell_commits(self, step: _Step) -> None:
        self._open.executemany(
            'UPDATE stories SET committed_at = ? WHERE source = ? AND "offset" = ? AND item = ?'
            " AND enrichment_id = ? AND committed_at IS NULL",
            (
                (_iso(one.committed_at), *key)
                for key, one in step.wanted.items()
                if one.committed_at is not None
            ),
        )

    def _next_change(self, now: datetime) -> int | None:
        (found,) = self._open.execute(
            "SELECT min(embargo_until) FROM revisions WHERE embargo_until > ?", (microseconds(now),)
        ).fetchone()
        return None if found is None else int(found)

    def _revisions(self, families: set[str] | None) -> pa.Table:
        """Return all rows of the families without their texts; of every one for None."""
        names = ", ".join(f'"{name}"' for name in _COPIED)
        rows = self._open.execute(f"SELECT {names} FROM revisions {self._of(families)}")
        schema = contract("stories").schema
        tables = []
        while part := rows.fetchmany(50_000):
            columns = zip(*part, strict=True)
            tables.append(
                pa.table(
                    [
                        _column_of(values, schema.field(name).type)
                        for name, values in zip(_COPIED, columns, strict=True)
                    ],
                    names=list(_COPIED),
                )
            )
        if not tables:
            return pa.schema([schema.field(name) for name in _COPIED]).empty_table()
        return pa.concat_tables(tables)

    def _of(self, families: set[str] | None) -> str:
        if families is None:
            return ""
        run = self._open.execute
        run("CREATE TEMP TABLE IF NOT EXISTS touched (story_id TEXT PRIMARY KEY)")
        run("DELETE FROM touched")
        self._open.executemany("INSERT INTO touched VALUES (?)", ((one,) for one in families))
        return "WHERE story_id IN (SELECT story_id FROM touched)"

    def _shown(self, families: set[str] | None) -> dict[RowKey, bool]:
        """Say what the copy shows of the families: whether each revision is the one in force."""
        rows = self._open.execute(
            'SELECT source, "offset", item, enrichment_id, is_current FROM stories '
            + self._of(families)
        )
        return {(row[0], row[1], row[2], row[3]): bool(row[4]) for row in rows}

    def _remove(
        self, keys: Iterable[RowKey], shown: Mapping[RowKey, bool], wanted: Collection[RowKey]
    ) -> None:
        """Take revisions out; of those not `wanted` any more no name keeps what they said of it."""
        connection = self._open
        tally = CountTally(-1)
        named: set[str] = set()
        for key in keys:
            number, blob, tagged = connection.execute(
                'SELECT id, shown, tags FROM stories WHERE source = ? AND "offset" = ?'
                " AND item = ? AND enrichment_id = ?",
                key,
            ).fetchone()
            if shown[key]:
                story = unpacked(blob)
                connection.execute(
                    "INSERT INTO search (search, rowid, headline, body, tags)"
                    " VALUES ('delete', ?, ?, ?, ?)",
                    (number, *words(story, tagged)),
                )
                tally.add(story)
                if key not in wanted:
                    named |= {entity_id_of(row) for row in story.entities}
                connection.execute("DELETE FROM deeds WHERE id = ?", (number,))
            connection.execute("DELETE FROM stories WHERE id = ?", (number,))
            connection.execute("DELETE FROM arrivals WHERE id = ?", (number,))
        tally.write(connection)
        for entity_id in named:
            _tell_name_anew(connection, entity_id)

    def _add(
        self,
        snapshot: Snapshot,
        keys: Sequence[RowKey],
        chosen: Mapping[RowKey, Chosen],
        dates: Mapping[RowKey, tuple[object, str]],
        *,
        arrived: bool,
    ) -> None:
        tally = CountTally(1)
        found = sorted(_read(snapshot, keys, dates), key=lambda one: story_id_number(one.story))
        for shown in found:
            insert(self._open, shown, chosen[_row_key(shown.story)], tally, arrived=arrived)
        tally.write(self._open)

    def _trim(self) -> None:
        self._open.execute(
            "DELETE FROM arrivals WHERE seq <= (SELECT max(seq) FROM arrivals) - ?",
            (_KEPT_ARRIVALS,),
        )


@dataclass(frozen=True, slots=True)
class _Step:
    """What has to be done to a copy: what it should show, what is to come in and to go out."""

    wanted: Mapping[RowKey, Chosen]
    changed: Mapping[RowKey, Chosen]
    gone: tuple[RowKey, ...]
    shown: Mapping[RowKey, bool]
    dates: Mapping[RowKey, tuple[object, str]]
    state: CopyState


def insert(
    connection: sqlite3.Connection,
    shown: Shown,
    chosen: Chosen,
    tally: CountTally,
    *,
    arrived: bool,
) -> None:
    """Put a story into the copy; what it counts is gathered in `tally`, to be written once."""
    story = shown.story
    number = story_id_number(story)
    while connection.execute("SELECT 1 FROM stories WHERE id = ?", (number,)).fetchone():
        number += 1
    tagged = ""
    if chosen.is_current:
        tagged = tags(shown, _numbered(connection, shown))
        connection.execute(
            "INSERT INTO search (rowid, headline, body, tags) VALUES (?, ?, ?, ?)",
            (number, *words(shown, tagged)),
        )
        connection.executemany(
            "INSERT INTO deeds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            ((number, *row) for row in deeds(shown)),
        )
        tally.add(shown)
        if arrived:
            connection.execute("INSERT INTO arrivals (id) VALUES (?)", (number,))
    embargo, committed = story["embargo_until"], chosen.committed_at
    connection.execute(
        "INSERT INTO stories VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(number, story["revision_id"], story["story_id"], *_row_key(story), chosen.is_current),
            *(_iso(story["date"]), _iso(story["published_at"]), _iso(committed)),
            None if embargo is None else microseconds(embargo),
            *(story["region"], story["provider"], story["language"], story["headline"] or ""),
            *(story["published_precision"], _beginning(story), tagged, packed(shown)),
        ),
    )


class CountTally:
    """Counts gathered over stories, written into the copy once; `sign` is -1 for what leaves it."""

    def __init__(self, sign: int) -> None:
        self.sign = sign
        self.found: dict[tuple[str, str, str], list[float]] = {}

    def add(self, shown: Shown) -> None:
        """Count a story in force."""
        day = _iso(shown.story["date"])
        by_day = (ALL, day or UNDATED)
        buckets = {"all": (ALL,), "day": by_day, "month": (*by_day, day[:7]) if day else by_day}
        for one in counts(shown):
            for bucket in buckets[one.by]:
                row = self.found.setdefault((one.what, bucket, one.key), [0, 0, 0, 0, 0, 0.0])
                row[0] += self.sign
                if one.quad:
                    row[one.quad] += self.sign
                    row[5] += self.sign * one.goldstein

    def write(self, connection: sqlite3.Connection) -> None:
        """Add what was gathered to the copy's counts."""
        connection.executemany(
            "INSERT INTO counts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
            f" ON CONFLICT (what, bucket, key) DO UPDATE SET {_COUNT_ROW}",
            ((*key, *row) for key, row in self.found.items()),
        )
        if self.sign < 0:
            connection.executemany(
                "DELETE FROM counts WHERE what = ? AND bucket = ? AND key = ? AND n <= 0",
                self.found,
            )


def _tell_name_anew(connection: sqlite3.Connection, entity_id: str) -> None:
    """Let a name say what the newest story left says of it; with none left it goes too."""
    entity, name = connection.execute(
        "SELECT entity, name FROM names WHERE entity_id = ?", (entity_id,)
    ).fetchone()
    left = connection.execute(
        "SELECT s.shown FROM search JOIN stories AS s ON s.id = search.rowid"
        " WHERE search MATCH ? ORDER BY search.rowid DESC LIMIT 1",
        (f"tags : e{entity}",),
    ).fetchone()
    connection.execute(
        "INSERT INTO name_words (name_words, rowid, name) VALUES ('delete', ?, ?)",
        (entity, indexed(name)),
    )
    if left is None:
        connection.execute("DELETE FROM names WHERE entity = ?", (entity,))
        return
    row = next(row for row in unpacked(left[0]).entities if entity_id_of(row) == entity_id)
    connection.execute(
        "INSERT INTO name_words (rowid, name) VALUES (?, ?)", (entity, indexed(row["name"]))
    )
    connection.execute(
        "UPDATE names SET name = ?, kind = ?, country = ?, role = ? WHERE entity = ?",
        (row["name"], row["kind"], row["country"], row["role"], entity),
    )


_ROW_KEY = ("source", "offset", "item", "enrichment_id")


def _row_key(row: Mapping[str, Any]) -> RowKey:
    return row["source"], row["offset"], row["item"], row["enrichment_id"]


def _numbered(connection: sqlite3.Connection, shown: Shown) -> dict[str, int]:
    """Return the copy's own number of each entity of a story; new ones get one."""
    found = {}
    for row in shown.entities:
        entity_id = entity_id_of(row)
        if entity_id in found:
            continue
        known = connection.execute(
            "SELECT entity FROM names WHERE entity_id = ?", (entity_id,)
        ).fetchone()
        connection.execute(
            "INSERT INTO names (entity_id, name, kind, country, role) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (entity_id) DO UPDATE SET role = coalesce(excluded.role, role)",
            (entity_id, row["name"], row["kind"], row["country"], row["role"]),
        )
        (found[entity_id],) = (
            known
            or connection.execute(
                "SELECT entity FROM names WHERE entity_id = ?", (entity_id,)
            ).fetchone()
        )
        if known is None:
            connection.execute(
                "INSERT INTO name_words (rowid, name) VALUES (?, ?)",
                (found[entity_id], indexed(row["name"])),
            )
    return found


def _read(
    snapshot: Snapshot, keys: Sequence[RowKey], dates: Mapping[RowKey, tuple[object, str]]
) -> Iterator[Shown]:
    """Read stories with their entities and events, from the files of their days and regions."""
    wanted = set(keys)
    where = _where([dates[key] for key in keys], [key[1] for key in keys])
    columns = [field.name for field in contract("stories").schema if field.name != "raw"]
    entities = _by_row_key(snapshot, "entities", where, wanted)
    events = _by_row_key(snapshot, "events", where, wanted)
    for row in _rows(snapshot.dataset("stories"), where, columns):
        key = _row_key(row)
        if key in wanted:
            wanted.discard(key)
            named, coded = entities.pop(key, []), events.pop(key, [])
            named.sort(key=lambda one: (-one["salience"], one["name"], one["kind"]))
            coded.sort(key=lambda one: (one["trigger_start"], one["event_id"]))
            yield Shown(row, tuple(named), tuple(coded))


def _by_row_key(
    snapshot: Snapshot, table: str, where: ds.Expression, wanted: set[RowKey]
) -> dict[RowKey, list[dict[str, Any]]]:
    found: dict[RowKey, list[dict[str, Any]]] = {}
    columns = contract(table).schema.names
    for row in _rows(snapshot.dataset(table), where, columns):
        key = _row_key(row)
        if key in wanted:
            found.setdefault(key, []).append(row)
    return found


def _rows(
    dataset: ds.Dataset, where: ds.Expression, columns: list[str]
) -> Iterator[dict[str, Any]]:
    for batch in dataset.scanner(columns=columns, filter=where, use_threads=False).to_batches():
        yield from batch.to_pylist()


def _where(days: Iterable[tuple[object, str]], offsets: Iterable[int]) -> ds.Expression:
    """Say what the files are narrowed by: partitions, and the offsets that their logs tell of."""
    known = {day for day, _ in days}
    dated = pa.array([day for day in known if day is not None], pa.int32()).cast(pa.date32())
    on_day = pc.field("date").isin(dated)
    if None in known:
        on_day |= pc.field("date").is_null()
    regions = pa.array({region for _, region in days}, pa.string())
    return (
        on_day
        & pc.field("region").isin(regions)
        & pc.field("offset").isin(pa.array(sorted(set(offsets)), pa.int64()))
    )


def _whole(fragment: ds.Fragment, schema: pa.Schema) -> pa.Table:
    """Return the rows of one file in the columns of `schema`, those of its partition too."""
    return pa.Table.from_batches(
        fragment.scanner(schema=schema, columns=schema.names, use_threads=False).to_batches(),
        schema,
    )


def _numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Turn times into microseconds and days into their number, as the copy holds them."""
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.int64())
    return column.cast(pa.int32()) if pa.types.is_date(column.type) else column


def _column_of(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).cast(kind)
    if pa.types.is_date(kind):
        return pa.array(values, pa.int32()).cast(kind)
    if pa.types.is_boolean(kind):
        return pa.array([None if one is None else bool(one) for one in values], kind)
    return pa.array(values, kind)


def _dates(
    revisions: pa.Table, wanted: Mapping[RowKey, Chosen]
) -> dict[RowKey, tuple[object, str]]:
    """Return the partition of each wanted row: its day as a number, None for none, and its
    region."""
    columns = (*(revisions[name] for name in _ROW_KEY), _numbers(revisions["date"]))
    rows = zip(*(column.to_pylist() for column in (*columns, revisions["region"])), strict=True)
    return {row[:4]: (row[4], row[5]) for row in rows if row[:4] in wanted}


def _parts(
    changed: Mapping[RowKey, Chosen], dates: Mapping[RowKey, tuple[object, str]]
) -> Iterator[list[RowKey]]:
    """Yield the keys in parts, those of one partition together."""
    order = sorted(
        changed, key=lambda at: (dates[at][0] is None, dates[at][0] or 0, dates[at][1], at)
    )
    return in_batches(iter(order), _CHUNK)


def _latest(ledger: pa.Table) -> int | None:
    found = pc.max(ledger["committed_at"]).as_py()
    return None if found is None else microseconds(found)


def _beginning(story: Mapping[str, Any]) -> str | None:
    """Say what stands for the headline of a story without one."""
    return None if story["headline"] else beginning(story["body"] or "")


def _iso(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value.isoformat())
