"""The lake's storage fails under `dateline run`: it says why once, ends with exit code 12, goes on.

What one writer does is in `test_store_faults.py`; here are worker processes, their supervisor, and
what an operator reads.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from pipeline.errors import StoreError
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.store.check.judge import check
from tests.support.breaking import DAMAGES, as_others, damage
from tests.support.faults import LONG
from tests.support.job import ended_at, running, until
from tests.support.judge import judge_sent
from tests.support.published import Published

pytestmark = [pytest.mark.engine, pytest.mark.timeout(600)]
WORKERS = (1, 2) if LONG else (2,)
FIRST, MORE = 60, 60
STORE_TIMEOUT_S = 3.0
TRIES = 3
"""After pauses of 0.5, 1 and 2 seconds `STORE_TIMEOUT_S` is over."""
STOP_S = 90.0
DAMAGED = (
    [(table, how) for table in ("rejects", "stories", "ledger") for how in DAMAGES]
    if LONG
    else [("stories", "garbage")]
)


class Case:
    """A job on a lake, and what was published to it."""

    def __init__(self, broker: EmbeddedBroker, root: Path, lake: Path, workers: int) -> None:
        self.lake = lake
        self._sent = Published(broker.bootstrap_servers)
        self._workers = workers
        self._log = root / "job.log"

    def stops(
        self, strike: Callable[[], object], says: str, more: int = MORE, prefix: Sequence[str] = ()
    ) -> None:
        """The job is at work, `strike` breaks the lake: it ends in time, and says why once."""
        servers, options = self._sent.servers, ("--workers", str(self._workers))
        self._sent.more(FIRST)
        with running(servers, self.lake, self._log, *options, prefix=prefix) as job:
            until(lambda: ended_at(self.lake) >= FIRST, 240)
            strike()
            begin = len(self._log.read_text())
            self._sent.more(more)
            code = job.wait(STOP_S)
        told = self._log.read_text()[begin:]
        assert code == StoreError.exit_code, told
        assert_told_once(told, says, self._workers)

    def goes_on(self, fault: str) -> None:
        """After the repair: the lake is whole as it is; a job that starts now does the rest."""
        report = check(str(self.lake))
        assert report.ok, report.findings
        before, begin_s = ended_at(self.lake), time.monotonic()
        servers, options = self._sent.servers, ("--workers", str(self._workers))
        with running(servers, self.lake, self._log, *options, "--until-caught-up") as job:
            until(lambda: ended_at(self.lake) > before, 240)
            resume_s = time.monotonic() - begin_s
            assert job.wait(240) == 0, self._log.read_text()[-3000:]
        judge_sent(self.lake, {f"{fault}, whole job": (1, resume_s)}, self._sent.records)


def assert_told_once(told: str, says: str, workers: int) -> None:
    """Tries with growing pauses; then one error in the log, and the same as the command's line."""
    lines = told.splitlines()
    plain = [line for line in lines if not line.startswith("{")]
    assert plain == lines[-1:], told
    assert plain[0].startswith("error: ")
    assert says.lower() in plain[0].lower()
    logged = [json.loads(line) for line in lines[:-1]]
    assert [(e["event"], e["exit_code"]) for e in logged if e["level"] == "error"] == [
        ("the job stops", StoreError.exit_code)
    ]
    warned = [e["event"] for e in logged if e["level"] == "warning"]
    assert set(warned) == {"the store fails, trying again"}
    assert len(warned) <= TRIES * workers


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A job that gives the store up after seconds, with batches so small that it is mid-work.

    In the short form stories are enriched where the disk is to fill up, which takes much writing.
    """
    filled = (test_the_disk_fills_up, test_a_disk_that_is_full_is_grown_under_the_job)
    if not LONG and request.function not in filled:
        monkeypatch.setenv("DATELINE_ENRICH__MODE", "none")
    monkeypatch.setenv("DATELINE_LAKE__STORE_TIMEOUT_S", str(STORE_TIMEOUT_S))
    monkeypatch.setenv("DATELINE_BATCH__MAX_RECORDS", "20")


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


@pytest.mark.parametrize("workers", WORKERS)
def test_the_disk_fills_up(
    small_disk: Path, tmp_path: Path, broker: EmbeddedBroker, workers: int
) -> None:
    """By the job's own work."""
    case = Case(broker, tmp_path, small_disk / "lake", workers)
    case.stops(lambda: None, "no space left", more=500)
    mount("-o", "remount,size=200m", str(small_disk))
    case.goes_on("disk full")


def test_a_disk_that_is_full_is_grown_under_the_job(
    small_disk: Path, tmp_path: Path, broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within `lake.store_timeout_s` nobody has to start anything again."""
    monkeypatch.setenv("DATELINE_LAKE__STORE_TIMEOUT_S", "300")
    lake, log = small_disk / "lake", tmp_path / "job.log"
    sent = Published(broker.bootstrap_servers)
    sent.more(FIRST + 500)
    with running(sent.servers, lake, log, "--until-caught-up") as job:
        until(lambda: "the store fails, trying again" in log.read_text(), 240)
        begin_s, before = time.monotonic(), ended_at(lake)
        mount("-o", "remount,size=200m", str(small_disk))
        until(lambda: ended_at(lake) > before, 240)
        resume_s = time.monotonic() - begin_s
        assert job.wait(240) == 0, log.read_text()[-3000:]
    assert "the job stops" not in log.read_text()
    judge_sent(lake, {"disk full, grown under the job": (1, resume_s)}, sent.records)


@pytest.mark.parametrize("workers", WORKERS)
def test_the_lake_becomes_read_only(
    small_disk: Path, tmp_path: Path, broker: EmbeddedBroker, workers: int
) -> None:
    """Files that are open for writing forbid a remount: it is mounted over itself instead."""
    disk = str(small_disk)

    def strike() -> None:
        mount("--bind", disk, disk)
        mount("-o", "remount,bind,ro", disk)

    mount("-o", "remount,size=200m", disk)
    case = Case(broker, tmp_path, small_disk / "lake", workers)
    case.stops(strike, "read-only")
    subprocess.run(["umount", "-l", disk], check=True)
    case.goes_on("read-only lake")


@pytest.mark.parametrize("workers", WORKERS)
def test_permission_is_denied(tmp_path: Path, broker: EmbeddedBroker, workers: int) -> None:
    """Folders that may suddenly be read and not written."""
    drop, lake = as_others(), tmp_path / "lake"

    def allow(mode: int) -> None:
        for folder in [lake, *(path for path in lake.rglob("*") if path.is_dir())]:
            folder.chmod(mode)

    case = Case(broker, tmp_path, lake, workers)
    case.stops(lambda: allow(0o555), "permission denied", prefix=drop)
    allow(0o755)
    case.goes_on("permission denied")


@pytest.mark.parametrize("workers", WORKERS)
def test_the_lake_is_removed(tmp_path: Path, broker: EmbeddedBroker, workers: int) -> None:
    """Nothing is begun in its place."""
    lake, away = tmp_path / "lake", tmp_path / "away"
    case = Case(broker, tmp_path, lake, workers)
    case.stops(lambda: lake.rename(away), "is gone")
    assert not lake.exists()
    away.rename(lake)
    case.goes_on("lake directory removed while running")


@pytest.mark.parametrize(("table", "how"), DAMAGED)
def test_the_last_entry_of_a_log_is_damaged(
    tmp_path: Path, broker: EmbeddedBroker, table: str, how: str
) -> None:
    """An entry that the job has read already, or written itself."""
    case = Case(broker, tmp_path, tmp_path / "lake", 1)
    entries: list[tuple[Path, bytes]] = []

    def strike() -> None:
        entries.append(damage(case.lake / table, how))

    case.stops(strike, table)
    for entry, whole in entries:
        entry.write_bytes(whole)
    case.goes_on("damaged log entry")
