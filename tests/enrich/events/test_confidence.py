"""Confidence: two models whose weights are data, each answer a probability that rises with it."""

from __future__ import annotations

import math

import pytest

from pipeline.enrich.events import confidence
from pipeline.enrich.events.event_lexicon import lexicon_rows


@pytest.mark.parametrize(
    ("table", "features", "answer"),
    [
        ("confidence.tsv", confidence.FEATURES, confidence.probability),
        ("row_confidence.tsv", confidence.ROW_FEATURES, confidence.confidence),
    ],
)
def test_each_feature_moves_the_answer_by_the_sign_of_its_weight(
    table: str, features: tuple[str, ...], answer: object
) -> None:
    """The table names every feature once; the answer stays in 0..1 and is monotone in each."""
    weights = {name: float(weight) for _, (name, weight) in lexicon_rows(table)}
    assert tuple(weights) == features
    assert callable(answer)
    base = [1.0, *[0.5] * (len(features) - 1)]
    for place, name in enumerate(features):
        steps = [
            answer([*base[:place], value, *base[place + 1 :]]) for value in (0.0, 0.25, 0.5, 1.0)
        ]
        assert all(0.0 <= step <= 1.0 for step in steps)
        assert steps == sorted(steps, reverse=weights[name] < 0), name
        assert all(math.isfinite(step) for step in steps)


def test_both_models_are_sure_of_named_sides_and_unsure_of_far_ones() -> None:
    """What makes a row doubtful: no target, a target that is nobody, sides that stand far off."""
    table = {name: float(weight) for _, (name, weight) in lexicon_rows("row_confidence.tsv")}
    assert table["target"] > 0
    assert table["target in words"] < 0
    assert table["distance"] < 0


def test_what_comes_after_acts_of_others_is_worth_less() -> None:
    """A further act of one doer keeps half of what it loses in confidence, one of another none."""
    values = dict.fromkeys(confidence.ROW_FEATURES, 0.0) | {"constant": 1.0, "target": 1.0}

    def worth(**more: float) -> float:
        return confidence.worth(tuple((values | more).values()))

    first, further, others = worth(), worth(**{"after doer": 1.0}), worth(**{"after others": 1.0})
    assert first > further > others
    assert further > confidence.confidence(tuple((values | {"after doer": 1.0}).values()))
    assert others == confidence.confidence(tuple((values | {"after others": 1.0}).values()))
