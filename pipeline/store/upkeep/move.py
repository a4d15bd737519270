"""A topic that moved to another cluster: its committed ends become the starts of new sources.

Nothing of the old source is changed. Each table gets one commit that names both: the new source
with its start, and the old one with the end that it has already, so that the log refuses whoever
compared the old source's end before. What the rejects table says first holds for all tables, as for
any start (see `LakeWriter.start`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import count
from typing import Literal
from uuid import uuid4

from pipeline.errors import UsageError
from pipeline.model import Block
from pipeline.store.commit.conflict import until_won
from pipeline.store.commit.lake import Commit, Lake
from pipeline.store.read.sources import SourceState
from pipeline.store.schema.contract import TABLES
from pipeline.store.schema.rows import Row, ledger_row

_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Move:
    """One source and its successor, which begins at `start`; `is_done` where the lake has it."""

    old: str
    new: str
    end: int
    start: int
    is_done: bool = False


def plan_moves(
    known: Sequence[SourceState], old: str, new: str, offset_shift: int = 0
) -> list[Move]:
    """Return the moves of `old` (a source, or a topic with all its partitions) to `new`.

    `offset_shift` is what the new cluster's offsets are ahead of the old one's. Raises `UsageError`
    where the lake does not know `old`, or knows `new` with another start already.
    """
    old, new = old.rstrip("/"), new.rstrip("/")
    by_name = {state.source: state for state in known}
    moves: list[Move] = []
    for name, state in sorted(by_name.items()):
        if name != old and not name.startswith(f"{old}/"):
            continue
        successor = new + name.removeprefix(old)
        start = state.end + offset_shift
        if successor == name or start < 0:
            raise UsageError("a source cannot be moved there", source=name, to=successor)
        there = by_name.get(successor)
        if there is not None and there.start != start:
            raise UsageError(
                "the lake already has the new source, with another start",
                source=successor,
                start=there.start,
                wanted=start,
            )
        moves.append(Move(name, successor, state.end, start, there is not None))
    if not moves:
        raise UsageError("the lake has no such source", source=old)
    return moves


def move(lake: Lake, moves: Sequence[Move], at: datetime) -> None:
    """Commit the starts of the new sources to all five tables; what is there already stays.

    May be run again after it died. Raises `UsageError` where another start was committed meanwhile,
    `StoreError` when the store fails.
    """
    writer = uuid4().hex[:16]
    names = (f"{writer}-{number:08d}" for number in count())
    agreed: dict[str, int] = {}
    try:
        for table in TABLES:
            attempt = partial(_commit, lake, table, moves, agreed, at=at, names=names)
            until_won(table, attempt, attempts=_ATTEMPTS)
            if table == TABLES[0]:
                lake.refresh(table)
                agreed = lake.committed(table, [one.new for one in moves])
    finally:
        lake.files.release(writer)
    for one in moves:
        if not one.is_done and agreed[one.new] != one.start:
            raise UsageError(
                "another job began the new source elsewhere", source=one.new, start=agreed[one.new]
            )


def _commit(
    lake: Lake,
    table: str,
    moves: Sequence[Move],
    agreed: dict[str, int],
    *,
    at: datetime,
    names: Iterator[str],
) -> Literal[True]:
    """Commit the starts that `table` lacks, under the next of `names`; may lose to another one."""
    name = next(names)
    lake.refresh(table)
    have = lake.committed(table, [one.new for one in moves])
    missing = {one.old: one for one in moves if one.new not in have}
    if not missing:
        return True
    starts = {one.new: agreed.get(one.new, one.start) for one in missing.values()}
    ends = lake.committed(table, missing)
    rows: list[Row] = []
    if table == TABLES[-1]:
        rows = [
            ledger_row(
                Block(source, start, start),
                stories=0,
                rejects=0,
                skipped=0,
                entities=0,
                events=0,
                enrichment_id="",
                writer=name.partition("-")[0],
                committed_at=at,
            )
            for source, start in starts.items()
        ]
    lake.commit(Commit(table, rows, {**ends, **starts}, name, name.partition("-")[0], at))
    return True
