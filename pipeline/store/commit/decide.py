"""What becomes of each item of a batch, given what the lake says already.

An item below the committed end of the rejects table was decided by whoever committed that: it is a
reject if it stands there and a story if not. Only above that end are repeats looked for. What this
writer takes for no story below that end has to wait until stories have passed it: see `unread`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from pipeline.model import (
    SKIPPED,
    UNREAD,
    Block,
    Coordinates,
    EnrichedBatch,
    EnrichedStory,
    Reject,
    Story,
)
from pipeline.reprocessed import is_reprocessed
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.repeats import Repeats
from pipeline.store.commit.unread import Owed, Rows, accounts


class NotEnrichedError(Exception):
    """A story that was left unenriched as a repeat is none: the batch is to be enriched whole."""


def coordinates_of(item: Story | Reject) -> Coordinates:
    """Return the coordinates of an item."""
    return (item.source, item.offset, item.item)


@dataclass(frozen=True, slots=True)
class Standing:
    """Holds what the rejects and stories tables say above the ledger's end: left by a dead writer.

    `rejects` holds the kind of each reject, `stories` the coordinates of each story, `told` where
    those rejects end that stand for offsets which could not be read. Of the sources in `owed`
    stories passed records by without an account: with it, what stands is all that will.
    """

    reject_ends: Mapping[str, int]
    story_ends: Mapping[str, int]
    rejects: Mapping[Coordinates, str]
    account_ends: Mapping[Coordinates, int]
    stories: frozenset[Coordinates]
    owed: Mapping[str, Owed]

    @classmethod
    def read(cls, lake: Lake, blocks: Mapping[str, Block]) -> Standing:
        """Return both tables as last refreshed, within `blocks` and what is owed of them."""
        reject_ends = lake.committed("rejects", blocks)
        story_ends = lake.committed("stories", blocks)
        columns = ["source", "offset", "item"]
        rejects: dict[Coordinates, str] = {}
        account_ends: dict[Coordinates, int] = {}
        stories: set[Coordinates] = set()
        owed: dict[str, Owed] = {}
        for source, block in blocks.items():
            end = block.end
            has_passed = story_ends[source] > block.start
            if has_passed and (due := Owed.read(lake, source, block.start)) is not None:
                owed[source], end = due, max(end, due.end)
            if reject_ends[source] > block.start:
                more = [*columns, "kind", "end_offset"]
                for row in lake.rows("rejects", source, block.start, end, more):
                    at = row["source"], row["offset"], row["item"]
                    rejects[at] = row["kind"]
                    if row["kind"] in UNREAD:
                        # Older versions did not say where such offsets end.
                        account_ends[at] = row["end_offset"] or row["offset"] + 1
            if has_passed:
                for row in lake.rows("stories", source, block.start, end, columns):
                    stories.add((row["source"], row["offset"], row["item"]))
        return cls(reject_ends, story_ends, rejects, account_ends, frozenset(stories), owed)

    def rows(self, source: str, more: Iterable[Reject] = ()) -> Rows:
        """Return what stands of one source, and with it `more`, accounts that are to be written."""
        account_ends = {at: end for at, end in self.account_ends.items() if at[0] == source}
        account_ends |= {coordinates_of(r): _end_of(r) for r in more if r.source == source}
        stories = [at for at in self.stories if at[0] == source]
        items: dict[int, set[int]] = {}
        for _, offset, item in (*stories, *(p for p in self.rejects if p[0] == source)):
            items.setdefault(offset, set()).add(item)
        ranges = [(at[1], end) for at, end in account_ends.items()]
        return Rows(items, {offset for _, offset, _ in stories}, ranges)


@dataclass(frozen=True, slots=True)
class Decided:
    """The batch cut to what the lake lacks.

    `new_rejects` do not stand in their table yet. `late` do not either, and may only follow the
    commit to stories: another writer, that is below the end of rejects, had taken what they stand
    for as stories, and may commit these first. In `unsure` are the sources whose items that leaves
    to be counted in the tables.
    """

    blocks: Mapping[str, Block]
    stories: tuple[EnrichedStory, ...]
    new_rejects: tuple[Reject, ...]
    late: tuple[Reject, ...]
    standing: Standing
    unsure: frozenset[str]

    def counts(self, source: str) -> tuple[int, int, int]:
        """Count stories, failures and skips of one block that no other writer has a part in."""
        stories = sum(found.story.source == source for found in self.stories)
        kinds = {coordinates_of(r): r.kind for r in self.new_rejects} | dict(self.standing.rejects)
        mine = [kind for at, kind in kinds.items() if at[0] == source]
        skipped = sum(kind.startswith(SKIPPED) for kind in mine)
        return stories, len(mine) - skipped, skipped

    def found(self, source: str) -> tuple[int, int]:
        """Count entities and events of this batch's own stories in one block."""
        mine = [found for found in self.stories if found.story.source == source]
        return sum(len(s.entities) for s in mine), sum(len(s.events) for s in mine)

    def owed_by_late(self, ends: Mapping[str, int]) -> dict[str, Owed]:
        """Return what a commit to stories above `ends` passes by: offsets of the late rejects."""
        beyond: dict[str, int] = {}
        for reject in self.late:
            beyond[reject.source] = max(beyond.get(reject.source, 0), _end_of(reject))
        return {s: Owed(ends[s], end) for s, end in beyond.items() if end > ends[s]}


def decide(
    batch: EnrichedBatch, blocks: Mapping[str, Block], standing: Standing, repeats: Repeats
) -> Decided:
    """Settle every item of `batch` within `blocks`.

    A story whose revision the lake holds already, or another of the batch brings, becomes a
    reject of kind `skipped.repeat`, unless it was the first to arrive (see `repeats`). In a source
    that reads the lake anew only what the lake holds under the batch's own enrichment and the
    story's own parse counts. Raises `NotEnrichedError` where a story of `batch.unenriched` is to be
    written after all.
    """
    owed = [r for s, due in standing.owed.items() for r in accounts(s, due, standing.rows(s))]
    rows = {source: standing.rows(source, owed) for source in blocks}
    blocks = {s: replace(block, end=rows[s].beyond(block.end)) for s, block in blocks.items()}
    settled = standing.stories | standing.rejects.keys()

    def is_open(item: Story | Reject) -> bool:
        block = blocks.get(item.source)
        return (
            block is not None
            and item.offset >= max(block.start, standing.story_ends[item.source])
            and coordinates_of(item) not in settled
            and not rows[item.source].is_accounted(item.offset)
        )

    rejects = [r for r in batch.rejects if r.kind not in UNREAD and is_open(r)]
    rejects += _unread(batch, blocks, standing, rows)
    candidates = [found for found in batch.stories if is_open(found.story)]
    first = [found.story for found in candidates if not is_reprocessed(found.story.source)]
    again = [found.story for found in candidates if is_reprocessed(found.story.source)]
    spared = [story for story in batch.unenriched if is_open(story)]
    decided = {
        coordinates_of(story)
        for story in (*first, *again, *spared)
        if story.offset < standing.reject_ends[story.source]
    }
    landing = repeats.landing([*first, *spared], decided=decided) | repeats.landing(
        again, decided=decided, under=batch.enrichment_id
    )
    stories = [found for found in candidates if coordinates_of(found.story) in landing]
    rejects += [_repeat(s) for s in (*first, *again) if coordinates_of(s) not in landing]
    if any(coordinates_of(story) in landing for story in spared):
        raise NotEnrichedError
    rejects += map(_repeat, spared)
    late = [r for r in rejects if r.offset < standing.reject_ends[r.source]]
    new = [r for r in rejects if r.offset >= standing.reject_ends[r.source]]
    unsure = {r.source for r in late} | {r.source for r in batch.rejects if r.kind in UNREAD}
    unsure |= standing.owed.keys() | {at[0] for at in standing.account_ends}
    return Decided(blocks, tuple(stories), (*new, *owed), tuple(late), standing, frozenset(unsure))


def _unread(
    batch: EnrichedBatch,
    blocks: Mapping[str, Block],
    standing: Standing,
    rows: Mapping[str, Rows],
) -> Iterator[Reject]:
    """Yield the accounts of offsets that could not be read, each of a run of them that lacks an
    item.

    A writer that died may have read some of them, or all. Below the end of stories nothing lacks
    an account; below that of rejects it is another writer's to say, until stories have passed it.
    """
    unread = [r for r in batch.rejects if r.kind in UNREAD and r.source in blocks]
    for reject in unread:
        source, block = reject.source, blocks[reject.source]
        later = (n for s, n, _ in batch.coordinates() if s == source and n > reject.offset)
        end = reject.end_offset or min(later, default=block.end)
        start = max(reject.offset, block.start, standing.story_ends[source])
        middle = min(end, max(start, standing.reject_ends[source]))
        for first, beyond in ((start, middle), (middle, end)):
            for offset, item, to in rows[source].lacking(first, beyond):
                yield replace(reject, offset=offset, item=item, end_offset=to)


def beginning_at(reject: Reject, start: int) -> Reject | None:
    """Return what a reject stands for at `start` or above; None where that is nothing."""
    if _end_of(reject) <= start:
        return None
    return reject if reject.offset >= start else replace(reject, offset=start)


def _end_of(reject: Reject) -> int:
    return reject.end_offset or reject.offset + 1


def _repeat(story: Story) -> Reject:
    return Reject(
        source=story.source,
        offset=story.offset,
        item=story.item,
        kind="skipped.repeat",
        stage="write",
        message="the lake holds this revision already",
        revision_id=story.revision_id,
        received_at=story.received_at,
        origin=story.origin,
    )
