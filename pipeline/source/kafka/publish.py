"""Publishing records to a topic: what `dateline publish` and the demo do."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from pipeline import clock
from pipeline.errors import BrokerError
from pipeline.model import Record
from pipeline.source.kafka.client_settings import settings
from pipeline.source.kafka.probe import quiet
from pipeline.source.kafka.topic_admin import create_topics, require_topic, until

_IN_FLIGHT = 1000
_MAX_REQUEST_BYTES = 64 * 1024**2


@dataclass(frozen=True, slots=True)
class Published:
    """Holds what the broker acknowledged."""

    records: int
    bytes: int


def publish(
    records: Iterable[bytes | Record],
    *,
    bootstrap_servers: str,
    topic: str,
    partitions: int | None = None,
    client: Mapping[str, Any] | None = None,
    timeout_s: float = 60.0,
    progress: Callable[[int], None] | None = None,
) -> Published:
    """Send `records` in order and wait until all replicas have each of them.

    A `Record` brings its key and headers; its coordinates are left behind. What has no key goes to
    one partition within a millisecond: so Kafka's times and offsets keep the order, in which
    versions without a time of their own are told apart. `partitions` creates the
    topic where it is missing. `client` holds further settings (TLS, SASL, compression). `progress`
    is called with the number of records sent so far. Streams: only what is under way is held.

    Raises `BrokerError` when a record cannot be delivered within `timeout_s`; what was sent before
    it stays there.
    """
    quiet()
    if partitions is not None:
        create_topics(bootstrap_servers, {topic: partitions}, client=client, timeout_s=timeout_s)
    else:
        require_topic(bootstrap_servers, topic, client=client, timeout_s=timeout_s)
    producer = connect(bootstrap_servers, dict(client or {}), timeout_s)
    under_way: deque[Any] = deque()
    sent = size_bytes = 0
    try:
        order = _Order(sorted(producer.partitions_for(topic) or {0}))
        for record in records:
            value, key, headers = _parts(record)
            at_ms, partition = order.of_next(int(clock.now().timestamp() * 1000))
            under_way.append(
                producer.send(
                    topic,
                    value,
                    key=key,
                    headers=headers,
                    partition=partition if key is None else None,
                    timestamp_ms=at_ms,
                )
            )
            sent += 1
            size_bytes += len(value)
            if len(under_way) >= _IN_FLIGHT:
                under_way.popleft().get(timeout_s)
            if progress is not None:
                progress(sent)
        producer.flush(timeout_s)
        for receipt in under_way:
            receipt.get(timeout_s)
    except (KafkaError, OSError) as error:
        raise BrokerError(
            "a record cannot be delivered",
            topic=topic,
            address=bootstrap_servers,
            records_before=max(0, sent - len(under_way) - 1),
            reason=repr(error),
        ) from error
    finally:
        producer.close(timeout=1)
    return Published(sent, size_bytes)


class _Order:
    """Says when a record is sent and where to, so that no two partitions share a millisecond."""

    def __init__(self, partitions: list[int]) -> None:
        self._partitions = partitions
        self._at_ms = 0

    def of_next(self, now_ms: int) -> tuple[int, int]:
        """Return the time of the next record, never before that of the last one, and its
        partition."""
        self._at_ms = max(self._at_ms, now_ms)
        # By the clock and not in turn: calls that send one record each use all partitions too.
        return self._at_ms, self._partitions[self._at_ms % len(self._partitions)]


def connect(bootstrap_servers: str, client: Mapping[str, Any], timeout_s: float) -> Any:
    """Return a producer that loses and repeats nothing.

    Raises `BrokerError` where none can be had.
    """
    timeout_ms = int(timeout_s * 1000)
    config = {
        "bootstrap_servers": bootstrap_servers,
        "bootstrap_timeout_ms": min(5000, timeout_ms),
        "max_block_ms": timeout_ms,
        "request_timeout_ms": min(30_000, max(1, timeout_ms // 2)),
        "delivery_timeout_ms": max(timeout_ms, 100),
        "linger_ms": 5,
        "max_request_size": _MAX_REQUEST_BYTES,
        "metrics_enabled": False,
        **settings(client, KafkaProducer.DEFAULT_CONFIG),
        "acks": "all",
        "enable_idempotence": True,
        "allow_auto_create_topics": False,
    }
    return until(
        time.monotonic() + timeout_s,
        lambda: KafkaProducer(**config),
        address=bootstrap_servers,
    )


def _parts(record: bytes | Record) -> tuple[bytes, bytes | None, list[tuple[str, bytes]]]:
    if isinstance(record, Record):
        return record.value, record.key, list(record.headers)
    return record, None, []
