"""Writing a batch: each block exactly once into all five tables, whatever dies in between.

The rejects table commits first and decides: what it says about an item below its committed end is
read back, never decided again. A table that is ahead of the ledger (a writer died between the
commits) takes only the rows it lacks. See DESIGN, invariants 2 to 4, and ARCHITECTURE.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import uuid4

import pyarrow.compute as pc

from pipeline.clock import Clock
from pipeline.errors import GapError, StoreError
from pipeline.model import Block, EnrichedBatch, EnrichedStory, Reject
from pipeline.store.contract import TABLES
from pipeline.store.lake import Commit, ConflictError, Lake
from pipeline.store.repeats import Repeats
from pipeline.store.rows import (
    Row,
    entity_rows,
    event_rows,
    ledger_row,
    reject_row,
    story_row,
)

T = TypeVar("T")
Coordinates = tuple[str, int, int]
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a batch: the blocks as committed, and the sources another writer took."""

    blocks: tuple[Block, ...] = ()
    lost: tuple[str, ...] = ()
    stories: int = 0
    rejects: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class _Decided:
    """The batch cut to what the lake lacks, each item decided."""

    blocks: Mapping[str, Block]
    stories: tuple[EnrichedStory, ...]
    rejects: tuple[Reject, ...]
    before: Mapping[Coordinates, str]


class LakeWriter:
    """Writes batches under one writer's id. One a process."""

    def __init__(self, lake: Lake, clock: Clock, model: str = "", model_hash: str = "") -> None:
        self._lake = lake
        self._clock = clock
        self._model = (model, model_hash)
        self._repeats = Repeats(lake)
        self.writer = uuid4().hex[:16]
        self._commits = 0

    def start(self, starts: Mapping[str, int], enrichment_id: str = "") -> None:
        """Commit the start of sources that the lake does not know, as empty blocks.

        Idempotent, and safe against another writer with other starts: the first to reach the
        rejects table is right for all.
        """
        agreed: Mapping[str, int] = starts
        for table in TABLES:
            for _ in range(_ATTEMPTS):
                self._lake.refresh(table)
                have = self._lake.committed(table, starts)
                missing = {s: agreed[s] for s in starts if s not in have}
                rows: list[Row] = []
                if table == "ledger":
                    rows = [
                        ledger_row(
                            Block(s, n, n),
                            stories=0,
                            rejects=0,
                            skipped=0,
                            enrichment_id=enrichment_id,
                            writer=self.writer,
                            committed_at=self._clock(),
                        )
                        for s, n in missing.items()
                    ]
                if not missing or self._commit(table, rows, missing):
                    break
            else:
                raise StoreError("the start of a source cannot be committed", table=table)
            if table == "rejects":
                self._lake.refresh(table)
                agreed = {**starts, **self._lake.committed(table, starts)}

    def write(self, batch: EnrichedBatch) -> Receipt:
        """Commit what the lake lacks of `batch`; see the module."""
        decided = self._retry("rejects", lambda: self._commit_rejects(batch))
        for table, rows_of in (("entities", entity_rows), ("events", event_rows)):
            self._retry(table, lambda t=table, r=rows_of: self._commit_found(t, r, decided))
        self._retry("stories", lambda: self._commit_stories(decided))
        return self._retry("ledger", lambda: self._commit_ledger(batch, decided))

    def _commit_rejects(self, batch: EnrichedBatch) -> _Decided | None:
        sources = [block.source for block in batch.blocks]
        for table in ("ledger", "rejects", "stories"):
            self._lake.refresh(table)
        base = self._lake.committed("ledger", sources)
        ends = self._lake.committed("rejects", sources)
        blocks = dict(self._cut(batch, base))
        before = self._read_back(blocks, ends)
        decided = self._decide(batch, blocks, before, ends)
        new = [reject for reject in decided.rejects if _place(reject) not in before]
        if not self._commit("rejects", map(reject_row, new), _raised(blocks, ends)):
            return None
        return decided

    def _cut(self, batch: EnrichedBatch, base: Mapping[str, int]) -> Iterable[tuple[str, Block]]:
        for block in batch.blocks:
            start = base.get(block.source)
            if start is None or block.start > start:
                raise GapError(
                    "a block begins above the committed end",
                    source=block.source,
                    start=block.start,
                    committed=start,
                )
            if block.end > start or (block.end == start == block.start and block.items):
                if block.start == start:
                    yield block.source, block
                    continue
                offsets = [
                    place[1]
                    for place in _places(batch)
                    if place[0] == block.source and place[1] >= start
                ]
                yield (
                    block.source,
                    replace(block, start=start, records=len(set(offsets)), items=len(offsets)),
                )

    def _read_back(
        self, blocks: Mapping[str, Block], ends: Mapping[str, int]
    ) -> dict[Coordinates, str]:
        found: dict[Coordinates, str] = {}
        for source, block in blocks.items():
            if ends[source] > block.start:
                rows = self._rows(
                    "rejects",
                    source,
                    block.start,
                    min(ends[source], block.end),
                    ["source", "offset", "item", "kind"],
                )
                found |= {(r["source"], r["offset"], r["item"]): r["kind"] for r in rows}
        return found

    def _rows(self, table: str, source: str, start: int, end: int, columns: list[str]) -> list[Row]:
        where = (
            (pc.field("source") == source)
            & (pc.field("offset") >= start)
            & (pc.field("offset") < end)
        )
        rows: list[Row] = self._lake.dataset(table).to_table(columns, filter=where).to_pylist()
        return rows

    def _decide(
        self,
        batch: EnrichedBatch,
        blocks: Mapping[str, Block],
        before: Mapping[Coordinates, str],
        ends: Mapping[str, int],
    ) -> _Decided:
        def concerns(item: Reject) -> bool:
            block = blocks.get(item.source)
            return block is not None and item.offset >= block.start

        rejects = [r for r in batch.rejects if concerns(r)]
        candidates = [
            s
            for s in batch.stories
            if (b := blocks.get(s.story.source)) is not None
            and s.story.offset >= b.start
            and (s.story.source, s.story.offset, s.story.item) not in before
        ]
        known = self._repeats.known(candidates)
        stories: list[EnrichedStory] = []
        for found in candidates:
            story = found.story
            key = (story.revision_id, found.enrichment_id)
            if key in known and story.offset >= ends[story.source]:
                rejects.append(
                    Reject(
                        story.source,
                        story.offset,
                        story.item,
                        "skipped.repeat",
                        "write",
                        "the lake holds this revision already",
                        revision_id=story.revision_id,
                        received_at=story.received_at,
                    )
                )
            else:
                known.add(key)
                stories.append(found)
        return _Decided(blocks, tuple(stories), tuple(rejects), before)

    def _commit_found(
        self, table: str, rows_of: Callable[[EnrichedStory], list[Row]], decided: _Decided
    ) -> bool | None:
        self._lake.refresh(table)
        ends = self._lake.committed(table, decided.blocks)
        present: set[tuple[Coordinates, str]] = set()
        for source, block in decided.blocks.items():
            if ends[source] > block.start:
                rows = self._rows(
                    table,
                    source,
                    block.start,
                    ends[source],
                    ["source", "offset", "item", "enrichment_id"],
                )
                present |= {
                    ((r["source"], r["offset"], r["item"]), r["enrichment_id"]) for r in rows
                }
        rows = [
            row
            for story in decided.stories
            if (_place(story.story), story.enrichment_id) not in present
            for row in rows_of(story)
        ]
        return self._commit(table, rows, _raised(decided.blocks, ends)) or None

    def _commit_stories(self, decided: _Decided) -> bool | None:
        self._lake.refresh("stories")
        ends = self._lake.committed("stories", decided.blocks)
        rows = [
            story_row(story, *self._model)
            for story in decided.stories
            if story.story.offset >= ends[story.story.source]
        ]
        return self._commit("stories", rows, _raised(decided.blocks, ends)) or None

    def _commit_ledger(self, batch: EnrichedBatch, decided: _Decided) -> Receipt | None:
        self._lake.refresh("ledger")
        ends = self._lake.committed("ledger", decided.blocks)
        won = {s: b for s, b in decided.blocks.items() if ends[s] == b.start}
        counts = {s: _count(decided, s) for s in won}
        now = self._clock()
        rows = [
            ledger_row(
                replace(block, items=sum(counts[s])),
                stories=counts[s][0],
                rejects=counts[s][1],
                skipped=counts[s][2],
                enrichment_id=batch.enrichment_id,
                writer=self.writer,
                committed_at=now,
            )
            for s, block in won.items()
        ]
        if won and not self._commit("ledger", rows, {s: b.end for s, b in won.items()}):
            return None
        totals = [sum(column) for column in zip((0, 0, 0), *counts.values(), strict=True)]
        lost = tuple(b.source for b in batch.blocks if b.source not in won)
        return Receipt(tuple(won.values()), lost, *totals)

    def _commit(self, table: str, rows: Iterable[Row], ends: Mapping[str, int]) -> bool:
        """One attempt from the handle as it is; False after a conflict."""
        listed = list(rows)
        if not listed and not ends:
            return True
        self._commits += 1
        name = f"{self.writer}-{self._commits:08d}"
        try:
            self._lake.commit(Commit(table, listed, ends, name, self.writer, self._clock()))
        except ConflictError:
            return False
        return True

    def _retry(self, table: str, attempt: Callable[[], T | None]) -> T:
        for _ in range(_ATTEMPTS):
            if (done := attempt()) is not None:
                return done
        raise StoreError("too many conflicts", table=table, attempts=_ATTEMPTS)


def _raised(blocks: Mapping[str, Block], ends: Mapping[str, int]) -> dict[str, int]:
    """The ends to commit: a version never goes down, and says again what it said in recovery."""
    return {s: max(ends[s], b.end) for s, b in blocks.items()}


def _place(item: object) -> Coordinates:
    return (item.source, item.offset, item.item)  # type: ignore[attr-defined]


def _places(batch: EnrichedBatch) -> list[Coordinates]:
    return [_place(s.story) for s in batch.stories] + [_place(r) for r in batch.rejects]


def _count(decided: _Decided, source: str) -> tuple[int, int, int]:
    """Stories, failures and skips of one block, by what stands in the tables."""
    kinds = {_place(r): r.kind for r in decided.rejects if r.source == source}
    kinds.update({p: k for p, k in decided.before.items() if p[0] == source})  # type: ignore[misc]
    skipped = sum(kind.startswith("skipped.") for kind in kinds.values())
    stories = sum(s.story.source == source for s in decided.stories)
    return stories, len(kinds) - skipped, skipped
