"""A mirror of failures on a Kafka topic, with the headers that Kafka Connect gives dead letters.

The names and meanings of the headers are those of Connect's `DeadLetterQueueReporter` (KIP-298), so
that tools which know those read these. Failures of records that came from a topic are mirrored,
each at least once; the truth is the table `rejects`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from kafka.errors import KafkaError, MessageSizeTooLargeError

from pipeline.errors import BrokerError
from pipeline.model import Reject
from pipeline.source.kafka.groups import Partition, parse_source
from pipeline.source.kafka.probe import quiet
from pipeline.source.kafka.publish import connect
from pipeline.source.kafka.topic_admin import require_topic

PREFIX = "__connect.errors."
CONNECTOR = "dateline"

_STAGES: Mapping[str, tuple[str, str]] = {
    "read": ("KAFKA_CONSUME", "pipeline.source.kafka.reader.Reader"),
    "parse": ("VALUE_CONVERTER", "pipeline.parse.record"),
    "enrich": ("TRANSFORMATION", "pipeline.enrich.enricher.Enricher"),
    "write": ("TASK_PUT", "pipeline.store.commit.write.LakeWriter"),
}
"""Connect's name of each stage (`org.apache.kafka.connect.runtime.errors.Stage`), and our part."""


def headers_of(reject: Reject, partition: Partition, task_id: int = 0) -> list[tuple[str, bytes]]:
    """Return one dead letter's headers, in Connect's order, then the item within the record."""
    stage, part = _STAGES[reject.stage]
    values = {
        "topic": partition.topic,
        "partition": str(partition.number),
        "offset": str(reject.offset),
        "connector.name": CONNECTOR,
        "task.id": str(task_id),
        "stage": stage,
        "class.name": part,
        "exception.class.name": f"dateline.{reject.kind}",
        "exception.message": reject.message,
        # Connect has a stack trace here; what says where a reject went wrong is its evidence.
        "exception.stacktrace": reject.evidence or "",
    }
    found = [(f"{PREFIX}{name}", _bytes(value)) for name, value in values.items()]
    return [
        *found,
        ("dateline.source", _bytes(reject.source)),
        ("dateline.item", b"%d" % reject.item),
    ]


class DeadLetters:
    """Sends failures to one topic; connects at the first one. Not for use by several threads."""

    def __init__(
        self,
        bootstrap_servers: Sequence[str],
        topic: str,
        *,
        client: Mapping[str, Any] | None = None,
        timeout_s: float = 60.0,
        task_id: int = 0,
    ) -> None:
        self._servers = ",".join(bootstrap_servers)
        self._topic = topic
        self._client = dict(client or {})
        self._timeout_s = timeout_s
        self._task_id = task_id
        self._producer: Any = None

    def send(self, rejects: Sequence[Reject]) -> int:
        """Send the failures among `rejects` and wait until all replicas have them; how many.

        The value is the reject's raw bytes; none where the topic does not take so many, and a
        header says so. Raises `BrokerError` when one cannot be delivered in time: those before it
        may have been sent, and all of them are to be sent again.
        """
        failures = [
            (reject.raw or b"", headers_of(reject, partition, self._task_id))
            for reject in rejects
            if not reject.is_skip and (partition := parse_source(reject.source)) is not None
        ]
        if not failures:
            return 0
        try:
            quiet()
            producer = self._connected()
            under_way = [self._begin(producer, value, headers) for value, headers in failures]
            producer.flush(self._timeout_s)
            for receipt, (value, headers) in zip(under_way, failures, strict=True):
                if not self._is_taken(receipt):
                    cut = [*headers, _left_out(value)]
                    producer.send(self._topic, b"", headers=cut).get(self._timeout_s)
        except (KafkaError, OSError) as error:
            self.close()
            raise BrokerError(
                "a dead letter cannot be delivered",
                topic=self._topic,
                address=self._servers,
                reason=repr(error),
            ) from error
        return len(failures)

    def close(self) -> None:
        """Let go of the connection."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.close(timeout=1)

    def _begin(self, producer: Any, value: bytes, headers: list[tuple[str, bytes]]) -> Any:
        """Return the receipt; None for more bytes than the client sends."""
        try:
            return producer.send(self._topic, value, headers=headers)
        except MessageSizeTooLargeError:
            return None

    def _is_taken(self, receipt: Any) -> bool:
        """Say whether the broker has it; False for more bytes than the topic takes."""
        try:
            return receipt is not None and bool(receipt.get(self._timeout_s))
        except MessageSizeTooLargeError:
            return False

    def _connected(self) -> Any:
        if self._producer is None:
            begun_s = time.monotonic()
            require_topic(
                self._servers, self._topic, client=self._client, timeout_s=self._timeout_s
            )
            left_s = max(1.0, self._timeout_s - (time.monotonic() - begun_s))
            self._producer = connect(self._servers, self._client, left_s)
        return self._producer


def _left_out(value: bytes) -> tuple[str, bytes]:
    return "dateline.left_out", b"%d bytes, more than the topic takes" % len(value)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
