"""Which revisions of some families may be shown: the lake's own views, over rows without text.

The views and the export's choice are the one definition (ARCHITECTURE.md, invariant 5). They are
asked here of the families alone that something happened to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb
import pyarrow as pa

from pipeline.store.export.scope import ExportScope, create_chosen
from pipeline.store.schema.contract import contract

RowKey = tuple[str, int, int, str]
"""Where a row of stories stands: source, offset, item, enrichment_id."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A revision that may be shown: whether it is the one in force, and when it was committed."""

    is_current: bool
    committed_at: datetime | None


def choose_shown(revisions: pa.Table, ledger: pa.Table, as_of: datetime) -> dict[RowKey, Chosen]:
    """Return what may be shown at `as_of` of `revisions`, whole families of rows without text."""
    if not revisions.num_rows:
        return {}
    with duckdb.connect(
        config={
            "threads": 1,
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
        }
    ) as connection:
        connection.execute("SET python_enable_replacements = false")
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        connection.register("stories", _as_stories(revisions))
        connection.register("ledger", ledger)
        create_chosen(connection, ExportScope(), as_of)
        rows = connection.execute(
            'SELECT source, "offset", item, enrichment_id, is_current, committed_at FROM chosen'
        ).fetchall()
    return {(row[0], row[1], row[2], row[3]): Chosen(bool(row[4]), row[5]) for row in rows}


def _as_stories(revisions: pa.Table) -> pa.Table:
    """Return the rows with the columns of stories; what is not told of them is null."""
    columns = [
        revisions[field.name].cast(field.type)
        if field.name in revisions.schema.names
        else pa.nulls(revisions.num_rows, field.type)
        for field in contract("stories").schema
    ]
    return pa.table(columns, names=contract("stories").schema.names)
