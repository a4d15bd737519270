"""Topics by words: given where the evidence is clear, left out where it is not."""

from __future__ import annotations

import pytest
from hypothesis import given as examples
from hypothesis import strategies as st

from pipeline.enrich import topics
from pipeline.model import Code


def code(value: str, scheme: str = "medtop", role: str = "topic") -> Code:
    return Code(scheme, value, role)


@pytest.mark.parametrize(
    ("headline", "lead", "expected"),
    [
        ("Bank raises interest rates", "Shares fell as inflation grew, traders said.", "04"),
        ("Storm nears the coast", "Hurricane winds and heavy rain are forecast.", "17"),
        ("Voters go to the polls", "The parliamentary election pits the coalition against the "
         "opposition party.", "11"),
        ("Hosts win cup final", "The striker scored two goals as the team won the match.", "15"),
        ("Quake kills 40", "Rescuers dug for survivors after an earthquake.", "03"),
    ],
)  # fmt: skip
def test_clear_words_give_their_topic(headline: str, lead: str, expected: str) -> None:
    """With its words as evidence, and its share of all evidence as weight."""
    found = topics.derive(headline, lead, "")
    assert found[0].code == f"medtop:{expected}000000"
    assert found[0].derived
    assert 0.3 <= found[0].weight <= 1
    text = f"{headline} {lead}".lower()
    assert all(word in text for word in found[0].evidence)


def test_little_or_mixed_evidence_gives_no_topic() -> None:
    """No code rather than a guess."""
    assert topics.derive("A quiet day", "Nothing much happened in the village.", "") == ()
    mixed = "film murder earthquake shareholder university wildlife hospital parliament pope"
    assert topics.derive("", mixed, "") == ()


def test_the_provider_codes_stand() -> None:
    """Media Topics and Subject Codes of the top level are taken over, other codes are not."""
    (found,) = topics.given([code("medtop:15000000"), code("medtop:20000001"), code("X", "own")])
    assert (found.code, found.weight, found.derived) == ("medtop:15000000", 1.0, False)
    assert topics.given([code("15000000", "subj")])[0].name == "sport"
    assert topics.given([code("15000000", "medtop", "genre"), code("18000000")]) == ()


@examples(st.text(max_size=400), st.text(max_size=400))
def test_any_text_gives_at_most_two_topics(headline: str, body: str) -> None:
    """Their shares add up to one at most, and more of the same changes no order of equals."""
    found = topics.derive(headline, body, "")
    assert len(found) <= 2
    assert sum(topic.weight for topic in found) <= 1.001
    assert found == topics.derive(headline, body, "")
