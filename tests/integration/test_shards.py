"""A job spread over processes that know nothing of each other, as over a StatefulSet's pods."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from pipeline.store.check.judge import check
from pipeline.store.read.snapshot import open_snapshot
from tests.support.job import JobProcess, ended_at, until
from tests.support.wire import copy

pytestmark = pytest.mark.engine
HALF = 240
_DEADLINE_S = 300.0


@pytest.mark.timeout(900)
@pytest.mark.long
def test_shards_share_a_topic_through_a_kill_and_a_rescale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two shards, one killed and started again; then three. Everything is there once, and each
    shard has written."""
    lake = tmp_path / "lake"

    def shard(number: int, shards: int) -> JobProcess:
        monkeypatch.setenv("DATELINE_JOB__GROUPS", "6")
        monkeypatch.setenv("DATELINE_JOB__SHARDS", str(shards))
        monkeypatch.setenv("DATELINE_JOB__SHARD", str(number))
        return JobProcess(servers, lake, tmp_path / f"{number}-of-{shards}.log")

    with EmbeddedBroker(topics={"wire": 6}) as broker:
        servers = broker.bootstrap_servers
        pods = [shard(n, 2) for n in range(2)]
        try:
            publish(copy(0, HALF), bootstrap_servers=servers, topic="wire")
            until(lambda: ended_at(lake) > 0, _DEADLINE_S)
            pods[1].kill()
            pods[1] = shard(1, 2)
            until(lambda: ended_at(lake) == HALF, _DEADLINE_S)
            for pod in pods:
                pod.process.send_signal(signal.SIGTERM)
            assert [pod.wait(_DEADLINE_S) for pod in pods] == [0, 0]
            pods = [shard(n, 3) for n in range(3)]
            publish(copy(HALF, 2 * HALF), bootstrap_servers=servers, topic="wire")
            until(lambda: ended_at(lake) == 2 * HALF, _DEADLINE_S)
        finally:
            for pod in pods:
                if pod.process.poll() is None:
                    pod.kill()
    report = check(str(lake))
    assert report.ok, report.findings
    ledger = open_snapshot(str(lake)).dataset("ledger").to_table(["source", "writer", "records"])
    writers = {row["writer"] for row in ledger.to_pylist() if row["records"]}
    assert len(writers) >= 2 + 3
    assert len(set(ledger["source"].to_pylist())) == 6
