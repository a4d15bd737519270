"""How alike two texts are, and which of many are alike enough: exact, without estimates.

A text is the set of its runs of three words (shingles; Broder, "On the resemblance and containment
of documents", 1997), each as a 64-bit number. Two texts are compared by what their sets share.
Candidates are found by prefix filtering (Chaudhuri, Ganti and Kaushik, "A primitive operator for
similarity joins", 2006): of two sets that share enough, the smaller one's rarest shingles cannot
all be missing from the other. So no pair is missed, and what is found depends on the two texts
alone, not on what else was looked at.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHINGLE_WORDS = 3
METHOD = "words-3/1"
"""How texts become sets, and the version of that: to be raised when it changes."""

Shingles = NDArray[np.uint64]
"""The set of a text's shingles: sorted, each once."""

Eligible = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]]
"""Which of the pairs (two arrays of indices) are wanted at all."""

# Scripts that are written without blanks between words count each sign as a word.
_WITHOUT_BLANKS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_WITHOUT_BLANKS}]|[^\W{_WITHOUT_BLANKS}]+")
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_PAIRS_AT_ONCE = 2_000_000
_SHINGLES_AT_ONCE = 1_000_000
_EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Says what is alike enough: either of the two, each in 0..1 and above 0.

    `similarity` is for texts that are alike as a whole (Jaccard: shared shingles over all of
    both), `containment` for one that is mostly a part of the other (shared over those of the
    smaller). Texts with fewer than `min_shingles` are not compared.
    """

    similarity: float = 0.5
    containment: float = 0.8
    min_shingles: int = 20


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts by their indices, `left < right`, and how many shingles they share."""

    left: int
    right: int
    shared: int


def shingles(text: str) -> Shingles:
    """Return the shingles of `text`, blind to case, punctuation and width of letters.

    A text of fewer than three words has one shingle; one without words has none.
    """
    words = _WORD.findall(unicodedata.normalize("NFKC", text).casefold())
    if not words:
        return np.empty(0, np.uint64)
    codes = np.fromiter(map(_code, words), np.uint64, len(words))
    size = min(SHINGLE_WORDS, len(codes))
    runs = np.zeros(len(codes) - size + 1, np.uint64)
    for n in range(size):
        runs = (runs ^ codes[n : n + len(runs)]) * _MULTIPLIER
        runs ^= runs >> np.uint64(29)
    return np.unique(runs)


def shared(one: Shingles, other: Shingles) -> int:
    """Count the shingles that two texts have in common."""
    return len(np.intersect1d(one, other, assume_unique=True))


def jaccard(one: Shingles, other: Shingles) -> float:
    """Divide the shared shingles by all of both: 1 for equal sets, 0 where either is empty."""
    both = shared(one, other)
    return both / (len(one) + len(other) - both) if both else 0.0


def containment(one: Shingles, other: Shingles) -> float:
    """Divide the shared shingles by those of the smaller: 1 where one is a part of the other."""
    both = shared(one, other)
    return both / min(len(one), len(other)) if both else 0.0


def alike(
    sets: Sequence[Shingles],
    thresholds: Thresholds,
    *,
    focus: NDArray[np.bool_],
    eligible: Eligible,
) -> list[Pair]:
    """Return every eligible pair that is alike enough and has one at least in `focus`, in order.

    Memory is about 30 bytes a shingle, those of `sets` included, plus what the pairs take.
    """
    index = _Index(sets, thresholds, focus)
    found: NDArray[np.int64] = np.empty((0,), np.int64)
    for one, other in index.candidates():
        wanted = (focus[one] | focus[other]) & eligible(one, other)
        low, high = np.minimum(one, other)[wanted], np.maximum(one, other)[wanted]
        found = np.union1d(found, low * len(sets) + high)
    pairs: list[Pair] = []
    for key in found.tolist():
        left, right = divmod(key, len(sets))
        both = shared(sets[left], sets[right])
        smaller = min(len(sets[left]), len(sets[right]))
        union = len(sets[left]) + len(sets[right]) - both
        if (
            both >= thresholds.similarity * union - _EPSILON
            or both >= thresholds.containment * smaller - _EPSILON
        ):
            pairs.append(Pair(left, right, both))
    return pairs


class _Index:
    """The shingles that could make a pair, by shingle and by text."""

    def __init__(
        self, sets: Sequence[Shingles], thresholds: Thresholds, focus: NDArray[np.bool_]
    ) -> None:
        self._sizes = np.array([len(one) for one in sets], np.int64)
        enough = self._sizes >= max(1, thresholds.min_shingles)
        # What none of those in focus has makes no pair, nor what one text only has: such shingles
        # are left out, and count as the rarest.
        values, counts = np.unique(
            np.concatenate([np.empty(0, np.uint64), *_of(sets, focus & enough)]),
            return_counts=True,
        )
        found = [(np.empty(0, np.int32), np.empty(0, np.int32))]
        for texts in _batches(np.flatnonzero(enough), self._sizes):
            shingles_of = np.concatenate([sets[n] for n in texts])
            # Sorted, they are looked up many times as fast: the table is larger than the caches.
            order = np.argsort(shingles_of)
            shingles_of = shingles_of[order]
            owners = np.repeat(texts, self._sizes[texts]).astype(np.int32)[order]
            at = np.searchsorted(values, shingles_of)
            at[at == len(values)] = 0
            known = values[at] == shingles_of if len(values) else np.zeros(len(at), bool)
            found.append((at[known].astype(np.int32), owners[known]))
            np.add.at(counts, at[known & ~focus[owners]], 1)
        ids, owners = (np.concatenate(column) for column in zip(*found, strict=True))
        useful = counts[ids] > 1
        self._ids, self._texts = ids[useful], owners[useful]
        self._useless = self._sizes - np.bincount(self._texts, minlength=len(sets))
        self._counts = counts
        by_id = np.argsort(self._ids, kind="stable")
        self._texts_by_id = self._texts[by_id]
        self._first = np.searchsorted(self._ids[by_id], np.arange(len(values) + 1))
        # A pair of Jaccard t shares 2t/(1+t) of the smaller one's shingles, or more.
        t = thresholds.similarity
        self._part = min(2 * t / (1 + t), thresholds.containment)

    def candidates(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """Yield pairs (smaller, larger or equal) that share a rarest shingle of the smaller."""
        needed = np.ceil(self._part * self._sizes - _EPSILON).astype(np.int64)
        prefix = self._sizes - np.maximum(needed, 1) + 1 - self._useless
        order = np.lexsort((self._ids, self._counts[self._ids], self._texts))
        texts, ids = self._texts[order], self._ids[order]
        nth = np.arange(len(texts)) - np.searchsorted(texts, texts)
        probing = nth < prefix[texts]
        texts, ids = texts[probing], ids[probing]
        meets = self._counts[ids]
        for start, end in _chunks(np.cumsum(meets)):
            lengths = meets[start:end]
            one = np.repeat(texts[start:end], lengths)
            within = np.arange(len(one)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
            other = self._texts_by_id[np.repeat(self._first[ids[start:end]], lengths) + within]
            larger = (one != other) & (self._sizes[other] >= self._sizes[one])
            yield one[larger].astype(np.int64), other[larger].astype(np.int64)


def _of(sets: Sequence[Shingles], wanted: NDArray[np.bool_]) -> list[Shingles]:
    return [one for one, is_wanted in zip(sets, wanted, strict=True) if is_wanted]


def _batches(texts: NDArray[np.int64], sizes: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield `texts` in runs of about a million shingles."""
    part = np.cumsum(sizes[texts]) // _SHINGLES_AT_ONCE
    yield from np.split(texts, np.flatnonzero(np.diff(part)) + 1) if len(texts) else ()


def _chunks(ends: NDArray[Any]) -> Iterator[tuple[int, int]]:
    start, done = 0, 0
    while start < len(ends):
        end = max(start + 1, int(np.searchsorted(ends, done + _PAIRS_AT_ONCE, side="right")))
        yield start, end
        start, done = end, int(ends[end - 1])


@lru_cache(maxsize=1 << 17)
def _code(word: str) -> int:
    digest = hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")
