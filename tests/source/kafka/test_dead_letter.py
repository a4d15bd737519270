"""The mirror of failures: Connect's headers, what is sent and what is not, at least once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from kafka import KafkaConsumer

from pipeline.config import load
from pipeline.errors import BrokerError, ConfigError
from pipeline.model import Reject
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.dead_letter import PREFIX, DeadLetters, headers_of
from pipeline.source.kafka.groups import Partition, parse_source
from pipeline.source.kafka.topic_admin import create_topics
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.write import LakeWriter
from tests.store.commit.test_write import DyingLake, Killed
from tests.support.rows import NOON, a_batch, a_reject, a_story, enriched

WIRE = Partition("c1", "wire", "dG9waWM", 3)


def failure(offset: int, **fields: object) -> Reject:
    return a_reject(offset, source=WIRE.source, **fields)


def received(
    broker: EmbeddedBroker, topic: str, count: int
) -> list[tuple[bytes, dict[str, bytes]]]:
    consumer = KafkaConsumer(
        topic,
        bootstrap_servers=broker.bootstrap_servers,
        auto_offset_reset="earliest",
        consumer_timeout_ms=120_000,
        group_id=None,
    )
    found = []
    for message in consumer:
        found.append((message.value, dict(message.headers)))
        if len(found) == count:
            break
    consumer.close()
    return found


def test_headers_are_those_of_connect() -> None:
    """Names, order and values as `DeadLetterQueueReporter` writes them (KIP-298)."""
    reject = failure(41, message="cut off", evidence="byte 12", raw=b"x")
    partition = parse_source(reject.source)
    assert partition is not None
    headers = headers_of(reject, partition)
    assert [name.removeprefix(PREFIX) for name, _ in headers[:10]] == [
        *("topic", "partition", "offset", "connector.name", "task.id", "stage", "class.name"),
        *("exception.class.name", "exception.message", "exception.stacktrace"),
    ]
    values = dict(headers)
    assert values[f"{PREFIX}topic"] == b"wire"
    assert values[f"{PREFIX}partition"] == b"3"
    assert values[f"{PREFIX}offset"] == b"41"
    assert values[f"{PREFIX}stage"] == b"VALUE_CONVERTER"
    assert values[f"{PREFIX}exception.class.name"] == b"dateline.malformed"
    assert values[f"{PREFIX}exception.message"] == b"cut off"
    assert values[f"{PREFIX}exception.stacktrace"] == b"byte 12"
    assert values["dateline.source"] == WIRE.source.encode()


@pytest.mark.engine
def test_failures_arrive_and_nothing_else(broker: EmbeddedBroker) -> None:
    """No skips, and nothing of archives, which can be read again."""
    create_topics(broker.bootstrap_servers, {"letters": 1})
    letters = DeadLetters([broker.bootstrap_servers], "letters", timeout_s=20)
    skip = failure(2, kind="skipped.repeat", raw=None)
    archive = a_reject(0, source="archive/0a", raw=b"of an archive")
    assert letters.send([failure(1, raw=b"\xff\x00"), skip, archive, failure(3, raw=b"b")]) == 2
    letters.close()
    found = received(broker, "letters", 2)
    assert [value for value, _ in found] == [b"\xff\x00", b"b"]
    assert [headers[f"{PREFIX}offset"] for _, headers in found] == [b"1", b"3"]


@pytest.mark.engine
def test_what_the_topic_does_not_take_is_told_without_its_bytes(broker: EmbeddedBroker) -> None:
    """One poison record never stalls its partition, nor the mirror of it."""
    create_topics(broker.bootstrap_servers, {"narrow": 1})
    client = {"max_request_size": 4000}
    letters = DeadLetters([broker.bootstrap_servers], "narrow", client=client, timeout_s=20)
    assert letters.send([failure(1, raw=b"a"), failure(2, raw=b"x" * 9000)]) == 2
    letters.close()
    (_, small), (value, large) = received(broker, "narrow", 2)
    assert "dateline.left_out" not in small
    assert value == b""
    assert large[f"{PREFIX}offset"] == b"2"
    assert large["dateline.left_out"] == b"9000 bytes, more than the topic takes"


@pytest.mark.engine
def test_a_missing_topic_is_a_broker_error(broker: EmbeddedBroker) -> None:
    """Named in one line; with nothing to send nobody asks."""
    letters = DeadLetters([broker.bootstrap_servers], "no-such-topic", timeout_s=5)
    assert letters.send([]) == 0
    with pytest.raises(BrokerError, match="no-such-topic"):
        letters.send([failure(0)])


def test_a_death_before_the_ledger_tells_of_the_failures_again(tmp_path: Path) -> None:
    """So each is told at least once, and only what stands in the lake."""
    told: list[int] = []

    def on_failures(rejects: Sequence[Reject]) -> None:
        held = Lake(str(tmp_path)).rows("rejects", WIRE.source, 0, 9, ["offset"])
        assert {row["offset"] for row in held} >= {reject.offset for reject in rejects}
        told.extend(reject.offset for reject in rejects)

    def writer(lake: Lake) -> LakeWriter:
        return LakeWriter(lake, lambda: NOON, "m", "0", on_failures)

    skip = failure(2, kind="skipped.not_a_story", raw=None)
    batch = a_batch([enriched(a_story(0, source=WIRE.source))], [failure(1), skip])
    first = writer(Lake(str(tmp_path)))
    first.start({WIRE.source: 0}, {WIRE.source: 0})
    with pytest.raises(Killed):
        writer(DyingLake(str(tmp_path), 5, "before")).write(batch)
    assert told == [1]
    first.write(batch)
    assert told == [1, 1]
    first.write(batch)
    assert told == [1, 1]


def test_the_mirror_is_not_read() -> None:
    """A topic that is both would feed on itself."""
    with pytest.raises(ConfigError, match="dead-letter"):
        load(None, {"kafka": {"topics": ("a", "b"), "dead_letter_topic": "b"}})
