"""Which stories a replay is to take: by date, provider and format."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from pipeline.model import ParsedBatch, Reject, Story

_DIGEST_HEX_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Selection:
    """Stories of `from_date` to `to_date`, both inclusive, of these providers and formats.

    What is None or empty selects everything. Dates are the stories' own (UTC); a story without one
    is in no range. Providers are compared without regard to case.
    """

    from_date: date | None = None
    to_date: date | None = None
    providers: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    mappings: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self == EVERYTHING

    @property
    def digest(self) -> str:
        """Eight hexadecimal digits that stand for what is selected, however it was written."""
        facts = {
            **self.facts(),
            "providers": sorted({name.casefold() for name in self.providers}),
            "formats": sorted(set(self.formats)),
        }
        text = json.dumps(facts, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_HEX_DIGITS]

    def facts(self) -> dict[str, Any]:
        """Return the selection as JSON has it; `selection_of` reads it back."""
        return {
            "from_date": self.from_date.isoformat() if self.from_date else None,
            "to_date": self.to_date.isoformat() if self.to_date else None,
            "providers": list(self.providers),
            "formats": list(self.formats),
            **({"mappings": list(self.mappings)} if self.mappings else {}),
        }

    def reason(self, story: Story) -> str | None:
        """Say why `story` is left out; None where it is taken."""
        if self.from_date or self.to_date:
            if story.date is None:
                return "the story has no date"
            if self.from_date and story.date < self.from_date:
                return f"{story.date} is before {self.from_date}"
            if self.to_date and story.date > self.to_date:
                return f"{story.date} is after {self.to_date}"
        if self.providers:
            wanted = {name.casefold() for name in self.providers}
            if (story.provider or "").casefold() not in wanted:
                return f"the provider is {story.provider or 'unknown'}"
        if self.formats and story.format not in self.formats:
            return f"the format is {story.format}"
        return None


EVERYTHING = Selection()
"""Nothing is left out."""


def selection_of(facts: Mapping[str, Any]) -> Selection:
    """Return the selection that `facts` were made from."""
    return Selection(
        from_date=date.fromisoformat(facts["from_date"]) if facts["from_date"] else None,
        to_date=date.fromisoformat(facts["to_date"]) if facts["to_date"] else None,
        providers=tuple(facts["providers"]),
        formats=tuple(facts["formats"]),
        mappings=tuple(facts.get("mappings", ())),
    )


def skip_unselected(batch: ParsedBatch, selection: Selection) -> ParsedBatch:
    """Return the batch with each story that is not selected as a skip of kind `skipped.filtered`.

    Rejects stay as they are: what cannot be read belongs to no date and no provider.
    """
    if selection.is_everything:
        return batch
    stories: list[Story] = []
    rejects: list[Reject] = list(batch.rejects)
    for story in batch.stories:
        reason = selection.reason(story)
        if reason is None:
            stories.append(story)
            continue
        rejects.append(
            Reject(
                source=story.source,
                offset=story.offset,
                item=story.item,
                kind="skipped.filtered",
                stage="parse",
                message=f"not selected: {reason}",
                received_at=story.received_at,
                revision_id=story.revision_id,
                origin=story.origin,
            )
        )
    return replace(batch, stories=tuple(stories), rejects=tuple(rejects))
