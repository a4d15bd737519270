"""The act between two given spans of a sentence: how the coder is measured on PLOVER's sentences.

The coder finds the acts of the sentence as always; of these the one is taken whose source and
target lie best in the given spans. Nothing is added for the evaluation but this choice.
"""

from __future__ import annotations

from pipeline.enrich.events.act import Act
from pipeline.enrich.events.code_sets import code_set
from pipeline.enrich.events.syntax import Token

_UNBORN = code_set("unborn")

Span = tuple[int, int]


def _inside(token: Token, span: Span) -> bool:
    return bool(span[0] <= token.idx < span[1])


def _covers(token: Token, span: Span) -> bool:
    return bool(token.left_edge.idx < span[1] and span[0] < token.right_edge.idx + 1)


def _fit(tokens: tuple[Token, ...], span: Span) -> float:
    if any(_inside(token, span) for token in tokens):
        return 4.0
    if any(_covers(token, span) for token in tokens):
        return 3.0
    return 0.0


def fitting(tokens: tuple[Token, ...], span: Span) -> Token | None:
    """Return the token of an act's side that lies in a span, or whose phrase does."""
    inside = [token for token in tokens if _inside(token, span)]
    covering = [token for token in tokens if _covers(token, span)]
    return next(iter([*inside, *covering]), None)


def score(act: Act, source: Span, target: Span) -> float:
    """Say how well an act fits two spans."""
    towards = _fit(act.targets, target)
    if towards == 0.0 and _covers(act.predicate, target):
        towards = 1.5
    total = 1.5 * _fit(act.sources, source) + towards + 0.15 * min(act.weight, 12)
    total -= 2.0 if act.nominal else 0.0
    total -= 1.0 if act.hypothetical and not act.code.startswith(_UNBORN) else 0.0
    return total


def choose_act(acts: list[Act], source: Span, target: Span) -> Act | None:
    """Return the act that fits the two spans best, or None where the sentence names none."""
    if not acts:
        return None
    return max(acts, key=lambda act: (score(act, source, target), -act.predicate.i))
