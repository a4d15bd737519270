"""Each tool that the pages name opens the lake by its snippet and says what `dateline query` says.

On a lake with a story that has no date, one of 1870, rows of two versions of the columns, files
that compaction has replaced, a killed family, an embargo. Each runs in a process of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from tests.tools.a_lake import DAY
from tests.tools.pages import FIVE, ONE_DAY, asked, frame, one_day, snippets

Answers = Sequence[list[list[Any]]]

SQL = snippets("tools-sql.md")
FRAMES = snippets("tools-frames.md")
OURS = ("DuckDB", "DuckDB, with nothing else", "PyArrow", "deltalake")
"""Tools that the package itself needs; the others are those of the group `tools`."""

PLAIN = ("DuckDB, with nothing else", "Spark, without Delta")
"""They read the folder itself, and are exact once replaced files are gone."""


def cases(names: Sequence[str]) -> list[Any]:
    return [
        pytest.param(name, id=name, marks=[] if name in OURS else pytest.mark.tools)
        for name in names
        if not name.startswith("Spark")
    ]


def given(lake: Path, cleaned: Path, name: str) -> dict[str, str]:
    at = cleaned if name in PLAIN else lake
    return {"lake": str(at), "export": str(lake.parent / "export")}


def code_of(name: str) -> str:
    return (SQL["Polars"] if name == "Ibis" else "") + SQL[name]


def test_the_lake_has_what_makes_tools_differ(lake: Path, answers: Answers) -> None:
    """Or the tests below would show nothing."""
    files = DeltaTable(f"{lake}/stories").file_uris()
    assert len({len(pq.read_schema(file).names) for file in files}) > 1
    assert len(list(lake.glob("stories/date=*/region=*/*.parquet"))) > len(files)
    ((total,),), ((undated,),), ((first, last),), regions, roots = answers
    assert (undated, first, last) == (1, "1870-07-19", DAY)
    assert total > sum(count for _, count in regions) > 0
    assert len(regions) == 2
    assert len(roots) > 3


def test_two_stars_meet_the_rows_of_the_log(cleaned: Path, tmp_path: Path) -> None:
    """As the page says of globs: a column is not found, `count(*)` counts them in silence."""
    stories = Path(shutil.copytree(cleaned / "stories", tmp_path / "stories"))
    table = DeltaTable(stories)
    table.create_checkpoint()
    rows = table.to_pyarrow_dataset().count_rows()
    counted = "SELECT count(*) FROM '{}/{}'"
    of_the_page = duckdb.sql(counted.format(stories, "date=*/region=*/*.parquet")).fetchall()
    assert of_the_page == [(rows,)]
    ((two_stars,),) = duckdb.sql(counted.format(stories, "**/*.parquet")).fetchall()
    assert two_stars > rows
    with pytest.raises(duckdb.Error):
        duckdb.sql(f"SELECT headline FROM '{stories}/**/*.parquet'").fetchall()


@pytest.mark.parametrize("name", cases(list(SQL)))
@pytest.mark.long
def test_an_engine_answers_the_five_questions(
    lake: Path, cleaned: Path, ruined: Path, answers: Answers, name: str
) -> None:
    """And that of one day where all other days are destroyed."""
    code = code_of(name)
    assert asked(code, FIVE, given(lake, cleaned, name)) == answers
    at = {**given(lake, cleaned, name), "lake": str(ruined)}
    assert asked(code, [FIVE[ONE_DAY]], at) == [answers[ONE_DAY]]


@pytest.mark.parametrize("name", cases(list(FRAMES)))
def test_a_data_frame_answers_the_five_questions(
    lake: Path, cleaned: Path, ruined: Path, answers: Answers, name: str
) -> None:
    """And that of one day where all other days are destroyed."""
    ((total,),), ((undated,),), ((first, last),), regions, roots = answers
    code = FRAMES[name]
    told = frame(code, given(lake, cleaned, name))
    assert told.pop("roots", dict(roots)) == dict(roots)
    assert told == {
        "total": total,
        "undated": undated,
        "first": first,
        "last": last,
        "regions": dict(regions),
    }
    at = {**given(lake, cleaned, name), "lake": str(ruined)}
    assert one_day(code, at) == dict(regions)
