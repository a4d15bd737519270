"""The promise of the project: SIGKILL at any moment, a second copy at its side, nothing lost."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from pipeline.source.broker import EmbeddedBroker
from pipeline.source.publish import publish
from tests.support.job import JobProcess, ended_at, running
from tests.support.judge import assert_everything_once
from tests.support.wire import copy

pytestmark = pytest.mark.engine
KILLS = 20
COPIES = 6
PER_ROUND = 110


@pytest.mark.timeout(1500)
def test_sigkill_at_random_moments_beside_a_second_copy(
    tmp_path: Path, broker: EmbeddedBroker
) -> None:
    """20 kills, 6 of them with two copies at work, over 2,200 records with bad ones among them.

    Every published record is exactly once in the lake, byte for byte, and after the restarted
    job's clean-up no file is unreferenced.
    """
    moments = random.Random(20231128)
    lake, log = tmp_path / "lake", tmp_path / "job.log"
    sent: list[bytes] = []
    for kill in range(KILLS):
        records = list(copy(kill * PER_ROUND, (kill + 1) * PER_ROUND))
        publish(records, bootstrap_servers=broker.bootstrap_servers, topic="wire")
        sent += records
        jobs = [JobProcess(broker.bootstrap_servers, lake, log)]
        if kill % 3 == 1 and kill < 3 * COPIES:
            jobs.append(JobProcess(broker.bootstrap_servers, lake, log))
        # From right after the start of the process to well into the stream.
        begin_s = time.monotonic()
        before = ended_at(lake)
        wait_s = moments.uniform(0.5, 7.0)
        after_commit_s = moments.uniform(0.0, 0.7)
        while time.monotonic() - begin_s < wait_s:
            if wait_s > 3 and ended_at(lake) > before:
                time.sleep(after_commit_s)
                break
            time.sleep(0.02)
        for job in jobs:
            job.kill()
    options = ("--until-caught-up",)
    with running(broker.bootstrap_servers, lake, log, *options) as last:
        assert last.wait(300) == 0, log.read_text()[-3000:]
    assert_everything_once(lake, sent)
