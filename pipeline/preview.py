"""What a replay would do, without doing it: nothing is enriched, nothing written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from datetime import date

import pyarrow.dataset as ds

from pipeline.config import Settings
from pipeline.model import Batch, Block, ParsedBatch, Story
from pipeline.parse import parse_batch
from pipeline.parse.selection import skip_unselected
from pipeline.replay import Selected
from pipeline.source.bounded import in_batches
from pipeline.store.read.snapshot import Snapshot, find_snapshot

_BATCH_RECORDS = 500


@dataclass(slots=True)
class Preview:
    """Counts of what is there, and of what a replay would add.

    `records` are all, `done` those that the lake holds of these very sources; the rest counts what
    comes above that. `by` holds counts of new stories by date, format and provider, and of rejects
    and skips by kind. Repeats are in there as `skipped.repeat`.
    """

    records: int = 0
    done: int = 0
    stories: int = 0
    rejects: int = 0
    skipped: int = 0
    by: dict[str, Counter[str]] = field(
        default_factory=lambda: {name: Counter() for name in ("date", "format", "provider", "kind")}
    )


def ends_in_lake(settings: Settings, sources: Sequence[Selected]) -> dict[str, int]:
    """Say how far the lake holds each source: its start where it does not know it."""
    snapshot = find_snapshot(settings.lake.url, settings.lake.options, ("ledger",))
    names = [source.source for source in sources]
    known = snapshot.committed("ledger", names) if snapshot else {}
    return {source.source: known.get(source.source, source.start) for source in sources}


def preview(
    settings: Settings,
    sources: Sequence[Selected],
    on_records: Callable[[int], None],
    stopped: Callable[[], bool] = lambda: False,
) -> Preview:
    """Parse what the lake lacks of `sources`; `on_records` is called with each batch's size.

    Remembers the id of every new revision, about 100 bytes a story.
    """
    ends = ends_in_lake(settings, sources)
    snapshot = find_snapshot(settings.lake.url, settings.lake.options)
    seen: set[str] = set()
    found = Preview()
    limits = settings.parse_limits
    for source in {source.source: source for source in sources}.values():
        begin = ends[source.source]
        found.records += source.total - source.start
        found.done += min(begin, source.total) - source.start
        records_left = source.records(begin) if begin < source.total else iter(())
        for records in in_batches(records_left, _BATCH_RECORDS):
            if stopped():
                return found
            block = Block(source.source, records[0].offset, records[-1].offset + 1, len(records))
            for parsed in parse_batch(Batch(0, (block,), tuple(records)), limits):
                wanted = skip_unselected(parsed, source.selection)
                _look(found, wanted, _known(snapshot, wanted.stories), seen)
            on_records(len(records))
    return found


def _look(found: Preview, parsed: ParsedBatch, known: Set[str], seen: set[str]) -> None:
    for reject in parsed.rejects:
        _count(found, reject.kind, is_skip=reject.is_skip)
    for story in parsed.stories:
        if story.revision_id in known or story.revision_id in seen:
            _count(found, "skipped.repeat", is_skip=True)
            continue
        seen.add(story.revision_id)
        found.stories += 1
        found.by["date"][story.date.isoformat() if story.date else "none"] += 1
        found.by["format"][story.format] += 1
        found.by["provider"][story.provider or "unknown"] += 1


def _count(found: Preview, kind: str, *, is_skip: bool) -> None:
    found.by["kind"][kind] += 1
    found.skipped += is_skip
    found.rejects += not is_skip


def _known(snapshot: Snapshot | None, stories: Sequence[Story]) -> frozenset[str]:
    """Return those revisions of `stories` that the lake holds: repeats are of the same day."""
    if snapshot is None or not stories or "stories" not in snapshot.tables:
        return frozenset()
    days: set[date | None] = {story.date for story in stories}
    dated = [day for day in days if day is not None]
    where = ds.field("date").isin(dated)
    if None in days:
        where = where | ds.field("date").is_null()
    rows = snapshot.dataset("stories").to_table(["revision_id"], filter=where)
    return frozenset(rows.column(0).to_pylist()) & {story.revision_id for story in stories}
