"""A DuckDB connection over pinned tables, in memory, that spills into a temporary folder.

It opens the data files that the tables' logs hold, and nothing else (`pipeline.store.read.known`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipeline.compat.duckdb_core import open_in_memory
from pipeline.store.read.families import find_families
from pipeline.store.read.known import allow_known, know_table
from pipeline.store.read.snapshot import Snapshot
from pipeline.store.read.views import HALVED, VIEWS, dated_half, view_select

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SPILL = "dateline-sql-"
"""How the name of the folder begins that a session spills into."""


@contextmanager
def session(
    snapshot: Snapshot, tables: Sequence[str], *, memory_mb: int, threads: int
) -> Iterator[DuckDBPyConnection]:
    """Open a connection that knows `tables` as `snapshot` has pinned them; times are in UTC.

    It keeps to `memory_mb` and spills above. Call `shut` before SQL of others runs on it.
    """
    with (
        TemporaryDirectory(prefix=SPILL) as spill,
        open_in_memory(
            {
                "memory_limit": f"{memory_mb}MiB",
                "threads": threads,
                "temp_directory": spill,
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            }
        ) as connection,
    ):
        # Else a name in the SQL would reach for the variables of the calling Python code.
        connection.execute("SET python_enable_replacements = false")
        connection.execute("SET TimeZone = 'UTC'")
        # It would be drawn on standard output, into the rows.
        connection.execute("SET enable_progress_bar = false")
        # Each mention of a table opens its files again, which do not change.
        connection.execute("SET parquet_metadata_cache = true")
        for table in tables:
            know_table(connection, snapshot, table)
        yield connection


def create_views(
    connection: DuckDBPyConnection,
    snapshot: Snapshot,
    as_of: datetime,
    wanted: Collection[str] = VIEWS,
) -> None:
    """Make the views known to a session over their tables, as they stand at `as_of`.

    All of them, or those of `wanted`, which has what these need too (`views.named_in`). Where
    upkeep has noted which revisions are in force, `current` goes by that.
    """
    families = find_families(connection, snapshot) if "current" in wanted else None
    if families is not None:
        families.register(connection, snapshot)
    undated = snapshot.has_undated("stories")
    for view in (view for view in VIEWS if view in wanted):
        text = view_select(view, as_of)
        if view == "current" and families is not None:
            text = families.select(as_of)
        elif view in HALVED and not undated:
            text = dated_half(text)
        connection.execute(f"CREATE VIEW {view} AS {text}")


def shut(connection: DuckDBPyConnection) -> None:
    """Shut the connection off from files and network, and its settings from change, for good.

    But for the data files that it knows by now.
    """
    allow_known(connection)
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
