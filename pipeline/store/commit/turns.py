"""Turns among the replays of one machine: each decides what repeats once the last one has written.

What is a repeat is decided with the commit to rejects, and what lands is known to others with the
commit to stories. Two replays that overlap would both land what both hold between the two. Those of
one machine hold a lock from before the one until after the other. It is no part of the commit
protocol: who waits too long, as behind a process that stands still, goes on without.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline import clock
from pipeline.pauses import Pauses

LONGEST_S = 60.0
"""So long one waits for a turn: a batch of many partitions takes some seconds."""

_FIRST_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 0.25


@contextmanager
def in_turn(
    lake_url: str, stopped: Callable[[], bool], longest_s: float = LONGEST_S
) -> Iterator[bool]:
    """Hold the lake's turn on this machine, and give whether it is held.

    It is not where the place of the lock cannot be opened, after `longest_s`, and once `stopped`
    says so.
    """
    descriptor: int | None = None
    with suppress(OSError):
        descriptor = _open(lake_url)
    try:
        yield descriptor is not None and _is_taken(descriptor, stopped, longest_s)
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _is_taken(descriptor: int, stopped: Callable[[], bool], longest_s: float) -> bool:
    pauses = Pauses(_FIRST_PAUSE_S, _LONGEST_PAUSE_S)
    begun_s = clock.monotonic()
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if stopped() or clock.monotonic() - begun_s > longest_s:
                return False
            time.sleep(pauses.next())
        except OSError:
            return False  # a file system without locks
        else:
            return True


def _open(lake_url: str) -> int:
    """Open what is locked: the folder of a local lake, else a file of this user's own."""
    path = lake_url.removeprefix("file://")
    if "://" not in path:
        return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    folder = Path(tempfile.gettempdir(), f"dateline-{os.getuid()}")
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise PermissionError(f"{folder} is another user's")
    name = hashlib.sha256(lake_url.encode()).hexdigest()[:16]
    return os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
