"""Processes that are forked off a server which has imported everything, and so start at once.

What such a process is worth in a test is that it can be killed or frozen anywhere, which holds for
these as for any other: only the second of processor time for the imports is spent once. The server
has one thread and opens nothing of a lake, so that each child begins as a fresh process does. It
ends with the test process, and tells of each child how it ended and what it cost.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from functools import cache
from tempfile import TemporaryFile
from typing import IO

_MESSAGE_BYTES = 1 << 16


class Forked:
    """A process of the server's: its ways are those of `subprocess.Popen`."""

    def __init__(self, server: Server, arguments: Sequence[str], *, joined: bool = False) -> None:
        self._server = server
        self._out: IO[bytes] = TemporaryFile()  # noqa: SIM115 (closed with the process's end)
        self._err: IO[bytes] = self._out if joined else TemporaryFile()  # noqa: SIM115
        self.returncode: int | None = None
        self.pid = server.start(arguments, self._out.fileno(), self._err.fileno())

    def poll(self) -> int | None:
        """The exit code, minus the signal that killed it; None while it runs."""
        if self.returncode is None:
            self.returncode = self._server.ended(self.pid, 0)
        return self.returncode

    def wait(self, timeout: float) -> int:
        """As `poll`, once it has ended. Raises `TimeoutExpired`."""
        if self.returncode is None:
            self.returncode = self._server.ended(self.pid, timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(str(self.pid), timeout)
        return self.returncode

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
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


class Server:
    """The server as its test process sees it; `module` has a `main(arguments)` to be called."""

    def __init__(self, module: str) -> None:
        self._socket, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._codes: dict[int, int] = {}
        self._pids: list[int] = []
        self.spent_s = 0.0
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forks", module, str(its.fileno())],
            pass_fds=[its.fileno()],
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        )
        its.close()

    def start(self, arguments: Sequence[str], out: int, err: int) -> int:
        """Start a process that writes to the two files; its id."""
        socket.send_fds(self._socket, [json.dumps(list(arguments)).encode()], [out, err])
        while not self._pids:
            self._hear(None)
        return self._pids.pop()

    def ended(self, pid: int, timeout_s: float) -> int | None:
        """The exit code of a process, None where it has not ended in time."""
        end_s = time.monotonic() + timeout_s
        while pid not in self._codes:
            left_s = max(0.0, end_s - time.monotonic())
            if not self._hear(left_s):
                return self._codes.get(pid)
        return self._codes[pid]

    def close(self) -> None:
        """End the server."""
        self._socket.close()
        self._process.wait(30)

    def _hear(self, timeout_s: float | None) -> bool:
        """Take what the server tells next; False where it tells nothing in time."""
        if not select.select([self._socket], [], [], timeout_s)[0]:
            return False
        heard = self._socket.recv(_MESSAGE_BYTES)
        assert heard, "the server of forked processes is gone"
        told = json.loads(heard)
        if "code" in told:
            self._codes[told["pid"]] = told["code"]
            self.spent_s += told["spent_s"]
        else:
            # The number may have been that of a process that ended long ago.
            self._codes.pop(told["pid"], None)
            self._pids.append(told["pid"])
        return True


@cache
def server(module: str) -> Server:
    """The server of this test process for `module`, started at first use."""
    started = Server(module)
    _servers.append(started)
    atexit.register(started.close)
    return started


_servers: list[Server] = []


def spent_s() -> float:
    """Processor time of all forked processes that have ended: they are no children of this one."""
    return sum(each.spent_s for each in _servers)


def serve(asked: socket.socket, main: Callable[[Sequence[str]], int]) -> None:
    """Fork a process for each order that comes, until the other side closes."""
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    gc.collect()
    gc.freeze()
    while True:
        ready, _, _ = select.select([asked, woken], [], [])
        if woken in ready:
            os.read(woken, _MESSAGE_BYTES)
            _tell_of_the_ended(asked)
        if asked in ready:
            order, files, _, _ = socket.recv_fds(asked, _MESSAGE_BYTES, 2)
            if not order:
                return
            pid = os.fork()
            if pid == 0:
                asked.close()
                signal.set_wakeup_fd(-1)
                os.close(woken)
                os.close(wake)
                _become(main, json.loads(order), files)
            for file in files:
                os.close(file)
            asked.send(json.dumps({"pid": pid}).encode())


def _tell_of_the_ended(asked: socket.socket) -> None:
    while True:
        try:
            pid, status, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        cost_s = used.ru_utime + used.ru_stime
        code = os.waitstatus_to_exitcode(status)
        asked.send(json.dumps({"pid": pid, "code": code, "spent_s": cost_s}).encode())


def _become(main: Callable[[Sequence[str]], int], order: Sequence[str], files: list[int]) -> None:
    """Do the order in this forked process, and end it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for file, stream in zip(files, (1, 2), strict=True):
        os.dup2(file, stream)
        os.close(file)
    code = 1
    try:
        code = main(order)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # as the interpreter does: told, and exit code 1
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    from importlib import import_module

    # Ctrl-C is for the test process, which then closes its side.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(socket.socket(fileno=int(sys.argv[2])), import_module(sys.argv[1]).main)
