"""Writing a batch: each block exactly once into all five tables, whatever dies in between.

The rejects table commits first and so decides: of an item below its committed end, what it (or the
stories table) says is read back, never decided again. A table that is ahead of the ledger, because
a writer died between the commits, takes only the rows that it lacks. See ARCHITECTURE.md,
invariants 2 to 4, and ARCHITECTURE.md, "The commit protocol".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import uuid4

from pipeline.clock import Clock
from pipeline.errors import GapError
from pipeline.model import UNREAD, Block, EnrichedBatch, EnrichedStory, Reject, Story
from pipeline.stages import NOT_ENRICHED_ID, StageSet
from pipeline.store.commit.conflict import ConflictError, until_won
from pipeline.store.commit.counted import Counted
from pipeline.store.commit.cut_batch import cut_batch
from pipeline.store.commit.data_files import MAINTAIN
from pipeline.store.commit.decide import Decided, Standing, beginning_at, coordinates_of, decide
from pipeline.store.commit.lake import Commit, Lake
from pipeline.store.commit.repeats import Repeats
from pipeline.store.commit.tally import Counts, tally
from pipeline.store.commit.unread import PASSED, PASSED_FROM, Owed, accounts, settled
from pipeline.store.schema.contract import TABLES
from pipeline.store.schema.rows import (
    Row,
    entity_rows,
    event_rows,
    ledger_row,
    reject_row,
    story_row,
)

T = TypeVar("T")
GENERATIONS = "generations"
"""The application transaction of the ledger's log that counts the sets of stages."""

GENERATION = "generation/"
"""How the application transaction of one set begins; its id follows, its version is its number."""

LINKED = "linked"
"""The application transaction of the ledger's log that says that the lake has a table of links."""

_NO_SOURCES = (GENERATION, PASSED, PASSED_FROM)

MAX_PARTITIONS = 200
"""Of one commit to a table: so many data files take some seconds."""

_ATTEMPTS = 50
"""A conflict means that another writer got something done, so this bounds contention, not work."""


def is_source(app: str) -> bool:
    """Say whether an application transaction's id is the name of a source."""
    return app not in (MAINTAIN, GENERATIONS, LINKED) and not app.startswith(_NO_SOURCES)


@dataclass(frozen=True, slots=True)
class Receipt:
    """Holds what became of a batch: the blocks as committed, and the sources another writer took.

    `by` holds the counts by date, region, format and kind of reject.
    """

    blocks: tuple[Block, ...] = ()
    lost: tuple[str, ...] = ()
    stories: int = 0
    rejects: int = 0
    skipped: int = 0
    by: Counts = field(default_factory=dict, compare=False)

    def report(self) -> dict[str, Any]:
        """Return the counts, the offsets they stand for, and the counts by key, as plain data."""
        offsets = sum(block.end - block.start for block in self.blocks)
        return {**self.counts(), "offsets": offsets, "by": self.by}

    def joined(self, later: Receipt) -> Receipt:
        """Return what became of two parts of one batch."""
        by = {
            name: dict(Counter(self.by.get(name, {})) + Counter(later.by.get(name, {})))
            for name in {*self.by, *later.by}
        }
        return Receipt(
            _merged((*self.blocks, *later.blocks)),
            tuple(dict.fromkeys((*self.lost, *later.lost))),
            self.stories + later.stories,
            self.rejects + later.rejects,
            self.skipped + later.skipped,
            by,
        )

    def counts(self) -> dict[str, int]:
        """Count the records, stories, rejects and skips that were committed, by name."""
        return {
            "records": sum(block.records for block in self.blocks),
            "stories": self.stories,
            "rejects": self.rejects,
            "skipped": self.skipped,
        }


@dataclass(frozen=True, slots=True)
class _Passed:
    """What a commit to stories leaves to do: accounts of offsets that it passed by, to be written,
    and sources whose items are to be counted in the tables."""

    owed: Mapping[str, Owed]
    unsure: frozenset[str]


class LakeWriter:
    """Writes batches under one writer's id. One a process.

    `on_failures` is told of each batch's failures once they stand in the lake, before the ledger
    says that the batch is done: at least once, whatever dies. `stages` are those that made what is
    written: they number its generation (see `pipeline.stages`). Without them the enrichment that
    it starts sources under does; what nobody enriched belongs to no generation. A batch that has
    more than `max_partitions` of them in a table is committed in parts.
    """

    def __init__(
        self,
        lake: Lake,
        clock: Clock,
        model: str = "",
        model_hash: str = "",
        on_failures: Callable[[Sequence[Reject]], object] | None = None,
        *,
        stages: StageSet | None = None,
        max_partitions: int = MAX_PARTITIONS,
    ) -> None:
        self._lake = lake
        self._clock = clock
        self._on_failures = on_failures
        self._model = (model, model_hash)
        self._repeats = Repeats(lake)
        self.writer = uuid4().hex[:16]
        self._commits = 0
        self._stages = stages
        self._set_id = stages.id if stages is not None else ""
        self._max_partitions = max_partitions
        self._generation: int | None = None
        self._has_stages = False

    def start(
        self, first: Mapping[str, int], later: Mapping[str, int], enrichment_id: str = ""
    ) -> None:
        """Commit the start of those sources that the lake does not know, as empty blocks.

        Both mappings hold all partitions of a topic (or all parts of an archive). `first` holds
        where none of them is known yet, else `later`: a partition that was added after the very
        first start loses nothing. The commit to the rejects table settles it for all writers and
        all times, in one piece; the other tables are told what it says.
        """
        if self._stages is None and enrichment_id != NOT_ENRICHED_ID:
            self._set_id = enrichment_id
        self._retry("rejects", lambda: self._settle_starts(first, later))
        self._lake.refresh("rejects")
        agreed = self._lake.committed("rejects", first)
        for table in TABLES[1:]:
            self._retry(table, lambda t=table: self._copy_starts(t, agreed, enrichment_id))  # type: ignore[misc]

    def spare(self, stories: Sequence[Story]) -> tuple[list[Story], list[Story]]:
        """Return the stories to be enriched, and those that are repeats as things stand.

        This decides nothing: what the second list says is looked at again when it is written.
        """
        self._lake.refresh("stories")
        landing = self._retry("stories", lambda: self._repeats.landing(stories))
        wanted: list[Story] = []
        spared: list[Story] = []
        for story in stories:
            (wanted if coordinates_of(story) in landing else spared).append(story)
        return wanted, spared

    def write(self, batch: EnrichedBatch) -> Receipt:
        """Commit what the lake lacks of `batch`; see the module.

        Raises `GapError` for a block above the committed end of its source, `StoreError` when the
        store fails, `NotEnrichedError` where a story of `batch.unenriched` is no repeat: nothing of
        its part of the batch is written then.
        """
        done = Receipt()
        for piece in cut_batch(batch, self._max_partitions):
            blocks = tuple(block for block in piece.blocks if block.source not in done.lost)
            if blocks or not piece.blocks:
                done = done.joined(self._write(replace(piece, blocks=blocks)))
        return done

    def _write(self, batch: EnrichedBatch) -> Receipt:
        if self._set_id and self._generation is None:
            self._generation = self._retry("ledger", self._settle_generation)
        decided = self._retry("rejects", lambda: self._commit_rejects(batch))
        self._retry("entities", lambda: self._commit_found("entities", entity_rows, decided))
        self._retry("events", lambda: self._commit_found("events", event_rows, decided))
        passed = self._retry("stories", lambda: self._commit_stories(decided))
        if passed.owed:
            self._retry("rejects", lambda: self._commit_late(decided, passed.owed))
        if self._on_failures is not None:
            # Before the ledger: a block that dies here is done, and told, again.
            self._on_failures(_failures(batch, decided))
        return self._retry("ledger", lambda: self._commit_ledger(batch, decided, passed))

    def close(self) -> None:
        """Let go of what marks this writer as alive."""
        self._lake.files.release(self.writer)

    def _settle_starts(self, first: Mapping[str, int], later: Mapping[str, int]) -> bool | None:
        self._lake.refresh("rejects")
        have = self._lake.committed("rejects", first)
        starts = later if have else first
        missing = {s: starts[s] for s in starts if s not in have}
        return self._commit("rejects", [], missing) or None

    def _copy_starts(
        self, table: str, agreed: Mapping[str, int], enrichment_id: str
    ) -> bool | None:
        self._lake.refresh(table)
        have = self._lake.committed(table, agreed)
        missing = {s: n for s, n in agreed.items() if s not in have}
        rows = [
            self._ledger_row(Counted(Block(s, n, n), 0, 0, 0, 0, 0, enrichment_id))
            for s, n in missing.items()
        ]
        return self._commit(table, rows if table == "ledger" else [], missing) or None

    def _settle_generation(self) -> int | None:
        """Return the number of these stages in the lake; the next one where they are new to it.

        The ledger's log counts them: two writers that bring new stages at once cannot take the same
        number, as the log refuses the second.
        """
        mine = f"{GENERATION}{self._set_id}"
        self._lake.refresh("ledger")
        known = self._lake.committed("ledger", (mine, GENERATIONS))
        if mine in known:
            return known[mine]
        following = known.get(GENERATIONS, 0) + 1
        return (
            following
            if self._commit("ledger", [], {mine: following, GENERATIONS: following})
            else None
        )

    def _commit_rejects(self, batch: EnrichedBatch) -> Decided | None:
        sources = [block.source for block in batch.blocks]
        for table in ("ledger", "rejects", "stories"):
            self._lake.refresh(table)
        blocks = dict(_cut(batch, self._lake.committed("ledger", sources)))
        standing = Standing.read(self._lake, blocks)
        decided = decide(batch, blocks, standing, self._repeats)
        rows = map(reject_row, decided.new_rejects)
        ends = _raised(decided.blocks, standing.reject_ends)
        if not self._commit("rejects", rows, ends, settled(standing.owed)):
            return None
        return decided

    def _commit_found(
        self, table: str, rows_of: Callable[[EnrichedStory], list[Row]], decided: Decided
    ) -> bool | None:
        for name in ("stories", table):
            self._lake.refresh(name)
        done = self._lake.committed("stories", decided.blocks)
        ends = self._lake.committed(table, decided.blocks)
        columns = ["source", "offset", "item", "enrichment_id"]
        present = {
            (row["source"], row["offset"], row["item"], row["enrichment_id"])
            for source, block in decided.blocks.items()
            if ends[source] > max(block.start, done[source])
            for row in self._lake.rows(table, source, block.start, ends[source], columns)
        }
        rows = [
            row
            for found in decided.stories
            if found.story.offset >= done[found.story.source]
            and (*coordinates_of(found.story), found.enrichment_id) not in present
            for row in rows_of(found)
        ]
        return self._commit(table, rows, _raised(decided.blocks, ends)) or None

    def _commit_stories(self, decided: Decided) -> _Passed | None:
        self._lake.refresh("stories")
        ends = self._lake.committed("stories", decided.blocks)
        theirs = {s: b for s, b in decided.blocks.items() if ends[s] > b.start}
        self._settle(theirs)
        owed = decided.owed_by_late(ends)
        marks = {app: n for source, due in owed.items() for app, n in due.marks(source).items()}
        rows = [
            story_row(found, *self._model, self._generation)
            for found in decided.stories
            if found.story.offset >= ends[found.story.source]
        ]
        if not self._commit("stories", rows, _raised(decided.blocks, ends), marks):
            return None
        return _Passed(owed, decided.unsure | theirs.keys())

    def _settle(self, blocks: Mapping[str, Block]) -> None:
        """Write the accounts of what other writers' stories passed by, by stories as refreshed."""
        found = {s: Owed.read(self._lake, s, block.start) for s, block in blocks.items()}
        owed = {source: due for source, due in found.items() if due is not None}
        if owed:
            self._retry("rejects", lambda: self._commit_accounts(owed))

    def _commit_accounts(self, owed: Mapping[str, Owed]) -> bool | None:
        self._lake.refresh("rejects")
        due = {s: one for s, one in owed.items() if Owed.read(self._lake, s, one.start) is not None}
        blocks = {s: Block(s, one.start, one.end) for s, one in due.items()}
        standing = Standing.read(self._lake, blocks)
        rows = [r for s, one in due.items() for r in accounts(s, one, standing.rows(s))]
        return self._say_late(rows, due) or None

    def _commit_late(self, decided: Decided, owed: Mapping[str, Owed]) -> bool | None:
        """Write the late rejects, unless another writer has written an account in their place."""
        self._lake.refresh("rejects")
        receipts = self._lake.committed("rejects", settled(owed))
        due = {s: one for s, one in owed.items() if receipts.get(f"{PASSED}{s}", 0) < one.end}
        rows = [
            cut
            for reject in decided.late
            if reject.source in due
            and (cut := beginning_at(reject, due[reject.source].start)) is not None
        ]
        return self._say_late(rows, due) or None

    def _say_late(self, rejects: Sequence[Reject], owed: Mapping[str, Owed]) -> bool:
        ends = self._lake.committed("rejects", owed)
        return self._commit("rejects", map(reject_row, rejects), ends, settled(owed))

    def _commit_ledger(
        self, batch: EnrichedBatch, decided: Decided, passed: _Passed
    ) -> Receipt | None:
        own = batch.enrichment_id
        # Of these, that others have or may have a part in, everything is counted in the tables.
        unsure = {s: decided.blocks[s] for s in passed.unsure if s in decided.blocks}
        for table in ("rejects", "stories", "ledger") if unsure else ("ledger",):
            self._lake.refresh(table)
        ends = self._lake.committed("ledger", decided.blocks)
        counted: dict[str, Counted] = {}
        for source, block in decided.blocks.items():
            if ends[source] != block.start:
                continue
            if source in unsure:
                counted[source] = Counted.read(self._lake, block, own)
            else:
                counts, found = decided.counts(source), decided.found(source)
                counted[source] = Counted(block, *counts, *found, own)
        rows = [self._ledger_row(one) for one in counted.values()]
        blocks = tuple(one.block for one in counted.values())
        if not self._commit("ledger", rows, {b.source: b.end for b in blocks}):
            return None
        self._has_stages = self._has_stages or bool(rows)
        lost = tuple(b.source for b in batch.blocks if b.source not in counted)
        return Receipt(
            blocks,
            lost,
            sum(one.stories for one in counted.values()),
            sum(one.rejects for one in counted.values()),
            sum(one.skipped for one in counted.values()),
            tally(batch, decided, counted),
        )

    def _ledger_row(self, counted: Counted) -> Row:
        has_no_news = self._has_stages or self._stages is None or self._generation is None
        return ledger_row(
            counted.block,
            stories=counted.stories,
            rejects=counted.rejects,
            skipped=counted.skipped,
            entities=counted.entities,
            events=counted.events,
            enrichment_id=counted.enrichment_id,
            writer=self.writer,
            committed_at=self._clock(),
            generation=self._generation,
            stages=None if has_no_news else str(self._stages),
        )

    def _commit(
        self,
        table: str,
        rows: Iterable[Row],
        ends: Mapping[str, int],
        marks: Mapping[str, int] | None = None,
    ) -> bool:
        """Return one attempt from the handle as it is; False after a conflict."""
        if not ends:
            return True
        self._commits += 1
        name = f"{self.writer}-{self._commits:08d}"
        try:
            at = self._clock()
            self._lake.commit(Commit(table, list(rows), ends, name, self.writer, at, marks or {}))
        except ConflictError:
            self._lake.on_point(f"{table}.conflict")
            return False
        return True

    def _retry(self, table: str, attempt: Callable[[], T | None]) -> T:
        return until_won(table, attempt, attempts=_ATTEMPTS)


def _merged(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Return one block a source of those that follow one another."""
    found: dict[str, Block] = {}
    for block in blocks:
        before = found.get(block.source)
        found[block.source] = (
            block
            if before is None
            else replace(
                block,
                start=before.start,
                records=before.records + block.records,
                items=before.items + block.items,
            )
        )
    return tuple(found.values())


def _cut(batch: EnrichedBatch, base: Mapping[str, int]) -> Iterable[tuple[str, Block]]:
    """Yield the batch's blocks without what is below the committed end of their source."""
    for block in batch.blocks:
        committed = base.get(block.source)
        if committed is None or block.start > committed:
            raise GapError(
                "a block begins above the committed end",
                source=block.source,
                start=block.start,
                committed=committed,
            )
        if block.start == committed < block.end:
            yield block.source, block
        elif committed < block.end:
            yield (
                block.source,
                replace(block, start=committed, records=_records(batch, block, committed)),
            )


def _records(batch: EnrichedBatch, block: Block, start: int) -> int:
    """Say how many records of `block` lie at or above `start`: each has an item, or more."""
    # What the broker could not give (a skip by the reader) was no record.
    unread = {(r.source, r.offset) for r in batch.rejects if r.kind in UNREAD}
    records = {(source, offset) for source, offset, _ in batch.coordinates()} - unread
    return sum(source == block.source and offset >= start for source, offset in records)


def _failures(batch: EnrichedBatch, decided: Decided) -> list[Reject]:
    """Say what the lake now holds of the batch as failures."""
    new = (*decided.new_rejects, *decided.late)
    held = {coordinates_of(r) for r in new} | decided.standing.rejects.keys()
    return [
        reject
        for reject in batch.rejects
        if not reject.is_skip
        and (block := decided.blocks.get(reject.source)) is not None
        and reject.offset >= block.start
        and coordinates_of(reject) in held
    ]


def _raised(blocks: Mapping[str, Block], ends: Mapping[str, int]) -> dict[str, int]:
    """Return the ends to commit: a version never goes down, and says again what it said in
    recovery."""
    return {source: max(ends[source], block.end) for source, block in blocks.items()}
