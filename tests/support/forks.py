"""Processes that are forked off a server which has imported everything, and so start at once.

What such a process is worth in a test is that it can be killed or frozen anywhere, which holds for
these as for any other: only the seconds of processor time for imports, lists and models are spent
once. `pipeline.forks` has the server, one a test process; here its children write to files.
"""

from __future__ import annotations

import atexit
from collections.abc import Sequence
from contextlib import chdir
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from pipeline.forks import Forked, ForkServer


class Process:
    """A child whose output is read once it has ended: its ways are those of `subprocess.Popen`.

    `out` takes both streams where it is given; `joined` has standard error in standard output.
    """

    def __init__(
        self,
        server: ForkServer,
        arguments: Sequence[str],
        *,
        joined: bool = False,
        out: IO[bytes] | None = None,
        stdin: bytes = b"",
    ) -> None:
        self._out: IO[bytes] = out or TemporaryFile()  # noqa: SIM115 (closed with the process's end)
        self._err: IO[bytes] = self._out if joined or out else TemporaryFile()  # noqa: SIM115
        with TemporaryFile() as given:
            given.write(stdin)
            given.seek(0)
            streams = (given.fileno(), self._out.fileno(), self._err.fileno())
            self._forked: Forked = server.start(arguments, streams)
        # Nothing is taken between the question and the waiting: there may be no second message.
        while self._forked.pid is None and self._forked.returncode is None:
            server.hear(60.0)
        self.pid: int = self._forked.pid or 0

    @property
    def returncode(self) -> int | None:
        """As `poll` found it last."""
        return self._forked.returncode

    def poll(self) -> int | None:
        """The exit code, minus the signal that killed it; None while it runs."""
        return self._forked.poll()

    def wait(self, timeout: float) -> int:
        """As `poll`, once it has ended. Raises `TimeoutExpired`."""
        return self._forked.wait(timeout)

    def communicate(self, timeout: float) -> tuple[str, str]:
        """What it wrote on standard output and on standard error, once it has ended."""
        self.wait(timeout)
        told = []
        for file in (self._out, self._err):
            if file.closed:  # both streams went into one
                told.append("")
                continue
            file.seek(0)
            told.append(file.read().decode())
            file.close()
        return told[0], told[1]

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            self._forked.send_signal(number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._forked.terminate()

    def kill(self) -> None:
        """Send SIGKILL."""
        self._forked.kill()


@cache
def server(module: str) -> ForkServer:
    """The server of this test process for `module`, started at first use."""
    # A test may stand in a folder of its own, where a new interpreter would not find `tests`.
    with chdir(_ROOT):
        started = ForkServer(module)
    _servers.append(started)
    atexit.register(started.close)
    return started


_ROOT = Path(__file__).resolve().parents[2]
_servers: list[ForkServer] = []


def spent_s() -> float:
    """Processor time of all forked processes that have ended: they are no children of this one."""
    return sum(each.children_cpu_s for each in _servers)
