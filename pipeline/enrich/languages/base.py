"""What a language gives to the enrichment: one value of `Language`, and what holds in any of them.

A language's room says which entity model it has, how its names are found, where its sentences end,
and whether topics can be told by its words; the event coder says itself which languages it has.
What has no room of its own gets one by its code alone (`rooms.language_of`): English ends of
sentences, countries and large towns for the region, no entities.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.enrich.entities.spans import Span
from pipeline.enrich.lexicon import Lexicon

Resolve = Callable[[str, Sequence[Span] | None, Lexicon], list[Span]]
"""The names of a text (its case restored) out of the model's and the lists'; None: no model."""


@dataclass(frozen=True, slots=True)
class SentenceEnds:
    """Words that decide whether a dot ends a sentence; all in small letters, without the dot.

    After `before_name` it never does ("Mr. Smith"), but for those of `before_number` where no
    number follows ("He said no."). After `may_end` it does only before one of `starters` ("Acme
    Inc. The"). With `ordinals` that also holds of a number's dot, which is mostly an ordinal's
    ("am 3. März", "Wilhelm II. Kaiser").
    """

    before_name: frozenset[str]
    may_end: frozenset[str]
    starters: frozenset[str]
    before_number: frozenset[str] = frozenset()
    ordinals: bool = False


@dataclass(frozen=True, slots=True)
class Language:
    """A language's room. `code` is ISO 639-1, `entity_model` the model that Dateline ships.

    `has_small_words` says that the list of words that news writes small is of this language.
    """

    code: str
    sentence_ends: SentenceEnds
    resolve: Resolve
    entity_model: str | None = None
    has_topics: bool = False
    has_small_words: bool = False
