"""The closed set of what `lake check` can find, and what each finding means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.errors import StoreError

EXAMPLES = 20
"""So many findings of one kind are told one by one (for each rule); all are counted."""

MEANING: Mapping[str, str] = {
    "no_table": "a table of the lake does not exist",
    "contract": "a table's columns are not as the contract says",
    "missing_file": "the log refers to a data file that is not there",
    "unreadable_file": "a data file cannot be opened: it is damaged or half-written",
    "file_size": "a data file has another size than the log says, and cannot be read by it",
    "file_rows": "a data file has another number of rows than the log says",
    "file_bounds": "the log gives other bounds of a file's values: readers may leave it out",
    "file_place": "a data file does not lie in the folder of its partition",
    "file_columns": "a data file's columns are not as the contract says",
    "foreign_file": "a data file of a table that Dateline did not write: another tool changed rows",
    "foreign_entry": "an entry of a log by which another tool changed a table's files",
    "damaged_file": "a data file's pages or bytes are not those that were written (`--deep`)",
    "damaged_note": "a note of families is not as it was written: remove `_families/` (`--deep`)",
    "damaged_codes": "a table of codes is not as written: `lake explain` makes it anew (`--deep`)",
    "lost_file": "a data file with rows that the table should hold, which its log no longer names",
    "log_entry": "an entry of a table's log is missing or cannot be read",
    "log_checkpoint": "a checkpoint cannot be read, or says other than the entries: `lake repair`",
    "unreferenced": "data files that no log refers to: `lake clean` removes them once it is safe",
    "replaced": "data files that a compaction replaced or a commit took out: not yet cleaned",
    "no_ledger": "rows of a source that the ledger does not know",
    "ledger_start": "the first block of a source is not the empty one that records its start",
    "ledger_hole": "offsets between two blocks belong to none",
    "ledger_overlap": "offsets belong to two blocks, or a source has more than one start",
    "ledger_end": "the ledger's last block does not end at the committed end of its log",
    "table_behind": "a table's committed end is below that of one that commits after it",
    "block_sums": "a block's own counts do not add up",
    "block_items": "a block's counts are not those of the rows in stories and rejects",
    "block_records": "a block's records are not as many as the offsets that have an item",
    "block_found": "a block's entities or events are not as many as its stories state",
    "block_enrichment": "a block's enrichment is not that of its last story",
    "story_found": "a story has other entities or events than it states: some are gone or doubled",
    "uncounted": "rows of a version that did not state how much was found: no loss is seen there",
    "duplicate_item": "an item is there more than once in stories and rejects together",
    "item_numbers": "the items of a record are not numbered 0, 1, 2 … without a hole",
    "outside_block": "an item below the ledger's end that lies in no block",
    "unread_range": "offsets that could not be read are said to end where they cannot",
    "unread_account": "what stories and rejects say of records that a writer passed does not agree",
    "beyond_end": "a row at or above the committed end of its own table",
    "orphan": "an entity or event without the story that it belongs to",
    "duplicate_entity": "an entity is there more than once for one item and enrichment",
    "duplicate_event": "an event is there more than once for one item and enrichment",
    "wrong_partition": "a row's partition is not the one that its own times or its story tell",
    "bad_region": "a region that is no slug",
    "revision_family": "one revision is there under several families",
    "revision_loosened": "a story that was not usable became so by being read anew",
    "wrong_story": "an entity, event or link names another family or day than its story",
    "generation": "a generation that the ledger's log does not number, or numbers twice",
    "closed_set": "a value that is none of those that its column may have",
    "content_hash": "a story's content hash is not that of its text",
    "raw_bytes": "an item's bytes cannot be unpacked, or are not as many as the row says",
    "raw_text": "a story's bytes parse to another text, or to other times or codes (`--deep`)",
    "event_id": "an event's id does not follow from its parts",
    "event_code": "an event has another root, quad class or value than its CAMEO code",
    "text_marks": "words that an entity or event took from its story are not there (`--deep`)",
    "duplicate_link": "a link is there more than once",
    "link_count": "a day has other links than its last computing wrote: some are gone or doubled",
    "repeat": "a revision stands at several places, views show one: `lake repeats` drops the rest",
    "dangling_link": "a link names a revision that is not there: `lake link` computes its day anew",
    "superseded": "entities or events of a writer that died, whose item another one settled",
    "in_flight": "a table is ahead of the ledger: a job is between two commits, or died there",
}

NOTES = frozenset(
    {"unreferenced", "replaced", "repeat", "superseded", "in_flight", "dangling_link", "uncounted"}
)
"""Kinds that are no errors: they are allowed to happen, and the views are right all the same."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not add up: `[start, end)` are the offsets concerned, where any are."""

    kind: str
    table: str
    message: str
    source: str | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: the kind of its findings, the table that they are told of, and its SQL.

    The SQL gives `source, first, beyond, message` for everything that breaks the rule: the offsets
    `[first, beyond)` of a source. With `is_by_offset` what it says of an offset follows from the
    rows of that offset, so that a large lake can be asked part by part.
    """

    kind: str
    table: str
    sql: str
    is_by_offset: bool = False


def no_room(error: Exception) -> StoreError:
    """Return the error of a check that found no room for its work, which is no finding."""
    return StoreError(
        "the check needs more memory, or disk for its work: docs/operations.md",
        reason=str(error).splitlines()[0],
    )
