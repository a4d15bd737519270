"""Runs over the lake itself: planned on pinned versions of some tables, and gone on with there.

The name of such a run is a prefix, the versions joined by dots, and a digest of what it picks
(`…/17.4.21-0123456789abcdef`), so that a run that was cut short is found and planned again as it
was, or not at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol, TypeVar

import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs as pafs

from pipeline.errors import StoreError
from pipeline.store.read.snapshot import Snapshot, pin_table

Versions = tuple[int, ...]
"""The versions of a run's tables, in its order of them."""

_TAIL = re.compile(r"(?P<versions>\d+(?:\.\d+)*)-[0-9a-f]{16}")


class Run(Protocol):
    """Stands for a run that goes on under a name: its end is `total`."""

    @property
    def source(self) -> str:
        """The name in the lake."""

    @property
    def total(self) -> int:
        """How many records it has."""


class PlanOfRun(Protocol):
    """A run, planned on some versions."""

    @property
    def run(self) -> Run:
        """The run."""


P = TypeVar("P", bound=PlanOfRun)


def name_of(prefix: str, versions: Versions, digest: str) -> str:
    """Return the name of a run; `prefix` ends with a slash, `digest` has 16 hex digits."""
    return f"{prefix}{'.'.join(map(str, versions))}-{digest}"


def pinned(
    url: str, options: Mapping[str, str], tables: Sequence[str], versions: Versions
) -> Snapshot:
    """Return the lake with `tables` at `versions`.

    Raises `StoreError` where a table is gone, or its log does not reach back so far any more.
    """
    found = {}
    for table, version in zip(tables, versions, strict=True):
        try:
            handle = pin_table(url, table, options, version)
        except StoreError:
            handle = None
        if handle is None:
            raise _unpinned(url, options, table, version)
        found[table] = handle
    return Snapshot(url, options, found)


def _unpinned(url: str, options: Mapping[str, str], table: str, version: int) -> StoreError:
    """Return why a table cannot be opened at `version`; raises it where its log is damaged."""
    if pin_table(url, table, options) is None:
        return StoreError(
            "the table is gone: name the lake with `lake.url`, and plan the run anew"
            " (docs/reprocess.md)",
            table=table,
            lake=url,
        )
    return StoreError(
        "the log does not reach back to what the run was planned on any more: start it again, it is"
        " then planned anew and does the rest (docs/reprocess.md)",
        table=table,
        version=version,
    )


@contextmanager
def lost_files_explained() -> Iterator[None]:
    """Raise `StoreError` for a file of the pinned versions that clean-up removed under a run."""
    try:
        yield
    except FileNotFoundError as error:
        raise StoreError(
            "a data file that the run was planned on was removed: start it again, it is then"
            " planned anew and does the rest (docs/reprocess.md)",
            reason=str(error),
        ) from error


def unfinished(
    now: Snapshot, prefix: str, tables: Sequence[str], plan_on: Callable[[Snapshot, Versions], P]
) -> tuple[P, int] | None:
    """Plan the last run whose name begins with `prefix` again, and say how far it has come.

    None where there is none, where it came to its end, and where it cannot go on: the files of its
    versions are gone, or they pick something else now.
    """
    ends: dict[str, int] = {}
    mine = pc.starts_with(ds.field("source"), prefix)
    for row in now.dataset("ledger").to_table(["source", "end_offset"], filter=mine).to_pylist():
        ends[row["source"]] = max(ends.get(row["source"], 0), row["end_offset"])
    found = [
        (versions, name)
        for name in ends
        if (versions := _versions(name.removeprefix(prefix))) and len(versions) == len(tables)
    ]
    if not found:
        return None
    versions, name = max(found)
    try:
        then = pinned(now.url, now.options, tables, versions)
        if not _is_whole(then):
            return None
        plan = plan_on(then, versions)
    except StoreError:
        return None
    goes_on = plan.run.source == name and ends[name] < plan.run.total
    return (plan, ends[name]) if goes_on else None


def _versions(tail: str) -> Versions:
    found = _TAIL.fullmatch(tail)
    return () if found is None else tuple(map(int, found["versions"].split(".")))


def _is_whole(snapshot: Snapshot) -> bool:
    """Say whether every file of the pinned versions is still there: compaction replaces files."""
    paths = [f"{table}/{file.path}" for table in snapshot.tables for file in snapshot.active(table)]
    found = snapshot.filesystem().get_file_info(paths)
    return all(info.type == pafs.FileType.File for info in found)
