"""The table of word classes, made from the vectors of a spaCy model (CC0 by its authors).

Run as `python -m training.wordtable FOLDER`, where FOLDER is the model's (its `config.cfg` in it).
`en_core_web_md` has 20,000 vectors of 300 numbers and a row for each of 680,000 words. Kept are the
words of letters alone in lower case, and of the vectors the first components of their principal
axes.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.enrich.entities import shipped
from pipeline.enrich.entities.network import WordTable, word_key

SPREAD = 0.3
"""The standard deviation of the table's numbers, like that of the other columns'."""


def make(model: Path, width: int = 64) -> WordTable:
    """The table of a model's folder. Of two words with one hash the first in order wins."""
    import spacy

    nlp = spacy.load(model, exclude=["ner", "parser", "tagger", "lemmatizer", "attribute_ruler"])
    vectors, strings = nlp.vocab.vectors, nlp.vocab.strings
    rows: dict[int, int] = {}
    words = {}
    for key, row in vectors.key2row.items():
        word = strings[key]
        if word.isalpha() and word == word.lower() and len(word) <= 24:
            words[word] = row
    for word in sorted(words):
        rows.setdefault(int(word_key(word)), words[word] + 1)
    keys = np.array(sorted(rows), dtype="uint32")
    data = np.asarray(vectors.data, dtype="float32")
    data = data / np.maximum(np.linalg.norm(data, axis=1, keepdims=True), 1e-6)
    data = data - data.mean(axis=0)
    _, _, axes = np.linalg.svd(data.T @ data)
    small = data @ axes[:width].T
    small *= SPREAD / small.std()
    table = np.zeros((len(small) + 1, width), dtype="float32")
    table[1:] = small
    return WordTable(keys, np.array([rows[int(k)] for k in keys], dtype="uint16"), table)


if __name__ == "__main__":
    import sys

    shipped.save_words(make(Path(sys.argv[1])), shipped.WORDS, shipped.FOLDER)
