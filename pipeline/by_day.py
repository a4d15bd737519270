"""An archive that spreads over years, read in the order of its stories' days.

The lake has a folder for each day and region. An archive that is not in order of time brings
stories of a few hundred of them with every batch, and each batch writes a file to each of these:
as many files as stories. So it is read once into a file on the local disk, each record with the
day of its stories, and the replay takes the records from there day after day. They are a source of
their own, named by the archive and by this order: an offset is a record's place in it. So the
ledger, the parts and going on after a crash are those of any source, and another order (by a parser
that reads another day) is another source, of which the lake spares the repeats.

The records of one family keep the order that they have in the archive, whatever their days: which
revision is in force, and which of two repeats is the story, does not depend on the order.
"""

from __future__ import annotations

import hashlib
import pickle
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from pipeline.config import Settings
from pipeline.errors import UsageError
from pipeline.model import Item, Record, Story
from pipeline.parse import parse_record
from pipeline.parse.limits import ParseLimits
from pipeline.parse.selection import Selection
from pipeline.source.bounded import RecordSource, in_batches
from pipeline.store.read.snapshot import find_snapshot

S = TypeVar("S", bound=RecordSource)

_MARK = "/by-day/"
_DIGEST_HEX_DIGITS = 16
_ROWS = 1000
_LEVEL = 1

_SAMPLED_PARTS = 64
_OF_A_PART = 12
_MANY_DAYS = 31
"""Parts whose middle four fifths lie within that many days are near enough one another."""
_OVERLAP = 4
"""How often the parts have to cover the archive's days for an order by day to be worth its cost."""

_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE records (number INTEGER PRIMARY KEY, size INTEGER, head BLOB, value BLOB);
CREATE TABLE days (number INTEGER PRIMARY KEY, day INTEGER);
CREATE TABLE by_day (offset_ INTEGER PRIMARY KEY, number INTEGER);
"""
_ORDER = "INSERT INTO by_day SELECT row_number() OVER (ORDER BY day, number) - 1, number FROM days"
_READ = """
SELECT p.offset_, r.size, r.head, r.value
FROM by_day AS p JOIN records AS r USING (number)
WHERE p.offset_ >= ? ORDER BY p.offset_
"""


@dataclass(frozen=True, slots=True)
class ByDay:
    """The records of an archive in the order of their days, as `spill` left them at `path`."""

    source: str
    total: int
    path: str
    start: int = 0
    kind = "by-day"

    @property
    def stages_id(self) -> None:
        """Any stages may read it: the order is fixed."""
        return None

    def records(self, start: int = 0) -> Iterator[Record]:
        """Yield the records from offset `start` on; raises `UsageError` where the file is gone."""
        zstd = pa.Codec("zstd")
        try:
            with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as file:
                for offset, size, head, value in file.execute(_READ, (start,)):
                    data = zstd.decompress(value, size, asbytes=True) if size else b""
                    # The file is this command's own, in a folder that nobody else can write to.
                    headers, key = pickle.loads(head)  # noqa: S301
                    yield Record(self.source, offset, data, key=key, headers=headers)
        except sqlite3.Error as error:
            raise UsageError(
                "cannot read the records in the order of their days: start the replay again",
                path=self.path,
                reason=error,
            ) from error


def spill(archive: RecordSource, folder: Path, limits: ParseLimits) -> ByDay:
    """Read all of `archive` into a file in `folder`, and return it in the order of its days.

    Remembers the last day of each family, about 100 bytes a story; the rest is on the disk.
    """
    path = folder / f"{hashlib.sha256(archive.source.encode()).hexdigest()[:16]}.sqlite"
    zstd = pa.Codec("zstd", _LEVEL)
    order = hashlib.sha256()
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as file:
            file.executescript(_TABLES)
            file.execute("BEGIN")
            for rows in in_batches(_dated(archive.records(archive.start), limits), _ROWS):
                file.executemany(
                    "INSERT INTO records VALUES (?, ?, ?, ?)",
                    [
                        (
                            r.offset,
                            len(r.value),
                            pickle.dumps((r.headers, r.key)),
                            zstd.compress(r.value, asbytes=True) if r.value else b"",
                        )
                        for r, _ in rows
                    ],
                )
                file.executemany(
                    "INSERT INTO days VALUES (?, ?)", [(r.offset, day) for r, day in rows]
                )
            file.execute(_ORDER)
            file.execute("COMMIT")
            total = 0
            for (number,) in file.execute("SELECT number FROM by_day ORDER BY offset_"):
                order.update(number.to_bytes(8, "big"))
                total += 1
    except sqlite3.Error as error:
        raise UsageError(
            "cannot sort the archive by day: free space at `replay.spill_dir`, or replay it with"
            " --as-stored",
            path=folder,
            reason=error,
        ) from error
    name = f"{archive.source}{_MARK}{order.hexdigest()[:_DIGEST_HEX_DIGITS]}"
    return ByDay(name, total, str(path))


def in_best_order(
    archive: S,
    selection: Selection,
    settings: Settings,
    folder: Path,
    *,
    by_day: bool | None,
) -> S | ByDay:
    """Return `archive` itself, or in the order of its days where that saves many files.

    `by_day` says which, None leaves it to what the lake holds and to a sample. What was begun as it
    is stored goes on so; what the lake holds all of in some order of days stands for it, unread.
    `folder` is where the records are sorted; it has to stay until they were read.
    """
    tail = "" if selection.is_everything else f"/{selection.digest}"
    ends = _ends(archive.source, settings)
    if by_day is not False:
        for name in _whole_orders(archive, ends, tail):
            return ByDay(name, archive.total, "")
    if by_day is None and f"{archive.source}{tail}" not in ends:
        by_day = is_spread(archive, settings.replay.part_records, settings.parse_limits)
    return spill(archive, folder, settings.parse_limits) if by_day else archive


def _ends(source: str, settings: Settings) -> dict[str, int]:
    """Return the ends that the ledger has of `source` and of all whose names begin with it."""
    snapshot = find_snapshot(settings.lake.url, settings.lake.options, ("ledger",))
    if snapshot is None:
        return {}
    mine = pc.starts_with(ds.field("source"), source)
    rows = snapshot.dataset("ledger").to_table(["source", "end_offset"], filter=mine)
    ends: dict[str, int] = {}
    for name, end in zip(*(column.to_pylist() for column in rows.columns), strict=True):
        ends[name] = max(end, ends.get(name, 0))
    return ends


def _whole_orders(archive: RecordSource, ends: dict[str, int], tail: str) -> Iterator[str]:
    """Return the orders of `archive` that the lake holds to the end; `tail` is a selection."""
    order = re.compile(
        f"({re.escape(archive.source)}{_MARK}[0-9a-f]{{{_DIGEST_HEX_DIGITS}}}){re.escape(tail)}"
    )
    for name, end in ends.items():
        if (found := order.fullmatch(name)) and end >= archive.total:
            yield found[1]


def is_spread(archive: RecordSource, part_records: int, limits: ParseLimits) -> bool:
    """Say by a sample whether the parts of `archive` spread over the same days again and again.

    Looks at some records of up to 64 parts. An archive of one part has nothing to gain.
    """
    parts = -(-(archive.total - archive.start) // part_records)
    if parts < 2:
        return False
    step = max(1, part_records // _OF_A_PART)
    every = -(-parts // _SAMPLED_PARTS)
    days: dict[int, list[int]] = {}
    for record in archive.records(archive.start):
        part = record.offset // part_records
        if part % every == 0 and record.offset % step == 0:
            items = parse_record(record, limits)
            if (day := _day_of(items)) is not None:
                days.setdefault(part, []).append(day)
    if not days:
        return False
    spans = [_span(found) for found in days.values()]
    whole = _span([day for found in days.values() for day in found])
    usual = sorted(spans)[len(spans) // 2]
    covered = sum(spans) / len(spans) * parts
    return usual > _MANY_DAYS and covered >= min(_OVERLAP, parts * 3 / 4) * whole


def _span(days: Sequence[int]) -> int:
    """Count how many days the middle four fifths reach over: a wrong date or two tell nothing."""
    ordered = sorted(days)
    cut = len(ordered) // 10
    kept = ordered[cut : len(ordered) - cut]
    return kept[-1] - kept[0]


def _dated(records: Iterable[Record], limits: ParseLimits) -> Iterator[tuple[Record, int]]:
    """Yield each record with the day by which it stands: never before one of the same family.

    What has no story, or none with a day, comes first.
    """
    last: dict[bytes, int] = {}
    for record in records:
        items = parse_record(record, limits)
        families = [
            hashlib.blake2b(item.story_id.encode(), digest_size=8).digest()
            for item in items
            if isinstance(item, Story)
        ]
        day = max((_day_of(items) or 0, *(last.get(family, 0) for family in families)))
        if day:
            last.update(dict.fromkeys(families, day))
        yield record, day


def _day_of(items: Iterable[Item]) -> int | None:
    found: list[date] = [i.date for i in items if isinstance(i, Story) and i.date is not None]
    return min(found).toordinal() if found else None
