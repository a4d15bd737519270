"""Bounds on how much of one record is read: a value or an element takes memory for many bytes."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.parse.draft import FaultError, Part
from pipeline.parse.limits import ParseLimits

MAX_VALUES = 2_000_000
"""Ten thousand items with two hundred values each."""


def check_count(text: str, *marks: str) -> None:
    """Raise `FaultError` of kind `too_large` where a record has too many values or elements.

    `marks` are the characters that each of them begins with.
    """
    if sum(map(text.count, marks)) > MAX_VALUES:
        message = f"more than {MAX_VALUES} values, elements or cells in the record"
        raise FaultError("too_large", message, f"counted: {' '.join(map(repr, marks))}")


def up_to_limits(parts: Iterator[Part], limits: ParseLimits) -> list[Part]:
    """Take parts up to the record's limits plus one, so that the caller reports the overflow.

    The parts are those of what a record carries within itself.
    """
    found: list[Part] = []
    raw_bytes, most_bytes = 0, max(limits.max_decompressed_bytes, limits.max_record_bytes)
    for part in parts:
        found.append(part)
        raw_bytes += len(part.raw or b"")
        if len(found) > limits.max_items or (len(found) > 1 and raw_bytes > most_bytes):
            break
    return found
