"""A worker process by itself: what becomes of it without its supervisor."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.config import load

pytestmark = pytest.mark.engine

HANGING = """
import sys, time
import pipeline.job
def prepare(self):
    print("hangs", file=sys.stderr, flush=True)
    while True:
        sum(range(1000))
        time.sleep(0.01)  # so that others may run meanwhile
pipeline.job.Job.prepare = prepare
from pipeline.beam.worker import main
sys.exit(main())
"""


def test_a_worker_without_its_supervisor_ends_whatever_it_does(tmp_path: Path) -> None:
    """One that spins, and heeds no event, is gone within seconds."""
    order = {
        "settings": load(None, {"lake": {"url": str(tmp_path / "lake")}}).model_dump(mode="json"),
        "log_level": "info",
        "log_json": None,
        "groups": [0],
        "until_caught_up": False,
    }
    worker = subprocess.Popen(
        [sys.executable, "-c", HANGING],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert worker.stdin is not None and worker.stderr is not None
    worker.stdin.write(json.dumps(order) + "\n")
    worker.stdin.flush()
    assert any("hangs" in line for line in worker.stderr)
    begin_s = time.monotonic()
    worker.stdin.close()
    assert worker.wait(120) == 15
    assert time.monotonic() - begin_s < 60
    worker.stderr.close()
