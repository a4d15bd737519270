"""A batch parsed in portions, so that what its records unpack to does not add up in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pipeline.model import Batch, Block, Item, ParsedBatch, Record, Reject, Story
from pipeline.parse.again import parse_again
from pipeline.parse.limits import DEFAULT_LIMITS, ParseLimits
from pipeline.parse.record import parse_record


def parse_batch(batch: Batch, limits: ParseLimits = DEFAULT_LIMITS) -> Iterator[ParsedBatch]:
    """Yield the batch parsed, in one portion unless its records grow.

    Each is to be committed in turn. A portion ends after the record with which its items' raw bytes
    reach `max_decompressed_bytes` (or what the batch has itself, if that is more). The blocks of
    all portions follow each other and make up those of the batch, `items` filled in with what their
    records gave; the reader's own rejects go with the block that they lie in.
    """
    most_bytes = max(limits.max_decompressed_bytes, sum(len(r.value) for r in batch.records))
    left, items, raw_bytes = batch, list[Item](), 0
    for number, record in enumerate(batch.records, 1):
        found = _items(record, limits)
        items += found
        raw_bytes += sum(len(item.raw or b"") for item in found)
        if raw_bytes >= most_bytes and number < len(batch.records):
            first, left = _cut(left, record, batch.records[number:])
            yield _parsed(first, items)
            items, raw_bytes = [], 0
    yield _parsed(left, items)


def _items(record: Record, limits: ParseLimits) -> Sequence[Item]:
    if record.held is not None:
        return (parse_again(record, record.held, limits, parse_record),)
    return parse_record(record, limits)


def _parsed(batch: Batch, items: Sequence[Item]) -> ParsedBatch:
    counts = dict.fromkeys((block.source for block in batch.blocks), 0)
    for item in items:
        counts[item.source] = counts.get(item.source, 0) + 1
    return ParsedBatch(
        batch.group,
        tuple(replace(block, items=counts[block.source]) for block in batch.blocks),
        tuple(item for item in items if isinstance(item, Story)),
        (*batch.rejects, *(item for item in items if isinstance(item, Reject))),
    )


def _cut(batch: Batch, last: Record, rest: Sequence[Record]) -> tuple[Batch, Batch]:
    """Return the batch up to the record `last`, and what is left of it: the records `rest`."""
    begun: list[Block] = []
    left: list[Block] = []
    ends = {}
    for block in batch.blocks:
        own = sum(1 for record in rest if record.source == block.source)
        if block.source != last.source or not own:
            ends[block.source] = block.end if block.source <= last.source else block.start
            (begun if block.source <= last.source else left).append(block)
            continue
        ends[block.source] = end = last.offset + 1
        begun.append(replace(block, end=end, records=block.records - own))
        left.append(replace(block, start=end, records=own))
    done = tuple(r for r in batch.rejects if r.offset < ends[r.source])
    later = tuple(r for r in batch.rejects if r.offset >= ends[r.source])
    records = batch.records[: len(batch.records) - len(rest)]
    return (
        replace(batch, blocks=tuple(begun), records=records, rejects=done),
        replace(batch, blocks=tuple(left), records=tuple(rest), rejects=later),
    )
