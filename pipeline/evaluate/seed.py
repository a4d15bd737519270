"""A gold story: the entities and the region that a correct run finds in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.model import EnrichedStory, Entity, Story


@dataclass(frozen=True, slots=True)
class Gold:
    """A gold directory: the story without its wire dressing, and what `gold.json` asks for."""

    story: Story
    wanted: Mapping[str, Any]


def read_gold(folder: Path) -> Gold:
    """Read story and gold of a directory that holds `gold.json` and the text that it names."""
    wanted = json.loads((folder / "gold.json").read_text(encoding="utf-8"))
    facts = wanted["story"]
    text = (folder / wanted["file"]).read_text(encoding="utf-8")
    blocks = [" ".join(block.split()) for block in text.split("\n\n")]
    begin = next(i for i, block in enumerate(blocks) if block.startswith(facts["first_words"]))
    day = datetime.fromisoformat(facts["published"]).replace(tzinfo=UTC)
    story = Story(
        source="gold", offset=0, item=0, format="text", story_id=wanted["file"],
        revision_id=wanted["file"], content_hash="", raw=b"", headline=facts["headline"],
        paragraphs=tuple(blocks[begin : begin + facts["paragraphs"]]), provider=facts["provider"],
        language=facts["language"], published_at=day, published_precision="day",
    )  # fmt: skip
    return Gold(story, wanted)


def entities_right(gold: Gold, result: EnrichedStory) -> int:
    """Say how many of the wanted entities were found, with their kind and country.

    By the canonical name, else by the words of a mention.
    """
    by_name = {entity.name: entity for entity in result.entities}
    by_words = {m.text: entity for entity in reversed(result.entities) for m in entity.mentions}
    return sum(
        _is_right(item, by_name.get(item["name"]) or by_words.get(item["name"]))
        for item in gold.wanted["entities"]
    )


def _is_right(item: Mapping[str, Any], entity: Entity | None) -> bool:
    if entity is None:
        return False
    return entity.kind in as_list(item["kind"]) and item.get("country") in (None, entity.country)


def as_list(value: Any) -> list[Any]:
    """Return a value of a gold.json that may be one or several."""
    return value if isinstance(value, list) else [value]
