"""Whether the job lives, and whether it is ready: judged from what its workers said."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.observe.server import Page

RESTART_LOOP_DEATHS = 3
"""So many deaths of a worker within two minutes are a loop (six end the job)."""

_SILENT_S = 120.0
"""A worker tells something every other second; one that has not for so long is stuck."""

_READ_S = 120.0
"""So long no reading takes: some seconds, with each of a few questions to the broker timed out."""

_BATCH_S = 3600.0
"""So long no batch takes, of the longest texts that are read, with a store that answers slowly."""


@dataclass(frozen=True, slots=True)
class Process:
    """A worker as its parent sees it: its name, whether it runs, deaths in two minutes."""

    name: str
    running: bool = True
    deaths: int = 0


@dataclass(frozen=True, slots=True)
class WorkerState:
    """Holds what is known of a worker. Times are seconds gone by; a wait is 0 where there is none.

    `deaths` counts those of the last two minutes. `read_s` and `batch_s` are how long the main
    thread is at its reading, or at its batch. `connected` is whether it has reached the lake,
    and the broker where it reads from one.
    """

    name: str
    running: bool
    deaths: int
    silent_s: float
    model_loaded: bool
    connected: bool
    broker_wait_s: float
    store_wait_s: float
    read_s: float = 0.0
    batch_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """Says whether all is well, or what is not. No reason holds more than names and numbers."""

    ok: bool
    reasons: tuple[str, ...] = ()

    def page(self, **more: object) -> Page:
        """Return the verdict as JSON, with what `more` says beside it: status 200 or 503."""
        said = {"status": "ok" if self.ok else "unavailable", "reasons": list(self.reasons)} | more
        body = json.dumps(said).encode() + b"\n"
        return Page(200 if self.ok else 503, "application/json", body)


def alive(workers: Sequence[WorkerState]) -> Verdict:
    """Say whether no worker dies again and again, and none is stuck: else a restart may help."""
    return _verdict(workers, _ails)


def ready(workers: Sequence[WorkerState], broker_within_s: float) -> Verdict:
    """Say whether every worker has its model, reaches the lake, and the broker within that time."""
    return _verdict(workers, lambda worker: _lacks(worker, broker_within_s))


def _ails(worker: WorkerState) -> list[str]:
    found = []
    if worker.deaths >= RESTART_LOOP_DEATHS:
        found.append(f"died {worker.deaths} times within two minutes")
    if worker.running and worker.silent_s > _SILENT_S:
        found.append(f"has said nothing for {worker.silent_s:.0f} s")
    if worker.running and worker.read_s > _READ_S:
        found.append(f"has not come back from reading for {worker.read_s:.0f} s")
    if worker.running and worker.batch_s > _BATCH_S:
        found.append(f"has been at one batch for {worker.batch_s:.0f} s")
    return found


def _lacks(worker: WorkerState, broker_within_s: float) -> list[str]:
    if not worker.running:
        return ["does not run"]
    found = []
    if not worker.model_loaded:
        found.append("has not loaded its model")
    if worker.store_wait_s:
        found.append(f"the lake's storage has failed for {worker.store_wait_s:.0f} s")
    if worker.broker_wait_s > broker_within_s:
        found.append(f"the broker has not answered for {worker.broker_wait_s:.0f} s")
    if not worker.connected and not found:
        found.append("has not reached the lake and the broker yet")
    return found


def _verdict(workers: Sequence[WorkerState], faults: Callable[[WorkerState], list[str]]) -> Verdict:
    reasons = tuple(f"worker {w.name}: {fault}" for w in workers for fault in faults(w))
    return Verdict(not reasons, reasons)
