"""The part of `lake check` that reads the tables' logs: are their entries and checkpoints whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from deltalake import DeltaTable

from pipeline.store.check.findings import Finding
from pipeline.store.commit.entry_seal import ENTRY_SEAL, seal_of_entry
from pipeline.store.commit.unread import PASSED
from pipeline.store.commit.write import is_source
from pipeline.store.read.snapshot import Snapshot, pin_table
from pipeline.store.read.table_log import DamagedLogError, Log, LogState
from pipeline.store.schema.contract import LINKS

_ROWS = "/rows"
_MADE_WITH = {"metadata": "metaData", "protocol": "protocol"}
"""What delta-rs tells of a table's making beside the action that says the same."""


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
    findings += _checkpoint(log, version, deep=deep)
    if (fault := log.hint_fault()) is not None:
        findings.append(Finding("log_checkpoint", table, fault))
    if deep and not findings:
        findings += _metadata(log, version, snapshot.tables[table])
    return state, list(dict.fromkeys(findings))


def sources_of(state: LogState) -> dict[str, int]:
    """Return the committed end of each source that the log names."""
    return {app: end for app, end in state.versions.items() if is_source(app)}


def begun_since(snapshot: Snapshot, state: LogState) -> list[str]:
    """Return the sources whose start entered the ledger since it was pinned, at `state`.

    The other tables are pinned after the ledger: a source that begins meanwhile has items there.
    """
    handle = pin_table(snapshot.url, "ledger", snapshot.options)
    if handle is None:
        return []
    try:
        now = Log.listed(snapshot.filesystem(), "ledger").state(handle.version())
    except DamagedLogError:
        return []  # told of with the entries
    return sorted(sources_of(now).keys() - sources_of(state).keys())


def passed_of(state: LogState) -> dict[str, int]:
    """Say of each source up to where records were passed (or given an account), by the log."""
    return {
        app.removeprefix(PASSED): end
        for app, end in state.versions.items()
        if app.startswith(PASSED)
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
                fault = _entry_fault(log.entry(number))
            except DamagedLogError as error:
                yield Finding("log_entry", log.table, str(error))
            else:
                if fault is not None:
                    yield Finding("log_entry", log.table, f"{number:020}.json: {fault}")


def _entry_fault(entry: Sequence[Mapping[str, Any]]) -> str | None:
    """Say what an entry contradicts itself in: its seal, and the metadata that it gives twice."""
    said = [info for action in entry if isinstance(info := action.get("commitInfo"), dict)]
    seals = [info[ENTRY_SEAL] for info in said if ENTRY_SEAL in info]
    try:
        if seals and seal_of_entry(entry) != seals[0]:
            return "its actions are not those that were committed"
        for info in said:
            for name, action in _MADE_WITH.items():
                if (given_text := info.get("operationParameters", {}).get(name)) is not None:
                    given = [a[action] for a in entry if action in a]
                    if given != [json.loads(given_text)]:
                        return f"it gives the table's {name} twice, and not the same"
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return f"it cannot be understood: {error!r}"
    return None


def _metadata(log: Log, version: int, handle: DeltaTable) -> Iterator[Finding]:
    """Yield whether the table's metadata are those that the last entry which gives them says."""
    for number in sorted((n for n in log.entries if n <= version), reverse=True):
        try:
            given = [a["metaData"] for a in log.entry(number) if "metaData" in a]
        except DamagedLogError:
            return  # told of with the entries
        if not given:
            continue
        now = handle.metadata()
        try:
            is_same = (
                json.loads(given[-1]["schemaString"]) == json.loads(handle.schema().to_json()),
                given[-1]["partitionColumns"] == now.partition_columns,
                given[-1]["configuration"] == now.configuration,
                given[-1].get("description") == now.description,
                given[-1].get("name") == now.name,
                given[-1]["id"] == str(now.id),
                _versions(log.entry(number)) in (None, _needed(handle)),
            )
        except (ValueError, KeyError, TypeError) as error:
            yield Finding("log_entry", log.table, f"{number:020}.json: {error!r}")
            return
        if not all(is_same):
            message = f"{number:020}.json: it gives the table other metadata than it has"
            yield Finding("log_entry", log.table, message)
        return


def _versions(entry: Sequence[Mapping[str, Any]]) -> tuple[int, int] | None:
    """Return the protocol's versions that an entry asks for."""
    for action in entry:
        if "protocol" in action:
            return action["protocol"]["minReaderVersion"], action["protocol"]["minWriterVersion"]
    return None


def _needed(handle: DeltaTable) -> tuple[int, int]:
    protocol = handle.protocol()
    return protocol.min_reader_version, protocol.min_writer_version


def _checkpoint(log: Log, version: int, *, deep: bool) -> Iterator[Finding]:
    """Yield whether the last checkpoint says what the entries up to it say, where they are all
    there."""
    below = [number for number in log.checkpoints if number <= version]
    if not below:
        return
    last, before = below[-1], below[-2] if len(below) > 1 else -1
    name = f"{last:020}.checkpoint.parquet"
    try:
        found = log.checkpoint(last, whole=deep)
    except DamagedLogError as error:
        yield Finding("log_checkpoint", log.table, str(error))
        return
    if any(number not in log.entries for number in range(before + 1, last + 1)):
        return
    try:
        base = log.checkpoint(before, whole=deep) if before >= 0 else LogState()
        wanted = log.replayed(last, base, before)
    except DamagedLogError:
        # An entry that cannot be read is told of elsewhere, an older checkpoint is in nobody's way.
        return
    for what, here, there in (
        ("files", found.files.items(), wanted.files.items()),
        ("application transactions", found.versions.items(), wanted.versions.items()),
        # What it says of a file is asked for with `deep` alone.
        (
            "statements on files or the table",
            found.facts.items(),
            wanted.facts.items() if deep else set(),
        ),
        # A checkpoint leaves removals out once they are old; it has none of its own.
        ("removals", found.removed.keys() - wanted.removed.keys(), set()),
    ):
        different = len(here ^ there)
        if different:
            message = f"{name}: {different} {what} differ from what the entries say"
            yield Finding("log_checkpoint", log.table, message)
