"""Which revisions the lake holds already: so that an exact repeat is skipped.

A repeat has the same publication date as what it repeats, so only the files of the batch's own
days are looked into, each of them once. The region is not relied on: another enrichment may have
put the same revision elsewhere, and a repeat is never enriched again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from urllib.parse import unquote

import pyarrow.compute as pc

from pipeline.model import Story
from pipeline.store.commit.lake import Lake

_Held = tuple[str, str | None]
"""A revision, and where it matters its parse."""

_KEPT_IDS = 1_000_000
"""Bounds the memory of a writer: about 100 bytes an id."""


class Repeats:
    """Looks revisions up; remembers the ids of the files that it read last."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._seen: OrderedDict[tuple[str, str | None], frozenset[_Held]] = OrderedDict()
        self._kept = 0

    def known(self, stories: Sequence[Story], *, under: str | None = None) -> set[str]:
        """Return those revision ids that the lake holds among all of the days of `stories`.

        With `under` only what is held under that enrichment and the parse of the story itself.
        Reads the stories table as last refreshed.
        """
        days = {story.date for story in stories}
        wanted = {(story.revision_id, under and story.parse_id) for story in stories}
        if not days:
            return set()
        actions = self._lake.added("stories")
        if actions.num_rows == 0:
            return set()
        found: set[_Held] = set()
        columns = (actions.column(name).to_pylist() for name in ("path", "partition.date"))
        for path, day in zip(*columns, strict=True):
            if day in days:
                found |= self._revisions(path, under) & wanted
        return {revision for revision, _ in found}

    def _revisions(self, path: str, under: str | None) -> frozenset[_Held]:
        key = (path, under)
        if key in self._seen:
            self._seen.move_to_end(key)
            return self._seen[key]
        columns = ["revision_id"]
        if under is not None:
            columns += ["enrichment_id", "parse_id"]
        with self._lake.reading("stories"):
            table = self._lake.files.read(f"stories/{unquote(path)}", columns)
        if under is not None:
            table = table.filter(pc.equal(table.column("enrichment_id"), under))
        revisions = table.column("revision_id").to_pylist()
        # A file of an older version has no parses.
        has_parses = "parse_id" in table.column_names
        parses = table.column("parse_id").to_pylist() if has_parses else [None] * len(revisions)
        ids = frozenset(zip(revisions, parses, strict=True))
        self._seen[key] = ids
        self._kept += len(ids)
        while self._kept > _KEPT_IDS and len(self._seen) > 1:
            self._kept -= len(self._seen.popitem(last=False)[1])
        return ids
