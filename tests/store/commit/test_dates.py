"""Stories of any day that a calendar has: in the right partition, readable by every tool."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.read.query import query
from pipeline.store.upkeep.compact import Sizing, compact
from tests.support.rows import NOON, a_batch, a_story, enriched, written

MOMENTS = {
    "first": datetime(1, 1, 1, tzinfo=UTC),
    "leap_1904": datetime(1904, 2, 29, 23, 59, 59, tzinfo=UTC),
    "epoch": datetime(1970, 1, 1, tzinfo=UTC),
    "before_epoch": datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    "leap_2000": datetime(2000, 2, 29, 12, tzinfo=UTC),
    "leap_2024": datetime(2024, 2, 29, tzinfo=UTC),
    "beyond_nanoseconds": datetime(2300, 1, 1, tzinfo=UTC),
    "last": datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC),
    "undated": None,
}


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """Each story twice, in two batches, so that there is something to compact."""
    for_each = [list(MOMENTS.values()), list(MOMENTS.values())]
    batches, offset = [], 0
    for moments in for_each:
        stories = []
        for moment in moments:
            story = a_story(offset, published_at=moment, story_id=f"family-{offset}")
            stories.append(enriched(story, region="western-asia"))
            offset += 1
        batches.append(a_batch(stories))
    written(tmp_path, *batches)
    return tmp_path


def test_each_lands_in_the_partition_of_its_day(lake: Path) -> None:
    """Without a date in the null partition, never in today's."""
    found = {path.name for path in (lake / "stories").glob("date=*")}
    days = {f"date={m.date().isoformat()}" for m in MOMENTS.values() if m is not None}
    assert found == days | {"date=__HIVE_DEFAULT_PARTITION__"}
    assert "date=0001-01-01" in found
    report = check(str(lake), strict=True)
    assert report.ok, report.findings


def test_compaction_keeps_them_there(lake: Path) -> None:
    compact(Lake(str(lake)), Sizing(min_files=2), NOON)
    assert len(Lake(str(lake)).active("stories")) == len(MOMENTS)
    report = check(str(lake))
    assert report.ok, report.findings


def test_our_query_and_a_plain_glob_in_duckdb_read_them(lake: Path) -> None:
    """As dates, the undated as null."""
    days = sorted(m.date() for m in MOMENTS.values() if m is not None)
    sql = "select distinct date from {} order by date nulls last"
    asked = query(str(lake), {}, sql.format("stories"), NOON).to_pylist()
    assert [row["date"] for row in asked] == [*days, None]
    glob = f"read_parquet('{lake}/stories/date=*/region=*/*.parquet', hive_partitioning=true)"
    rows = duckdb.sql(sql.format(glob)).fetchall()
    assert [_day(row[0]) for row in rows] == [*days, None]
    moments = duckdb.sql(
        f"select min(published_at::timestamp), max(published_at::timestamp) from {glob}"
    )
    ((low, high),) = moments.fetchall()
    assert (low.year, high.year) == (1, 9999)


def _day(value: object) -> object:
    return date.fromisoformat(value) if isinstance(value, str) else value


def test_the_view_takes_the_latest_of_a_family_whatever_its_date(lake: Path) -> None:
    """All are usable stories of families of their own."""
    asked = query(str(lake), {}, "select count(*) as n from current", NOON).to_pylist()
    assert asked == [{"n": 2 * len(MOMENTS)}]
