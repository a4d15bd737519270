"""Clean-up: files that no commit will name, and files that compaction replaced.

A data file that the log does not hold may belong to a live writer that is about to commit it. It
is removed only behind a fence: once a commit to one of its sources has come after the version that
its writer compared, the log refuses that writer's commit (ARCHITECTURE.md, invariant 2). A file
that a compaction replaced is moreover kept for a while, for readers that hold an older snapshot. A
file whose rows the lake should hold and does not was lost by the log, and is never removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import uuid4

import pyarrow as pa
import pyarrow.dataset as ds

from pipeline.errors import StoreError
from pipeline.store.commit.actions import time_ms
from pipeline.store.commit.conflict import ConflictError, until_won
from pipeline.store.commit.data_files import MAINTAIN, Marks
from pipeline.store.commit.delta import reason
from pipeline.store.commit.lake import Commit, Lake
from pipeline.store.links.links_table import PREFIX as REPLACED_BY
from pipeline.store.read.lost import key_columns, lost_rows
from pipeline.store.read.snapshot import filesystem_of
from pipeline.store.read.table_log import log_state
from pipeline.store.schema.contract import LINKS, TABLES
from pipeline.store.upkeep.compact import PREFIX

_ATTEMPTS = 20
"""How often what another compaction replaced meanwhile is read anew, before giving up."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """Holds what a clean-up did: staged files dropped, data files removed, and files left alone.

    `kept` files are in no log but not fenced yet: their writer may be alive, or it died and nobody
    has passed the place it had reached. `held` files were replaced by a compaction, or rows of them
    withdrawn, and readers may still use them. `foreign` files were not written by Dateline, or are
    damaged. `lost` files hold rows of finished blocks that the table lacks: its log lost them (see
    `lake check`).
    """

    staged: int = 0
    removed: int = 0
    kept: int = 0
    held: int = 0
    foreign: int = 0
    lost: int = 0


def clean_up(lake: Lake, at: datetime, retention_s: float = 0.0) -> Cleaned:
    """Remove what can never become part of the lake, or was replaced `retention_s` ago.

    Safe beside live writers and compactions. Raises `StoreError` when the store fails.
    """
    counts = {"removed": 0, "kept": 0, "held": 0, "foreign": 0, "lost": 0}
    try:
        staged = lake.files.drop_staged()
        for table in (*TABLES, LINKS) if lake.files.list(LINKS) else TABLES:
            for fate in _clean_table(lake, table, at, retention_s):
                counts[fate] += 1
    except OSError as error:
        raise StoreError(
            "cannot clean up: see docs/upkeep.md, Faults of the store", reason=reason(error)
        ) from error
    return Cleaned(staged, **counts)


def _clean_table(lake: Lake, table: str, at: datetime, retention_s: float) -> list[str]:
    # Listed before the log is read: what is committed in between is not taken for an orphan.
    listed = lake.files.list(table)
    lake.refresh(table)
    active = set(lake.active(table))
    orphans = {path: lake.files.marks(path) for path in listed if path not in active}
    since_ms = time_ms(at - timedelta(seconds=retention_s))
    held = _held(lake, table, orphans, since_ms) if orphans else frozenset()
    fence = _Fence(lake, table, at, since_ms)
    losses = _Losses(lake, table)
    fates: list[str] = []
    for path, marks in orphans.items():
        if marks is None:
            fates.append("foreign")
        elif path in held:
            fates.append("held")
        elif not fence.stands_before(marks) or path in fence.active:
            fates.append("kept")
        elif retention_s and losses.removed_ms(path) > since_ms:
            # A withdrawal that left no row of a table has no file of its own to say so.
            fates.append("held")
        elif losses.holds(path):
            fates.append("lost")
        else:
            lake.on_point(f"clean.{table}.delete")
            lake.files.delete(path)
            fates.append("removed")
    return fates


def _held(
    lake: Lake, table: str, orphans: Mapping[str, Marks | None], since_ms: int
) -> frozenset[str]:
    """Return the files that compactions replaced after `since_ms`, by what the compacted files say.

    A compacted file that was itself replaced in that time says it as long as it is there, which is
    for longer.
    """
    found: set[str] = set()
    actions = lake.added(table)
    active = lake.active(table)
    made_ms = actions["modification_time"].to_pylist() if active else ()
    recent = [
        lake.files.marks(path)
        for path, at_ms in zip(active, made_ms, strict=True)
        if path.rpartition("/")[2].startswith((PREFIX, REPLACED_BY)) and at_ms > since_ms
    ]
    for marks in (*recent, *orphans.values()):
        if marks is not None and marks.time_ms > since_ms:
            found |= marks.replaces
    return frozenset(found.difference(active))


class _Losses:
    """Tells of files that are in no log whether they hold what the table should have."""

    def __init__(self, lake: Lake, table: str) -> None:
        self._lake = lake
        self._table = table
        self._ends: dict[str, int] = {}
        self._replaced: dict[str, frozenset[str]] = {}
        self._removed: dict[str, int] | None = None
        self._datasets: dict[str, tuple[int, ds.Dataset]] = {}

    def holds(self, path: str) -> bool:
        """Say whether the rows of the file are lost without it."""
        if self._table != LINKS and (
            path in self._by_compaction(path.rpartition("/")[0])
            # What a commit removed on purpose is no loss of the log, whatever holds its rows now.
            or self.removed_ms(path) >= 0
        ):
            return False
        return until_won(self._table, lambda: self._judged(path), attempts=_ATTEMPTS)

    def _judged(self, path: str) -> bool:
        """Raises `ConflictError` where a file of the tables left the lake while they were read.

        Another compaction replaced it, and another clean-up removed it.
        """
        before = self._refreshed()
        try:
            if self._table == LINKS:
                return self._holds_links(path)
            # Another tool's files may have types that Arrow does not compare with ours.
            with suppress(pa.ArrowNotImplementedError):
                return self._has_lost(path)
        except FileNotFoundError as error:
            if self._refreshed() == before:
                raise
            raise ConflictError(self._table) from error
        return True

    def _refreshed(self) -> Sequence[int]:
        """Bring all tables that are read up to date; return their versions."""
        names = (LINKS,) if self._table == LINKS else TABLES
        return [self._lake.refresh(name).version() for name in names]

    def _has_lost(self, path: str) -> bool:
        try:
            rows = self._lake.files.read(path, key_columns(self._table))
        except FileNotFoundError:
            # Another clean-up was first.
            return False
        ends = self._lake.committed("ledger", set(rows["source"].to_pylist()))
        return lost_rows(self._table, rows, self._dataset, ends) > 0

    def _dataset(self, table: str) -> ds.Dataset:
        """Return the table as last refreshed, made once a version: it takes all files of the log,
        and a dead writer may have left hundreds of files to ask it about."""
        version = self._lake.handle(table).version()
        known, found = self._datasets.get(table, (-1, None))
        if found is None or known != version:
            found = self._lake.dataset(table)
            self._datasets[table] = version, found
        return found

    def removed_ms(self, path: str) -> int:
        """Return when a commit removed the file, -1 where none did, as far as the log goes back."""
        return self._by_commit().get(path.removeprefix(f"{self._table}/"), -1)

    def _holds_links(self, path: str) -> bool:
        marks = self._lake.files.marks(path)
        for app, version in marks.blocks.items() if marks else ():
            stated = self._lake.committed(LINKS, [app, f"{app}/rows"])
            if stated.get(app) != version or f"{app}/rows" not in stated:
                continue
            day = date.fromisoformat(app.removeprefix(f"{LINKS}/"))
            there = self._lake.dataset(LINKS).count_rows(filter=ds.field("date") == day)
            if there < stated[f"{app}/rows"]:
                return True
        return False

    def _by_compaction(self, folder: str) -> frozenset[str]:
        """Say what the compacted files of a folder hold the rows of."""
        if folder not in self._replaced:
            self._replaced[folder] = frozenset(
                replaced
                for path in self._lake.active(self._table)
                if path.startswith(f"{folder}/{PREFIX}")
                and (marks := self._lake.files.marks(path)) is not None
                for replaced in marks.replaces
            )
        return self._replaced[folder]

    def _by_commit(self) -> dict[str, int]:
        if self._removed is None:
            version = self._lake.refresh(self._table).version()
            filesystem = filesystem_of(self._lake.url, self._lake.options)
            self._removed = log_state(filesystem, self._table, version).removed
        return self._removed


class _Fence:
    """Tells of files that are in no log whether the log would refuse a commit of them from now on.

    A writer commits no end below the one it compared. So where the committed end of one source is
    above the file's, its writer's version is outdated. Where it is the same, that cannot be told
    (recovery says an end again), and an empty commit that says it once more makes the fence; it
    holds for every file that stood before it.
    """

    def __init__(self, lake: Lake, table: str, at: datetime, since_ms: int) -> None:
        self._lake = lake
        self._table = table
        self._at = at
        self._since_ms = since_ms
        self._made: set[tuple[str, int]] = set()
        self._version = -1
        self._active: frozenset[str] = frozenset()

    @property
    def active(self) -> frozenset[str]:
        """The table's files at the version that its handle is at: never older than the fence."""
        version = self._lake.handle(self._table).version()
        if version != self._version:
            self._version, self._active = version, frozenset(self._lake.active(self._table))
        return self._active

    def stands_before(self, marks: Marks) -> bool:
        """Say whether what `marks` belong to is fenced.

        Make the fence first where that is right.
        """
        committed = self._lake.committed(self._table, marks.blocks)
        if any(committed.get(source, -1) > end for source, end in marks.blocks.items()):
            return True
        if MAINTAIN in marks.blocks:
            # No two commits of maintenance have one version. One that is to come may be under way.
            if committed.get(MAINTAIN) == marks.blocks[MAINTAIN]:
                return True
            return marks.time_ms <= self._since_ms and self._make(marks.blocks)
        same = {s: end for s, end in marks.blocks.items() if committed.get(s, -1) == end}
        return not self._made.isdisjoint(same.items()) or (bool(same) and self._make(same))

    def _make(self, versions: Mapping[str, int]) -> bool:
        name = f"fence-{uuid4().hex}"
        self._lake.on_point(f"clean.{self._table}.fence")
        try:
            self._lake.commit(Commit(self._table, (), versions, name, "clean", self._at))
        except ConflictError:
            return False
        finally:
            self._lake.refresh(self._table)
        self._made.update(versions.items())
        return True
