"""The lake's storage fails: one clear line, exit code 12, and after the repair it goes on."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from pipeline.store.check.judge import check
from tests.integration.faults.test_store_kills import is_frozen, judged
from tests.support.breaking import DAMAGES, as_others, damage
from tests.support.job import until
from tests.support.writing import command, started
from tests.support.writing import ran as run

pytestmark = pytest.mark.engine


def remount(disk: Path, options: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{options}", str(disk)], check=True)


def assert_one_line(ended: subprocess.CompletedProcess[str], says: str = "") -> None:
    lines = ended.stderr.strip().splitlines()
    assert (ended.returncode, len(lines)) == (12, 1), ended.stderr
    assert says.lower() in lines[0].lower()


def resumed_s(lake: Path, records: int) -> float:
    begin_s = time.monotonic()
    again = run(lake, "write", "--records", str(records), "--batch", "10")
    assert again.returncode == 0, again.stderr
    run(lake, "clean")
    return time.monotonic() - begin_s


def test_the_disk_is_full(small_disk: Path) -> None:
    """Whatever it was writing: what is visible is what was committed."""
    lake = small_disk / "lake"
    full = run(lake, "write", "--records", "400", "--batch", "5")
    assert_one_line(full, "no space left")
    report = check(str(lake))
    assert report.ok, report.findings
    remount(small_disk, "size=200m")
    judged(lake, "disk full", 1, 400, resumed_s(lake, 400))


def test_the_lake_is_read_only(small_disk: Path) -> None:
    remount(small_disk, "size=50m")
    lake = small_disk / "lake"
    assert run(lake, "write", "--records", "20").returncode == 0
    remount(small_disk, "ro")
    assert_one_line(run(lake, "write", "--records", "40"), "read-only")
    remount(small_disk, "rw")
    judged(lake, "read-only lake", 1, 40, resumed_s(lake, 40))


def test_permission_is_denied(tmp_path: Path) -> None:
    """Folders that may be read and not written."""
    drop, lake = as_others(), tmp_path / "lake"
    assert run(lake, "write", "--records", "20").returncode == 0
    folders = [lake, *(path for path in lake.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    denied = subprocess.run(
        [*drop, *command(lake, "write", "--records", "40")],
        capture_output=True,
        text=True,
        check=False,
    )
    for folder in folders:
        folder.chmod(0o755)
    assert_one_line(denied, "permission denied")
    judged(lake, "permission denied", 1, 40, resumed_s(lake, 40))


@pytest.mark.parametrize("point", ["rejects.begin", "stories.begin", "ledger.log"])
def test_the_lake_is_removed_under_a_running_job(tmp_path: Path, point: str) -> None:
    """It does not begin a new one in its place; back in place, it goes on."""
    lake, away = tmp_path / "lake", tmp_path / "away"
    assert run(lake, "write", "--records", "20").returncode == 0
    frozen = started(lake, "write", "--records", "40", "--point", point, "--signal", "STOP")
    until(lambda: is_frozen(frozen), 60)
    lake.rename(away)
    frozen.send_signal(signal.SIGCONT)
    _, stderr = frozen.communicate(timeout=60)
    assert (frozen.returncode, len(stderr.strip().splitlines())) == (12, 1), stderr
    assert not list(lake.glob("*/date=*/**/*.parquet"))
    shutil.rmtree(lake, ignore_errors=True)
    away.rename(lake)
    judged(lake, "lake directory removed while running", 1, 40, resumed_s(lake, 40))


@pytest.mark.breaks_files
def test_a_half_written_file_of_another_program_stands_in_the_lake(tmp_path: Path) -> None:
    """It is no part of any table: the job goes on, the check names it, and clean-up leaves it."""
    assert run(tmp_path, "write", "--records", "20").returncode == 0
    whole = next((tmp_path / "stories").glob("date=*/region=*/*.parquet"))
    half = whole.with_name("half.parquet")
    half.write_bytes(whole.read_bytes()[:1000])
    resume_s = resumed_s(tmp_path, 40)
    assert run(tmp_path, "compact").returncode == 0
    assert half.exists()
    assert check(str(tmp_path)).counts["unreadable_file"] == 1
    half.unlink()
    judged(tmp_path, "half-written Parquet file in the lake", 1, 40, resume_s)


@pytest.mark.parametrize("table", ["rejects", "stories", "ledger"])
@pytest.mark.parametrize("how", DAMAGES)
def test_the_last_entry_of_a_log_is_damaged(tmp_path: Path, table: str, how: str) -> None:
    """delta-rs itself takes an empty entry for an empty commit."""
    assert run(tmp_path, "write", "--records", "20").returncode == 0
    entry, whole = damage(tmp_path / table, how)
    assert_one_line(run(tmp_path, "write", "--records", "40"), table)
    entry.write_bytes(whole)
    judged(tmp_path, "damaged log entry", 1, 40, resumed_s(tmp_path, 40))
