# ruff: noqa: ARG002 - the signature is the protocol's
"""Plain text: the portal's export with a dated title line, and copy as agencies send it."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.parse.conventions.wiretext import read_story
from pipeline.parse.draft import Hints, Part, Sniff, replace
from pipeline.parse.limits import ParseLimits
from pipeline.parse.text.clean import clean
from pipeline.parse.text.decode import decode


class _TextFormat:
    name = "text"

    def matches(self, sniff: Sniff) -> bool:
        """Look for whatever is neither markup nor JSON."""
        return sniff.root is None and not sniff.text.startswith(("{", "%PDF", "PK\x03\x04"))

    def parse(self, data: bytes, hints: Hints, limits: ParseLimits) -> Iterator[Part]:
        """Yield one story; see `pipeline.parse.conventions.wiretext.read_story`."""
        decoded = decode(data, hints.charset)
        draft = read_story(clean(decoded.text))
        yield replace(draft, warnings=(*decoded.warnings, *draft.warnings))


TEXT = _TextFormat()
