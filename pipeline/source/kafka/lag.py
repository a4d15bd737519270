"""How far the lake is behind the broker, in records and in time: arithmetic without Kafka.

The broker says how many offsets a partition has. How old the first of them is that the lake lacks
is known once it has been read; before, only a bound: no older than the last record that was read,
and no older than the moment when nothing was lacking.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.model import Record
from pipeline.source.kafka.groups import Partition


@dataclass(frozen=True, slots=True)
class Lag:
    """The lake lacks `records` offsets of `partition`.

    `since` is the Kafka timestamp of the oldest of them (or the bound: see the module); None where
    none is lacking, or nothing is known. `held` of them stand behind an open transaction.
    """

    partition: Partition
    records: int
    since: datetime | None = None
    held: int = 0


@dataclass(slots=True)
class Ages:
    """Remembers, by source, the last record that was handed out and when nothing was lacking."""

    _last: dict[str, datetime] = field(default_factory=dict)
    _level: dict[str, datetime] = field(default_factory=dict)

    def taken(self, records: Iterable[Record]) -> None:
        """Note that these were handed out, each source's in order."""
        for record in records:
            if record.received_at is not None:
                self._last[record.source] = record.received_at

    def look(
        self, partition: Partition, records: int, waiting: datetime | None, now: datetime
    ) -> Lag:
        """Return the lag at `now`.

        `waiting` is the timestamp of the first record that is in memory.
        """
        source = partition.source
        if records == 0:
            self._level[source] = now
            return Lag(partition, 0)
        known = (self._last.get(source), self._level.get(source))
        bound = max((at for at in known if at is not None), default=None)
        return Lag(partition, records, waiting or bound)

    def forget(self, source: str) -> None:
        """Note that the source is no longer read here."""
        self._last.pop(source, None)
        self._level.pop(source, None)
