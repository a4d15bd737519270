"""A lake with one data file that is much larger than what is read of it at once."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from pipeline.store.commit.actions import add_action
from pipeline.store.commit.data_files import Marks, encode
from pipeline.store.commit.delta import folder_of
from pipeline.store.commit.lake import Lake
from pipeline.store.schema.contract import contract
from pipeline.store.schema.rows import story_row, table_of
from tests.support.rows import NOON, a_story, enriched


def with_large_file(root: Path, copies: int) -> tuple[Lake, pa.Table]:
    """A new lake whose file of stories holds 500 long ones so many times, and its rows."""
    lake = Lake(str(root))
    lake.refresh("stories")
    stories = [enriched(a_story(n, paragraphs=(f"{n} " * 300,))) for n in range(500)]
    rows = table_of("stories", [story_row(story, "", "") for story in stories])
    rows = pa.concat_tables([rows.select(contract("stories").file_schema.names)] * copies)
    partition = {"date": "2026-03-04", "region": "western-asia"}
    path = f"{folder_of(partition)}one.parquet"
    data = encode(rows, Marks({}))
    lake.files.write(f"stories/{path}", data, "w")
    action = add_action("stories", path, data.size, partition, rows, NOON)
    lake.commit_actions("stories", [action], {}, "one")
    return lake, rows
