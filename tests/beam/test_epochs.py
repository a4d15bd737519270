"""Epochs in one process: when they clean up."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.beam import launch
from pipeline.config import load
from pipeline.errors import UnfitStoreError
from pipeline.job import Job, forget, job_of
from pipeline.store.upkeep.clean_up import Cleaned


@pytest.mark.parametrize(("kept", "cleaned_at"), [(0, [0]), (3, [0, 1])])
def test_what_a_dead_worker_left_goes_after_the_first_epoch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int, cleaned_at: list[int]
) -> None:
    """Where the first clean-up had to leave files; then only after the interval."""
    settings = load(None, {"lake": {"url": str(tmp_path)}})
    job = job_of(settings)
    epochs: list[int] = []
    cleanings: list[int] = []

    def clean(_: Job) -> Cleaned:
        cleanings.append(len(epochs))
        return Cleaned(kept=kept)

    def run_epoch(_: Job, groups: object) -> None:
        epochs.append(1)
        if len(epochs) == 4:
            job.order.stop.set()

    monkeypatch.setattr(Job, "clean", clean)
    monkeypatch.setattr(launch, "_run_epoch", run_epoch)
    try:
        assert launch.run_epochs(settings, [0], until_caught_up=False) == "stopped"
    finally:
        forget(settings)
    assert cleanings == cleaned_at


def test_what_no_waiting_changes_ends_a_job_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store without put-if-absent has none in five minutes either."""
    settings = load(None, {"lake": {"url": str(tmp_path), "store_timeout_s": 300}})
    tries = []

    def clean(_: Job) -> Cleaned:
        tries.append(1)
        raise UnfitStoreError("no put-if-absent")

    monkeypatch.setattr(Job, "clean", clean)
    try:
        for run in (
            lambda: launch.run_epochs(settings, [0], until_caught_up=False),
            lambda: launch.replay_ticks(settings, []),
        ):
            with pytest.raises(UnfitStoreError):
                run()
    finally:
        forget(settings)
    assert len(tries) == 2
