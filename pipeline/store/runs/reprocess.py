"""Parsing and enriching anew what the lake holds, as a source of its own: the plan of a run.

A run is named by today's stages, its condition, and the versions of the tables that it was planned
on: `reprocess/{id of the stages}/{condition}/{stories.rejects.ledger}-{digest}`. Its records
are the raw bytes of the stories that `reprocess_select` picks, its offsets their places in that
order. So the commit protocol, the ledger and the check hold for it as for any source, and a run
that was cut short goes on where the lake ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar

import pyarrow as pa
import pyarrow.dataset as ds

from pipeline.errors import StoreError, UsageError
from pipeline.model import Record, RejectKind
from pipeline.reprocessed import REPROCESSED
from pipeline.stages import StageSet
from pipeline.store.commit.write import GENERATION, GENERATIONS
from pipeline.store.read.snapshot import Snapshot, open_snapshot
from pipeline.store.runs.pinned import (
    Versions,
    lost_files_explained,
    name_of,
    pinned,
    unfinished,
)
from pipeline.store.runs.reprocess_select import PickCounts, PickedStories, select
from pipeline.store.schema.from_rows import record_of

_PINNED = ("stories", "rejects", "ledger")
_DELETED: RejectKind = "skipped.deleted"
_ATTEMPTS = 5
"""How often at most something is read of which upkeep removes files meanwhile."""

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class ReprocessRun:
    """One run as a sequence of records with a fixed order; small, and may be sent to a worker."""

    lake_url: str
    options: Mapping[str, str] = field(repr=False)
    stages: StageSet
    where: str | None
    versions: Versions
    digest: str
    total: int
    start: int = 0
    kind = "reprocess"

    @property
    def source(self) -> str:
        """The run's name in the lake."""
        return name_of(_prefix(self.stages, self.where), self.versions, self.digest)

    @property
    def stages_id(self) -> str:
        """The stages that it was planned under."""
        return self.stages.id

    def records(self, start: int = 0) -> Iterator[Record]:
        """Yield the records from offset `start` on, each with the story that the lake holds of it.

        Raises `StoreError` where the tables no longer have what the run was planned on, or
        stories that it picks were deleted for good since.
        """
        snapshot = pinned(self.lake_url, self.options, _PINNED, self.versions)
        with lost_files_explained(), select(snapshot, self.stages, self.where) as selection:
            if selection.count().digest != self.digest:
                raise StoreError(
                    "the condition picks other stories than before: plan the run anew"
                    " (docs/reprocess.md)",
                    run=self.source,
                )
            _assert_none_deleted(selection, self.lake_url, self.options)
            for offset, row in selection.rows(start):
                yield record_of(row, self.source, offset)


@dataclass(frozen=True, slots=True)
class Plan:
    """Holds what is to be done: the run, how far it has come already, and what it picks.

    `newer` is the enrichment that the views go on showing because its stages entered the lake after
    the run's own (an older model was put back), None where the run's rows will be shown.
    """

    run: ReprocessRun
    done: int
    counted: PickCounts
    newer: str | None = None

    @property
    def left(self) -> int:
        """How many stories are still to be enriched."""
        return self.run.total - self.done


def plan_reprocess(
    lake_url: str, options: Mapping[str, str], stages: StageSet, where: str | None = None
) -> Plan:
    """Plan the unfinished run under these stages and condition, else a new one.

    Writes nothing. What upkeep replaces meanwhile is read anew. Raises `UsageError` where there is
    no lake, or for a wrong condition, `StoreError` where a file of the lake is gone.
    """
    condition = (where or "").strip() or None
    try:
        return _read_anew(lambda: _planned(lake_url, options, stages, condition))
    except FileNotFoundError as gone:
        raise StoreError(
            "a data file of the lake is gone: `dateline lake check` names it; take it from a"
            " backup",
            reason=str(gone),
        ) from gone


def _read_anew(read: Callable[[], _Read]) -> _Read:
    """Return what `read` finds, asked again where upkeep removed a file that it reads.

    Raises FileNotFoundError where that is so each time.
    """
    for _ in range(_ATTEMPTS - 1):
        with suppress(FileNotFoundError):
            return read()
    return read()


def _planned(
    lake_url: str, options: Mapping[str, str], stages: StageSet, where: str | None
) -> Plan:
    now = open_snapshot(lake_url, options)
    missing = [table for table in _PINNED if table not in now.tables]
    if missing:
        raise UsageError("the lake holds no stories", lake=lake_url)
    newer = _newer(now, stages)

    def plan_on(snapshot: Snapshot, versions: Versions) -> Plan:
        with select(snapshot, stages, where) as selection:
            counted = selection.count()
            _assert_none_deleted(selection, lake_url, options)
        run = ReprocessRun(
            *(snapshot.url, snapshot.options, stages, where, versions),
            *(counted.digest, counted.total),
        )
        return Plan(run, 0, counted, newer)

    begun = unfinished(now, _prefix(stages, where), _PINNED, plan_on)
    if begun is not None:
        return replace(begun[0], done=begun[1])
    return plan_on(now, tuple(now.tables[table].version() for table in _PINNED))


def _prefix(stages: StageSet, where: str | None) -> str:
    condition = hashlib.sha256(where.encode()).hexdigest()[:12] if where else "all"
    return f"{REPROCESSED}{stages.id}/{condition}/"


def _assert_none_deleted(
    selection: PickedStories, lake_url: str, options: Mapping[str, str]
) -> None:
    """Make sure that the run brings back nothing that the law wants gone.

    The versions that it is pinned to may hold stories that were deleted since.
    """
    gone = _read_anew(lambda: _deleted(lake_url, options))
    if (count := selection.count_at(gone)) > 0:
        raise StoreError(
            "stories that the run picks were deleted since: let `dateline lake delete` come to its"
            " end, and plan the run anew (docs/reprocess.md)",
            lake=lake_url,
            stories=count,
        )


def _deleted(lake_url: str, options: Mapping[str, str]) -> pa.Table:
    """Return where stories were deleted."""
    now = open_snapshot(lake_url, options, ("rejects",)).dataset("rejects")
    return now.to_table(["source", "offset", "item"], filter=ds.field("kind") == _DELETED)


def _newer(snapshot: Snapshot, stages: StageSet) -> str | None:
    """Return the enrichment of the lake's last generation, where `stages` are an earlier one of
    it."""
    mine = f"{GENERATION}{stages.id}"
    known = snapshot.committed("ledger", (mine, GENERATIONS))
    if mine not in known or known[mine] == known[GENERATIONS]:
        return None
    last = ds.field("generation") == known[GENERATIONS]
    rows = snapshot.dataset("ledger").to_table(["enrichment_id"], filter=last)
    ids = rows.column("enrichment_id").unique().to_pylist()
    return ids[0] if ids else None
