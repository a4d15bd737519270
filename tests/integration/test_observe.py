"""A running job, looked at from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import BrokerError
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from tests.support.endpoint import asked, free_port, scraped
from tests.support.job import ended_at, running, until
from tests.support.wire import copy

pytestmark = pytest.mark.engine


def rejects(sample: dict[str, float]) -> float:
    """Of all kinds: what bytes that are no text are taken for is the parser's matter."""
    return sum(n for name, n in sample.items() if name.startswith("dateline_rejects_total "))


@pytest.mark.long
def test_counters_outlive_a_killed_worker(tmp_path: Path, broker: EmbeddedBroker) -> None:
    """One endpoint, no counter that goes back, and at the end what the ledger counts."""
    port = free_port()
    publish(copy(0, 200), bootstrap_servers=broker.bootstrap_servers, topic="wire")
    lake, log = tmp_path / "lake", tmp_path / "log"
    seen: list[dict[str, float]] = []

    def records() -> float:
        seen.append(scraped(port))
        return seen[-1].get("dateline_records_total", 0.0)

    with running(
        broker.bootstrap_servers, lake, log, "--metrics-port", str(port), "--workers", "2"
    ) as job:
        until(lambda: records() == 200, 180)
        assert asked(port, "/readyz")[0] == 200
        assert asked(port, "/healthz")[0] == 200
        killed = job.workers()[0]
        killed.send_signal(signal.SIGKILL)
        publish(copy(200, 300), bootstrap_servers=broker.bootstrap_servers, topic="wire")
        until(lambda: records() == 300, 180)
        # A scrape between a worker's two counts sees the record before its reject.
        until(lambda: records() and rejects(seen[-1]) == 15, 30)
        until(lambda: asked(port, "/readyz")[0] == 200, 120)
        job.process.send_signal(signal.SIGTERM)
        assert job.wait(120) == 0
    for name in ("dateline_records_total", "dateline_stories_total", "dateline_batches_total"):
        values = [sample[name] for sample in seen if name in sample]
        assert values == sorted(values), name
    last = seen[-1]
    assert last["dateline_worker_restarts_total died"] == 1
    assert last["dateline_stories_total"] == 285
    assert rejects(last) == 15
    assert last["dateline_partitions"] == 3
    assert last["dateline_worker_resident_memory_bytes 1"] > 10**8
    assert ended_at(lake) == 300


@pytest.mark.long
def test_a_job_that_stops_says_why_once(tmp_path: Path) -> None:
    """The log's line and the command's; no traceback, none of Beam's own words."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pipeline.cli", "run", "--lake", str(tmp_path / "lake")),
            *("--bootstrap-servers", f"127.0.0.1:{free_port()}", "--topic", "wire"),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
        env={**os.environ, "DATELINE_KAFKA__BROKER_TIMEOUT_S": "1"},
    )
    assert done.returncode == BrokerError.exit_code
    lines = done.stderr.splitlines()
    logged = [json.loads(line) for line in lines if line.startswith("{")]
    assert [line["event"] for line in logged if line["level"] == "error"] == ["the job stops"]
    assert [line for line in lines if not line.startswith("{")] == lines[-1:]
    assert lines[-1].startswith("error: Kafka cannot be reached")
    assert "Traceback" not in done.stderr
    assert "exc_info" not in done.stderr
