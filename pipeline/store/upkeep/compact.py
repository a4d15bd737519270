"""Compaction: many small data files of a partition become few, the rows as they were.

A compaction is a commit that adds and removes, with `dataChange` false and the application
transaction `maintain`: refreshed, compared, committed like a block (ARCHITECTURE.md, invariant 2).
So of two at once the log refuses the second, and one that was frozen and wakes cannot commit what
is outdated. Appends go on beside it: they touch other files.

The replaced files stay for readers that hold an older snapshot; `clean_up` removes them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import unquote
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.fs as pafs
import pyarrow.parquet as pq
from deltalake.transaction import AddAction, RemoveAction

from pipeline.errors import StoreError
from pipeline.store.commit.actions import add_action, time_ms
from pipeline.store.commit.conflict import ConflictError
from pipeline.store.commit.data_files import MAINTAIN, Marks, encode
from pipeline.store.commit.delta import Partition, folder_of
from pipeline.store.commit.lake import Lake, cannot_write
from pipeline.store.read.narrow import narrow_files
from pipeline.store.read.snapshot import filesystem_of
from pipeline.store.schema.contract import TABLES, contract
from pipeline.store.upkeep.side_files import put

PREFIX = "compact-"
"""What the names of compacted files begin with."""

_SEEN = "_columns.json"
_ATTEMPTS = 5
_FILES_A_COMMIT = 200
_UNPACKED_BYTES = 1024**3
"""What files that become one may hold unpacked: Arrow's columns end at 2 GiB, and memory before."""

_TIMES_SMALLER = 32
"""Files of less than that part of it are not looked into: nothing in them is pressed further."""

_LARGE = 4
_STAY = 2
"""The large file of an open day, and the one that the others become."""


_ORDER = ("published_at", "source", "start_offset", "offset", "item", "enrichment_id")
"""The columns that rows are ordered by, as far as a table has them: stories by time, so that an
hour of a day lies in few row groups; the others as they arrived (`bench/row_order.py`)."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """Says which files are worth compacting.

    Files below three quarters of `target_bytes` are gathered, up to about `target_bytes` into one,
    where there are at least `min_files` of them; of a closed day (one before yesterday, UTC) from
    `closed_min_files` on, for hardly any more will come. Of an open day the largest file is left
    alone while it is four times as large as the others together, so that a day's rows are written
    anew a few times and not by each round; two files stay then.
    """

    target_bytes: int = 128 * 1024**2
    min_files: int = 3
    closed_min_files: int = 2


@dataclass(frozen=True, slots=True)
class Compacted:
    """What became of one table: files replaced and written, the rows and bytes that they hold.

    `gave_up` tells that other maintenance came first each time; running it again goes on.
    """

    table: str
    replaced: int = 0
    written: int = 0
    rows: int = 0
    bytes_before: int = 0
    bytes_after: int = 0
    gave_up: bool = False

    def with_more(self, other: Compacted) -> Compacted:
        """Return what both did to the table."""
        return Compacted(
            self.table,
            self.replaced + other.replaced,
            self.written + other.written,
            self.rows + other.rows,
            self.bytes_before + other.bytes_before,
            self.bytes_after + other.bytes_after,
            self.gave_up or other.gave_up,
        )


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    size_bytes: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Bin:
    """Files of one partition that become one."""

    partition: Partition
    files: tuple[_File, ...]

    @property
    def size_bytes(self) -> int:
        return sum(file.size_bytes for file in self.files)


def compact(lake: Lake, sizing: Sizing, at: datetime) -> list[Compacted]:
    """Compact every table; safe beside writers, readers and itself.

    Raises `StoreError` when the store fails; what was committed by then stays.
    """
    writer = uuid4().hex[:16]
    try:
        return [
            _carried_out(
                lake, table, partial(_plan, lake, table, sizing, at, {}), sizing, at, writer
            )
            for table in TABLES
        ]
    finally:
        lake.files.release(writer)


def widen(lake: Lake, sizing: Sizing, at: datetime) -> list[Compacted]:
    """Write the data files that lack columns of today anew with all of them, null where they were.

    So a plain glob is exact again after an upgrade. All footers are read only where the contract
    has other columns than at the last time: `_columns.json` in the root says so, which may be
    removed at any time. What a process of the older version writes later is widened by the next
    compaction of its partition. Raises `StoreError` as `compact` does.
    """
    filesystem = filesystem_of(lake.url, lake.options)
    columns = {table: sorted(contract(table).file_schema.names) for table in TABLES}
    writer = uuid4().hex[:16]
    done: list[Compacted] = []
    try:
        seen = _seen(filesystem)
        for table in TABLES:
            if seen.get(table) != columns[table]:
                plan = partial(_narrow, lake, table, filesystem, {})
                done.append(_carried_out(lake, table, plan, sizing, at, writer))
        if done and not any(table.gave_up for table in done):
            put(lake.url, lake.options, _SEEN, pa.py_buffer(json.dumps(columns).encode()))
    except OSError as error:
        raise cannot_write("stories", error) from error
    finally:
        lake.files.release(writer)
    return done


def _seen(filesystem: pafs.FileSystem) -> dict[str, list[str]]:
    try:
        with filesystem.open_input_file(_SEEN) as file:
            found: dict[str, list[str]] = json.loads(file.read())
            return found
    except (FileNotFoundError, ValueError):
        return {}


def _narrow(
    lake: Lake, table: str, filesystem: pafs.FileSystem, known: dict[str, bool]
) -> list[_Bin]:
    """Return each narrow file alone; `known` holds what was found of those that were looked
    into."""
    keys = contract(table).partition_by
    actions = lake.added(table)
    listed = actions.to_pylist() if actions.num_rows else []
    new = [unquote(action["path"]) for action in listed if action["path"] not in known]
    narrow = set(narrow_files(filesystem, table, new))
    known.update((action["path"], True) for action in listed if unquote(action["path"]) in narrow)
    for action in listed:
        known.setdefault(action["path"], False)
    found = []
    for action in listed:
        if known[action["path"]]:
            values = {key: action[f"partition.{key}"] for key in keys}
            at = {key: None if value is None else str(value) for key, value in values.items()}
            file = _File(action["path"], action["size_bytes"], action["num_records"])
            found.append(_Bin(at, (file,)))
    return found


def _carried_out(  # noqa: PLR0917 (each has its own type)
    lake: Lake,
    table: str,
    plan: Callable[[], list[_Bin]],
    sizing: Sizing,
    at: datetime,
    writer: str,
) -> Compacted:
    """Replace what `plan` says, by commit after commit, until it says nothing more."""
    done = Compacted(table)
    conflicts = 0
    while conflicts < _ATTEMPTS:
        lake.refresh(table)
        bins = _next(plan(), sizing)
        if not bins:
            return done
        try:
            added = _replace(lake, table, bins, at, writer)
        except ConflictError:
            conflicts += 1
            continue
        files = [file for bin_ in bins for file in bin_.files]
        done = Compacted(
            table,
            replaced=done.replaced + len(files),
            written=done.written + len(added),
            rows=done.rows + sum(file.rows for file in files),
            bytes_before=done.bytes_before + sum(file.size_bytes for file in files),
            bytes_after=done.bytes_after + sum(action.size for action in added),
        )
    return replace(done, gave_up=True)


def _plan(
    lake: Lake, table: str, sizing: Sizing, at: datetime, unpacked: dict[str, int]
) -> list[_Bin]:
    """Say what to gather, partition by partition, in an order that the files' names decide.

    `unpacked` holds what was found of files that were looked into.
    """
    keys = contract(table).partition_by
    open_from = (at - timedelta(days=1)).date().isoformat()
    small: dict[tuple[str | None, ...], list[_File]] = defaultdict(list)
    actions = lake.added(table)
    for action in actions.to_pylist() if actions.num_rows else ():
        if action["size_bytes"] < sizing.target_bytes * 3 // 4:
            values = (action[f"partition.{key}"] for key in keys)
            folder = tuple(None if value is None else str(value) for value in values)
            file = _File(action["path"], action["size_bytes"], action["num_records"])
            small[folder].append(file)
    found: list[_Bin] = []
    for folder in sorted(small, key=str):
        partition = dict(zip(keys, folder, strict=True))
        is_closed = (partition.get("date") or open_from) < open_from
        least = max(2, sizing.closed_min_files if is_closed else sizing.min_files)
        found += [
            _Bin(partition, tuple(files if is_closed else _without_the_large(files, least)))
            for alike in _gathered(sorted(small[folder], key=lambda f: f.path), sizing)
            if len(alike) >= least
            for files in _unpacked_small(lake, table, alike, unpacked)
            if len(files) >= least
        ]
    return found


def _without_the_large(files: Sequence[_File], least: int) -> Sequence[_File]:
    """Leave out a file that is much larger than the others, where two may stay."""
    large = much_larger([file.size_bytes for file in files]) if least > _STAY else None
    return [file for n, file in enumerate(files) if n != large]


def much_larger(sizes: Sequence[int]) -> int | None:
    """Return the place of a size that is above `_LARGE` times all others together, or None."""
    largest = max(range(len(sizes)), key=sizes.__getitem__)
    return largest if sizes[largest] > _LARGE * (sum(sizes) - sizes[largest]) else None


def _gathered(files: Sequence[_File], sizing: Sizing) -> Iterator[list[_File]]:
    gathered: list[_File] = []
    for file in files:
        if gathered and sum(f.size_bytes for f in gathered) + file.size_bytes > sizing.target_bytes:
            yield gathered
            gathered = []
        gathered.append(file)
    if gathered:
        yield gathered


def _unpacked_small(
    lake: Lake, table: str, files: Sequence[_File], unpacked: dict[str, int]
) -> Iterator[Sequence[_File]]:
    """Part files that would be too much together once unpacked."""
    if sum(file.size_bytes for file in files) * _TIMES_SMALLER <= _UNPACKED_BYTES:
        yield files
        return
    filesystem = filesystem_of(lake.url, lake.options)
    gathered: list[_File] = []
    for file in files:
        if file.path not in unpacked:
            with lake.reading(table):
                footer = pq.read_metadata(f"{table}/{unquote(file.path)}", filesystem=filesystem)
            groups = range(footer.num_row_groups)
            unpacked[file.path] = sum(footer.row_group(n).total_byte_size for n in groups)
        size = sum(unpacked[f.path] for f in gathered) + unpacked[file.path]
        if gathered and size > _UNPACKED_BYTES:
            yield gathered
            gathered = []
        gathered.append(file)
    yield gathered


def _next(bins: Sequence[_Bin], sizing: Sizing) -> list[_Bin]:
    """Return as many as one commit takes: a conflict costs no more than their work."""
    taken: list[_Bin] = []
    for bin_ in bins[:_FILES_A_COMMIT]:
        taken.append(bin_)
        if sum(b.size_bytes for b in taken) >= sizing.target_bytes:
            break
    return taken


def _replace(
    lake: Lake, table: str, bins: Sequence[_Bin], at: datetime, writer: str
) -> list[AddAction]:
    """Return one commit from the handle as it is; `ConflictError` when other maintenance was
    first."""
    version = lake.committed(table, [MAINTAIN]).get(MAINTAIN, 0) + 1
    name = f"{PREFIX}{uuid4().hex[:16]}"
    added: list[AddAction] = []
    lake.on_point(f"{MAINTAIN}.{table}.begin")
    try:
        for n, bin_ in enumerate(bins):
            rows = _merged(lake, table, bin_)
            path = f"{folder_of(bin_.partition)}{name}-{n}.parquet"
            replaced = frozenset(f"{table}/{unquote(file.path)}" for file in bin_.files)
            data = encode(rows, Marks({MAINTAIN: version}, replaced, time_ms(at)))
            lake.files.write(f"{table}/{path}", data, writer)
            action = add_action(table, path, data.size, bin_.partition, rows, at)
            action.data_change = False
            added.append(action)
            lake.on_point(f"{MAINTAIN}.{table}.file")
    except ConflictError:
        lake.drop(table, added)
        raise
    except OSError as error:
        lake.drop(table, added)
        raise cannot_write(table, error) from error
    lake.commit_actions(
        table, [*added, *_removals(bins, at)], {MAINTAIN: version}, f"{name}-{table}"
    )
    return added


def _removals(bins: Sequence[_Bin], at: datetime) -> list[RemoveAction]:
    return [
        RemoveAction(
            unquote(file.path),
            data_change=False,
            deletion_timestamp=time_ms(at),
            size=file.size_bytes,
            partition_values=dict(bin_.partition),
        )
        for bin_ in bins
        for file in bin_.files
    ]


def _merged(lake: Lake, table: str, bin_: _Bin) -> pa.Table:
    """Return the rows of `bin_` by `_ORDER`, each file's own order kept within an item.

    Columns that an older version of the code did not write are null; columns that a newer one
    wrote are kept.
    """
    parts = []
    for file in bin_.files:
        with lake.reading(table):
            part = lake.files.read(f"{table}/{unquote(file.path)}")
        if part.num_rows != file.rows:
            raise StoreError(
                "a data file has another number of rows than the log says: `dateline lake check`"
                " tells more; take it from a backup",
                table=table,
                file=file.path,
                rows=part.num_rows,
                log=file.rows,
            )
        parts.append(part.replace_schema_metadata(None))
    schema = pa.unify_schemas([contract(table).file_schema, *(part.schema for part in parts)])
    rows = pa.concat_tables([_aligned(part, schema) for part in parts])
    order = [(key, "ascending") for key in _ORDER if key in schema.names]
    # The order is stable (documented by Arrow for sort_indices).
    return rows.take(pc.sort_indices(rows, sort_keys=order))


def _aligned(part: pa.Table, schema: pa.Schema) -> pa.Table:
    columns = [
        part[field.name].cast(field.type)
        if field.name in part.schema.names
        else pa.nulls(part.num_rows, field.type)
        for field in schema
    ]
    return pa.table(columns, schema=schema)
