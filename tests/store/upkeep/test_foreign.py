"""Another Delta tool has rewritten a table: what Dateline then does, and how it is mended."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from deltalake import DeltaTable

from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.upkeep.clean_up import clean_up
from tests.support.rows import NOON, SOURCE

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def rewritten(lake: Path) -> tuple[Path, int]:
    """A lake whose stories another tool has rewritten, and the version of before."""
    table = DeltaTable(str(lake / "stories"))
    before = table.version()
    table.update(updates={"body": "'forged'"})
    return lake, before


def test_upkeep_and_readers_go_on(rewritten: tuple[Path, int]) -> None:
    """Files of other types of text than ours stop neither clean-up nor a writer's look at rows."""
    lake, _ = rewritten
    rows = Lake(str(lake)).rows("stories", SOURCE, 0, 100, ["offset"])
    clean_up(Lake(str(lake)), LATER, 0)
    assert Lake(str(lake)).rows("stories", SOURCE, 0, 100, ["offset"]) == rows
    assert {"foreign_file", "content_hash"} <= check(str(lake)).counts.keys()


def test_the_version_of_before_is_restored(rewritten: tuple[Path, int]) -> None:
    """As docs/upkeep.md says; what the other tool wrote is then litter."""
    lake, before = rewritten
    assert "foreign_file" in check(str(lake)).counts
    DeltaTable(str(lake / "stories")).restore(before)
    report = check(str(lake), deep=True)
    assert report.ok, report.findings
    assert Lake(str(lake)).rows("stories", SOURCE, 0, 100, ["offset"])
