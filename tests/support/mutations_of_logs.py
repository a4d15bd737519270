"""Mutations of what a lake's logs say: statistics, metadata, protocol, transactions, odd files.

Those that a hand makes which knows the seal of an entry are sealed anew, so that the rules are
asked, and not the seal alone.
"""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.store.commit.delta import STATS_COLUMNS
from pipeline.store.commit.entry_seal import COMMIT_KEY, ENTRY_SEAL, seal_of_entry
from pipeline.store.read.table_log import HINT
from pipeline.store.schema.contract import TABLES
from tests.support.mutations_of_pairs import FORGED

Change = Callable[[Path, Random], str | None]
Action = dict[str, Any]

OPERATOR = "an operator's property: it changes no row, and nobody reads otherwise"
DIED = f"{FORGED}what a writer leaves that died after this commit"
COUNTER = "counts the commits of upkeep: a higher number outdates none that is at work"


def log_mutations(source: str) -> Iterator[tuple[str, str, Change]]:
    """Yield group, name and change of each; `source` is one of the lake's."""
    yield from (("statistics", name, change) for name, change in _statistics())
    yield from (("transactions", name, change) for name, change in _transactions(source))
    yield from (("metadata", name, change) for name, change in _metadata())
    yield from (("additions", name, change) for name, change in _additions())
    yield from (("entries", name, change) for name, change in _entries(source))


def entries(lake: Path, table: str) -> list[Path]:
    """Return the entries of a log, the oldest first."""
    return sorted((lake / table / "_delta_log").glob("*.json"))


def read(entry: Path) -> list[Action]:
    """Return the actions of an entry."""
    return [json.loads(line) for line in entry.read_text().splitlines()]


def write(entry: Path, actions: Sequence[Mapping[str, Any]]) -> None:
    """Write an entry, with the seal that follows from its actions where it has one."""
    for action in actions:
        if ENTRY_SEAL in (info := action.get("commitInfo", {})):
            info[ENTRY_SEAL] = seal_of_entry(actions)
    entry.write_text("".join(f"{json.dumps(action)}\n" for action in actions))


def commit(lake: Path, table: str, *actions: Action, name: str | None = "forged") -> None:
    """Add an entry to a log; without `name` as another tool does."""
    last = entries(lake, table)[-1]
    info: Action = {"timestamp": 1}
    if name is not None:
        info |= {COMMIT_KEY: name, ENTRY_SEAL: ""}
    write(last.with_name(f"{int(last.stem) + 1:020}.json"), [{"commitInfo": info}, *actions])


def _adding(lake: Path, table: str) -> Path:
    """Return the last entry that adds a file."""
    return next(p for p in reversed(entries(lake, table)) if any("add" in a for a in read(p)))


def _added(lake: Path, table: str) -> Action:
    """Return the last addition."""
    return next(copy.deepcopy(a["add"]) for a in read(_adding(lake, table)) if "add" in a)


def _change_add(change: Callable[[Action], object], told: str | None = None) -> Change:
    """Change the last addition of `stories`; `told` is why nobody reads a difference."""

    def changed(lake: Path, _: Random) -> str | None:
        entry = _adding(lake, "stories")
        actions = read(entry)
        for action in actions:
            if "add" in action:
                change(action["add"])
        write(entry, actions)
        return told

    return changed


def _stats(change: Callable[[Action], object]) -> Callable[[Action], None]:
    def changed(add: Action) -> None:
        stats = json.loads(add["stats"])
        change(stats)
        add["stats"] = json.dumps(stats)

    return changed


def _without_info(lake: Path, _: Random) -> None:
    entry = _adding(lake, "stories")
    write(entry, [action for action in read(entry) if "commitInfo" not in action])


def _statistics() -> Iterator[tuple[str, Change]]:
    for name, change in (
        ("nulls of a column that has none", lambda s: s["nullCount"].update(offset=1)),
        ("a lower bound", lambda s: s["maxValues"].update(offset=0)),
        ("another number of rows", lambda s: s.update(numRecords=9)),
        ("bounds of another column", lambda s: s["minValues"].update(headline="Z")),
        ("nulls of another column", lambda s: s["nullCount"].update(headline=1)),
    ):
        yield f"stories: {name}, sealed anew", _change_add(_stats(change))
    yield "stories: another size, sealed anew", _change_add(lambda a: a.update(size=a["size"] + 8))
    yield (
        "stories: another time of a file, sealed anew",
        _change_add(lambda a: a.update(modificationTime=1), "no reading takes a file's time"),
    )
    yield (
        "stories: an addition that says it changes nothing, sealed anew",
        _change_add(lambda a: a.update(dataChange=False)),
    )
    yield "stories: an entry without what it says of itself", _without_info


def _transactions(source: str) -> Iterator[tuple[str, Change]]:
    def set_to(tables: Sequence[str], app: str, version: int, told: str | None = None) -> Change:
        def changed(lake: Path, _: Random) -> str | None:
            for table in tables:
                commit(lake, table, {"txn": {"appId": app, "version": version}})
            return told

        return changed

    for table in TABLES:
        yield f"{table}: an end rolled back", set_to((table,), source, 20)
        told = DIED if table == "rejects" else None
        yield f"{table}: an end rolled forward", set_to((table,), source, 1000, told)
    yield "all ends rolled back", set_to(TABLES, source, 20)
    yield "all ends rolled forward", set_to(TABLES, source, 1000)
    yield "all ends but the ledger's rolled forward", set_to(TABLES[:-1], source, 1000, DIED)
    yield "the number of generations raised", set_to(("ledger",), "generations", 7)
    yield "the number of generations lowered", set_to(("ledger",), "generations", 0)
    yield "a second set of stages with one number", set_to(("ledger",), "generation/other", 1)
    yield "upkeep's count raised", set_to(("stories",), "maintain", 50, COUNTER)


def _metadata() -> Iterator[tuple[str, Change]]:
    def given(change: Callable[[Action], object], told: str | None = None) -> Change:
        def changed(lake: Path, _: Random) -> str | None:
            every = [
                a["metaData"] for p in entries(lake, "stories") for a in read(p) if "metaData" in a
            ]
            metadata = copy.deepcopy(every[-1])
            change(metadata)
            commit(lake, "stories", {"metaData": metadata})
            return told

        return changed

    def column(name: str, change: Callable[[list[Action]], list[Action]]) -> Change:
        def changed(metadata: Action) -> None:
            schema = json.loads(metadata["schemaString"])
            mine = [field for field in schema["fields"] if field["name"] == name]
            rest = [field for field in schema["fields"] if field["name"] != name]
            metadata["schemaString"] = json.dumps({**schema, "fields": [*rest, *change(mine)]})

        return given(changed)

    def protocol(reader: int, **features: list[str]) -> Change:
        needs = {"minReaderVersion": reader, "minWriterVersion": 7, **features}
        return lambda lake, _: commit(lake, "stories", {"protocol": needs})

    def renamed(fields: list[Action]) -> list[Action]:
        return [{**field, "name": "of_tomorrow"} for field in fields]

    def nullable(fields: list[Action]) -> list[Action]:
        return [{**field, "nullable": True} for field in fields]

    yield "statistics of no column", given(lambda m: m["configuration"].pop(STATS_COLUMNS))
    yield (
        "statistics of other columns",
        given(lambda m: m["configuration"].update({STATS_COLUMNS: "source,headline"})),
    )
    yield (
        "a table that may only be added to",
        given(lambda m: m["configuration"].update({"delta.appendOnly": "true"}), OPERATOR),
    )
    yield (
        "entries kept for less long",
        given(
            lambda m: m["configuration"].update({"delta.logRetentionDuration": "interval 1 hours"}),
            OPERATOR,
        ),
    )
    yield "a column dropped", column("slugline", lambda _: [])
    yield "a column renamed", column("slugline", renamed)
    yield "a column that may be null now", column("headline", nullable)
    yield "another id of the table", given(lambda m: m.update(id=str(UUID(int=7))))
    yield "other partition columns", given(lambda m: m.update(partitionColumns=["date"]))
    vectors = ["deletionVectors"]
    yield "features of readers", protocol(3, readerFeatures=vectors, writerFeatures=vectors)
    yield "features of writers", protocol(1, writerFeatures=["appendOnly"])


def _additions() -> Iterator[tuple[str, Change]]:
    def again(path: Callable[[str, Path], str]) -> Change:
        def changed(lake: Path, _: Random) -> None:
            add = _added(lake, "entities")
            commit(lake, "entities", {"add": {**add, "path": path(add["path"], lake / "entities")}})

        return changed

    yield "a file added again", again(lambda path, _: path)
    yield "a file added again, written otherwise", again(lambda p, _: p.replace("=", "%3D", 1))
    yield "a file added again, as ./", again(lambda path, _: f"./{path}")
    yield "a file added again, by its whole path", again(lambda p, at: f"file://{at / unquote(p)}")

    def twice(lake: Path, _: Random) -> None:
        entry = _adding(lake, "entities")
        actions = read(entry)
        write(entry, [*actions, *(action for action in actions if "add" in action)])

    def of_another(lake: Path, _: Random) -> None:
        add = _added(lake, "events")
        path = unquote(add["path"])
        shutil.copy(lake / "events" / path, lake / "entities" / path)
        commit(lake, "entities", {"add": add})

    def removed(*, is_deleted: bool) -> Change:
        def changed(lake: Path, _: Random) -> None:
            add = _added(lake, "events")
            kept = {name: add[name] for name in ("path", "size", "partitionValues")}
            gone = {**kept, "dataChange": True, "deletionTimestamp": 1}
            commit(lake, "events", {"remove": gone})
            if is_deleted:
                (lake / "events" / unquote(add["path"])).unlink()

        return changed

    def vector(add: Action) -> None:
        parts = {"storageType": "i", "pathOrInlineDv": "", "offset": 1, "sizeInBytes": 40}
        add["deletionVector"] = {**parts, "cardinality": 1}

    yield "a file twice in one entry", twice
    yield "a file of another table", of_another
    yield "a file taken out", removed(is_deleted=False)
    yield "a file taken out and deleted", removed(is_deleted=True)
    yield "rows that a vector hides", _change_add(vector)


def _entries(source: str) -> Iterator[tuple[str, Change]]:
    def repeated(nth: int) -> Change:
        def changed(lake: Path, _: Random) -> None:
            every = entries(lake, "stories")
            adding = [entry for entry in every if any("add" in a for a in read(entry))]
            last = int(every[-1].stem)
            shutil.copy(adding[nth], every[-1].with_name(f"{last + 1:020}.json"))

        return changed

    def swapped(lake: Path, _: Random) -> str:
        one, other = entries(lake, "events")[-2:]
        text = one.read_text()
        one.write_text(other.read_text())
        other.write_text(text)
        return "two commits of different sources in another order: the state is the same after both"

    def of_another(lake: Path, _: Random) -> None:
        entry = _adding(lake, "entities")
        shutil.copy(entry, lake / "events" / "_delta_log" / entry.name)

    def exchanged(lake: Path, _: Random) -> None:
        one, other = (lake / table / "_delta_log" for table in ("entities", "events"))
        aside = one.with_name("aside")
        one.rename(aside)
        other.rename(one)
        aside.rename(other)

    def compacted(first: int, last: int) -> Change:
        def changed(lake: Path, _: Random) -> None:
            every = entries(lake, "events")
            name = f"{every[first].stem}.{every[last].stem}.compacted.json"
            shutil.copy(every[first], every[first].with_name(name))

        return changed

    def source_gone(tables: Sequence[str]) -> Change:
        def changed(lake: Path, _: Random) -> None:
            for table in tables:
                for entry in entries(lake, table):
                    actions = read(entry)
                    write(entry, [a for a in actions if a.get("txn", {}).get("appId") != source])
                for path in (lake / table / "_delta_log").glob("*.checkpoint.parquet"):
                    rows = pq.read_table(path)
                    named = [(txn or {}).get("appId") for txn in rows["txn"].to_pylist()]
                    pq.write_table(rows.filter(pa.array([n != source for n in named])), path)

        return changed

    yield "the last entry repeated", repeated(-1)
    yield "an old entry repeated", repeated(8)
    yield "two entries in another order", swapped
    yield "an entry of another table", of_another
    yield "the logs of two tables exchanged", exchanged
    yield "a file of other tools in place of old entries", compacted(2, 6)
    yield "a file of other tools in place of the last entries", compacted(-4, -1)
    for table in TABLES:
        yield f"{table}: no end of a source in the whole log", source_gone((table,))
    yield from _checkpoints()


def _checkpoints() -> Iterator[tuple[str, Change]]:
    def copied(later: int) -> Change:
        def changed(lake: Path, _: Random) -> None:
            last = int(entries(lake, "events")[-1].stem)
            path = _checkpoint(lake)
            shutil.copy(path, path.with_name(f"{last + later:020}.checkpoint.parquet"))

        return changed

    def other(name: str) -> Change:
        def changed(lake: Path, _: Random) -> None:
            path = _checkpoint(lake)
            rows = pq.read_table(path)
            pq.write_table(rows.slice(4), path.with_name(path.name[:20] + name))

        return changed

    def gone(lake: Path, _: Random) -> None:
        _checkpoint(lake).unlink()

    def no_hint(lake: Path, _: Random) -> str:
        (lake / "events" / "_delta_log" / HINT).unlink()
        return "without the hint readers list the log, and find the same checkpoint"

    yield "a checkpoint under a later version", copied(0)
    yield "a checkpoint beyond the log", copied(3)
    yield "a checkpoint of several parts", other(".checkpoint.0000000001.0000000001.parquet")
    yield "a checkpoint of the second version", other(f".checkpoint.{UUID(int=7)}.parquet")
    yield "a checkpoint gone", gone
    yield "a hint gone", no_hint


def _checkpoint(lake: Path) -> Path:
    return sorted((lake / "events" / "_delta_log").glob("*.checkpoint.parquet"))[-1]
