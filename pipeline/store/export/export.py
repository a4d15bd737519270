"""Exports a lake, or brings an export up to date: `export_lake`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.errors import StoreError, UsageError
from pipeline.store.codes.codes import CODES, CodeTable
from pipeline.store.export.scope import COLUMNS_OF, ExportScope, shown_rows
from pipeline.store.export.targets import (
    VIEWS_OF_EXPORT,
    WORDS_INDEX,
    ExportState,
    open_target,
    sql_of_export,
    view_of_export,
)
from pipeline.store.read.snapshot import open_snapshot

FORMS = ("parquet", "duckdb", "sqlite", "csv", *COLUMNS_OF)
"""The forms of an export: folders, files of databases, events in the columns of other data sets."""

_SUFFIXES = {".duckdb": "duckdb", ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite"}


@dataclass(frozen=True, slots=True)
class Exported:
    """What was done: rows by table that the export holds of the days that were written anew.

    `days` is how many days' rows of any table were written or removed, `written_bytes` the size of
    the files that were written (a database is one). Nothing changed where `days` is 0.
    """

    form: str
    rows: Mapping[str, int]
    days: int
    written_bytes: int
    anew: bool


def form_of(path: Path) -> str:
    """Return the form that a target's name asks for: Parquet where it has no known ending."""
    return _SUFFIXES.get(path.suffix.lower(), "parquet")


def export_lake(
    lake_url: str,
    options: Mapping[str, str] | None,
    path: Path,
    as_of: datetime,
    *,
    now: datetime,
    form: str | None = None,
    scope: ExportScope | None = None,
    memory_mb: int = 2048,
    threads: int = 2,
) -> Exported:
    """Copy what may be shown of the lake to `path`; where an export stands there, what changed.

    All tables are of one snapshot. `as_of` is the moment that embargoes are held against, at most
    `now`: what is under embargo then is not in the export. Reading keeps to `memory_mb`, and so
    does a DuckDB file that is made beside it; both spill above. A change of `selection`, of the
    tables' columns or of what codes mean writes all of it anew. Raises `UsageError` for a path that
    holds anything else, `StoreError` where it cannot be written.
    """
    form = form or form_of(path)
    if form not in FORMS:
        raise UsageError("no such format of an export", given=form, known=", ".join(FORMS))
    if as_of > now:
        raise UsageError("an export shows nothing of the future", as_of=as_of.isoformat())
    wanted = scope or ExportScope()
    snapshot = open_snapshot(lake_url, options)
    target = open_target(path, form, memory_mb)
    codes = {name: make() for name, make in CODES.items()}
    try:
        before = target.state()
        columns = form if form in COLUMNS_OF else None
        with shown_rows(
            snapshot, wanted, as_of, memory_mb=memory_mb, threads=threads, columns=columns
        ) as shown:
            tables = shown.tables
            schemas = {table: shown.schema(table) for table in tables}
            after = ExportState(
                wanted.as_json(),
                {table: [f"{f.name} {f.type}" for f in schemas[table]] for table in tables},
                {table: shown.digests(table) for table in tables},
                as_of.isoformat(),
                "" if columns else _digest(codes),
            )
            anew = before is None or not before.is_alike(after)
            known = {} if before is None or anew else before.days
            changed = {table: _changed(known.get(table, {}), after.days[table]) for table in tables}
            if not anew and not any(changed.values()):
                return Exported(form, dict.fromkeys(tables, 0), 0, 0, False)
            target.begin(schemas, anew)
            rows = {
                table: target.replace(table, days, shown.rows(table, days))
                for table, days in changed.items()
            }
            if anew:
                target.put_codes(codes)
            target.finish(after)
    except OSError as error:
        raise StoreError(
            "the export cannot be written: see docs/upkeep.md, Faults of the store",
            path=path,
            reason=error,
        ) from error
    finally:
        target.close()
    days = len({day for found in changed.values() for day in found})
    return Exported(form, rows, days, target.written_bytes, anew)


def _digest(codes: Mapping[str, CodeTable]) -> str:
    """Return a digest of what codes, views and the index say: another one with another version."""
    said = [[name, [*table.columns.items()], table.rows] for name, table in codes.items()]
    views = [view_of_export(view) for view in VIEWS_OF_EXPORT]
    text = json.dumps([said, views, sql_of_export(WORDS_INDEX)])
    return hashlib.sha256(text.encode()).hexdigest()


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return sorted(day for day in {*before, *after} if before.get(day) != after.get(day))
