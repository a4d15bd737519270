"""Which revisions the lake holds already: so that an exact repeat is skipped.

The same bytes under the same enrichment land in the same partition, so only the files of the
batch's own partitions are looked into, each of them once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.dataset as ds

from pipeline.model import EnrichedStory
from pipeline.store.lake import Lake

_KEPT_FILES = 20_000


class Repeats:
    """Looks revisions up; remembers what it read, bounded to the last `_KEPT_FILES` files."""

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self._seen: OrderedDict[str, frozenset[tuple[str, str]]] = OrderedDict()

    def known(self, stories: Sequence[EnrichedStory]) -> set[tuple[str, str]]:
        """`(revision_id, enrichment_id)` of all stories in the partitions of `stories`.

        Reads the stories table as last refreshed.
        """
        places = {(s.story.date, s.region) for s in stories}
        if not places:
            return set()
        actions = pa.table(self._lake.handle("stories").get_add_actions(flatten=True))
        if actions.num_rows == 0:
            return set()
        found: set[tuple[str, str]] = set()
        columns = (
            actions.column(c).to_pylist() for c in ("path", "partition.date", "partition.region")
        )
        for path, day, region in zip(*columns, strict=True):
            if (day, region) in places:
                found |= self._revisions(path)
        return found

    def _revisions(self, path: str) -> frozenset[tuple[str, str]]:
        if path in self._seen:
            self._seen.move_to_end(path)
            return self._seen[path]
        table = ds.dataset(
            path,
            filesystem=self._lake.handle("stories").to_pyarrow_dataset().filesystem,
            format="parquet",
        ).to_table(columns=["revision_id", "enrichment_id"])
        ids = frozenset(zip(*(table.column(n).to_pylist() for n in (0, 1)), strict=True))
        self._seen[path] = ids
        while len(self._seen) > _KEPT_FILES:
            self._seen.popitem(last=False)
        return ids
