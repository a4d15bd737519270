"""PLOVER's contexts: of the code, of the words, and of what was not done."""

from __future__ import annotations

from collections.abc import Callable

from pipeline.enrich.events.contexts import MAX_CONTEXTS, contexts_of
from pipeline.enrich.events.event_lexicon import load_event_lexicon
from pipeline.model import Event


def test_the_codes_own_contexts_come_first() -> None:
    """Words add to what the conversion table says, in a fixed order, none twice."""
    row = load_event_lexicon().cameo["072"]
    assert contexts_of(row, "The army got tanks from the envoy.", False) == (
        "military",
        "diplomatic",
    )


def test_words_match_whole_or_by_their_stem() -> None:
    row = load_event_lexicon().cameo["040"]
    assert contexts_of(row, "They talked about vaccines and hacking.", False) == (
        "disease",
        "cyber",
    )
    assert contexts_of(row, "They met over tea.", False) == ()


def test_what_was_not_done_is_hypothetical_and_the_list_is_short() -> None:
    """The flag is never crowded out."""
    row = load_event_lexicon().cameo["112"]
    text = "troops embassy trade oil court parliament election refugees migrants nuclear"
    found = contexts_of(row, text, True)
    assert len(found) == MAX_CONTEXTS
    assert found[-1] == "hypothetical"


def test_events_carry_contexts_and_places_of_both_sides(
    code: Callable[[str], tuple[Event, ...]],
) -> None:
    """Offsets of source and target cut their words out of the story's text."""
    body = "The French president condemned Turkey over the refugees on Monday."
    [event] = code(body)
    assert "refugee" in event.contexts
    text = f"Wire news\n\n{body}"
    for actor, words in ((event.source, "The French president"), (event.target, "Turkey")):
        assert actor is not None
        assert text[actor.start : actor.end] == actor.text == words
