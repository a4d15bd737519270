"""The bytes of a story that the lake holds, parsed anew: today's text under the ids it has.

The bytes are one item, cut out of its record. Where its format keeps something around the items
(an agency's name, catalogs, rights), that is no longer there; so what a story is known and ordered
by stays as the lake has it, and what today's parse does not find is taken from there too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pipeline.model import Item, Record, Story
from pipeline.parse.limits import ParseLimits

ParseRecord = Callable[[Record, ParseLimits], tuple[Item, ...]]

_TODAY = (
    *("headline", "paragraphs", "slugline", "bylines", "dateline", "dateline_places"),
    *("dateline_date", "summary", "captions", "editor_note", "keywords", "language"),
)
"""What is read in the text itself: today's parse is better than an older one."""

_AROUND = (
    *("codes", "rights", "usage_terms", "related", "created_at", "updated_at", "urgency"),
    *("utc_offset_min", "revision_mark", "format_version"),
)
"""What may stand around the item: today's parse only fills in what the lake lacks."""


def parse_again(record: Record, held: Story, limits: ParseLimits, parse: ParseRecord) -> Story:
    """The story of `record`, whose value is `held.raw`, at the record's coordinates.

    Ids, version, status, provider, content hash, times of publication, embargo and arrival are
    those of `held`. Where today's parse does not give exactly one story of the same format, the
    story is `held` itself, with a warning that says so.
    """
    held = replace(held, source=record.source, offset=record.offset, item=0, raw=record.value)
    hint = (("provider", held.provider.encode()),) if held.provider else ()
    items = parse(replace(record, headers=hint, held=None), limits)
    found = items[0] if len(items) == 1 else None
    if not isinstance(found, Story) or found.format != held.format:
        seen = found.format if isinstance(found, Story) else f"{len(items)} items"
        warning = f"reprocessed from the row: today's parse gives {seen}, not one {held.format}"
        return replace(held, warnings=_joined(held.warnings, (warning,)))
    if found.revision_id == held.revision_id:
        # Nothing is missing: what is not part of the revision's id is today's.
        return replace(held, warnings=found.warnings, **_of(found, (*_TODAY, *_AROUND)))
    today = {name: value for name, value in _of(found, _TODAY).items() if value}
    lacking = {name: v for name, v in _of(found, _AROUND).items() if not getattr(held, name)}
    return replace(held, warnings=_joined(held.warnings, found.warnings), **(today | lacking))


def _of(story: Story, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(story, name) for name in names}


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))
