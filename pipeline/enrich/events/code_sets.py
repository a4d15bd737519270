"""Sets of CAMEO codes that the coder's rules ask for, by name: `data/code_sets.tsv`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pipeline import tsv


def code_set(name: str) -> tuple[str, ...]:
    """Return the codes of a set, each for itself and those below it: for `str.startswith`."""
    return _sets()[name]


@cache
def _sets() -> Mapping[str, tuple[str, ...]]:
    table = tsv.rows("pipeline.enrich.events", "data/code_sets.tsv")
    return {name: tuple(codes.split()) for name, codes, _ in table}
