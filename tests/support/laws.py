"""How much of a law is tried: a few examples in `make test`, all by `make test-rest PROFILE=long`.

The profiles of Hypothesis say which: `tests/conftest.py` registers `short`, `half` and `long`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any

import pytest
from hypothesis import settings

SHORT, LONG = 25, 100
"""Examples of the profiles, where a law names no number of its own; `half` has half of `LONG`."""
_FEWEST = 10


def law(examples: int, *, fewest: int = _FEWEST, **more: Any) -> settings:
    """Settings of a law that is tried on `examples` in the long form, on a quarter in the short.

    It is tried on `fewest` of them at least. Examples have no deadline: the machine that runs them
    may be busy.
    """
    count = examples * settings().max_examples // LONG
    return settings(max_examples=max(count, min(examples, fewest)), deadline=None, **more)


def grid(*axes: Sequence[Any], every: int = 1) -> list[Any]:
    """All combinations of the axes' values, as parameters of a test.

    In the short form each `every`th of the diagonal, in which every value of every axis is once.
    """
    steps = range(0, max(map(len, axes)), every)
    diagonal = [tuple(axis[step % len(axis)] for axis in axes) for step in steps]
    return [
        pytest.param(*case, marks=() if case in diagonal else pytest.mark.long)
        for case in product(*axes)
    ]


def sample(cases: Sequence[Any], every: int = 2) -> list[Any]:
    """The cases as parameters of a test: in the short form each `every`th, from the first on."""
    return [
        pytest.param(case, marks=() if number % every == 0 else pytest.mark.long)
        for number, case in enumerate(cases)
    ]
