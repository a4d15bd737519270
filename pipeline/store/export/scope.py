"""What an export holds: the revisions that may be shown, and what belongs to them, as SQL.

Of each family in force its revision in force (`is_current`) and the usable ones before it, as the
view `current` orders them. A family that was ever killed keeps only the revision that is in force
after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from importlib.resources import files

import duckdb
import pyarrow as pa

from pipeline.store.read.session import create_views, session
from pipeline.store.read.snapshot import Snapshot
from pipeline.store.read.views import named_in, revisions_select
from pipeline.store.schema.contract import LINKS, TABLES

EXPORTED = ("stories", "entities", "events", LINKS)
"""The tables of an export."""

COLUMNS_OF = ("gdelt", "polecat")
"""Event data sets whose columns an export can have: GDELT 2.0 events, POLECAT."""

DAY = "day"
"""The column that parts an export: the row's date, `UNDATED` where it has none."""

UNDATED = "undated"

_BATCH_ROWS = 2048

_CHOSEN = """
CREATE TEMP TABLE chosen AS
WITH blocks AS (
  SELECT source, start_offset, committed_at FROM ledger WHERE end_offset > start_offset
), revisions AS MATERIALIZED (
  SELECT source, "offset", item, enrichment_id, revision_id, story_id, date, region, published_at,
    provider, headline, language, status, rank_in_family = 1 AS is_current
  FROM ({revisions})
), shown AS (
  SELECT * EXCLUDE (status)
  FROM revisions
  WHERE status = 'usable'
    AND story_id IN (SELECT story_id FROM revisions WHERE is_current AND status = 'usable')
    AND (is_current OR story_id NOT IN (SELECT story_id FROM stories WHERE status = 'canceled'))
)
SELECT t.*, b.committed_at, coalesce(t.date::varchar, 'undated') AS day
FROM shown AS t
ASOF LEFT JOIN blocks AS b ON t.source = b.source AND t."offset" >= b.start_offset
WHERE (t.date IS NULL AND $since IS NULL AND $until IS NULL
    OR t.date BETWEEN coalesce($since, DATE '0001-01-01') AND coalesce($until, DATE '9999-12-31'))
  AND (len($regions) = 0 OR list_contains($regions, t.region))
"""

_OWN = """c.source = x.source AND c."offset" = x."offset" AND c.item = x.item
    AND c.enrichment_id = x.enrichment_id AND c.revision_id = x.revision_id"""
_RENAMED = """x.* EXCLUDE (source, "offset", item),
    x.source AS record_source, x."offset" AS record_offset, x.item AS record_item"""

_ROWS: Mapping[str, str] = {
    "stories": f"""
  SELECT {_RENAMED.replace("item)", "item, raw)")}, c.is_current, c.committed_at, c.day
  FROM stories AS x JOIN chosen AS c ON {_OWN}""",
    "entities": f"""
  SELECT {_RENAMED}, c.day
  FROM entities AS x JOIN chosen AS c ON {_OWN} WHERE c.is_current""",
    "events": f"""
  SELECT {_RENAMED}, c.published_at, c.provider, c.headline, c.language, c.day
  FROM events AS x JOIN chosen AS c ON {_OWN} WHERE c.is_current""",
    LINKS: """
  SELECT x.*, x.date::varchar AS day
  FROM current_links AS x
  WHERE x.left_revision_id IN (SELECT revision_id FROM chosen WHERE is_current)
    AND x.right_revision_id IN (SELECT revision_id FROM chosen WHERE is_current)""",
}
_ORDER: Mapping[str, str] = {
    "stories": "day, record_source, record_offset, record_item",
    "entities": "day, record_source, record_offset, record_item, salience DESC, entity_id, name",
    "events": "day, record_source, record_offset, record_item, sentence_index, trigger_start",
    LINKS: "day, left_revision_id, right_revision_id",
}


DEEDS = f"""
  SELECT x.*, c.published_at, c.provider, c.language, c.committed_at, c.day,
    coalesce(x.event_date, c.date) AS on_day
  FROM events AS x JOIN chosen AS c ON {_OWN}
  WHERE c.is_current AND NOT coalesce(x.negated, false) AND NOT coalesce(x.hypothetical, false)"""
"""Events that a text tells as done, with what other data sets ask of their stories."""


@dataclass(frozen=True, slots=True)
class ExportScope:
    """Which stories: first and last day, regions; without any all of them, the undated ones too."""

    since: date | None = None
    until: date | None = None
    regions: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        """Return the selection as an export remembers it."""
        return {
            "since": None if self.since is None else self.since.isoformat(),
            "until": None if self.until is None else self.until.isoformat(),
            "regions": sorted(self.regions),
        }


@dataclass(frozen=True, slots=True)
class ShownRows:
    """What may be shown of a snapshot, chosen once; its rows are read table by table.

    `selects` and `orders` give the rows of each table and their order, with a column `day`.
    """

    connection: duckdb.DuckDBPyConnection
    selects: Mapping[str, str]
    orders: Mapping[str, str]

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables, in their order."""
        return tuple(self.selects)

    def digests(self, table: str) -> dict[str, str]:
        """Return a digest of each day's rows: the same as long as the day's rows are."""
        what = {
            "stories": 'revision_id, source, "offset", item, enrichment_id, is_current',
            LINKS: "left_revision_id, right_revision_id, stories_version, similarity",
        }.get(table, 'revision_id, source, "offset", item, enrichment_id')
        of = f"({self.selects[LINKS]})" if table == LINKS else "chosen"
        condition = "" if table in (LINKS, "stories") else "WHERE is_current"
        rows = self.connection.execute(
            f"SELECT day, count(*) || '-' || bit_xor(hash({what}))"
            f" FROM {of} {condition} GROUP BY day"
        ).fetchall()
        return {str(day): str(digest) for day, digest in rows}

    def schema(self, table: str) -> pa.Schema:
        """Return the columns of an exported table."""
        found = self.connection.sql(f"SELECT * EXCLUDE (day) FROM ({self.selects[table]}) LIMIT 0")
        return found.to_arrow_table().schema

    def rows(self, table: str, days: Sequence[str]) -> Iterator[tuple[str, pa.RecordBatch]]:
        """Give the rows of those days, by day in order, each batch of one day alone."""
        if not days:
            return
        reader = self.connection.sql(
            f"SELECT * FROM ({self.selects[table]}) WHERE list_contains($days, day)"
            f" ORDER BY {self.orders[table]}",
            params={"days": list(days)},
        ).to_arrow_reader(_BATCH_ROWS)
        for batch in reader:
            at = batch.schema.get_field_index(DAY)
            rest = batch.remove_column(at)
            of_rows = batch.column(at).to_pylist()
            start = 0
            for end in range(1, len(of_rows) + 1):
                if end == len(of_rows) or of_rows[end] != of_rows[start]:
                    yield of_rows[start], rest.slice(start, end - start)
                    start = end


def create_chosen(
    connection: duckdb.DuckDBPyConnection, selection: ExportScope, as_of: datetime
) -> None:
    """Make the table `chosen`, one row a revision that may be shown, of `stories` and `ledger`.

    A row holds the revision's coordinates, its story, `is_current`, `committed_at` and `day`.
    """
    connection.execute(
        _CHOSEN.replace("{revisions}", revisions_select(as_of)),
        {
            "since": selection.since,
            "until": selection.until,
            "regions": list(selection.regions),
        },
    )


@contextmanager
def shown_rows(
    snapshot: Snapshot,
    selection: ExportScope,
    as_of: datetime,
    *,
    memory_mb: int,
    threads: int,
    columns: str | None = None,
) -> Iterator[ShownRows]:
    """Choose what may be shown of `snapshot` at `as_of`.

    With `columns` it is events alone, in the columns of that other data set (`COLUMNS_OF`).
    """
    tables = (*TABLES, LINKS)
    with session(snapshot, tables, memory_mb=memory_mb, threads=threads) as connection:
        create_views(connection, snapshot, as_of, named_in("current_links"))
        create_chosen(connection, selection, as_of)
        if columns is None:
            yield ShownRows(connection, _ROWS, _ORDER)
        else:
            yield ShownRows(connection, {"events": _in_columns_of(columns)}, {"events": "day, 1"})


def _in_columns_of(other: str) -> str:
    text = files(__package__).joinpath(f"columns_of/{other}.sql").read_text("utf-8")
    return text.replace("{deeds}", DEEDS)
