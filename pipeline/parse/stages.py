"""The versions of parsing: one for what all formats share, one for each wire format.

Raise `PARSE_VERSION` where the conventions, the text or the ids come out differently for stories of
several formats, and a format's own version where its stories alone do. `dateline reprocess` then
parses the lake's past anew from its raw bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pipeline.parse.formats.web import extractor
from pipeline.parse.mapping.field_map import ready_mappings
from pipeline.stages import StageVersion, data_digest, digest_of, parse_id, tables_in

PARSE_VERSION = 4

FORMAT_VERSIONS: Mapping[str, int] = {
    "csv": 1,
    "docx": 1,
    "factiva": 1,
    "feed": 1,
    "gigaword": 1,
    "html": 1,
    "iptc7901": 1,
    "json": 1,
    "json-ld": 1,
    "mail": 1,
    "newsml-g2": 1,
    "newsml1": 1,
    "nexis": 1,
    "ninjs": 1,
    "nitf": 1,
    "petrarch": 1,
    "rcv1": 1,
    "reuters21578": 1,
    "rtf": 1,
    "text": 1,
    "trec": 1,
    "warc": 1,
    "xml": 1,
}
"""The version of each wire format, by the name that its stories have in the column `format`."""

_MAPPED = frozenset({"json", "csv"})


@cache
def parse_stage() -> StageVersion:
    """Return what all formats share, with the hash of its tables."""
    return StageVersion(
        "parse", PARSE_VERSION, data_digest("pipeline.parse", tables_in("pipeline.parse"))
    )


def format_stages(mappings: tuple[str, ...] = ()) -> dict[str, StageVersion]:
    """Return the stage of each wire format; `mappings` are the identities of the operator's."""
    return {name: _format_stage(name, mappings) for name in FORMAT_VERSIONS}


@cache
def today_parse_id(wire_format: str, mappings: tuple[str, ...] = ()) -> str:
    """Return the id of today's parse of a story of this format, under these mappings."""
    return parse_id(parse_stage(), _format_stage(wire_format, mappings))


@cache
def _format_stage(wire_format: str, mappings: tuple[str, ...]) -> StageVersion:
    """Return a format's stage: mappings are the data of those that are read by them."""
    version = FORMAT_VERSIONS.get(wire_format, 1)
    if wire_format == "html" and extractor():
        return StageVersion(wire_format, version, digest_of((extractor(),)))
    if wire_format not in _MAPPED:
        return StageVersion(wire_format, version)
    own = (entry.identity for entry in ready_mappings())
    return StageVersion(wire_format, version, digest_of((*own, *mappings)))
