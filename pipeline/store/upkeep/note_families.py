"""Notes of families: made anew by upkeep, so that `current` answers without comparing all stories.

What a note is, and why it stays right, stands in `pipeline.store.read.families`. A new one takes
over from the last what has not changed since, and compares only the families that have.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import structlog

from pipeline.errors import StoreError
from pipeline.store.commit.delta import reason
from pipeline.store.commit.seal import SEAL_KEY, UNSEALED, sealed
from pipeline.store.read.families import (
    FACTS_KEY,
    FOLDER,
    Facts,
    Families,
    compared,
    compared_columns,
    find_families,
    first_times,
    note_faults,
    notes,
    open_hidden,
)
from pipeline.store.read.known import NOTED, know_note
from pipeline.store.read.session import session
from pipeline.store.read.snapshot import Snapshot
from pipeline.store.read.views import EVER
from pipeline.store.upkeep.side_files import put

_log: structlog.stdlib.BoundLogger = structlog.get_logger("dateline")

_KEPT = 2
"""So many notes stay: a question may have begun with the one before the last."""

_ROW_GROUP_ROWS = 65_536
_MADE = """\
SELECT * FROM rows_of_settled
UNION ALL
SELECT
  o.*,
  CASE WHEN h.source IS NULL THEN 0 ELSE 1 END AS hidden,
  MAX(o.embargo_until) OVER (PARTITION BY o.story_id) AS embargo_last,
  MAX(CASE
    WHEN list_contains($read, COALESCE(o.origin_source, o.source))
      AND list_contains($committed, o.enrichment_id) THEN 0
    ELSE 1
  END) OVER (PARTITION BY o.story_id) AS unsettled
FROM open_rows AS o
LEFT JOIN (SELECT DISTINCT * FROM hidden) AS h
  ON o.source = h.source
  AND o."offset" = h."offset"
  AND o.item = h.item
  AND o.enrichment_id = h.enrichment_id
ORDER BY unsettled DESC, embargo_last DESC NULLS LAST, hidden DESC, story_id, source, "offset", item
"""


def note_families(snapshot: Snapshot, *, memory_mb: int = 1024, threads: int = 1) -> int:
    """Write a new note where the last one does not know all of `stories`.

    Return how many rows had to be compared for it; DuckDB keeps to `memory_mb` and spills above.
    Raises `StoreError` where the store fails.
    """
    try:
        while (count := _noted(snapshot, memory_mb, threads)) is None:
            pass  # others were faster twice: now there is a later one to begin with
        store = snapshot.filesystem()
        for path in notes(store)[:-_KEPT]:
            # Another round of upkeep may be first.
            with suppress(FileNotFoundError):
                store.delete_file(path)
    except (OSError, duckdb.Error, pa.ArrowInvalid) as error:
        raise StoreError(
            "cannot note which revisions are in force: `dateline lake check` tells whether the lake"
            " is whole",
            lake=snapshot.url,
            reason=reason(error),
        ) from error
    return count


def _noted(snapshot: Snapshot, memory_mb: int, threads: int) -> int | None:
    """Write a new note; None where the last one is gone: removed by others, or by us as damaged."""
    with session(snapshot, ["ledger"], memory_mb=memory_mb, threads=threads) as connection:
        last = find_families(connection, snapshot)
        if last is not None and not last.fresh and not last.gone:
            return 0
        try:
            facts = _facts(connection, snapshot)
            count = _gather(connection, snapshot, last, facts)
            _write(connection, snapshot, facts)
        except (OSError, duckdb.Error):
            if last is None or not _without_damaged(snapshot, last.path):
                raise
            return None
    return count


def _without_damaged(snapshot: Snapshot, path: str) -> bool:
    """Remove a note that is not as written, since it follows from the tables; say whether it is
    gone, by us or by others."""
    store = snapshot.filesystem()
    if path not in notes(store):
        return True
    if path not in dict(note_faults(snapshot)):
        return False
    _log.warning("removed a damaged note of families", lake=snapshot.url, note=path)
    with suppress(FileNotFoundError):
        store.delete_file(path)
    return True


def _facts(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot) -> Facts:
    files = tuple(snapshot.paths("stories"))
    ledger = tuple(snapshot.paths("ledger"))
    read, committed = first_times(connection, "ledger")
    return Facts(files, ledger, read, committed)


def _gather(
    connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, last: Families | None, facts: Facts
) -> int:
    """Make `open_rows` (of families to be compared) and `rows_of_settled`; count the former."""
    columns = compared_columns()
    known = set() if last is None else set(last.facts.files)
    fresh = [path for path in facts.files if path not in known]
    connection.register("arrived", _rows(snapshot.partitioned("stories"), fresh, facts))
    connection.execute("CREATE TABLE open_rows AS FROM arrived")
    if last is None:
        connection.execute(
            "CREATE VIEW rows_of_settled AS SELECT *, 0 AS hidden, embargo_until AS embargo_last,"
            " 0 AS unsettled FROM open_rows LIMIT 0"
        )
    else:
        _take_over(connection, snapshot, last, facts)
    ((count,),) = connection.sql("SELECT count(*) FROM open_rows").fetchall()
    rows = f"SELECT {columns} FROM open_rows"
    connection.execute(f"CREATE TABLE hidden AS {open_hidden(rows, EVER)}")
    return int(count)


def _take_over(
    connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, last: Families, facts: Facts
) -> None:
    """Bring the last note's rows in, those of settled families as they stand."""
    columns = compared_columns()
    numbers = {path: n for n, path in enumerate(facts.files)}
    moved = [numbers.get(path) for path in last.facts.files]
    connection.register(
        "renumbered",
        pa.table({"old": list(range(len(moved))), "new": pa.array(moved, pa.int32())}),
    )
    know_note(connection, snapshot, last.path)
    connection.execute(
        "CREATE TABLE opened AS SELECT story_id FROM open_rows"
        f" UNION SELECT story_id FROM {NOTED} JOIN renumbered ON file = old"
        " WHERE unsettled = 1 OR new IS NULL"
    )
    connection.execute(
        f"INSERT INTO open_rows SELECT {columns}, new AS file FROM {NOTED}"
        " JOIN renumbered ON file = old WHERE new IS NOT NULL AND story_id IN (FROM opened)"
    )
    connection.execute(
        f"CREATE VIEW rows_of_settled AS SELECT {columns}, new AS file, hidden, embargo_last,"
        f" unsettled FROM {NOTED} JOIN renumbered ON file = old WHERE story_id NOT IN (FROM opened)"
    )


def _rows(dataset: ds.Dataset, paths: list[str], facts: Facts) -> pa.RecordBatchReader:
    """Return the compared columns of those data files, each row with its file's number."""
    names = list(compared())
    schema = pa.schema([*(dataset.schema.field(name) for name in names), ("file", pa.int32())])
    schema = pa.schema([field.remove_metadata() for field in schema])
    wanted = set(paths)
    numbers = {path: n for n, path in enumerate(facts.files)}

    def batches() -> Iterator[pa.RecordBatch]:
        for part in dataset.get_fragments():
            if part.path not in wanted:
                continue
            rows = part.to_table(schema=dataset.schema, columns=names)
            file = pa.array([numbers[part.path]] * rows.num_rows, pa.int32())
            yield from rows.append_column("file", file).cast(schema).to_batches()

    return pa.RecordBatchReader.from_batches(schema, batches())


def _write(connection: duckdb.DuckDBPyConnection, snapshot: Snapshot, facts: Facts) -> None:
    reader = connection.sql(
        _MADE, params={"read": list(facts.read), "committed": list(facts.committed)}
    ).to_arrow_reader(_ROW_GROUP_ROWS)
    sink = pa.BufferOutputStream()
    schema = reader.schema.with_metadata({FACTS_KEY: facts.dump()})
    with pq.ParquetWriter(sink, schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_table(
                pa.Table.from_batches([batch]).replace_schema_metadata(schema.metadata)
            )
        writer.add_key_value_metadata({SEAL_KEY: UNSEALED})
    version = snapshot.tables["stories"].version()
    path = f"{FOLDER}/{version:020}-{uuid4().hex[:8]}.parquet"
    put(snapshot.url, snapshot.options, path, pa.py_buffer(sealed(sink.getvalue().to_pybytes())))
