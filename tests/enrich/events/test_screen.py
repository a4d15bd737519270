"""The surface screen: what is never parsed, and what always is."""

from __future__ import annotations

import pytest

from pipeline.enrich.events.event_lexicon import load_event_lexicon
from pipeline.enrich.events.screen import Screen


@pytest.fixture(scope="module")
def screen() -> Screen:
    return Screen(load_event_lexicon())


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("France condemned Turkey.", 2),
        ("Kenya held talks with Norway.", 2),
        ("The army opened fire on protesters.", 0),
        ("The minister will not lift the ban.", 0),
        ("Relations soured after the invasion of Peru by Chile.", 2),
        ("Gunmen attacked a village in Mali.", 1),
    ],
)
def test_a_sentence_with_an_act_passes(screen: Screen, text: str, named: int) -> None:
    assert screen.passes(text, named)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", 0),
        ("The weather in Kenya was fine.", 1),
        ("Kenya held its breath.", 1),
        ("She condemned him.", 0),
        ("Spain attacked well in the second match.", 2),
        ("Shares of the company fell 3 pct as analysts cut their price target in Peru.", 1),
        ("It was March in Peru and May in Chile.", 2),
    ],
)
def test_a_sentence_without_one_does_not(screen: Screen, text: str, named: int) -> None:
    assert not screen.passes(text, named)
