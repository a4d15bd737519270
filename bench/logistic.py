"""Logistic regression for the weights of the events' confidence, and a table of how well they hold.

Newton's method with a ridge on all weights but the constant: no randomness, the same rows give the
same weights.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from pipeline.evaluate import events

Sample = tuple[tuple[float, ...], bool]
"""The values of the features (the first is the constant, 1), and whether the answer was right."""

_STEPS = 50


def fitted(samples: Sequence[Sample], ridge: float) -> np.ndarray:
    """Return one weight for each feature, two decimals."""
    x = np.array([values for values, _ in samples])
    y = np.array([float(right) for _, right in samples])
    weights = np.zeros(x.shape[1])
    penalty = np.diag([0.0] + [ridge] * (x.shape[1] - 1))
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (y - p) - penalty @ weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + penalty
        weights += np.linalg.solve(hessian, gradient)
    return np.round(weights, 2)


def judged(samples: Sequence[Sample], weights: np.ndarray) -> list[tuple[float, bool]]:
    """Return the probability that the weights give each sample, and whether it was right."""
    return [
        (float(1 / (1 + np.exp(-np.array(values) @ weights))), right) for values, right in samples
    ]


def print_weights(names: Sequence[str], weights: np.ndarray) -> None:
    """Print the weights as a table of `pipeline/enrich/events/data` holds them."""
    print("feature", "weight", sep="\t")
    for name, weight in zip(names, weights, strict=True):
        print(name, weight, sep="\t")


def report(name: str, judgements: Sequence[tuple[float, bool]]) -> None:
    """Print the Brier score and, by fifths of probability, the share right, on standard error."""
    p = np.array([sure for sure, _ in judgements])
    y = np.array([float(right) for _, right in judgements])
    print(f"{name}: Brier {np.mean((p - y) ** 2):.3f}, of the mean alone "
          f"{np.mean((y.mean() - y) ** 2):.3f}", file=sys.stderr)  # fmt: skip
    for sure, right, count in events.bins(list(judgements)):
        print(f"  {sure:.2f} {right:.2f} {count}", file=sys.stderr)
