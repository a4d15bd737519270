"""What a replay is made of: sources with an end, what is selected of them, who reads which share.

Every worker goes through the sources in the same order, and through its parts of each in order. So
the first part that the lake lacks always has a worker that waits for nothing, and no worker waits
for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from pydantic import TypeAdapter

from pipeline.by_day import ByDay
from pipeline.errors import ConfigError
from pipeline.model import Record
from pipeline.parse.selection import EVERYTHING, Selection, selection_of
from pipeline.source.archive.archive import Archive
from pipeline.source.bounded import ArchiveReader, RecordSource
from pipeline.source.kafka.options import Limits
from pipeline.source.kafka.time_range import KafkaRange
from pipeline.store.runs.reprocess import ReprocessRun
from pipeline.store.runs.retry import RetryRun
from pipeline.work import Key, LakeSide

_KINDS: Mapping[str, type[Any]] = {
    known.kind: known for known in (Archive, ByDay, KafkaRange, ReprocessRun, RetryRun)
}
"""What can be sent to a worker. To add one, add its type here: a frozen dataclass of plain data."""

_NOT_SENT = {"connect"}


class SentSource(RecordSource, Protocol):
    """A source that a worker's order can hold: one of `_KINDS`."""

    @property
    def kind(self) -> str:
        """What the order calls its class."""


@dataclass(frozen=True, slots=True)
class Selected:
    """A source and what is taken of it: where that is a part, a source of its own.

    So that the same source, replayed with another selection or without one, takes the rest.
    """

    base: SentSource
    selection: Selection = EVERYTHING

    @property
    def source(self) -> str:
        """The name of the base and, of a part, what stands for the selection."""
        name = self.base.source
        return name if self.selection.is_everything else f"{name}/{self.selection.digest}"

    @property
    def stages_id(self) -> str | None:
        """The stages that it may be read under alone, where the base names any."""
        return self.base.stages_id

    @property
    def start(self) -> int:
        """The first offset."""
        return self.base.start

    @property
    def total(self) -> int:
        """The end."""
        return self.base.total

    def records(self, start: int) -> Iterator[Record]:
        """Yield all records of the base: what is left out is known after parsing only."""
        source = self.source
        for record in self.base.records(start):
            yield record if record.source == source else replace(record, source=source)


@dataclass(frozen=True, slots=True)
class Replay:
    """The parts `k` of `records` with `k % shares == share`; may be sent to another process."""

    records: Selected
    share: int = 0
    shares: int = 1
    is_bounded = True
    most_batches = 10
    step = "batch"

    @property
    def source(self) -> str:
        """The source's name in the lake."""
        return self.records.source

    @property
    def key(self) -> Key:
        """What tells one tick from another within a process."""
        return (self.source, self.share, self.shares)

    @property
    def number(self) -> int:
        """The number of the share."""
        return self.share

    @property
    def selection(self) -> Selection:
        """What is taken of it."""
        return self.records.selection

    @property
    def spares_repeats(self) -> bool:
        """Whether what the lake holds stays as it is; a run that names its stages adds rows."""
        return self.records.stages_id is None

    def open(self, lake: LakeSide) -> ArchiveReader:
        """Return the reader of the share.

        A worker may start later than its run was planned, under code that was replaced since:
        raises `ConfigError` where this process writes under other stages than the run's.
        """
        planned = self.records.stages_id
        if planned is not None and planned != (today := lake.stages_id()):
            raise ConfigError(
                "the stages are others than the run was planned under: start it again",
                run=self.source,
                stages=today,
            )
        batch = lake.settings.batch
        return ArchiveReader(
            self.records,
            Limits(lake.settings.replay.part_records, batch.max_bytes, batch.flush_interval_s),
            lake_ends=lake.lake_ends,
            start_sources=lake.start_sources,
            share=self.share,
            shares=self.shares,
        )


def parts(source: Selected, part_records: int, done: int = 0) -> int:
    """Count the parts of `part_records` offsets that `source` has above `done`."""
    begin = max(source.start, done)
    if begin >= source.total:
        return 0
    return (source.total - 1) // part_records - begin // part_records + 1


def shares(sources: Sequence[Selected], workers: int, part_records: int) -> list[list[Replay]]:
    """Share the sources out to workers: many small ones as evenly as parts of a large one.

    A source that is named twice is read once.
    """
    distinct = list({source.source: source for source in sources}.values())
    found: list[list[Replay]] = [[] for _ in range(workers)]
    shift = 0
    for source in distinct:
        first = source.start // part_records
        for n, mine in enumerate(found):
            mine.append(Replay(source, (n + first - shift) % workers, workers))
        shift += parts(source, part_records)
    return found


def to_json(tick: Replay) -> dict[str, Any]:
    """Return the tick as plain data, for a worker's order."""
    source = tick.records.base
    adapter: TypeAdapter[Any] = TypeAdapter(_KINDS[source.kind])
    return {
        "kind": source.kind,
        "data": adapter.dump_python(source, mode="json", exclude=_NOT_SENT),
        "selection": tick.selection.facts(),
        "share": tick.share,
        "shares": tick.shares,
    }


def from_json(data: Mapping[str, Any]) -> Replay:
    """Return the tick that `data` was made from."""
    adapter: TypeAdapter[Any] = TypeAdapter(_KINDS[data["kind"]])
    source = Selected(adapter.validate_python(data["data"]), selection_of(data["selection"]))
    return Replay(source, data["share"], data["shares"])
