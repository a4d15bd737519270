"""The one place where the time is read.

Below the command line and the graph's edge no code asks for the time: it is handed in, so that
the same input gives the same rows at any hour.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Gives the present moment, aware, in UTC."""

Monotonic = Callable[[], float]
"""Seconds on a clock that never goes back; only differences have a meaning."""


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


monotonic: Monotonic = time.monotonic
