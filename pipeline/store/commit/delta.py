"""What a table's log is asked, and how its folders and statistics are named.

Without Arrow: a question goes by this alone, and Arrow takes longer to import than it to answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from deltalake.exceptions import DeltaError, DeltaProtocolError

from pipeline.errors import StoreError
from pipeline.store.schema.contract import LINKS

if TYPE_CHECKING:
    from arro3.core import Table
    from deltalake import DeltaTable

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")

_UNSUPPORTED = "Unsupported: Feature"
"""How delta-rs begins to tell of a feature of tables that it does not know (deltalake 1.6)."""

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"

Partition = Mapping[str, str | None]
"""The values of a table's partition columns, in the contract's order."""


def folder_of(partition: Partition) -> str:
    """Return the folder of a partition, relative to its table, with a slash at the end."""
    return "".join(
        f"{column}={NULL_PARTITION if value is None else value}/"
        for column, value in partition.items()
    )


STATS_COLUMNS = "delta.dataSkippingStatsColumns"
"""The property that names the columns which the log has statistics of: readers take the others for
empty where it is not set (ARCHITECTURE.md, Statistics)."""


def stats_columns(table: str) -> tuple[str, str]:
    """Return the columns that the log has the smallest and largest values of."""
    if table == LINKS:
        return "left_revision_id", "right_revision_id"
    return "source", "start_offset" if table == "ledger" else "offset"


def reason(error: Exception) -> str:
    """Return what `error` says, in one line.

    Delta-rs adds colours, and its stack over many lines.
    """
    text = _COLOURS.sub("", str(error).partition("\n   0: ")[0]).replace("↳", ":")
    lines = [line.strip() for line in text.splitlines()]
    return " ".join(line for line in lines if line) or type(error).__name__


def unknown_features(table: str, error: Exception) -> StoreError:
    """Return the fault of a table that asks for more of its readers than is known here."""
    return StoreError(
        "another tool has switched on what is not read here: take the table's `_delta_log` from"
        " a backup (docs/upkeep.md, A damaged log)",
        table=table,
        reason=reason(error),
    )


def cannot_open(table: str, error: Exception) -> StoreError:
    """Return the fault of a table that cannot be opened, with its remedy."""
    if isinstance(error, DeltaProtocolError) or _UNSUPPORTED in str(error):
        return unknown_features(table, error)
    if isinstance(error, OSError):
        return StoreError(
            "cannot open the table: see docs/upkeep.md, Faults of the store; `dateline lake repair`"
            " tells whether its log is damaged",
            table=table,
            reason=reason(error),
        )
    return StoreError(
        "cannot open the table (see `dateline lake repair`)", table=table, reason=reason(error)
    )


@contextmanager
def reading_log(table: str) -> Iterator[None]:
    """Ask a handle for what the log says; raises `StoreError` where the log cannot be read.

    delta-rs reads entries again when it is asked, also those that it had read at a refresh.
    """
    try:
        yield
    except DeltaProtocolError as error:
        raise unknown_features(table, error) from error
    except (DeltaError, OSError) as error:
        raise StoreError(
            "cannot read the table's log (see `dateline lake repair`)",
            table=table,
            reason=reason(error),
        ) from error


def logged(handle: DeltaTable, table: str) -> Table:
    """Return one row for each data file that the log holds at the handle's version.

    What it says of it. Paths are relative to the table, and URL-encoded (Delta protocol, section
    "Add File and Remove File").
    """
    with reading_log(table):
        return handle.get_add_actions(flatten=True)


def local_path(url: str) -> Path | None:
    """Return the folder that `url` names, None for an object store."""
    if "://" not in url:
        return Path(url).absolute()
    if url.startswith("file://"):
        return Path(url.removeprefix("file://"))
    return None
