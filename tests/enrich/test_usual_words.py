"""Words that a tokenizer keeps: bounded, and with the tokens that it gives without."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.enrich import usual_words
from pipeline.enrich.entities import ner
from pipeline.enrich.languages.rooms import entity_models
from pipeline.enrich.usual_words import UsualWords

_MODEL = entity_models()["en"]
_PIECES = ["U.S.", "don't", "said.", "(Reuters)", "3.5pct", "co-op", "'s", "a/b", "Ü-Boot", "1987"]


def _tokens(text: str) -> list[tuple[str, int, str]]:
    nlp = ner.load_pipeline(_MODEL)
    with nlp.memory_zone():
        return [(token.text, token.idx, token.norm_) for token in nlp.make_doc(text)]


@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=8), max_size=12))
def test_kept_words_have_the_tokens_that_they_had(words: list[str]) -> None:
    text = " ".join(words)
    before = _tokens(text)
    UsualWords(ner.load_pipeline(_MODEL)).learn([set(text.split())] * 2)
    assert _tokens(text) == before


def test_what_stands_in_two_texts_is_kept() -> None:
    kept = UsualWords(ner.load_pipeline(_MODEL))
    kept.learn([{"one", "two"}])
    assert not kept.kept
    kept.learn([{"two", "three"}, {"three", "long" * 20}, {"long" * 20}])
    assert kept.kept == {"two", "three"}


def test_no_more_is_kept_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usual_words, "MOST_KEPT", 3)
    kept = UsualWords(ner.load_pipeline(_MODEL), ["a", "b"])
    kept.learn([set("cdef"), set("cdef")])
    assert kept.kept == {"a", "b", "c"}
    kept.learn([{"g"}, {"g"}])
    assert kept.kept == {"a", "b", "c"}
