"""The job as a process, for tests that kill it, and a waiting that has a deadline."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil


class JobProcess:
    """`dateline run` against a broker and a lake, with its workers."""

    def __init__(self, bootstrap_servers: str, lake: Path, log: Path, *options: str) -> None:
        self._log = log.open("ab")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pipeline.cli", "run"),
                *("--bootstrap-servers", bootstrap_servers, "--topic", "wire"),
                *("--lake", str(lake), "--flush-interval-s", "0.2", "--log-level", "info"),
                *options,
            ],
            stdout=self._log,
            stderr=self._log,
        )

    def kill(self) -> None:
        """SIGKILL to the supervisor and its workers."""
        root = psutil.Process(self.process.pid)
        everyone = [root]
        with suppress(psutil.NoSuchProcess):
            everyone += root.children(recursive=True)
        for process in everyone:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        self.process.wait(30)
        psutil.wait_procs(everyone, timeout=30)
        self._log.close()

    def wait(self, timeout_s: float) -> int:
        """The exit code."""
        code = self.process.wait(timeout_s)
        self._log.close()
        return code


@contextmanager
def running(*arguments: object, **_: object) -> Iterator[JobProcess]:
    """A job that is killed at the end of the block, if it still runs."""
    job = JobProcess(*arguments)  # type: ignore[arg-type]
    try:
        yield job
    finally:
        if job.process.poll() is None:
            job.kill()


def until(condition: Callable[[], bool], timeout_s: float) -> None:
    """Poll until `condition` holds; fails after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.05)
