"""A topic moves to another cluster: the new sources begin where the old ones end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import UsageError
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.read.snapshot import open_snapshot
from pipeline.store.read.sources import sources
from pipeline.store.schema.contract import TABLES
from pipeline.store.upkeep.move import Move, move, plan_moves
from tests.support.rows import NOON


def names(lake: Path) -> list[str]:
    return [state.source for state in sources(open_snapshot(str(lake)))]


def test_every_table_gets_the_start_and_the_lake_stays_clean(lake: Path) -> None:
    """All partitions of a topic at once; the old sources are as they were."""
    old = names(lake)[0]
    before = {s.source: s for s in sources(open_snapshot(str(lake)))}
    (planned,) = plan_moves(list(before.values()), old, "kafka/new/wire/id/0", offset_shift=100)
    assert planned.start == before[old].end + 100
    tables = Lake(str(lake))
    move(tables, [planned], NOON)
    for table in TABLES:
        tables.refresh(table)
        assert tables.committed(table, [planned.new]) == {planned.new: planned.start}
    after = {s.source: s for s in sources(open_snapshot(str(lake)))}
    assert after.pop(planned.new).records == 0
    assert after == before
    report = check(str(lake), strict=True)
    assert report.ok, report.findings


def test_it_may_be_done_again_and_finishes_what_died(lake: Path) -> None:
    """A move that reached only the first table goes on with that start."""
    old = names(lake)[0]
    planned = plan_moves(sources(open_snapshot(str(lake))), old, "kafka/new/wire/id/0")
    points: list[str] = []

    class DiedError(Exception):
        pass

    def die(point: str) -> None:
        points.append(point)
        if point == "entities.begin":
            raise DiedError

    with pytest.raises(DiedError):
        move(Lake(str(lake), on_point=die), planned, NOON)
    for _ in range(2):
        again = plan_moves(sources(open_snapshot(str(lake))), old, "kafka/new/wire/id/0")
        move(Lake(str(lake)), again, NOON)
    assert again[0].is_done
    assert check(str(lake), strict=True).ok


def test_an_old_writer_that_compared_before_is_refused(lake: Path) -> None:
    """Its commit to the old source, from a handle of before the move, conflicts."""
    from pipeline.store.commit.conflict import ConflictError
    from pipeline.store.commit.lake import Commit

    (planned,) = plan_moves(
        sources(open_snapshot(str(lake))), names(lake)[0], "kafka/new/wire/id/0"
    )
    stale = Lake(str(lake))
    stale.refresh("rejects")
    move(Lake(str(lake)), [planned], NOON)
    late = Commit("rejects", [], {planned.old: planned.end + 5}, "late-1", "late", NOON)
    with pytest.raises(ConflictError):
        stale.commit(late)


def test_a_source_that_is_there_with_another_start_is_refused(lake: Path) -> None:
    known = sources(open_snapshot(str(lake)))
    old = known[0].source
    move(Lake(str(lake)), plan_moves(known, old, "kafka/new/wire/id/0"), NOON)
    known = sources(open_snapshot(str(lake)))
    with pytest.raises(UsageError, match="another start"):
        plan_moves(known, old, "kafka/new/wire/id/0", offset_shift=1)
    with pytest.raises(UsageError, match="no such source"):
        plan_moves(known, "kafka/none", "kafka/new")
    with pytest.raises(UsageError, match="cannot be moved"):
        plan_moves(known, old, old)
    with pytest.raises(UsageError, match="cannot be moved"):
        plan_moves(known, old, "kafka/other/wire/id/0", offset_shift=-1_000_000)
    elsewhere = Move(old, "kafka/new/wire/id/0", 0, 77)
    with pytest.raises(UsageError, match="began the new source elsewhere"):
        move(Lake(str(lake)), [elsewhere], NOON)


def test_the_command(lake: Path) -> None:
    """`source list`, `source move` of a whole topic, and `source list` again."""
    run = CliRunner()
    old = names(lake)[0].rpartition("/")[0]
    count = sum(name.startswith(f"{old}/") for name in names(lake))
    done = run.invoke(app, ["source", "move", old, "kafka/new/wire/id", "--lake", str(lake)])
    assert done.exit_code == 0, done.output
    assert done.output.count("begins at") == count
    listed = run.invoke(app, ["source", "list", "--lake", str(lake), "--json"])
    found = {row["source"]: row for row in json.loads(listed.output)}
    assert sum(name.startswith("kafka/new/wire/id/") for name in found) == count
    assert run.invoke(app, ["source", "list", "--lake", str(lake)]).exit_code == 0
