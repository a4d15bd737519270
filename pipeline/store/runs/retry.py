"""Reading the bytes of rejects again with today's parsers, as a source of its own.

A run is named by its selection and the versions of the tables that it was planned on:
`retry/{selection}/{rejects.stories}-{digest}`. Its records are the bytes of the open failures that
the selection picks, by source, offset and item; each names the reject that it comes from, and so
does what is made of it. The commit protocol, the ledger and the check hold for it as for any
source: what is cured lands once, and a run that was cut short goes on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from pipeline.errors import UsageError
from pipeline.model import Record, headers_for
from pipeline.store.read.rejects import Picked, open_rejects, read_rejects
from pipeline.store.read.snapshot import Snapshot
from pipeline.store.runs.pinned import (
    Versions,
    lost_files_explained,
    name_of,
    pinned,
    unfinished,
)
from pipeline.store.schema.rows import Row

RETRIED = "retry/"
"""How the sources begin that read rejects again."""

_PINNED = ("rejects", "stories")


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
    kind = "retry"

    @property
    def stages_id(self) -> None:
        """Any stages may read it."""
        return None

    @property
    def source(self) -> str:
        """The run's name in the lake."""
        return name_of(_prefix(self.picked), self.versions, self.digest)

    def records(self, start: int = 0) -> Iterator[Record]:
        """Yield the records from offset `start` on, each with the coordinates of its reject.

        Of the headers that a record came with the lake keeps the charset and the provider; formats
        and compression are known by content. Raises `StoreError` where the tables no longer have
        what was planned on.
        """
        snapshot = pinned(self.lake_url, self.options, _PINNED, self.versions)
        with lost_files_explained(), read_rejects(snapshot) as rejects:
            for offset, row in enumerate(rejects.rows(self.picked, raw=True)):
                if offset >= start:
                    yield Record(
                        self.source,
                        offset,
                        row["raw"] or b"",
                        headers=headers_for(row.get("charset"), row.get("provider")),
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
    """Return the unfinished run of this selection, else a new one on the lake as it is.

    Of records that were cut off or damaged the lake holds a part only: no parser can make up the
    rest, so these are left out. Writes nothing. Raises `UsageError` where there is no lake, or for
    a selection of what cannot be retried: skips, and what is settled.
    """
    if picked.skips or picked.settled or any(k.startswith("skipped.") for k in picked.kinds):
        raise UsageError("only open failures can be retried")
    picked = replace(picked, whole=True)
    now = open_rejects(url, options)
    begun = unfinished(now, _prefix(picked), _PINNED, lambda then, v: _plan_on(then, picked, v))
    if begun is not None:
        return replace(begun[0], done=begun[1])
    versions = tuple(now.tables[t].version() if t in now.tables else 0 for t in _PINNED)
    return _plan_on(now, picked, versions)


def _plan_on(snapshot: Snapshot, picked: Picked, versions: Versions) -> RetryPlan:
    digest, total = hashlib.sha256(), 0
    with read_rejects(snapshot) as rejects:
        for row in rejects.rows(picked):
            digest.update(_line(row))
            total += 1
    named = digest.hexdigest()[:16]
    return RetryPlan(RetryRun(snapshot.url, snapshot.options, picked, versions, named, total))


def _line(row: Row) -> bytes:
    return f"{row['source']}\t{row['offset']}\t{row['item']}\n".encode()


def _prefix(picked: Picked) -> str:
    return f"{RETRIED}{picked.key}/"
