"""One feed twice: a mirror that lags, live and in replay, never brings an older version back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.beam.launch import replay_archives, run_epochs
from pipeline.config import Settings, load
from pipeline.job import forget
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import connect
from pipeline.store.read.query import query

pytestmark = pytest.mark.engine
_NOW = datetime(2050, 1, 1, tzinfo=UTC)
_AT_MS = 1_791_187_200_000
_FIRST, _LAST = "Three boats were lost.", "Four boats were lost."


def _version(body: str) -> bytes:
    fields = {"id": "j", "headline": "J", "date": "2026-10-05T14:00", "body": body}
    return json.dumps(fields).encode()


def _settings(lake: Path, **more: object) -> Settings:
    facts = {"lake": {"url": str(lake)}, "enrich": {"mode": "none"}, **more}
    return load(None, facts)


def _send(servers: str, topic: str, sent: list[tuple[str, int]]) -> None:
    producer = connect(servers, {}, 30.0)
    for body, at_ms in sent:
        producer.send(topic, _version(body), partition=0, timestamp_ms=_AT_MS + at_ms)
    producer.flush(30.0)
    producer.close(timeout=1)


def _shown(lake: Path) -> list[str]:
    sql = "SELECT body FROM current WHERE headline = 'J'"
    return [row["body"] for row in query(str(lake), None, sql, _NOW).to_pylist()]


@pytest.mark.parametrize("first", ["feed", "mirror"])
def test_live_whichever_topic_was_read_first(tmp_path: Path, first: str) -> None:
    """The versions state no time of their own, so Kafka's time of the first arrival orders them."""
    with EmbeddedBroker(topics={"feed": 1, "mirror": 1}) as broker:
        servers = broker.bootstrap_servers
        _send(servers, "feed", [(_FIRST, 0), (_LAST, 10)])
        _send(servers, "mirror", [(_FIRST, 100)])
        for topics in ([first], ["feed", "mirror"]):
            kafka = {"bootstrap_servers": [servers], "topics": topics}
            live = _settings(tmp_path, kafka=kafka, batch={"flush_interval_s": 0.2})
            try:
                assert run_epochs(live, [0], until_caught_up=True) == "caught_up"
            finally:
                forget(live)
    assert _shown(tmp_path) == [_LAST]


def test_in_replay_whichever_archive_comes_to_the_version_first(tmp_path: Path) -> None:
    """The one that was begun first stands before the other, though it has the story further on."""
    fillers = [json.dumps({"id": f"x{n}", "headline": "X", "body": "Calm."}) for n in range(15)]
    feed, mirror = tmp_path / "feed.jsonl", tmp_path / "mirror.jsonl"
    feed.write_bytes(
        "\n".join(fillers).encode() + b"\n" + _version(_FIRST) + b"\n" + _version(_LAST)
    )
    mirror.write_bytes(_version(_FIRST) + b"\n" + fillers[0].encode())
    replay = _settings(tmp_path / "lake", replay={"part_records": 1})
    try:
        replay_archives(replay, [str(feed), str(mirror)])
    finally:
        forget(replay)
    assert _shown(tmp_path / "lake") == [_LAST]
