"""Rows of a data file that the lake should hold and does not: its log lost the file.

A file that no log refers to is mostly what a dead writer left: its rows were written anew by
another one. Where they were not, though the ledger has passed them, the file is all there is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from pipeline.store.schema.contract import LINKS

Dataset = Callable[[str], ds.Dataset]
"""A table of the lake, pinned."""

_ITEM = ("source", "offset", "item")
_FOUND = (*_ITEM, "revision_id", "enrichment_id")
_KEYS: Mapping[str, Sequence[str]] = {
    "stories": _ITEM,
    "rejects": _ITEM,
    "entities": (*_FOUND, "name", "kind"),
    "events": (*_FOUND, "event_id"),
    "ledger": ("source", "start_offset", "end_offset"),
    LINKS: ("left_revision_id", "right_revision_id"),
}


def key_columns(table: str) -> list[str]:
    """Return the columns of a data file that `lost_rows` looks at."""
    return list(_KEYS[table])


def lost_rows(table: str, rows: pa.Table, lake: Dataset, ends: Mapping[str, int]) -> int:
    """Count the `rows` (`key_columns` of a file) below the ledger's `ends` that are not there.

    An item may have become a story or a reject, or one of a range that the next writer could not
    read any more; an entity or event belongs to the story row of its enrichment, and is nothing
    without it.
    """
    if table == LINKS:
        return 0
    below = [row for row in rows.to_pylist() if _end_of(row) <= ends.get(row["source"], -1)]
    if not below:
        return 0
    if table == "ledger":
        return sum(not held for held in _covered(below, lake("ledger")))
    items = {tuple(row[name] for name in _ITEM) for row in below}
    if table in ("stories", "rejects"):
        there = _keys(lake("stories"), _ITEM, below) | _keys(lake("rejects"), _ITEM, below)
        unread = _unread(lake("rejects"), below) if items - there else ()
        return sum(
            not any(source == name and first <= offset < end for name, first, end in unread)
            for source, offset, _ in items - there
        )
    stories = _keys(lake("stories"), _FOUND, below)
    there = _keys(lake(table), _KEYS[table], below)
    return sum(
        tuple(row[name] for name in _FOUND) in stories
        and tuple(row[name] for name in _KEYS[table]) not in there
        for row in below
    )


def _end_of(row: Mapping[str, Any]) -> int:
    end: int = row["end_offset"] if "end_offset" in row else row["offset"] + 1
    return end


def _keys(
    table: ds.Dataset, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> set[tuple[Any, ...]]:
    """Return the keys of the table's rows within the sources and offsets of `rows`."""
    offsets = [row["offset"] for row in rows]
    where = (
        ds.field("source").isin(sorted({row["source"] for row in rows}))
        & (ds.field("offset") >= min(offsets))
        & (ds.field("offset") <= max(offsets))
    )
    found = table.to_table(list(columns), filter=where).to_pydict()
    return set(zip(*(found[name] for name in columns), strict=True))


def _unread(
    rejects: ds.Dataset, rows: Sequence[Mapping[str, Any]]
) -> Sequence[tuple[str, int, int]]:
    """Return source, start and end of ranges that could not be read, in the sources of `rows`."""
    columns = ("source", "offset", "end_offset")
    if columns[-1] not in rejects.schema.names:
        return ()  # a table of an older version, that nobody has opened to write since
    where = (
        ds.field("source").isin(sorted({row["source"] for row in rows}))
        & (ds.field("offset") <= max(row["offset"] for row in rows))
        & (ds.field("end_offset") > min(row["offset"] for row in rows))
    )
    found = rejects.to_table(list(columns), filter=where).to_pydict()
    return list(zip(*(found[name] for name in columns), strict=True))


def _covered(rows: Sequence[Mapping[str, Any]], ledger: ds.Dataset) -> list[bool]:
    """Say of each block whether its first offset lies in a block of the ledger, or is an empty
    one's.

    Another writer may have committed the offsets in other portions.
    """
    held = ledger.to_table(
        ["source", "start_offset", "end_offset"],
        filter=ds.field("source").isin(sorted({row["source"] for row in rows})),
    )
    found: list[bool] = []
    for row in rows:
        mine = held.filter(pc.equal(held["source"], row["source"]))
        start, end = mine["start_offset"], mine["end_offset"]
        is_in = pc.and_(
            pc.less_equal(start, row["start_offset"]), pc.greater(end, row["start_offset"])
        )
        same = pc.and_(pc.equal(start, row["start_offset"]), pc.equal(end, row["end_offset"]))
        found.append(bool(pc.any(pc.or_(is_in, same)).as_py()))
    return found
