"""The seal of a log's entry: a SHA-256 of the actions that a commit was made of.

It stands in the entry's own metadata (`commitInfo`), so that a flip of a bit in what a reader takes
from the entry can be found, also where a checkpoint covers the entry since. What the log adds to an
action by itself (times of its own, empty fields) is not part of it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from deltalake.transaction import AddAction, RemoveAction

COMMIT_KEY = "dateline.commit"
"""Key of the name of a commit of ours in its metadata."""

ENTRY_SEAL = "dateline.actions"
"""Key of the seal in the metadata of a commit."""

_ADD = ("path", "size", "partitionValues", "modificationTime", "dataChange", "stats")
_REMOVE = ("path", "size", "partitionValues", "deletionTimestamp", "dataChange")


def entry_seal(actions: Iterable[AddAction | RemoveAction], versions: Mapping[str, int]) -> str:
    """Return the seal of a commit of these actions and application transactions."""
    facts = [
        _add(a.path, a.size, a.partition_values, a.modification_time, a.data_change, a.stats)
        if isinstance(a, AddAction)
        else _remove(a.path, a.size, a.partition_values, a.deletion_timestamp, a.data_change)
        for a in actions
    ]
    return _digest([*facts, *(["txn", app, version] for app, version in versions.items())])


def seal_of_entry(entry: Sequence[Mapping[str, Any]]) -> str:
    """Return the seal that follows from an entry as it stands in the log.

    Raises `KeyError`, `TypeError` or `AttributeError` where an action lacks a part.
    """
    facts: list[list[object]] = []
    for action in entry:
        if (a := action.get("add")) is not None:
            facts.append(_add(*(a[part] for part in _ADD)))
        if (a := action.get("remove")) is not None:
            facts.append(_remove(*(a[part] for part in _REMOVE)))
        if (a := action.get("txn")) is not None:
            facts.append(["txn", a["appId"], a["version"]])
    return _digest(facts)


def _add(  # noqa: PLR0917 (the parts of an action, in the protocol's order)
    path: str,
    size: int,
    partition: Mapping[str, str | None],
    at: int,
    is_change: bool,
    stats: str,
) -> list[object]:
    return ["add", _plain(path), size, dict(partition), at, is_change, stats]


def _remove(
    path: str,
    size: int | None,
    partition: Mapping[str, str | None] | None,
    at: int | None,
    is_change: bool,
) -> list[object]:
    return ["remove", _plain(path), size, partition and dict(partition), at, is_change]


def _plain(path: str) -> str:
    """Return `path` without URL-encoding: the log encodes what it is given, encoded or not."""
    while (plain := unquote(path)) != path:
        path = plain
    return path


def _digest(facts: Iterable[list[object]]) -> str:
    lines = sorted(json.dumps(action, sort_keys=True) for action in facts)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
