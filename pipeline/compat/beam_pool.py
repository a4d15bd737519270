"""Beam's pool of Python workers, on loopback only, with an end to what it started.

Beam's own listens on every address, and starts a worker that runs whatever code it is then sent,
for whoever asks. The one who has to ask is beside it.
"""

from __future__ import annotations

from typing import Any

import grpc
from apache_beam.portability.api import beam_fn_api_pb2, beam_fn_api_pb2_grpc
from apache_beam.runners.worker.worker_pool_main import BeamFnExternalWorkerPoolServicer
from apache_beam.utils import thread_pool_executor

from pipeline.compat.liberty import Liberty

LIBERTY = Liberty(
    library="apache-beam",
    version="2.77.0",
    why="the pool listens on every address and cannot be told another; its workers outlive it",
)

HOST = "127.0.0.1"

# As Beam's own pool: a connection that is quiet is none that is gone.
_OPTIONS = [("grpc.http2.max_pings_without_data", 0), ("grpc.http2.max_ping_strikes", 0)]


class LoopbackPool(BeamFnExternalWorkerPoolServicer):  # type: ignore[misc]
    """Beam's pool, with one process a worker, that knows whom it started."""

    def __init__(self) -> None:
        super().__init__(use_process=True, data_buffer_time_limit_ms=-1)
        self.started: set[str] = set()
        self._server: grpc.Server | None = None

    def serve(self, port: int) -> None:
        """Answer on `port` of loopback from now on."""
        server = grpc.server(thread_pool_executor.shared_unbounded_instance(), options=_OPTIONS)
        beam_fn_api_pb2_grpc.add_BeamFnExternalWorkerPoolServicer_to_server(self, server)
        server.add_insecure_port(f"{HOST}:{port}")
        server.start()
        self._server = server

    def StartWorker(self, start_worker_request: Any, unused_context: Any) -> Any:  # noqa: N802
        """Start a worker, and remember it."""
        self.started.add(start_worker_request.worker_id)
        return super().StartWorker(start_worker_request, unused_context)

    def stop_all(self) -> None:
        """End every worker that still runs."""
        for worker_id in sorted(self.started):
            self.StopWorker(beam_fn_api_pb2.StopWorkerRequest(worker_id=worker_id), None)
