"""Releasing what is withheld: an operator's word, as a revision of its own.

The release is a row of `stories` with the same text, usable, without an embargo and one version
above the revision that it releases. Its source is `release/{revision id}`, with one record: so it
goes in by the commit protocol, once however often it is said, the ledger and the check account for
it, and the views show it until the provider sends something later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from pipeline.errors import UsageError
from pipeline.model import Block, ParsedBatch, Story, content_hash
from pipeline.reprocessed import RELEASED
from pipeline.store.read.query import query
from pipeline.store.read.views import latest_select
from pipeline.store.schema.from_rows import STORY_COLUMNS, story_of

_MARK = "RELEASED"
_ID_CHARS = 32


def plan_release(
    lake_url: str,
    options: Mapping[str, str] | None,
    revision_id: str,
    reason: str,
) -> ParsedBatch:
    """Return the batch that releases a revision of the lake.

    To be enriched and written like any other. `reason` stands in the warnings of the row. Raises
    `UsageError` where the lake has no such revision, or one that nothing holds back.
    """
    quoted = revision_id.replace("'", "''")
    columns = ", ".join(STORY_COLUMNS)
    latest = latest_select(f"b.revision_id = '{quoted}'")
    now = datetime(1970, 1, 1, tzinfo=UTC)
    sql = f"SELECT {columns} FROM ({latest})"  # noqa: S608 - columns are ours, the id is quoted
    found = query(lake_url, options, sql, now).to_pylist()
    if not found:
        raise UsageError("the lake has no such revision", id=revision_id)
    held = story_of(found[0], f"{RELEASED}{revision_id}", 0)
    if held.status == "canceled":
        raise UsageError("a killed story is not to be released", id=revision_id)
    if held.status == "usable" and held.embargo_until is None:
        raise UsageError("nothing holds this revision back", id=revision_id)
    story = _released(held, reason)
    return ParsedBatch(
        0, (Block(held.source, 0, 1, 1, 1),), (replace(story, content_hash=_hash(story)),), ()
    )


def _released(held: Story, reason: str) -> Story:
    marks = " ".join(filter(None, (held.revision_mark, _MARK)))
    return replace(
        held,
        status="usable",
        embargo_until=None,
        version=held.version + 1,
        revision_mark=marks,
        revision_id=hashlib.sha256(held.source.encode()).hexdigest()[:_ID_CHARS],
        warnings=(*held.warnings, f"released by an operator: {reason}"),
    )


def _hash(story: Story) -> str:
    return content_hash(story.headline, story.paragraphs, story.status)
