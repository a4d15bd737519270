"""The rejects of a lake, picked and read: what `dateline rejects` lists, shows and exports.

A failure is open until a retry has cured it (view `open_rejects`); skips are decisions, and are
picked only where they are asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, get_args

import duckdb

from pipeline.errors import StoreError, UsageError
from pipeline.model import INCOMPLETE, RejectKind, Stage
from pipeline.store.commit.delta import reason
from pipeline.store.read.session import session
from pipeline.store.read.snapshot import Snapshot, open_snapshot
from pipeline.store.read.views import view_select
from pipeline.store.schema.rows import Row, decompress

_AT_ONCE = 100
_FACTS = (
    *("source", '"offset"', "item", "kind", "stage", "message", "evidence", "raw_bytes"),
    *("received_at", "date", "revision_id", "origin_source", "origin_offset", "origin_item"),
)
_READ_ANEW = ("raw", "charset", "provider")
"""What bytes are read once more by, as far as the lake has it."""


@dataclass(frozen=True, slots=True)
class Picked:
    """Says which rejects are meant: all conditions have to hold.

    `kinds` and `stages` are whole words, `source` is the source or the beginning of one, `message`
    a part of the message, in any case. `offset` and `item` are coordinates. `first` and `last` are
    days of `received_at`; rejects without one (of archives) are picked only where neither is given.
    `skips` adds the skips, `settled` what was cured and what retries made of it otherwise.
    `whole` leaves out those that do not hold all bytes of their record.
    """

    kinds: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    source: str | None = None
    first: date | None = None
    last: date | None = None
    message: str | None = None
    offset: int | None = None
    item: int | None = None
    skips: bool = False
    settled: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        for given, known in ((self.kinds, get_args(RejectKind)), (self.stages, get_args(Stage))):
            for name in given:
                if name not in known:
                    raise UsageError("no such word", given=name, known=", ".join(known))

    @property
    def key(self) -> str:
        """The same for the same conditions: 12 hex digits."""
        text = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


class Rejects:
    """The rejects of one pinned snapshot; see `open_rejects`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def count(self, picked: Picked) -> int:
        """Count the rejects that are picked."""
        where, values = _where(picked)
        found = self._run(f"SELECT count(*) FROM marked WHERE {where}", values).fetchall()
        return int(found[0][0])

    def rows(self, picked: Picked, *, limit: int | None = None, raw: bool = False) -> Iterator[Row]:
        """Yield the picked rejects, by source, offset and item.

        Each with `state`, and on demand `raw` and what its headers said. `state` is `open`,
        `cured`, `retried` (what a retry made of an open one) or `skip`. `raw` holds the bytes as
        they came, None where there are none (skips).
        """
        where, values = _where(picked)
        there = self._connection.table("marked").columns
        read = [name for name in _READ_ANEW if name in there] if raw else ()
        columns = ", ".join((*_FACTS, "state", *read))
        sql = f'SELECT {columns} FROM marked WHERE {where} ORDER BY source, "offset", item'
        if limit is not None:
            sql += f" LIMIT {int(limit)}"
        try:
            for chunk in self._run(sql, values).to_arrow_reader(_AT_ONCE):
                for row in chunk.to_pylist():
                    if row.get("raw") is not None:
                        row["raw"] = decompress(row["raw"])
                    yield row
        except duckdb.Error as error:
            raise StoreError(
                "the rejects cannot be read: `dateline lake check` tells why", reason=reason(error)
            ) from error

    def _run(self, sql: str, values: Mapping[str, object]) -> Any:
        try:
            return self._connection.sql(sql, params=dict(values))
        except duckdb.Error as error:
            raise StoreError(
                "the rejects cannot be read: `dateline lake check` tells why", reason=reason(error)
            ) from error


@contextmanager
def read_rejects(
    snapshot: Snapshot, *, memory_mb: int = 1024, threads: int = 2
) -> Iterator[Rejects]:
    """Open the rejects as `snapshot` has pinned them; memory spills into a temporary folder."""
    tables = ("rejects", "stories")
    with session(snapshot, tables, memory_mb=memory_mb, threads=threads) as connection:
        connection.execute("SET preserve_insertion_order = false")
        # No moment stands in this view.
        select = view_select("open_rejects", datetime(1970, 1, 1, tzinfo=UTC))
        try:
            connection.execute(
                "CREATE TABLE open_coordinates AS SELECT record_source AS source,"
                f' record_offset AS "offset", record_item AS item, true AS is_open FROM ({select})'
            )
            connection.execute(_MARKED)
        except duckdb.Error as error:
            raise StoreError(
                "the rejects cannot be read: `dateline lake check` tells why", reason=reason(error)
            ) from error
        yield Rejects(connection)


_MARKED = """
CREATE VIEW marked AS
SELECT r.*, CASE
    WHEN kind LIKE 'skipped.%' THEN 'skip'
    WHEN origin_source IS NOT NULL THEN 'retried'
    WHEN o.is_open THEN 'open'
    ELSE 'cured'
  END AS state
FROM rejects AS r LEFT JOIN open_coordinates AS o USING (source, "offset", item)
"""


def open_rejects(url: str, options: Mapping[str, str]) -> Snapshot:
    """Pin the lake as it is; raises `UsageError` where there is none, or it never held a reject."""
    snapshot = open_snapshot(url, options)
    if "rejects" not in snapshot.tables:
        raise UsageError("the lake has no table of rejects", lake=url)
    return snapshot


def find_reject(rejects: Rejects, source: str, offset: int, item: int | None = None) -> Row:
    """Return the one reject at these coordinates, with its bytes; `source` may be cut short.

    Raises `UsageError` where there is none, or more than one.
    """
    picked = Picked(source=source, offset=offset, item=item, skips=True, settled=True)
    found = list(rejects.rows(picked))
    exact = [row for row in found if row["source"] == source] or found
    if not exact:
        raise UsageError("there is no reject there", source=source, offset=offset, item=item)
    if len(exact) > 1:
        shown = ", ".join(f"{row['source']} {row['offset']}/{row['item']}" for row in exact[:5])
        raise UsageError("more than one reject is there", found=shown)
    only = replace(picked, source=exact[0]["source"], item=exact[0]["item"])
    with_bytes = rejects.rows(only, raw=True)
    return next(row for row in with_bytes if row["source"] == exact[0]["source"])


def _where(picked: Picked) -> tuple[str, dict[str, Any]]:
    conditions = ["true"]
    values: dict[str, Any] = {}
    states = ["open"]
    if picked.skips or any(kind.startswith("skipped.") for kind in picked.kinds):
        states.append("skip")
    if picked.settled:
        states += ["cured", "retried"]
    conditions.append("state IN (" + ", ".join(f"'{state}'" for state in states) + ")")
    for name, given in (("kind", picked.kinds), ("stage", picked.stages)):
        if given:
            values[f"{name}s"] = list(given)
            conditions.append(f"{name} IN (SELECT unnest(${name}s))")
    if picked.source is not None:
        values["source"] = picked.source
        conditions.append("starts_with(source, $source)")
    for name, number in (("offset", picked.offset), ("item", picked.item)):
        if number is not None:
            values[name] = number
            conditions.append(f'"{name}" = ${name}')
    if picked.whole:
        cut = " OR ".join(f"starts_with(message, '{words}')" for words in INCOMPLETE)
        conditions.append(f"raw_bytes IS NOT NULL AND NOT ({cut})")
    if picked.first is not None:
        values["first"] = picked.first
        conditions.append("date >= $first")
    if picked.last is not None:
        values["last"] = picked.last
        conditions.append("date <= $last")
    if picked.message is not None:
        values["message"] = picked.message
        conditions.append("contains(lower(message), lower($message))")
    return " AND ".join(conditions), values
