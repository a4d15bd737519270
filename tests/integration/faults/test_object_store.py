"""The same promises on an object store: by conditional put, through 503s and lost answers."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.store.commit.lake import Lake
from pipeline.store.explain.explain import explain
from tests.support import writing
from tests.support.faults import LONG, record_opened
from tests.support.forks import Process
from tests.support.judge import judge_written
from tests.support.object_store import SECRET, Store, options_of
from tests.support.watch import GlobReader

pytestmark = pytest.mark.engine
URL = "s3://news/lake"
RECORDS = 60 if LONG else 15


@pytest.fixture
def store() -> Iterator[Store]:
    pytest.importorskip("moto")
    running = Store()
    with GlobReader(running.files(), "news") as reader:
        yield running
    running.close()
    assert not reader.failures
    record_opened(reader.opened)


def started(endpoint: str, what: str, *options: str, **more: str) -> Process:
    pairs = [f"--option={k}={v}" for k, v in options_of(endpoint, **more).items()]
    return writing.started(URL, what, *options, *pairs, joined=True)


def ended(process: Process) -> tuple[int, str]:
    output, _ = process.communicate(timeout=300)
    assert SECRET not in output
    return process.wait(1), output


def judged(store: Store, fault: str, injected: int, records: int) -> None:
    judge_written(URL, fault, injected, records, options=options_of(store.endpoint))


def test_concurrent_writers_and_compactions_by_conditional_put(store: Store) -> None:
    """Two writers of the same sources beside a compaction."""
    everyone = [
        started(store.endpoint, "write", "--records", str(RECORDS), "--batch", "5"),
        started(store.endpoint, "write", "--records", str(RECORDS), "--batch", "4"),
    ]
    assert [ended(process)[0] for process in everyone] == [0, 0]
    everyone = [
        started(store.endpoint, "write", "--records", str(2 * RECORDS), "--batch", "5"),
        started(store.endpoint, "compact"),
        started(store.endpoint, "compact"),
    ]
    assert [ended(process)[0] for process in everyone] == [0, 0, 0]
    assert ended(started(store.endpoint, "compact"))[0] == 0
    judged(store, "object store: concurrent writers and compactions", 3, 2 * RECORDS)


@pytest.mark.parametrize(
    ("what", "shares"),
    [
        ("503 answers", {"busy": 0.15}),
        ("answers lost after the work was done", {"lost": 0.1}),
        ("answers slower than the client's timeout", {"slow": 0.03, "slow_s": 2.0}),
    ],
)
def test_a_store_that_fails_now_and_then(store: Store, what: str, shares: dict[str, float]) -> None:
    """Client or job tries again; a commit whose answer was lost is recognised, not repeated."""
    store.plan(**shares)
    written = ("write", "--records", str(RECORDS), "--batch", "5")
    for _ in range(20):
        code, output = ended(started(store.faulty, *written, timeout="1s"))
        # A conditional put that times out is not tried again by the client, but by the job.
        assert code in (0, 12), output
        if code == 0:
            break
    assert code == 0, output
    counts = store.counts()
    assert ended(started(store.endpoint, "compact"))[0] == 0
    injected = sum(n for fate, n in counts.items() if fate != "pass")
    assert injected > 0
    judged(store, f"object store: {what}", injected, RECORDS)


def test_a_kill_between_files_and_commit(store: Store) -> None:
    """The files are removed behind the fence once the restarted writer has passed them."""
    for point in ("entities.log", "stories.log", "stories.done"):
        code, _ = ended(
            started(store.endpoint, "write", "--records", "10", "--batch", "5", "--point", point)
        )
        assert code in (-signal.SIGKILL, 0)
    assert ended(started(store.endpoint, "write", "--records", "10"))[0] == 0
    assert ended(started(store.endpoint, "clean"))[0] == 0
    judged(store, "object store: SIGKILL between files and commit", 3, 10)


def test_a_store_that_is_down_is_one_line_and_exit_code_12(store: Store) -> None:
    """One line of error; the one before it warns that the store's promises could not be asked."""
    store.plan(is_down=True)
    code, output = ended(started(store.faulty, "write", max_retries="1", retry_timeout="2s"))
    assert code == 12
    warning, error = output.strip().splitlines()
    assert "could not be asked whether it has put-if-absent" in warning
    assert "SlowDown" in error
    store.plan()
    assert ended(started(store.faulty, "write", "--records", "10"))[0] == 0
    judged(store, "object store: down, then up", 1, 10)


def test_the_lake_explains_itself_there_too(store: Store) -> None:
    """Files beside the tables: written once, and left alone where they are equal."""
    assert ended(started(store.endpoint, "write", "--records", "10"))[0] == 0
    assert "views.sql" in explain(URL, options_of(store.endpoint))
    assert explain(URL, options_of(store.endpoint)) == []
    judged(store, "object store: beside files of no table", 0, 10)


def test_the_secret_is_in_no_error_log_or_lake(store: Store, tmp_path: Path) -> None:
    """Not in what a refused request tells, nor in any object; every output above is looked at."""
    import http.client

    wrong = started("http://127.0.0.1:9", "write", max_retries="0", retry_timeout="1s")
    assert ended(wrong)[0] == 12
    assert ended(started(store.endpoint, "write", "--records", "5"))[0] == 0
    files = Lake(URL, options_of(store.endpoint)).files
    host = store.endpoint.removeprefix("http://")
    paths = files.list("stories") + [f"stories/_delta_log/{n:020}.json" for n in range(3)]
    for path in paths:
        asked = http.client.HTTPConnection(host)
        asked.request("GET", f"/news/lake/{path}")
        assert SECRET.encode() not in asked.getresponse().read()
