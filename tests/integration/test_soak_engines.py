"""The long soak of `make soak-engines`, in a short form: Prism and Flink under a steady load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATHS = (ROOT, ROOT / "deploy" / "local-cluster")
WAIT_S = 1200.0

pytestmark = [pytest.mark.engine, pytest.mark.long, pytest.mark.java]


@pytest.mark.parametrize("engine", [pytest.param("prism", marks=pytest.mark.go), "flink-1"])
def test_everything_lands_once_beside_upkeep_a_reader_and_a_kill(engine: str) -> None:
    """Six minutes are too short for a slope of memory, which the long form prints; Beam's own
    time-out of a job on Prism are five."""
    command = [sys.executable, str(ROOT / "bench" / "soak_engines.py"), "--engines", engine]
    done = subprocess.run(
        [*command, *("--minutes", "6", "--records-per-s", "5", "--kills", "1")],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, PATHS))},
        check=False,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    found = json.loads(done.stdout)
    assert (found["check_ok"], found["lost"], found["reads_or_upkeep_that_failed"]) == (True, 0, [])
    assert found["records"] >= 1800 and found["kills"] == 1
