"""What one block holds: its own writer's word, or what stands in the tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pipeline.model import SKIPPED, UNREAD, Block
from pipeline.store.commit.lake import Lake


@dataclass(frozen=True, slots=True)
class Counted:
    """Holds the counts of a block's items, and of what was found in its stories.

    `entities` and `events` are None where a story's row does not say. `enrichment_id` is that of
    the last story.
    """

    block: Block
    stories: int
    rejects: int
    skipped: int
    entities: int | None
    events: int | None
    enrichment_id: str

    def __post_init__(self) -> None:
        """Let the block say how many items it has."""
        items = self.stories + self.rejects + self.skipped
        object.__setattr__(self, "block", replace(self.block, items=items))

    @classmethod
    def read(cls, lake: Lake, block: Block, enrichment_id: str) -> Counted:
        """Count what stands in the tables as last refreshed; `enrichment_id` where no story does.

        Another writer may have committed some of the stories, under another enrichment, and what
        one could not read another may have read. The block then reaches to where the account of
        such offsets ends that begins in it.
        """
        columns = ["offset", "kind", "end_offset"]
        rejects = lake.rows("rejects", block.source, block.start, block.end, columns)
        columns = ["offset", "entity_count", "event_count", "enrichment_id"]
        stories = lake.rows("stories", block.source, block.start, block.end, columns)
        last = max(stories, key=lambda row: row["offset"], default={"enrichment_id": enrichment_id})
        read = {row["offset"] for row in rejects if row["kind"] not in UNREAD}
        skipped = sum(row["kind"].startswith(SKIPPED) for row in rejects)
        end = max((row["end_offset"] or 0 for row in rejects), default=0)
        return cls(
            replace(
                block,
                end=max(block.end, end),
                records=len(read | {row["offset"] for row in stories}),
            ),
            len(stories),
            len(rejects) - skipped,
            skipped,
            _sum(row["entity_count"] for row in stories),
            _sum(row["event_count"] for row in stories),
            last["enrichment_id"],
        )


def _sum(counts: Iterable[int | None]) -> int | None:
    """Add them up; None where one of them is not known."""
    known = list(counts)
    return None if None in known else sum(count or 0 for count in known)
