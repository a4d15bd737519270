"""How many pieces of one record are read: a value or an element takes memory for many bytes."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.parse.draft import FaultError, Part
from pipeline.parse.limits import ParseLimits

MAX_PIECES = 2_000_000
"""Ten thousand items with two hundred values each."""


def need_few(text: str, *marks: str) -> None:
    """Raises `FaultError` of kind `too_large` where `marks`, which begin pieces, are too many."""
    if sum(map(text.count, marks)) > MAX_PIECES:
        message = f"more than {MAX_PIECES} values, elements or cells in the record"
        raise FaultError("too_large", message, f"counted: {' '.join(map(repr, marks))}")


def as_many(parts: Iterator[Part], limits: ParseLimits) -> list[Part]:
    """Return the parts of what is carried within a record: those within its limits, and one beyond.

    That one makes `parse_record` say so.
    """
    found: list[Part] = []
    raw_bytes, most_bytes = 0, max(limits.max_decompressed_bytes, limits.max_record_bytes)
    for part in parts:
        found.append(part)
        raw_bytes += len(part.raw or b"")
        if len(found) > limits.max_items or (len(found) > 1 and raw_bytes > most_bytes):
            break
    return found
