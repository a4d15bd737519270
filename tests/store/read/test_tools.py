"""DuckDB by the snippet of docs/tools-sql.md: every table and view, and the files that it reads.

The other tools' snippets are those of `tests/tools/`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.store.commit.lake import Lake
from pipeline.store.read.query import query
from pipeline.store.read.views import VIEWS
from pipeline.store.upkeep.compact import Sizing, compact
from tests.support.rows import NOON, a_batch, a_story, enriched, written
from tests.tools.pages import snippets


@pytest.fixture
def compacted(lake: Path) -> Path:
    """The small lake with a killed family, compacted, the replaced files still there."""
    writer = written(lake, starts={"cluster/topic/0": 16})
    for n, status in enumerate(("usable", "canceled")):
        story = a_story(16 + n, story_id="killed", version=n + 1, status=status)
        writer.write(a_batch([enriched(story)]))
    writer.close()
    compact(Lake(str(lake)), Sizing(min_files=2), NOON)
    return lake


def opened(lake: Path) -> duckdb.DuckDBPyConnection:
    names: dict[str, Any] = {"lake": str(lake), "as_of": NOON}
    exec(snippets("tools-sql.md")["DuckDB"], names)  # noqa: S102 (our own page)
    connection: duckdb.DuckDBPyConnection = names["connection"]
    return connection


@pytest.mark.long
def test_duckdb_by_the_page_sees_what_the_query_sees(compacted: Path) -> None:
    """In every table and view, the undated story too, and a LIMIT ends."""
    connection = opened(compacted)
    for name in ("stories", "entities", "events", "rejects", "ledger", *VIEWS):
        if name == "current_links":
            continue
        sql = f"SELECT count(*) AS n FROM {name}"
        assert connection.sql(sql).fetchall() == [
            (query(str(compacted), None, sql, NOON).to_pylist()[0]["n"],)
        ], name
    sql = "SELECT count(*) FROM stories WHERE date IS NULL"
    assert connection.sql(sql).fetchall() == [(1,)]
    assert len(connection.sql("SELECT headline FROM stories LIMIT 3").fetchall()) == 3
    assert connection.sql("DESCRIBE SELECT date FROM stories").fetchall()[0][1] == "DATE"


def test_a_filter_on_the_day_reads_that_day_s_files(compacted: Path) -> None:
    connection = opened(compacted)
    plan = connection.execute(
        "EXPLAIN ANALYZE SELECT headline FROM stories WHERE date = DATE '2026-03-05'"
    ).fetchall()[0][1]
    told = re.search(r"Total Files Read:\s*(\d+)", plan)
    assert told is not None, plan
    assert int(told[1]) == 1
