"""The part of `lake check` that reads the tables' logs: are their entries and checkpoints whole."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import unquote

from deltalake import DeltaTable

from pipeline.store.check.findings import Finding
from pipeline.store.commit.delta import stats_columns
from pipeline.store.commit.entry_seal import COMMIT_KEY, ENTRY_SEAL, seal_of_entry
from pipeline.store.commit.unread import PASSED
from pipeline.store.commit.write import GENERATION, GENERATIONS, is_source
from pipeline.store.read.snapshot import Snapshot, pin_table
from pipeline.store.read.table_log import Log, LogFileError, LogState
from pipeline.store.schema.contract import LINKS

_ROWS = "/rows"
_RESTORE = "RESTORE"
_CREATE = "CREATE TABLE"
_CHANGES = ("add", "remove", "txn")
_ACTIONS = (*_CHANGES, "commitInfo", "metaData", "protocol", "cdc", "domainMetadata")
_STATISTICS = ("minValues", "maxValues", "nullCount")
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
    except LogFileError as error:
        state = LogState()
        findings.append(Finding("log_entry", table, str(error)))
    findings += _checkpoint(log, version, deep=deep)
    if (fault := log.hint_fault()) is not None:
        findings.append(Finding("log_checkpoint", table, fault))
    findings += (
        Finding("log_checkpoint", table, f"{name}: Dateline writes none; readers may take its word")
        for name in log.strange
    )
    findings += _generations(state)
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
    except LogFileError:
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


def numbers_of(state: LogState) -> list[int]:
    """Return the numbers of the generations that the ledger's log names."""
    return [n for app, n in state.versions.items() if app.startswith(GENERATION)]


def _generations(state: LogState) -> Iterator[Finding]:
    """Yield whether two sets of stages have one number, or the next one has a number already."""
    numbers, last = numbers_of(state), state.versions.get(GENERATIONS, 0)
    if len(set(numbers)) != len(numbers) or max(numbers, default=0) != last:
        message = f"the sets of stages have the numbers {sorted(numbers)}, the last one is {last}"
        yield Finding("generation", "ledger", message)


@dataclass(slots=True)
class _Past:
    """Holds what the entries that were read so far say together.

    `strangers` are the versions that somebody else committed, and how he calls it.
    """

    table: str
    files: set[str] = field(default_factory=set)
    table_id: str | None = None
    strangers: dict[int, str] = field(default_factory=dict)

    def faults(self, number: int, entry: Sequence[Mapping[str, Any]]) -> Iterator[str]:
        """Take in one more entry, and yield what does not fit to those before it."""
        infos = [info for a in entry if isinstance(info := a.get("commitInfo"), dict)]
        if any(info.get("operation") == _RESTORE for info in infos):
            self._restored(infos)
        elif any(kind in a for a in entry for kind in _CHANGES) and not any(
            COMMIT_KEY in info for info in infos
        ):
            called = (info.get("operation") for info in infos)
            self.strangers[number] = ", ".join(str(name) for name in called if name) or "unnamed"
        for action in entry:
            if (removed := action.get("remove")) is not None:
                self.files.discard(unquote(str(removed.get("path"))))
        is_append = not any("remove" in action for action in entry)
        for action in entry:
            if (added := action.get("add")) is not None:
                yield from self._added(added, is_append=is_append)
            if (metadata := action.get("metaData")) is not None:
                yield from self._named(metadata, is_new=any(map(_is_making, infos)))

    def _named(self, metadata: Mapping[str, Any], *, is_new: bool) -> Iterator[str]:
        """Take in the table's id.

        Writers of before 2026-12 that began at once could each make the table: the second entry,
        with an id of its own, came before any file.
        """
        before, self.table_id = self.table_id, metadata.get("id")
        if before not in (None, self.table_id) and (self.files or not is_new):
            yield "it gives the table another id"

    def _added(self, added: Mapping[str, Any], *, is_append: bool) -> Iterator[str]:
        path = unquote(str(added.get("path")))
        if is_append and not added.get("dataChange"):
            yield f"it adds {path} without saying that rows came"
        if path in self.files:
            yield f"it adds {path}, which the table has"
        self.files.add(path)
        if added.get("deletionVector") is not None:
            yield f"it hides rows of {path}"
        if (stated := _columns_of_stats(added)) - set(stats_columns(self.table)):
            yield f"it has statistics of other columns of {path}: {', '.join(sorted(stated))}"

    def _restored(self, infos: Sequence[Mapping[str, Any]]) -> None:
        """Forget what a restore took back (docs/upkeep.md): the files of then are there again."""
        self.files.clear()
        for info in infos:
            with suppress(KeyError, TypeError, ValueError):
                last = int(info["operationParameters"]["version"])
                self.strangers = {n: name for n, name in self.strangers.items() if n <= last}

    def foreign(self) -> Iterator[Finding]:
        """Yield each entry of somebody else's that changed the table's files."""
        for number, called in self.strangers.items():
            yield Finding("foreign_entry", self.table, f"{number:020}.json: {called}")


def _is_making(info: Mapping[str, Any]) -> bool:
    return info.get("operation") == _CREATE


def _columns_of_stats(added: Mapping[str, Any]) -> set[str]:
    """Return the columns that an addition has statistics of."""
    try:
        stats = json.loads(added["stats"])
        return {name for part in _STATISTICS for name in stats.get(part, ())}
    except (KeyError, TypeError, ValueError, AttributeError):
        return set()


def _entries(log: Log, version: int, *, deep: bool) -> Iterator[Finding]:
    there = [number for number in log.entries if number <= version]
    last = max((n for n in log.checkpoints if n <= version), default=-1)
    # What the last checkpoint covers may be cleaned away, oldest first.
    first = min(there, default=version + 1)
    past = _Past(log.table)
    for number in range(min(first, last + 1), version + 1):
        if number not in there:
            yield Finding("log_entry", log.table, f"{number:020}.json is not there")
        elif deep or number > last:
            try:
                entry = log.entry(number)
            except LogFileError as error:
                yield Finding("log_entry", log.table, str(error))
                continue
            if (fault := _entry_fault(entry)) is not None:
                yield Finding("log_entry", log.table, f"{number:020}.json: {fault}")
                continue
            for fault in past.faults(number, entry):
                yield Finding("log_entry", log.table, f"{number:020}.json: {fault}")
    yield from past.foreign()


def _entry_fault(entry: Sequence[Mapping[str, Any]]) -> str | None:
    """Say what an entry contradicts itself in: its seal, and the metadata that it gives twice."""
    if not any(kind in action for action in entry for kind in _ACTIONS):
        return "it holds no action of a Delta log"
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
        except LogFileError:
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
    except LogFileError as error:
        yield Finding("log_checkpoint", log.table, str(error))
        return
    if any(number not in log.entries for number in range(before + 1, last + 1)):
        return
    try:
        base = log.checkpoint(before, whole=deep) if before >= 0 else LogState()
        wanted = log.replayed(last, base, before)
    except LogFileError:
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
