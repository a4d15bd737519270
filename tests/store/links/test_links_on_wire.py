"""Near-duplicates among real texts: what the page about them states."""

from __future__ import annotations

import csv
import random
import re

import numpy as np
import pytest

from pipeline.store.links.similarity import Shingles, Thresholds, alike, shingles
from tests.support.data import DATA, needs_data

pytestmark = needs_data("wikinews")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """295 articles, each about something of its own."""
    files = sorted((DATA / "wikinews").glob("*.csv"))
    csv.field_size_limit(1 << 30)
    return [row["text"] for file in files for row in csv.DictReader(file.open(encoding="utf-8"))]


def pairs_of(sets: list[Shingles]) -> set[tuple[int, int]]:
    found = alike(
        sets,
        Thresholds(),
        focus=np.ones(len(sets), bool),
        eligible=lambda one, other: np.ones(len(one), bool),
    )
    return {(pair.left, pair.right) for pair in found}


def test_articles_of_their_own_are_not_linked(texts: list[str]) -> None:
    """Not one false pair among 43,365."""
    assert pairs_of([shingles(text) for text in texts]) == set()


@pytest.mark.parametrize(("changed", "found"), [(0.1, 0.99), (0.2, 0.9), (0.3, 0.5)])
def test_copies_with_other_sentences_are_found(
    texts: list[str], changed: float, found: float
) -> None:
    """That share of them at least; and nothing but the copies."""
    rng = random.Random(1)
    pool = [s for text in texts for s in _SENTENCE.split(text) if len(s) > 30]
    copies = []
    for text in texts:
        sentences = _SENTENCE.split(text)
        for n in rng.sample(range(len(sentences)), round(changed * len(sentences))):
            sentences[n] = rng.choice(pool)
        copies.append(" ".join(sentences))
    pairs = pairs_of([shingles(text) for text in (*texts, *copies)])
    planted = {(n, n + len(texts)) for n in range(len(texts))}
    assert pairs <= planted
    assert len(pairs) >= found * len(texts)
