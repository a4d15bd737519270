"""A damaged checkpoint or hint is rebuilt from the entries; nothing is done unasked, or guessed."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import UsageError
from pipeline.store.check.judge import check
from pipeline.store.upkeep.repair import plan_repairs, repair
from tests.support.laws import sample


def checkpoint(lake: Path) -> Path:
    return sorted((lake / "events" / "_delta_log").glob("*.checkpoint.parquet"))[-1]


def without_additions(lake: Path) -> None:
    rows = pq.read_table(checkpoint(lake))
    kept = [not (add and add.get("path")) for add in rows["add"].to_pylist()]
    pq.write_table(rows.filter(pa.array(kept)), checkpoint(lake))


def cut_short(lake: Path) -> None:
    checkpoint(lake).write_bytes(checkpoint(lake).read_bytes()[:-20])


def half_a_hint(lake: Path) -> None:
    (lake / "events" / "_delta_log" / "_last_checkpoint").write_text('{"version":')


def hint_to_nothing(lake: Path) -> None:
    (lake / "events" / "_delta_log" / "_last_checkpoint").write_text('{"version":7,"size":3}')


@pytest.mark.parametrize(
    "damage",
    sample([without_additions, cut_short, half_a_hint, hint_to_nothing]),
    ids=lambda f: f.__name__,
)
def test_what_the_entries_say_is_rebuilt(logged: Path, damage) -> None:  # type: ignore[no-untyped-def]
    damage(logged)
    before = {path: path.stat().st_mtime_ns for path in logged.rglob("*") if path.is_file()}
    assert [(r.table, r.is_possible) for r in plan_repairs(str(logged))] == [("events", True)]
    after = {path: path.stat().st_mtime_ns for path in logged.rglob("*") if path.is_file()}
    assert before == after
    assert len(repair(str(logged))) == 1
    assert plan_repairs(str(logged)) == []
    assert check(str(logged), strict=True, deep=True).counts == {}


def test_what_the_entries_no_longer_say_is_left(logged: Path) -> None:
    """An entry below the checkpoint is gone: what it said is nowhere else."""
    cut_short(logged)
    sorted((logged / "events" / "_delta_log").glob("*.json"))[3].unlink()
    assert [r.is_possible for r in plan_repairs(str(logged))] == [False]
    assert repair(str(logged)) == []


def test_a_sound_lake_needs_none(logged: Path) -> None:
    assert plan_repairs(str(logged)) == []


def test_no_lake_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no lake"):
        plan_repairs(str(tmp_path / "nowhere"))
