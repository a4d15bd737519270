"""Processes that are started, watched and ended by their id; each logs to a file of its own."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

_STOP_S = 20.0
_LOG_TAIL_LINES = 15
_FIRST_PORT, _PORTS = 20_000, 12_000
_given: set[int] = set()


@dataclass
class Process:
    """One program: may be started, killed, paused and started again."""

    name: str
    command: Sequence[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    popen: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        running = self.popen is not None and self.popen.poll() is None
        return self.popen.pid if self.popen is not None and running else None

    def start(self) -> None:
        """Start it, its output added to the log."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.env},
                start_new_session=True,
            )

    def signal(self, number: int) -> None:
        """Send a signal, if it runs."""
        if (pid := self.pid) is not None:
            os.kill(pid, number)

    def kill(self) -> None:
        """SIGKILL, and wait for the end."""
        self.signal(signal.SIGKILL)
        if self.popen is not None:
            self.popen.wait(_STOP_S)

    def stop(self) -> None:
        """SIGTERM, after a while SIGKILL."""
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        if self.popen is not None:
            try:
                self.popen.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()

    def tail(self) -> str:
        """The last lines of its log."""
        if not self.log.is_file():
            return ""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-_LOG_TAIL_LINES:])


class Cluster(ABC):
    """Processes that belong together: started on entering a `with` block, ended on leaving it."""

    @abstractmethod
    def start(self) -> None:
        """Start all of them and wait until they answer."""

    @abstractmethod
    def stop(self) -> None:
        """End all of them, whichever run."""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def wait_for_port(process: Process, port: int, timeout_s: float) -> None:
    """Until `port` of loopback answers. Raises `RuntimeError` with the end of the log otherwise."""
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        if process.pid is None:
            raise RuntimeError(f"{process.name} ended at once:\n{process.tail()}")
        with socket.socket() as probe:
            probe.settimeout(1.0)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{process.name} does not answer on port {port}:\n{process.tail()}")


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on now, below the range of outgoing connections.

    None is given out twice by one process.
    """
    found: list[int] = []
    while len(found) < count:
        candidate = _FIRST_PORT + random.randrange(_PORTS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", candidate))
            except OSError:
                continue
        if candidate not in _given:
            _given.add(candidate)
            found.append(candidate)
    return found
