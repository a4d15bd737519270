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
from tests.support import ready
from tests.support.forks import Process


class _Process:
    """A command with worker processes.

    Forked off one that stands ready; `fresh` begins with the interpreter, as a user's does.
    """

    def __init__(
        self,
        log: Path,
        *arguments: str,
        prefix: Sequence[str] = (),
        fresh: bool = False,
        **environment: str,
    ) -> None:
        self._log = log.open("ab")
        self.process: subprocess.Popen[bytes] | Process
        if prefix or fresh:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "pipeline.cli", *arguments],
                stdout=self._log,
                stderr=self._log,
                env={**os.environ, **environment},
            )
        else:
            self.process = ready.command(*arguments, env=environment, out=self._log)

    def workers(self) -> list[psutil.Process]:
        """The worker processes that run."""
        return workers(self.process.pid)

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
        fresh: bool = False,
    ) -> None:
        super().__init__(
            log,
            *("run", "--bootstrap-servers", bootstrap_servers, "--topic", "wire"),
            *("--lake", str(lake), "--flush-interval-s", "0.2", "--log-level", "info"),
            *options,
            prefix=prefix,
            fresh=fresh,
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
        fresh: bool = False,
        **environment: str,
    ) -> None:
        super().__init__(
            log,
            *("replay", str(archive), "--lake", str(lake), "--workers", str(workers)),
            *("--log-level", "info", "--json", *options),
            fresh=fresh,
            DATELINE_REPLAY__PART_RECORDS=str(part_records),
            **environment,
        )


def workers(pid: int) -> list[psutil.Process]:
    """The worker processes of a job: the children of its fork server."""
    with suppress(psutil.NoSuchProcess):
        return [worker for server in psutil.Process(pid).children() for worker in server.children()]
    return []


def ended_at(lake: Path) -> int:
    """How many records of all sources the ledger has; 0 before there is a lake."""
    snapshot = find_snapshot(str(lake), tables=("ledger",))
    if snapshot is None:
        return 0
    rows = snapshot.dataset("ledger").to_table(["records"])
    return sum(rows.column(0).to_pylist())


@contextmanager
def running(
    *arguments: object, prefix: Sequence[str] = (), fresh: bool = False
) -> Iterator[JobProcess]:
    """A job that is killed at the end of the block, if it still runs."""
    job = JobProcess(*arguments, prefix=prefix, fresh=fresh)  # type: ignore[arg-type]
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
