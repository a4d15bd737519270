"""How much of one record is read, so that no input can exhaust the worker."""

from __future__ import annotations

from dataclasses import dataclass

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ParseLimits:
    """Bounds on one record.

    `max_depth` counts nested elements of XML and nested values of JSON, `max_decompressed_bytes`
    what a compressed record may grow to. What exceeds a bound is a reject of kind `too_large` (or
    `malformed` for depth), with its bytes.
    """

    max_record_bytes: int = 16 * _MIB
    max_items: int = 10_000
    max_depth: int = 200
    max_decompressed_bytes: int = 64 * _MIB


DEFAULT_LIMITS = ParseLimits()
