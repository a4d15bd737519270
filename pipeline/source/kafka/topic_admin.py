"""Creating topics: for the embedded broker and for publishing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kafka import KafkaAdminClient
from kafka.errors import KafkaConfigurationError, KafkaError, TopicAlreadyExistsError

from pipeline.errors import BrokerError, ConfigError
from pipeline.pauses import Pauses
from pipeline.source.kafka.client_settings import settings
from pipeline.source.kafka.probe import probe, quiet

T = TypeVar("T")

_PROBE_S = 5.0


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
    with _admin(bootstrap_servers, client, deadline) as admin:
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


def require_topic(
    bootstrap_servers: str,
    topic: str,
    *,
    client: Mapping[str, Any] | None = None,
    timeout_s: float = 30.0,
) -> None:
    """Raise `BrokerError` unless the topic exists.

    A producer alone would not tell: brokers that make missing topics by the way are common.
    """
    deadline = time.monotonic() + timeout_s
    with _admin(bootstrap_servers, client, deadline) as admin:
        (found,) = until(
            deadline, lambda: admin.describe_topics([topic]), topic=topic, address=bootstrap_servers
        )
    if found["error_code"]:
        raise BrokerError(
            "the topic does not exist or cannot be described",
            topic=topic,
            address=bootstrap_servers,
            kafka_error=found["error_code"],
        )


def _admin(bootstrap_servers: str, client: Mapping[str, Any] | None, deadline: float) -> Any:
    quiet()
    config = {
        "bootstrap_servers": bootstrap_servers,
        "bootstrap_timeout_ms": 5000,
        **settings(client or {}, KafkaAdminClient.DEFAULT_CONFIG),
    }

    def connect() -> Any:
        probe(config, _PROBE_S)
        return KafkaAdminClient(**config)

    return until(deadline, connect, address=bootstrap_servers)


def until(deadline: float, call: Callable[[], T], **evidence: object) -> T:
    """Call `call`, again and again while Kafka's faults are retriable and the deadline is ahead.

    `deadline` counts as `time.monotonic` does. Raises `BrokerError` with `evidence`, and
    `ConfigError` for settings that the client refuses.
    """
    pauses = Pauses(first_s=0.05, longest_s=1.0)
    while True:
        try:
            return call()
        except KafkaConfigurationError as error:
            raise ConfigError("Kafka's client refuses its settings", reason=error) from error
        except (KafkaError, OSError) as error:
            if time.monotonic() > deadline or not getattr(error, "retriable", True):
                raise BrokerError(
                    "Kafka refuses or cannot be reached", reason=error, **evidence
                ) from error
        time.sleep(pauses.next())
