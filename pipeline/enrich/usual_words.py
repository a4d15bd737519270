"""Words that come again and again, kept tokenized from batch to batch.

What a model keeps of words that it never saw before goes with the batch (spaCy's memory zones): a
job that runs for months meets a new one in every story. In a zone spaCy's tokenizer keeps nothing,
and splits "said" anew each time. So what stands between spaces in two stories is tokenized once
outside every zone, which the tokenizer remembers; no more of it than a bound.
What stood in one text is remembered in a table of fixed size, where a later word takes the place of
an earlier one: words never end, and memory does not go with them.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.language import Language

MOST_KEPT = 50_000
_SEEN_BITS = 16
"""So many bits of a word's hash choose its place among the words that stood in one text."""
_LONGEST = 24


class UsualWords:
    """What one model's tokenizer keeps; `kept` are the runs of text between spaces."""

    def __init__(self, nlp: Language, words: Iterable[str] = ()) -> None:
        """Keep `words` from the beginning."""
        self.kept: set[str] = set(words)
        self._seen = array("q", bytes(8 << _SEEN_BITS))
        self.move_to(nlp)

    def move_to(self, nlp: Language) -> None:
        """Keep the same words in the tokenizer that `nlp` has now. Never call it in a zone."""
        self._tokenizer = nlp.tokenizer
        # Its own bound of 10,000 leaves no room for the words of a year.
        if hasattr(nlp.tokenizer, "max_cache_size"):
            nlp.tokenizer.max_cache_size = 2 * MOST_KEPT
        kept, self.kept = self.kept, set()
        self.keep(kept)

    def learn(self, texts: Iterable[AbstractSet[str]]) -> None:
        """Keep what stands in two texts, of these or of earlier ones. Never call it in a zone.

        Of each text it gets the runs between spaces, which two models may share.
        """
        if len(self.kept) >= MOST_KEPT:
            return
        again: set[str] = set()
        for text in texts:
            again.update(word for word in text - self.kept if self._stood_before(word))
        self.keep(again)

    def _stood_before(self, word: str) -> bool:
        code = hash(word)
        place = code & ((1 << _SEEN_BITS) - 1)
        if self._seen[place] == code:
            return True
        self._seen[place] = code
        return False

    def keep(self, words: AbstractSet[str]) -> None:
        """Keep words, as far as the bound allows. Never call it in a zone."""
        short = sorted(word for word in words if len(word) <= _LONGEST)
        found = short[: MOST_KEPT - len(self.kept)]
        for word in found:
            # One by one: the tokenizer remembers nothing of a text behind its first special case.
            self._tokenizer(word)
        self.kept.update(found)
