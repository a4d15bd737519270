"""Runs the live page: one process follows the lake, this one answers.

What follows shares nothing with what answers but the copy's file, so that neither waits for the
other: reading a large commit takes no time from a page.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import uvicorn
from typing_extensions import override

from pipeline import clock
from pipeline.compat.uvicorn_patience import patient_protocol
from pipeline.errors import ConfigError, DatelineError
from pipeline.serve.app import Site
from pipeline.serve.copy.follow import Follower, moment_of
from pipeline.serve.copy.live_copy import CopyState, open_readonly, state
from pipeline.serve.gate import LOOPBACK

_LEAST_WAIT_S = 0.05
_AFTER_FAILURE_S = 5.0
_STARTED_AGAIN_S = 2.0
_LEAST_TOKEN = 16
_MOST_CONNECTIONS = 4000
_OWN_FILES = 200
_SILENT_S = 10.0
"""A client that has not asked anything whole after so long is let go."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What is followed into which file, and how often the lake's log is looked at."""

    path: Path
    lake_url: str
    options: Mapping[str, str]
    refresh_s: float


def follow(followed: Followed, is_over: Callable[[], bool]) -> None:
    """Keep the copy up to the lake until `is_over`; a lake that cannot be read is tried again."""
    follower = Follower(followed.path, followed.lake_url, followed.options)
    follower.open()
    while not is_over():
        wait_s = followed.refresh_s
        try:
            follower.refresh(clock.now())
        except DatelineError as error:
            follower.failed(error)
            follower.hide_what_is_due(clock.now())
            wait_s = max(wait_s, _AFTER_FAILURE_S)
        ends = clock.monotonic() + _until_due(follower, wait_s)
        while clock.monotonic() < ends and not is_over():
            time.sleep(min(0.25, max(0.0, ends - clock.monotonic())))
    follower.close()


def _until_due(follower: Follower, wait_s: float) -> float:
    """Return the seconds to the next look: sooner where time alone changes what may be shown."""
    assert follower.connection is not None  # noqa: S101 (opened above)
    due = state(follower.connection).next_change
    if due is None:
        return wait_s
    left = (moment_of(due) - clock.now()).total_seconds()
    return min(wait_s, max(_LEAST_WAIT_S, left))


def _in_process(followed: Followed, parent: int) -> None:
    """Follow the lake in a process of its own, until the one that answers is gone."""
    os.nice(5)
    follow(followed, lambda: os.getppid() != parent)


@contextmanager
def following(followed: Followed) -> Iterator[None]:
    """Follow the lake in a process of its own, started again where it dies."""
    context = multiprocessing.get_context("spawn")
    over = threading.Event()
    held: list[BaseProcess] = []

    def started() -> BaseProcess:
        process = context.Process(
            target=_in_process, args=(followed, os.getpid()), name="follow", daemon=True
        )
        process.start()
        return process

    def watch() -> None:
        while not over.wait(_STARTED_AGAIN_S):
            if not held[-1].is_alive():
                held.append(started())

    held.append(started())
    watcher = threading.Thread(target=watch, name="watch-follow", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        held[-1].terminate()
        held[-1].join()


def check_access(host: str, token: str | None, behind_proxy: bool) -> None:
    """Refuse to listen beyond this machine without a token or a proxy: raises `ConfigError`."""
    if host not in LOOPBACK and token is None and not behind_proxy:
        raise ConfigError(
            "beyond this machine the page needs a token (serve.token_file), or a proxy that asks "
            "who is there (serve.behind_proxy): see docs/serve.md",
            host=host,
        )


def progress(path: Path) -> CopyState:
    """Return how far the copy is."""
    if not path.exists():
        return CopyState()
    connection = open_readonly(path)
    try:
        return state(connection)
    finally:
        connection.close()


def token_of(token: str | None, token_file: Path | None) -> str | None:
    """Return the token that was configured, from its file where it has one.

    Raises `ConfigError` for a file that cannot be read, or holds less than a token has.
    """
    if token_file is None:
        return token
    try:
        found = token_file.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigError("the token's file cannot be read", file=token_file) from error
    if len(found) < _LEAST_TOKEN:
        raise ConfigError(f"a token has {_LEAST_TOKEN} characters or more", file=token_file)
    return found


def serve(
    site: Site, listener: socket.socket, *, started: Callable[[], None], log_level: str = "warning"
) -> None:
    """Answer on `listener` until a signal ends it; `started` is called once it can answer."""
    config = uvicorn.Config(
        site.app(),
        http=patient_protocol(_SILENT_S, _places() // 2),
        ws="none",
        lifespan="off",
        log_level=log_level,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=_places(),
        timeout_keep_alive=5,
        timeout_graceful_shutdown=3,
        h11_max_incomplete_event_size=16 * 1024,
    )
    _LiveServer(config, site, started).run(sockets=[listener])


def _places() -> int:
    """Return how many connections there may be: what files the process may open, less its own."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(100, min(_MOST_CONNECTIONS, files - _OWN_FILES))


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens; raises `ConfigError` where the port cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigError(
            "the address cannot be had", host=host, port=port, reason=error
        ) from error
    listener.listen(512)
    return listener


class _LiveServer(uvicorn.Server):
    """Says when it can answer, and ends streams when it is to end."""

    def __init__(self, config: uvicorn.Config, site: Site, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._site = site
        self._started = started

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started()

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._site.close()
        await super().shutdown(sockets)
