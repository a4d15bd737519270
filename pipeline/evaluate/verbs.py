"""What event coding is compared with: a list of verbs, and subject and object of the stock parse.

For each root the verbs that the headings of CAMEO's categories name. Of the verbs of a sentence
one counts whose subject lies in the source and whose other words reach the target.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.enrich.events.event_lexicon import load_event_lexicon

_VERBS = {
    "030": "agree pledge promise offer vow",
    "040": "meet visit discuss consult talk negotiate host",
    "051": "praise support endorse welcome apologize sign recognize thank defend",
    "060": "cooperate collaborate share exchange",
    "070": "give provide donate aid help assist fund supply send",
    "080": "release lift ease withdraw retreat surrender yield resign allow free return",
    "100": "demand urge request appeal call ask",
    "112": "accuse blame criticize condemn denounce sue charge investigate",
    "120": "reject refuse deny veto decline oppose block",
    "130": "threaten warn",
    "141": "protest demonstrate march rally riot strike",
    "150": "mobilize deploy mass",
    "160": "expel suspend cut recall cancel halt reduce",
    "170": "arrest detain seize impose ban sanction deport jail sentence",
    "190": "attack kill bomb shoot fight clash shell wound invade abduct",
}
_CODES = {verb: code for code, verbs in _VERBS.items() for verb in verbs.split()}
_SUBJECTS = frozenset({"nsubj", "agent"})
_ACTORS = frozenset({"GPE", "NORP", "ORG", "PERSON"})

Span = tuple[int, int]


def pairs(
    nlp: Any, sentences: Sequence[str], sources: Sequence[Span], targets: Sequence[Span]
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


def events(nlp: Any, texts: Sequence[str]) -> list[list[str]]:
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


def _reaches(verb: Any, span: Span, *, subject: bool) -> bool:
    """Say whether the verb's subject, or one of its other dependents, holds words of the span."""
    return any(
        child.left_edge.idx < span[1]
        and span[0] < child.right_edge.idx + len(child.right_edge.text)
        for child in verb.children
        if (child.dep_ in _SUBJECTS) == subject
    )
