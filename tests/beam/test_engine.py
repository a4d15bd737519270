"""The engines: in process without a network, and Prism where it is installed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline as BeamPipeline  # no test class
from apache_beam.testing.util import assert_that, equal_to

from pipeline.beam.launch import replay_archives
from pipeline.beam.steps.batch_coder import AnyBatch, BatchCoder
from pipeline.beam.steps.list_groups import Groups
from pipeline.beam.steps.ticks import BoundedTicks
from pipeline.config import load
from pipeline.model import Batch, Block, Record
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.work import PartitionGroup
from tests.support.job import ended_at, until
from tests.support.wire import copy

_WATCHED = """
import json, sys
seen = []
def watch(event, args):
    if event in ("socket.connect", "socket.sendto"):
        seen.append(str(args[1]))
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "urllib.Request"):
        seen.append(str(args[0]))
    elif event == "subprocess.Popen":
        seen.append("started " + str(args[0]))
sys.addaudithook(watch)
import threading, psutil
stop, remote = threading.Event(), set()
def poll():
    while not stop.wait(0.05):
        for c in psutil.Process().net_connections("inet"):
            if c.raddr:
                remote.add(c.raddr.ip)
threading.Thread(target=poll, daemon=True).start()
from pipeline.beam.launch import replay_archives
from pipeline.config import load
replay_archives(load(None, {"lake": {"url": sys.argv[1]}}), sys.argv[2:])
stop.set()
print(json.dumps({"seen": seen, "remote": sorted(remote)}))
"""


def test_ticks_reach_every_group() -> None:
    """Each beat names each group once."""
    with BeamPipeline(runner=FnApiRunner(), options=PipelineOptions([])) as root:
        found = root | "tick" >> BoundedTicks(2) | "groups" >> Groups([3, 5])
        assert_that(found, equal_to([PartitionGroup(number) for number in (3, 5, 3, 5)]))


def test_no_step_pickles_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps are fused, and Beam's counters ask the size of a batch, not its bytes."""
    (tmp_path / "story").write_bytes(next(copy(1, 2)))
    encoded: list[object] = []
    monkeypatch.setattr(BatchCoder, "encode", lambda _, batch: encoded.append(batch) or b"")
    asked = BatchCoder.estimate_size
    sizes: list[int] = []

    def noted(self: BatchCoder, batch: AnyBatch) -> int:
        sizes.append(asked(self, batch))
        return sizes[-1]

    monkeypatch.setattr(BatchCoder, "estimate_size", noted)
    settings = {"lake": {"url": str(tmp_path / "lake")}, "enrich": {"mode": "none"}}
    replay_archives(load(None, settings), [str(tmp_path / "story")])
    assert encoded == []
    assert sizes == [len((tmp_path / "story").read_bytes())] * 3


def test_a_batch_comes_back_from_its_coder() -> None:
    """An engine that does not fuse two steps sends the batch as bytes."""
    batch = Batch(1, (Block("s/0", 3, 4, 1),), (Record("s/0", 3, b"wire"),))
    coder = BatchCoder()
    assert coder.decode(coder.encode(batch)) == batch
    assert coder.estimate_size(batch) == len(b"wire")


@pytest.mark.engine
@pytest.mark.long
def test_the_default_engine_opens_no_connection_beyond_loopback(tmp_path: Path) -> None:
    """Nothing is downloaded, no job server is started, no name is looked up."""
    (tmp_path / "story").write_bytes(next(copy(1, 2)))
    done = subprocess.run(
        [sys.executable, "-c", _WATCHED, str(tmp_path / "lake"), str(tmp_path / "story")],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    beyond = [a for a in found["seen"] if "127.0.0.1" not in a and "::1" not in a]
    assert beyond == []
    assert [ip for ip in found["remote"] if not ip.startswith("127.") and ip != "::1"] == []
    assert Lake(str(tmp_path / "lake")).dataset("stories").count_rows() == 1


@pytest.mark.engine
@pytest.mark.go
def test_prism_runs_the_same_graph(tmp_path: Path) -> None:
    """Unbounded ticks, the job server of Beam's own; the same rows in the lake."""
    program = (
        "import sys; from pipeline.config import load; "
        "from pipeline.beam.launch import run_on_prism;"
        " run_on_prism(load(None, {'lake': {'url': sys.argv[1]},"
        " 'kafka': {'bootstrap_servers': [sys.argv[2]], 'topics': ['wire']},"
        " 'batch': {'flush_interval_s': 0.2}}), seconds=20)"
    )
    lake = tmp_path / "lake"
    with EmbeddedBroker(topics={"wire": 3}) as broker:
        publish(copy(0, 100), bootstrap_servers=broker.bootstrap_servers, topic="wire")
        done = subprocess.run(
            [sys.executable, "-c", program, str(lake), broker.bootstrap_servers],
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
    assert done.returncode == 0, done.stderr[-3000:]
    assert sum(Lake(str(lake)).dataset("ledger").to_table(["records"]).column(0).to_pylist()) == 100
    report = check(str(lake), strict=True)
    assert report.ok, report.findings


@pytest.mark.engine
@pytest.mark.go
@pytest.mark.long
def test_a_signal_ends_a_job_on_prism_with_its_program(tmp_path: Path) -> None:
    """Nothing of it goes on, and the exit code is that of a job that was stopped."""
    lake = tmp_path / "lake"
    with EmbeddedBroker(topics={"wire": 3}) as broker:
        publish(copy(0, 10), bootstrap_servers=broker.bootstrap_servers, topic="wire")
        command = [sys.executable, "-m", "pipeline.cli", "run", "--runner", "PrismRunner"]
        named = ["--bootstrap-servers", broker.bootstrap_servers, "--topic", "wire"]
        job = psutil.Popen([*command, *named, "--lake", str(lake)], stderr=subprocess.DEVNULL)
        below: list[psutil.Process] = []
        try:
            until(lambda: ended_at(lake) == 10, 240)
            below = job.children(recursive=True)
            assert "prism" in [process.name() for process in below]
            job.send_signal(signal.SIGTERM)
            assert job.wait(60) == 0
            until(lambda: not any(process.is_running() for process in below), 30)
        finally:
            for process in (job, *below):
                if process.is_running():
                    process.kill()
