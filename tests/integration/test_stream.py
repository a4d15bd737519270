"""The job against the embedded broker, as its users run it."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import psutil
import pyarrow.parquet as pq
import pytest

from pipeline.source.archive.archive import open_archive
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from tests.support.job import JobProcess, ended_at, running, until
from tests.support.judge import assert_everything_once
from tests.support.wire import copy

pytestmark = pytest.mark.engine


def run_to_end(broker: EmbeddedBroker, lake: Path, log: Path, *options: str) -> None:
    job_options = ("--until-caught-up", *options)
    with running(broker.bootstrap_servers, lake, log, *job_options) as job:
        assert job.wait(500) == 0, log.read_text()[-3000:]


def rows_of(lake: Path, table: str, columns: list[str] | None = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = Lake(str(lake)).dataset(table).to_table(columns).to_pylist()
    return found


@pytest.mark.long
def test_two_workers_share_the_partitions(
    tmp_path: Path, broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each partition is read by one of them; all records land, and the plain glob opens."""
    monkeypatch.setenv("DATELINE_ENRICH__MODE", "none")
    publish(copy(0, 60), bootstrap_servers=broker.bootstrap_servers, topic="wire")
    lake = tmp_path / "lake"
    run_to_end(broker, lake, tmp_path / "log", "--workers", "2")
    assert sum(row["records"] for row in rows_of(lake, "ledger")) == 60
    assert len(rows_of(lake, "stories")) == 57
    assert len(rows_of(lake, "rejects")) == 3
    writers = {(row["source"], row["writer"]) for row in rows_of(lake, "ledger") if row["records"]}
    assert len(writers) == len({source for source, _ in writers})
    files = list((lake / "stories").glob("date=*/region=*/*.parquet"))
    assert sum(pq.read_metadata(file).num_rows for file in files) == 57
    assert check(str(lake), strict=True).ok


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_job_and_leaves_the_lake_whole(
    tmp_path: Path, broker: EmbeddedBroker, number: signal.Signals
) -> None:
    """Exit code 0, no block torn, nothing left over; the next start goes on from there."""
    publish(copy(0, 1500), bootstrap_servers=broker.bootstrap_servers, topic="wire")
    lake, log = tmp_path / "lake", tmp_path / "log"
    with running(broker.bootstrap_servers, lake, log) as job:
        until(lambda: (lake / "ledger").exists() and bool(rows_of(lake, "ledger")), 300)
        job.process.send_signal(number)
        assert job.wait(300) == 0, log.read_text()[-3000:]
    report = check(str(lake), strict=True)
    assert report.ok, report.findings
    assert "in_flight" not in report.counts
    run_to_end(broker, lake, log)
    assert sum(row["records"] for row in rows_of(lake, "ledger")) == 1500
    assert check(str(lake), strict=True).ok


def test_a_job_that_is_killed_in_the_stream_loses_nothing(
    tmp_path: Path, broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGKILL to the job and its worker; the next start ends it, each record once, byte for byte.

    `faults/test_job_kills.py` does it at many moments, beside second copies.
    """
    monkeypatch.setenv("DATELINE_BATCH__MAX_RECORDS", "10")
    sent: list[bytes] = []
    lake, log = tmp_path / "lake", tmp_path / "log"
    # Until one is killed in the stream: a machine that is busy elsewhere may let it end first.
    while (ended := ended_at(lake)) == len(sent):
        more = list(copy(len(sent), len(sent) + 100))
        publish(more, bootstrap_servers=broker.bootstrap_servers, topic="wire")
        sent += more
        with running(broker.bootstrap_servers, lake, log) as job:
            until(lambda before=ended: ended_at(lake) > before, 300)  # type: ignore[misc]
            job.kill()
    run_to_end(broker, lake, log)
    assert_everything_once(lake, sent)


@pytest.mark.long
def test_a_supervisor_that_is_killed_takes_its_worker_along(
    tmp_path: Path, broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker goes on unwatched, and no fork server."""
    monkeypatch.setenv("DATELINE_ENRICH__MODE", "none")
    publish(copy(0, 20), bootstrap_servers=broker.bootstrap_servers, topic="wire")
    lake, log = tmp_path / "lake", tmp_path / "log"
    job = JobProcess(broker.bootstrap_servers, lake, log, fresh=True)
    until(lambda: (lake / "ledger").exists() and bool(rows_of(lake, "ledger")), 300)
    family = psutil.Process(job.process.pid).children(recursive=True)
    assert set(job.workers()) < set(family)
    job.process.kill()
    job.wait(60)
    assert not psutil.wait_procs(family, timeout=120)[1]


@pytest.mark.long
def test_a_job_goes_on_whose_fork_server_is_killed(
    tmp_path: Path, broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its workers end with it, and others come of a new one."""
    monkeypatch.setenv("DATELINE_ENRICH__MODE", "none")
    lake, log = tmp_path / "lake", tmp_path / "log"
    publish(copy(0, 20), bootstrap_servers=broker.bootstrap_servers, topic="wire")
    with running(broker.bootstrap_servers, lake, log, "--workers", "2", fresh=True) as job:
        until(lambda: ended_at(lake) == 20, 300)
        workers = job.workers()
        server = workers[0].parent()
        assert server is not None and server.pid != job.process.pid
        server.kill()
        assert not psutil.wait_procs(workers, timeout=60)[1]
        publish(copy(20, 40), bootstrap_servers=broker.bootstrap_servers, topic="wire")
        until(lambda: ended_at(lake) == 40, 300)
        job.process.terminate()
        assert job.wait(120) == 0, log.read_text()[-3000:]
    assert_everything_once(lake, list(copy(0, 40)))


@pytest.mark.long
def test_reuters_streams_whole(
    tmp_path: Path,
    broker: EmbeddedBroker,
    reuters: list[Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """10,000 real stories: every document is a story or a reject, offset by offset.

    The first thousand are enriched. The others land as they were parsed: the account is the same.
    """
    total = 0
    lake = tmp_path / "lake"
    for paths, mode in ((reuters[:1], "full"), (reuters[1:], "none")):
        for path in paths:
            archive = open_archive(path)
            total += archive.total
            publish(archive.records(), bootstrap_servers=broker.bootstrap_servers, topic="wire")
        monkeypatch.setenv("DATELINE_ENRICH__MODE", mode)
        run_to_end(broker, lake, tmp_path / "log", "--workers", "2")
    assert total == 10_000
    report = check(str(lake), strict=True)
    assert report.ok, report.findings
    ledger = rows_of(lake, "ledger")
    assert sum(row["records"] for row in ledger) == total
    assert sum(row["items"] for row in ledger) == total
    accounted = rows_of(lake, "stories", ["source", "offset", "item"])
    accounted += rows_of(lake, "rejects", ["source", "offset", "item"])
    assert len({tuple(row.values()) for row in accounted}) == len(accounted) == total
