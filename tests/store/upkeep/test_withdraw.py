"""What is withdrawn is gone, stays accounted for, and nothing else changes; whatever dies."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.errors import UsageError
from pipeline.model import Block, EnrichedBatch
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.read.query import query
from pipeline.store.schema.contract import TABLES
from pipeline.store.schema.rows import (
    Row,
    entity_rows,
    event_rows,
    ledger_row,
    reject_row,
    story_row,
)
from pipeline.store.upkeep.clean_up import clean_up
from pipeline.store.upkeep.compact import Sizing, compact
from pipeline.store.upkeep.round import drop_repeats
from pipeline.store.upkeep.withdraw import (
    DELETED,
    REPEAT,
    Withdrawable,
    named_stories,
    repeated_stories,
    withdraw,
)
from tests.store.commit.test_write import Killed
from tests.support.copies import made_once
from tests.support.laws import sample
from tests.support.rows import NOON, a_batch, a_reject, a_story, enriched, forced, written

LATER = NOON + timedelta(hours=1)
ONE, OTHER = "archive/one", "archive/other"
SAME = ("r0", "r1", "r2")


@made_once
def raced(root: Path) -> None:
    """Two archives side by side that both hold three revisions, and what each has alone."""

    def batch(source: str) -> EnrichedBatch:
        shared = [
            a_story(n, source=source, story_id=f"f{n}", revision_id=revision, received_at=None)
            for n, revision in enumerate(SAME)
        ]
        own = a_story(3, source=source, story_id=f"own-{source}", received_at=None)
        found = [enriched(story) for story in (*shared, own)]
        return a_batch(found, [a_reject(4, source=source)])

    written(root, batch(ONE))
    # Another writer, which did not see the first one's rows when it decided.
    for table, rows in _rows_of(batch(OTHER)).items():
        forced(root, table, [], {OTHER: 0})
        forced(root, table, rows, {OTHER: 5})


def _rows_of(batch: EnrichedBatch) -> dict[str, list[Row]]:
    """The rows of a batch of one block, as a writer that knows no repeats commits them."""
    entities = [row for story in batch.stories for row in entity_rows(story)]
    events = [row for story in batch.stories for row in event_rows(story)]
    common: dict[str, Any] = {
        "enrichment_id": batch.enrichment_id,
        "writer": "w",
        "committed_at": NOON,
    }
    block = batch.blocks[0]
    start = ledger_row(
        Block(block.source, 0, 0),
        stories=0,
        rejects=0,
        skipped=0,
        entities=0,
        events=0,
        **common,
    )
    whole = ledger_row(
        Block(block.source, 0, 5, 5, 5),
        stories=4,
        rejects=1,
        skipped=0,
        entities=len(entities),
        events=len(events),
        **common,
    )
    return {
        "rejects": [reject_row(reject) for reject in batch.rejects],
        "entities": entities,
        "events": events,
        "stories": [story_row(story, "a_model", "0") for story in batch.stories],
        "ledger": [start, whole],
    }


def shown(root: Path) -> dict[str, list[str]]:
    """What readers of the views see."""
    return {
        view: sorted(map(repr, query(str(root), None, f"SELECT * FROM {view}", LATER).to_pylist()))
        for view in ("current", "current_entities", "current_events")
    }


def places(stories: Sequence[Withdrawable]) -> list[tuple[str, int, int]]:
    return [story.coordinates for story in stories]


def drop(root: Path, on_point: Callable[[str], None] | None = None) -> None:
    lake = Lake(str(root)) if on_point is None else Lake(str(root), on_point=on_point)
    withdraw(lake, repeated_stories(lake), REPEAT, "it repeats another row", LATER)


def test_what_raced_in_twice_is_dropped(tmp_path: Path) -> None:
    """One row of each revision stays, the views show what they did, and the lake adds up."""
    raced(tmp_path)
    assert check(str(tmp_path)).counts == {"repeat": 3}
    before = shown(tmp_path)
    lake = Lake(str(tmp_path))
    assert places(repeated_stories(lake)) == [(OTHER, n, 0) for n in range(3)]
    drop(tmp_path)
    # Files of which no row is left are no dead writer's, also before clean-up.
    report = check(str(tmp_path), strict=True)
    assert (report.ok, report.counts.keys()) == (True, {"replaced"}), report.findings
    clean_up(Lake(str(tmp_path)), LATER + timedelta(hours=1))
    report = check(str(tmp_path), strict=True, deep=True)
    assert (report.ok, report.counts) == (True, {}), report.findings
    assert {t.table: t.rows for t in report.tables}["stories"] == 5
    assert repeated_stories(Lake(str(tmp_path))) == []
    assert shown(tmp_path) == before


def test_upkeep_drops_repeats_of_closed_days_where_that_is_asked(tmp_path: Path) -> None:
    """Not those of yesterday and today, to which more may come; a job's round once a day."""
    raced(tmp_path)
    before = shown(tmp_path)
    for days, dropped in ((0, 0), (1, 0), (2, 3), (2, 0)):
        assert drop_repeats(Lake(str(tmp_path)), NOON + timedelta(days=days)) == dropped, days
    assert shown(tmp_path) == before
    assert check(str(tmp_path)).ok


def test_what_the_law_wants_gone_is_in_no_file(tmp_path: Path) -> None:
    """Of all sources, with all that was found in it; the skip says no word of the text."""
    raced(tmp_path)
    lake = Lake(str(tmp_path))
    found = named_stories(lake, story_ids=["f1"])
    assert places(found) == [(ONE, 1, 0), (OTHER, 1, 0)]
    done = withdraw(lake, found, DELETED, "request 17", LATER)
    assert (done.stories, done.blocks) == (2, 2)
    clean_up(Lake(str(tmp_path)), LATER, 0)
    report = check(str(tmp_path), strict=True, deep=True)
    assert report.counts == {"repeat": 2}, report.findings
    for table in ("stories", "entities", "events"):
        there = Lake(str(tmp_path)).dataset(table).to_table(["story_id"])["story_id"].to_pylist()
        assert "f1" not in there
        assert "f0" in there
    skips = Lake(str(tmp_path)).dataset("rejects").to_table().to_pylist()
    told = [row for row in skips if row["kind"] == DELETED]
    assert [(row["raw"], row["message"]) for row in told] == 2 * [(None, "withdrawn: request 17")]
    # No file that is left, of any table, holds it.
    left = [p for p in tmp_path.rglob("*.parquet") if "_delta_log" not in p.parts]
    active = {
        str(tmp_path / path) for table in TABLES for path in Lake(str(tmp_path)).active(table)
    }
    assert {str(path) for path in left} == active


def kept(root: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The places that each table has rows of, and the ledger's counts."""
    lake = Lake(str(root))
    found: dict[str, list[tuple[Any, ...]]] = {}
    for table in TABLES:
        columns = ["source", "offset", "item"]
        if table == "ledger":
            columns = ["source", "start_offset", "stories", "skipped", "entities", "events"]
        rows = lake.dataset(table).to_table(columns).to_pylist()
        found[table] = sorted(tuple(row.values()) for row in rows)
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    """What a withdrawal that nothing disturbs leaves."""
    root = tmp_path_factory.mktemp("whole")
    raced(root)
    drop(root)
    return kept(root)


def test_a_reader_may_finish_where_no_row_is_left(tmp_path: Path) -> None:
    """All stories withdrawn: their files are held as those that a compaction replaced."""
    raced(tmp_path)
    # As delta-rs, which leaves old removals out of a checkpoint, goes by the clock on the wall.
    now = datetime.now(UTC)
    lake = Lake(str(tmp_path))
    reader = lake.dataset("stories")
    rows = reader.count_rows()
    every = set(reader.to_table(["story_id"])["story_id"].to_pylist())
    withdraw(lake, named_stories(lake, story_ids=every), DELETED, "request 17", now)
    assert not Lake(str(tmp_path)).dataset("stories").count_rows()
    early = clean_up(Lake(str(tmp_path)), now + timedelta(seconds=599), 600)
    assert early.held and not early.removed
    assert reader.to_table(["body"]).num_rows == rows
    # A checkpoint does not forget them.
    DeltaTable(tmp_path / "stories").create_checkpoint()
    assert clean_up(Lake(str(tmp_path)), now + timedelta(seconds=599), 600).held == early.held
    assert clean_up(Lake(str(tmp_path)), now + timedelta(seconds=601), 600).removed == early.held


@pytest.mark.parametrize(
    "fatal",
    sample(
        [
            *(
                f"{t}.{p}"
                for t in ("rejects", "stories", "events", "entities")
                for p in ("log", "done")
            ),
            *("maintain.stories.file", "maintain.ledger.file", "ledger.log"),
        ],
        3,
    ),
)
def test_a_death_is_finished_by_the_next_run(
    tmp_path: Path, fatal: str, whole: dict[str, list[tuple[Any, ...]]]
) -> None:
    """At each step; no revision is ever gone, and the next run comes to the same rows."""
    raced(tmp_path)

    def on_point(name: str) -> None:
        if name == fatal:
            raise Killed(name)

    with pytest.raises(Killed):
        drop(tmp_path, on_point)
    there = Lake(str(tmp_path)).dataset("stories").to_table(["revision_id"]).to_pydict()
    assert set(there["revision_id"]) >= set(SAME)
    drop(tmp_path)
    assert kept(tmp_path) == whole
    report = check(str(tmp_path))
    assert not report.counts.keys() - {"unreferenced", "replaced"}, report.findings


def test_compaction_before_and_after_changes_nothing(
    tmp_path: Path, whole: dict[str, list[tuple[Any, ...]]]
) -> None:
    raced(tmp_path)
    compact(Lake(str(tmp_path)), Sizing(min_files=2), NOON)
    drop(tmp_path)
    compact(Lake(str(tmp_path)), Sizing(min_files=2), LATER)
    clean_up(Lake(str(tmp_path)), LATER + timedelta(hours=1))
    report = check(str(tmp_path), strict=True)
    assert (report.ok, report.counts) == (True, {}), report.findings
    assert kept(tmp_path) == whole


def test_a_second_maintenance_that_comes_first_is_waited_for(tmp_path: Path) -> None:
    """The log refuses the slower one, which looks again."""
    raced(tmp_path)
    done: list[str] = []

    def on_point(name: str) -> None:
        if name == "stories.log" and not done:
            done.append(name)
            compact(Lake(str(tmp_path)), Sizing(min_files=2), LATER)

    drop(tmp_path, on_point)
    clean_up(Lake(str(tmp_path)), LATER + timedelta(hours=1))
    report = check(str(tmp_path), strict=True)
    assert (report.ok, report.counts) == (True, {}), report.findings
    assert done


def test_what_is_above_the_ledgers_end_is_left_alone(tmp_path: Path) -> None:
    """A writer may be between two commits there."""
    raced(tmp_path)
    late = enriched(a_story(5, source=ONE, story_id="f1", revision_id="r1"))
    forced(tmp_path, "stories", [story_row(late, "a_model", "0")], {ONE: 6})
    lake = Lake(str(tmp_path))
    assert (ONE, 5, 0) not in places(repeated_stories(lake)) + places(
        named_stories(lake, story_ids=["f1"])
    )


def test_the_commands_tell_before_they_do(tmp_path: Path) -> None:
    """Nothing changes without `--apply`; a deletion says what to delete and why."""
    raced(tmp_path)
    before = kept(tmp_path)
    run = CliRunner()
    lake = ["--lake", str(tmp_path)]
    told = run.invoke(app, ["lake", "repeats", *lake, "--json"])
    assert [row["source"] for row in json.loads(told.stdout)["found"]] == [OTHER] * 3
    chosen = ["lake", "delete", "--why", "request 17", *lake]
    told = run.invoke(app, [*chosen, "--story", "f1"])
    assert "Nothing was changed" in told.stdout
    assert kept(tmp_path) == before
    assert isinstance(run.invoke(app, chosen).exception, UsageError)
    done = run.invoke(app, [*chosen, "--revision", "r2", "--apply", "--json"])
    assert json.loads(done.stdout)["done"]["stories"] == 2
