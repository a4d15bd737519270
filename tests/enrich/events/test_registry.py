"""Event coders are chosen by name, and other packages may bring one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import EntryPoint
from typing import ClassVar, Self

import pytest

from pipeline.config import load
from pipeline.enrich import Enricher
from pipeline.enrich.events import Coder, CoderInput, EventCoder, coder_of, registry
from pipeline.errors import ConfigError
from pipeline.model import EnrichedStory, Event
from tests.support.rows import a_story


class Echo:
    """Makes one event of each story, in the words of its headline."""

    name: ClassVar[str] = "echo"
    version: ClassVar[int] = 1
    languages: ClassVar[frozenset[str]] = frozenset({"es"})

    @classmethod
    def open(cls, model: str) -> Self:
        """Needs no model."""
        return cls()

    def code_batch(self, items: Sequence[CoderInput]) -> list[tuple[Event, ...]]:
        """One event a story."""
        return [(_event(item.story.headline),) for item in items]


class Unfinished:
    """No coder: it codes nothing."""

    name = "unfinished"


def _event(words: str) -> Event:
    return Event(
        root="CONSULT", cameo="040", sentence=words, sentence_index=0, trigger=words, start=0,
        end=len(words), confidence=1.0, quad_class=1, goldstein=1.0,
    )  # fmt: skip


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package that brings coders."""
    entries = [
        EntryPoint("echo", f"{__name__}:Echo", registry.GROUP),
        EntryPoint("unfinished", f"{__name__}:Unfinished", registry.GROUP),
        EntryPoint("renamed", f"{__name__}:Echo", registry.GROUP),
        EntryPoint("gone", f"{__name__}:Gone", registry.GROUP),
    ]
    monkeypatch.setattr(registry, "entry_points", lambda group: entries)


def test_datelines_own_coder_is_one_of_them() -> None:
    """The default of the setting, of the enricher and of the registry is the same."""
    own: type[Coder] = coder_of("frames")
    assert own is EventCoder
    assert load(None, {}).enrich.coder == registry.DEFAULT == EventCoder.name


def test_an_unknown_coder_is_a_fault_of_the_configuration() -> None:
    """It names the setting and what there is."""
    with pytest.raises(ConfigError, match=r"enrich\.coder: .*no such event coder.*frames.*none"):
        load(None, {"enrich": {"coder": "petrarch"}})


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("unfinished", "has not the shape of one.*code_batch"),
        ("renamed", "has not the shape of one.*name"),
        ("gone", "cannot be imported"),
    ],
)
def test_a_packages_coder_has_to_be_one(installed: None, name: str, told: str) -> None:
    """What is wrong with it is told when the configuration is read, not at the first story."""
    with pytest.raises(ConfigError, match=told):
        load(None, {"enrich": {"coder": name}})


def test_another_coder_codes_its_own_languages(installed: None) -> None:
    """It takes the place of ours, and is another enrichment by the stage `events` alone."""
    assert load(None, {"enrich": {"coder": "echo"}}).enrich.coder == "echo"
    echo, ours = Enricher(coder="echo"), Enricher()
    assert echo.enrichment_id != ours.enrichment_id
    changed = [a.name for a, b in zip(echo.stages, ours.stages, strict=True) if a != b]
    assert changed == ["events"]
    spanish = replace(a_story(1), headline="Visita a Madrid", language="es")
    english = replace(a_story(2), headline="France condemned Turkey.", language="en")
    first, second = echo.enrich([spanish, english])
    assert isinstance(first, EnrichedStory) and isinstance(second, EnrichedStory)
    assert [event.trigger for event in first.events] == ["Visita a Madrid"]
    assert (first.status, second.status, second.events) == ("enriched", "no_events", ())


def test_no_coder_codes_nothing() -> None:
    """Entities are as ever, and the story says that it was not coded."""
    story = replace(a_story(1), headline="France condemned Turkey.", language="en")
    (found,) = Enricher(coder="none").enrich([story])
    (ours,) = Enricher().enrich([story])
    assert isinstance(found, EnrichedStory) and isinstance(ours, EnrichedStory)
    assert ours.events
    assert (found.status, found.events) == ("no_events", ())
    assert found.entities == ours.entities
