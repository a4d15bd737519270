"""The labelled sets: documents with their words, spans and kinds, as the job would meet the text.

Formats: one word a line with its label last (IOB or BIO), a blank line after a sentence. Where
`-DOCSTART-` lines stand they begin documents; in the Spanish set a dateline does.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

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


_NO_SPACE_BEFORE = frozenset([".", ",", ";", ":", "?", "!", ")", "]", "%", "..."])
_NO_SPACE_AFTER = frozenset(["(", "[", "$"])
_SUFFIXES = frozenset(["'s", "'", "n't", "'re", "'ve", "'ll", "'d", "'m"])


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


def laid_out(document: Sequence[Sentence], set_name: str) -> Document:
    """Sentences as paragraphs, words set as print sets them."""
    text = ""
    spans: list[tuple[int, int, str]] = []
    for sentence in document:
        text += "\n\n" if text else ""
        open_quote, glue = False, True
        begun: tuple[int, str] | None = None
        last_end = len(text)
        for word, label in sentence:
            closing = word in _NO_SPACE_BEFORE or word in _SUFFIXES
            closing = closing or (word == '"' and open_quote)
            text += "" if glue or closing else " "
            glue = word in _NO_SPACE_AFTER or (word == '"' and not open_quote)
            open_quote = open_quote != (word == '"')
            kind = label[2:] if label != "O" else ""
            if begun and (not kind or label.startswith("B-") or kind != begun[1]):
                spans.append((begun[0], last_end, begun[1]))
                begun = None
            if kind and begun is None:
                begun = (len(text), kind)
            text += word
            last_end = len(text)
        if begun:
            spans.append((begun[0], last_end, begun[1]))
    return Document(set_name, text, tuple(spans), zlib.crc32(text.encode()))
