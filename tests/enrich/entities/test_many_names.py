"""A text that is a list of names takes time in proportion to its names, not to their pairs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.enrich.entities.consistency import repeated_names
from pipeline.enrich.entities.mentions import StoryEntities
from pipeline.enrich.entities.merge import group
from pipeline.enrich.entities.metonyms import is_metonym
from pipeline.enrich.entities.resolve import resolve
from pipeline.enrich.entities.spans import TRUSTED, Span
from pipeline.enrich.lexicon import load_lexicon, tokenize
from pipeline.enrich.places.belonging import assign
from pipeline.enrich.places.scene import StoryPlaces
from pipeline.model import Entity, Event, Mention
from tests.support.rows import an_event

FEW, MANY = 100, 800
SYLLABLES = ("Ba", "de", "ki", "lo", "mu", "ra", "si", "to", "ve", "zu")


def word(n: int) -> str:
    return "".join(SYLLABLES[int(digit)] for digit in f"{n:04}").capitalize()


KINDS: dict[str, tuple[str, Callable[[int], str]]] = {
    "persons": ("PERSON", lambda n: f"{word(n)} {word(n + 3)}"),
    "persons of one given name": ("PERSON", lambda n: f"John {word(n)}"),
    "persons of one surname": ("PERSON", lambda n: f"{word(n)} {word(n + 3)} Smith"),
    "companies": ("ORG", lambda n: f"{word(n)} {word(n + 3)} Corp"),
    "places": ("GPE", lambda n: f"New {word(n)}"),
    "what begins a sentence": ("PERSON", lambda n: f"Pay {word(n)}"),
}


def placed(kind: str, names: Sequence[str]) -> tuple[str, list[Span]]:
    """The names as sentences, and a span for each."""
    spans: list[Span] = []
    at = 0
    for name in names:
        spans.append(Span(at, at + len(name), kind, TRUSTED))
        at += len(name) + 2
    return "".join(f"{name}. " for name in names), spans


@pytest.mark.parametrize(("kind", "name"), KINDS.values(), ids=KINDS)
def test_eight_times_the_names_take_no_more_than_twice_as_many_steps_each(
    kind: str, name: Callable[[int], str]
) -> None:
    """Pairs would take eight times as many each. Steps are lines of code that ran, not seconds."""
    lexicon = load_lexicon()

    def steps(count: int) -> int:
        text, spans = placed(kind, [name(n) for n in range(count)])
        with counted() as lines:
            found = group(text, resolve(text, spans, lexicon))
            assign(text, found, lexicon)
        return lines[0]

    steps(FEW)  # fills caches
    assert steps(MANY) < 2 * MANY / FEW * steps(FEW)


def in_lists(count: int) -> tuple[str, list[Span]]:
    """One list of countries, and a span for each."""
    spans = [Span(8 * n, 8 * n + 6, "GPE", TRUSTED) for n in range(count)]
    return "France, " * count, spans


def long_names(count: int) -> Iterator[tuple[str, Span]]:
    """A name of so many words, of which each second one is its first, or each."""
    for text in (" ".join(f"Jay {word(n)}" for n in range(count)), "Jay " * count):
        yield text, Span(0, len(text), "PERSON", TRUSTED)


def in_places(count: int) -> tuple[str, list[Event], StoryEntities]:
    """A paragraph of acts, each in a town."""
    sentence = "On a quiet morning in the early spring of 1987 he hit it in Xyzzy. "
    starts = range(0, count * len(sentence), len(sentence))
    act, town = sentence.find("hit"), sentence.find("Xyzzy")
    events = [
        an_event(start=at + act, end=at + act + 3, sentence=sentence.strip(), place=None)
        for at in starts
    ]
    towns = [
        Entity(
            name=f"Xyzzy {n}",
            kind="GPE",
            mentions=(Mention(at + town, at + town + 5, "Xyzzy", 0),),
            country="ARM",
        )
        for n, at in enumerate(starts)
    ]
    return sentence * count, events, StoryEntities(towns)


def ask_metonyms(count: int) -> None:
    text, spans = in_lists(count)
    assert not any(is_metonym(text, span, load_lexicon()) for span in spans)


def ask_repeated(count: int) -> None:
    for text, span in long_names(count):
        assert list(repeated_names(tuple(tokenize(text)), text, [span], load_lexicon()))


def ask_places(count: int) -> None:
    text, events, entities = in_places(count)
    places = StoryPlaces(entities, text)
    found = [places.situated(event, None, load_lexicon()) for event in events]
    assert [event.place for event in found] == [f"Xyzzy {n}" for n in range(count)]
    assert {event.place_from for event in found} == {"sentence"}


@pytest.mark.parametrize("ask", [ask_metonyms, ask_repeated, ask_places])
def test_each_name_looks_at_its_neighbours_alone(ask: Callable[[int], None]) -> None:
    """In a list of countries, in a name of hundreds of words, in a paragraph of acts and towns."""

    def steps(count: int) -> int:
        with counted() as lines:
            ask(count)
        return lines[0]

    steps(FEW)  # fills caches
    assert steps(MANY) < 2 * MANY / FEW * steps(FEW)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("France, Peru and Mali agreed to meet.", True),
        ("France, Peru, and Mali are ready.", True),
        ("France, Peru, Mali or Chad agreed to meet.", False),
    ],
)
def test_a_list_speaks_for_each_of_its_names(text: str, expected: bool) -> None:
    """What stands behind the last one speaks for those before it."""
    spans = [Span(text.find(n), text.find(n) + len(n), "GPE", TRUSTED) for n in ("France", "Peru")]
    assert {is_metonym(text, span, load_lexicon()) for span in spans} == {expected}


@contextmanager
def counted() -> Iterator[list[int]]:
    """The number of lines of Python that run meanwhile; a loop within one counts each turn."""
    lines = [0]

    def count(_frame: FrameType, event: str, _told: object) -> Any:
        lines[0] += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        yield lines
    finally:
        sys.settrace(before)


def shortens(short: str, words: Sequence[str]) -> bool:
    """What a person of this full name may be called, said pair by pair."""
    parts = short.split()
    if len(parts) == 1:
        return parts[0] in (words[0], words[-1])
    return words[-len(parts) :] == parts or (parts[0] == words[0] and parts[-1] == words[-1])


@given(
    st.lists(
        st.lists(st.sampled_from("XYZ"), min_size=1, max_size=4).map(" ".join),
        max_size=12,
        unique=True,
    )
)
def test_persons_are_merged_as_pair_by_pair(names: list[str]) -> None:
    """The index of short forms finds what a look at every pair finds."""
    aliases: dict[str, str] = {}
    persons = sorted(names, key=lambda name: (-len(name.split()), name))
    for place, short in enumerate(persons):
        meant = {
            aliases.get(name, name)
            for name in persons[:place]
            if len(name.split()) > len(short.split()) and shortens(short, name.split())
        }
        if len(meant) == 1:
            aliases[short] = meant.pop()
    text, spans = placed("PERSON", names)
    found = {text[s.start : s.end]: g.name for g in group(text, spans) for s in g.spans}
    assert {name.casefold() for name in found.values()} == {
        aliases.get(name, name).casefold() for name in names
    }
    assert all(found[name].casefold() == aliases.get(name, name).casefold() for name in names)
