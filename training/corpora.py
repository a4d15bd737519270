"""The labelled sets: documents with their words, spans and kinds, as the job would meet the text.

Formats: one word a line with its label last (IOB or BIO), a blank line after a sentence. Where
`-DOCSTART-` lines stand they begin documents; in the Spanish set a dateline does.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.evaluate.entity_scores import text_number
from pipeline.evaluate.layout import Layout, lay_out

Row = tuple[str, str]
Sentence = list[Row]


@dataclass(frozen=True, slots=True)
class Document:
    """One labelled text; `spans` are characters `[start, end)` and the set's own kind.

    `group` is a number of the document within its set that does not change when others join it:
    a split by `group` keeps the sentences of an article together.
    """

    set_name: str
    text: str
    spans: tuple[tuple[int, int, str], ...]
    group: int


def sentences(path: Path, encoding: str = "utf-8") -> Iterator[list[Sentence]]:
    """The documents of a file as lists of sentences; a file without marks is one document."""
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode(encoding, "replace")
    document: list[Sentence] = []
    sentence: Sentence = []
    for line in [*text.split("\n"), "", "-DOCSTART-"]:
        cells = line.split()
        if cells and cells[0] != "-DOCSTART-":
            sentence.append((cells[0], cells[-1]))
            continue
        if sentence:
            document.append(sentence)
            sentence = []
        if cells and document:
            yield document
            document = []


_DAY = re.compile(r"\d{1,2}")


def by_dateline(document: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    """The articles of EFE: "Madrid, 23 may (EFE)." begins one."""
    article: list[Sentence] = []
    for sentence in document:
        words = [word for word, _ in sentence]
        starts = len(words) <= 20 and any(w.startswith("EFE") for w in words) and "(" in words
        if starts and article and any(_DAY.fullmatch(w) for w in words):
            yield article
            article = []
        article.append(sentence)
    if article:
        yield article


def laid_out(
    document: Sequence[Sentence],
    set_name: str,
    layout: Layout = Layout.SPACED,
    *,
    compounds_split: bool = False,
) -> Document:
    """Sentences as paragraphs; the document's group is the same in every layout."""
    laid, spaced = (
        lay_out(document, each, compounds_split=compounds_split) for each in (layout, Layout.SPACED)
    )
    spans = tuple(
        (laid.words[first][0], laid.words[last - 1][1], kind) for first, last, kind in laid.names
    )
    return Document(set_name, laid.text, spans, text_number(spaced.text))
