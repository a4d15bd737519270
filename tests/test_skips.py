"""What lacks a program skips and says why; a run that needs all fails by it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TESTS = """
import pytest

@pytest.mark.java
def test_of_java(): pass

@pytest.mark.skip(reason="kubectl is not installed")
def test_of_kubectl(): pass

def test_of_nothing(): pass
"""


def ran(folder: Path, *options: str) -> tuple[int, str]:
    """The exit code and the words of a run of these tests where no program is."""
    (folder / "test_some.py").write_text(TESTS)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "tests.conftest", "--rootdir", str(folder)),
            *("-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", str(folder), *options),
        ],
        cwd=ROOT,
        env={**os.environ, "PATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("processes", ["0", pytest.param("2", marks=pytest.mark.long)])
def test_a_skip_fails_the_run_that_needs_all(tmp_path: Path, processes: str) -> None:
    """But for the reasons that `may_skip` allows."""
    code, told = ran(tmp_path, "--fail-on-skip", "-n", processes)
    assert "1 passed, 2 skipped" in told
    assert code == pytest.ExitCode.TESTS_FAILED
    unexpected = told.split("skipped, though this run needs all")[1].split("processor time")[0]
    assert "test_of_java: " in unexpected
    assert "needs Java and Maven" in unexpected
    assert "test_of_kubectl" not in unexpected


@pytest.mark.long
def test_elsewhere_it_is_told_and_no_more(tmp_path: Path) -> None:
    code, told = ran(tmp_path)
    assert code == pytest.ExitCode.OK
    assert "needs Java and Maven" in told


def test_allowed_skips_alone_pass(tmp_path: Path) -> None:
    code, told = ran(tmp_path, "--fail-on-skip", "-m", "not java")
    assert "1 passed, 1 skipped" in told
    assert code == pytest.ExitCode.OK
