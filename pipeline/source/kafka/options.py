"""What a reader is told: where Kafka is, what to read, how large a batch may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

LakeEnds = Callable[[Sequence[str]], Mapping[str, int]]
"""The committed end of each source that the lake knows."""

LakeEpochs = Callable[[Sequence[str]], Mapping[str, int]]
"""The leader epoch of what the lake holds last of each source, where it is known."""

StartSources = Callable[[Mapping[str, int], Mapping[str, int]], None]
"""Commit the starts of all partitions of one topic, those that the lake does not know yet.

Called with two maps over the same sources: the first holds where the lake knows none of them (the
very first start, by the configured policy), the second (the earliest offsets) where it knows some.
"""


@dataclass(frozen=True, slots=True)
class KafkaOptions:
    """The broker, the topics, and what to do in the odd cases.

    `topics` are names or regular expressions (see `patterns`), which leave out `but_topics`.
    `start` holds only where the lake knows nothing of a topic yet. `on_expired` says what to do
    when the broker no longer has the offset that the lake ends at, `on_corrupt` when it hands out a
    batch that cannot be decoded. `client` holds further settings
    of kafka-python's clients under their own names (TLS, SASL, buffer sizes). `max_fetch_bytes`
    and `max_poll_records` bound what one poll brings into memory; `discover_interval_s` is how
    often new topics and partitions are looked for; after `broker_timeout_s` without an answer
    reading fails.
    """

    bootstrap_servers: tuple[str, ...]
    topics: tuple[str, ...]
    group_id: str | None = "dateline"
    start: Literal["earliest", "latest"] = "earliest"
    on_expired: Literal["stop", "skip"] = "stop"
    on_corrupt: Literal["stop", "skip"] = "stop"
    isolation_level: Literal["read_committed", "read_uncommitted"] = "read_committed"
    client: Mapping[str, Any] = field(default_factory=dict, repr=False)
    but_topics: tuple[str, ...] = ()
    discover_interval_s: float = 30.0
    broker_timeout_s: float = 300.0
    max_poll_records: int = 500
    max_fetch_bytes: int = 16 * 1024**2


@dataclass(frozen=True, slots=True)
class Limits:
    """When a batch is full (records, bytes), and when it is old (seconds since its first record):
    by then a reader of topics means it to be in the lake.

    A single record above `max_bytes` still makes a batch of its own.
    """

    max_records: int = 500
    max_bytes: int = 32 * 1024**2
    flush_interval_s: float = 5.0
