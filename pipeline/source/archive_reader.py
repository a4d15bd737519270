"""Reading an archive in batches, from where the lake ends: a replay that was cut short goes on."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.errors import StoreError
from pipeline.model import Batch, Record
from pipeline.source.accumulate import Accumulator
from pipeline.source.archive import Archive
from pipeline.source.options import LakeEnds, Limits, StartSources


class ArchiveReader:
    """Like `Reader`, for one archive as one source that starts at 0 and has an end."""

    def __init__(
        self,
        archive: Archive,
        limits: Limits,
        *,
        lake_ends: LakeEnds,
        start_sources: StartSources,
        group: int = 0,
    ) -> None:
        self.archive = archive
        self._lake_ends, self._start_sources = lake_ends, start_sources
        self._batch = Accumulator(group, limits)
        self._records: Iterator[Record] | None = None

    @property
    def sources(self) -> tuple[str, ...]:
        """The one source."""
        return (self.archive.source,)

    def read(self, timeout_s: float = 0.0) -> Batch | None:  # noqa: ARG002 (as `Reader.read`)
        """The next batch, None when the lake holds everything. Never waits.

        Begins at the lake's committed end, wherever the batch before it would have ended. Raises
        `UsageError` when a file cannot be read or has changed.
        """
        source = self.archive.source
        end = self._end_in_lake()
        if self._records is None or end != self._batch.start(source):
            self._batch.open(source, end)
            self._records = self.archive.records(end)
        self._batch.confirm(source)
        while not self._batch.full:
            record = next(self._records, None)
            if record is None:
                break
            self._batch.add(source, (record,), record.offset + 1, 0.0)
        return self._batch.take() if self._batch.active() else None

    def caught_up(self) -> bool:
        """Whether the lake holds the whole archive."""
        return self._end_in_lake() >= self.archive.total

    def lag(self) -> dict[str, int]:
        """How many records the lake lacks."""
        return {self.archive.source: max(0, self.archive.total - self._end_in_lake())}

    def close(self) -> None:
        """Let go of the file in hand."""
        self._records = None

    def _end_in_lake(self) -> int:
        source = self.archive.source
        ends = self._lake_ends([source])
        if source not in ends:
            self._start_sources({source: 0}, {source: 0})
            ends = self._lake_ends([source])
        if source not in ends:
            raise StoreError("the lake does not hold the start of a source", source=source)
        return ends[source]
