"""Stories, entities, events, rejects and blocks as rows of the tables.

A row is a plain mapping from column to value, keyed as `schemas/` says; its coordinates (source,
offset, item) and its partition are part of it. `table_of` turns rows into Arrow and refuses what
the contract does not allow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import pyarrow as pa
import zstandard

from pipeline import __version__
from pipeline.errors import StoreError
from pipeline.model import Actor, Block, EnrichedStory, Event, Location, Origin, Reject
from pipeline.store.schema.contract import contract

Row = Mapping[str, Any]

_NO_MATCHES = -131_072
"""The level of zstd that looks for none: the file presses the frames of many rows together, which
takes a third off the bytes of `stories` (docs/design.md)."""


def compress(raw: bytes) -> bytes:
    """Return `raw` in one zstd frame; the same bytes give the same frame."""
    return zstandard.ZstdCompressor(level=_NO_MATCHES).compress(raw)


def decompress(frame: bytes) -> bytes:
    """Return the bytes that `compress` was given."""
    return zstandard.ZstdDecompressor().decompress(frame)


def story_row(
    enriched: EnrichedStory, model: str, model_hash: str, generation: int | None = None
) -> Row:
    """Return the row of `stories`.

    `generation` is that of the writer's stages (see `pipeline.stages`).
    """
    story = enriched.story
    return {
        "story_id": story.story_id,
        "revision_id": story.revision_id,
        "version": story.version,
        "version_time": story.version_time,
        "status": story.status,
        "provider": story.provider,
        "provider_id": story.provider_id,
        "language": enriched.language,
        "headline": story.headline,
        "slugline": story.slugline,
        "bylines": list(story.bylines),
        "dateline": story.dateline,
        "body": story.body,
        "published_at": story.published_at,
        "published_precision": story.published_precision,
        "embargo_until": story.embargo_until,
        "received_at": story.received_at,
        "regions": list(enriched.regions),
        "countries": list(enriched.countries),
        "codes": [
            {"scheme": c.scheme, "value": c.value, "role": c.role, "name": c.name}
            for c in story.codes
        ],
        "urgency": story.urgency,
        "keywords": list(story.keywords),
        "rights": story.rights,
        "usage_terms": story.usage_terms,
        "editor_note": story.editor_note,
        "summary": story.summary,
        "captions": list(story.captions),
        "related": [{"role": r.role, "id": r.id} for r in story.related],
        "created_at": story.created_at,
        "updated_at": story.updated_at,
        "utc_offset_min": story.utc_offset_min,
        "dateline_places": list(story.dateline_places),
        "dateline_date": story.dateline_date,
        "dateline_country": enriched.dateline_country,
        **_location("dateline_", enriched.dateline_location),
        "revision_mark": story.revision_mark,
        "is_partial": story.is_partial,
        "region_evidence": [
            {"kind": e.kind, "text": e.text, "country": e.country, "weight": e.weight}
            for e in enriched.region_evidence
        ],
        "topics": [
            {
                "code": t.code,
                "name": t.name,
                "weight": t.weight,
                "derived": t.derived,
                "evidence": list(t.evidence),
            }
            for t in enriched.topics
        ],
        "format": story.format,
        "format_version": story.format_version,
        "content_hash": story.content_hash,
        "raw": compress(story.raw),
        "raw_bytes": len(story.raw),
        "charset": story.charset,
        "warnings": list(story.warnings),
        "enrichment_status": enriched.status,
        "entity_count": len(enriched.entities),
        "event_count": len(enriched.events),
        "model": model,
        "model_hash": model_hash,
        "code_version": __version__,
        "parse_id": story.parse_id,
        "generation": generation,
        **_origin(story.origin),
        **_keys(enriched),
    }


def entity_rows(enriched: EnrichedStory) -> list[Row]:
    """Return the rows of `entities`."""
    alike = _alike(enriched) if enriched.entities else {}
    return [
        {
            "name": entity.name,
            "kind": entity.kind,
            "country": entity.country,
            "role": entity.role,
            "salience": entity.salience,
            "entity_id": entity.entity_id,
            "aliases": list(entity.aliases),
            **_location("", entity.location),
            "metonyms": [i for i, m in enumerate(entity.mentions) if m.metonym],
            "mention_count": len(entity.mentions),
            "mentions": [
                {"start": m.start, "end": m.end, "text": m.text, "sentence": m.sentence}
                for m in entity.mentions
            ],
            **alike,
        }
        for entity in enriched.entities
    ]


def event_rows(enriched: EnrichedStory) -> list[Row]:
    """Return the rows of `events`."""
    alike = _alike(enriched) if enriched.events else {}
    return [
        {
            "event_id": event_id(enriched.story.revision_id, event),
            "root": event.root,
            "mode": event.mode,
            "contexts": list(event.contexts),
            "cameo": event.cameo,
            "quad_class": event.quad_class,
            "goldstein": event.goldstein,
            **_side("source", event.source),
            **_side("target", event.target),
            "event_date": event.event_date,
            "event_date_end": event.event_date_end,
            "place": event.place,
            "place_country": event.place_country,
            **_location("place_", event.place_location),
            "place_from": event.place_from,
            "historical": event.historical,
            "from_headline": event.from_headline,
            "from_lead": event.from_lead,
            "sentence": event.sentence,
            "sentence_index": event.sentence_index,
            "trigger": event.trigger,
            "trigger_start": event.start,
            "trigger_end": event.end,
            "confidence": event.confidence,
            "negated": event.negated,
            "hypothetical": event.hypothetical,
            **alike,
        }
        for event in enriched.events
    ]


def _side(name: str, actor: Actor | None) -> Row:
    """Return the columns of one side of an event."""
    columns = (
        "text", "start", "end", "name", "country", "role", "label", "entity_id", "state", "code",
        "resolved_by", "confidence",
    )  # fmt: skip
    said = {f"{name}_{column}": getattr(actor, column) if actor else None for column in columns}
    return {**said, **_location(f"{name}_", actor.location if actor else None)}


def _location(prefix: str, location: Location | None) -> Row:
    """Return the columns of where something lies."""
    return {
        f"{prefix}geonames_id": location.geonames_id if location else None,
        f"{prefix}latitude": location.latitude if location else None,
        f"{prefix}longitude": location.longitude if location else None,
        f"{prefix}admin1": location.admin1 if location else None,
        f"{prefix}exactness": location.exactness if location else None,
    }


def event_id(revision_id: str, event: Event) -> str:
    """Return the event's id: the same sentence, act and actors of a revision give the same one."""
    sides = [
        (None, None, None) if a is None else (a.text, a.name, a.country)
        for a in (event.source, event.target)
    ]
    return _event_id(revision_id, (event.start, event.end), event.root, event.cameo, sides)


def event_id_of(row: Row) -> str:
    """Return the id that follows from the parts of a row of `events`."""
    sides = [
        (row[f"{side}_text"], row[f"{side}_name"], row[f"{side}_country"])
        for side in ("source", "target")
    ]
    trigger = (row["trigger_start"], row["trigger_end"])
    return _event_id(row["revision_id"], trigger, row["root"], row["cameo"], sides)


def _event_id(
    revision_id: str,
    trigger: tuple[int, int],
    root: str,
    cameo: str,
    sides: Iterable[tuple[str | None, str | None, str | None]],
) -> str:
    keys = ["|".join(part or "" for part in side) if side[0] is not None else "" for side in sides]
    parts = (revision_id, *map(str, trigger), root, cameo, *keys)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def reject_row(reject: Reject) -> Row:
    """Return the row of `rejects`."""
    return {
        "kind": reject.kind,
        "stage": reject.stage,
        "message": reject.message,
        "evidence": reject.evidence,
        "raw": None if reject.raw is None else compress(reject.raw),
        "raw_bytes": None if reject.raw is None else len(reject.raw),
        "charset": reject.charset,
        "provider": reject.provider,
        "revision_id": reject.revision_id,
        "received_at": reject.received_at,
        "source": reject.source,
        "offset": reject.offset,
        "item": reject.item,
        "end_offset": reject.end_offset,
        "date": reject.received_at.date() if reject.received_at else None,
        **_origin(reject.origin),
    }


def ledger_row(
    block: Block,
    *,
    stories: int,
    rejects: int,
    skipped: int,
    entities: int | None,
    events: int | None,
    enrichment_id: str,
    writer: str,
    committed_at: datetime,
    generation: int | None = None,
    stages: str | None = None,
) -> Row:
    """Return the row of `ledger`; the first three counts are of the block's items.

    `entities` and `events` are those of its stories; None where a story does not say how many.
    `stages` tells the stages of `generation`; once a writer is enough.
    """
    return {
        "source": block.source,
        "start_offset": block.start,
        "end_offset": block.end,
        "leader_epoch": block.leader_epoch,
        "records": block.records,
        "items": block.items,
        "stories": stories,
        "rejects": rejects,
        "skipped": skipped,
        "gaps": block.gaps,
        "entities": entities,
        "events": events,
        "enrichment_id": enrichment_id,
        "code_version": __version__,
        "writer": writer,
        "generation": generation,
        "stages": stages,
        "committed_at": committed_at,
        "date": committed_at.date(),
    }


def table_of(name: str, rows: Iterable[Row]) -> pa.Table:
    """Return `rows` as an Arrow table under the contract of table `name`.

    Raises `StoreError` for a column that the contract does not know, a required one that is
    missing or null, and a value of another type.
    """
    form = _form(name)
    listed: Sequence[Row] = list(rows)
    for row in listed:
        if not row.keys() <= form.types.keys():
            unknown = row.keys() - form.types.keys()
            raise StoreError("columns that the contract does not know", table=name, columns=unknown)
    columns = {column: [row.get(column) for row in listed] for column in form.types}
    if empty := [column for column in form.required if None in columns[column]]:
        raise StoreError("required columns are null", table=name, columns=empty)
    # Arrow would take a text for a list of its letters.
    if letters := [column for column in form.lists if _has_text(columns[column])]:
        raise StoreError("a text where a list belongs", table=name, columns=letters)
    try:
        arrays = [pa.array(columns[column], kind) for column, kind in form.types.items()]
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise StoreError("a value does not fit its column", table=name, reason=error) from error
    return pa.Table.from_arrays(arrays, schema=form.schema)


@dataclass(frozen=True, slots=True)
class _Form:
    """What a table's contract asks of rows, taken apart once: most files have few rows."""

    schema: pa.Schema
    types: Mapping[str, pa.DataType]
    required: tuple[str, ...]
    lists: tuple[str, ...]


@cache
def _form(name: str) -> _Form:
    schema = contract(name).schema
    return _Form(
        schema,
        {field.name: field.type for field in schema},
        tuple(field.name for field in schema if not field.nullable),
        tuple(field.name for field in schema if pa.types.is_list(field.type)),
    )


def _has_text(values: Sequence[object]) -> bool:
    return any(issubclass(kind, str | bytes) for kind in set(map(type, values)))


def _alike(enriched: EnrichedStory) -> dict[str, Any]:
    """Return what all rows of entities and events of one story have alike."""
    ids = {"revision_id": enriched.story.revision_id, "story_id": enriched.story.story_id}
    return {**ids, **_keys(enriched)}


def _origin(origin: Origin | None) -> dict[str, Any]:
    source, offset, item = origin or (None, None, None)
    return {"origin_source": source, "origin_offset": offset, "origin_item": item}


def _keys(enriched: EnrichedStory) -> dict[str, Any]:
    """Return enrichment, partition and coordinates: what rows of three tables have alike."""
    story = enriched.story
    return {
        "enrichment_id": enriched.enrichment_id,
        "date": story.date,
        "region": enriched.region,
        "source": story.source,
        "offset": story.offset,
        "item": story.item,
    }
