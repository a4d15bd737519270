"""Parsing of candidate sentences: the pipeline without its entity recognizer, in batches.

A sentence is parsed as one, datelines left out, and no longer than `MAX_TOKENS`: the cost of a
story is bounded whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from pipeline.enrich.events.words import words

MAX_TOKENS = 110
MAX_CHARS = 1_200
_STEPS = ("tok2vec", "tagger", "parser")
_WORD_STEPS = ("attribute_ruler", "lemmatizer")
_DATELINE = re.compile(
    r"^(?:[A-Z][A-Z.'\u2019\-]+[^a-z]{0,40}|[A-Z][\w .,'\u2019\-/]{0,50}?)"
    r"(?:,\s*[A-Z][\w. ]{0,30})?(?:\s*\([A-Za-z /.]{2,20}\))?\s*(?:--|\u2014|\u2013|-|\"|:)\s+"
    r"|^[A-Z][\w .,\-]{2,50}\([A-Z][\w /]{1,20}\)\s+"
)


def dateline_length(text: str) -> int:
    """How many characters a dateline takes at the start of a sentence: "BAKU (AFP) -- " → 14."""
    match = _DATELINE.match(text)
    if match is None:
        return 0
    head = match.group().rstrip()
    shouted = re.match(r"[A-Z.'\u2019\-]{3,}", head) is not None
    return match.end() if shouted or "(" in head else 0


class Parser:
    """Runs the parser's part of a loaded spaCy pipeline over many short texts."""

    def __init__(self, nlp: Any) -> None:
        self._nlp = nlp
        self._words = words(nlp)
        wanted = _STEPS if self._words else (*_STEPS, *_WORD_STEPS)
        self._steps = [(name, nlp.get_pipe(name)) for name in nlp.pipe_names if name in wanted]

    def parse(self, texts: Sequence[str]) -> list[Any]:
        """One parsed `Doc` a text, in order; offsets of tokens count in the text given."""
        docs = [self._doc(text) for text in texts]
        # Batches of texts of one length waste little; the order is restored by the index.
        order = sorted(range(len(docs)), key=lambda i: (len(docs[i]), i))
        stream = [docs[i] for i in order]
        for _, step in self._steps:
            stream = list(step.pipe(stream, batch_size=128))
        if self._words:
            for doc in stream:
                self._words.set(doc)
        parsed: list[Any] = [None] * len(docs)
        for place, doc in zip(order, stream, strict=True):
            parsed[place] = doc
        return parsed

    def _doc(self, text: str) -> Any:
        start = dateline_length(text)
        blanked = " " * start + text[start:MAX_CHARS]
        doc = self._nlp.make_doc(blanked)
        if len(doc) > MAX_TOKENS:
            doc = doc[:MAX_TOKENS].as_doc()
        for token in doc[1:]:
            token.is_sent_start = False
        return doc
