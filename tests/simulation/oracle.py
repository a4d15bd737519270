"""What must hold after every step, judged from outside: by the logs' entries and the data files.

The oracle is told of each entry as it is put and of each file before it is removed. Between those
a lake does not change, so that what holds after each of them holds after every step.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote

import pyarrow as pa

from pipeline.model import UNREAD
from pipeline.store.commit.write import is_source
from pipeline.store.schema.contract import TABLES
from pipeline.store.upkeep.withdraw import WITHDRAWN

Rows = Callable[[str, Sequence[str]], pa.Table]
"""Columns of a data file, by its path below the lake."""

Owed = Callable[[str, int, int], Iterable[tuple[int, bool]]]
"""The offsets within a block of a source that held a record, and whether some could not read it."""

_KEYS: Mapping[str, tuple[str, ...]] = {
    "rejects": ("source", "offset", "item"),
    "stories": ("source", "offset", "item"),
    "entities": ("source", "offset", "item", "enrichment_id", "name", "kind"),
    "events": ("source", "offset", "item", "enrichment_id", "event_id"),
    "ledger": ("source", "start_offset", "end_offset"),
}
_MORE: Mapping[str, tuple[str, ...]] = {
    "rejects": ("kind", "end_offset", "message", "revision_id"),
    "stories": ("revision_id", "enrichment_id", "entity_count", "event_count", "story_id"),
    "entities": (),
    "events": (),
    "ledger": ("items", "stories", "rejects", "skipped", "entities", "events"),
}
_FOUND = ("entities", "events")
Row = Mapping[str, Any]
Key = tuple[Any, ...]


class Violation(AssertionError):  # noqa: N818 (what was found, not an error of the program)
    """Something that must never be so."""


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one item: a reject of this kind, or a story with so many finds."""

    item: int
    kind: str | None
    enrichment_id: str = ""
    entities: int = 0
    events: int = 0
    revision_id: str | None = None


class Revision(NamedTuple):
    """A revision as `links` knows it; in this order one is the left or right end of a link."""

    day: str
    revision_id: str
    story_id: str


class Oracle:
    """The lake as it has to be, brought up entry by entry."""

    def __init__(self, rows: Rows, exists: Callable[[str], bool], owed: Owed) -> None:
        self._rows, self._exists, self._owed = rows, exists, owed
        self.ends: dict[str, dict[str, int]] = {table: {} for table in TABLES}
        self.active: dict[str, dict[str, Counter[Key]]] = {table: {} for table in TABLES}
        self.items: dict[str, dict[int, list[Item]]] = defaultdict(lambda: defaultdict(list))
        self.unread: dict[str, list[tuple[int, int]]] = defaultdict(list)
        """The ranges of each source that stand for what could not be read."""
        self.withdrawn: dict[Key, str] = {}
        """What a skip says is withdrawn, and by which kind."""
        self.pending: set[Key] = set()
        """Those of them that the ledger does not count as skips yet."""
        self.done: dict[str, int] = {}
        """Where the last block of each source ends."""
        self._found: dict[str, Counter[Key]] = {name: Counter() for name in _FOUND}
        self._revisions: dict[str, frozenset[Revision]] = {}
        self.stories_at: list[frozenset[Revision]] = []
        """The revisions that each version of `stories` has."""

    def committed(self, table: str, entry: Sequence[Mapping[str, Any]]) -> None:
        """Judge one more entry of a table's log."""
        added = {unquote(a["add"]["path"]): a["add"] for a in entry if "add" in a}
        removed = [unquote(a["remove"]["path"]) for a in entry if "remove" in a]
        ends = {a["txn"]["appId"]: a["txn"]["version"] for a in entry if "txn" in a}
        self._raise(table, ends)
        is_withdrawal = any(a["remove"]["dataChange"] for a in entry if "remove" in a)
        before: Counter[Key] = Counter()
        for path in removed:
            assert_that(path in self.active[table], f"{table}: {path} is removed, and not there")
            before += self.active[table].pop(path)
            if table == "stories":
                del self._revisions[path]
        after: Counter[Key] = Counter()
        for path, add in added.items():
            assert_that(path not in self.active[table], f"{table}: {path} is added twice")
            assert_that(self._exists(f"{table}/{path}"), f"{table}: {path} is added, and gone")
            rows = self._rows(f"{table}/{path}", (*_KEYS[table], *_MORE[table])).to_pylist()
            mine = Counter(tuple(row[name] for name in _KEYS[table]) for row in rows)
            self.active[table][path] = mine
            if table == "stories":
                day = date_of(path)
                self._revisions[path] = frozenset(
                    Revision(day, row["revision_id"], row["story_id"]) for row in rows
                )
            if add["dataChange"] and not is_withdrawal:
                self._append(table, rows, ends)
                continue
            after += mine
            if table == "ledger" and is_withdrawal:
                self._recount(rows)
        if is_withdrawal and table != "ledger":
            assert_that(not after - before, f"{table}: a withdrawal added rows")
            self._without(table, before - after)
        else:
            assert_that(before == after, f"{table}: a compaction changed rows")
        if table == "stories":
            self.stories_at.append(frozenset().union(*self._revisions.values()))

    def revisions(self) -> list[str]:
        """Return the revisions of all stories, sorted."""
        return sorted(
            {
                item.revision_id
                for offsets in self.items.values()
                for items in offsets.values()
                for item in items
                if item.revision_id is not None and item.kind is None
            }
        )

    def half_gone(self) -> list[Key]:
        """Return what a skip says is withdrawn, and `stories` has still."""
        return sorted(key for key in self.withdrawn if self._story(key) is not None)

    def deleted(self, path: str) -> None:
        """Judge that a data file is about to be removed from the store."""
        table, _, name = path.partition("/")
        assert_that(name not in self.active.get(table, ()), f"{path} is removed, and in the table")

    def _raise(self, table: str, ends: Mapping[str, int]) -> None:
        known = self.ends[table]
        for app, end in ends.items():
            old = known.get(app, -1)
            assert_that(end >= old, f"{table}: the end of {app} goes from {old} to {end}")
            known[app] = end
            if not is_source(app):
                continue
            if place := TABLES.index(table):
                ahead = self.ends[TABLES[place - 1]].get(app, -1)
                assert_that(end <= ahead, f"{table}: {app} at {end}, the one before at {ahead}")

    def _append(self, table: str, rows: Sequence[Row], ends: Mapping[str, int]) -> None:
        for row in rows:
            if row.get("message", "").startswith(WITHDRAWN):
                self._begin_withdrawal(row)
                continue
            assert_that(row["source"] in ends, f"{table}: rows of {row['source']} without its end")
            if table == "ledger":
                self._block(row)
                continue
            key = tuple(row[name] for name in _KEYS[table])
            assert_that(row["offset"] < ends[row["source"]], f"{table}: {key} is above its end")
            assert_that(key[:3] not in self.withdrawn, f"{table}: {key} was withdrawn")
            if table in _FOUND:
                assert_that(not self._found[table][key], f"{table}: {key} is there twice")
                # The rows themselves, and how many a story has under one enrichment.
                self._found[table][key] += 1
                self._found[table][key[:4]] += 1
            else:
                self._item(key, row)

    def _item(self, key: Key, row: Row) -> None:
        source, offset, item = key
        there = self.items[source][offset]
        assert_that(all(other.item != item for other in there), f"{key} is there twice")
        if "kind" in row:
            there.append(Item(item, row["kind"]))
            if row["kind"] in UNREAD:
                self._range(source, offset, row["end_offset"])
            return
        assert_that(not self._is_unread(source, offset), f"{key} is a story, and could not be read")
        story = Item(
            item, None, row["enrichment_id"], row["entity_count"], row["event_count"],
            row["revision_id"],
        )  # fmt: skip
        there.append(story)
        for table, count in zip(_FOUND, (story.entities, story.events), strict=True):
            held = self._found[table][*key, story.enrichment_id]
            assert_that(held == count, f"a reader sees {held} of {count} {table} of {key}")

    def _range(self, source: str, start: int, end: int) -> None:
        assert_that(end > start, f"{source}: {start} to {end} could not be read")
        for offset in range(start, end):
            here = f"{offset} of {source}"
            # Of one record several items may be missing.
            other = any(a != start and a <= offset < b for a, b in self.unread[source])
            assert_that(not other, f"{here} is twice one of a range")
            kinds = [item.kind for item in self.items[source].get(offset, ())]
            assert_that(None not in kinds, f"{here} could not be read, and is a story")
        self.unread[source].append((start, end))

    def _is_unread(self, source: str, offset: int) -> bool:
        return any(start <= offset < end for start, end in self.unread[source])

    def _block(self, row: Row) -> None:
        source, start, end = row["source"], row["start_offset"], row["end_offset"]
        before = self.done.get(source, start)
        assert_that(before == start, f"ledger: {source} goes from {before} to [{start}, {end})")
        self.done[source] = end
        if start == end:
            return
        self._assert_all_there(source, start, end)
        wrong = self._miscounted(row)
        assert_that(wrong is None, str(wrong))

    def _assert_all_there(self, source: str, start: int, end: int) -> None:
        mine = self.items[source]
        owed = dict(self._owed(source, start, end))
        for offset in range(start, end):
            if not mine.get(offset) and offset in owed:
                is_told = owed[offset] and self._is_unread(source, offset)
                assert_that(is_told, f"ledger: {offset} of {source} is lost")

    def _miscounted(self, row: Row) -> str | None:
        """Return in what a block says other than what is there, None where it is right."""
        source, start, end = row["source"], row["start_offset"], row["end_offset"]
        mine = self.items[source]
        there = [item for offset in range(start, end) for item in mine.get(offset, ())]
        stories = [item for item in there if item.kind is None]
        skipped = sum((item.kind or "").startswith("skipped.") for item in there)
        held = (
            *(len(there), len(stories), len(there) - len(stories) - skipped, skipped),
            *(sum(story.entities for story in stories), sum(story.events for story in stories)),
        )
        told = tuple(row[name] for name in _MORE["ledger"])
        if told == held:
            return None
        return f"ledger: [{start}, {end}) of {source}: {told}, holds {held}"

    def _story(self, key: Key) -> Item | None:
        source, offset, item = key
        there = self.items[source].get(offset, ())
        return next((one for one in there if one.item == item and one.kind is None), None)

    def _begin_withdrawal(self, row: Row) -> None:
        key = (row["source"], row["offset"], row["item"])
        assert_that(self._story(key) is not None, f"{key} is withdrawn, and no story")
        assert_that(key not in self.withdrawn, f"{key} is withdrawn twice")
        is_done = row["offset"] < self.done.get(row["source"], -1)
        assert_that(is_done, f"{key} is withdrawn, and its block not done")
        self.withdrawn[key] = row["kind"]
        self.pending.add(key)

    def _without(self, table: str, gone: Counter[Key]) -> None:
        """Judge that a withdrawal took these rows out: of stories first, then what was found."""
        for key, count in gone.items():
            place = key[:3]
            assert_that(place in self.withdrawn, f"{table}: {key} is gone, and no skip says so")
            if table == "stories":
                source, offset, item = place
                there = self.items[source][offset]
                there[:] = [one for one in there if one.item != item or one.kind is not None]
                there.append(Item(item, self.withdrawn[place]))
                continue
            assert_that(table in _FOUND, f"{table}: {key} is gone")
            assert_that(self._story(place) is None, f"{table}: {key} is gone, the story is not")
            self._found[table][key] -= count
            self._found[table][key[:4]] -= count

    def _recount(self, rows: Iterable[Row]) -> None:
        """Judge the blocks of a file that a withdrawal wrote anew."""
        for row in rows:
            source, start, end = row["source"], row["start_offset"], row["end_offset"]
            mine = {key for key in self.withdrawn if key[0] == source and start <= key[1] < end}
            # Of another one that is under way both are there, the skip and the story; or it took
            # the story since this one counted, and will count itself.
            if any(self._story(key) is not None for key in mine):
                continue
            wrong = self._miscounted(row) if start < end else None
            if wrong is not None and mine & self.pending:
                continue
            assert_that(wrong is None, str(wrong))
            self.pending -= mine


def date_of(path: str) -> str:
    """Return the day of the partition that a data file lies in."""
    (day,) = (part[5:] for part in path.split("/") if part.startswith("date="))
    return day


def assert_that(is_so: bool, message: str) -> None:
    """Raise `Violation` where it is not."""
    if not is_so:
        raise Violation(message)
