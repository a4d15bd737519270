"""Reading one group's partitions in batches, from where the lake ends.

The reader holds no truth. Before anything is handed out, the lake's committed end of each source
is compared with where the pending block begins; where they differ (a batch that was not committed,
another writer, an earlier process of ours) the pending records are dropped and reading goes on
from the committed end. See ARCHITECTURE.md, invariants 1 and 2.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from pipeline.errors import (
    BrokerError,
    ConfigError,
    CorruptBatchError,
    CredentialsError,
    StoreError,
)
from pipeline.model import Batch, Block
from pipeline.source.accumulate import Accumulator
from pipeline.source.kafka.backoff import ContestedSources, Outage
from pipeline.source.kafka.client import (
    Client,
    ClientFault,
    Listing,
    OutOfRange,
    TopicRefused,
    Trouble,
    Unreadable,
)
from pipeline.source.kafka.consumer import KafkaClient, fetch_wait_s
from pipeline.source.kafka.groups import Partition, group_of
from pipeline.source.kafka.lag import Ages, Lag
from pipeline.source.kafka.options import KafkaOptions, LakeEnds, LakeEpochs, Limits, StartSources
from pipeline.source.kafka.starts import corrupt, expired, start_topic, truncated_log, unreadable

T = TypeVar("T")

_PAUSE_S = 1.0
"""Two polls with a longer time between them are not in a row."""

_SETTLE_S = 0.1
"""For so long after a batch polls go on before the next one can be old: the first answer is to a
question from before that batch, and holds what was there then."""


@dataclass(slots=True)
class Counters:
    """Holds what the reader did so far."""

    records: int = 0
    batches: int = 0
    rereads: int = 0
    lost: int = 0
    left_alone: int = 0
    expired: int = 0
    corrupt: int = 0


class Reader:
    """Reads the partitions of one `group` out of `groups`. Not for use by several threads.

    `connect` opens the client; it is called lazily and again after the broker was away. `clock`
    never goes back, in seconds, and `sleep` lets it go on.
    """

    def __init__(
        self,
        options: KafkaOptions,
        limits: Limits,
        *,
        group: int,
        groups: int,
        lake_ends: LakeEnds,
        start_sources: StartSources,
        lake_epochs: LakeEpochs = lambda _: {},
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        connect: Callable[[KafkaOptions], Client] = KafkaClient,
    ) -> None:
        self.counters = Counters()
        self._options = options
        self._group, self._groups = group, groups
        self._lake_ends, self._start_sources = lake_ends, start_sources
        self._lake_epochs = lake_epochs
        self._clock, self._sleep = clock, sleep
        self._connect = connect
        self._client: Client | None = None
        self._let_in = False
        self._batch = Accumulator(group, limits)
        self._contested = ContestedSources()
        self._outage = Outage(options.broker_timeout_s)
        self._partitions: dict[str, Partition] = {}
        self._discover_s: float | None = None
        self._halted: dict[str, CorruptBatchError] = {}
        self._refused_until_s: dict[str, float] = {}
        self._topics: dict[str, Trouble] = {}
        self._leaderless: frozenset[Partition] = frozenset()
        self._held: dict[str, int] = {}
        self._ages = Ages()
        self._silent_s = self._silent_until_s = 0.0
        self._looked_s: float | None = None
        self._settled_s: float | None = None
        self._given_s: float | None = None
        self._worked_s = 0.0
        self.taken_since_s: float | None = None
        """Since when, by `clock`, the oldest record may have waited of the batch given last."""

    @property
    def waiting_since_s(self) -> float | None:
        """Since when, by `clock`, the oldest record may have waited whose batch is not due yet."""
        return self._batch.waiting_since_s()

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that this group reads, as last discovered; sorted."""
        return tuple(sorted(self._partitions))

    @property
    def topics(self) -> Mapping[str, Trouble]:
        """How each topic of the job stood when it was last looked for; `read` where all is well."""
        return self._topics

    @property
    def held_back(self) -> Mapping[Partition, int]:
        """How many offsets an open transaction held back, when it was last asked for."""
        return {self._partitions[s]: n for s, n in self._held.items() if s in self._partitions}

    @property
    def waiting_for(self) -> str | None:
        """What Kafka's last answer lacked, while `read` waits for it: something to log."""
        return self._outage.reason

    @property
    def topics_reader(self) -> Reader:
        """This reader: metrics ask it how its topics are."""
        return self

    def start(self) -> None:
        """Connect and find the partitions, waiting for the broker and the topics.

        Optional: `read` does it too. Raises `BrokerError` after `broker_timeout_s`, and
        `CredentialsError` at once where Kafka refuses them.
        """
        while self._discover_s is None:
            self._attempt(self._clock(), self._discover)
            if self._discover_s is None:
                self._sleep(self._outage.pause_s(self._clock()))

    def read(self, timeout_s: float = 0.0) -> Batch | None:
        """Return the next batch once it is full or due, None when `timeout_s` went by first.

        Records that do not make a batch yet stay in memory for the next call. While Kafka does not
        answer the result is None, and an attempt to reach it may exceed the time by some seconds.
        So it is where credentials that were good are refused or their files cannot be read: they
        may be changed on one side before the other. Raises `BrokerError` once that lasted
        `broker_timeout_s`, `OffsetExpiredError` when records were lost on the broker,
        `CorruptBatchError` when they cannot be decoded there.
        """
        if self._given_s is not None:
            self._worked_s = self._clock() - self._given_s
            self._given_s = None
        deadline = self._clock() + timeout_s
        batch = self._attempt(self._clock(), lambda: self._read(deadline))
        if batch is None and self._outage.lasting:
            left_s = min(deadline - self._clock(), self._outage.pause_s(self._clock()))
            self._sleep(max(0.0, left_s))
        return batch

    def caught_up(self) -> bool:
        """Say whether everything on the broker is in the lake: takes under a second when it is.

        The broker's word on the end offsets is not enough (the embedded one's is too low): polls in
        a row that outlast a whole fetch must come back empty as well, those of `read` among them.
        What an open transaction holds back is not in the lake; a topic that is missing has nothing.
        Raises `BrokerError` for one without access, once the others are done.
        """
        return bool(self._attempt(self._clock(), self._caught_up))

    def lag(self) -> dict[str, int]:
        """Say how many offsets of each source the lake lacks.

        Empty while the broker does not say.
        """
        ends = self._ends()
        return {source: max(0, end - self._batch.start(source)) for source, end in ends.items()}

    def lags(self, now: datetime) -> list[Lag]:
        """Return `lag` with the time of the oldest record that the lake lacks.

        Call it between reads. What was handed out last is taken for committed. `now` is the time of
        day.
        """
        first = self._batch.first_waiting()
        found = []
        for source, records in self.lag().items():
            record = first.get(source)
            waiting = None if record is None else record.received_at
            lag = self._ages.look(self._partitions[source], records, waiting, now)
            found.append(replace(lag, held=self._held.get(source, 0)))
        return found

    def _ends(self) -> dict[str, int]:
        """Say what the broker has of each source, readable or not; also notes what is held back.

        Not an attempt like others: that it fails (a topic was deleted) keeps nothing from reading.
        """
        if self._outage.lasting or not self._partitions:
            return {}
        try:
            return self._ask_ends()
        except ClientFault:
            self._discover_s = None
            return {}

    def _ask_ends(self) -> dict[str, int]:
        client, partitions = self._open(), sorted({*self._partitions.values()} - self._leaderless)
        # In this order: what arrives between the two answers is held back by nobody.
        ends = client.offsets(partitions, "high_watermark")
        stable = client.offsets(partitions, "latest")
        found = {p.source: max(ends[p], stable[p]) for p in partitions}
        self._held = {
            p.source: held
            for p in partitions
            if (held := found[p.source] - max(stable[p], self._batch.end(p.source))) > 0
        }
        return found

    def is_due(self, block: Block) -> bool:  # noqa: ARG002 (as `ArchiveReader.is_due`)
        """Say that it is: nobody else reads these partitions before."""
        return True

    def report_lost(self, sources: Iterable[str]) -> None:
        """Note that another writer took these sources, which counts towards leaving them alone.

        The lake's end alone tells it too, except where both wrote the very same block.
        """
        for source in sources:
            if source in self._partitions:
                end = self._end_in_lake(source)
                self._reopen(source, end)
                self._lose(source, end, self._clock())

    def close(self) -> None:
        """Let go of the broker; what was pending is dropped (and read again by whoever is next)."""
        if self._client is not None:
            self._client.close()
        self._client = None
        for source in self._partitions:
            self._forget(source)
        self._partitions = {}
        self._discover_s = None

    def _forget(self, source: str) -> None:
        self._batch.forget(source)
        self._contested.forget(source)
        self._ages.forget(source)
        self._halted.pop(source, None)
        self._held.pop(source, None)

    def _attempt(self, now_s: float, call: Callable[[], T]) -> T | None:
        if self._outage.pause_s(now_s) > 0:
            return None
        try:
            result = call()
        except (ClientFault, CredentialsError) as fault:
            if isinstance(fault, CredentialsError) and not self._let_in:
                raise
            # Whatever the client holds after that is not to be trusted, and its credentials may
            # be others by now, or soon: the next one begins anew, where the lake ends.
            self.close()
            self._outage.failed(
                now_s,
                self._clock(),
                fault,
                address=",".join(self._options.bootstrap_servers),
                topics=",".join(self._options.topics),
            )
            return None
        self._outage.over()
        self._let_in = True
        return result

    def _open(self) -> Client:
        if self._client is None:
            try:
                self._client = self._connect(self._options)
            except ConfigError as error:
                if not self._let_in:
                    raise
                # The settings were good: a file that they name is being written.
                raise ClientFault(str(error)) from error
        return self._client

    def _read(self, deadline: float) -> Batch | None:
        if self._discover_s is None or self._clock() >= self._discover_s:
            self._discover()
        self._reconcile()
        while True:
            if self._is_due():
                # Were a topic recreated unnoticed, its records would bear the old one's name.
                self._discover()
                if self._is_due():
                    return self._take()
            now_s = self._clock()
            due_s = self._due_s()
            self._poll(max(0.0, min(deadline, due_s if due_s is not None else deadline) - now_s))
            if self._clock() >= deadline and not self._is_due():
                return None

    def _is_due(self) -> bool:
        """Say whether the batch is full, or old as soon as it is in the lake."""
        due_s = self._due_s()
        return self._batch.full or (due_s is not None and self._clock() >= due_s)

    def _due_s(self) -> float | None:
        """Say when the batch is to be taken, if there is one, so that it is in the lake as it gets
        old: earlier by what the batch before took, by half the flush interval at most.

        Not before Kafka said what came since the batch before.
        """
        old_s = self._batch.due_s()
        if old_s is None:
            return None
        due_s = old_s - min(self._worked_s, self._batch.limits.flush_interval_s / 2)
        return due_s if self._settled_s is None else max(due_s, self._settled_s)

    def _take(self) -> Batch:
        self.taken_since_s = self._batch.waiting_since_s()
        batch = self._batch.take()
        self._settled_s = None
        self._given_s = self._clock()
        self._ages.taken(batch.records)
        self.counters.batches += 1
        self.counters.records += len(batch.records)
        return batch

    def _poll(self, timeout_s: float) -> None:
        client = self._open()
        if not self._partitions:
            self._sleep(timeout_s)
            return
        room = min(self._batch.room, self._options.max_poll_records)
        begun_s = self._clock()
        if self._settled_s is None:
            self._settled_s = begun_s + _SETTLE_S
        silent_s, self._silent_s = self._silence_s(), 0.0
        try:
            found = client.poll(timeout_s, room)
        except OutOfRange as gone:
            self._expired(gone.partition, gone.offset)
            return
        except Unreadable as batch:
            self._unreadable(batch)
            return
        except TopicRefused as fault:
            self._refuse(fault)
            self._discover()
            return
        now_s = self._clock()
        if not found:
            self._silent_s, self._silent_until_s = silent_s + now_s - begun_s, now_s
        # They came after the last look at Kafka, which may be a batch ago.
        since_s = now_s if self._looked_s is None else self._looked_s
        self._looked_s = now_s
        for partition, fetched in found.items():
            self._batch.add(
                partition.source, fetched.records, fetched.position, since_s, fetched.leader_epoch
            )

    def _silence_s(self) -> float:
        """Say for how long polls in a row have come back empty."""
        return self._silent_s if self._clock() - self._silent_until_s < _PAUSE_S else 0.0

    def _discover(self) -> None:
        listing = self._listing()
        mine = {p.source: p for p in listing.partitions if group_of(p, self._groups) == self._group}
        if self._partitions.keys() - mine.keys():
            # A topic is gone, or was recreated. Nothing that the old client still buffers can be
            # told from a new topic's records, so begin with a new one.
            self.close()
        new = [p for source, p in sorted(mine.items()) if source not in self._partitions]
        failed = self._begin(listing, new) if new else None
        if failed is not None and not self._partitions:
            raise failed
        self._discover_s = self._clock() + self._options.discover_interval_s

    def _listing(self) -> Listing:
        """Return the topics as they are now. Raises where none at all can be read."""
        now_s = self._clock()
        listed = self._open().topics(self._options.topics)
        refused = {t for t, until_s in self._refused_until_s.items() if until_s > now_s}
        troubles = dict(listed.troubles)
        for topic in refused & {p.topic for p in listed.partitions}:
            troubles[topic] = _no_access(topic)
        found = tuple(p for p in listed.partitions if p.topic not in refused)
        self._topics = {p.topic: Trouble("read", "") for p in found} | troubles
        if not found:
            if troubles and all(t.state == "refused" for t in troubles.values()):
                raise BrokerError("Kafka refuses access to the topic", topic=",".join(troubles))
            raise ClientFault("; ".join(t.reason for t in troubles.values()))
        self._leaderless = listed.leaderless
        return Listing(found, troubles, listed.leaderless)

    def _begin(self, listing: Listing, new: Sequence[Partition]) -> ClientFault | None:
        """Take in partitions, topic by topic: the fault of one is that one's, and is returned."""
        client = self._open()
        failed: ClientFault | None = None
        begun: dict[Partition, tuple[int, int]] = {}
        for topic in sorted({p.topic for p in new}):
            theirs = [p for p in new if p.topic == topic and p not in listing.leaderless]
            if not theirs:
                failed = ClientFault(listing.troubles[topic].reason)
                continue
            try:
                start_topic(
                    client,
                    [p for p in listing.partitions if p.topic == topic],
                    self._options.start,
                    self._lake_ends,
                    self._start_sources,
                )
                earliest = client.offsets(theirs, "earliest")
            except TopicRefused as fault:
                self._refuse(fault)
                failed = fault
                continue
            except ClientFault as fault:
                self._topics[topic] = Trouble("failing", str(fault))
                failed = fault
                continue
            begun |= {p: (self._end_in_lake(p.source), earliest[p]) for p in theirs}
        self._open_all(begun)
        return failed

    def _open_all(self, begun: Mapping[Partition, tuple[int, int]]) -> None:
        """Read these from the lake's end on; the second number is the first that the broker has."""
        epochs = self._lake_epochs(sorted(p.source for p in begun))
        self._partitions |= {p.source: p for p in begun}
        self._open().assign(sorted(self._partitions.values()))
        for partition, (end, _) in begun.items():
            self._reopen(partition.source, end, epochs.get(partition.source))
        for partition, (end, earliest) in begun.items():
            if end < earliest:
                self._expired(partition, end, earliest)

    def _refuse(self, fault: TopicRefused) -> None:
        """Leave topics without access until it is time to look again; the others are read on."""
        for topic in fault.topics:
            self._refused_until_s[topic] = self._clock() + self._options.discover_interval_s
            self._topics[topic] = _no_access(topic)
        left = [p for p in self._partitions.values() if p.topic not in fault.topics]
        for source in self._partitions.keys() - {p.source for p in left}:
            self._forget(source)
        self._partitions = {p.source: p for p in left}
        self._open().assign(sorted(left))

    def _expired(self, partition: Partition, position: int, earliest: int | None = None) -> None:
        client = self._open()
        if earliest is None:
            earliest = client.offsets([partition], "earliest")[partition]
        committed = self._batch.start(partition.source)
        if position >= earliest:
            epoch = self._lake_epochs([partition.source]).get(partition.source)
            raise truncated_log(client, partition, position, committed, epoch)
        reject = expired(partition, position, earliest, committed, self._options.on_expired)
        self.counters.expired += earliest - position
        self._batch.skip(reject, earliest, self._clock())
        client.seek(partition, earliest)

    def _unreadable(self, found: Unreadable) -> None:
        """Pass over the batch, or stop there: what came before it lands first."""
        client = self._open()
        source = found.partition.source
        # Its header may be what is damaged: nothing ends behind what there is.
        latest = client.offsets([found.partition], "latest")[found.partition]
        end = max(found.offset + 1, min(found.end, latest))
        self._batch.add(source, (), found.offset, self._clock())
        if self._options.on_corrupt == "stop":
            self._halted[source] = corrupt(found, end)
            client.pause(found.partition)
            return
        self.counters.corrupt += end - found.offset
        # Neighbours are one account.
        start = self._batch.account_before(source, "skipped.corrupt", found.offset)
        self._batch.skip(unreadable(found, start, end), end, self._clock())
        client.seek(found.partition, end)

    def _reconcile(self) -> None:
        self._settle()
        for source, error in self._halted.items():
            if source not in self._batch.active():
                raise error

    def _settle(self) -> None:
        now_s = self._clock()
        active = self._batch.active()
        waiting = self._contested.due(now_s)
        if not active and not waiting:
            return
        ends = self._lake_ends([*active, *waiting])
        confirmed: dict[Partition, int] = {}
        for source in active:
            end = _known(ends, source)
            if end == self._batch.start(source):
                if self._batch.delivered_from(source) is not None:
                    self._batch.confirm(source)
                    self._contested.won(source)
                    confirmed[self._partitions[source]] = end
                continue
            ours_failed = end == self._batch.delivered_from(source)
            self._reopen(source, end)
            self.counters.rereads += 1
            if not ours_failed:
                self._lose(source, end, now_s)
        for source in waiting:
            if self._contested.look(source, _known(ends, source), now_s):
                self._reopen(source, ends[source])
                self._open().resume(self._partitions[source])
        self._open().commit(confirmed)

    def _lose(self, source: str, end: int, now_s: float) -> None:
        self.counters.lost += 1
        if self._contested.lost(source, end, now_s):
            self.counters.left_alone += 1
            self._reopen(source, end)
            self._open().pause(self._partitions[source])

    def _reopen(self, source: str, end: int, leader_epoch: int | None = None) -> None:
        self._silent_s = 0.0
        self._batch.open(source, end)
        if self._halted.pop(source, None) is not None:
            # Read again from before the batch that halted it, it meets that batch again.
            self._open().resume(self._partitions[source])
        self._open().seek(self._partitions[source], end, leader_epoch)

    def _end_in_lake(self, source: str) -> int:
        return _known(self._lake_ends([source]), source)

    def _caught_up(self) -> bool:
        self._discover()
        self._reconcile()
        if self._batch.active() or self._contested.left_alone() or self._halted:
            return False
        if any(self._batch.end(source) < end for source, end in self._ask_ends().items()):
            return False
        if self._partitions:
            settled_s = 2 * fetch_wait_s(self._options) + 0.2
            self._poll(max(0.0, settled_s - self._silence_s()))
        states = {trouble.state for trouble in self._topics.values()}
        if self._batch.active() or "failing" in states:
            return False
        if "refused" in states:
            named = sorted(t for t, trouble in self._topics.items() if trouble.state == "refused")
            raise BrokerError("Kafka refuses access to the topic", topic=",".join(named))
        return True


def _no_access(topic: str) -> Trouble:
    return Trouble("refused", f"Kafka refuses access to the topic {topic!r}")


def _known(ends: Mapping[str, int], source: str) -> int:
    if source not in ends:
        raise StoreError("the lake does not hold the start of a source", source=source)
    return ends[source]
