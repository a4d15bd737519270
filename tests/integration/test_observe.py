"""A running job, looked at from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import BrokerError
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from pipeline.store.read.query import query
from tests.support.endpoint import asked, free_port, scraped
from tests.support.job import ended_at, running, until
from tests.support.rows import NOON
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
        until(lambda: asked(port, "/readyz")[0] == 200, 120)
        assert asked(port, "/healthz")[0] == 200
        killed = job.workers()[0]
        killed.send_signal(signal.SIGKILL)
        publish(copy(200, 300), bootstrap_servers=broker.bootstrap_servers, topic="wire")
        until(lambda: records() == 300, 180)
        # A scrape between a worker's two counts sees the record before its reject.
        until(lambda: records() and rejects(seen[-1]) == 15, 120)
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


@pytest.mark.long
def test_what_is_withheld_is_counted_listed_and_released_beside_the_job(
    tmp_path: Path, broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The job's own endpoint counts it; it goes on after the operator's word is in the lake."""
    monkeypatch.setenv("DATELINE_ENRICH__MODE", "none")
    servers, lake, port = broker.bootstrap_servers, tmp_path / "lake", free_port()

    def send(name: str, embargo: str) -> None:
        text = f"Boats lost off {name}\n\n{embargo}\n\nLUND, Oct 5, 2026 (AP) - Two were lost.\n"
        publish([text.encode()], bootstrap_servers=servers, topic="wire")

    def shown() -> list[str]:
        sql = "SELECT headline FROM current ORDER BY headline"
        return query(str(lake), None, sql, NOON).column(0).to_pylist()

    def lake_command(name: str, *arguments: str) -> Any:
        words = ["lake", name, *arguments, "--lake", str(lake), "--json"]
        done = CliRunner().invoke(app, words, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    send("Held", "EMBARGOED UNTIL THE SPEECH ENDS")
    send("Open", "")
    with running(servers, lake, tmp_path / "log", "--metrics-port", str(port)) as job:
        until(lambda: scraped(port).get("dateline_stories_total") == 2, 300)
        # A scrape between a worker's two counts sees the story before that it is withheld.
        until(lambda: scraped(port)["dateline_stories_withheld_total"] == 1, 120)
        (held,) = lake_command("withheld")
        assert "THE SPEECH ENDS" in " ".join(held["warnings"])
        assert shown() == ["Boats lost off Open"]
        lake_command("release", held["revision_id"], "--reason", "said by phone")
        assert shown() == ["Boats lost off Held", "Boats lost off Open"]
        assert lake_command("withheld") == []
        send("Then", "")
        until(lambda: scraped(port).get("dateline_stories_total") == 3, 300)
        assert len(shown()) == 3
        job.process.send_signal(signal.SIGTERM)
        assert job.wait(120) == 0
    assert lake_command("check")["ok"]
