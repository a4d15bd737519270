"""The pool that starts Beam's Python workers on request of a Flink TaskManager on this machine.

Beam's own listens on every address, and starts a worker that runs whatever code it is then sent,
for whoever asks. The one who has to ask is beside it: so this one listens on loopback only.
"""

from __future__ import annotations

import argparse
import signal
import threading
from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer
from apache_beam.utils import thread_pool_executor

HOST = "127.0.0.1"

# As Beam's own pool: a connection that is quiet is none that is gone.
_OPTIONS = [("grpc.http2.max_pings_without_data", 0), ("grpc.http2.max_ping_strikes", 0)]


class _Pool(BeamFnExternalWorkerPoolServicer):  # type: ignore[misc]
    """Beam's pool, with one process a worker, that knows whom it started."""

    def __init__(self) -> None:
        super().__init__(use_process=True, data_buffer_time_limit_ms=-1)
        self.started: set[str] = set()

    def StartWorker(self, start_worker_request: Any, unused_context: Any) -> Any:  # noqa: N802
        self.started.add(start_worker_request.worker_id)
        return super().StartWorker(start_worker_request, unused_context)

    def stop_all(self) -> None:
        """End every worker that still runs."""
        for worker_id in sorted(self.started):
            self.StopWorker(beam_fn_api_pb2.StopWorkerRequest(worker_id=worker_id), None)


def main() -> None:
    """Serve until SIGTERM or SIGINT, then end the workers."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--service_port", type=int, default=50000)
    port = options.parse_args().service_port
    server = grpc.server(thread_pool_executor.shared_unbounded_instance(), options=_OPTIONS)
    pool = _Pool()
    beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(pool, server)
    server.add_insecure_port(f"{HOST}:{port}")
    server.start()
    caught: list[int] = []
    stop = threading.Event()

    def on_signal(number: int, _: object) -> None:
        caught.append(number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, on_signal)
    stop.wait()
    pool.stop_all()
    # As if it had not been waited for: whoever sent the signal looks for that.
    signal.signal(caught[0], signal.SIG_DFL)
    signal.raise_signal(caught[0])


if __name__ == "__main__":
    main()
