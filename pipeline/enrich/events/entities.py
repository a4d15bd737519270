"""What the event coder asks of the entities that were found before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pipeline.enrich.entities.mentions import Placed
from pipeline.model import Entity


class Entities(Protocol):
    """Answers what the coder asks of a story's entities, by offsets of the story's text."""

    def entity_at(self, start: int, end: int) -> Entity | None:
        """Return the entity that stands there, or None."""
        ...

    def country_of(self, start: int, end: int) -> str | None:
        """Return the ISO 3166-1 alpha-3 of whoever is named there, or None."""
        ...

    def within(self, start: int, end: int) -> Sequence[Placed]:
        """Return the mentions that overlap a range of characters."""
        ...
