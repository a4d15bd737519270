"""Simulated lives of a lake: nothing is lost, nothing doubled, and known bugs are found."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.simulation.backends import Folder, Memory
from tests.simulation.bugs import BUGS
from tests.simulation.coverage import Coverage
from tests.simulation.world import Plan, lived, shrunk
from tests.support.laws import sample

LONG_MINUTES = float(os.environ.get("DATELINE_SIMULATE_MINUTES", "1"))
SEEDS = 30
"""A known bug is found within so many seeds."""

FREEZING: dict[str, Any] = {
    "events": frozenset({"freeze"}), "event_rate": 0.2, "faults": frozenset(), "partitions": 1,
}  # fmt: skip
WRITERS: dict[str, Any] = {"actors": {"writer": 3}, **FREEZING}
UPKEEP: dict[str, Any] = {"actors": {"writer": 2, "clean-up": 3}, **FREEZING}
LOST: dict[str, Any] = {
    "actors": {"writer": 1}, "faults": frozenset({"lost.conflict"}), "fault_rate": 0.3,
    "events": frozenset({"forget"}), "event_rate": 0.4,
}  # fmt: skip
EXPIRING: dict[str, Any] = {
    "actors": {"writer": 3}, "events": frozenset({"freeze", "kafka", "spawn"}),
    "event_rate": 0.25, "faults": frozenset(), "partitions": 1, "records": 300, "steps": 600,
}  # fmt: skip
LONGER: dict[str, Any] = {**FREEZING, "records": 120, "steps": 600, "batch": 6}
DAMAGED: dict[str, Any] = {
    "actors": {"writer": 2, "repair": 1}, "events": frozenset({"damage", "forget"}),
    "event_rate": 0.1, "faults": frozenset(), "steps": 600, "records": 150, "batch": 2,
}  # fmt: skip
WHERE: dict[str, dict[str, Any]] = {
    "no fence": WRITERS,
    "clean-up without a fence": UPKEEP,
    "clean-up removes what is above the end": UPKEEP,
    "the table is not asked after a lost acknowledgement": LOST,
    "a lost acknowledgement counts as a failure": LOST,
    "stories before their entities": {"actors": {"writer": 1}},
    "an account before stories": EXPIRING,
    "withdrawal above the ledger's end": {
        "actors": {"writer": 2, "withdrawal": 3},
        **LONGER,
        "event_rate": 0.1,
    },
    "runs of linking that share no transaction": {"actors": {"writer": 1, "link": 3}, **LONGER},
    "repair sets aside what is sound": DAMAGED,
    "repair leaves the hint": DAMAGED,
    "a note of files that came since": {
        "actors": {"writer": 2, "notes": 1, "question": 1},
        **LONGER,
    },
    "links of stories that came since": {"actors": {"writer": 2, "link": 2}, **LONGER},
    "compactions that share no transaction": {"actors": {"writer": 2, "compaction": 3}, **FREEZING},
}


@pytest.mark.parametrize("seed", sample([1, 2, 3], 3))
def test_a_life_ends_whole(seed: int) -> None:
    """Whatever the scheduler, the store and the broker do."""
    outcome = lived(Plan.of(seed, 400), Memory)
    assert outcome.failure is None, (outcome.plan, outcome.last)
    assert outcome.entries > 30


def test_a_seed_gives_the_same_life_again() -> None:
    """To the step, with all faults in it."""
    plan = replace(Plan.of(4, 150), actors={"writer": 2, "compaction": 1, "clean-up": 1})
    first, second = (lived(plan, Memory) for _ in range(2))
    assert first.failure is None
    assert (first.digest, first.entries) == (second.digest, second.entries)


@pytest.mark.parametrize("name", sample(list(BUGS), 3))
def test_a_known_bug_is_found(name: str) -> None:
    """Within `SEEDS` seeds, in lives of those that the bug concerns."""
    with BUGS[name]():
        for seed in range(SEEDS):
            plan = replace(Plan.of(seed, 300), fault_rate=0.03, event_rate=0.06)
            outcome = lived(replace(plan, **WHERE[name]), Memory, is_finished=False)
            if outcome.failure is not None:
                return
    pytest.fail(f"not found within {SEEDS} seeds")


def test_a_failing_life_is_shrunk() -> None:
    """What is left still fails, with fewer actors and without what has no part in it."""
    with BUGS["stories before their entities"]():
        plan = replace(Plan.of(1, 300), actors={"writer": 2, "clean-up": 1})
        outcome = lived(plan, Memory, is_finished=False)
        assert outcome.failure is not None
        least = shrunk(outcome, Memory, tries=4, is_finished=False)
    assert least.failure is not None
    assert least.plan.actors == {"writer": 1}
    assert least.plan.events == least.plan.faults == frozenset()


@pytest.mark.long
@pytest.mark.parametrize("seed", range(5))
def test_a_life_behind_delta_rs_ends_whole(
    tmp_path_factory: pytest.TempPathFactory, seed: int
) -> None:
    """The same scheduler over a folder, true Parquet and the true log."""
    outcome = lived(Plan.of(seed, 400), lambda: Folder(tmp_path_factory.mktemp("lake")))
    assert outcome.failure is None, (outcome.plan, outcome.last)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_many_lives_end_whole() -> None:
    """A million steps, or as many as `DATELINE_SIMULATE_MINUTES` gives.

    Of a hundred lives, one named point may be missed: a fence about links, which few leave behind.
    """
    end_s = time.monotonic() + LONG_MINUTES * 60
    covered, seed = Coverage(), 1000
    while covered.steps < 10**6 and time.monotonic() < end_s:
        outcome = lived(Plan.of(seed, 1500), Memory)
        assert outcome.failure is None, (outcome.plan, outcome.last)
        covered.add(outcome)
        seed += 1
    print(covered.report(LONG_MINUTES * 60))  # noqa: T201 (the figures of the run)
    assert covered.lives < 100 or len(covered.missed_points()) <= 1
