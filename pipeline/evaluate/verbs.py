"""What event coding is compared with: a list of verbs, and subject and object of the stock parse.

`stock_verbs.tsv` has them, by code. Of the verbs of a sentence one counts whose subject lies in the
source and whose other words reach the target.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipeline.enrich.events.event_lexicon import load_event_lexicon
from pipeline.tsv import rows

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Token

_CODES = {
    verb: code for code, verbs in rows(__package__, "stock_verbs.tsv") for verb in verbs.split()
}
_SUBJECTS = frozenset({"nsubj", "agent"})
_ACTORS = frozenset({"GPE", "NORP", "ORG", "PERSON"})

Span = tuple[int, int]


def pairs(
    nlp: Language, sentences: Sequence[str], sources: Sequence[Span], targets: Sequence[Span]
) -> list[tuple[str, int] | None]:
    """Return root and quad class of the first listed verb between two spans, or None.

    Where no listed verb reaches both, the first counts that the source does, else the first at all.
    """
    cameo = load_event_lexicon().cameo
    found: list[tuple[str, int] | None] = []
    for doc, source, target in zip(nlp.pipe(sentences), sources, targets, strict=True):
        listed = [t for t in doc if t.lemma_ in _CODES and t.pos_ == "VERB"]
        doers = [token for token in listed if _reaches(token, source, subject=True)]
        between = [token for token in doers if _reaches(token, target, subject=False)]
        chosen = [*between, *doers, *listed]
        row = cameo.get(_CODES[chosen[0].lemma_]) if chosen else None
        found.append((row.root, row.quad_class) if row else None)
    return found


def events(nlp: Language, texts: Sequence[str]) -> list[list[str]]:
    """Return of each text the sentences with a listed verb between two named entities."""
    found = []
    for doc in nlp.pipe(texts):
        spans = [(ent.start_char, ent.end_char) for ent in doc.ents if ent.label_ in _ACTORS]
        found.append([
            token.sent.text
            for token in doc
            if token.lemma_ in _CODES and token.pos_ == "VERB"
            if any(_reaches(token, span, subject=True) for span in spans)
            and any(_reaches(token, span, subject=False) for span in spans)
        ])  # fmt: skip
    return found


def _reaches(verb: Token, span: Span, *, subject: bool) -> bool:
    """Say whether the verb's subject, or one of its other dependents, holds words of the span."""
    return any(
        child.left_edge.idx < span[1]
        and span[0] < child.right_edge.idx + len(child.right_edge.text)
        for child in verb.children
        if (child.dep_ in _SUBJECTS) == subject
    )
