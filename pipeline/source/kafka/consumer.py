"""The Kafka client as the reader needs it: kafka-python behind a few plain calls.

Everything that kafka-python raises ends here: as `ClientFault` (try again later), `OutOfRange`
(the broker has no such offset), `CredentialsError` (it refuses them), or `ConfigError`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.errors import (
    ClusterAuthorizationFailedError,
    KafkaConfigurationError,
    KafkaError,
    LogTruncationError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)
from kafka.errors import OffsetOutOfRangeError as KafkaOutOfRange
from kafka.protocol.consumer import OffsetSpec
from kafka.structs import OffsetAndMetadata

from pipeline.compat.kafka_batches import UnreadableBatch, tell_unreadable_batches
from pipeline.compat.kafka_headers import read_any_names
from pipeline.compat.kafka_positions import position_of, seek_with_epoch
from pipeline.errors import ConfigError, CredentialsError
from pipeline.model import Record
from pipeline.source.kafka.client import (
    ClientFault,
    Fetched,
    Listing,
    OutOfRange,
    TopicRefused,
    Trouble,
    Unreadable,
    Which,
    no_leader,
)
from pipeline.source.kafka.client_settings import settings
from pipeline.source.kafka.groups import NO_TOPIC_ID, Partition
from pipeline.source.kafka.options import KafkaOptions
from pipeline.source.kafka.patterns import is_pattern, matching
from pipeline.source.kafka.probe import REFUSALS, probe, quiet, refusal

T = TypeVar("T")

_FETCH_WAIT_MS = 250
"""How long the broker may hold an empty answer back: bounds how old news of no news is."""

_REQUEST_TIMEOUT_S = 5.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_TIMESTAMP = -1
_FIRST_ARRIVAL, _END_OF_ARRIVALS = (
    datetime(1971, 1, 1, tzinfo=UTC),
    datetime(2100, 1, 1, tzinfo=UTC),
)
"""What lies outside is a producer's mistake: seconds in place of milliseconds are January 1970,
microseconds are beyond all calendars. No clock decides, so that a replay sees what the job saw."""
_UNAUTHORISED = (TopicAuthorizationFailedError.errno, ClusterAuthorizationFailedError.errno)


def _guarded(call: Callable[[], T]) -> T:
    try:
        return call()
    except KafkaConfigurationError as error:
        raise ConfigError("Kafka's client refuses its settings", reason=error) from error
    except TopicAuthorizationFailedError as error:
        raise _refused(error) from error
    except REFUSALS as error:
        raise CredentialsError("Kafka refuses the credentials", reason=refusal(error)) from error
    except (KafkaError, OSError) as error:
        raise ClientFault(f"Kafka cannot be reached or refuses: {error!r}") from error


def fetch_wait_s(options: KafkaOptions) -> float:
    """Return how long the broker may hold an empty answer back, in seconds."""
    return float(options.client.get("fetch_max_wait_ms", _FETCH_WAIT_MS)) / 1000


class KafkaClient:
    """A consumer with manual assignment, and an admin client for fresh metadata.

    Raises `ClientFault` when the broker does not answer within a few seconds, `CredentialsError`
    when it refuses them.
    """

    def __init__(self, options: KafkaOptions) -> None:
        quiet()
        read_any_names()
        tell_unreadable_batches()
        common: dict[str, Any] = {
            "bootstrap_servers": list(options.bootstrap_servers),
            "bootstrap_timeout_ms": int(min(_REQUEST_TIMEOUT_S, options.broker_timeout_s) * 1000),
            "reconnect_backoff_max_ms": 2000,
        }
        consumer = {
            **common,
            "fetch_max_wait_ms": _FETCH_WAIT_MS,
            "fetch_max_bytes": options.max_fetch_bytes,
            "max_partition_fetch_bytes": options.max_fetch_bytes,
            "max_poll_records": options.max_poll_records,
            "metrics_enabled": False,
            **settings(options.client, KafkaConsumer.DEFAULT_CONFIG),
            "group_id": options.group_id,
            "auto_offset_reset": "none",
            "enable_auto_commit": False,
            "isolation_level": options.isolation_level,
            "allow_auto_create_topics": False,
        }
        admin = {
            **common,
            "request_timeout_ms": int(_REQUEST_TIMEOUT_S * 1000),
            **settings(options.client, KafkaAdminClient.DEFAULT_CONFIG),
        }
        _guarded(lambda: probe(admin, _REQUEST_TIMEOUT_S))
        self._admin = _guarded(lambda: KafkaAdminClient(**admin))
        try:
            self._cluster_id = str(
                _guarded(self._admin.describe_cluster).get("cluster_id") or NO_TOPIC_ID
            )
            self._consumer = _guarded(lambda: KafkaConsumer(**consumer))
        except BaseException:
            self._admin.close()
            raise
        self._group_id = options.group_id
        self._but = options.but_topics
        self._assigned: dict[TopicPartition, Partition] = {}
        self._positions: dict[TopicPartition, int] = {}

    def topics(self, wanted: Sequence[str]) -> Listing:
        """See `Client`."""
        names = [topic for topic in wanted if not is_pattern(topic)]
        troubles: dict[str, Trouble] = {}
        patterns = [topic for topic in wanted if is_pattern(topic)]
        if patterns:
            there = _guarded(self._admin.list_topics)
            for pattern in patterns:
                found = matching(pattern, there, self._but)
                names += found
                if not found:
                    troubles[pattern] = Trouble("missing", f"no topic matches {pattern!r}")
        partitions: list[Partition] = []
        leaderless: set[Partition] = set()
        asked = list(dict.fromkeys(names))
        for topic in _guarded(lambda: self._admin.describe_topics(asked)) if asked else ():
            if (trouble := _trouble(topic)) is not None:
                troubles[topic["name"]] = trouble
                continue
            topic_id = str(topic.get("topic_id") or NO_TOPIC_ID)
            has_leader = {
                Partition(
                    self._cluster_id, topic["name"], topic_id, found["partition_index"]
                ): found["leader_id"] >= 0
                for found in topic["partitions"]
            }
            partitions += has_leader
            if without := sorted(p for p, has in has_leader.items() if not has):
                leaderless.update(without)
                troubles[topic["name"]] = no_leader(without)
        return Listing(tuple(sorted(partitions)), troubles, frozenset(leaderless))

    def offsets(self, partitions: Sequence[Partition], which: Which) -> dict[Partition, int]:
        """See `Client`. `latest` is the last stable offset under read_committed."""
        by_name = {TopicPartition(p.topic, p.number): p for p in partitions}
        timeout_ms = int(_REQUEST_TIMEOUT_S * 1000)
        ask: Callable[[], Mapping[TopicPartition, int]]
        match which:
            case "earliest":
                ask = lambda: self._consumer.beginning_offsets(list(by_name), timeout_ms=timeout_ms)  # noqa: E731
            case "latest":
                ask = lambda: self._consumer.end_offsets(list(by_name), timeout_ms=timeout_ms)  # noqa: E731
            case "high_watermark":
                ask = lambda: self._high_watermarks(list(by_name), timeout_ms)  # noqa: E731
        try:
            found = _guarded(ask)
        except KeyError as error:
            # kafka-python trips over a partition that its own metadata do not have yet.
            raise ClientFault(f"the leader of {error} is not known yet") from error
        return {by_name[name]: offset for name, offset in found.items()}

    def _high_watermarks(
        self, names: Sequence[TopicPartition], timeout_ms: int
    ) -> dict[TopicPartition, int]:
        # The consumer's own word is the last stable offset; the admin reads without isolation.
        asked = dict.fromkeys(names, OffsetSpec.LATEST)
        found = self._admin.list_partition_offsets(asked, timeout_ms=timeout_ms)
        return {name: int(at.offset) for name, at in found.items()}

    def offsets_at(
        self, partitions: Sequence[Partition], at: datetime
    ) -> dict[Partition, int | None]:
        """See `Client`; to the millisecond, as Kafka's timestamps are, rounded up."""
        by_name = {TopicPartition(p.topic, p.number): p for p in partitions}
        at_ms = max(0, -((_EPOCH - at) // timedelta(milliseconds=1)))
        ask = self._consumer.offsets_for_times
        found = _guarded(
            lambda: ask(dict.fromkeys(by_name, at_ms), timeout_ms=int(_REQUEST_TIMEOUT_S * 1000))
        )
        # Without such a record Kafka has no answer for the partition; the embedded broker answers
        # with offset 0 and no time.
        return {
            p: at.offset if (at := found.get(n)) and at.timestamp >= 0 else None
            for n, p in by_name.items()
        }

    def assign(self, partitions: Sequence[Partition]) -> None:
        """See `Client`; a partition that was recreated loses its position."""
        self._assigned = {TopicPartition(p.topic, p.number): p for p in partitions}
        self._positions = {n: at for n, at in self._positions.items() if n in self._assigned}
        _guarded(lambda: self._consumer.assign(list(self._assigned)))

    def leader_epoch(self, partition: Partition) -> int | None:
        """See `Client`."""
        for topic in _guarded(lambda: self._admin.describe_topics([partition.topic])):
            for found in topic["partitions"]:
                if found["partition_index"] == partition.number and found["leader_epoch"] >= 0:
                    return int(found["leader_epoch"])
        return None

    def seek(self, partition: Partition, offset: int, leader_epoch: int | None = None) -> None:
        """See `Client`."""
        name = TopicPartition(partition.topic, partition.number)
        self._consumer.seek(name, offset)
        if leader_epoch is not None:
            seek_with_epoch(self._consumer, name, offset, leader_epoch)
        self._positions[name] = offset

    def pause(self, partition: Partition) -> None:
        """See `Client`."""
        self._consumer.pause(TopicPartition(partition.topic, partition.number))

    def resume(self, partition: Partition) -> None:
        """See `Client`."""
        self._consumer.resume(TopicPartition(partition.topic, partition.number))

    def poll(self, timeout_s: float, max_records: int) -> dict[Partition, Fetched]:
        """See `Client`; partitions whose position moved without a record are included."""
        try:
            polled = {
                name: self._credible(name, records)
                for name, records in self._polled(timeout_s, max_records).items()
                if name in self._assigned
            }
        except (OutOfRange, Unreadable, TopicRefused):
            # The reader goes on with this client: what it took besides, and did not hand out, is to
            # be read again.
            for name, position in self._positions.items():
                if self._position(name)[0] != position:
                    self._consumer.seek(name, position)
            raise
        found = {}
        for name, partition in self._assigned.items():
            records = polled.get(name, ())
            position, epoch = self._position(name)
            if records or position != self._positions[name]:
                self._positions[name] = position
                found[partition] = Fetched(
                    tuple(_record(partition.source, r) for r in records),
                    position,
                    epoch if epoch >= 0 else None,
                )
        return found

    def _credible(self, name: TopicPartition, records: Sequence[Any]) -> Sequence[Any]:
        """Return the records before the first one that lies beyond the partition's end.

        Raises `Unreadable` where that is the very first: the first offset of a batch is not in its
        checksum.
        """
        at = self._positions[name]
        last = records[-1].offset if records else at
        # Where they follow one another they are right; what the consumer heard of the end is of
        # its last fetch, and may be too low.
        if last - at < len(records) or last < (self._consumer.highwater(name) or 0):
            return records
        end = _guarded(lambda: self._high_watermarks([name], int(_REQUEST_TIMEOUT_S * 1000)))[name]
        count = sum(record.offset < end for record in records)
        if count == len(records):
            return records
        if count:
            self._consumer.seek(name, records[count - 1].offset + 1)
            return records[:count]
        reason = f"its first offset is {records[0].offset}, and the partition ends at {end}"
        raise Unreadable(self._assigned[name], at, at + 1, reason)

    def _polled(self, timeout_s: float, max_records: int) -> Mapping[TopicPartition, Sequence[Any]]:
        """Return what kafka-python has, and raise what `Client.poll` may."""
        try:
            return cast(
                "Mapping[TopicPartition, Sequence[Any]]",
                self._consumer.poll(
                    timeout_ms=max(0, int(timeout_s * 1000)), max_records=max_records
                ),
            )
        except KafkaOutOfRange as error:
            raise self._out_of_range(error.args[0]) from error
        except LogTruncationError as error:
            ours = {name: self._positions.get(name, 0) for name in error.divergent_offsets}
            raise self._out_of_range(ours) from error
        except UnreadableBatch as error:
            if error.name not in self._assigned:
                raise ClientFault("a partition that is no longer assigned is corrupt") from error
            partition = self._assigned[error.name]
            raise Unreadable(partition, error.position, error.end, error.reason) from error
        except TopicAuthorizationFailedError as error:
            raise _refused(error) from error
        except REFUSALS as error:
            raise CredentialsError(
                "Kafka refuses the credentials", reason=refusal(error)
            ) from error
        except MemoryError:
            raise
        except Exception as error:
            # Bytes of a broker that the library trips over raise anything: the next client, with
            # nothing of this one, is the way on, as long as the broker has time.
            raise ClientFault(f"Kafka cannot be read: {error!r}") from error

    def commit(self, ends: Mapping[Partition, int]) -> None:
        """See `Client`."""
        if self._group_id is None or not ends:
            return
        offsets = {
            TopicPartition(p.topic, p.number): OffsetAndMetadata(end, "", -1)
            for p, end in ends.items()
        }
        with contextlib.suppress(KafkaError, OSError):
            self._consumer.commit_async(offsets, callback=lambda *_: None)

    def close(self) -> None:
        """See `Client`."""
        with contextlib.suppress(KafkaError, OSError):
            self._consumer.close(autocommit=False, timeout_ms=int(_REQUEST_TIMEOUT_S * 1000))
        with contextlib.suppress(KafkaError, OSError):
            self._admin.close()

    def _position(self, name: TopicPartition) -> tuple[int, int]:
        return position_of(self._consumer, name) or (self._positions[name], -1)

    def _out_of_range(self, offsets: Mapping[TopicPartition, int]) -> Exception:
        for name, offset in offsets.items():
            if name in self._assigned:
                return OutOfRange(self._assigned[name], offset)
        return ClientFault("a partition that is no longer assigned is out of range")


def _refused(error: TopicAuthorizationFailedError) -> TopicRefused:
    named = error.args[0] if error.args else ()
    return TopicRefused(sorted({named} if isinstance(named, str) else map(str, named)))


def _trouble(topic: Mapping[str, Any]) -> Trouble | None:
    code, name = topic["error_code"], topic["name"]
    if code in _UNAUTHORISED:
        return Trouble("refused", f"Kafka refuses access to the topic {name!r}")
    if code or not topic["partitions"]:
        return Trouble(
            "missing" if code == UnknownTopicOrPartitionError.errno else "failing",
            f"the topic {name!r} does not exist or cannot be described (Kafka error {code})",
        )
    return None


def _record(source: str, found: Any) -> Record:
    at, fault = arrival_time(found.timestamp)
    return Record(
        source,
        found.offset,
        found.value or b"",
        found.key,
        tuple((name, value or b"") for name, value in found.headers),
        at,
        time_fault=fault,
    )


def arrival_time(timestamp_ms: int | None) -> tuple[datetime | None, str | None]:
    """Return a record's Kafka timestamp, None where it has none that can be meant, and then why."""
    if timestamp_ms is None or timestamp_ms == _NO_TIMESTAMP:
        return None, None
    try:
        at = _EPOCH + timedelta(milliseconds=timestamp_ms)
    except OverflowError:
        at = _END_OF_ARRIVALS if timestamp_ms > 0 else _EPOCH
    if at < _FIRST_ARRIVAL:
        return None, f"its Kafka timestamp is before {_FIRST_ARRIVAL.year} and counts as none"
    if at >= _END_OF_ARRIVALS:
        return None, f"its Kafka timestamp is after {_END_OF_ARRIVALS.year - 1} and counts as none"
    return at, None
