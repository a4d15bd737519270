"""A few read-only pages over HTTP, from a thread of their own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any
from urllib.parse import urlsplit

from pipeline.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Page:
    """Holds what is answered: status, media type, bytes."""

    status: int
    content_type: str
    body: bytes


Pages = Mapping[str, Callable[[str], Page]]
"""By path: what answers it, given the header `Accept`."""

_SILENT_S = 10.0
"""A client that says nothing for so long is let go."""

_MOST_CLIENTS = 16
"""So many are served at once; for one more, the one that has been there longest is let go."""


class Endpoint:
    """Serves `pages` on `host` and the first free of `ports`; GET and HEAD only.

    Raises `ConfigError` where none of the ports can be had.
    """

    def __init__(self, host: str, ports: range, pages: Pages) -> None:
        self._server = _open(host, ports, pages)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.2,), name="observe", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _MetricsServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    # Else two workers of one machine could share a port, and each answer half of the questions.
    allow_reuse_port = False

    def __init__(self, *args: Any) -> None:
        self._clients: list[socket.socket] = []
        self._clients_lock = threading.Lock()
        super().__init__(*args)

    def server_bind(self) -> None:
        """Bind without the library's look-up of this machine's name."""
        TCPServer.server_bind(self)
        self.server_name = str(self.server_address[0])
        self.server_port = int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, for which room is made: who dawdles must not keep others out."""
        with self._clients_lock:
            if len(self._clients) >= _MOST_CLIENTS:
                with suppress(OSError):
                    self._clients.pop(0).shutdown(socket.SHUT_RDWR)
            self._clients.append(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Let the client go, answered or not."""
        with self._clients_lock, suppress(ValueError):
            self._clients.remove(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do nothing: a client that went away is nobody's concern."""


class _Server6(_MetricsServer):
    address_family = socket.AF_INET6


def _open(host: str, ports: range, pages: Pages) -> _MetricsServer:
    failed: OSError | None = None
    kind = _Server6 if ":" in host else _MetricsServer
    for port in ports:
        try:
            return kind((host, port), _handler(pages))
        except OSError as error:
            failed = error
    raise ConfigError(
        "cannot serve metrics there", address=f"{host}:{ports.start}", reason=failed
    ) from failed


def _handler(pages: Pages) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _SILENT_S
        server_version = "dateline"
        sys_version = ""

        def do_GET(self) -> None:
            """Answer with the page of that path, or 404."""
            page = pages.get(urlsplit(self.path).path)
            accept = self.headers.get("Accept", "")
            found = page(accept) if page else Page(404, "text/plain", b"no such page\n")
            self.send_response(found.status)
            self.send_header("Content-Type", found.content_type)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(found.body)

        do_HEAD = do_GET  # noqa: N815 (the library's name)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing: a scrape is no news."""

    return Handler
