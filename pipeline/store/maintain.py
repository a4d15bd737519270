"""Clean-up of what dead writers left behind: staged files, and files that no commit will name.

A data file that the log does not hold may belong to a live writer that is about to commit it. It
is removed only behind a fence: once a commit to one of its sources has come after the version that
its writer compared, the log refuses that writer's commit (DESIGN, invariant 2).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from pipeline.store.contract import TABLES
from pipeline.store.lake import Commit, ConflictError, Lake


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What a clean-up did: staged files dropped, data files removed, and files left alone.

    `kept` files are in no log but not fenced yet: their writer may be alive, or it died and nobody
    has passed the place it had reached. `foreign` files were not written by Dateline.
    """

    staged: int = 0
    removed: int = 0
    kept: int = 0
    foreign: int = 0


def clean(lake: Lake, at: datetime) -> Cleaned:
    """Remove what can never become part of the lake. Safe beside live writers."""
    staged = lake.files.drop_staged()
    removed = kept = foreign = 0
    for table in TABLES:
        for path, blocks in _orphans(lake, table):
            if blocks is None:
                foreign += 1
            elif _is_fenced(lake, table, blocks, at) and path not in lake.active(table):
                lake.files.delete(path)
                removed += 1
            else:
                kept += 1
    return Cleaned(staged, removed, kept, foreign)


def _orphans(lake: Lake, table: str) -> list[tuple[str, Mapping[str, int] | None]]:
    # Listed before the log is read: what is committed in between is not taken for an orphan.
    listed = lake.files.list(table)
    lake.refresh(table)
    active = set(lake.active(table))
    found: list[tuple[str, Mapping[str, int] | None]] = []
    for path in listed:
        if path not in active:
            footer = lake.files.blocks(path)
            found.append((path, None if footer is None else json.loads(footer)))
    return found


def _is_fenced(lake: Lake, table: str, blocks: Mapping[str, int], at: datetime) -> bool:
    """Whether the log would refuse a commit of the file, from now on.

    A writer commits no end below the one it compared. So where the committed end of one source is
    above the file's, its writer's version is outdated. Where it is the same, that cannot be told
    (recovery says an end again), and an empty commit that says it once more makes the fence.
    """
    committed = lake.committed(table, blocks)
    if any(committed.get(source, -1) > end for source, end in blocks.items()):
        return True
    same = {s: end for s, end in blocks.items() if committed.get(s, -1) == end}
    if not same:
        return False
    name = f"fence-{uuid4().hex}"
    try:
        lake.commit(Commit(table, (), same, name, "clean", at))
    except ConflictError:
        return False
    finally:
        lake.refresh(table)
    return True
