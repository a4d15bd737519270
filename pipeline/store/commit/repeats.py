"""Which revisions the lake holds already: so that an exact repeat is skipped.

A repeat has the same publication date as what it repeats, so only the files of the batch's own
days are looked into, each of them once. The region is not relied on: another enrichment may have
put the same revision elsewhere, and a repeat is never enriched again.

A revision that states no time of its version has its place among the others by its first arrival
(see `current`). So a repeat that arrived before what the lake holds, in another source that was
read later, is no skip: it lands beside the other, and the views show one row at the first arrival.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from hashlib import blake2b
from itertools import repeat
from sys import intern
from typing import TypeVar
from urllib.parse import unquote

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from numpy.typing import NDArray

from pipeline.model import Coordinates, Story
from pipeline.store.commit.lake import Lake

K = TypeVar("K")
_Arrival = tuple[int | None, str]
"""Kafka's time in microseconds (None without one), and the source."""

_STATED: _Arrival = (None, "")
"""In place of the arrival of a revision that states its time: it does not go by its arrival."""

_Held = dict[tuple[str, str | None], _Arrival]
"""Of each revision, and where it matters its parse, the first arrival."""

_KEPT_IDS = 50_000
"""Bounds what is kept of files that hold a repeat: some 280 bytes an id."""

_KEPT_PRINTS = 8_000_000
"""Bounds what is kept of the files of the days that batches are of: 8 bytes a row."""

_TIMES = ("version_time", "updated_at")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Repeats:
    """Looks revisions up in the files of their days.

    Of each file that it read it remembers a fingerprint of each revision, in eight bytes. A file
    that may hold one of the batch's is read, and what it holds decides. What compaction replaced is
    forgotten, so that memory goes by the stories of the days that are written to, and not by time.
    """

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        # Of the revisions of each file that was read, rising.
        self.fingerprints: OrderedDict[str, NDArray[np.uint64]] = OrderedDict()
        self._seen: OrderedDict[tuple[str, str | None], _Held] = OrderedDict()
        self._kept = self._kept_prints = 0
        self._known_since: dict[str, int] = {}

    def landing(
        self,
        stories: Sequence[Story],
        *,
        decided: Collection[Coordinates] = (),
        under: str | None = None,
    ) -> set[Coordinates]:
        """Return the coordinates of those of `stories` that are to land: all but repeats.

        Those at `decided` land in any case. Of several that repeat one another the first to arrive
        does, and what the lake holds already lands again where this arrival was earlier. With
        `under` only what the lake holds under that enrichment and the parse of the story itself
        counts, whenever it arrived. Reads the stories table as last refreshed.
        """
        held = self._known(stories, under)
        chosen: dict[str, Coordinates] = {}
        found = set()
        for story in stories:
            if _coordinates(story) in decided:
                found.add(_coordinates(story))
                self._note(held, story.revision_id, _arrival(story))
        for story in stories:
            if _coordinates(story) in found:
                continue
            revision, arrival = story.revision_id, _arrival(story)
            goes_by_arrival = under is None and story.version_time is None is story.updated_at
            if revision not in held or (
                goes_by_arrival and self._is_earlier(arrival, held[revision])
            ):
                held[revision] = arrival
                chosen[revision] = _coordinates(story)
        return found.union(chosen.values())

    def _known(self, stories: Sequence[Story], under: str | None) -> dict[str, _Arrival]:
        """Return the first arrival of each revision that the lake holds, of the stories' days."""
        days = {story.date for story in stories}
        wanted = {(story.revision_id, under and story.parse_id) for story in stories}
        found: dict[str, _Arrival] = {}
        actions = self._lake.added("stories") if days else None
        if actions is None or actions.num_rows == 0:
            return found
        paths, dates = (actions.column(name).to_pylist() for name in ("path", "partition.date"))
        self._forget_all_but(paths)
        prints = np.array(
            sorted(map(_fingerprint, {revision for revision, _ in wanted})), np.uint64
        )
        for path, day in zip(paths, dates, strict=True):
            if day in days and _have_common(self._prints_of(path), prints):
                held = self._revisions(path, under)
                for key in held.keys() & wanted:
                    self._note(found, key[0], held[key])
        return found

    def _forget_all_but(self, paths: Iterable[str]) -> None:
        there = frozenset(paths)
        for path in [path for path in self.fingerprints if path not in there]:
            self._kept_prints -= len(self.fingerprints.pop(path))
        for key in [key for key in self._seen if key[0] not in there]:
            self._kept -= len(self._seen.pop(key))

    def _prints_of(self, path: str) -> NDArray[np.uint64]:
        """Return the fingerprints of the revisions of a file, in their order."""
        if path in self.fingerprints:
            self.fingerprints.move_to_end(path)
            return self.fingerprints[path]
        with self._lake.reading("stories"):
            parts = [
                np.fromiter(map(_fingerprint, batch.column(0).to_pylist()), np.uint64)
                for batch in self._lake.files.read_batches(
                    f"stories/{unquote(path)}", ["revision_id"]
                )
            ]
        prints = np.sort(np.concatenate(parts)) if parts else np.empty(0, np.uint64)
        self.fingerprints[path] = prints
        self._kept_prints += len(prints)
        while self._kept_prints > _KEPT_PRINTS and len(self.fingerprints) > 1:
            self._kept_prints -= len(self.fingerprints.popitem(last=False)[1])
        return prints

    def _revisions(self, path: str, under: str | None) -> _Held:
        key = (path, under)
        if key in self._seen:
            self._seen.move_to_end(key)
            return self._seen[key]
        columns = ["revision_id", "received_at", "source", "origin_source", *_TIMES]
        if under is not None:
            columns += ["enrichment_id", "parse_id"]
        with self._lake.reading("stories"):
            table = self._lake.files.read(f"stories/{unquote(path)}", columns)
        if under is not None:
            table = table.filter(pc.equal(table.column("enrichment_id"), under))
        held: _Held = {}
        # A file of an older version has no parses.
        names = ("revision_id", "parse_id", "source", "origin_source")
        values = [
            table.column(name).to_pylist() if name in table.column_names else repeat(None)
            for name in names
        ]
        times = table.column("received_at").cast(pa.int64()).to_pylist()
        valid = [pc.is_valid(table.column(name)) for name in _TIMES if name in table.column_names]
        stated = reduce(pc.or_, valid).to_pylist() if valid else repeat(False)
        for revision, parse, source, origin, at_us, has_time in zip(
            *values, times, stated, strict=False
        ):
            arrival = _STATED if has_time else (at_us, intern(origin or source))
            self._note(held, (revision, parse), arrival)
        self._seen[key] = held
        self._kept += len(held)
        while self._kept > _KEPT_IDS and len(self._seen) > 1:
            self._kept -= len(self._seen.popitem(last=False)[1])
        return held

    def _note(self, held: dict[K, _Arrival], key: K, arrival: _Arrival) -> None:
        """Note an arrival where it comes first: by the order of `current`, without a time first."""
        before = held.setdefault(key, arrival)
        has_no_time = arrival[0] is None is not before[0]
        if before is not arrival and (has_no_time or self._is_earlier(arrival, before)):
            held[key] = arrival

    def _is_earlier(self, one: _Arrival, other: _Arrival) -> bool:
        """Say whether `one` arrived before `other`, where the two can be compared.

        Between topics Kafka's time tells, between archives which was begun first. What an archive
        repeats of a topic does not count as earlier: all that it holds would land again.
        """
        (at_us, source), (other_us, other_source) = one, other
        if source == other_source:
            return False
        if at_us is not None and other_us is not None:
            return at_us < other_us
        if at_us is not None or other_us is not None:
            return False
        read_us, other_read_us = self._read_first(source), self._read_first(other_source)
        return read_us is not None and (other_read_us is None or read_us < other_read_us)

    def _read_first(self, source: str) -> int | None:
        """Return when the lake first knew of a source; None where it does not."""
        if source not in self._known_since:
            self._lake.refresh("ledger")
            with self._lake.reading("ledger"):
                blocks = self._lake.dataset("ledger").to_table(
                    ["committed_at"], filter=ds.field("source") == source
                )
            if not blocks.num_rows:
                return None
            first = pc.min(blocks.column("committed_at").cast(pa.int64())).as_py()
            self._known_since[source] = first
        return self._known_since[source]


def _fingerprint(revision: str) -> int:
    return int.from_bytes(blake2b(revision.encode(), digest_size=8).digest(), "big")


def _have_common(of_file: NDArray[np.uint64], wanted: NDArray[np.uint64]) -> bool:
    """Say whether two rising sequences have a value in common."""
    if not of_file.size:
        return False
    indexes = np.searchsorted(of_file, wanted)
    return bool(np.any(of_file[np.minimum(indexes, of_file.size - 1)] == wanted))


def _coordinates(story: Story) -> Coordinates:
    return (story.source, story.offset, story.item)


def _arrival(story: Story) -> _Arrival:
    at = story.received_at
    source = story.source if story.origin is None else story.origin[0]
    return (None if at is None else (at - _EPOCH) // _MICROSECOND, source)
