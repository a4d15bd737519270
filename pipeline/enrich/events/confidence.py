"""How sure the coder is of an event, and whether it is worth a row at all.

Two logistic models. `probability` is the share of right roots to expect where both sides are given;
`confidence` is that of whole rows: root, source and target right. Their weights are data
(`data/confidence.tsv`, `data/row_confidence.tsv`), fitted by bench/fit_confidence.py and
bench/fit_row_confidence.py on PLOVER sentences; the reliability tables are in docs/events.md.
`plausibility` is the rule that keeps weak readings out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

from pipeline.enrich.events.act import Act
from pipeline.enrich.events.event_lexicon import EventLexicon, lexicon_rows
from pipeline.enrich.events.party import Party
from pipeline.enrich.events.syntax import Token

FEATURES = (
    "constant",
    "specific",
    "nominal",
    "deep",
    "hypothetical",
    "negated",
    "source",
    "target",
    "ambiguous",
    "distance",
)
"""What the model weighs, all in 0..1: how much the frame asked for; whether a noun names the act,
several operators were applied, it is not done yet, it is denied; whether source and target were
found; in how many roots the verb can result (up to eight); how far they stand from the trigger."""

ROW_FEATURES = (
    *FEATURES,
    "source named",
    "source country",
    "source resolved",
    "target named",
    "target country",
    "target resolved",
    "target in words",
    "one country",
    "place of source",
    "after others",
    "after doer",
)
"""What the model of whole rows weighs beside: whether a name stands at a side, its country is
known, something else than its words told who is meant (`resolved_by`), the target is nobody ("the
draft resolution"), both sides are of one country; how far behind the sentence's start the source
stands, up to twenty words; whether acts are told before it in the sentence, of others only
or of the same source as well."""


def features(
    act: Act, source: Token | None, target: Token | None, lexicon: EventLexicon
) -> tuple[float, ...]:
    """Return the values of `FEATURES` for an act between two tokens.

    None for a side that is missing.
    """
    sides = [token for token in (source, target) if token is not None and token.doc is act.doc]
    apart = max((abs(token.i - act.predicate.i) for token in sides), default=0)
    return (
        1.0,
        min(act.weight, 10) / 10,
        float(act.nominal),
        float(act.depth > 1),
        float(act.hypothetical),
        float(act.negated),
        float(source is not None),
        float(target is not None),
        min(_roots(act.predicate.lemma_.lower(), lexicon), 8) / 8,
        min(apart, 20) / 20,
    )


def row_features(
    act: Act,
    source: Party,
    target: Party | None,
    lexicon: EventLexicon,
    *,
    after: str | None = None,
) -> tuple[float, ...]:
    """Return the values of `ROW_FEATURES` for an act between two parties.

    `after` is "doer" where a verb tells what the source of an earlier act of the sentence does
    further, "others" where it is any other act that comes after one.
    """
    values = features(act, source.token, target.token if target is not None else None, lexicon)
    mine, other = source.actor, target.actor if target is not None else None
    return (
        *values,
        float(source.kind is not None),
        float(mine.country is not None),
        float(mine.resolved_by is not None),
        float(target is not None and target.kind is not None),
        float(other is not None and other.country is not None),
        float(other is not None and other.resolved_by is not None),
        float(target is not None and not target.somebody),
        float(other is not None and mine.country is not None and mine.country == other.country),
        min(source.token.i, 20) / 20,
        float(after == "others"),
        float(after == "doer"),
    )


def confidence(values: Sequence[float]) -> float:
    """Return the share of right rows to expect for the values of `ROW_FEATURES`, two decimals."""
    return _logistic(values, _weights("row_confidence.tsv", ROW_FEATURES))


def worth(values: Sequence[float], *, own_clause: bool = False) -> float:
    """Return the confidence of a row with a part of what its place in the sentence takes from it.

    Of a sentence one act is gold, mostly its first: what is told late is counted as wrong there. Of
    such rows, read on the development sentences, half are true. What comes after acts of others is
    mostly told in passing, and all counts; but not where it has a main clause of its own
    (`own_clause`: "Peru and Chile met, and Brazil attacked Bolivia").
    """
    weighed = dict(zip(ROW_FEATURES, values, strict=True))
    if own_clause:
        weighed["after others"] *= _PART
    weighed["place of source"] *= 0.0 if weighed["after doer"] else _PART
    weighed["after doer"] *= _PART
    return confidence(tuple(weighed.values()))


def probability(values: Sequence[float]) -> float:
    """Return the share of right roots to expect for the values of `FEATURES`, two decimals."""
    return _logistic(values, _weights("confidence.tsv", FEATURES))


_PART = 0.5
"""How much of what a late place takes from a row counts against its being told."""


def _logistic(values: Sequence[float], weights: Sequence[float]) -> float:
    total = sum(weight * value for weight, value in zip(weights, values, strict=True))
    return round(1.0 / (1.0 + math.exp(-total)), 2)


@cache
def _weights(table: str, names: tuple[str, ...]) -> tuple[float, ...]:
    weights = {name: float(weight) for _, (name, weight) in lexicon_rows(table)}
    return tuple(weights[name] for name in names)


def _roots(lemma: str, lexicon: EventLexicon) -> int:
    """Say how many roots a verb's frames, or those of the verb behind a noun, can result in."""
    frames = lexicon.frames.get(lexicon.nominals.get(lemma, lemma), ())
    codes = {frame.code for frame in frames if frame.code in lexicon.cameo}
    found = {lexicon.cameo[code].root for code in codes if code is not None}
    return len(found) + any(frame.operator for frame in frames)


def plausibility(act: Act, source: Party, target: Party | None) -> float:
    """Return a score in 0..1 set by hand.

    A specific frame, both sides known, an act said outright.
    """
    score = 0.2 + 0.12 * min(act.weight, 10)
    score += 0.5 if source.political else -0.2
    if target is not None and target.political:
        score += 0.5
    elif target is not None and target.actor.country is not None:
        score += 0.25
    score -= 0.5 if target is None else 0.0
    score -= 0.8 if act.nominal else 0.0
    score -= 0.3 if act.depth > 1 else 0.0
    score -= 0.4 if act.hypothetical else 0.0
    score -= 0.3 if act.negated else 0.0
    return round(1.0 / (1.0 + math.exp(-score)), 2)
