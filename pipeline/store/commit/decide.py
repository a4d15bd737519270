"""What becomes of each item of a batch, given what the lake says already.

An item below the committed end of the rejects table was decided by whoever committed that: it is a
reject if it stands there and a story if not. Only above that end are repeats looked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pipeline.model import (
    SKIPPED,
    UNREAD,
    Block,
    EnrichedBatch,
    EnrichedStory,
    Reject,
    Story,
    is_reprocessed,
)
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.repeats import Repeats

Coordinates = tuple[str, int, int]
"""Source, offset, item."""


class NotEnrichedError(Exception):
    """A story that was left unenriched as a repeat is none: the batch is to be enriched whole."""


def coordinates_of(item: Story | Reject) -> Coordinates:
    """Return the coordinates of an item."""
    return (item.source, item.offset, item.item)


@dataclass(frozen=True, slots=True)
class Standing:
    """Holds what the rejects and stories tables say above the ledger's end: left by a dead writer.

    `rejects` holds the kind of each reject, `stories` the coordinates of each story.
    """

    reject_ends: Mapping[str, int]
    rejects: Mapping[Coordinates, str]
    stories: frozenset[Coordinates]

    @classmethod
    def read(cls, lake: Lake, blocks: Mapping[str, Block]) -> Standing:
        """Return both tables as last refreshed, within `blocks`."""
        reject_ends = lake.committed("rejects", blocks)
        story_ends = lake.committed("stories", blocks)
        columns = ["source", "offset", "item"]
        rejects: dict[Coordinates, str] = {}
        stories: set[Coordinates] = set()
        for source, block in blocks.items():
            if reject_ends[source] > block.start:
                for row in lake.rows("rejects", source, block.start, block.end, [*columns, "kind"]):
                    rejects[row["source"], row["offset"], row["item"]] = row["kind"]
            if story_ends[source] > block.start:
                for row in lake.rows("stories", source, block.start, block.end, columns):
                    stories.add((row["source"], row["offset"], row["item"]))
        return cls(reject_ends, rejects, frozenset(stories))


@dataclass(frozen=True, slots=True)
class Decided:
    """The batch cut to what the lake lacks. `new_rejects` do not stand in their table yet."""

    blocks: Mapping[str, Block]
    stories: tuple[EnrichedStory, ...]
    new_rejects: tuple[Reject, ...]
    standing: Standing

    def counts(self, source: str) -> tuple[int, int, int]:
        """Count stories, failures and skips of one block, by what then stands in the tables."""
        stories = {coordinates_of(s.story) for s in self.stories} | self.standing.stories
        kinds = {coordinates_of(r): r.kind for r in self.new_rejects} | dict(self.standing.rejects)
        mine = [kind for place, kind in kinds.items() if place[0] == source]
        skipped = sum(kind.startswith(SKIPPED) for kind in mine)
        return sum(p[0] == source for p in stories), len(mine) - skipped, skipped

    def records(self, source: str) -> int:
        """Count the records of one block: each offset with an item that is not of an offset unread.

        Another reader may have read what this batch's could not get any more, or the other way.
        """
        kinds = {coordinates_of(r): r.kind for r in self.new_rejects} | dict(self.standing.rejects)
        read = {place for place, kind in kinds.items() if kind not in UNREAD}
        places = read | {coordinates_of(s.story) for s in self.stories} | self.standing.stories
        return len({offset for name, offset, _ in places if name == source})

    def found(self, source: str) -> tuple[int, int]:
        """Count entities and events of this batch's own stories in one block."""
        mine = [found for found in self.stories if found.story.source == source]
        return sum(len(s.entities) for s in mine), sum(len(s.events) for s in mine)


def decide(
    batch: EnrichedBatch, blocks: Mapping[str, Block], standing: Standing, repeats: Repeats
) -> Decided:
    """Settle every item of `batch` within `blocks`.

    A story whose revision the lake holds already, or that came earlier in the batch, becomes a
    reject of kind `skipped.repeat`. In a source that reads the lake anew only what the lake holds
    under the batch's own enrichment and the story's own parse counts. Raises `NotEnrichedError`
    where a story of `batch.unenriched` is to be written after all.
    """
    settled = standing.stories | standing.rejects.keys()

    def is_open(item: Story | Reject) -> bool:
        block = blocks.get(item.source)
        return (
            block is not None and item.offset >= block.start and coordinates_of(item) not in settled
        )

    rejects = [r for r in batch.rejects if r.kind not in UNREAD and is_open(r)]
    rejects += _unread(batch, blocks, standing)
    candidates = [found for found in batch.stories if is_open(found.story)]
    first = [found.story for found in candidates if not is_reprocessed(found.story.source)]
    again = [found.story for found in candidates if is_reprocessed(found.story.source)]
    spared = [story for story in batch.unenriched if is_open(story)]
    known = {
        False: repeats.known([*first, *spared]),
        True: repeats.known(again, under=batch.enrichment_id),
    }
    stories: list[EnrichedStory] = []
    for found in candidates:
        story = found.story
        is_decided = story.offset < standing.reject_ends[story.source]
        mine = known[is_reprocessed(story.source)]
        if story.revision_id in mine and not is_decided:
            rejects.append(_repeat(story))
        else:
            mine.add(story.revision_id)
            stories.append(found)
    for story in spared:
        is_decided = story.offset < standing.reject_ends[story.source]
        if is_decided or story.revision_id not in known[False]:
            raise NotEnrichedError
        rejects.append(_repeat(story))
    return Decided(blocks, tuple(stories), tuple(rejects), standing)


def _unread(
    batch: EnrichedBatch, blocks: Mapping[str, Block], standing: Standing
) -> Iterator[Reject]:
    """The accounts of offsets that could not be read, each at the first one that lacks an item.

    A writer that died may have read the first of them, or all; an account of one before stands.
    """
    unread = [r for r in batch.rejects if r.kind in UNREAD and r.source in blocks]
    if not unread:
        return
    taken = {place[:2] for place in (*standing.stories, *standing.rejects)}
    told = [place for place, kind in standing.rejects.items() if kind in UNREAD]
    for reject in unread:
        block = blocks[reject.source]
        later = (n for s, n, _ in batch.places() if s == reject.source and n > reject.offset)
        span = range(max(reject.offset, block.start), min(later, default=block.end))
        if any(source == reject.source and offset in span for source, offset, _ in told):
            continue
        free = (offset for offset in span if (reject.source, offset) not in taken)
        if (offset := next(free, None)) is not None:
            yield replace(reject, offset=offset)


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
