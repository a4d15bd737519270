"""Named entities against a CoNLL file: exact span and kind, micro F1.

The sentences of a document (`-DOCSTART-`) become one text, the first its headline, the others
paragraphs; words are set as print sets them, and spans are compared as word ranges.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

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

LabelledSpan = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class LabelledDocument:
    """One labelled document: its sentences as text, word offsets and gold spans (word ranges).

    `words` are character spans in `text`; `gold` are (first word, last word + 1, kind).
    """

    text: str
    words: tuple[tuple[int, int], ...]
    gold: frozenset[LabelledSpan]


def read_text(path: Path) -> str:
    """A text file, gzipped or not."""
    raw = path.read_bytes()
    return (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8", "replace")


def documents(path: Path) -> Iterator[LabelledDocument]:
    """The documents of a CoNLL file (word first, IOB or BIO label last in each line)."""
    for part in read_text(path).split("-DOCSTART-")[1:]:
        sentences: list[list[tuple[str, str]]] = [[]]
        for line in part.split("\n")[1:]:
            cells = line.split()
            if cells:
                sentences[-1].append((cells[0], cells[-1]))
            elif sentences[-1]:
                sentences.append([])
        yield _document([sentence for sentence in sentences if sentence])


def _document(sentences: Sequence[Sequence[tuple[str, str]]]) -> LabelledDocument:
    text = ""
    words: list[tuple[int, int]] = []
    gold: set[LabelledSpan] = set()
    for sentence in sentences:
        text += "\n\n" if text else ""
        open_quote = False
        glue = True
        begun: tuple[int, str] | None = None
        for word, label in sentence:
            closing = word in _CLOSING or word in _SUFFIXES or (word == '"' and open_quote)
            text += "" if glue or closing else " "
            glue = word in _OPENING or (word == '"' and not open_quote)
            open_quote = open_quote != (word == '"')
            kind = label[2:] if label != "O" else ""
            if begun and (not kind or label.startswith("B-") or kind != begun[1]):
                gold.add((begun[0], len(words), begun[1]))
                begun = None
            if kind and begun is None:
                begun = (len(words), kind)
            words.append((len(text), len(text) + len(word)))
            text += word
        if begun:
            gold.add((begun[0], len(words), begun[1]))
    return LabelledDocument(text, tuple(words), frozenset(gold))


_CLOSING = frozenset([".", ",", ";", ":", "?", "!", ")", "]", "%", "..."])
_OPENING = frozenset(["(", "[", "$"])
_SUFFIXES = frozenset(["'s", "'", "n't", "'re", "'ve", "'ll", "'d", "'m"])


def as_words(
    document: LabelledDocument, spans: Sequence[tuple[int, int, str]]
) -> set[LabelledSpan]:
    """Character spans with spaCy's kinds as word ranges with CoNLL's."""
    begins = {start: index for index, (start, _) in enumerate(document.words)}
    ends = {end: index + 1 for index, (_, end) in enumerate(document.words)}
    result: set[LabelledSpan] = set()
    for start, end, kind in spans:
        # A span that cuts a word is kept as an error of its own.
        first, last = begins.get(start, -start), ends.get(end, -end)
        result.add((first, last, TO_CONLL[kind]))
    return result


def f1(
    docs: Sequence[LabelledDocument],
    find: Callable[[Sequence[str]], Sequence[Sequence[LabelledSpan]]],
) -> float:
    """Micro F1 over all documents; `find` gives (start, end, kind) in characters, text by text."""
    right = found = gold = 0
    for document, spans in zip(docs, find([d.text for d in docs]), strict=True):
        answer = as_words(document, [s for s in spans if s[2] in TO_CONLL])
        right += len(answer & document.gold)
        found += len(answer)
        gold += len(document.gold)
    return 2 * right / (found + gold) if found + gold else 0.0
