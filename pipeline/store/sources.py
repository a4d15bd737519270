"""The sources of a lake: where each begins and ends, by the ledger, and what it brought."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from pipeline.store.snapshot import Snapshot

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
    """Every source that the ledger knows, by name."""
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
