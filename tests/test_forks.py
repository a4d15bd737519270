# ruff: noqa: T201 (children print: that is what is read of them)
"""The fork server: its children end as processes do, and with it; they share what it loaded."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil
import pytest

from pipeline.forks import ForkServer
from tests.support.forks import Process

_PYTHON = (sys.executable, "-c")
_loaded: list[object] = []


def load_shared(order: object) -> None:
    """Load what the children find: called in the server."""
    if order == "for long":
        time.sleep(600)
    _loaded.append(order)


def main(arguments: Sequence[str]) -> int:
    """Tell where it runs, and end as asked: a child's."""
    print(json.dumps([_loaded, os.getppid(), os.getsid(0), input()]), flush=True)
    what = arguments[0]
    if what == "wait":
        time.sleep(600)
    if what == "raise":
        raise ValueError("as asked")
    return int(what)


@pytest.fixture
def server() -> Iterator[ForkServer]:
    started = ForkServer("tests.test_forks", {"loaded": "once"})
    yield started
    started.close()


def test_children_find_what_the_server_loaded(server: ForkServer) -> None:
    """In sessions of their own, each with its own streams and exit code."""
    children = [Process(server, [str(code)], stdin=b"given\n") for code in (0, 7)]
    told = [json.loads(child.communicate(60)[0]) for child in children]
    for child, fact in zip(children, told, strict=True):
        assert fact == [[{"loaded": "once"}], server.pid, child.pid, "given"]
    assert [child.wait(1) for child in children] == [0, 7]
    assert server.children_cpu_s > 0


def test_no_module_is_taken_from_the_working_folder(tmp_path: Path) -> None:
    """A query's process and a fork server begin, wherever the command stands: only where it looks
    for modules itself do they."""
    (tmp_path / "json.py").write_text("raise SystemExit('a stranger ran')")
    command = (
        "import sys; from pipeline.forks import module_command as of; from subprocess import run;"
        " sys.exit(run(of('pipeline.store.read.query_apart'), input=b'').returncode)"
    )
    told = {
        start: subprocess.run(
            [sys.executable, *start, command], cwd=tmp_path, capture_output=True, check=False
        ).stderr
        for start in (("-P", "-c"), ("-c",))
    }
    assert b"a stranger ran" not in told["-P", "-c"], told
    assert b"EOFError" in told["-P", "-c"]
    assert b"a stranger ran" in told["-c",]


def test_a_child_that_raises_ends_with_its_traceback(server: ForkServer) -> None:
    """As the interpreter does."""
    child = Process(server, ["raise"], stdin=b"\n")
    assert "ValueError: as asked" in child.communicate(60)[1]
    assert child.wait(1) == 1


def test_a_child_is_killed_by_its_signal_alone(server: ForkServer) -> None:
    """The server and the other child go on."""
    one, other = (Process(server, ["wait"], stdin=b"\n") for _ in range(2))
    assert one.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        one.wait(0.1)
    one.terminate()
    assert one.wait(60) == -signal.SIGTERM
    one.kill()  # what has ended is not signalled: the number may be another's
    assert other.poll() is None
    other.kill()
    assert other.wait(60) == -signal.SIGKILL


def test_signals_wait_for_the_child(server: ForkServer) -> None:
    """One that is sent before the server has forked it is not lost."""
    silent, kept = os.pipe()  # a child that reads waits, as long as `kept` is open
    with Path(os.devnull).open("r+") as nothing:
        at = nothing.fileno()
        child = server.start(["wait"], (silent, at, at))
    os.close(silent)
    assert child.pid is None
    child.kill()
    assert child.wait(60) == -signal.SIGKILL
    os.close(kept)


def test_what_has_not_begun_ends_with_the_server() -> None:
    """A job that is stopped while its server loads does not wait for that."""
    server = ForkServer("tests.test_forks", "for long")
    with Path(os.devnull).open("r+") as nothing:
        at = nothing.fileno()
        child = server.start(["0"], (at, at, at))
    assert child.poll() is None
    server.close()
    assert child.wait(60) == -signal.SIGKILL
    assert child.pid is None


def test_children_end_with_a_server_that_is_killed(server: ForkServer) -> None:
    """Nobody would tell how they end; what is started afterwards has ended at once."""
    child = Process(server, ["wait"], stdin=b"\n")
    process = psutil.Process(child.pid)
    os.kill(server.pid, signal.SIGKILL)
    assert child.wait(60) == -signal.SIGKILL
    assert not psutil.wait_procs([process], timeout=60)[1]
    assert server.is_gone
    assert Process(server, ["0"]).wait(60) == -signal.SIGKILL


def test_a_server_ends_with_whoever_started_it() -> None:
    """Killed as well: nothing is left."""
    host = subprocess.Popen(
        [
            *_PYTHON,
            "from tests.test_forks import *; s = ForkServer('tests.test_forks');"
            "print(s.pid, flush=True); time.sleep(600)",
        ],
        stdout=subprocess.PIPE,
    )
    assert host.stdout is not None
    server = psutil.Process(int(host.stdout.readline()))
    host.kill()
    host.wait(60)
    host.stdout.close()
    assert not psutil.wait_procs([server], timeout=60)[1]
