"""The boundary: a record's bytes in, stories and rejects out, never an exception."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from operator import attrgetter

from pipeline.model import SKIPPED, Content, Item, Record, Reject, Story
from pipeline.parse import ids
from pipeline.parse.account import accounted
from pipeline.parse.conventions.providers import named
from pipeline.parse.conventions.wiretext import under_its_headline
from pipeline.parse.draft import Fault, FaultError, Hints, Part, replace
from pipeline.parse.envelope import framed_schema, hints_of_record, open_record
from pipeline.parse.limits import DEFAULT_LIMITS, ParseLimits
from pipeline.parse.sniff import read_parts
from pipeline.parse.stages import today_parse_id

_COMMON = tuple(f.name for f in fields(Content) if f.name != "provider")
_COMMON_VALUES = attrgetter(*_COMMON)


def parse_record(record: Record, limits: ParseLimits = DEFAULT_LIMITS) -> tuple[Item, ...]:
    """Return the items of a record, numbered from 0: at least one, each a story or a reject.

    Whatever goes wrong inside becomes a reject with the whole record's bytes, after the items
    that were read before it.
    """
    items: list[Item] = []
    made_by = limits.mapping_ids
    said = hints_of_record(record)
    raw_bytes, most_bytes = 0, max(limits.max_decompressed_bytes, len(record.value))
    try:
        for part in _parts(record, limits):
            if len(items) >= limits.max_items:
                message = f"more than {limits.max_items} items in the record"
                raise FaultError("too_large", message)
            raw_bytes += len(part.raw or b"")
            if items and raw_bytes > most_bytes:
                message = f"the items have more than {most_bytes} bytes together"
                raise FaultError("too_large", message)
            items.append(_item(part, record, len(items), made_by, said))
    except FaultError as error:
        items.append(_item(error.fault, record, len(items), made_by, said))
    except MemoryError:
        raise
    except Exception as error:
        fault = Fault("parse_failed", f"{type(error).__name__}: {error}"[:500])
        items.append(_item(fault, record, len(items), made_by, said))
    if not items:
        fault = Fault("no_text", "the record holds no item")
        items.append(_item(fault, record, 0, made_by, said))
    return tuple(items)


def _parts(record: Record, limits: ParseLimits) -> Iterator[Part]:
    if len(record.value) > limits.max_record_bytes:
        size = f"{len(record.value)} bytes, at most {limits.max_record_bytes} are read"
        raise FaultError("too_large", f"the record is too large: {size}")
    fault_of_time = () if record.time_fault is None else (record.time_fault,)
    opened = open_record(record, limits)
    if not opened.data.strip(b" \t\r\n\0"):
        raise FaultError("empty", "the record holds nothing")
    for read in read_parts(opened.data, opened.hints, limits):
        part = accounted(read)
        whole = opened.whole if part.raw is None else part.raw
        if isinstance(part, Fault):
            yield part if part.kind.startswith(SKIPPED) else replace(part, raw=whole)
        else:
            part = under_its_headline(part)
            warnings = (*fault_of_time, *opened.warnings, *part.warnings)
            hint = named(opened.hints.provider)
            yield replace(part, raw=whole, warnings=warnings, provider_hint=hint)


def _messages(fault: Fault, record: Record) -> Iterator[str]:
    """Yield why a record is a reject, and what else may explain it."""
    yield fault.message
    schema = framed_schema(record.value) if fault.kind == "undecodable" else None
    if schema is not None:
        yield f"they begin as a schema registry's frame of schema {schema} does"
    if record.time_fault is not None:
        yield record.time_fault


def _item(part: Part, record: Record, number: int, mappings: tuple[str, ...], said: Hints) -> Item:
    if isinstance(part, Fault):
        return Reject(
            source=record.source,
            offset=record.offset,
            item=number,
            kind=part.kind,
            stage="parse",
            message="; ".join(_messages(part, record)),
            evidence=part.evidence,
            raw=None if part.kind.startswith(SKIPPED) else part.raw or record.value,
            received_at=record.received_at,
            origin=record.origin,
            charset=said.charset,
            provider=said.provider,
        )
    content = ids.content_hash(part)
    family = ids.story_id(part, content)
    return Story(
        source=record.source,
        offset=record.offset,
        item=number,
        format=part.format or "text",
        story_id=family,
        revision_id=ids.revision_id(part, family),
        content_hash=content,
        raw=record.value if part.raw is None else part.raw,
        received_at=record.received_at,
        origin=record.origin,
        parse_id=today_parse_id(part.format or "text", mappings),
        charset=said.charset,
        provider=part.provider or part.provider_hint,
        **dict(zip(_COMMON, _COMMON_VALUES(part), strict=True)),
    )
