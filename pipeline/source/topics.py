"""Creating topics: for the embedded broker and for publishing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kafka import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError

from pipeline.errors import BrokerError

T = TypeVar("T")


def create_topics(
    bootstrap_servers: str,
    topics: Mapping[str, int],
    *,
    client: Mapping[str, Any] | None = None,
    timeout_s: float = 30.0,
) -> None:
    """Create the topics (name → partitions) that are missing, with the broker's replication.

    `client` holds further settings of the connection (TLS, SASL). Raises `BrokerError` when it
    cannot be done within `timeout_s`.
    """
    deadline = time.monotonic() + timeout_s
    admin = until(
        deadline,
        lambda: KafkaAdminClient(
            bootstrap_servers=bootstrap_servers, bootstrap_timeout_ms=5000, **dict(client or {})
        ),
        address=bootstrap_servers,
    )
    try:
        for name, partitions in topics.items():

            def create(name: str = name, partitions: int = partitions) -> None:
                try:
                    admin.create_topics(
                        {name: {"num_partitions": partitions, "replication_factor": -1}},
                        wait_for_metadata=True,
                    )
                except TopicAlreadyExistsError:
                    admin.wait_for_topics([name])

            until(deadline, create, topic=name, address=bootstrap_servers)
    finally:
        admin.close()


def until(deadline: float, call: Callable[[], T], **evidence: object) -> T:
    """`call()`, again and again while Kafka's faults are retriable and the deadline is ahead.

    `deadline` counts as `time.monotonic` does. Raises `BrokerError` with `evidence`.
    """
    pause_s = 0.05
    while True:
        try:
            return call()
        except (KafkaError, OSError) as error:
            if time.monotonic() > deadline or not getattr(error, "retriable", True):
                raise BrokerError(
                    "Kafka refuses or cannot be reached", reason=error, **evidence
                ) from error
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, 1.0)
