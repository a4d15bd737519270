"""What a log says is held against itself: its entries, its checkpoints, the files beside it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.schema.contract import TABLES
from pipeline.store.upkeep.clean_up import clean
from tests.support.rows import NOON, SOURCE, a_batch, a_story, altered, enriched, written

LATER = NOON + timedelta(days=9)


@pytest.fixture
def logged(tmp_path: Path) -> Path:
    """A lake whose tables have a checkpoint amid their entries."""
    root = tmp_path / "lake"
    written(root, *(a_batch([enriched(a_story(n))]) for n in range(22)))
    return root


def checkpoint(lake: Path, table: str) -> Path:
    return sorted((lake / table / "_delta_log").glob("*.checkpoint.parquet"))[-1]


def thin_out(path: Path) -> None:
    """Drop every third addition, as a damaged or wrongly written checkpoint would."""
    table = pq.read_table(path)
    adds = [bool(add and add.get("path")) for add in table["add"].to_pylist()]
    kept = [not add or n % 3 > 0 for n, add in enumerate(adds)]
    pq.write_table(table.filter(pa.array(kept)), path)


def files(lake: Path) -> set[Path]:
    return set(lake.glob("*/date=*/**/*.parquet"))


@pytest.mark.parametrize(
    "table", ["ledger", *(pytest.param(t, marks=pytest.mark.long) for t in ("events", "stories"))]
)
def test_a_checkpoint_that_lost_entries_is_found_and_never_made_final(
    logged: Path, table: str
) -> None:
    """The files are whole: clean-up leaves them, so that a repair can still name them."""
    assert check(str(logged), strict=True).ok
    before = files(logged)
    thin_out(checkpoint(logged, table))
    kinds = set(check(str(logged)).counts)
    assert {"log_checkpoint", "lost_file"} <= kinds
    cleaned = clean(Lake(str(logged)), LATER)
    assert (cleaned.removed, files(logged)) == (0, before)
    assert cleaned.lost > 0
    assert not check(str(logged)).ok


def test_what_a_commit_removed_is_no_loss(logged: Path) -> None:
    """Deletion on purpose: the log knows of it, clean-up carries it out, and the check sees it."""
    DeltaTable(str(logged / "entities")).delete(f"source = '{SOURCE}'")
    assert clean(Lake(str(logged)), LATER).removed == 22
    assert set(check(str(logged)).counts) == {"story_found"}


def test_a_missing_entry_is_told(logged: Path) -> None:
    entries = sorted((logged / "events" / "_delta_log").glob("*.json"))
    entries[3].unlink()
    assert check(str(logged)).counts == {"log_entry": 1}


@pytest.mark.parametrize("table", TABLES)
def test_a_damaged_old_entry_is_told_by_deep(logged: Path, table: str) -> None:
    entries = sorted((logged / table / "_delta_log").glob("*.json"))
    entries[2].write_bytes(b'{"commitInfo":')
    assert check(str(logged), deep=True).counts == {"log_entry": 1}


def test_an_emptied_lake_does_not_add_up(lake: Path) -> None:
    """The logs still name how far each source was committed."""
    for table in TABLES:
        altered(lake, table, lambda _: [])
    report = check(str(lake))
    assert report.counts == {"ledger_end": 2}


def test_a_source_without_rows_does_not_add_up(lake: Path) -> None:
    for table in TABLES:
        altered(lake, table, lambda rows: [row for row in rows if row["source"] != SOURCE])
    (finding,) = check(str(lake)).findings
    assert (finding.kind, finding.source, finding.end) == ("ledger_end", SOURCE, 16)
