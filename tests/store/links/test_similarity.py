"""Similarity: the laws of the measures, and that no pair is missed."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.store.links.similarity import (
    Pair,
    Shingles,
    Thresholds,
    alike,
    containment,
    jaccard,
    shared,
    shingles,
)
from tests.support.laws import law

words = st.sampled_from(
    ["the", "minister", "said", "on", "monday", "that", "talks", "went", "well"]
)
texts = st.lists(words, min_size=1, max_size=40).map(" ".join)
laws = law(100)


def all_pairs(
    sets: list[Shingles], thresholds: Thresholds, focus: list[bool] | None = None
) -> list[Pair]:
    return alike(
        sets,
        thresholds,
        focus=np.array([True] * len(sets) if focus is None else focus, bool),
        eligible=lambda one, other: np.ones(len(one), bool),
    )


@laws
@given(texts, texts)
def test_similarity_is_symmetric_and_bounded(one: str, other: str) -> None:
    """And containment is never the smaller of the two."""
    a, b = shingles(one), shingles(other)
    assert jaccard(a, b) == jaccard(b, a)
    assert containment(a, b) == containment(b, a)
    assert 0 <= jaccard(a, b) <= containment(a, b) <= 1


@laws
@given(texts)
def test_equal_texts_are_wholly_alike(text: str) -> None:
    assert jaccard(shingles(text), shingles(text)) == 1


@laws
@given(st.text())
def test_case_and_punctuation_do_not_matter(text: str) -> None:
    """Nor do blanks; any text has shingles or none, and never fails."""
    loud = f"  {text} — ...\n\n"
    assert shingles(text).tolist() == shingles(loud).tolist()
    assert shingles("\uff34he Fed, on Monday").tolist() == shingles("the fed on MONDAY").tolist()


@laws
@given(
    st.lists(texts, max_size=8),
    st.floats(0.1, 1),
    st.floats(0.1, 1),
    st.lists(st.booleans(), min_size=8, max_size=8),
)
def test_every_pair_is_found_and_no_other(
    found: list[str], similarity: float, contained: float, focus: list[bool]
) -> None:
    """What comparing each with each gives, whatever the thresholds and the focus."""
    sets = [shingles(text) for text in found]
    thresholds = Thresholds(similarity, contained, min_shingles=3)
    expected = [
        Pair(i, j, shared(a, b))
        for i, a in enumerate(sets)
        for j, b in enumerate(sets)
        if i < j
        and (focus[i] or focus[j])
        and min(len(a), len(b)) >= 3
        and (jaccard(a, b) >= similarity - 1e-9 or containment(a, b) >= contained - 1e-9)
    ]
    got = all_pairs(sets, thresholds, focus[: len(sets)])
    # At a threshold exactly, rounding decides.
    close = {
        (p.left, p.right)
        for p in {*got, *expected}
        if abs(jaccard(sets[p.left], sets[p.right]) - similarity) < 1e-6
        or abs(containment(sets[p.left], sets[p.right]) - contained) < 1e-6
    }
    assert [p for p in got if (p.left, p.right) not in close] == [
        p for p in expected if (p.left, p.right) not in close
    ]


def sentences(rng: random.Random, count: int) -> list[str]:
    """Sentences of 18 words out of 5,000, as unlike as those of different stories."""
    return [" ".join(f"w{rng.randrange(5000)}" for _ in range(18)) for _ in range(count)]


@pytest.mark.parametrize(
    ("changed", "is_found"), [(0.0, True), (0.1, True), (0.2, True), (0.5, False)]
)
def test_edited_copies(changed: float, is_found: bool) -> None:
    """Copies with up to a fifth of the sentences rewritten are found, with half of them not."""
    rng = random.Random(4)
    for _ in range(20):
        story = sentences(rng, 20)
        copy = list(story)
        for n in rng.sample(range(20), round(20 * changed)):
            copy[n] = sentences(rng, 1)[0]
        sets = [shingles(". ".join(text)) for text in (story, copy, sentences(rng, 20))]
        pairs = [(p.left, p.right) for p in all_pairs(sets, Thresholds())]
        assert pairs == ([(0, 1)] if is_found else [])


def test_a_cut_version_is_found() -> None:
    """The first third of a story, as a paper prints it: little similarity, all of it contained."""
    story = sentences(random.Random(5), 21)
    sets = [shingles(". ".join(story)), shingles(". ".join(story[:7]))]
    assert jaccard(*sets) < 0.4
    assert [(p.left, p.right) for p in all_pairs(sets, Thresholds())] == [(0, 1)]


def test_scripts_without_blanks_are_compared_sign_by_sign() -> None:
    """A sentence changed in one word stays alike."""
    text = "外務大臣は水曜日にエレバンを訪問し、地域の平和について協議した。会談は二日間続いた。"
    assert jaccard(shingles(text), shingles(text.replace("水曜日", "木曜日"))) > 0.8
    assert len(shingles("これ")) == 1
    assert len(shingles("…!")) == 0
