"""A seeded suite of mutations of a lake, each one thing gone wrong, and how many the check finds.

`make mutate` runs it whole. Each mutation gets a copy of one lake of its own; it is found where
`check --strict --deep` does not say that the lake adds up, or refuses to read it.
"""

from __future__ import annotations

import argparse
import atexit
import json
import multiprocessing
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from pipeline.compat.duckdb_core import open_in_memory
from pipeline.errors import DatelineError
from pipeline.model import EnrichedStory, Record, Story
from pipeline.parse import parse_record
from pipeline.store.check.judge import CheckReport, check
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.unread import PASSED, PASSED_FROM
from pipeline.store.links.near_duplicates import LinkRule, link
from pipeline.store.read.families import FOLDER, find_families
from pipeline.store.read.snapshot import open_snapshot
from pipeline.store.read.table_log import HINT
from pipeline.store.schema.contract import LINKS, TABLES, contract
from pipeline.store.schema.rows import Row
from pipeline.store.upkeep.note_families import note_families
from tests.support.bits import flipped
from tests.support.mutations_of_logs import log_mutations
from tests.support.mutations_of_pairs import FORGED, pair_mutations
from tests.support.rows import (
    HEADLINE,
    NOON,
    PARAGRAPHS,
    a_batch,
    a_reject,
    altered,
    enriched,
    written,
)

ALL = (*TABLES, LINKS)
SOURCES = ("cluster/topic/0", "cluster/topic/1")
WORDS = tuple(f"The harbour was shut for {n} hours after a ferry ran aground." for n in range(30))
READ = {
    "add": ("path", "partitionValues", "size", "dataChange", "stats", "deletionVector"),
    "remove": ("path", "dataChange"),
    "txn": ("appId", "version"),
    "metaData": (
        *("id", "name", "description", "format", "schemaString"),
        *("partitionColumns", "configuration"),
    ),
    "protocol": ("minReaderVersion", "minWriterVersion", "readerFeatures", "writerFeatures"),
}
"""The parts of a log's actions that a reading of the table depends on (Delta protocol, "Actions");
the others are told in a history at most (`commitInfo`, times) or not set by any writer of ours."""

Change = Callable[[Path, random.Random], str | None]
"""Changes the lake; what it says tells why the change is equivalent to none, if it is."""


@dataclass(frozen=True, slots=True)
class Mutation:
    """One way in which a lake goes wrong; `seed` decides where."""

    group: str
    name: str
    change: Change
    seed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mutation: whether the check found it, or why there is nothing to find."""

    mutation: Mutation
    is_found: bool
    equivalent: str | None


def base_lake(root: Path) -> Path:
    """A lake of two sources with rejects, skips and links, past a checkpoint of each table."""
    lake = root / "base"
    batches = []
    for n in range(12):
        for source in SOURCES:
            first = 3 * n
            stories = [_read(source, first + k) for k in range(2)]
            kind = {"kind": "skipped.not_a_story", "raw": None} if n % 2 else {}
            batches.append(a_batch(stories, [a_reject(first + 2, source=source, **kind)]))
    for source in SOURCES:
        message = f"offsets 36 to 39 of {source} were no longer on the broker"
        account = {"kind": "skipped.expired", "raw": None, "message": message, "end_offset": 40}
        expired = [a_reject(36, source=source, **account)]
        batches.append(a_batch(rejects=expired, spans={source: (36, 40)}))
    written(lake, *batches).close()
    # Before the last batch, so that the ledger's last entry has a block.
    link(Lake(str(lake)), LinkRule(), NOON)
    written(lake, *(a_batch([_read(source, 40)]) for source in SOURCES)).close()
    _passed(str(lake), dict.fromkeys(("stories", "rejects"), 40), start=38)
    note_families(open_snapshot(str(lake)))
    return lake


def _read(source: str, offset: int) -> EnrichedStory:
    """A story that is read from bytes, as the check reads them again; one in three has no day."""
    words = {
        "uri": f"urn:{source}:{offset}",
        "type": "text",
        "headline": HEADLINE,
        "slugline": f"visit-{offset}",
        "body_text": "\n\n".join((*PARAGRAPHS, f"Item {source} {offset}.", *WORDS)),
    }
    if offset % 3:
        words["versioncreated"] = f"2026-03-0{4 + offset % 2}T12:00:00Z"
    (story,) = parse_record(Record(source, offset, json.dumps(words).encode(), received_at=NOON))
    assert isinstance(story, Story)
    return enriched(story)


def _passed(lake: str, ends: Mapping[str, int], start: int) -> None:
    """Say as a writer would up to where stories passed by records, and their account is given."""
    for table, end in ends.items():
        handle = Lake(lake)
        handle.refresh(table)
        marks = {f"{PASSED}{SOURCES[0]}": end}
        if table == "stories":
            marks[f"{PASSED_FROM}{SOURCES[0]}"] = start
        handle.commit_actions(table, [], marks, f"passed-{table}-{end}")


@cache
def mutations() -> list[Mutation]:
    """All of them, in a fixed order."""
    found = [
        Mutation(group, name, change, seed)
        for seed, (group, name, change) in enumerate(
            [
                *(*_by_table(), *_by_rows(), *_by_values(), *_by_files(), *_by_log(), *_by_bits()),
                *(*_by_accounts(), *_by_notes()),
                *(*log_mutations(SOURCES[0]), *pair_mutations(SOURCES[0])),
            ]
        )
    ]
    return found


def judged(lake: Path) -> CheckReport:
    """Ask `lake check --strict --deep`."""
    return check(str(lake), strict=True, deep=True, parse=parse_record)


def tried(base: Path, mutation: Mutation, folder: Path) -> Outcome:
    """Carry the mutation out on a copy of `base`, and ask the check."""
    lake = folder / "mutated"
    shutil.copytree(base, lake)
    try:
        equivalent = mutation.change(lake, random.Random(mutation.seed))
        try:
            is_found = not judged(lake).ok
        except DatelineError:
            is_found = True
        return Outcome(mutation, is_found, equivalent)
    finally:
        shutil.rmtree(lake)


def _by_table() -> Iterator[tuple[str, str, Change]]:
    for table in ALL:
        yield "table", f"{table} emptied", _rows(table, lambda _, __: [])
        yield "table", f"{table} emptied by another tool", _deleted(table, None)
        yield "table", f"{table} gone", _folder_gone(table)
    yield "table", f"{LINKS}: the log gone", _folder_gone(f"{LINKS}/_delta_log")
    yield "table", "all tables emptied", _all_emptied


def _by_rows() -> Iterator[tuple[str, str, Change]]:
    for table in ALL:
        yield "rows", f"{table}: one gone", _rows(table, _one_gone)
        yield "rows", f"{table}: one doubled", _rows(table, _one_doubled)
        yield "rows", f"{table}: a third gone", _rows(table, lambda rows, _: rows[::3] + rows[1::3])
        yield "rows", f"{table}: all doubled", _rows(table, lambda rows, _: rows + rows)
    for table in TABLES:
        yield "rows", f"{table}: a source gone", _rows(table, _source_gone)
        yield "rows", f"{table}: a source deleted", _deleted(table, f"source = '{SOURCES[1]}'")


def _by_values() -> Iterator[tuple[str, str, Change]]:
    forged = {"string": "'forged'", "long": "987654", "integer": "97", "double": "0.123"}
    for table in TABLES:
        for field in contract(table).schema:
            kind = str(_delta_kind(field.type))
            if kind in forged and field.name not in contract(table).partition_by:
                name = f'"{field.name}"' if field.name in ("offset", "end") else field.name
                yield (
                    "values",
                    f"{table}.{field.name} updated by another tool",
                    _updated(table, name, forged[kind]),
                )
    for table, column, value in (
        ("stories", "body", "Another text."),
        ("stories", "headline", "Another headline"),
        ("stories", "status", "withheld"),
        ("stories", "content_hash", "0" * 64),
        ("stories", "raw", b"no frame"),
        ("stories", "raw_bytes", 1),
        ("stories", "story_id", "another"),
        ("stories", "revision_id", "another"),
        ("stories", "enrichment_id", "another"),
        ("stories", "entity_count", 7),
        ("stories", "event_count", 0),
        ("stories", "region", "eastern-europe"),
        ("stories", "offset", 1000),
        ("stories", "item", 3),
        ("entities", "revision_id", "another"),
        ("entities", "story_id", "another"),
        ("entities", "offset", 1000),
        ("events", "target_name", "Ankara"),
        ("events", "cameo", "190"),
        ("events", "event_id", "another"),
        ("events", "confidence", 2.0),
        ("rejects", "kind", "no such kind"),
        ("rejects", "stage", "nowhere"),
        ("rejects", "offset", 1000),
        ("ledger", "records", 9),
        ("ledger", "entities", 9),
        ("ledger", "gaps", 1),
        ("ledger", "end_offset", 1000),
        ("ledger", "source", "nobody"),
    ):
        yield "values", f"{table}.{column} of one row", _rows(table, _set(column, value))


def _by_files() -> Iterator[tuple[str, str, Change]]:
    for table in ALL:
        for name, change in (
            ("gone", lambda path, _: path.unlink()),
            ("emptied", lambda path, _: path.write_bytes(b"")),
            ("cut short", lambda path, _: path.write_bytes(path.read_bytes()[:-50])),
            ("longer", lambda path, _: path.write_bytes(path.read_bytes() + b"\0")),
            ("beside itself", _beside),
            ("written anew", lambda path, _: pq.write_table(pq.ParquetFile(path).read(), path)),
        ):
            yield "files", f"{table}: a file {name}", _file(table, change)
    for table in TABLES:
        yield "files", f"{table}: one file in another's place", _swapped(table)


def _by_log() -> Iterator[tuple[str, str, Change]]:
    for table in ALL:
        yield "log", f"{table}: the last entry gone", _entry(table, -1, lambda p: p.unlink())
        yield "log", f"{table}: the last entry emptied", _entry(table, -1, _emptied)
    for table in TABLES:
        yield "log", f"{table}: the last entry cut short", _entry(table, -1, _halved)
        yield "log", f"{table}: an old entry gone", _entry(table, 3, lambda p: p.unlink())
        yield "log", f"{table}: an old entry cut short", _entry(table, 3, _halved)
        yield "log", f"{table}: an entry after the checkpoint gone", _entry(table, -3, Path.unlink)
        yield "log", f"{table}: a checkpoint without additions", _checkpoint(table, "add")
        yield "log", f"{table}: a checkpoint without transactions", _checkpoint(table, "txn")
        yield "log", f"{table}: a checkpoint cut short", _checkpoint(table, None)


def _by_bits() -> Iterator[tuple[str, str, Change]]:
    for n in range(60):
        yield "bits", f"a bit of a data file ({n})", _flipped("*/date=*/**/*.parquet")
    for n in range(30):
        yield "bits", f"a bit of a log's entry ({n})", _flipped("*/_delta_log/*.json")
    for n in range(16):
        name = f"a bit of a checkpoint ({n})"
        yield "bits", name, _flipped("*/_delta_log/*.checkpoint.parquet")
    for n in range(10):
        yield "bits", f"a bit of a hint ({n})", _flipped(f"*/_delta_log/{HINT}")


def _by_accounts() -> Iterator[tuple[str, str, Change]]:
    """Change what is said of offsets that could not be read, in rows and in logs."""
    for value in (39, 38, 37, 36, 35, 0, -1, 41, 43, 1000, None):
        yield "accounts", f"an account ends at {value}", _ends_at("skipped.expired", value)
    for kind in ("malformed", "skipped.not_a_story"):
        yield "accounts", f"an end of {kind}", _ends_at(kind, 1000)
    for table, end in (
        *(("stories", 41), ("stories", 39), ("stories", 3)),
        *(("rejects", 41), ("rejects", 39), ("rejects", 3)),
    ):
        yield "accounts", f"{table} passed {end}", _passed_otherwise(table, end)
    for table in ("stories", "rejects"):
        yield "accounts", f"{table}: the entry of what was passed gone", _passed_entry(table, None)
        for other in (39, 41, 400):
            name = f"{table}: what was passed altered to {other}"
            yield "accounts", name, _passed_entry(table, f'"version":{other}')
        yield "accounts", f"{table}: passed by a source renamed", _passed_entry(table, "renamed")


def _ends_at(kind: str, value: int | None) -> Change:
    def changed(lake: Path, chance: random.Random) -> str | None:
        def change(rows: list[Row]) -> list[Row]:
            at = chance.choice([n for n, row in enumerate(rows) if row["kind"] == kind])
            return [{**r, "end_offset": value} if n == at else r for n, r in enumerate(rows)]

        altered(lake, "rejects", change)
        if value is None:
            return "says what older versions did: it goes up to the next item, where it ended"
        return None

    return changed


def _passed_otherwise(table: str, end: int) -> Change:
    return lambda lake, _: _passed(str(lake), {table: end}, start=0)


def _passed_entry(table: str, value: str | None) -> Change:
    """Alter what the entry of a log says that was passed; without `value` remove the entry."""

    def changed(lake: Path, _: random.Random) -> None:
        for path in sorted((lake / table / "_delta_log").glob("*.json")):
            text = path.read_text()
            if PASSED not in text:
                continue
            if value is None:
                path.unlink()
            elif value == "renamed":
                path.write_text(text.replace(PASSED, "past/"))
            else:
                path.write_text(text.replace('"version":40', value))

    return changed


def _by_notes() -> Iterator[tuple[str, str, Change]]:
    """Change the notes of families, which questions take the word of."""
    for column, value in (
        *(("hidden", 1), ("hidden", 0), ("unsettled", 1), ("unsettled", 0), ("file", 0)),
        *(("story_id", "another"), ("status", "withheld"), ("enrichment_id", "another")),
    ):
        yield "notes", f"a note's {column} is {value}", _note_rows(column, value)
    yield "notes", "a note emptied", _note_rows(None, None)
    for name, change in (
        ("gone", lambda path: path.unlink()),
        ("without bytes", lambda path: path.write_bytes(b"")),
        ("cut short", lambda path: path.write_bytes(path.read_bytes()[:-50])),
        ("longer", lambda path: path.write_bytes(path.read_bytes() + b"\0")),
    ):
        yield "notes", f"a note {name}", _note(change)
    for n in range(30):
        yield "notes", f"a bit of a note ({n})", _flipped(f"{FOLDER}/*.parquet")


def _note(change: Callable[[Path], object]) -> Change:
    def changed(lake: Path, _: random.Random) -> str | None:
        (path,) = (lake / FOLDER).glob("*.parquet")
        change(path)
        return _unused(lake)

    return changed


def _unused(lake: Path) -> str | None:
    """Say why nobody reads a note, if it is so."""
    if find_families(open_in_memory({}), open_snapshot(str(lake))) is None:
        return "nobody reads the note any more: the views compare all rows"
    return None


def _note_rows(column: str | None, value: object) -> Change:
    """Write a note anew with another value in a column, or without rows."""

    def change(path: Path) -> None:
        rows = pq.read_table(path)
        if column is None:
            pq.write_table(rows.slice(0, 0), path)
            return
        at = rows.schema.get_field_index(column)
        field = rows.schema.field(at)
        other = pa.array([value] * rows.num_rows, field.type)
        pq.write_table(rows.set_column(at, field, other), path)

    return _note(change)


def _rows(table: str, change: Callable[[list[Row], random.Random], list[Row]]) -> Change:
    def changed(lake: Path, chance: random.Random) -> None:
        altered(lake, table, lambda rows: change(rows, chance))

    return changed


def _one_gone(rows: list[Row], chance: random.Random) -> list[Row]:
    at = chance.randrange(len(rows))
    return rows[:at] + rows[at + 1 :]


def _one_doubled(rows: list[Row], chance: random.Random) -> list[Row]:
    return [*rows, chance.choice(rows)]


def _source_gone(rows: list[Row], chance: random.Random) -> list[Row]:
    source = chance.choice(SOURCES)
    return [row for row in rows if row["source"] != source]


def _set(column: str, value: object) -> Callable[[list[Row], random.Random], list[Row]]:
    def changed(rows: list[Row], chance: random.Random) -> list[Row]:
        # An empty block has nothing that a count could be held against.
        at = chance.choice([n for n, row in enumerate(rows) if row.get("records", 1)])
        return [{**row, column: value} if n == at else row for n, row in enumerate(rows)]

    return changed


def _deleted(table: str, where: str | None) -> Change:
    def changed(lake: Path, _: random.Random) -> None:
        handle = DeltaTable(str(lake / table))
        handle.delete(where)
        handle.vacuum(0, dry_run=False, enforce_retention_duration=False)

    return changed


def _updated(table: str, column: str, value: str) -> Change:
    def changed(lake: Path, _: random.Random) -> None:
        DeltaTable(str(lake / table)).update(updates={column: value})

    return changed


def _folder_gone(folder: str) -> Change:
    return lambda lake, _: shutil.rmtree(lake / folder)


def _all_emptied(lake: Path, _: random.Random) -> None:
    for table in TABLES:
        altered(lake, table, lambda _: [])


def _file(table: str, change: Callable[[Path, random.Random], object]) -> Change:
    def changed(lake: Path, chance: random.Random) -> None:
        change(chance.choice(sorted((lake / table).glob("date=*/**/*.parquet"))), chance)

    return changed


def _beside(path: Path, _: random.Random) -> None:
    shutil.copy(path, path.with_name(f"copy-{path.name}"))


def _swapped(table: str) -> Change:
    def changed(lake: Path, chance: random.Random) -> None:
        files = sorted((lake / table).glob("date=*/**/*.parquet"))
        one, other = chance.sample(files, 2)
        shutil.copy(one, other)

    return changed


def _entry(table: str, nth: int, change: Callable[[Path], object]) -> Change:
    def changed(lake: Path, _: random.Random) -> None:
        change(sorted((lake / table / "_delta_log").glob("*.json"))[nth])

    return changed


def _emptied(path: Path) -> None:
    path.write_bytes(b"")


def _halved(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def _checkpoint(table: str, without: str | None) -> Change:
    def changed(lake: Path, _: random.Random) -> None:
        path = sorted((lake / table / "_delta_log").glob("*.checkpoint.parquet"))[-1]
        if without is None:
            _halved(path)
            return
        rows = pq.read_table(path)
        marks = {"add": "path", "txn": "appId"}[without]
        kept = [not (row and row.get(marks)) for row in rows[without].to_pylist()]
        pq.write_table(rows.filter(pa.array(kept)), path)

    return changed


def _flipped(glob: str) -> Change:
    def changed(lake: Path, chance: random.Random) -> str | None:
        path = chance.choice(sorted(lake.glob(glob)))
        before = path.read_bytes()
        at = chance.randrange(len(before))
        content = flipped(before, 8 * at + chance.randrange(8))
        path.write_bytes(content)
        if path.parent.name == FOLDER:
            return _unused(lake)
        if path.name == HINT:
            return _same_hint(before, content)
        if path.suffix == ".json":
            return _same_entry(before, content)
        if path.parent.name == "_delta_log":
            return _same_checkpoint(before, content)
        return None

    return changed


def _same_entry(before: bytes, after: bytes) -> str | None:
    """Why an entry of a log says the same as before, to everyone that reads the table."""
    try:
        one, other = ([json.loads(line) for line in text.splitlines()] for text in (before, after))
        is_same = [_read_of(action) for action in one] == [_read_of(action) for action in other]
    except (ValueError, AttributeError):
        return None
    if not is_same:
        return None
    places = [place for a, b in zip(one, other, strict=True) for place in _different(a, b)]
    told = ", ".join(places) or "nothing once it is parsed"
    return f"differs in what no reading of the table takes: {told}"


def _read_of(action: dict[str, dict[str, object]]) -> object:
    return {
        kind: {part: action[kind].get(part) for part in parts}
        for kind, parts in READ.items()
        if action.get(kind) is not None
    }


def _different(one: object, other: object, place: str = "") -> Iterator[str]:
    """Where two JSON values differ, as `a.b`."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from _different(one.get(key), other.get(key), f"{place}.{key}".lstrip("."))
    elif one != other:
        yield place


def _same_hint(before: bytes, after: bytes) -> str | None:
    """Why a hint says the same: it names the same checkpoint, and has no other use."""
    try:
        one, other = json.loads(before), json.loads(after)
        is_same = one["version"] == other["version"]
    except (ValueError, KeyError, TypeError):
        return None
    if not is_same:
        return None
    return f"names the same checkpoint; differs in {', '.join(_different(one, other))}"


def _same_checkpoint(before: bytes, after: bytes) -> str | None:
    """Why a checkpoint says the same: what is taken from its rows reads as before."""
    try:
        one, other = (
            pq.read_table(pa.BufferReader(data)).to_pylist(maps_as_pydicts="strict")
            for data in (before, after)
        )
    except (OSError, pa.ArrowException, UnicodeDecodeError):
        return None
    if [_read_of(row) for row in one] != [_read_of(row) for row in other]:
        return None
    places = [place for a, b in zip(one, other, strict=True) for place in _different(a, b)]
    told = ", ".join(places) or "nothing once its pages are read"
    return f"differs in what no reading of the table takes: {told}"


def _delta_kind(kind: pa.DataType) -> str:
    names = {pa.string(): "string", pa.int64(): "long", pa.int32(): "integer"}
    return names.get(kind, "double" if kind == pa.float64() else "other")


def outcomes(chosen: Sequence[int], jobs: int) -> Iterator[Outcome]:
    """What becomes of each mutation of these numbers, tried by so many processes."""
    with ExitStack() as stack:
        tried_by = map
        if jobs > 1:
            # Never by a fork: it would take delta-rs' threads for running.
            spawning = multiprocessing.get_context("spawn")
            tried_by = stack.enter_context(ProcessPoolExecutor(jobs, spawning)).map
        for number, found in zip(chosen, tried_by(_of_number, chosen), strict=True):
            yield Outcome(mutations()[number], *found)


def _of_number(number: int) -> tuple[bool, str | None]:
    """Try one mutation: a function that can be handed to another process, as mutations cannot."""
    base = _own_base()
    outcome = tried(base, mutations()[number], base.parent)
    return outcome.is_found, outcome.equivalent


@cache
def _own_base() -> Path:
    """The lake that this process changes copies of, removed at its end."""
    folder = Path(tempfile.mkdtemp(prefix="mutate-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    base = base_lake(folder)
    assert judged(base).ok
    return base


def main() -> int:
    """Try every mutation, or some, and print the share found; 1 where a miss is not explained."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--every", type=int, default=1, help="only each n-th mutation")
    parser.add_argument("--first", type=int, default=0, help="the seed of the first mutation")
    parser.add_argument("--groups", help="only these, with commas between")
    parser.add_argument("--jobs", type=int, default=1, help="so many at once, by processes")
    asked = parser.parse_args()
    started = time.monotonic()
    groups = asked.groups.split(",") if asked.groups else [m.group for m in mutations()]
    every = [n for n, mutation in enumerate(mutations()) if mutation.group in groups]
    chosen = every[asked.first :: asked.every]
    tries: Counter[str] = Counter()
    found: Counter[str] = Counter()
    unexplained = equal = forged = 0
    for outcome in outcomes(chosen, asked.jobs):
        mutation = outcome.mutation
        tries[mutation.group] += 1
        found[mutation.group] += outcome.is_found
        if not outcome.is_found:
            why = outcome.equivalent or "NOT EXPLAINED"
            is_forged = why.startswith(FORGED)
            unexplained += outcome.equivalent is None
            forged += is_forged
            equal += outcome.equivalent is not None and not is_forged
            word = "missed" if outcome.equivalent is None or is_forged else "equivalent"
            sys.stdout.write(f"{word}: {mutation.name} (seed {mutation.seed}): {why}\n")
            sys.stdout.flush()
    for group, count in tries.items():
        sys.stdout.write(f"{group}: {found[group]} of {count}\n")
    # A change that nobody can read is none, and one that follows from itself nobody can tell from
    # the truth (docs/upkeep.md, What the check can miss): both are told of above.
    changes = tries.total() - equal
    share = found.total() / (changes - forged)
    took = time.monotonic() - started
    sys.stdout.write(
        f"found {found.total()} of {changes} changes, {share:.1%} without the {forged} that follow"
        f" from themselves; {equal} of the {tries.total()} mutations change nothing that anyone"
        f" reads; {took:.0f} s\n"
    )
    return 1 if unexplained or share < 0.98 else 0


if __name__ == "__main__":
    sys.exit(main())
