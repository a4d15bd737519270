"""The job as a process, for tests that kill it, and a waiting that has a deadline."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from pipeline.store.read.snapshot import find_snapshot


class _Process:
    """A command with worker processes."""

    def __init__(
        self, log: Path, *arguments: str, prefix: Sequence[str] = (), **environment: str
    ) -> None:
        self._log = log.open("ab")
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "pipeline.cli", *arguments],
            stdout=self._log,
            stderr=self._log,
            env={**os.environ, **environment},
        )

    def workers(self) -> list[psutil.Process]:
        """The worker processes that run."""
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children()
        return []

    def worker_rss(self) -> list[float]:
        """The resident memory of each worker, in MB."""
        found = []
        for worker in self.workers():
            with suppress(psutil.NoSuchProcess):
                found.append(worker.memory_info().rss / 1024**2)
        return found

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


class JobProcess(_Process):
    """`dateline run` against a broker and a lake, with its workers.

    `prefix` is a command that runs it, `setpriv …` for one.
    """

    def __init__(
        self,
        bootstrap_servers: str,
        lake: Path,
        log: Path,
        *options: str,
        prefix: Sequence[str] = (),
    ) -> None:
        super().__init__(
            log,
            *("run", "--bootstrap-servers", bootstrap_servers, "--topic", "wire"),
            *("--lake", str(lake), "--flush-interval-s", "0.2", "--log-level", "info"),
            *options,
            prefix=prefix,
        )


class ReplayProcess(_Process):
    """`dateline replay` of an archive into a lake, with its workers."""

    def __init__(
        self,
        archive: Path,
        lake: Path,
        log: Path,
        *options: str,
        workers: int,
        part_records: int = 2000,
        **environment: str,
    ) -> None:
        super().__init__(
            log,
            *("replay", str(archive), "--lake", str(lake), "--workers", str(workers)),
            *("--log-level", "info", "--json", *options),
            DATELINE_REPLAY__PART_RECORDS=str(part_records),
            **environment,
        )


def ended_at(lake: Path) -> int:
    """How many records of all sources the ledger has; 0 before there is a lake."""
    snapshot = find_snapshot(str(lake), tables=("ledger",))
    if snapshot is None:
        return 0
    rows = snapshot.dataset("ledger").to_table(["records"])
    return sum(rows.column(0).to_pylist())


@contextmanager
def running(*arguments: object, prefix: Sequence[str] = ()) -> Iterator[JobProcess]:
    """A job that is killed at the end of the block, if it still runs."""
    job = JobProcess(*arguments, prefix=prefix)  # type: ignore[arg-type]
    try:
        yield job
    finally:
        if job.process.poll() is None:
            job.kill()


def until(condition: Callable[[], bool], timeout_s: float) -> None:
    """Poll until `condition` holds; fails after `timeout_s`.

    A look at the lake costs what the job then lacks: the pauses are three times as long.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        begin_s = time.monotonic()
        if condition():
            return
        end_s = time.monotonic()
        assert end_s < deadline, "not in time"
        time.sleep(max(0.05, min(0.5, 3 * (end_s - begin_s))))
