"""The promise of the project: SIGKILL at any moment, a second copy at its side, nothing lost."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from tests.support.faults import LONG
from tests.support.job import JobProcess, ended_at, running, until
from tests.support.judge import judge_sent
from tests.support.kafka import APACHE_KAFKA
from tests.support.published import Published

pytestmark = pytest.mark.engine
PER_ROUND = 40
WORKER_KILLS = 10 if LONG else 2
PACE_S = 20.0 if LONG else 0.0
"""Between the deaths of workers: one that dies six times within two minutes ends the job."""


class Wire(Published):
    """A broker by name, and how often a job on it is killed."""

    def __init__(self, name: str, servers: str, kills: int) -> None:
        super().__init__(servers)
        self.name, self.kills = name, kills


@pytest.fixture
def wire(either_broker: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> Wire:
    """Each broker in turn; the real one takes longer, and gets fewer blows.

    In the short form its stories are not enriched, so that its jobs are at work sooner: what dies
    amid entities and events is seen beside the embedded one.
    """
    name, servers = either_broker
    if name != "embedded broker" and not LONG:
        monkeypatch.setenv("DATELINE_ENRICH__MODE", "none")
    kills = (160, 8) if name == "embedded broker" else (40, 3)
    return Wire(name, servers, kills[0] if LONG else kills[1])


@pytest.mark.timeout(4800)
def test_the_job_is_killed_at_random_moments_beside_a_second_copy(
    tmp_path: Path, wire: Wire
) -> None:
    """Every third time two copies are at work, and die together. Some of the records are bad.

    Every published record is exactly once in the lake, byte for byte, and after the restarted
    job's clean-up no file is unreferenced.
    """
    moments = random.Random(20231128)
    lake, log = tmp_path / "lake", tmp_path / "job.log"
    longest_s = 0.0
    for kill in range(wire.kills):
        wire.more(PER_ROUND)
        jobs = [
            JobProcess(wire.servers, lake, log, "--flush-interval-s", "0.1")
            for _ in range(2 if kill % 3 == 1 else 1)
        ]
        # From right after the start of the process to well into the stream.
        begin_s = time.monotonic()
        before = ended_at(lake)
        wait_s = moments.uniform(0.5, 7.0)
        after_commit_s = moments.uniform(0.0, 0.7)
        while time.monotonic() - begin_s < wait_s:
            if wait_s > 3 and ended_at(lake) > before:
                longest_s = max(longest_s, time.monotonic() - begin_s)
                time.sleep(after_commit_s)
                break
            time.sleep(0.02)
        for job in jobs:
            job.kill()
    begin_s, before = time.monotonic(), ended_at(lake)
    wire.more(PER_ROUND)
    with running(wire.servers, lake, log, "--until-caught-up") as last:
        until(lambda: ended_at(lake) > before, 240)
        longest_s = max(longest_s, time.monotonic() - begin_s)
        assert last.wait(600) == 0, log.read_text()[-3000:]
    judge_sent(
        lake, {f"SIGKILL of the whole job, {wire.name}": (wire.kills, longest_s)}, wire.records
    )


@pytest.mark.timeout(2400)
@pytest.mark.parametrize(
    "either_broker", ["embedded broker", APACHE_KAFKA][0 if LONG else 1 :], indirect=True
)
def test_a_worker_is_killed_at_random_moments(tmp_path: Path, wire: Wire) -> None:
    """The supervisor starts another; the other worker is not disturbed.

    Beside Apache Kafka alone in the short form.
    """
    moments = random.Random(7)
    lake, log = tmp_path / "lake", tmp_path / "job.log"
    longest_s = 0.0
    with running(wire.servers, lake, log, "--workers", "2") as job:
        expected = wire.more(PER_ROUND)
        until(lambda: ended_at(lake) >= expected, 240)
        for n in range(WORKER_KILLS):
            wire.more(PER_ROUND)
            time.sleep(moments.uniform(0.0, 1.5))
            workers = job.workers()
            workers[n % len(workers)].send_signal(signal.SIGKILL)
            begin_s = time.monotonic()
            expected = wire.more(PER_ROUND)
            until(lambda e=expected: ended_at(lake) >= e, 240)  # type: ignore[misc]
            longest_s = max(longest_s, time.monotonic() - begin_s)
            until(lambda: len(job.workers()) == 2, 240)
            time.sleep(max(0.0, begin_s + PACE_S - time.monotonic()))
        job.process.send_signal(signal.SIGTERM)
        assert job.wait(300) == 0, log.read_text()[-3000:]
    with running(wire.servers, lake, log, "--until-caught-up") as last:
        # What the last of the dead had staged goes as the next job begins, and ends.
        assert last.wait(300) == 0, log.read_text()[-3000:]
    judge_sent(lake, {f"SIGKILL of a worker, {wire.name}": (WORKER_KILLS, longest_s)}, wire.records)
