"""What a commit meets when another writer was first, and trying again until it is first itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pipeline.errors import StoreError

T = TypeVar("T")


class ConflictError(Exception):
    """Another writer committed to one of these sources since the handle was refreshed."""


def until_won(
    table: str,
    attempt: Callable[[], T | None],
    *,
    attempts: int,
) -> T:
    """Return the first result of `attempt` that is not None, without pauses between.

    An attempt that meets a conflict, or returns None, has lost to another writer, whose commit is a
    step forward: one of all always wins. Raises `StoreError` after so many attempts.
    """
    for _ in range(attempts):
        try:
            if (done := attempt()) is not None:
                return done
        except ConflictError:
            continue
    raise StoreError(
        "too many conflicts: run it again, with fewer writers at once (docs/scale.md)",
        table=table,
        attempts=attempts,
    )
