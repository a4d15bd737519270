"""Named entities against a CoNLL file: exact span and kind, micro F1.

The sentences of a document (`-DOCSTART-`) become one text, the first its headline, the others
paragraphs; words are set as `layout` says, and spans are compared as word ranges.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.evaluate.layout import (
    LabelledSentence,
    LabelledSpan,
    Layout,
    lay_out,
    splits_compounds,
)

TO_CONLL = {
    "PERSON": "PER",
    "GPE": "LOC",
    "LOC": "LOC",
    "FAC": "LOC",
    "ORG": "ORG",
    "NORP": "MISC",
    "EVENT": "MISC",
    "PRODUCT": "MISC",
    "WORK_OF_ART": "MISC",
    "LAW": "MISC",
    "LANGUAGE": "MISC",
}
"""spaCy's kinds as the four of CoNLL-2003."""

HELD_OUT = 10
"""Of a set that our models are fitted to, one document in this many is kept from it."""
_TOGETHER = 20


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """One labelled document: its sentences as text, word offsets and gold spans (word ranges).

    `words` are character spans in `text`; `gold` are (first word, last word + 1, kind).
    `is_held_out`: of a set that models are fitted to, it is one of those kept from them.
    """

    text: str
    words: tuple[tuple[int, int], ...]
    gold: frozenset[LabelledSpan]
    is_held_out: bool = False


def read_corpus(path: Path) -> str:
    """Return a text file, gzipped or not."""
    raw = path.read_bytes()
    return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8", "replace")


def text_number(text: str) -> int:
    """Return a number of a document that does not change when others join its set.

    `text` is laid out as `Layout.SPACED` says, whatever layout is asked for.
    """
    return zlib.crc32(text.encode())


def labelled_documents(path: Path, layout: Layout = Layout.SPACED) -> Iterator[LabelledDocument]:
    """Yield the documents of a CoNLL file (word first, IOB or BIO label last in each line).

    Of a file that does not mark where they begin, 20 sentences count as one.
    """
    before, *parts = read_corpus(path).split("-DOCSTART-")
    documents = []
    for part in parts or [f"\n{before}"]:
        sentences: list[list[tuple[str, str]]] = [[]]
        for line in part.split("\n")[1:]:
            cells = line.split()
            if cells:
                sentences[-1].append((cells[0], cells[-1]))
            elif sentences[-1]:
                sentences.append([])
        filled = [sentence for sentence in sentences if sentence]
        together = _TOGETHER if not parts else max(1, len(filled))
        documents += [
            filled[begin : begin + together] for begin in range(0, max(1, len(filled)), together)
        ]
    split = splits_compounds([sentence for document in documents for sentence in document])
    for document in documents:
        yield _document(document, layout, split)


def _document(
    sentences: Sequence[LabelledSentence], layout: Layout, compounds_split: bool
) -> LabelledDocument:
    laid, spaced = (
        lay_out(sentences, each, compounds_split=compounds_split)
        for each in (layout, Layout.SPACED)
    )
    return LabelledDocument(
        laid.text, laid.words, frozenset(laid.names), text_number(spaced.text) % HELD_OUT == 0
    )


def as_words(
    document: LabelledDocument, spans: Sequence[tuple[int, int, str]]
) -> set[LabelledSpan]:
    """Turn character spans with spaCy's kinds into word ranges with CoNLL's."""
    begins = {start: index for index, (start, _) in enumerate(document.words)}
    ends = {end: index + 1 for index, (_, end) in enumerate(document.words)}
    result: set[LabelledSpan] = set()
    for start, end, kind in spans:
        # A span that cuts a word is kept as an error of its own.
        first, last = begins.get(start, -start), ends.get(end, -end)
        result.add((first, last, TO_CONLL[kind]))
    return result


def count_matches(
    docs: Sequence[LabelledDocument],
    find: Callable[[Sequence[str]], Sequence[Sequence[LabelledSpan]]],
) -> list[tuple[int, int, int]]:
    """Count (right, found, gold) of each document; `find` gives (start, end, kind) in characters.

    `find` gives (start, end, kind) in characters.
    """
    result = []
    for document, spans in zip(docs, find([d.text for d in docs]), strict=True):
        answer = as_words(document, [s for s in spans if s[2] in TO_CONLL])
        gold = {(first, last, _GOLD.get(kind, kind)) for first, last, kind in document.gold}
        result.append((len(answer & gold), len(answer), len(gold)))
    return result


_GOLD = {"FAC": "LOC", "NORP": "MISC", "PRODUCT": "MISC"}
"""Kinds that some sets have besides the four."""


def micro(counted: Sequence[tuple[int, int, int]]) -> float:
    """Return the micro F1 of documents' counts."""
    right, found, gold = (sum(column) for column in zip(*counted, strict=True))
    return 2 * right / (found + gold) if found + gold else 0.0


def f1(
    docs: Sequence[LabelledDocument],
    find: Callable[[Sequence[str]], Sequence[Sequence[LabelledSpan]]],
) -> float:
    """Return the micro F1; `find` gives (start, end, kind) in characters, text by text."""
    return micro(count_matches(docs, find)) if docs else 0.0
