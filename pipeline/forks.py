"""A fork server: a process that has loaded what its children need, and forks each off itself.

A child begins where its server stands: in milliseconds in place of the seconds that imports, lists
and models take, and all share the memory that nobody writes to. A server has one thread and opens
no lake and no connection, so that a child begins as a fresh process does. It ends with whoever
started it, and tells how each child ended.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

_MESSAGE_BYTES = 1 << 16
_STREAMS = (0, 1, 2)
_KILLED = -signal.SIGKILL

OF_A_WORKER: Mapping[str, str] = {
    # A child is one core's work: the matrices are too small for more threads (measured: 1.9 times
    # the stock pipeline with one, 1.1 times with two).
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # Arrow's own allocator keeps what its threads held of files (measured over 600 commits beside
    # compaction: 60 MB more, and growing; nothing this way).
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    # glibc gives up to eight arenas a core to the threads that read and write files, and each keeps
    # what it held (measured over 100,000 stories written: 265 MB, 256 with two; no time lost).
    "MALLOC_ARENA_MAX": "2",
}
"""The environment of a process that works for long, where its operator says nothing else."""


def module_command(module: str, *arguments: str) -> list[str]:
    """Return the command that runs a module of ours in a process of its own.

    It looks for modules where this process does. Python's `-m` alone looks into the working folder
    first: who works in a folder of strangers would run a `json.py` or `kafka.py` that lies there.
    """
    with suppress(FileNotFoundError):  # the folder is gone: nothing is found there
        if {"", str(Path.cwd())} & set(sys.path):
            return [sys.executable, "-m", module, *arguments]
    return [sys.executable, "-P", "-m", module, *arguments]


class Main(Protocol):
    """What the children of a fork server run: a module as a rule."""

    def main(self, arguments: Sequence[str], /) -> int:
        """Be a child; its exit code."""
        ...


class ForkServer:
    """A server of one module, as the process that started it sees it; for several threads.

    `module` has a `main(arguments)` that returns the exit code of a child. A `load_shared(order)`,
    if it has one, is called once, before the first child is forked.
    """

    def __init__(self, module: str, order: object = None) -> None:
        self._socket, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.RLock()
        self._asked_for: deque[Forked] = deque()
        self._running: dict[int, Forked] = {}
        self.is_gone = False
        self.children_cpu_s = 0.0
        """Processor time of the children that have ended, in seconds."""
        with its:
            self._process = self._begin(module, order, its)

    @property
    def pid(self) -> int:
        """The server's own process id."""
        return self._process.pid

    def start(self, arguments: Sequence[str], streams: tuple[int, int, int]) -> Forked:
        """Start a child with these descriptors for standard input, output and error.

        It comes back at once. Where the server is gone, the child has ended as if killed. Raises
        ValueError for arguments of more than 64 KiB.
        """
        message = json.dumps(list(arguments)).encode()
        if len(message) > _MESSAGE_BYTES:
            raise ValueError("the arguments are too long")
        forked = Forked(self, self._lock)
        with self._lock:
            self._asked_for.append(forked)
            try:
                socket.send_fds(self._socket, [message], streams)
            except OSError:
                self._end_all()
        return forked

    def hear(self, timeout_s: float = 0.0) -> bool:
        """Take what the server tells next; False where it tells nothing in time."""
        with self._lock:
            if self.is_gone or not select.select([self._socket], [], [], timeout_s)[0]:
                return False
            try:
                fact = self._socket.recv(_MESSAGE_BYTES)
            except OSError:
                fact = b""
            if fact:
                self._take(json.loads(fact))
            else:
                self._end_all()
            return True

    def close(self) -> None:
        """End the server, and the children that still run."""
        with self._lock:
            self._process.kill()
            self._end_all()

    def _begin(self, module: str, order: object, its: socket.socket) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            module_command("pipeline.forks", module, str(its.fileno())),
            stdin=subprocess.PIPE,
            pass_fds=[its.fileno()],
            # Its own session: Ctrl-C is for the process that started it.
            start_new_session=True,
            env={**OF_A_WORKER, **os.environ},
        )
        if process.stdin is not None:
            with suppress(BrokenPipeError), process.stdin as its_input:
                its_input.write(json.dumps(order).encode())
        return process

    def _take(self, fact: Mapping[str, Any]) -> None:
        pid = fact["pid"]
        if "code" in fact:
            self.children_cpu_s += fact["cpu_s"]
            self._running.pop(pid).end(fact["code"])
        else:
            self._running[pid] = forked = self._asked_for.popleft()
            forked.begin(pid)

    def _end_all(self) -> None:
        """End all children: the server is gone, and nobody tells any more how they end."""
        self.is_gone = True
        self._socket.close()
        self._process.wait()
        for forked in (*self._running.values(), *self._asked_for):
            forked.send_signal(signal.SIGKILL)
            forked.end(_KILLED)
        self._running.clear()
        self._asked_for.clear()


class Forked:
    """A child of a fork server: its ways are those of `subprocess.Popen`."""

    def __init__(self, server: ForkServer, lock: threading.RLock) -> None:
        self._server, self._lock = server, lock
        self._handle: int | None = None
        self._early: list[int] = []
        self.pid: int | None = None
        """Its process id; None until the server has told it."""
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, minus the signal that killed it; None while it runs."""
        while self.returncode is None and self._server.hear():
            pass
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, then return as `poll`. Raises `subprocess.TimeoutExpired`."""
        end_s = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            left_s = 1.0 if end_s is None else end_s - time.monotonic()
            if left_s <= 0:
                raise subprocess.TimeoutExpired(f"the process {self.pid}", timeout or 0.0)
            # Not for long: another thread may take what is told.
            self._server.hear(min(left_s, 0.1))
        return self.poll() or 0

    def send_signal(self, number: int) -> None:
        """Send a signal; nothing happens where the process has ended."""
        with self._lock:
            if self.returncode is not None:
                return
            if self._handle is None:
                self._early.append(number)
                return
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def begin(self, pid: int) -> None:
        """Take in that the server has forked it; under the server's lock, as `end`."""
        self.pid = pid
        # The number alone may be another process's by the time of a signal.
        with suppress(ProcessLookupError):
            self._handle = os.pidfd_open(pid)
        for number in self._early:
            self.send_signal(number)

    def end(self, code: int) -> None:
        """Take in how it ended."""
        self.returncode = code
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def fork_children(module: Main, order: object, asked: socket.socket) -> None:
    """Be a fork server: fork a child whenever one is asked for, until the other side closes."""
    load = getattr(module, "load_shared", None)
    if load is not None:
        load(order)
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    # What stands now is nobody's garbage: children do not look through it, nor write to its pages.
    gc.collect()
    gc.freeze()
    heard: list[socket.socket | int] = [asked, woken]
    while True:
        ready, _, _ = select.select(heard, [], [])
        if woken in ready:
            os.read(woken, _MESSAGE_BYTES)
            _tell_of_the_ended(asked)
        if asked in ready:
            arguments, streams, _, _ = socket.recv_fds(asked, _MESSAGE_BYTES, len(_STREAMS))
            if not arguments:
                return
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                for each in (asked.detach(), woken, wake):
                    os.close(each)
                _become(module, json.loads(arguments), streams)
            for each in streams:
                os.close(each)
            _tell(asked, pid=pid)


def _tell(asked: socket.socket, **fact: float) -> None:
    with suppress(BrokenPipeError):  # nobody listens: the next look at `asked` sees it
        asked.send(json.dumps(fact).encode())


def _tell_of_the_ended(asked: socket.socket) -> None:
    while True:
        try:
            pid, status, used = os.wait4(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        cpu_s = used.ru_utime + used.ru_stime
        _tell(asked, pid=pid, code=os.waitstatus_to_exitcode(status), cpu_s=cpu_s)


def _become(module: Main, arguments: Sequence[str], streams: Sequence[int]) -> None:
    """Do in this forked process what it was started for, and end it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    for each, stream in zip(streams, _STREAMS, strict=True):
        os.dup2(each, stream)
        os.close(each)
    code = 1
    try:
        code = module.main(arguments)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:  # as the interpreter does: told, and exit code 1
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _main(name: str, descriptor: str) -> None:
    with open(0, closefd=False) as given:
        order = json.load(given)
    fork_children(cast(Main, import_module(name)), order, socket.socket(fileno=int(descriptor)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
