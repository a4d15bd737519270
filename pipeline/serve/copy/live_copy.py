"""The copy's file: opened for the one process that writes it, and for many that read.

It is an SQLite database in WAL mode: a reader sees what was committed when it began, whole, and
neither waits for the writer nor holds it up.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from pipeline.errors import UsageError

VERSION = 3
"""Of the copy's tables: a copy of another version is made anew."""

_BUSY_MS = 5000


@dataclass(frozen=True, slots=True)
class CopyState:
    """What the copy holds, and how far it has come.

    `tables` are the ids that the lake's tables were made with, which another lake at its place has
    not. `as_of` is the moment that embargoes were held against, `next_change` the next one at which
    something has to be shown or hidden by time alone; both are microseconds since 1970.
    `lake_committed_at` is the lake's last commit that is in the copy; `checked_at` when the lake
    was last asked. `total` and `done` count stories while the copy is being made. `ready` says
    that the copy holds all of the lake as it was at some moment.
    """

    lake: str = ""
    versions: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, str] = field(default_factory=dict)
    ready: bool = False
    serial: int = 0
    as_of: int = 0
    next_change: int | None = None
    checked_at: int = 0
    lake_committed_at: int | None = None
    total: int = 0
    done: int = 0
    error: str = ""


def create(path: Path) -> sqlite3.Connection:
    """Open the copy for writing, made anew where there is none, or one of another version.

    Its file can be read by its owner alone. Raises `UsageError` for a file that is something else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
    connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_MS / 1000)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError as error:
        connection.close()
        raise UsageError("this file is no live copy", path=path, reason=error) from error
    if tables and version != VERSION:
        connection.close()
        raise UsageError(
            "this file is no live copy of this version: name another one, or remove it", path=path
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA cache_size = -65536")
    connection.execute("PRAGMA temp_store = MEMORY")
    # Of a large step: else its log keeps its size for good.
    connection.execute(f"PRAGMA journal_size_limit = {64 * 1024**2}")
    if not tables:
        text = files("pipeline.serve.copy").joinpath("tables.sql").read_text("utf-8")
        connection.executescript(f"BEGIN; {text}; PRAGMA user_version = {VERSION}; COMMIT")
        for index in ("search", "name_words"):
            with suppress(sqlite3.OperationalError):  # SQLite before 3.42 does not know it
                connection.execute(
                    f"INSERT INTO {index} ({index}, rank) VALUES ('secure-delete', 1)"
                )
    return connection


def open_readonly(path: Path) -> sqlite3.Connection:
    """Open the copy for reading alone; raises `sqlite3.OperationalError` where there is none."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None,
        timeout=_BUSY_MS / 1000, check_same_thread=False,
    )  # fmt: skip
    connection.execute("PRAGMA query_only = ON")
    connection.execute("PRAGMA cache_size = -16384")
    connection.execute("PRAGMA mmap_size = 1073741824")
    connection.row_factory = sqlite3.Row
    return connection


def state(connection: sqlite3.Connection) -> CopyState:
    """Return what the copy says of itself; that of an empty one where it says nothing yet."""
    found = connection.execute("SELECT value FROM state WHERE name = 'state'").fetchone()
    return CopyState(**json.loads(found[0])) if found else CopyState()


def newest_published(connection: sqlite3.Connection) -> str | None:
    """Return when the newest story was published, in ISO 8601; None for none, or none dated."""
    found = connection.execute(
        "SELECT published_at FROM stories WHERE is_current ORDER BY id DESC LIMIT 1"
    ).fetchone()
    return found[0] if found else None


def remember(connection: sqlite3.Connection, state: CopyState) -> None:
    """Keep `told` as the copy's state."""
    text = json.dumps({name: getattr(state, name) for name in CopyState.__slots__})
    connection.execute("INSERT OR REPLACE INTO state VALUES ('state', ?)", (text,))


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Make all that is written within visible at once, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
