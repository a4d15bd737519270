"""Stories taken out of a lake: repeats that raced one another in, and what the law wants gone.

A story that is withdrawn stays accounted for: at its place there stands a skip, and its block's
counts say so. The order of commits is the writer's turned round: first the skips, then stories
without the rows, what was found in them, and at last the ledger, so that `stories` never shows a
row without its entities. Where it dies in between, running it again finishes it: what stands both
as such a skip and as a story is taken for begun.

Each commit is one of maintenance: compared and fenced by `maintain` (see `upkeep.compact`). Files
are written anew without the rows; the old ones are removed by `clean_up`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any
from urllib.parse import unquote
from uuid import uuid4

import pyarrow as pa
import pyarrow.dataset as ds
from deltalake.transaction import AddAction, RemoveAction

from pipeline.model import Coordinates, Reject, RejectKind
from pipeline.reprocessed import is_reprocessed
from pipeline.store.commit.actions import add_action, time_ms
from pipeline.store.commit.conflict import until_won
from pipeline.store.commit.data_files import MAINTAIN, Marks, encode
from pipeline.store.commit.delta import folder_of
from pipeline.store.commit.lake import Commit, Lake, cannot_write
from pipeline.store.schema.contract import contract
from pipeline.store.schema.rows import reject_row
from pipeline.store.upkeep.compact import PREFIX

DELETED: RejectKind = "skipped.deleted"
REPEAT: RejectKind = "skipped.repeat"
WITHDRAWN = "withdrawn: "
"""How the message begins of a skip that stands where a story stood."""

_ATTEMPTS = 5
_NEVER = datetime.max.replace(tzinfo=UTC)
_COORDINATES = ("source", "offset", "item")
_SAME = ("revision_id", "story_id", "enrichment_id", "parse_id")
_STORY = (*_COORDINATES, *_SAME, "generation")


@dataclass(frozen=True, slots=True)
class Withdrawable:
    """A story of the lake that may be withdrawn."""

    coordinates: Coordinates
    revision_id: str
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Hand:
    """Who writes, and when."""

    writer: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """How many stories were withdrawn, how many files are written anew, and how many blocks."""

    stories: int
    files: int
    blocks: int


def repeated_stories(lake: Lake, before: date | None = None) -> list[Withdrawable]:
    """Return the stories that repeat another row: same revision, enrichment, parse, generation.

    With `before` those of earlier days alone. A row without a generation repeats one that has any.
    Of several the one stays that the views show: with a generation rather than without, then the
    first to arrive, then with the smallest coordinates.
    """
    seen: set[tuple[Any, ...]] = set()
    found: list[Withdrawable] = []
    # Rows of one revision are of one day: the same bytes give the same.
    days = None if before is None else ds.field("date") < pa.scalar(before)
    columns = (*_STORY, "received_at", "origin_source")
    rows = _finished(lake, _rows(lake, "stories", columns, days))
    rows = [row for row in rows if not is_reprocessed(row["source"])]
    begun = _begun_at(lake)

    def order(row: dict[str, Any]) -> tuple[Any, ...]:
        """Order the rows of one revision as the view `current` does."""
        at, source = row["received_at"], row["origin_source"] or row["source"]
        arrival = (at or _NEVER, begun.get(source, _NEVER))
        return (row["generation"] is None, at is not None, *arrival, _coordinates(row))

    for row in sorted(rows, key=order):
        alike = tuple(row[name] for name in _SAME)
        if (alike, row["generation"]) in seen:
            found.append(_story(row))
        seen |= {(alike, row["generation"]), (alike, None)}
    return found


def named_stories(
    lake: Lake, *, story_ids: Collection[str] = (), revision_ids: Collection[str] = ()
) -> list[Withdrawable]:
    """Return the stories of these families and these revisions, in all generations and sources."""
    rows = _finished(lake, _rows(lake, "stories", (*_STORY, "received_at")))
    return [
        _story(row)
        for row in sorted(rows, key=_coordinates)
        if row["story_id"] in story_ids or row["revision_id"] in revision_ids
    ]


def withdraw(
    lake: Lake, stories: Sequence[Withdrawable], kind: RejectKind, why: str, at: datetime
) -> Withdrawn:
    """Take `stories` out of the lake, and finish what an earlier withdrawal began.

    Safe beside writers, readers and other upkeep. Raises `StoreError` where the store fails, or
    other maintenance comes first each time; running it again goes on.
    """
    hand = _Hand(uuid4().hex[:16], at)
    try:
        added = _retry(lake, "rejects", lambda: _skips(lake, stories, kind, why, hand))
        withdrawn = _begun(lake)
        if not withdrawn:
            return Withdrawn(0, 0, 0)
        files = 0
        without = partial(_without, withdrawn)
        for table in ("stories", "events", "entities"):
            rewrite = partial(_rewrite, lake, table, _COORDINATES, without, hand)
            files += _retry(lake, table, rewrite)
        counts = _Counts(lake, withdrawn)
        rewrite = partial(_rewrite, lake, "ledger", None, counts.corrected, hand)
        files += _retry(lake, "ledger", rewrite)
    finally:
        lake.files.release(hand.writer)
    return Withdrawn(added, files, len(counts.changed))


def _begun_at(lake: Lake) -> dict[str, datetime]:
    """Say when the lake first knew of each source."""
    found: dict[str, datetime] = {}
    for block in _rows(lake, "ledger", ("source", "committed_at")):
        at = block["committed_at"]
        found[block["source"]] = min(at, found.get(block["source"], at))
    return found


def _coordinates(row: dict[str, Any]) -> Coordinates:
    return row["source"], row["offset"], row["item"]


def _story(row: dict[str, Any]) -> Withdrawable:
    return Withdrawable(_coordinates(row), row["revision_id"], row["received_at"])


def _rows(
    lake: Lake, table: str, columns: Sequence[str], wanted: ds.Expression | None = None
) -> list[dict[str, Any]]:
    lake.refresh(table)
    with lake.reading(table):
        dataset = lake.dataset(table)
        there = [name for name in columns if name in dataset.schema.names]
        found: list[dict[str, Any]] = dataset.to_table(there, filter=wanted).to_pylist()
    return [dict.fromkeys(columns) | row for row in found]


def _finished(lake: Lake, rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those below the ledger's end: above it a writer may still be at work."""
    listed = list(rows)
    ends = lake.ends(sorted({row["source"] for row in listed}))
    return [row for row in listed if row["offset"] < ends.get(row["source"], -1)]


def _without(withdrawn: Collection[Coordinates], rows: pa.Table) -> pa.Table:
    return rows.filter(pa.array([at not in withdrawn for at in _all_coordinates(rows)], pa.bool_()))


def _all_coordinates(rows: pa.Table) -> list[Coordinates]:
    return list(zip(*(rows[name].to_pylist() for name in _COORDINATES), strict=True))


def _begun(lake: Lake) -> frozenset[Coordinates]:
    """Return every place where a skip says that a story was withdrawn."""
    return frozenset(
        _coordinates(row)
        for row in _rows(lake, "rejects", (*_COORDINATES, "message"))
        if row["message"].startswith(WITHDRAWN)
    )


def _retry(lake: Lake, table: str, attempt: Callable[[], int]) -> int:
    def refreshed() -> int:
        lake.refresh(table)
        return attempt()

    return until_won(table, refreshed, attempts=_ATTEMPTS)


def _next(lake: Lake, table: str) -> int:
    return lake.committed(table, [MAINTAIN]).get(MAINTAIN, 0) + 1


def _skips(
    lake: Lake, stories: Sequence[Withdrawable], kind: RejectKind, why: str, hand: _Hand
) -> int:
    there = _begun(lake)
    wanted = [
        reject_row(
            Reject(
                *story.coordinates,
                kind,
                "write",
                f"{WITHDRAWN}{why}",
                received_at=story.received_at,
                revision_id=story.revision_id,
            )
        )
        for story in stories
        if story.coordinates not in there
    ]
    if wanted:
        version = _next(lake, "rejects")
        name = f"withdraw-{uuid4().hex[:16]}"
        lake.commit(Commit("rejects", wanted, {MAINTAIN: version}, name, hand.writer, hand.at))
    return len(wanted)


def _rewrite(
    lake: Lake,
    table: str,
    keys: Sequence[str] | None,
    change: Callable[[pa.Table], pa.Table],
    hand: _Hand,
) -> int:
    """Write those files anew that `change` makes others of; how many, in one commit.

    With `keys` a file is read whole only where its rows change by these columns alone.
    """
    version = _next(lake, table)
    name = f"{PREFIX}{uuid4().hex[:16]}"
    changed: list[tuple[dict[str, Any], pa.Table]] = []
    for action in lake.added(table).to_pylist():
        path = f"{table}/{unquote(action['path'])}"
        with lake.reading(table):
            if keys is not None:
                found = lake.files.read(path, keys)
                if change(found).num_rows == found.num_rows:
                    continue
            rows = lake.files.read(path)
        if (new := change(rows)) is not rows:
            changed.append((action, new))
    if not changed:
        return 0
    replaced = {f"{table}/{unquote(action['path'])}" for action, _ in changed}
    added: list[AddAction] = []
    try:
        for n, (action, rows) in enumerate(changed):
            if not rows.num_rows:
                continue
            partition = _partition(table, action)
            path = f"{folder_of(partition)}{name}-{n}.parquet"
            plain = rows.replace_schema_metadata(None)
            # The first names all: a file of which nothing is left has no other to say so.
            mine = replaced if not added else {f"{table}/{unquote(action['path'])}"}
            data = encode(plain, Marks({MAINTAIN: version}, frozenset(mine), time_ms(hand.at)))
            lake.files.write(f"{table}/{path}", data, hand.writer)
            added.append(add_action(table, path, data.size, partition, plain, hand.at))
            lake.on_point(f"{MAINTAIN}.{table}.file")
    except OSError as error:
        lake.drop(table, added)
        raise cannot_write(table, error) from error
    gone = [
        RemoveAction(
            unquote(action["path"]),
            data_change=True,
            deletion_timestamp=time_ms(hand.at),
            size=action["size_bytes"],
            partition_values=_partition(table, action),
        )
        for action, _ in changed
    ]
    lake.commit_actions(table, [*added, *gone], {MAINTAIN: version}, f"{name}-{table}")
    return len(changed)


def _partition(table: str, action: dict[str, Any]) -> dict[str, str | None]:
    values = {key: action[f"partition.{key}"] for key in contract(table).partition_by}
    return {
        key: value.isoformat() if isinstance(value, date) else value
        for key, value in values.items()
    }


class _Counts:
    """Brings blocks of the ledger to what then stands in stories and rejects."""

    def __init__(self, lake: Lake, withdrawn: Collection[Coordinates]) -> None:
        self._lake = lake
        self._offsets: dict[str, list[int]] = {}
        for source, offset, _ in withdrawn:
            self._offsets.setdefault(source, []).append(offset)
        self.changed: set[tuple[str, int]] = set()

    def corrected(self, ledger: pa.Table) -> pa.Table:
        """Return the same table where no block has other counts."""
        rows = ledger.to_pylist()
        is_same = True
        for row in rows:
            concerned = self._offsets.get(row["source"], ())
            if any(row["start_offset"] <= offset < row["end_offset"] for offset in concerned):
                new = row | self._counted(row)
                if new != row:
                    is_same = False
                    self.changed.add((row["source"], row["start_offset"]))
                    row.update(new)
        return ledger if is_same else pa.Table.from_pylist(rows, schema=ledger.schema)

    def _counted(self, block: dict[str, Any]) -> dict[str, Any]:
        for table in ("stories", "rejects"):
            self._lake.refresh(table)
        span = (block["source"], block["start_offset"], block["end_offset"])
        columns = ("offset", "enrichment_id", "entity_count", "event_count")
        stories = self._lake.rows("stories", *span, columns)
        kinds = [row["kind"] for row in self._lake.rows("rejects", *span, ("kind",))]
        skipped = sum(kind.startswith("skipped.") for kind in kinds)
        last = max(stories, key=lambda row: row["offset"], default=block)
        counts = {
            "stories": len(stories),
            "rejects": len(kinds) - skipped,
            "skipped": skipped,
            "enrichment_id": last["enrichment_id"],
        }
        for name, column in (("entities", "entity_count"), ("events", "event_count")):
            stated = [row[column] for row in stories]
            counts[name] = None if None in stated or block[name] is None else sum(stated)
        return counts
