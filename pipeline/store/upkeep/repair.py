"""Repair of a table's log: a damaged checkpoint or hint, where the entries are all there.

Checkpoints and the hint (`_last_checkpoint`) only spare readers the entries: what they say follows
from these. A damaged one is set aside under another name, and the table is read from the entries
(or an older sound checkpoint and those after it) and gets a new one. Nothing else is changed: what
the entries do not say cannot be known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass, replace

import pyarrow.fs as pafs
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from pipeline.errors import StoreError, UsageError
from pipeline.store.commit.delta import reason
from pipeline.store.read.snapshot import filesystem_of
from pipeline.store.read.table_log import (
    HINT,
    LOG,
    DamagedLogError,
    Log,
    LogState,
    UnreadLogError,
)
from pipeline.store.schema.contract import LINKS, TABLES

ASIDE = ".damaged"
"""What is appended to the name of a file that is set aside."""


_DIGITS = 20
"""Of a version, in the name of a log's file."""


@dataclass(frozen=True, slots=True)
class Repair:
    """Holds what is wrong with one file of a table's log, and what can be done.

    `is_possible` is whether the entries that it stands for are all there, or a later checkpoint
    stands for them too: an entry itself has nothing that it could be rebuilt from.
    """

    table: str
    file: str
    fault: str
    is_possible: bool


def plan_repairs(url: str, options: Mapping[str, str] | None = None) -> list[Repair]:
    """Return what is to be repaired; changes nothing.

    Raises `UsageError` where there is no lake, `StoreError` where the store fails.
    """
    with _asking():
        filesystem = filesystem_of(url.rstrip("/"), options or {})
        logs = [Log.listed(filesystem, table) for table in (*TABLES, LINKS)]
    if not any(log.entries or log.checkpoints for log in logs):
        raise UsageError(
            "there is no lake at this URL: name it with --lake or `lake.url`", lake=url
        )
    with _asking():
        return [repair for log in logs for repair in _planned(log)]


def repair(url: str, options: Mapping[str, str] | None = None) -> list[Repair]:
    """Carry out what `plan` says is possible, and say it.

    Stop the jobs before: a writer that is about to read the log may meet it half repaired. A second
    repair at the same time does no harm, and one that was cut short is finished by the next. Raises
    `StoreError` where the store fails, or a table still cannot be read.
    """
    root, given = url.rstrip("/"), dict(options or {})
    filesystem = filesystem_of(root, given)
    done = [found for found in plan_repairs(url, options) if found.is_possible]
    with _asking():
        for found in done:
            _set_aside(filesystem, f"{found.table}/{LOG}/{found.file}")
    for table in dict.fromkeys(found.table for found in done):
        # The hint names what was set aside, or an older one: without it readers list the log.
        with _asking():
            _set_aside(filesystem, f"{table}/{LOG}/{HINT}")
        try:
            DeltaTable(f"{root}/{table}", storage_options=given or None).create_checkpoint()
        except (DeltaError, OSError) as error:
            raise StoreError(
                "the table still cannot be read: run it again, and if that does not help take its"
                " `_delta_log` from a backup (docs/upkeep.md)",
                table=table,
                reason=reason(error),
            ) from error
    return done


@contextmanager
def _asking() -> Iterator[None]:
    """Raises `StoreError` where the store fails: what was begun is finished by another run."""
    try:
        yield
    except (DeltaError, OSError, UnreadLogError) as error:
        raise StoreError(
            "cannot repair: see docs/upkeep.md, Faults of the store; then run it again",
            reason=reason(error),
        ) from error


def _set_aside(filesystem: pafs.FileSystem, path: str) -> None:
    if filesystem.get_file_info(path).type == pafs.FileType.File:
        # Another repair may be first.
        with suppress(FileNotFoundError):
            filesystem.move(path, f"{path}{ASIDE}")


def _planned(log: Log) -> list[Repair]:
    found: list[Repair] = []
    sound: tuple[int, LogState] | None = None
    for version in log.checkpoints:
        after = -1 if sound is None else sound[0]
        entries = range(after + 1, version + 1)
        is_possible = all(number in log.entries for number in entries)
        wanted: LogState | None = None
        if is_possible:
            base = LogState() if sound is None else deepcopy(sound[1])
            try:
                wanted = log.replayed(version, base, after)
            except DamagedLogError:
                is_possible = False
        name = f"{version:020}.checkpoint.parquet"
        try:
            state = log.checkpoint(version)
        except DamagedLogError as error:
            found.append(Repair(log.table, name, str(error), is_possible))
            continue
        if wanted is not None and (state.files, state.versions) != (wanted.files, wanted.versions):
            fault = f"{name}: it says other than the entries"
            found.append(Repair(log.table, name, fault, is_possible))
            continue
        sound = (version, state)
    first = sound[0] + 1 if sound is not None else min(log.entries, default=0)
    # Of a checkpoint before the last sound one nobody needs what it says.
    sound_name = "" if sound is None else f"{sound[0]:020}"
    found = [replace(one, is_possible=one.is_possible or one.file < sound_name) for one in found]
    found += _damaged_entries(log, first if log.checkpoints else 0)
    found += (
        Repair(log.table, name, f"{name}: Dateline writes none", _is_covered(log, name))
        for name in log.strange
    )
    wrong = log.hint_fault()
    if wrong is not None:
        found.append(Repair(log.table, HINT, wrong, bool(log.entries)))
    return found


def _damaged_entries(log: Log, first: int) -> Iterator[Repair]:
    """Yield the entries from version `first` on that are missing or damaged: nothing has them."""
    for number in range(first, max((*log.entries, *log.checkpoints), default=-1) + 1):
        name = f"{number:020}.json"
        try:
            log.entry(number)
        except DamagedLogError as error:
            is_there = number in log.entries
            fault = str(error) if is_there else f"{name}: it is not there"
            yield Repair(log.table, name, fault, is_possible=False)


def _is_covered(log: Log, name: str) -> bool:
    """Say whether entries or a checkpoint of one part say what a file of others stands for."""
    last = int(name[:_DIGITS])
    first = max((n for n in log.checkpoints if n <= last), default=-1) + 1
    return all(number in log.entries for number in range(first, last + 1))
