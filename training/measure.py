"""Exact spans and kinds against the labelled sets, by set and kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipeline.evaluate.entity_scores import TO_CONLL
from training.kinds import Labelled
from training.languages import Labelled4


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 (micro) on a set; `by_kind` has F1 by the four kinds of CoNLL."""

    set_name: str
    documents: int
    precision: float
    recall: float
    f1: float
    by_kind: dict[str, float]


def as_printed(held: Sequence[Labelled4]) -> list[Labelled4]:
    """The documents of the sets that print sets otherwise, set so, as a set of their own."""
    sets = {d.source.name for d in held if d.printed is not None}
    found = []
    for document in held:
        if document.source.name in sets:
            text, spans = document.printed or (document.text, document.spans)
            source = replace(document.source, name=f"{document.source.name}, as printed")
            found.append(replace(document, source=source, text=text, spans=tuple(spans)))
    return found


def scores(held: Sequence[Labelled4], answers: Sequence[Sequence[Labelled]]) -> list[Score]:
    """One score for each set, in the order of the documents."""
    counts: dict[str, dict[str, list[int]]] = {}
    sizes: dict[str, int] = defaultdict(int)
    for document, answer in zip(held, answers, strict=True):
        own = counts.setdefault(document.source.name, defaultdict(lambda: [0, 0, 0]))
        sizes[document.source.name] += 1
        found = {(start, end, TO_CONLL[kind]) for start, end, kind in answer}
        gold = {(start, end, TO_CONLL[kind]) for start, end, kind in document.spans}
        for place, spans in enumerate((found & gold, found, gold)):
            for _, _, kind in spans:
                own[kind][place] += 1
    return [_score(name, sizes[name], own) for name, own in counts.items()]


def _score(name: str, documents: int, counts: dict[str, list[int]]) -> Score:
    right, found, gold = (sum(column) for column in zip(*counts.values(), strict=True))
    return Score(
        name,
        documents,
        right / found if found else 0.0,
        right / gold if gold else 0.0,
        _f1(right, found, gold),
        {kind: _f1(*own) for kind, own in sorted(counts.items())},
    )


def _f1(right: int, found: int, gold: int) -> float:
    return 2 * right / (found + gold) if found + gold else 0.0
