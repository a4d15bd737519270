"""What a beat of a replay names: a source with an end, and which share of it is read."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.source.archive_reader import RecordSource


@dataclass(frozen=True, slots=True)
class Replay:
    """The parts `k` of `records` with `k % stripes == stripe`; may be sent to another process."""

    records: RecordSource
    stripe: int = 0
    stripes: int = 1

    @property
    def source(self) -> str:
        """The source's name in the lake."""
        return self.records.source

    @property
    def key(self) -> tuple[str, int, int]:
        """What tells one tick from another within a process."""
        return (self.source, self.stripe, self.stripes)
