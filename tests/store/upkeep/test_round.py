"""The job keeps its own lake tidy: rounds of compaction and clean-up, each in a process."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline import supervise
from pipeline.config import Settings
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.schema.contract import TABLES
from pipeline.store.upkeep.compact import Sizing, compact, much_larger
from pipeline.store.upkeep.round import tidy
from pipeline.supervise import Supervisor
from tests.store.commit.test_write import batch_of, started
from tests.store.upkeep.test_compact import files_of, many_files, rows_of
from tests.support.job import until
from tests.support.rows import NOON, SOURCE


def test_a_closed_day_becomes_one_file_from_two_on(tmp_path: Path) -> None:
    """Today and yesterday wait for as many as the settings say, for more will come."""
    before = many_files(tmp_path, batches=2)
    assert len(files_of(tmp_path, "stories")) == 2
    for days, files in ((0, 2), (1, 2), (2, 1)):
        compact(Lake(str(tmp_path)), Sizing(min_files=5), NOON + timedelta(days=days))
        assert len(files_of(tmp_path, "stories")) == files, days
    assert rows_of(tmp_path) == before


def test_an_open_day_keeps_two_files_at_most(tmp_path: Path) -> None:
    """After each round, in every table, with the rows as they were."""
    writer = started(tmp_path, SOURCE)
    for n in range(2):
        for at in range(4 * n, 4 * n + 4):
            writer.write(batch_of(at, at + 1))
        before = rows_of(tmp_path)
        compact(Lake(str(tmp_path)), Sizing(), NOON)
        assert all(1 <= len(files_of(tmp_path, table)) <= 2 for table in TABLES)
        assert rows_of(tmp_path) == before
    assert check(str(tmp_path)).ok


def test_an_open_day_is_seldom_written_whole() -> None:
    """By as many rounds as a day has: what they write is a few times the day, not half of 48."""
    files, written, rounds = [100], 0, 48
    for _ in range(rounds - 1):
        files.append(100)
        if len(files) >= Sizing().min_files:
            large = much_larger(files)
            kept = [] if large is None else [files.pop(large)]
            written += sum(files)
            files = [*kept, sum(files)]
        assert len(files) <= 2
    assert sum(files) == 100 * rounds
    assert written < 10 * 100 * rounds


def test_after_retention_the_next_round_makes_a_glob_exact(tmp_path: Path) -> None:
    many_files(tmp_path)
    lake, sizing = Lake(str(tmp_path)), Sizing(min_files=2)
    assert tidy(lake, sizing, 600, NOON).replaced >= 30
    assert not check(str(tmp_path)).glob_exact
    tidy(lake, sizing, 600, NOON + timedelta(seconds=601))
    assert check(str(tmp_path)).glob_exact
    assert check(str(tmp_path)).ok


def settings_for(lake: Path, **upkeep: object) -> Settings:
    told = {"interval_s": 0.1, **upkeep}
    return Settings.model_validate(
        {
            "lake": {"url": str(lake), "retention_s": 0, "compact_min_files": 2},
            "upkeep": told,
            "kafka": {"topics": ["wire"]},
        }
    )


class Idle:
    """A worker that never ends."""

    done, pid, process = False, None, None
    observer = None

    def look(self) -> bool:
        return False

    def ask_to_stop(self) -> None:
        pass

    def end(self) -> None:
        pass


def running(settings: Settings) -> tuple[threading.Thread, threading.Event]:
    supervisor = Supervisor(settings)
    supervisor._workers = [Idle()]  # type: ignore[list-item]
    stop = threading.Event()
    thread = threading.Thread(target=supervisor.run, args=(stop,))
    thread.start()
    return thread, stop


def test_run_compacts_and_cleans_by_itself(tmp_path: Path) -> None:
    before = many_files(tmp_path)
    thread, stop = running(settings_for(tmp_path))
    try:
        until(lambda: len(list((tmp_path / "stories").glob("date=*/**/*.parquet"))) == 1, 60)
    finally:
        stop.set()
        thread.join(30)
    assert rows_of(tmp_path) == before
    assert check(str(tmp_path)).ok


@pytest.mark.parametrize("asked", [True, False])
def test_repeats_are_looked_for_once_a_day_where_that_is_asked(
    tmp_path: Path, asked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Again where the round failed; another day has another closed one."""
    upkeep = supervise._Upkeep(settings_for(tmp_path, drop_repeats=asked), wanted=True)
    well = json.dumps({"dropped": 1, "replaced": 0, "written": 0})
    found = []
    for days, said in ((0, "died"), (0, well), (0, well), (1, well)):
        monkeypatch.setattr("pipeline.supervise.clock.now", lambda: NOON + timedelta(days))  # noqa: B023
        found.append(json.loads(upkeep._next_order())["drop_repeats"])
        upkeep._tell(said, 0)
    assert found == [asked, asked, False, asked]


@pytest.mark.parametrize("shard", [0, 1])
def test_it_can_be_left_out_and_is_the_first_shard_s(
    tmp_path: Path, shard: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[object] = []
    monkeypatch.setattr(supervise._Upkeep, "_start", started.append)
    settings = settings_for(tmp_path, enabled=shard == 1)
    job = settings.job.model_copy(update={"shard": shard, "shards": 2})
    upkeep = supervise._Upkeep(settings.model_copy(update={"job": job}), wanted=True)
    upkeep._due_s = 0
    upkeep.look()
    assert started == []


@pytest.mark.long
def test_a_round_that_fails_stops_nothing(tmp_path: Path) -> None:
    """It is told, and the next one tries again."""
    thread, stop = running(settings_for(tmp_path / "no" / "such" / "lake"))
    try:
        until(thread.is_alive, 5)
        thread.join(4)
        assert thread.is_alive()
        assert not (tmp_path / "no").exists()
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()
