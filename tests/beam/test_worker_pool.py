"""The pool of Beam workers: who may ask it, and what it starts and ends."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.support.job import until

pytestmark = pytest.mark.engine


@pytest.fixture
def pool() -> Iterator[psutil.Popen]:
    running = psutil.Popen(
        [sys.executable, "-m", "pipeline.beam.worker_pool", "--service_port", "0"],
        stderr=subprocess.DEVNULL,
    )
    yield running
    if running.poll() is None:
        running.kill()
    running.wait(30)


def listening(pool: psutil.Popen) -> list[str]:
    return [
        c.laddr.ip.removeprefix("::ffff:")
        for c in pool.net_connections("tcp")
        if c.status == psutil.CONN_LISTEN
    ]


def test_it_listens_on_loopback_only(pool: psutil.Popen) -> None:
    """Whoever reaches it has code run on the machine; it ends by the signal that it got."""
    until(lambda: bool(listening(pool)), 120)
    assert set(listening(pool)) == {"127.0.0.1"}
    pool.terminate()
    assert pool.wait(120) == -15


def test_workers_end_with_the_pool(pool: psutil.Popen) -> None:
    """A worker that it started is gone when it is."""
    import grpc
    from apache_beam.portability.api import (
        beam_fn_api_pb2,
        beam_fn_api_pb2_grpc,
        endpoints_pb2,
    )

    until(lambda: bool(listening(pool)), 120)
    (port,) = [c.laddr.port for c in pool.net_connections("tcp")]
    nowhere = endpoints_pb2.ApiServiceDescriptor(url="127.0.0.1:1")
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        answer = beam_fn_api_pb2_grpc.BeamFnExternalWorkerPoolStub(channel).StartWorker(
            beam_fn_api_pb2.StartWorkerRequest(
                worker_id="one", control_endpoint=nowhere, logging_endpoint=nowhere
            ),
            timeout=120,
        )
    assert not answer.error
    workers = pool.children()
    assert workers
    pool.terminate()
    pool.wait(120)
    end_s = time.monotonic() + 120
    while any(worker.is_running() for worker in workers):
        assert time.monotonic() < end_s
        time.sleep(0.05)
