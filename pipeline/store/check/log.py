"""The part of `lake check` that reads the tables' logs: are their entries and checkpoints whole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from pipeline.store.check.findings import Finding
from pipeline.store.commit.data_files import MAINTAIN
from pipeline.store.commit.write import GENERATION, GENERATIONS
from pipeline.store.read.snapshot import Snapshot
from pipeline.store.read.table_log import DamagedLogError, Log, LogState
from pipeline.store.schema.contract import LINKS

_ROWS = "/rows"


def check_log(snapshot: Snapshot, table: str, *, deep: bool) -> tuple[LogState, list[Finding]]:
    """Read what the log of `table` says at the pinned version, and what is wrong with it.

    The last checkpoint is held against what the entries before it say, as far back as a checkpoint
    lies below them without a hole. With `deep` every entry is read.
    """
    if table not in snapshot.tables:
        return LogState(), []
    version = snapshot.tables[table].version()
    log = Log.listed(snapshot.filesystem(), table)
    findings = list(_entries(log, version, deep=deep))
    try:
        state = log.state(version)
    except DamagedLogError as error:
        state = LogState()
        findings.append(Finding("log_entry", table, str(error)))
    findings += _checkpoint(log, version)
    return state, list(dict.fromkeys(findings))


def sources_of(state: LogState) -> dict[str, int]:
    """Return the committed end of each source that the log names."""
    return {
        app: end
        for app, end in state.versions.items()
        if app not in (MAINTAIN, GENERATIONS) and not app.startswith(GENERATION)
    }


def links_of(state: LogState) -> dict[date, int]:
    """Say how many links each day has, by the log of the table of links."""
    return {
        date.fromisoformat(app.removeprefix(f"{LINKS}/").removesuffix(_ROWS)): count
        for app, count in state.versions.items()
        if app.startswith(f"{LINKS}/") and app.endswith(_ROWS)
    }


def _entries(log: Log, version: int, *, deep: bool) -> Iterator[Finding]:
    there = [number for number in log.entries if number <= version]
    last = max((n for n in log.checkpoints if n <= version), default=-1)
    # What the last checkpoint covers may be cleaned away, oldest first.
    first = min(there, default=version + 1)
    for number in range(min(first, last + 1), version + 1):
        if number not in there:
            yield Finding("log_entry", log.table, f"{number:020}.json is not there")
        elif deep or number > last:
            try:
                log.entry(number)
            except DamagedLogError as error:
                yield Finding("log_entry", log.table, str(error))


def _checkpoint(log: Log, version: int) -> Iterator[Finding]:
    """Whether the last checkpoint says what the entries up to it say, where they are all there."""
    below = [number for number in log.checkpoints if number <= version]
    if not below:
        return
    last, before = below[-1], below[-2] if len(below) > 1 else -1
    name = f"{last:020}.checkpoint.parquet"
    try:
        found = log.checkpoint(last)
    except DamagedLogError as error:
        yield Finding("log_checkpoint", log.table, str(error))
        return
    if any(number not in log.entries for number in range(before + 1, last + 1)):
        return
    try:
        base = log.checkpoint(before) if before >= 0 else LogState()
        wanted = log.replayed(last, base, before)
    except DamagedLogError:
        # An entry that cannot be read is told of elsewhere, an older checkpoint is in nobody's way.
        return
    for what, here, there in (
        ("files", found.files, wanted.files),
        ("application transactions", found.versions, wanted.versions),
    ):
        if here != there:
            different = len(here.items() ^ there.items())
            message = f"{name}: {different} {what} differ from what the entries say"
            yield Finding("log_checkpoint", log.table, message)
