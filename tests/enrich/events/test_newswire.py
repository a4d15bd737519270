"""Sentences in the manner of a newswire through the whole enrichment, against a reader's coding."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.enrich import Enricher
from pipeline.evaluate.events import fold
from pipeline.model import Actor, EnrichedStory, Event, Story

ROOTS = frozenset([
    "AGREE", "CONSULT", "SUPPORT", "COOPERATE", "AID", "YIELD",
    "REQUEST", "ACCUSE", "REJECT", "THREATEN", "PROTEST", "SANCTION",
    "MOBILIZE", "COERCE", "ASSAULT",
])  # fmt: skip
ROWS = [
    tuple(line.split("\t"))
    for line in (Path(__file__).parent / "data" / "newswire.tsv").read_text().splitlines()
    if not line.startswith("#")
][1:]


@pytest.fixture(scope="module")
def events() -> dict[str, tuple[Event, ...]]:
    stories = [
        Story(
            source="test", offset=number, item=0, format="text", story_id=str(number),
            revision_id=str(number), content_hash="c", headline="Wire news",
            paragraphs=(row[0],), raw=b"", language="en",
            published_at=datetime(2024, 5, 15, tzinfo=UTC),
        )
        for number, row in enumerate(ROWS)
    ]  # fmt: skip
    return {
        result.story.body: result.events
        for result in Enricher().enrich(stories)
        if isinstance(result, EnrichedStory)
    }


@pytest.mark.parametrize(("sentence", "expected", "others"), ROWS)
def test_a_sentence_is_coded_as_a_reader_does(
    events: dict[str, tuple[Event, ...]], sentence: str, expected: str, others: str
) -> None:
    """Each event a reader names is there, and no other where the row allows none."""
    left = list(events[sentence])
    for source, root, target in wanted(expected):
        fitting = [e for e in left if fits(e.source, source) and fits(e.target, target)]
        found = next((e for e in fitting if fold(e.root) in root), None)
        assert found is not None, (source, root, target, left)
        left.remove(found)
    assert not left or others == "yes"


def wanted(expected: str) -> Iterator[tuple[list[str], list[str], list[str]]]:
    for part in () if expected == "none" else expected.split("; "):
        words = part.split()
        at = next(i for i, word in enumerate(words) if word.split("|")[0] in ROOTS)
        source, target = " ".join(words[:at]), " ".join(words[at + 1 :])
        yield source.split("|"), words[at].split("|"), target.split("|")


def fits(actor: Actor | None, allowed: list[str]) -> bool:
    if actor is None:
        return "-" in allowed
    # A side that names nobody is known by a word of its own: "the killing of peacekeepers".
    told = {actor.country, actor.name, actor.role} if actor.code else set(actor.text.split())
    return not told.isdisjoint(allowed)
