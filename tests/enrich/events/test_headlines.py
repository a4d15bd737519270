"""Headlines whose verb has the form of a noun, in sentences written for this."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pipeline.enrich import Enricher
from pipeline.model import EnrichedStory, Event, Story

BODY = (
    "The ministry gave no reason for it on Monday, but officials said that it had been expected "
    "for a long time."
)


@pytest.fixture(scope="module")
def enricher() -> Enricher:
    return Enricher()


def of_headline(enricher: Enricher, headline: str, body: str = BODY) -> list[Event]:
    story = Story(
        source="test", offset=0, item=0, format="text", story_id="s", revision_id="r",
        content_hash="c", headline=headline, paragraphs=(body,), raw=b"", language="en",
        published_at=datetime(2024, 5, 15, tzinfo=UTC),
    )  # fmt: skip
    (found,) = enricher.enrich([story])
    assert isinstance(found, EnrichedStory)
    return [event for event in found.events if event.from_headline]


@pytest.mark.parametrize(
    ("headline", "expected", "trigger"),
    [
        ("Greek frigate attacks Libyan tanker", "GRC ASSAULT LBY", "attacks"),
        ("Syrian army shells Idlib", "SYR ASSAULT SYR", "shells"),
        ("Bolivia protests Chilean border mine", "BOL ACCUSE CHL", "protests"),
        ("Russia sanctions Canadian lawmakers", "RUS COERCE CAN", "sanctions"),
        ("Zimbabwe police raid opposition offices", "ZWE COERCE ZWE", "raid"),
    ],
)
def test_a_verb_that_looks_like_a_noun_is_read_as_one(
    enricher: Enricher, headline: str, expected: str, trigger: str
) -> None:
    """Somebody before it and somebody behind it, and no other verb: the headline tells an act."""
    (event,) = of_headline(enricher, headline)
    assert event.target is not None
    assert f"{event.source.country} {event.root} {event.target.country}" == expected
    assert event.trigger.startswith(trigger)


@pytest.mark.parametrize(
    "headline",
    [
        "Iran sanctions relief",
        "US strikes Thursday",
        "US attacks mount as election nears",
        "Bomb attacks in Syria",
        "Shark attacks swimmer in Australia",
        "Rebel demands delay Colombian peace deal",
        "Peace talks Oslo venue unclear",
        "Israel arms exports to Serbia",
    ],
)
def test_a_plural_stays_a_noun(enricher: Enricher, headline: str) -> None:
    """Where nobody stands on one of its sides, it says when, or the headline has a verb."""
    assert of_headline(enricher, headline) == []


def test_the_body_is_read_as_it_stands(enricher: Enricher) -> None:
    """The same words below the headline are no headline."""
    body = f"Greek frigate attacks Libyan tanker. {BODY}"
    assert of_headline(enricher, "Shipping news", body) == []
