"""A query that takes too much is ended, and says so; any other answers as in this process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.store.read.query import query
from pipeline.store.read.query_apart import query_apart
from tests.support.rows import NOON

GREEDY = "SELECT list_reduce(range(100000000), lambda a, b: a + b)"


def test_the_answer_is_the_same(lake: Path) -> None:
    sql = "SELECT * FROM current_events ORDER BY event_id"
    assert query_apart(str(lake), None, sql, NOON) == query(str(lake), None, sql, NOON)


def test_a_fault_of_the_sql_is_told_as_ever(lake: Path) -> None:
    with pytest.raises(UsageError, match="no_such"):
        query_apart(str(lake), None, "SELECT no_such FROM current", NOON)


@pytest.mark.parametrize("sql", [GREEDY, "SELECT repeat('x', 3000000000)"])
def test_memory_that_duckdb_does_not_count_is_bounded(lake: Path, sql: str) -> None:
    # From a small process: a child begins with the size of its parent, and pytest's may be large.
    program = (
        "import resource, sys\n"
        "from datetime import UTC, datetime\n"
        "from pipeline.errors import UsageError\n"
        "from pipeline.store.read.query_apart import query_apart\n"
        "noon = datetime(2026, 3, 4, 12, tzinfo=UTC)\n"
        "try: query_apart(sys.argv[1], None, sys.argv[2], noon, memory_mb=512, timeout_s=120)\n"
        "except UsageError as error:\n"
        "    assert 'too much memory' in str(error), error\n"
        "    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(lake), sql], capture_output=True, text=True, check=True
    )
    assert 0 < int(done.stdout) * 1024 < 3 * 1024**3


@pytest.mark.long
def test_a_query_without_end_is_ended(lake: Path) -> None:
    endless = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE hash(a, b) = 1"
    with pytest.raises(UsageError, match="too long"):
        query_apart(str(lake), None, endless, NOON, timeout_s=5)


@pytest.mark.long
def test_time_ends_what_memory_does_not(lake: Path) -> None:
    """An aggregate over a list keeps to its memory and would go on for minutes."""
    with pytest.raises(UsageError, match="too long"):
        query_apart(str(lake), None, GREEDY, NOON, memory_mb=4096, timeout_s=5)
