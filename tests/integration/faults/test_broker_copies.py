"""Several copies of the job on the same partitions: one wins each batch, the others stand back."""

from __future__ import annotations

import itertools
import signal
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil
import pytest

from pipeline.model import Batch
from pipeline.source.kafka.publish import publish
from pipeline.work import PartitionGroup
from tests.support.faults import LONG
from tests.support.job import JobProcess, ended_at, until
from tests.support.judge import judge_sent
from tests.support.kafka import Stepped, settings_for
from tests.support.published import Published
from tests.support.wire import copy

pytestmark = [
    pytest.mark.engine,
    pytest.mark.usefixtures("lean"),
    pytest.mark.timeout(1200),
]
ROUNDS = 10 if LONG else 2
PER_NAP = 60


@pytest.mark.parametrize("groups", [(1, 1, 1), (1, 3), *(((1, 1), (4, 2)) if LONG else ())])
def test_copies_in_turn(
    tmp_path: Path, either_broker: tuple[str, str], groups: tuple[int, ...]
) -> None:
    """Two or three jobs, also with other numbers of groups, as when N groups become M while the old
    copies still run: all of it once, and it goes on. Each reads before any of them writes."""
    lake, (_, servers) = tmp_path / "lake", either_broker
    jobs = [
        Stepped(settings_for((servers,), "wire", lake, job={"groups": number})) for number in groups
    ]
    lost, rounds = 0, itertools.count(1)
    sent: list[bytes] = []
    begin_s = time.monotonic()
    # A broker that answers late may let none read beside another: then there is one round more.
    while (n := next(rounds)) <= ROUNDS or not lost:
        more = list(copy(len(sent), len(sent) + 30))
        publish(more, bootstrap_servers=servers, topic="wire", timeout_s=120)
        sent += more
        for job in jobs if n % 2 else reversed(jobs):
            lost += _together([job, *jobs])
    until(lambda: _together(jobs) >= 0 and ended_at(lake) >= len(sent), 300)
    seconds = time.monotonic() - begin_s
    for job in jobs:
        job.job.close()
    name = "groups changed beside old copies" if len(set(groups)) > 1 else "copies of the job"
    judge_sent(lake, {name: (lost, seconds / (n - 1))}, sent)


def _together(jobs: list[Stepped]) -> int:
    """All read what is there, then all write; how many sources were lost to another."""
    read = [
        (job, batches)
        for job in dict.fromkeys(jobs)
        for group in range(job.settings.groups)
        if (batches := _first(job, group)) is not None
    ]
    lost = 0
    for job, batch in read:
        for parsed in job.job.parse(batch):
            lost += len(job.job.write(job.job.enrich(parsed)).lost)
    return lost


def _first(job: Stepped, group: int) -> Batch | None:
    """The next batch; the reader is not left waiting for what becomes of it."""
    found = list(itertools.islice(job.job.read(PartitionGroup(group)), 1))
    return found[0] if found else None


def test_a_copy_that_slept_while_another_took_over(
    tmp_path: Path, either_broker: tuple[str, str]
) -> None:
    """SIGSTOP at several moments of the stream, SIGCONT after the other has written on: the sleeper
    writes nothing twice, says what it lost, and goes on reading."""
    lake, logs = tmp_path / "lake", [tmp_path / "one.log", tmp_path / "two.log"]
    _, servers = either_broker
    sent = Published(servers)
    times = 6 if LONG else 2

    def there(count: int) -> Callable[[], bool]:
        return lambda: ended_at(lake) >= count

    jobs = [JobProcess(servers, lake, log, "--flush-interval-s", "0.5") for log in logs]
    longest = 0.0
    try:
        until(there(sent.more(PER_NAP)), 240)
        # Until both are at work: one of them may have written all before the other began.
        until(lambda: _have_committed(logs) or not sent.more(5), 240)
        for n in range(times):
            sleeper = jobs[n % 2]
            # In the middle of a batch: what it read is in its memory, half of it written maybe.
            before = ended_at(lake)
            expected = sent.more(PER_NAP)
            until(lambda b=before: ended_at(lake) > b, 240)  # type: ignore[misc]
            _signal(sleeper, signal.SIGSTOP)
            begin_s = time.monotonic()
            expected = sent.more(PER_NAP)
            until(there(expected), 240)
            longest = max(longest, time.monotonic() - begin_s)
            _signal(sleeper, signal.SIGCONT)
            until(there(sent.more(PER_NAP)), 240)
        for job in jobs:
            job.process.send_signal(signal.SIGTERM)
        assert [job.wait(120) for job in jobs] == [0, 0]
    finally:
        for job in jobs:
            _signal(job, signal.SIGCONT)
            if job.process.poll() is None:
                job.kill()
    assert all("another writer was first" in log.read_text() for log in logs)
    judge_sent(lake, {"copy paused while another took over": (times, longest)}, sent.records)


def _have_committed(logs: Iterable[Path]) -> bool:
    return all("batch committed" in log.read_text() for log in logs)


def _signal(job: JobProcess, number: int) -> None:
    try:
        root = psutil.Process(job.process.pid)
        for one in (*root.children(recursive=True), root):
            one.send_signal(number)
    except psutil.NoSuchProcess:
        return
