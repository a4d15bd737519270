"""How many examples a law is tried on: a few in `make test`, all of them in `make test-all`.

The profiles of Hypothesis say which: `tests/conftest.py` registers `short` and `long`.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings

SHORT, LONG = 25, 100
"""Examples of the two profiles, where a law names no number of its own."""
_FEWEST = 10


def law(examples: int, *, fewest: int = _FEWEST, **more: Any) -> settings:
    """Settings of a law that is tried on `examples` in the long form, on a quarter in the short.

    It is tried on `fewest` of them at least. Examples have no deadline: the machine that runs them
    may be busy.
    """
    count = examples * settings().max_examples // LONG
    return settings(max_examples=max(count, min(examples, fewest)), deadline=None, **more)
