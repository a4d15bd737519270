"""Waiting longer after each failure, in one place: how long, not what for.

The loops differ in what they wait on (a stop that is asked for, a deadline, a clock that tests set,
a poll that must not block), so they stay where they are. A library of decorators (tenacity) would
take over the loops, which is what cannot be shared, and leave this.
"""

from __future__ import annotations

from dataclasses import dataclass


def grown(first_s: float, longest_s: float, failures: int) -> float:
    """Return the pause after so many failures before this one: each twice the one before it."""
    pause_s: float = min(first_s * 2**failures, longest_s)
    return pause_s


@dataclass(slots=True)
class Pauses:
    """Growing pauses in seconds: the first one, then each twice as long, up to the longest."""

    first_s: float
    longest_s: float
    _taken: int = 0

    def next(self) -> float:
        """Return the pause to make now; the one after it is longer."""
        pause_s = grown(self.first_s, self.longest_s, self._taken)
        self._taken += pause_s < self.longest_s
        return pause_s

    def reset(self) -> None:
        """Begin with the first pause again: what failed has answered."""
        self._taken = 0
