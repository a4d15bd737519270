# ruff: noqa: T201 (it prints to who started it)
"""A local S3 server (moto) behind a proxy that fails as object stores do, in a process of its own.

In a process of its own because delta-rs holds Python's lock while it waits for the store.
"""

from __future__ import annotations

import http.client
import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pyarrow.fs as pafs

SECRET = "s3cr3t-0f-the-0bject-st0re"
KEY_ID = "AKIDATELINETEST"
BUCKET = "news"


def options_of(endpoint: str, **more: str) -> dict[str, str]:
    """delta-rs' options for a server at `endpoint`, with a secret that tests grep for."""
    return {
        "aws_endpoint_url": endpoint,
        "aws_access_key_id": KEY_ID,
        "aws_secret_access_key": SECRET,
        "aws_region": "eu-central-1",
        "aws_allow_http": "true",
        **more,
    }


@contextmanager
def s3_server() -> Iterator[str]:
    """The endpoint of a server with one empty bucket."""
    import logging

    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    try:
        asked = http.client.HTTPConnection(host, port)
        asked.request("PUT", f"/{BUCKET}", headers={"Host": f"{host}:{port}"})
        asked.getresponse().read()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


@dataclass(slots=True)
class Plan:
    """What the proxy does to requests: shares of all, decided by a seeded generator.

    `busy` answers 503 without asking the server; `lost` lets the server do it and then drops the
    answer; `slow` waits `slow_s` before the answer, for clients with a shorter timeout. `is_deaf`
    lets no condition of a put through, as stores without put-if-absent ignore it.
    """

    busy: float = 0.0
    lost: float = 0.0
    slow: float = 0.0
    slow_s: float = 3.0
    is_down: bool = False
    is_deaf: bool = False
    moments: random.Random = field(default_factory=lambda: random.Random(6))
    done: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> str:
        """What to do with the next request."""
        with self.lock:
            at = self.moments.random()
            fate = "pass"
            if self.is_down or at < self.busy:
                fate = "busy"
            elif at < self.busy + self.lost:
                fate = "lost"
            elif at < self.busy + self.lost + self.slow:
                fate = "slow"
            self.done[fate] += 1
            return fate


@contextmanager
def faulty_proxy(endpoint: str, plan: Plan) -> Iterator[str]:
    """The endpoint of a proxy before `endpoint` that follows `plan`."""
    upstream = endpoint.removeprefix("http://")

    class Handler(BaseHTTPRequestHandler):
        protocol_version: ClassVar[str] = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            return

        def _forward(self) -> None:
            fate = plan.next()
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if fate == "busy":
                self._answer(503, [], b"<Error><Code>SlowDown</Code></Error>")
                return
            client = http.client.HTTPConnection(upstream, timeout=60)
            headers = dict(self.headers)
            if plan.is_deaf:
                headers = {k: v for k, v in headers.items() if k.lower() != "if-none-match"}
            client.request(self.command, self.path, body, headers)
            answer = client.getresponse()
            content = answer.read()
            client.close()
            if fate == "lost":
                self.close_connection = True
                self.connection.close()
                return
            if fate == "slow":
                time.sleep(plan.slow_s)
            self._answer(answer.status, answer.getheaders(), content)

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            dropped = ("transfer-encoding", "connection", "content-length")
            try:
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in dropped:
                        self.send_header(name, value)
                length = {k.lower(): v for k, v in headers}.get("content-length")
                size = length if self.command == "HEAD" and length else str(len(content))
                self.send_header("Content-Length", size)
                self.end_headers()
                self.wfile.write(content)
            except (BrokenPipeError, ConnectionResetError):
                return

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _forward  # noqa: N815 (the library's names)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


class Store:
    """The server's process: `endpoint` is sound, `faulty` fails as `plan` says."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.object_store"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.endpoint, self.faulty = json.loads(self._ask())

    def plan(self, **shares: float | bool) -> None:
        """What the proxy does from now on: see `Plan`; nothing named is zero."""
        self._ask(json.dumps(shares))

    def counts(self) -> dict[str, int]:
        """How many requests the proxy let pass, refused, dropped the answer of, delayed."""
        found: dict[str, int] = json.loads(self._ask("counts"))
        return found

    def files(self) -> pafs.FileSystem:
        """What is there, as a reader sees it."""
        return pafs.S3FileSystem(
            access_key=KEY_ID,
            secret_key=SECRET,
            region="eu-central-1",
            scheme="http",
            endpoint_override=self.endpoint.removeprefix("http://"),
        )

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _ask(self, line: str | None = None) -> str:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("no pipes")
        if line is not None:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
        return self._process.stdout.readline()


def main() -> None:
    """Serve until standard input closes; each line of it is a plan, or asks for the counts."""
    plan = Plan()
    with s3_server() as endpoint, faulty_proxy(endpoint, plan) as faulty:
        print(json.dumps([endpoint, faulty]), flush=True)
        for line in sys.stdin:
            if line.strip() != "counts":
                shares = {"busy": 0.0, "lost": 0.0, "slow": 0.0, "is_down": False, "is_deaf": False}
                for name, value in {**shares, **json.loads(line)}.items():
                    setattr(plan, name, value)
            print(json.dumps(plan.done), flush=True)


if __name__ == "__main__":
    main()
