"""Wire copy on a topic, and what of it was published so far."""

from __future__ import annotations

from pipeline.source.kafka.publish import publish
from tests.support.wire import copy


class Published:
    """A topic of a broker; `records` are what was published to it, in order."""

    def __init__(self, servers: str, topic: str = "wire") -> None:
        self.servers, self.topic = servers, topic
        self.records: list[bytes] = []

    def more(self, count: int) -> int:
        """Publish so many; how many there are now."""
        new = list(copy(len(self.records), len(self.records) + count))
        publish(new, bootstrap_servers=self.servers, topic=self.topic, timeout_s=120)
        self.records += new
        return len(self.records)
