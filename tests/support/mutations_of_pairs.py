"""Mutations of several rows at once, which cancel out where only sums are looked at.

Some leave a lake whose rows, files and counts all follow from one another: that is what somebody
makes who knows how a lake is made (docs/upkeep.md, What the check can miss). They are told as
`FORGED`, and count as not found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from pipeline.model import content_hash
from pipeline.store.commit.lake import Lake
from pipeline.store.schema.rows import Row, compress, decompress, event_id_of
from tests.support.rows import altered

Change = Callable[[Path, Random], str | None]
Values = dict[str, Any]

FORGED = "forged: "
"""How the reason of a miss begins that changes something, and follows from itself."""

_FOUND = ("entities", "events")
_STORY = ("stories", *_FOUND)
_GONE = {"stories": -1, "items": -1, "records": -1, "gaps": 1, "entities": -1, "events": -1}
"""What a block counts without one story that had one of each."""


def pair_mutations(source: str) -> Iterator[tuple[str, str, Change]]:
    """Yield group, name and change of each; `source` is one of the lake's."""
    yield from (("pairs", name, change) for name, change in _pairs(source))
    yield from (("derived", name, change) for name, change in _derived())


@dataclass(frozen=True, slots=True)
class _Hand:
    """Changes rows of one source in several tables."""

    source: str

    def is_at(self, row: Row, *offsets: int) -> bool:
        return row["source"] == self.source and row["offset"] in offsets

    def without(self, lake: Path, tables: Sequence[str], offset: int) -> None:
        for table in tables:
            altered(lake, table, lambda rows: [r for r in rows if not self.is_at(r, offset)])

    def changed(
        self, lake: Path, table: str, change: Callable[[Row], Values], *offsets: int
    ) -> None:
        """Give the rows at these offsets other values."""
        altered(
            lake,
            table,
            lambda rows: [{**r, **change(r)} if self.is_at(r, *offsets) else r for r in rows],
        )

    def recounted(self, lake: Path, offset: int, **more: int) -> None:
        """Add to the counts of the block that has this offset."""
        altered(
            lake,
            "ledger",
            lambda rows: [
                {**r, **{n: r[n] + more[n] for n in more}} if self.holds(r, offset) else r
                for r in rows
            ],
        )

    def holds(self, row: Row, offset: int) -> bool:
        """Whether a row of the ledger is the block that has this offset."""
        is_within = row["start_offset"] <= offset < row["end_offset"]
        return bool(row["source"] == self.source and is_within)

    def story_gone(self, lake: Path, _: Random) -> None:
        self.without(lake, ("stories",), 1)
        self.recounted(lake, 1, **_GONE)

    def wholly_gone(self, lake: Path, _: Random) -> str:
        self.without(lake, _STORY, 1)
        self.recounted(lake, 1, **_GONE)
        return f"{FORGED}a lake in which nobody published the record looks the same"

    def made_a_reject(self, lake: Path, _: Random) -> str:
        self.without(lake, _STORY, 1)
        (like,) = [row for row in _rows(lake, "rejects") if self.is_at(row, 2)]
        altered(lake, "rejects", lambda rows: [*rows, {**like, "offset": 1}])
        self.recounted(lake, 1, stories=-1, rejects=1, entities=-1, events=-1)
        return f"{FORGED}what a reject's bytes hold follows from nothing else"

    def moved(self, lake: Path, _: Random) -> None:
        """Give the entity of the story at offset 0 to that at 1."""
        (story,) = [row for row in _rows(lake, "stories") if self.is_at(row, 1)]
        place = {n: story[n] for n in ("offset", "revision_id", "story_id", "date", "region")}
        self.changed(lake, "entities", lambda _: {**place, "name": "Other"}, 0)

    def moved_and_counted(self, lake: Path, chance: Random) -> str:
        self.moved(lake, chance)
        more = {0: -1, 1: 1}
        self.changed(
            lake,
            "stories",
            lambda r: {"entity_count": r["entity_count"] + more[r["offset"]]},
            *more,
        )
        return f"{FORGED}the words of the mention stand in both stories at the same place"

    def exchanged(self, lake: Path, _: Random) -> None:
        """Give two stories each other's entities, as they stand."""
        self.changed(lake, "entities", lambda r: {"offset": 1 - r["offset"]}, 0, 1)

    def offsets(self, lake: Path, _: Random) -> str:
        for table in _STORY:
            self.changed(lake, table, lambda r: {"offset": 5 - r["offset"]}, 1, 4)
        return f"{FORGED}where a record stood is known to the topic alone"

    def renamed(self, lake: Path, _: Random) -> str:
        def change(row: Row) -> Values:
            other = {**row, "revision_id": "f" * 32}
            return {**other, "event_id": event_id_of(other)} if "event_id" in row else other

        for table in _STORY:
            self.changed(lake, table, change, 1)
        return f"{FORGED}what an id was made of may have stood around the item"

    def between_blocks(self, *names: str) -> Change:
        """Exchange these counts of the blocks that have offsets 1 and 4."""

        def changed(lake: Path, _: Random) -> None:
            rows = _rows(lake, "ledger")
            one, other = (next(r for r in rows if self.holds(r, n)) for n in (1, 4))

            def change(row: Row) -> Row:
                for mine, given in ((one, other), (other, one)):
                    if row == mine:
                        return {**row, **{name: given[name] for name in names}}
                return row

            altered(lake, "ledger", lambda rows: [change(row) for row in rows])

        return changed

    def one_more_one_less(self, lake: Path, _: Random) -> None:
        self.recounted(lake, 1, entities=1)
        self.recounted(lake, 4, entities=-1)

    def merged(self, lake: Path, _: Random) -> str:
        rows = [dict(row) for row in _rows(lake, "ledger")]
        one, other = (next(r for r in rows if self.holds(r, n)) for n in (1, 4))
        for name in ("records", "items", "stories", "rejects", "skipped", "gaps", *_FOUND):
            one[name] += other[name]
        one["end_offset"] = other["end_offset"]
        altered(lake, "ledger", lambda _: [row for row in rows if row is not other])
        return "a batch may end anywhere: the counts of the one block are those of both"

    def before_zero(self, lake: Path, _: Random) -> None:
        def change(row: Row) -> Row:
            if row["source"] != self.source or row["start_offset"]:
                return row
            end = row["end_offset"]
            return {**row, "start_offset": -5, "end_offset": end or -5, "gaps": 5 if end else 0}

        altered(lake, "ledger", lambda rows: [change(row) for row in rows])


def _pairs(source: str) -> Iterator[tuple[str, Change]]:
    hand = _Hand(source)
    yield "a story gone, and the ledger's counts", hand.story_gone
    yield "a story gone with all that was found in it, and the counts", hand.wholly_gone
    yield "a story made a reject, and the counts", hand.made_a_reject
    yield "an entity moved to another story", hand.moved
    yield "an entity moved to another story, and both counts", hand.moved_and_counted
    yield "two stories with each other's entities", hand.exchanged
    yield "two stories at each other's place, with all that was found in them", hand.offsets
    yield "a revision renamed in all tables", hand.renamed
    yield "two blocks with each other's rejects", hand.between_blocks("rejects", "skipped")
    yield "two blocks with each other's ends", hand.between_blocks("start_offset", "end_offset")
    yield "one more in one block, one less in another", hand.one_more_one_less
    yield "two blocks made one", hand.merged
    yield "a source that begins before its first offset", hand.before_zero


def _derived() -> Iterator[tuple[str, Change]]:
    yield from _found_in_text()
    yield from _rows_and_bytes()


def _one(table: str, change: Callable[[Row], Values], told: str | None = None) -> Change:
    def changed(lake: Path, chance: Random) -> str | None:
        def all_but_one(rows: list[Row]) -> list[Row]:
            at = chance.choice([n for n, row in enumerate(rows) if row.get("raw", b"") is not None])
            return [{**r, **change(r)} if n == at else r for n, r in enumerate(rows)]

        altered(lake, table, all_but_one)
        return told

    return changed


def _event(**values: Any) -> Change:
    def change(row: Row) -> Values:
        other = {**row, **values}
        return {**values, "event_id": event_id_of(other)}

    return _one("events", change)


def _bytes_of(row: Row, **words: str) -> Values:
    """The bytes of a story whose words say something else."""
    said = json.loads(decompress(row["raw"])) | words
    raw = json.dumps(said).encode()
    return {"raw": compress(raw), "raw_bytes": len(raw)}


def _text(row: Row) -> Values:
    body = row["body"].replace("three", "four").replace("harbour", "port")
    return {"body": body, "content_hash": content_hash(row["headline"], (body,), row["status"])}


def _all_of_it(row: Row) -> Values:
    body = row["body"].replace("harbour", "port")
    paragraphs = tuple(body.split("\n\n"))
    told = content_hash(row["headline"], paragraphs, row["status"])
    return {"body": body, "content_hash": told, **_bytes_of(row, body_text=body)}


_ANOTHER_STORY = f"{FORGED}bytes, text and hash are those of another story"
_OTHER_IDS = f"{FORGED}what an id was made of may have stood around the item"


def _found_in_text() -> Iterator[tuple[str, Change]]:
    yield "an event's root and its id", _event(root="ASSAULT")
    yield "an event's code and its id", _event(cameo="190")
    yield "an event's trigger moved, and its id", _event(trigger_start=57, trigger_end=64)
    yield "an event's quad class", _one("events", lambda _: {"quad_class": 4})
    yield "an event's value", _one("events", lambda _: {"goldstein": -9.0})
    yield "an event's sentence", _one("events", lambda _: {"sentence": "They never said so."})
    yield "an event's trigger in other words", _one("events", lambda _: {"trigger": "attacked"})
    yield (
        "a mention in other words",
        _one("entities", lambda r: {"mentions": [{**r["mentions"][0], "text": "Bob Example"}]}),
    )
    yield (
        "a mention at another place",
        _one("entities", lambda r: {"mentions": [{**r["mentions"][0], "start": 40, "end": 51}]}),
    )
    yield "more mentions than there are", _one("entities", lambda _: {"mention_count": 5})
    yield "no mention left", _one("entities", lambda _: {"mentions": []})
    yield (
        "an entity's name",
        _one("entities", lambda _: {"name": "Bob"}, f"{FORGED}names are made, not taken, of words"),
    )


def _rows_and_bytes() -> Iterator[tuple[str, Change]]:
    yield (
        "bytes of another text, and their number",
        _one("stories", lambda r: _bytes_of(r, body_text="No.")),
    )
    yield "another text, and its hash", _one("stories", _text)
    yield "another text, its hash and its bytes", _one("stories", _all_of_it, _ANOTHER_STORY)
    yield (
        "a time of publication, some seconds later",
        _one(
            "stories",
            lambda r: (
                {"slugline": None}
                if r["published_at"] is None
                else {"published_at": r["published_at"] + timedelta(seconds=7)}
            ),
        ),
    )
    yield (
        "an embargo",
        _one("stories", lambda _: {"embargo_until": datetime(2026, 3, 9, tzinfo=UTC)}),
    )
    yield "a slugline", _one("stories", lambda _: {"slugline": "another"})
    yield "a version", _one("stories", lambda _: {"version": 7})
    yield "a mark of an added part", _one("stories", lambda _: {"is_partial": True})
    yield (
        "bytes with another embargo",
        _one("stories", lambda r: _bytes_of(r, embargoed="2026-03-09T00:00:00Z"), _OTHER_IDS),
    )
    yield "bytes with another slugline", _one("stories", lambda r: _bytes_of(r, slugline="other"))
    yield "bytes with another id", _one("stories", lambda r: _bytes_of(r, uri="urn:o"), _OTHER_IDS)
    yield "a generation that no stages have", _one("stories", lambda _: {"generation": 9})
    yield "no generation at all", _one("stories", lambda _: {"generation": 0})
    yield (
        "the generation of older versions",
        _one(
            "stories",
            lambda _: {"generation": None},
            "says what older versions did: they knew none",
        ),
    )
    yield "a block's generation", _one("ledger", lambda _: {"generation": 9})
    yield (
        "a reject's bytes, and their number",
        _one(
            "rejects",
            lambda _: {"raw": compress(b"zz"), "raw_bytes": 2},
            f"{FORGED}what a reject's bytes hold follows from nothing else",
        ),
    )
    yield "a link to another family", _one("links", lambda _: {"left_story_id": "another"})
    yield (
        "a link from another day",
        _one("links", lambda r: {"left_date": r["left_date"] - timedelta(days=1)}),
    )
    yield (
        "a link's likeness",
        _one(
            "links",
            lambda _: {"similarity": 0.99},
            f"{FORGED}two texts decide it: `dateline lake link --all-days` compares them",
        ),
    )


def _rows(lake: Path, table: str) -> list[Row]:
    found: list[Row] = Lake(str(lake)).dataset(table).to_table().to_pylist()
    return found
