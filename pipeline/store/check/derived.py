"""The part of `lake check` that compares what follows from a row's other values.

Rows are read batch by batch, so that memory does not grow with the lake.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import zstandard

from pipeline.model import Item, Record, Story, content_hash, headers_for
from pipeline.reprocessed import RELEASED, REPROCESSED, is_reprocessed
from pipeline.store.check.column_reader import reader
from pipeline.store.check.findings import Finding
from pipeline.store.read.families import note_faults
from pipeline.store.read.snapshot import Snapshot
from pipeline.store.schema.from_rows import STORY_COLUMNS, story_of
from pipeline.store.schema.rows import decompress, event_id_of

ParseBytes = Callable[[Record], Sequence[Item]]
"""The parser, as the check needs it: the bytes of one item, with what the provider is called."""

_ANEW = (REPROCESSED, RELEASED)
"""How the sources begin whose rows say other than their bytes: an older parse, or an operator's."""

_BATCH_ROWS = 512
_COORDINATES = ("source", "offset", "item")
_STORY = (
    *_COORDINATES,
    "headline",
    "body",
    "status",
    "content_hash",
    "raw",
    "raw_bytes",
    "parse_id",
)
_PARSED = tuple(dict.fromkeys((*_STORY, *STORY_COLUMNS)))
_READ_IN_ITEM = (
    *("story_id", "provider_id", "version", "version_time", "headline", "slugline", "bylines"),
    *("dateline", "dateline_places", "dateline_date", "published_at", "published_precision"),
    *("embargo_until", "created_at", "updated_at", "utc_offset_min", "urgency", "keywords"),
    *("rights", "usage_terms", "editor_note", "summary", "captions", "codes", "related"),
    *("revision_mark", "is_partial", "format_version"),
)
"""What the same bytes give again where they give the same revision: nothing around them is missing
then. Warnings and arrival are told of the record, not of the item."""
_NEVER_AROUND = ("slugline", "dateline")
"""What no format takes from around the item: where it is there at all it has to be the same."""
_GUESSED = "guessed "
"""In the warning of a charset that the bytes do not name. A header may have, and lakes of before do
not keep it."""
_REJECT = (*_COORDINATES, "raw", "raw_bytes")
EVENT_PARTS = (
    *(*_COORDINATES, "revision_id", "event_id", "root", "cameo", "trigger_start", "trigger_end"),
    *("source_text", "source_name", "source_country"),
    *("target_text", "target_name", "target_country"),
)
"""What an event's id is asked of, and follows from."""


def check_values(snapshot: Snapshot, parse: ParseBytes | None = None) -> Iterator[Finding]:
    """Hold ids, hashes and bytes to what they follow from; with `parse` the text of the bytes too.

    Raises `pa.ArrowException` or `OSError` where a file cannot be read.
    """
    unpack = zstandard.ZstdDecompressor().decompress
    for row in _rows(snapshot, "stories", _STORY if parse is None else _PARSED):
        yield from _bytes("stories", row, unpack)
        if row["parse_id"] is not None or not is_reprocessed(row["source"]):
            # Older versions kept the hash of the text that a reprocessed story was delivered with.
            expected = content_hash(row["headline"], (row["body"],), row["status"])
            if row["content_hash"] != expected:
                yield _finding("content_hash", "stories", row, "the text has another hash")
        if parse is not None and not row["source"].startswith(_ANEW):
            yield from _text(row, parse)
    for row in _rows(snapshot, "rejects", _REJECT):
        yield from _bytes("rejects", row, unpack)
    for row in _rows(snapshot, "events", EVENT_PARTS):
        if row["event_id"] != event_id_of(row):
            message = f"{row['event_id']} does not follow from the event's parts"
            yield _finding("event_id", "events", row, message)


def check_notes(snapshot: Snapshot) -> list[Finding]:
    """Hold the notes of families against their seals: questions would take their word."""
    return [
        Finding("damaged_note", "stories", f"{path}: {fault}")
        for path, fault in note_faults(snapshot)
    ]


def _rows(snapshot: Snapshot, table: str, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    for batch in reader(snapshot, table, columns, _BATCH_ROWS):
        # Column by column: a tenth to a third less time than `RecordBatch.to_pylist` (measured).
        names, values = batch.schema.names, [column.to_pylist() for column in batch.columns]
        for row in zip(*values, strict=True):
            yield dict(zip(names, row, strict=True))


def _bytes(table: str, row: dict[str, Any], unpack: Callable[[bytes], bytes]) -> Iterator[Finding]:
    raw, size = row["raw"], row["raw_bytes"]
    if raw is None and size is None:
        return
    try:
        found = None if raw is None else len(unpack(raw))
    except zstandard.ZstdError as error:
        yield _finding("raw_bytes", table, row, f"the bytes cannot be unpacked: {error}")
        return
    if found != size:
        yield _finding("raw_bytes", table, row, f"{found} bytes, {size} in the row")


def _text(row: dict[str, Any], parse: ParseBytes) -> Iterator[Finding]:
    try:
        raw = decompress(row["raw"])
    except zstandard.ZstdError:
        return  # told of with the bytes
    said = headers_for(row.get("charset"), row["provider"])
    items = parse(Record(row["source"], row["offset"], raw, headers=said))
    stories = [item for item in items if isinstance(item, Story)]
    if len(stories) != 1 or stories[0].format != row["format"]:
        # What stood around the item in its record is not there.
        return
    (story,) = stories
    if story.parse_id != row["parse_id"]:
        return  # another version of the parser read it
    if story.content_hash != row["content_hash"]:
        if not any(_GUESSED in warning for warning in story.warnings):
            yield _finding("raw_text", "stories", row, "the bytes parse to another text")
        return
    held = story_of(row, story.source, story.offset)
    is_whole = story.revision_id == row["revision_id"]
    own = tuple(name for name in _NEVER_AROUND if getattr(story, name))
    names: Sequence[str] = _READ_IN_ITEM if is_whole else own
    for name in names:
        if getattr(held, name) != getattr(story, name):
            yield _finding("raw_text", "stories", row, f"the bytes parse to another {name}")


def _finding(kind: str, table: str, row: dict[str, Any], message: str) -> Finding:
    offset = row["offset"]
    return Finding(kind, table, f"item {row['item']}: {message}", row["source"], offset, offset + 1)
