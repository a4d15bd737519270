"""Names of sources, and which group reads which partition: arithmetic without Kafka."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zlib import crc32

NO_TOPIC_ID = "-"
_PREFIX = "kafka"
_SOURCE = re.compile(
    r"kafka/(?P<cluster>[^/]*)/(?P<topic>[^/]+)/(?P<topic_id>[^/]+)/(?P<number>\d+)"
)


@dataclass(frozen=True, slots=True, order=True)
class Partition:
    """One partition of one topic of one cluster.

    `topic_id` tells a recreated topic from its predecessor (KIP-516); it is `-` on brokers without
    topic ids (Kafka below 2.8).
    """

    cluster_id: str
    topic: str
    topic_id: str
    number: int

    @property
    def source(self) -> str:
        """The source's name in the lake: `kafka/{cluster}/{topic}/{topic id}/{partition}`."""
        return f"{_PREFIX}/{self.cluster_id}/{self.topic}/{self.topic_id}/{self.number}"


def parse_source(source: str) -> Partition | None:
    """Return the partition that `source` names, None where it names something else (an archive)."""
    found = _SOURCE.fullmatch(source)
    if found is None:
        return None
    return Partition(found["cluster"], found["topic"], found["topic_id"], int(found["number"]))


def group_of(partition: Partition, groups: int) -> int:
    """Return the group that reads `partition`, in `0..groups-1`.

    Neighbouring partitions of a topic fall into different groups; every process finds the same.
    A topic without an id is told apart by its name.
    """
    identity = partition.topic_id if partition.topic_id != NO_TOPIC_ID else partition.topic
    return (crc32(identity.encode()) + partition.number) % groups
