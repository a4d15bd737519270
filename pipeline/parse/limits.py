"""How much of one record is read, so that no input can exhaust the worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.parse.mapping.field_map import FieldMap

_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class ParseLimits:
    """Bounds on one record, and the mappings that it is read by.

    `max_depth` counts nested elements of XML and nested values of JSON, `max_decompressed_bytes`
    what a compressed record may grow to. What exceeds a bound is a reject of kind `too_large` (or
    `malformed` for depth), with its bytes. `mappings` are how the operator has objects and tables
    of a foreign shape read: they are asked before the ready ones.
    """

    max_record_bytes: int = 16 * _MIB
    max_items: int = 10_000
    max_depth: int = 200
    max_decompressed_bytes: int = 64 * _MIB
    mappings: tuple[FieldMap, ...] = ()

    @property
    def mapping_ids(self) -> tuple[str, ...]:
        """The identities of the mappings: they are a part of what makes a parse."""
        return tuple(mapping.identity for mapping in self.mappings)


DEFAULT_LIMITS = ParseLimits()
