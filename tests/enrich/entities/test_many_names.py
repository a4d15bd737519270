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

from pipeline.enrich.entities.merge import group
from pipeline.enrich.entities.resolve import resolve
from pipeline.enrich.entities.spans import TRUSTED, Span
from pipeline.enrich.lexicon import load_lexicon
from pipeline.enrich.places.belonging import assign

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
