"""The look-up form of names."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.enrich.lexicon import phrase, tokenize
from tests.support.laws import law


@law(200)
@example("New  York ")
@example("N\u2019Djamena")
@example("snake_case")
@example("Saint-Denis, R\u00e9union")
@example("\u00a0Bern\u2003")
@given(st.text())
def test_a_phrase_is_the_tokens_of_its_text_joined_by_blanks(text: str) -> None:
    """However it is made: plain words are not cut one by one."""
    assert phrase(text) == " ".join(token for token, _, _ in tokenize(text))
