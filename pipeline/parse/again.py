"""The bytes of a story that the lake holds, parsed anew by today's parser under the ids it has.

What stays and what is today's:

- `story_id`, `revision_id`, `provider`, `provider_id`, `version`, arrival and the raw bytes, with
  the charset that a header named for them, stay: a revision is the same one under every parser.
- The text, its times and its embargo are today's, where today's parse finds them. The bytes are one
  item, cut out of its record: what its format keeps around the items (an agency's name, catalogs,
  rights) is no longer there, so what today's parse does not find stays as the lake has it.
- The status becomes no less strict: what says that a story was killed may have stood around the
  item. Only a story withheld for an embargo that was not understood is usable again where today's
  parse reads its time.
- `content_hash` is that of the row's own text and status.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pipeline.model import Item, Record, Story, headers_for
from pipeline.parse.ids import content_hash
from pipeline.parse.limits import ParseLimits
from pipeline.parse.stages import today_parse_id

ParseRecord = Callable[[Record, ParseLimits], tuple[Item, ...]]

_TODAY = (
    *("headline", "paragraphs", "slugline", "bylines", "dateline", "dateline_places"),
    *("dateline_date", "summary", "captions", "editor_note", "keywords", "language"),
    *("published_at", "published_precision", "version_time", "embargo_until", "updated_at"),
)
"""What is read in the item itself: today's parse is better than an older one."""

_AROUND = (
    *("codes", "rights", "usage_terms", "related", "created_at", "urgency"),
    *("utc_offset_min", "revision_mark", "format_version"),
)
"""What may stand around the item: today's parse only fills in what the lake lacks."""


def parse_again(record: Record, held: Story, limits: ParseLimits, parse: ParseRecord) -> Story:
    """Return the story of `record`, whose value is `held.raw`, at the record's coordinates.

    See the module for what is today's. Where today's parse does not give exactly one story of the
    same format, the story is `held` itself, with a warning that says so; its parse counts as
    today's all the same, since trying again would give nothing else.
    """
    held = replace(
        held,
        source=record.source,
        offset=record.offset,
        item=0,
        raw=record.value,
        parse_id=today_parse_id(held.format, limits.mapping_ids),
    )
    said = headers_for(held.charset, held.provider)
    items = parse(replace(record, headers=said, held=None), limits)
    found = items[0] if len(items) == 1 else None
    if not isinstance(found, Story) or found.format != held.format:
        seen = found.format if isinstance(found, Story) else f"{len(items)} items"
        warning = f"reprocessed from the row: today's parse gives {seen}, not one {held.format}"
        return replace(held, warnings=_joined(held.warnings, (warning,)))
    if found.revision_id == held.revision_id:
        # Nothing is missing: what is not part of the revision's id is today's.
        read = replace(held, warnings=found.warnings, **_of(found, (*_TODAY, *_AROUND)))
    else:
        today = {name: value for name, value in _of(found, _TODAY).items() if value}
        lacking = {name: v for name, v in _of(found, _AROUND).items() if not getattr(held, name)}
        warnings = _joined(held.warnings, found.warnings)
        read = replace(held, warnings=warnings, **(today | lacking))
    read = replace(read, status=_status(held, found))
    return replace(read, content_hash=content_hash(read))


def _status(held: Story, found: Story) -> str:
    if held.status == "withheld" and found.status == "usable" and found.embargo_until:
        return found.status
    return held.status if found.status == "usable" else found.status


def _of(story: Story, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(story, name) for name in names}


def _joined(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))
