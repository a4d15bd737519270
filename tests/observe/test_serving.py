"""The endpoint and its verdicts: what answers, what it says, and what it never says."""

from __future__ import annotations

import json
import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from pipeline.errors import ConfigError
from pipeline.observe.health import Process, WorkerState, alive, ready
from pipeline.observe.observer import Observer
from pipeline.observe.recorder import Recorder

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
WELL = WorkerState("0", True, 0, 1.0, True, True, 0.0, 0.0)


@pytest.mark.parametrize(
    ("fault", "lives", "is_ready", "words"),
    [
        ({}, True, True, ""),
        ({"deaths": 2}, True, True, ""),
        ({"deaths": 3}, False, True, "died 3 times"),
        ({"silent_s": 121.0}, False, True, "said nothing for 121 s"),
        ({"running": False, "silent_s": 999.0}, True, False, "does not run"),
        ({"model_loaded": False}, True, False, "has not loaded its model"),
        ({"connected": False}, True, False, "has not reached the lake"),
        ({"store_wait_s": 4.2}, True, False, "storage has failed for 4 s"),
        ({"broker_wait_s": 59.0}, True, True, ""),
        ({"broker_wait_s": 61.0}, True, False, "broker has not answered for 61 s"),
        # The main thread stands still, though the one that tells of it lives.
        ({"read_s": 119.0}, True, True, ""),
        ({"read_s": 121.0}, False, True, "not come back from reading for 121 s"),
        ({"batch_s": 3599.0}, True, True, ""),
        ({"batch_s": 3601.0}, False, True, "at one batch for 3601 s"),
    ],
)
def test_what_is_alive_and_what_is_ready(
    fault: dict[str, object], lives: bool, is_ready: bool, words: str
) -> None:
    """One bad worker of two is enough, and it is named."""
    both = [replace(WELL, name="1"), replace(WELL, **fault)]  # type: ignore[arg-type]
    assert alive(both).ok is lives
    assert ready(both, 60.0).ok is is_ready
    said = (*alive(both).reasons, *ready(both, 60.0).reasons)
    assert words in " ".join(said)
    assert all(reason.startswith("worker 0: ") for reason in said)


def test_no_worker_left_is_no_fault() -> None:
    """All have done what they were to do."""
    assert alive([]).ok
    assert ready([], 60.0).ok


def asked(port: int, path: str, method: str = "GET") -> tuple[int, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def observing(
    processes: Sequence[Process], ports: range = range(1), own: Recorder | None = None
) -> Observer:
    return Observer(
        "127.0.0.1",
        ports,
        lambda: processes,
        ready_broker_s=60.0,
        now=lambda: NOW,
        monotonic=lambda: 100.0,
        own=own,
    )


@pytest.fixture
def observer() -> Iterator[Observer]:
    running = observing([Process("0")])
    yield running
    running.close()


def test_ready_once_the_worker_says_so(observer: Observer) -> None:
    """503 with the reason before, 200 after, 503 again while the store fails."""
    observer.started("0")
    assert asked(observer.port, "/healthz") == (200, '{"status": "ok", "reasons": []}\n')
    status, said = asked(observer.port, "/readyz")
    assert status == 503
    assert json.loads(said) == {
        "status": "unavailable",
        "reasons": ["worker 0: has not loaded its model"],
    }
    recorder = Recorder()
    recorder.set("dateline_worker_model_loaded", 1)
    recorder.set("dateline_worker_connected", 1)
    observer.take_in("0", recorder.take())
    assert asked(observer.port, "/readyz")[0] == 200
    recorder.set("dateline_waiting_for_store_seconds", NOW.timestamp() - 30)
    observer.take_in("0", recorder.take())
    assert asked(observer.port, "/readyz")[0] == 503
    recorder.set("dateline_waiting_for_store_seconds", 0.0)
    observer.take_in("0", recorder.take())
    assert asked(observer.port, "/readyz")[0] == 200


def test_a_poll_that_never_returns_fails_healthz() -> None:
    """The telling thread goes on; /healthz sees that the main thread does not."""
    own = Recorder()
    running = observing([Process("0")], own=own)
    own.set("dateline_worker_read_seconds", NOW.timestamp() - 200)
    status, said = asked(running.port, "/healthz")
    assert (status, "reading for 200 s" in said) == (503, True)
    own.set("dateline_worker_read_seconds", 0.0)
    assert asked(running.port, "/healthz")[0] == 200
    running.close()


def test_a_restarted_worker_is_not_ready_and_is_counted(observer: Observer) -> None:
    """Its successor has to load its model again."""
    recorder = Recorder()
    recorder.set("dateline_worker_model_loaded", 1)
    recorder.set("dateline_worker_connected", 1)
    recorder.add("dateline_records_total", 5)
    observer.take_in("0", recorder.take())
    observer.ended("0", restart="died")
    assert asked(observer.port, "/readyz")[0] == 503
    text = asked(observer.port, "/metrics")[1]
    assert 'dateline_worker_restarts_total{reason="died"} 1.0' in text
    assert "dateline_records_total 5.0" in text
    assert "dateline_workers 1.0" in text


def test_pages_are_only_read(observer: Observer) -> None:
    """Another path is not there, another method is refused, HEAD has no body."""
    assert asked(observer.port, "/")[0] == 404
    assert asked(observer.port, "/../etc/passwd")[0] == 404
    assert asked(observer.port, "/metrics", "POST")[0] == 501
    assert asked(observer.port, "/metrics", "HEAD") == (200, "")
    assert asked(observer.port, "/metrics?x=1")[0] == 200


def test_a_broken_client_hurts_nobody(observer: Observer) -> None:
    """Noise, half a request, a client that leaves: the next one is served."""
    for noise in (b"\x00\xff\r\n\r\n", b"GET /metrics", b"GET /metrics HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", observer.port), 10) as client:
            client.sendall(noise)
    assert asked(observer.port, "/metrics")[0] == 200


def test_dawdlers_keep_nobody_from_the_page(observer: Observer) -> None:
    """Clients that never finish their request: no more threads than a few, and the next is served.

    They go on sending, so that none of them is ever silent for long.
    """
    before = threading.active_count()
    dawdlers = [socket.create_connection(("127.0.0.1", observer.port), 10) for _ in range(100)]
    try:
        for _ in range(3):
            for client in dawdlers:
                with suppress(OSError):
                    client.sendall(b"GET /metr")
        assert asked(observer.port, "/healthz")[0] == 200
        assert threading.active_count() - before < 40
    finally:
        for client in dawdlers:
            client.close()


def test_a_taken_port_is_refused_and_a_lone_process_takes_the_next(observer: Observer) -> None:
    """One line for the operator of a supervisor; workers on Flink share a range."""
    port = observer.port
    with pytest.raises(ConfigError, match=f"cannot serve metrics there .*{port}"):
        observing([], range(port, port + 1))
    recorder = Recorder()
    recorder.add("dateline_stories_total", 2)
    alone = observing([Process("0")], range(port, port + 16), recorder)
    try:
        assert port < alone.port < port + 16
        for _ in range(2):
            assert "dateline_stories_total 2.0" in asked(alone.port, "/metrics")[1]
        assert 'resident_memory_bytes{worker="0"}' in asked(alone.port, "/metrics")[1]
    finally:
        alone.close()
