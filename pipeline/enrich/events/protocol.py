"""What an event coder is: a name, a version, its languages, and events for a batch of stories."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

from pipeline.enrich.events.entities import Entities
from pipeline.model import Event, Story


@dataclass(frozen=True, slots=True)
class CoderInput:
    """What a coder needs of a story.

    `text` is headline, blank line, body; `sentences` are the character ranges of its sentences, the
    headline first; `entities` answers by character offsets of `text`; `language` is ISO 639-1.
    `filed_from` is the country of the dateline, where there is one.
    """

    story: Story
    text: str
    sentences: Sequence[tuple[int, int]]
    entities: Entities
    language: str = "en"
    filed_from: str | None = None


class Coder(Protocol):
    """Codes the events of stories in its languages.

    `name` is what the setting `enrich.coder` calls it by. `version` is raised where it codes
    something else for the same story: both take part in the id of the stage `events`.
    """

    name: ClassVar[str]
    version: ClassVar[int]
    languages: ClassVar[frozenset[str]]

    @classmethod
    def open(cls, model: str) -> Self:
        """Return the coder, ready to code. `model` is the spaCy package that `enrich.model` names.

        Raises ModelError for a model that is not installed.
        """

    def code_batch(self, items: Sequence[CoderInput]) -> Sequence[tuple[Event, ...]]:
        """Return the events of each story, in the order of its text.

        The same for the same story.
        """
