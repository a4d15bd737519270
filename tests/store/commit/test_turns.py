"""Turns among replays of one machine: one at a time, and nobody waits for ever."""

from __future__ import annotations

import tempfile
import threading
from pathlib import Path

import pytest

from pipeline.store.commit.turns import in_turn

STORE = "s3://bucket/lake"


def go_on() -> bool:
    return False


@pytest.mark.parametrize("is_local", [True, False])
def test_one_holds_the_turn_and_the_next_one_gets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_local: bool
) -> None:
    """Of a folder as of an object store; another lake has turns of its own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "other").mkdir()
    lake, other = (str(tmp_path), str(tmp_path / "other")) if is_local else (STORE, f"{STORE}2")
    with in_turn(lake, go_on) as first:
        with in_turn(lake, go_on, 0.0) as second, in_turn(other, go_on, 0.0) as beside:
            assert (first, second, beside) == (True, False, True)
        waiting = threading.Thread(target=lambda: gets.append(_gets(lake)))
        gets: list[bool] = []
        waiting.start()
    waiting.join(30)
    assert gets == [True]


def _gets(lake: str) -> bool:
    with in_turn(lake, go_on) as is_held:
        return is_held


def test_who_is_to_stop_waits_no_longer(tmp_path: Path) -> None:
    with in_turn(str(tmp_path), go_on), in_turn(str(tmp_path), lambda: True) as is_held:
        assert not is_held


def test_without_a_place_for_the_lock_it_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lake that is gone, and a folder in the place of ours that is a link to somewhere else."""
    with in_turn(str(tmp_path / "gone"), go_on) as is_held:
        assert not is_held
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with in_turn(STORE, go_on) as is_held:
        assert is_held
    (ours,) = tmp_path.glob("dateline-*")
    assert ours.stat().st_mode & 0o777 == 0o700
    for file in ours.iterdir():
        file.unlink()
    ours.rmdir()
    ours.symlink_to(tmp_path)
    with in_turn(STORE, go_on) as is_held:
        assert not is_held
