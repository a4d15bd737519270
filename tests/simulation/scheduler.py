"""Actors that take steps one at a time, in an order that the caller decides.

Each actor is a thread that stands still but for the moment in which it holds the baton: it runs
from one call of `Scheduler.step` to the next, then hands the baton back. So what happens between
two steps is one indivisible deed, and the same order of steps gives the same run.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the product catches it."""


class Actor:
    """One process: `kind` says what it is for, `what` its errors are told of."""

    def __init__(self, name: str, kind: str, body: Callable[[Actor], None]) -> None:
        self.name, self.kind, self._body = name, kind, body
        self.at = "start"
        self.speed = 1.0
        self.frozen = 0
        self.faults = 0
        self.began = 0
        self.is_dead = False
        self.is_done = False
        self.error: BaseException | None = None
        self.fault: str | None = None
        self.faultable: tuple[str, ...] = ()
        self.go = threading.Semaphore(0)
        self.seen: dict[str, int] = {}
        """The version of each table's log that it has seen: a store never goes back on itself."""
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.handed_back: threading.Semaphore | None = None

    def _run(self) -> None:
        self.go.acquire()
        try:
            if not self.is_dead:
                self._body(self)
        except Killed:
            pass
        except BaseException as error:
            self.error = error
        self.is_done = True
        assert self.handed_back is not None
        self.handed_back.release()


class Scheduler:
    """Runs actors step by step, and counts which points were passed beside whom."""

    def __init__(self) -> None:
        self._back = threading.Semaphore(0)
        self._current: Actor | None = None
        self.actors: list[Actor] = []
        self.points: Counter[str] = Counter()
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.beside: set[tuple[str, str]] = set()
        self._before: Actor | None = None

    @property
    def current(self) -> Actor | None:
        """Whose thread this is; None in the scheduler's own."""
        actor = self._current
        return actor if actor is not None and threading.current_thread() is actor.thread else None

    def add(self, actor: Actor) -> None:
        """Take in an actor; it stands before its first deed."""
        actor.handed_back = self._back
        self.actors.append(actor)
        actor.thread.start()

    def step(self, at: str, faultable: tuple[str, ...] = ()) -> str | None:
        """Called by an actor: stand at the point `at` until it is its turn again.

        Returns the fault of `faultable` that is to befall what it does next, if any.
        """
        actor = self.current
        if actor is None:
            return None
        if actor.is_dead:
            raise Killed
        actor.at, actor.faultable, actor.fault = at, faultable, None
        self.points[at] += 1
        self._back.release()
        actor.go.acquire()
        if actor.is_dead:
            raise Killed
        return actor.fault

    def move(self, actor: Actor, fault: str | None = None) -> None:
        """Let `actor` go on to its next point, or to its end."""
        if self._before is not None and self._before is not actor and not self._before.is_done:
            self.pairs[self._before.kind, actor.kind] += 1
            self.beside.add((self._before.at, actor.kind))
        self._before = actor
        actor.fault = fault
        actor.faults += fault is not None
        self._current = actor
        actor.go.release()
        self._back.acquire()
        self._current = None
        if actor.is_done:
            self.actors.remove(actor)

    def kill(self, actor: Actor) -> None:
        """End `actor` where it stands: nothing that it would still do is done."""
        actor.is_dead = True
        self.move(actor)
        actor.thread.join()
