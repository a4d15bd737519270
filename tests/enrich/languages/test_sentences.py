"""Where sentences begin and end."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.enrich.languages.sentences import split


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Talks fail\n\nHe left. She stayed.", ["Talks fail", "He left.", "She stayed."]),
        ("Mr. Smith met Gen. Jones. They spoke.", ["Mr. Smith met Gen. Jones.", "They spoke."]),
        (
            "J. R. Hall and A.B. Stone won. Oslo lost.",
            ["J. R. Hall and A.B. Stone won.", "Oslo lost."],
        ),
        ('"We will go." The crowd left.', ['"We will go."', "The crowd left."]),
        ("The U.S. Army left. The U.S. The end.", ["The U.S. Army left.", "The U.S.", "The end."]),
        ("Acme Inc. Chairman Bo Li said no. Yes.", ["Acme Inc. Chairman Bo Li said no.", "Yes."]),
        ("It rose 3.5 pct. It fell on Jan. 5.", ["It rose 3.5 pct.", "It fell on Jan. 5."]),
        ("Why? Because! He asked.", ["Why?", "Because!", "He asked."]),
        ("", []),
    ],
)
def test_sentences_end_where_a_reader_ends_them(text: str, sentences: list[str]) -> None:
    """Abbreviations, initials and numbers end no sentence; quotes belong to theirs."""
    assert [text[start:end] for start, end in split(text)] == sentences


@given(st.text(alphabet="aB .!?\"'\n(\u201d\u201c\u201e\u00ab\u00bb", max_size=80))
def test_spans_are_ordered_and_lose_no_word(text: str) -> None:
    """Spans are in order, do not overlap, are trimmed, and hold all that is not white space."""
    spans = split(text)
    assert all(a < b for a, b in spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))
    assert "".join("".join(text[a:b].split()) for a, b in spans) == "".join(text.split())
