"""Writers, compactions and clean-ups as processes that are killed or frozen, at named lines."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from pipeline.store.schema.contract import TABLES
from tests.support.faults import LONG
from tests.support.forks import Process
from tests.support.job import until
from tests.support.judge import judge_written
from tests.support.writing import ran as run
from tests.support.writing import started

pytestmark = pytest.mark.engine
MOMENTS = 200 if LONG else 20
WRITE_POINTS = ["file.staged"] + [f"{t}.{p}" for t in TABLES for p in ("begin", "log", "done")]
WRITE_POINTS += [f"{t}.file" for t in TABLES]
COMPACT_POINTS = [f"maintain.{t}.{p}" for t in TABLES for p in ("begin", "file")]
COMPACT_POINTS += [f"{t}.{p}" for t in TABLES for p in ("log", "done")]
COMPACT_POINTS += ["file.staged", *(f"clean.{t}.delete" for t in TABLES)]
if not LONG:
    # A third of them: each kind of line, each table.
    COMPACT_POINTS = COMPACT_POINTS[::3]


def finish(process: Process) -> int:
    _, said = process.communicate(timeout=120)
    code = process.wait(1)
    if code > 0:
        print(said)  # noqa: T201 (shown where the test fails)
    return code


def is_frozen(process: Process) -> bool:
    return Path(f"/proc/{process.pid}/stat").read_text().rpartition(") ")[2][0] == "T"


def judged(lake: Path, fault: str, injected: int, records: int, resume_s: float | None) -> None:
    """Every record of both sources once; nothing unreferenced; the log's files all there."""
    judge_written(str(lake), fault, injected, records, resume_s=resume_s)


@pytest.mark.timeout(1500)
def test_a_writer_is_killed_at_every_line_of_the_commit_protocol(tmp_path: Path) -> None:
    """At each named line once; the next process goes on where the lake ends."""
    slowest_s = 0.0
    for n, point in enumerate(WRITE_POINTS, start=1):
        options = ("--records", str(10 * n), "--batch", "5")
        killed = run(tmp_path, "write", *options, "--point", point, "--nth", str(1 + n % 2))
        assert killed.returncode == -signal.SIGKILL, (point, killed.stderr)
        begin_s = time.monotonic()
        again = run(tmp_path, "write", *options)
        assert again.returncode == 0, (point, again.stderr)
        slowest_s = max(slowest_s, time.monotonic() - begin_s)
    run(tmp_path, "clean")
    judged(tmp_path, "SIGKILL at each named line of the commit protocol", len(WRITE_POINTS),
           10 * len(WRITE_POINTS), slowest_s)  # fmt: skip


@pytest.mark.timeout(1500)
def test_a_compaction_is_killed_at_its_lines(tmp_path: Path) -> None:
    """Rows and ids stay, and the next compaction and clean-up leave no litter."""
    for n, point in enumerate(COMPACT_POINTS, start=1):
        assert run(tmp_path, "write", "--records", str(20 * n), "--batch", "10").returncode == 0
        killed = run(tmp_path, "compact", "--point", point)
        assert killed.returncode == -signal.SIGKILL, (point, killed.stderr)
    assert run(tmp_path, "compact").returncode == 0
    judged(tmp_path, "SIGKILL at each named line of a compaction", len(COMPACT_POINTS),
           20 * len(COMPACT_POINTS), None)  # fmt: skip


@pytest.mark.timeout(3000)
def test_writers_and_compactions_are_killed_at_random_moments(tmp_path: Path) -> None:
    """Two writers of the same sources, a compaction and a clean-up, all at once, all killed."""
    moments = random.Random(6)
    records = 0
    for _ in range(MOMENTS):
        records += 20
        options = ("--records", str(records), "--batch", "4")
        everyone = [
            started(tmp_path, "write", *options),
            started(tmp_path, "write", *options),
            started(tmp_path, "compact", "--rounds", "1000"),
        ]
        wait_s = moments.uniform(0.3, 3.0)
        end_s = time.monotonic() + wait_s
        until(lambda end_s=end_s: time.monotonic() >= end_s, 10)  # type: ignore[misc]
        for process in everyone:
            process.kill()
        for process in everyone:
            finish(process)
    begin_s = time.monotonic()
    assert run(tmp_path, "write", "--records", str(records), "--batch", "50").returncode == 0
    resume_s = time.monotonic() - begin_s
    assert run(tmp_path, "compact").returncode == 0
    judged(tmp_path, "SIGKILL of writers and compactions at random moments", 3 * MOMENTS, records,
           resume_s)  # fmt: skip


@pytest.mark.parametrize("point", ["maintain.stories.file", "stories.log", "rejects.log"])
def test_a_compaction_is_frozen_and_wakes_after_another_one(tmp_path: Path, point: str) -> None:
    """Meanwhile another compacts, and a clean-up removes what was replaced."""
    run(tmp_path, "write", "--records", "40", "--batch", "5")
    frozen = started(tmp_path, "compact", "--point", point, "--signal", "STOP")
    until(lambda: is_frozen(frozen), 60)
    assert run(tmp_path, "compact").returncode == 0
    frozen.send_signal(signal.SIGCONT)
    assert finish(frozen) == 0
    run(tmp_path, "compact")
    judged(tmp_path, "SIGSTOP of a compaction while another one runs", 1, 40, None)


@pytest.mark.parametrize("point", ["rejects.log", "events.log", "stories.log", "ledger.log"])
def test_clean_up_and_compaction_beside_a_frozen_writer(tmp_path: Path, point: str) -> None:
    """Its files stand, its commit is still to come; another writer takes over, then it wakes."""
    run(tmp_path, "write", "--records", "20", "--batch", "5")
    frozen = started(
        tmp_path, "write", "--records", "40", "--batch", "5", "--point", point, "--signal", "STOP"
    )
    until(lambda: is_frozen(frozen), 60)
    assert run(tmp_path, "clean").returncode == 0
    assert run(tmp_path, "compact").returncode == 0
    assert run(tmp_path, "write", "--records", "40", "--batch", "7").returncode == 0
    assert run(tmp_path, "compact").returncode == 0
    frozen.send_signal(signal.SIGCONT)
    assert finish(frozen) == 0
    run(tmp_path, "compact")
    judged(tmp_path, "SIGSTOP of a writer beside clean-up, compaction and a second writer", 1, 40,
           None)  # fmt: skip


def test_compactions_and_clean_ups_beside_live_writers(tmp_path: Path) -> None:
    """All to the end, none disturbed: the writers lose nothing to upkeep."""
    run(tmp_path, "write", "--records", "5")
    everyone = [
        started(tmp_path, "write", "--records", "120", "--batch", "6"),
        started(tmp_path, "write", "--records", "120", "--batch", "6"),
        started(tmp_path, "compact", "--rounds", "15"),
        started(tmp_path, "compact", "--rounds", "15"),
        started(tmp_path, "clean", "--rounds", "30"),
    ]
    assert [finish(process) for process in everyone] == [0] * 5
    run(tmp_path, "compact")
    judged(tmp_path, "two compactions and a clean-up beside two live writers", 3, 120, None)
