"""Persons by the words around them: titles before, functions after, given names.

A title's own words are never part of the name; what they say is the person's role, and a country
before them ("US Secretary of State Antony Blinken") is the person's country.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.enrich.entities.spans import MODEL_WORD, SHAPE, Span, Token, runs
from pipeline.enrich.lexicon import Lexicon, word_set

_LONGEST_TITLE = 5
NAMED_BY_GIVEN_NAME = MODEL_WORD - 1
_PARTICLES = word_set("van von der den de da di del la le el al bin ibn abu dos du ter")
_TITLE_ENDS = word_set("state minister president secretary exchequer general secretary premier")
_HONORIFICS = word_set("mr mrs ms miss sir lady lord dame herr senor monsieur madame")


@dataclass(frozen=True, slots=True)
class Title:
    """A title in the text: its characters and the role that it stands for ('' for "Mr")."""

    start: int
    end: int
    role: str


def title_before(tokens: Sequence[Token], index: int, lexicon: Lexicon) -> Title | None:
    """Return the longest title that ends right before token `index`."""
    for size in range(min(_LONGEST_TITLE, index), 0, -1):
        key = " ".join(token[0] for token in tokens[index - size : index]).lower()
        role = lexicon.titles.get(key)
        if role is not None:
            return Title(tokens[index - size][1], tokens[index - 1][2], role)
    return None


def by_title(text: str, tokens: Sequence[Token], lexicon: Lexicon) -> Iterator[Span]:
    """Yield capitalised words right after a title ("Prime Minister Nikol Pashinyan")."""
    for first, last in runs(text, tokens):
        start = _after_title(tokens, first, last, lexicon)
        if start is None and first > 0 and _same_line(text, tokens, first):
            title = title_before(tokens, first, lexicon)
            start = first if title is not None else None
        if start is None or start > last:
            continue
        stop = _name_end(tokens, start, last, lexicon)
        if stop >= start:
            yield Span(tokens[start][1], tokens[stop][2], "PERSON", SHAPE)


def title_masks(tokens: Sequence[Token], lexicon: Lexicon) -> set[tuple[int, int]]:
    """Say where titles of several words stand.

    Nothing inside them is a name ("Secretary of State").
    """
    found = set()
    for index in range(2, len(tokens) + 1):
        if tokens[index - 1][0].lower() in _TITLE_ENDS:
            title = title_before(tokens, index, lexicon)
            if title is not None:
                found.add((title.start, title.end))
    return found


def by_given_name(text: str, tokens: Sequence[Token], lexicon: Lexicon) -> Iterator[Span]:
    """Yield two to four capitalised words of which the first is a known given name."""
    for first, last in runs(text, tokens):
        for begin in range(first, last):
            word = tokens[begin][0]
            if word in lexicon.first_names and word not in lexicon.names:
                stop = _name_end(tokens, begin, last, lexicon)
                if 1 <= stop - begin <= 5:
                    yield Span(tokens[begin][1], tokens[stop][2], "PERSON", NAMED_BY_GIVEN_NAME)
                break


def _after_title(tokens: Sequence[Token], first: int, last: int, lexicon: Lexicon) -> int | None:
    """Say where the name begins in a run that holds its title ("President Ilham Aliyev")."""
    for begin in range(last, first, -1):
        title = title_before(tokens[first:], begin - first, lexicon)
        if title is not None and tokens[begin][0][0].isupper():
            return begin
    return None


def _name_end(tokens: Sequence[Token], start: int, last: int, lexicon: Lexicon) -> int:
    """Return the last token of the person's name that begins at `start`, or `start - 1`."""
    heads = lexicon.heads["last"]
    stop = start - 1
    index = start
    while index <= last:
        word = tokens[index][0]
        if word[0].isupper():
            if word in heads and index > start:
                return start - 1
            stop = index
        elif word not in _PARTICLES and word not in ("'", "-", "."):
            break
        index += 1
    first_word = tokens[start][0]
    alone = stop == start
    if alone and (first_word in lexicon.names or first_word.lower() in lexicon.titles):
        return start - 1
    return stop


def _same_line(text: str, tokens: Sequence[Token], index: int) -> bool:
    return text[tokens[index - 1][2] : tokens[index][1]] in (" ", "")


def strip_title(text: str, span: Span, lexicon: Lexicon) -> Span:
    """Return a person's span without titles at its beginning."""
    parts = text[span.start : span.end].split(" ")
    dropped = 0
    for size in range(min(_LONGEST_TITLE, len(parts) - 1), 0, -1):
        head = " ".join(parts[:size]).lower()
        if head in lexicon.titles or head.rstrip(".") in _HONORIFICS:
            dropped = size
            break
    if not dropped:
        return span
    start = span.start + len(" ".join(parts[:dropped])) + 1
    return Span(start, span.end, span.kind, span.strength, span.name)
