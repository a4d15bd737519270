from __future__ import annotations

import pytest

from pipeline.errors import StoreError
from pipeline.store.commit.conflict import ConflictError, until_won


def test_it_is_tried_until_it_is_won() -> None:
    """A conflict and a None are both a loss; a false result is a result."""
    results = iter([ConflictError("t"), None, 0, 1])

    def attempt() -> int | None:
        result = next(results)
        if isinstance(result, ConflictError):
            raise result
        return result

    assert until_won("stories", attempt, attempts=3) == 0


def test_after_so_many_losses_the_fault_says_what_to_do() -> None:
    tried: list[int] = []
    with pytest.raises(
        StoreError, match=r"too many conflicts: run it again.*table=stories.*attempts=4"
    ):
        until_won("stories", lambda: tried.append(1), attempts=4)
    assert len(tried) == 4


def test_another_fault_is_not_tried_again() -> None:
    def attempt() -> None:
        raise OSError("full")

    with pytest.raises(OSError, match="full"):
        until_won("stories", attempt, attempts=4)
