"""How sure the coder is of an event: a share of right codings, from what the event rests on.

The weights are those of a logistic model's shape, set by hand and checked on PLOVER's sentences
(the reliability table in docs/events.md): a specific frame, both sides known, an act said outright.
"""

from __future__ import annotations

import math

from pipeline.enrich.events.actors import Party
from pipeline.enrich.events.acts import Act
from pipeline.enrich.events.pair import Span, score


def confidence(act: Act, source: Party | None, target: Party | None) -> float:
    """A number in 0..1, two decimals."""
    score = 0.2 + 0.12 * min(act.weight, 10)
    score += 0.5 if source is not None and source.political else -0.6
    score += 0.5 if target is not None and target.political else 0.0
    score -= 0.5 if target is None else 0.0
    score -= 0.8 if act.nominal else 0.0
    score -= 0.3 if act.depth > 1 else 0.0
    score -= 0.4 if act.hypothetical else 0.0
    score -= 0.3 if act.negated else 0.0
    return round(1.0 / (1.0 + math.exp(-score)), 2)


def pair_confidence(act: Act, source: Span, target: Span) -> float:
    """The same for given spans: how well the act fits them stands in for the actors."""
    fit = score(act, source, target)
    total = 0.27 * fit - 0.55 - (0.3 if act.depth > 1 else 0.0)
    return round(1.0 / (1.0 + math.exp(-total)), 2)
