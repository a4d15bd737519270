"""Which stories a reprocess run reads anew, and in what order: DuckDB over pinned tables.

One row a revision, picked as the view `current` does (last generation, then smallest coordinates),
of revisions that the lake does not hold under the run's parse and enrichment yet and that did not
fail under its stages before. The order is by date, source, offset and item: files are read once,
and a batch meets few dates.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.fs as pafs

from pipeline.errors import DatelineError, StoreError, UsageError
from pipeline.reprocessed import REPROCESSED
from pipeline.stages import NOT_ENRICHED_ID, StageSet, read_stages
from pipeline.store.commit.delta import reason
from pipeline.store.read.session import session, shut
from pipeline.store.read.snapshot import Snapshot
from pipeline.store.schema.from_rows import STORY_COLUMNS
from pipeline.store.schema.rows import Row

_AT_ONCE = 5_000
"""Stories that are read and sorted by one query, or one day's, where that has more."""

_CHUNK = 200

_READ = ("stories", "rejects", "ledger")

_RANKED = f"""
CREATE TABLE ranked AS
SELECT source, "offset", item, enrichment_id FROM (
  SELECT k.source, k."offset", k.item, k.enrichment_id, k.revision_id,
    bool_or(k.enrichment_id = $enrichment AND k.parse_id IS NOT DISTINCT FROM p.parse_id)
      OVER (PARTITION BY k.revision_id) AS done,
    row_number() OVER (
      PARTITION BY k.revision_id
      ORDER BY k.generation DESC NULLS LAST, e.first_committed_at DESC NULLS LAST,
        k.enrichment_id DESC, k.source, k."offset", k.item
    ) AS nth
  FROM stories AS k
  JOIN parses AS p ON k.format = p.format
  LEFT JOIN (
    SELECT enrichment_id, min(committed_at) AS first_committed_at
    FROM ledger WHERE records > 0 GROUP BY enrichment_id
  ) AS e ON k.enrichment_id = e.enrichment_id
) AS r
WHERE nth = 1 AND NOT done
  AND revision_id NOT IN (
    SELECT revision_id FROM rejects
    WHERE revision_id IS NOT NULL AND kind = 'enrich_failed'
      AND starts_with(source, '{REPROCESSED}' || $stages || '/')
  )
"""

_ROWS = """
SELECT s.* FROM stories AS s SEMI JOIN ranked AS r
ON s.source = r.source AND s."offset" = r."offset" AND s.item = r.item
  AND s.enrichment_id = r.enrichment_id
"""

_KEYS = (
    'date, region, source, "offset", item, enrichment_id, format, parse_id, generation, raw_bytes'
)

_PICKED = """
CREATE TABLE picked AS
SELECT row_number() OVER (ORDER BY date NULLS LAST, source, "offset", item) - 1 AS n, *
FROM chosen
"""

_DIGEST = """
SELECT count(*), coalesce(bit_xor(hash(n, source, "offset", item, enrichment_id)), 0) FROM picked
"""

_STAGES = """
SELECT l.stages, p.format, p.enrichment_id, p.enrichment_id <> $enrichment AS is_enriched,
  p.parse_id IS DISTINCT FROM t.parse_id AS is_parsed, count(*)
FROM picked AS p
JOIN parses AS t ON p.format = t.format
LEFT JOIN (
  SELECT generation, any_value(stages) AS stages FROM ledger
  WHERE stages IS NOT NULL GROUP BY generation
) AS l ON p.generation = l.generation
GROUP BY ALL ORDER BY ALL
"""

_AT = """
SELECT count(*) FROM picked AS p SEMI JOIN (
  SELECT unnest($source) AS source, unnest($offset) AS "offset", unnest($item) AS item
) AS g ON p.source = g.source AND p."offset" = g."offset" AND p.item = g.item
"""

_DAYS = "SELECT date, count(*) FROM picked WHERE n >= $start GROUP BY date ORDER BY date NULLS LAST"


@dataclass(frozen=True, slots=True)
class PickCounts:
    """How many stories were picked, by what; `digest` (16 hex digits) names them and their order.

    `raw_bytes` is the size of what is read again, `dates` are ISO days, null as `None`;
    `enrichments` the ids that the lake holds now. `stages` counts, for each stage that differs
    today, the rows that it differs for; `not enriched` counts those that landed so, `before
    versions` those where the lake does not say.
    """

    total: int
    digest: str
    dates: Mapping[str | None, int]
    regions: Mapping[str, int]
    enrichments: Mapping[str, int]
    raw_bytes: int = 0
    stages: Mapping[str, int] = field(default_factory=dict)


class PickedStories:
    """The stories that were picked; see `select`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, stages: StageSet) -> None:
        self._connection = connection
        self._stages = stages

    def count(self) -> PickCounts:
        """Count the picked stories, and of what they are."""
        total, digest = self._all(_DIGEST)[0]
        by = {
            name: dict(self._all(f"SELECT {name}, count(*) FROM picked GROUP BY ALL ORDER BY ALL"))
            for name in ("date", "region", "enrichment_id")
        }
        dates = {day and day.isoformat(): n for day, n in by["date"].items()}
        ((raw_bytes,),) = self._all("SELECT coalesce(sum(raw_bytes), 0)::BIGINT FROM picked")
        return PickCounts(
            *(total, f"{digest:016x}", dates, by["region"], by["enrichment_id"]),
            *(raw_bytes, self._differing()),
        )

    def count_at(self, coordinates: pa.Table) -> int:
        """Count the picked stories at these, each a source, an offset and an item."""
        if not coordinates.num_rows:
            return 0
        ((count,),) = self._all(_AT, coordinates.to_pydict())
        return int(count)

    def _differing(self) -> dict[str, int]:
        """Say how many of the picked rows each stage differs for."""
        counts: dict[str, int] = {}
        enrichment = {"enrichment": self._stages.enrichment_id}
        for stages_then, wire_format, then_id, is_enriched, is_parsed, rows in self._all(
            _STAGES, enrichment
        ):
            today = {
                stage.name: f"{stage.version} {stage.data}".rstrip()
                for stage in self._stages.of(wire_format, parsed=is_parsed, enriched=is_enriched)
            }
            then = read_stages(stages_then) if stages_then else {}
            names = [name for name, is_now in today.items() if then.get(name) != is_now]
            reason_then = "not enriched" if then_id == NOT_ENRICHED_ID else "before versions"
            for name in names if stages_then else (reason_then,):
                counts[name] = counts.get(name, 0) + rows
        return counts

    def rows(self, start: int) -> Iterator[tuple[int, Row]]:
        """Yield the picked rows with their place in the order, from `start` on.

        Their columns are `STORY_COLUMNS`, as far as the lake has them. Raises `StoreError` where a
        file of the pinned version is gone.
        """
        there = set(self._connection.table("stories").columns)
        columns = ", ".join(f"s.{name}" for name in STORY_COLUMNS if name in there)
        for condition in self._spans(start):
            sql = (
                f"SELECT p.n, {columns} FROM stories AS s JOIN picked AS p"
                ' ON s.source = p.source AND s."offset" = p."offset" AND s.item = p.item'
                " AND s.enrichment_id = p.enrichment_id"
                f" WHERE p.n >= $start AND {condition} ORDER BY p.n"
            )
            try:
                found = self._connection.sql(sql, params={"start": start})
                for chunk in found.to_arrow_reader(_CHUNK):
                    for row in chunk.to_pylist():
                        yield row.pop("n"), row
            except duckdb.Error as error:
                raise StoreError(
                    "the stories cannot be read: `dateline lake check` tells why",
                    reason=reason(error),
                ) from error

    def _spans(self, start: int) -> Iterator[str]:
        """Yield conditions on `s.date` that part the days: some `_AT_ONCE` rows each or one day.

        As literals, so that they reach the files' partitions.
        """
        first: date | None = None
        last: date | None = None
        rows = 0
        for day, count in self._all(_DAYS, {"start": start}):
            if rows and (day is None or rows + count > _AT_ONCE):
                yield _between(first, last)
                first, rows = None, 0
            first, last, rows = first or day, day, rows + count
        if rows:
            yield _between(first, last)

    def _all(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[Any]:
        return self._connection.execute(sql, dict(parameters or {})).fetchall()


@contextmanager
def select(
    snapshot: Snapshot,
    stages: StageSet,
    where: str | None,
    *,
    memory_mb: int = 1024,
    threads: int = 2,
) -> Iterator[PickedStories]:
    """Pick stories of the tables that `snapshot` has pinned, in memory and a spill folder.

    `where` is one boolean expression over the columns of `stories`: it can neither change anything
    nor read a file. Raises `UsageError`, with DuckDB's words, where it is none; `StoreError` where
    the tables cannot be read, `FileNotFoundError` where a data file of theirs is gone.
    """
    with session(snapshot, _READ, memory_mb=memory_mb, threads=threads) as connection:
        shut(connection)
        with _reading(snapshot):
            try:
                _name_parses(connection, stages)
                today = {"enrichment": stages.enrichment_id, "stages": stages.id}
                connection.execute(_RANKED, today)
            except duckdb.Error as error:
                raise StoreError(
                    "the lake cannot be read: `dateline lake check` tells why", reason=reason(error)
                ) from error
            _choose(connection, where)
            connection.execute(_PICKED)
        with _reading(snapshot):
            yield PickedStories(connection, stages)


@contextmanager
def _reading(snapshot: Snapshot) -> Iterator[None]:
    """Raise `FileNotFoundError` where the tables could not be read as upkeep removed a file."""
    try:
        yield
    except (DatelineError, duckdb.Error) as error:
        if not isinstance(error.__cause__ or error, duckdb.Error):
            raise
        paths = [f"{table}/{path}" for table in _READ for path in snapshot.paths(table)]
        for info in snapshot.filesystem().get_file_info(paths):
            if info.type == pafs.FileType.NotFound:
                raise FileNotFoundError(info.path) from error
        raise


def _name_parses(connection: duckdb.DuckDBPyConnection, stages: StageSet) -> None:
    """Fill the table `parses`: today's parse of each format that the lake holds stories of."""
    connection.execute("CREATE TABLE parses (format VARCHAR, parse_id VARCHAR)")
    for (name,) in connection.execute("SELECT DISTINCT format FROM stories").fetchall():
        row = {"name": name, "id": stages.parse_id(name)}
        connection.execute("INSERT INTO parses VALUES ($name, $id)", row)


def _choose(connection: duckdb.DuckDBPyConnection, where: str | None) -> None:
    rows = connection.sql(_ROWS)
    try:
        # `filter` takes an expression and nothing else: no second statement, no other clause.
        chosen = rows if where is None else rows.filter(where)
        chosen.project(_KEYS).create("chosen")
    except duckdb.Error as error:
        if where is None:
            raise StoreError(
                "the stories cannot be read: `dateline lake check` tells why", reason=reason(error)
            ) from error
        words = " ".join(str(error).split())
        raise UsageError(f"--where is no condition on stories: {words}") from error


def _between(first: date | None, last: date | None) -> str:
    if first is None or last is None:
        return "s.date IS NULL"
    return f"s.date BETWEEN DATE '{first}' AND DATE '{last}'"
