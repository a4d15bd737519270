"""The promise of the project: SIGKILL at any moment, a second copy at its side, nothing lost."""

from __future__ import annotations

import hashlib
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from pipeline.source.broker import EmbeddedBroker
from pipeline.source.publish import publish
from pipeline.store.check import check
from pipeline.store.lake import Lake
from pipeline.store.rows import decompress
from tests.support.job import JobProcess, running
from tests.support.wire import copy

pytestmark = pytest.mark.engine
KILLS = 20
COPIES = 6
PER_ROUND = 110


def ledger_end(lake: Path) -> int:
    rows = Lake(str(lake)).dataset("ledger").to_table(["records"]).column(0).to_pylist()
    return sum(rows)


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
        before = ledger_end(lake) if lake.exists() else 0
        wait_s = moments.uniform(0.5, 7.0)
        after_commit_s = moments.uniform(0.0, 0.7)
        while time.monotonic() - begin_s < wait_s:
            if lake.exists() and wait_s > 3 and ledger_end(lake) > before:
                time.sleep(after_commit_s)
                break
            time.sleep(0.02)
        for job in jobs:
            job.kill()
    options = ("--until-caught-up",)
    with running(broker.bootstrap_servers, lake, log, *options) as last:
        assert last.wait(300) == 0, log.read_text()[-3000:]
    assert_everything_once(lake, sent)


def assert_everything_once(lake: Path, sent: list[bytes]) -> None:
    report = check(str(lake), strict=True)
    assert report.ok, report.findings
    tables = Lake(str(lake))
    found: Counter[str] = Counter()
    places: Counter[tuple[str, int, int]] = Counter()
    for table in ("stories", "rejects"):
        columns = ["source", "offset", "item", "raw"]
        for row in tables.dataset(table).to_table(columns).to_pylist():
            found[hashlib.sha256(decompress(row["raw"])).hexdigest()] += 1
            places[row["source"], row["offset"], row["item"]] += 1
    assert set(places.values()) == {1}
    assert found == Counter(hashlib.sha256(record).hexdigest() for record in sent)
    blocks = tables.dataset("ledger").to_table(["records"]).column(0).to_pylist()
    assert sum(blocks) == len(sent)
