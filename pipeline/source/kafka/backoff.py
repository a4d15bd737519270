"""How long to wait: for a broker that does not answer, for a source that another writer holds."""

from __future__ import annotations

from dataclasses import dataclass, field

from pipeline.errors import BrokerError
from pipeline.pauses import Pauses


@dataclass(slots=True)
class Outage:
    """Growing pauses between attempts at a broker, until patience ends.

    Times are seconds on any clock that never goes back. `reason` is the last fault while it lasts.
    """

    limit_s: float
    pauses: Pauses = field(default_factory=lambda: Pauses(first_s=0.2, longest_s=10.0))
    reason: str | None = None
    _since_s: float | None = None
    _retry_s: float = 0.0

    @property
    def lasting(self) -> bool:
        """Whether the last attempt failed."""
        return self._since_s is not None

    def failed(self, began_s: float, now_s: float, error: Exception, **evidence: object) -> None:
        """Note an attempt that began and has now failed.

        Raises `BrokerError` when the outage has lasted too long.
        """
        if self._since_s is None:
            self._since_s = began_s
            self.pauses.reset()
        self.reason = str(error)
        lasted_s = now_s - self._since_s
        if lasted_s >= self.limit_s:
            raise BrokerError(str(error), **evidence, lasted_s=round(lasted_s, 1)) from error
        self._retry_s = now_s + self.pauses.next()

    def over(self) -> None:
        """Note that the broker answered."""
        self._since_s = self.reason = None

    def pause_s(self, now_s: float) -> float:
        """Say how long to wait before the next attempt."""
        return max(0.0, self._retry_s - now_s) if self._since_s is not None else 0.0


@dataclass(slots=True)
class _Lost:
    pauses: Pauses
    running: int = 0
    until_s: float | None = None
    end: int = 0


@dataclass(slots=True)
class ContestedSources:
    """Says which sources another writer keeps winning, and until when they are left alone.

    Two jobs on one partition would otherwise enrich every record twice for ever. A source lost
    twice running is left for `first_pause_s`; when the other is found to have moved on after that,
    for twice as long, up to `longest_pause_s`.
    """

    first_pause_s: float = 5.0
    longest_pause_s: float = 60.0
    _lost: dict[str, _Lost] = field(default_factory=dict)

    def won(self, source: str) -> None:
        """Note that a block of ours was committed."""
        self._lost.pop(source, None)

    forget = won

    def lost(self, source: str, end: int, now_s: float) -> bool:
        """Note that another writer moved the source to `end`; True when it is now left alone."""
        state = self._lost.setdefault(source, self._first())
        state.running += 1
        if state.running < 2:
            return False
        self._leave(state, end, now_s)
        return True

    def left_alone(self) -> list[str]:
        """Return the sources that wait; sorted."""
        return sorted(source for source, state in self._lost.items() if state.until_s is not None)

    def due(self, now_s: float) -> list[str]:
        """Return the sources whose wait is over; sorted."""
        return [s for s in self.left_alone() if now_s >= (self._lost[s].until_s or 0.0)]

    def look(self, source: str, end: int, now_s: float) -> bool:
        """Say whether the source is free again, its wait being over and the lake at `end`.

        It is when nobody moved it in the meantime; one more loss then sends it back at once.
        """
        state = self._lost[source]
        if end != state.end:
            self._leave(state, end, now_s)
            return False
        self._lost[source] = self._first(running=1)
        return True

    def _leave(self, state: _Lost, end: int, now_s: float) -> None:
        state.until_s = now_s + state.pauses.next()
        state.end = end

    def _first(self, running: int = 0) -> _Lost:
        return _Lost(Pauses(self.first_pause_s, self.longest_pause_s), running)
