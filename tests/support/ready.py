"""The command line in processes that are forked off one which has loaded all that a job loads.

A job costs its own work then: not the three seconds of processor time that Beam, the lists and the
models take to load, in the command and again in its fork server. What is changed for that is one
thing: the command's fork server is forked off before the command begins, in place of a new
interpreter.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from pipeline import forks, supervise
from pipeline.beam import worker
from pipeline.config import load
from tests.support.forks import Process, server


def command(*arguments: str, env: Mapping[str, str] | None = None, **streams: Any) -> Process:
    """`dateline` with these arguments, `env` on top of this process's variables."""
    order = {
        "environment": {**os.environ, **(env or {})},
        "folder": str(Path.cwd()),
        "arguments": arguments,
    }
    return Process(server(__name__), [json.dumps(order)], **streams)


def load_shared(order: object) -> None:
    """Load what a job loads."""
    settings = load(None, {}).model_dump(mode="json")
    worker.load_shared({"log_level": "info", "log_json": None, "settings": settings})


def main(arguments: Sequence[str]) -> int:
    """Be the command that the order names."""
    from pipeline.cli import main as dateline

    told = json.loads(arguments[0])
    os.environ.clear()
    os.environ.update(told["environment"])
    os.chdir(told["folder"])
    _Ready.first = _fork()
    supervise.ForkServer = _Ready  # type: ignore[misc]
    sys.argv = ["dateline", *told["arguments"]]
    dateline()
    return 0


def _fork() -> tuple[int, socket.socket]:
    """Fork a server off this process, as long as it has one thread and has opened no lake.

    It serves whoever holds the other end of the socket that is sent to it.
    """
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    pid = os.fork()
    if pid:
        its.close()
        return pid, ours
    try:
        ours.close()
        _, (asked,), _, _ = socket.recv_fds(its, 1, 1)
        os.setsid()
        its.close()
        forks.fork_children(SimpleNamespace(main=worker.main), None, socket.socket(fileno=asked))
    except ValueError:  # nobody wanted it
        pass
    finally:
        os._exit(0)


class _Ready(forks.ForkServer):
    """The fork server of a command; the first one stands ready."""

    first: tuple[int, socket.socket] | None = None

    def _begin(self, module: str, order: object, its: socket.socket) -> Any:
        if self.first is None:
            return super()._begin(module, order, its)
        pid, ready = self.first
        type(self).first = None
        with ready:
            socket.send_fds(ready, [b"1"], [its.fileno()])
        return _Child(pid)


class _Child:
    """As much of `subprocess.Popen` as a fork server uses of its process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> None:
        os.waitpid(self.pid, 0)
