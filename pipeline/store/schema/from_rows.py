"""Rows of `stories` back to stories: the other way round of `rows.story_row`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipeline.model import Code, Origin, Record, Relation, Story
from pipeline.store.schema.rows import Row, decompress

_PLAIN = (
    *("story_id", "revision_id", "content_hash", "version", "status", "provider", "provider_id"),
    *("language", "headline", "slugline", "dateline", "published_precision", "urgency", "rights"),
    *("usage_terms", "editor_note", "summary", "utc_offset_min", "dateline_date"),
    *("revision_mark", "format", "format_version"),
)
_TIMES = (
    *("received_at", "version_time", "published_at", "embargo_until", "created_at", "updated_at"),
)
_LISTS = ("bylines", "keywords", "captions", "dateline_places", "warnings")

_ORIGIN = ("origin_source", "origin_offset", "origin_item")

STORY_COLUMNS = (
    *_PLAIN,
    *_TIMES,
    *_LISTS,
    "body",
    "codes",
    "related",
    "raw",
    "charset",
    "is_partial",
    *_ORIGIN,
)
"""The columns that a story is read back from."""


def record_of(row: Row, source: str, offset: int) -> Record:
    """Make a record at these coordinates of a row's bytes (`STORY_COLUMNS`), with its story."""
    story = story_of(row, source, offset)
    return Record(source, offset, story.raw, received_at=story.received_at, held=story)


def story_of(row: Row, source: str, offset: int) -> Story:
    """Return the story that a row (`STORY_COLUMNS`) was made from, at these coordinates.

    Its language may be a detected one: the row does not say whether the provider gave it.
    """
    values: dict[str, Any] = {name: row[name] for name in _PLAIN}
    values |= {name: _utc(row[name]) for name in _TIMES}
    values |= {name: tuple(row[name] or ()) for name in _LISTS}
    return Story(
        source=source,
        offset=offset,
        item=0,
        paragraphs=tuple(row["body"].split("\n\n")) if row["body"] else (),
        codes=tuple(Code(**code) for code in row["codes"] or ()),
        related=tuple(Relation(**relation) for relation in row["related"] or ()),
        raw=decompress(row["raw"]),
        # A lake of an older version has no such columns.
        is_partial=bool(row.get("is_partial")),
        charset=row.get("charset"),
        origin=_origin(row),
        **values,
    )


def _origin(row: Row) -> Origin | None:
    if row.get("origin_source") is None:
        return None
    return (row["origin_source"], row["origin_offset"], row["origin_item"])


def _utc(at: datetime | None) -> datetime | None:
    return None if at is None else at.astimezone(UTC)
