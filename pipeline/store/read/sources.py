"""The sources of a lake: where each begins and ends, by the ledger, and what it brought."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds

from pipeline.store.commit.conflict import ConflictError
from pipeline.store.commit.lake import Lake
from pipeline.store.read.snapshot import Snapshot

_ATTEMPTS = 5
_SUMS = ("records", "stories", "rejects", "skipped")


@dataclass(frozen=True, slots=True)
class SourceState:
    """One source: its offsets `[start, end)` in the ledger, its counts, its last commit."""

    source: str
    start: int
    end: int
    records: int
    stories: int
    rejects: int
    skipped: int
    committed_at: datetime | None


def sources(snapshot: Snapshot) -> list[SourceState]:
    """Return every source that the ledger knows, by name."""
    columns = ["source", "start_offset", "end_offset", "committed_at", *_SUMS]
    rows: pa.Table = snapshot.dataset("ledger").to_table(columns)
    wanted = [("start_offset", "min"), ("end_offset", "max"), ("committed_at", "max")]
    grouped = rows.group_by("source").aggregate([*wanted, *((name, "sum") for name in _SUMS)])
    found: list[dict[str, Any]] = grouped.to_pylist()
    states = [
        SourceState(
            row["source"],
            row["start_offset_min"],
            row["end_offset_max"],
            row["records_sum"],
            row["stories_sum"],
            row["rejects_sum"],
            row["skipped_sum"],
            row["committed_at_max"],
        )
        for row in found
    ]
    return sorted(states, key=lambda state: state.source)


def leader_epochs(lake: Lake, wanted: Sequence[str]) -> dict[str, int]:
    """Return the leader epoch of the last block that has one, of each source.

    Empty where the ledger is compacted again and again meanwhile: an epoch is only one more proof.
    """
    if not wanted:
        return {}
    where = ds.field("source").isin(list(wanted)) & ds.field("leader_epoch").is_valid()
    columns = ["source", "end_offset", "leader_epoch"]
    for _ in range(_ATTEMPTS):
        with suppress(ConflictError), lake.reading("ledger"):
            rows = lake.dataset("ledger").to_table(columns, filter=where).to_pylist()
            rows.sort(key=lambda row: row["end_offset"])
            return {row["source"]: row["leader_epoch"] for row in rows}
    return {}
