"""Words of a labelled file as a text: spaces are put where print has them.

Some files have typographic signs and hyphens as words of their own ("Al - Shabaab", "Europe ' s").
Printed text has no such spaces, but a text that came through a tokenizer does: `SPACED` keeps
them, `PRINTED` sets them as print does. Straight signs are set as print does in both.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

LabelledSpan = tuple[int, int, str]
LabelledSentence = Sequence[tuple[str, str]]


class Layout(Enum):
    """How words are set: typographic signs and hyphens apart, or as print sets them."""

    SPACED = "spaced"
    PRINTED = "printed"


@dataclass(frozen=True, slots=True)
class LaidOut:
    """A text, its words as `[start, end)` of it, and its names as (first word, last + 1, kind)."""

    text: str
    words: tuple[tuple[int, int], ...]
    names: tuple[LabelledSpan, ...]


_CLOSING = frozenset([".", ",", ";", ":", "?", "!", ")", "]", "%", "..."])
_OPENING = frozenset(["(", "[", "$"])
_SUFFIXES = frozenset(["'s", "'", "n't", "'re", "'ve", "'ll", "'d", "'m"])

_OPENING_SINGLE, _APOSTROPHE = "\u2018", "\u2019"
_PRINTED_CLOSING = frozenset(["\u201d", "\u00bb", "\u2026", "\u00b0"])
_PRINTED_OPENING = frozenset(["\u201c", "\u00ab", "\u20ac", "\u00a3", "\u00bf", "\u00a1"])
_PRINTED_SUFFIXES = frozenset(s.replace("'", _APOSTROPHE) for s in _SUFFIXES if s != "'")
_AFTER_APOSTROPHE = frozenset(["s", "t", "re", "ve", "ll", "d", "m"])
_JOINING = frozenset(["-", "/"])
_COMPOUND = re.compile(r"[^\W\d_]-[^\W\d_]")


def splits_compounds(sentences: Sequence[LabelledSentence]) -> bool:
    """Say whether a set has hyphens as words of their own: no word of it has one inside."""
    return not any(_COMPOUND.search(word) for sentence in sentences for word, _ in sentence)


def lay_out(
    sentences: Sequence[LabelledSentence], layout: Layout, *, compounds_split: bool
) -> LaidOut:
    """Set sentences as paragraphs; where `compounds_split`, print has no space at a hyphen."""
    text = ""
    words: list[tuple[int, int]] = []
    names: list[LabelledSpan] = []
    for sentence in sentences:
        text += "\n\n" if text else ""
        spacing = _Spacing([word for word, _ in sentence], layout, compounds_split)
        begun: tuple[int, str] | None = None
        for at, (word, label) in enumerate(sentence):
            text += " " if spacing.is_apart(at) else ""
            kind = label[2:] if label != "O" else ""
            if begun and (not kind or label.startswith("B-") or kind != begun[1]):
                names.append((begun[0], len(words), begun[1]))
                begun = None
            if kind and begun is None:
                begun = (len(words), kind)
            words.append((len(text), len(text) + len(word)))
            text += word
        if begun:
            names.append((begun[0], len(words), begun[1]))
    return LaidOut(text, tuple(words), tuple(names))


@dataclass(slots=True)
class _Spacing:
    """Which words of a sentence stand apart from the word before; asked in their order."""

    words: Sequence[str]
    layout: Layout
    compounds_split: bool
    _glued: bool = True
    _in_quotes: bool = False
    _in_single_quotes: bool = False

    def is_apart(self, at: int) -> bool:
        before, after = self._glue(at)
        apart = not (self._glued or before)
        self._glued = after
        return apart

    def _glue(self, at: int) -> tuple[bool, bool]:
        """Say whether a word is glued to the one before and to the one after."""
        word = self.words[at]
        if word == '"':
            self._in_quotes = not self._in_quotes
            return not self._in_quotes, self._in_quotes
        if word in _CLOSING or word in _SUFFIXES:
            return True, word == "." and self._is_between_letters(at)
        if word in _OPENING:
            return False, True
        return self._glue_printed(at) if self.layout is Layout.PRINTED else (False, False)

    def _glue_printed(self, at: int) -> tuple[bool, bool]:
        word = self.words[at]
        before = self.words[at - 1] if at else ""
        after = self.words[at + 1] if at + 1 < len(self.words) else ""
        if word == _OPENING_SINGLE:
            self._in_single_quotes = True
            return False, True
        if word == _APOSTROPHE:
            return True, self._is_inside(before, after)
        if word in _PRINTED_CLOSING or word in _PRINTED_SUFFIXES:
            return True, False
        if word in _PRINTED_OPENING:
            return False, True
        if word == "s" and before.isdigit():  # the 1980s
            return True, False
        joins = word in _JOINING and before[-1:].isalnum() and after[:1].isalnum()
        return (self.compounds_split and joins,) * 2

    def _is_between_letters(self, at: int) -> bool:
        """Say whether a dot stands within letters that a set splits ("U . S .")."""
        if self.layout is not Layout.PRINTED or not self.compounds_split:
            return False
        letters = [*self.words[max(0, at - 1) : at], *self.words[at + 1 : at + 2]]
        return len(letters) == 2 and all(len(x) == 1 and x.isupper() for x in letters)

    def _is_inside(self, before: str, after: str) -> bool:
        """Say whether an apostrophe stands within a word ("O'Brien", "don't"), not at its end."""
        if not (before[-1:].isalpha() and after[:1].isalpha()):
            self._in_single_quotes = False
            return False
        if after in _AFTER_APOSTROPHE:
            return True
        closes, self._in_single_quotes = self._in_single_quotes, False
        return not closes and before[-1] not in "sz"
