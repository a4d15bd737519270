"""The lake of these tests in the states that matter, and what it answers."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipeline.store.commit.lake import Lake
from pipeline.store.export.export import export_lake
from pipeline.store.read.query import query
from pipeline.store.upkeep.clean_up import clean_up
from tests.support.rows import NOON
from tests.tools.a_lake import DAY, made
from tests.tools.pages import FIVE


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake, with the Parquet export beside it."""
    return made(tmp_path_factory.mktemp("tools"))


@pytest.fixture(scope="session")
def cleaned(lake: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake after clean-up: the replaced files are gone, and a plain glob is exact."""
    copy = Path(shutil.copytree(lake, tmp_path_factory.mktemp("cleaned") / "lake"))
    assert clean_up(Lake(str(copy)), NOON).removed
    return copy


@pytest.fixture(scope="session")
def ruined(cleaned: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The lake with every page of `stories` destroyed but those of one day; footers are whole."""
    copy = Path(shutil.copytree(cleaned, tmp_path_factory.mktemp("ruined") / "lake"))
    for file in copy.glob("stories/date=*/region=*/*.parquet"):
        if f"date={DAY}" not in str(file):
            held = file.read_bytes()
            pages = len(held) - 8 - int.from_bytes(held[-8:-4], "little")
            file.write_bytes(held[:4] + bytes(pages - 4) + held[pages:])
    return copy


@pytest.fixture(scope="session")
def news(lake: Path) -> Path:
    """An SQLite export."""
    path = lake.parent / "news.sqlite"
    export_lake(str(lake), None, path, NOON, now=NOON)
    return path


@pytest.fixture(scope="session")
def answers(lake: Path) -> Sequence[list[list[Any]]]:
    """What `dateline query` says to the five questions: rows, as JSON has them."""
    return [
        [
            [value if isinstance(value, int) else str(value) for value in row.values()]
            for row in query(str(lake), None, sql, NOON).to_pylist()
        ]
        for sql in FIVE
    ]
