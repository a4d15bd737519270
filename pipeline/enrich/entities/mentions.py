"""Where a story's entities stand in its text: what the event coder asks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pipeline.model import Entity, Mention


@dataclass(frozen=True, slots=True)
class Placed:
    """One mention with the entity that it names."""

    mention: Mention
    entity: Entity


class StoryEntities:
    """The merged entities of one story, found by character offsets of its text.

    The text is headline + blank line + body, as for `pipeline.model.Mention`. Mentions do not
    overlap; adjectives of nationality are mentions too (kind NORP, with the country's code), and so
    are places that stand for a government ("Baku said": kind GPE).
    """

    def __init__(self, entities: Iterable[Entity] = ()) -> None:
        self.entities: tuple[Entity, ...] = tuple(entities)
        self._placed = sorted(
            (Placed(mention, entity) for entity in self.entities for mention in entity.mentions),
            key=lambda placed: (placed.mention.start, -placed.mention.end),
        )
        self._starts = [placed.mention.start for placed in self._placed]
        self._longest = max((p.mention.end - p.mention.start for p in self._placed), default=0)

    def __iter__(self) -> Iterator[Entity]:
        return iter(self.entities)

    def __len__(self) -> int:
        return len(self.entities)

    def within(self, start: int, end: int) -> tuple[Placed, ...]:
        """Return the mentions that overlap the characters `[start, end)`, in order."""
        low = bisect_left(self._starts, start - self._longest)
        high = bisect_right(self._starts, end - 1) if end > start else low
        return tuple(placed for placed in self._placed[low:high] if placed.mention.end > start)

    def placed_at(self, start: int, end: int) -> Placed | None:
        """Return the mention that fills most of `[start, end)`.

        Of equals the last (the head's side).
        """
        best: Placed | None = None
        best_overlap = 0
        for placed in self.within(start, end):
            overlap = min(end, placed.mention.end) - max(start, placed.mention.start)
            if overlap >= best_overlap:
                best, best_overlap = placed, overlap
        return best

    def entity_at(self, start: int, end: int) -> Entity | None:
        """Return the entity that fills most of the characters `[start, end)`, or None."""
        placed = self.placed_at(start, end)
        return placed.entity if placed else None

    def country_of(self, start: int, end: int) -> str | None:
        """Return the ISO 3166-1 alpha-3 of whoever is named in `[start, end)`, or None.

        The best entity's own country; where it has none, the first other one that has
        ("Armenian" in "an Armenian spokesman").
        """
        entity = self.entity_at(start, end)
        if entity is not None and entity.country:
            return entity.country
        for placed in self.within(start, end):
            if placed.entity.country:
                return placed.entity.country
        return None

    def role_of(self, start: int, end: int) -> str | None:
        """Say what the text calls the entity in `[start, end)` (`secretary of state`), or None."""
        entity = self.entity_at(start, end)
        return entity.role if entity else None
