"""Reading the bytes of rejects again with today's parsers, as a source of its own.

A run is named by its selection and the versions of the tables that it was planned on:
`retry/{selection}/{rejects.stories}-{digest}`. Its records are the bytes of the open failures that
the selection picks, by source, offset and item; each names the reject that it comes from, and so
does what is made of it. The commit protocol, the ledger and the check hold for it as for any
source: what is cured lands once, and a run that was cut short goes on.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.fs as pafs

from pipeline.errors import StoreError, UsageError
from pipeline.model import Record
from pipeline.store.rejects import Picked, open_rejects, read_rejects
from pipeline.store.rows import Row
from pipeline.store.snapshot import Snapshot, open_table

RETRIED = "retry/"
"""How the sources begin that read rejects again."""

_PINNED = ("rejects", "stories")
_NAME = re.compile(
    rf"{RETRIED}[0-9a-f]+/(?P<rejects>\d+)\.(?P<stories>\d+)-(?P<digest>[0-9a-f]{{16}})"
)

Versions = tuple[int, ...]
"""The versions of the tables `_PINNED`."""


@dataclass(frozen=True, slots=True)
class RetryRun:
    """One run as a sequence of records with a fixed order; small, and may be sent to a worker."""

    lake_url: str
    options: Mapping[str, str] = field(repr=False)
    picked: Picked
    versions: Versions
    digest: str
    total: int
    start: int = 0

    @property
    def source(self) -> str:
        """The run's name in the lake."""
        return f"{RETRIED}{self.picked.key}/{'.'.join(map(str, self.versions))}-{self.digest}"

    def records(self, start: int = 0) -> Iterator[Record]:
        """The records from offset `start` on, each with the coordinates of its reject.

        The headers that a record came with are not kept in the lake; formats and compression are
        known by content. Raises `StoreError` where the tables no longer have what was planned on.
        """
        snapshot = _pinned(self.lake_url, self.options, self.versions)
        with read_rejects(snapshot) as rejects:
            for offset, row in enumerate(rejects.rows(self.picked, raw=True)):
                if offset >= start:
                    yield Record(
                        self.source,
                        offset,
                        row["raw"] or b"",
                        received_at=row["received_at"],
                        origin=(row["source"], row["offset"], row["item"]),
                    )


@dataclass(frozen=True, slots=True)
class RetryPlan:
    """The run, and how far it has come already."""

    run: RetryRun
    done: int = 0

    @property
    def left(self) -> int:
        """How many rejects are still to be read."""
        return self.run.total - self.done


def plan_retry(url: str, options: Mapping[str, str], picked: Picked) -> RetryPlan:
    """The unfinished run of this selection, else a new one on the lake as it is.

    Of records that were cut off or damaged the lake holds a part only: no parser can make up the
    rest, so these are left out. Writes nothing. Raises `UsageError` where there is no lake, or for
    a selection of what cannot be retried: skips, and what is settled.
    """
    if picked.skips or picked.settled or any(k.startswith("skipped.") for k in picked.kinds):
        raise UsageError("only open failures can be retried")
    picked = replace(picked, whole=True)
    now = open_rejects(url, options)
    unfinished = _unfinished(now, picked)
    if unfinished is not None:
        return unfinished
    versions = tuple(now.tables[t].version() if t in now.tables else 0 for t in _PINNED)
    return RetryPlan(_run(now, picked, versions))


def _run(snapshot: Snapshot, picked: Picked, versions: Versions) -> RetryRun:
    digest, total = hashlib.sha256(), 0
    with read_rejects(snapshot) as rejects:
        for row in rejects.rows(picked):
            digest.update(_line(row))
            total += 1
    return RetryRun(
        snapshot.url, snapshot.options, picked, versions, digest.hexdigest()[:16], total
    )


def _line(row: Row) -> bytes:
    return f"{row['source']}\t{row['offset']}\t{row['item']}\n".encode()


def _unfinished(now: Snapshot, picked: Picked) -> RetryPlan | None:
    """The last run of this selection, where it did not come to its end and can go on."""
    mine = pc.starts_with(ds.field("source"), f"{RETRIED}{picked.key}/")
    ends: dict[str, int] = {}
    for row in now.dataset("ledger").to_table(["source", "end_offset"], filter=mine).to_pylist():
        ends[row["source"]] = max(ends.get(row["source"], 0), row["end_offset"])
    found = [(_versions(name), name) for name in ends if _NAME.fullmatch(name)]
    if not found:
        return None
    versions, name = max(found)
    try:
        pinned = _pinned(now.url, now.options, versions)
        if not _is_whole(pinned):
            return None
        run = _run(pinned, picked, versions)
    except StoreError:
        return None
    return RetryPlan(run, ends[name]) if run.source == name and ends[name] < run.total else None


def _versions(source: str) -> Versions:
    found = _NAME.fullmatch(source)
    return () if found is None else tuple(int(found[table]) for table in _PINNED)


def _pinned(url: str, options: Mapping[str, str], versions: Versions) -> Snapshot:
    tables = {}
    for table, version in zip(_PINNED, versions, strict=True):
        handle = open_table(url, table, options, version)
        if handle is None:
            raise StoreError("the table is gone", table=table, lake=url)
        tables[table] = handle
    return Snapshot(url, options, tables)


def _is_whole(snapshot: Snapshot) -> bool:
    """Whether every file of the pinned versions is still there: compaction replaces files."""
    paths = [f"{table}/{file.path}" for table in _PINNED for file in snapshot.active(table)]
    found = snapshot.filesystem().get_file_info(paths)
    return all(info.type == pafs.FileType.File for info in found)
