"""What the lake holds, enriched anew: picked once a revision, written once, gone on with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from deltalake import write_deltalake

from pipeline.errors import StoreError, UsageError
from pipeline.model import Block, Code, EnrichedBatch, EnrichedStory, Reject, Relation, Story
from pipeline.stages import StageSet
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.write import LakeWriter, Receipt
from pipeline.store.read.query import json_rows, query
from pipeline.store.read.snapshot import Snapshot, open_snapshot
from pipeline.store.runs.reprocess import ReprocessRun, plan_reprocess
from pipeline.store.runs.reprocess_select import select
from pipeline.store.schema.from_rows import story_of
from pipeline.store.schema.rows import story_row
from pipeline.store.upkeep.clean_up import clean_up
from pipeline.store.upkeep.compact import Sizing, compact
from pipeline.store.upkeep.withdraw import DELETED, named_stories, withdraw
from tests.store.commit.test_write import DyingLake, Killed
from tests.support.copies import made_once
from tests.support.laws import grid
from tests.support.rows import (
    ENRICHMENT,
    NOON,
    a_batch,
    a_reject,
    a_story,
    an_entity,
    an_event,
    enriched,
    written,
)

NEW = "enrichment-2"
STAGES = StageSet(NEW)
LATER = datetime(2026, 4, 1, tzinfo=UTC)
DAYS = (NOON, datetime(2026, 3, 5, 9, tzinfo=UTC), None)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    root = tmp_path / "lake"
    twelve(root)
    return root


@made_once
def twelve(root: Path) -> None:
    """Twelve stories of three days (one unknown), one of them a kill; one record that is none."""
    stories = [
        enriched(
            a_story(n, published_at=DAYS[n % 3], status="canceled" if n == 4 else "usable"),
            region="unknown" if n % 3 == 2 else "western-asia",
        )
        for n in range(12)
    ]
    written(root, a_batch(stories, [a_reject(12)])).close()


def fresh(story: Story, enrichment_id: str = NEW) -> EnrichedStory:
    """Another enrichment finds another person, in another region."""
    return enriched(
        replace(story, parse_id=STAGES.parse_id(story.format)),
        enrichment_id=enrichment_id,
        region="southern-asia",
        entities=(an_entity("Bob Example"), an_entity("Yerevan", "GPE")),
        events=(an_event(root="CONSULT"),),
    )


def batches(run: ReprocessRun, start: int, size: int = 5) -> Iterator[EnrichedBatch]:
    """The run from `start` on, enriched, in batches."""
    stories = []
    for record in run.records(start):
        assert record.held is not None
        stories.append(fresh(record.held, run.stages.enrichment_id))
        last = record.offset + 1 == run.total
        if len(stories) == size or last:
            first = stories[0].story.offset
            block = Block(run.source, first, record.offset + 1, len(stories), len(stories))
            yield EnrichedBatch(0, (block,), tuple(stories), (), run.stages.enrichment_id)
            stories = []


def write(root: Path, run: ReprocessRun, lake: Lake | None = None) -> list[Receipt]:
    writer = LakeWriter(lake or Lake(str(root)), lambda: LATER, "m", "1", stages=run.stages)
    if not Lake(str(root)).ends([run.source]):
        writer.start({run.source: 0}, {run.source: 0}, run.stages.enrichment_id)
    end = Lake(str(root)).ends([run.source])[run.source]
    return [writer.write(batch) for batch in batches(run, end)]


def begin(root: Path, run: ReprocessRun) -> None:
    """Write the first batch of a run, and no more."""
    writer = LakeWriter(Lake(str(root)), lambda: LATER, "m", "1")
    writer.start({run.source: 0}, {run.source: 0}, NEW)
    first, *_ = batches(run, 0)
    writer.write(first)


def rows(root: Path, sql: str) -> list[dict[str, Any]]:
    return json_rows(query(str(root), None, sql, LATER))


def counts(root: Path) -> dict[str, int]:
    (row,) = rows(
        root,
        "select (select count(*) from stories) as stories, (select count(*) from entities) as"
        " entities, (select count(*) from events) as events, (select count(*) from rejects) as"
        " rejects, (select count(*) from ledger) as ledger",
    )
    return row


def assert_all_new(root: Path) -> None:
    """Old rows and new ones side by side; the views show each revision once, as it is now."""
    assert counts(root) | {"ledger": 0} == {
        **{"stories": 24, "entities": 36, "events": 24, "rejects": 1, "ledger": 0}
    }
    shown = rows(root, "select revision_id, region, enrichment_id from current")
    assert len(shown) == len({row["revision_id"] for row in shown}) == 11
    assert {(row["region"], row["enrichment_id"]) for row in shown} == {("southern-asia", NEW)}
    names = rows(root, "select name, count(*) as n from current_entities group by all order by all")
    assert names == [{"name": "Bob Example", "n": 11}, {"name": "Yerevan", "n": 11}]
    assert rows(root, "select root, count(*) as n from current_events group by all") == [
        {"root": "CONSULT", "n": 11}
    ]
    report = check(str(root), strict=True)
    assert report.ok, report.findings
    assert not report.counts.keys() - {"unreferenced"}, report.findings


def test_a_run_adds_an_enrichment_and_the_views_show_it(lake: Path) -> None:
    """Old rows stay; a second run finds nothing to do, and writes nothing."""
    run = plan_reprocess(str(lake), {}, STAGES).run
    receipts = write(lake, run)
    assert sum(receipt.stories for receipt in receipts) == 12
    assert not any(receipt.skipped for receipt in receipts)
    assert_all_new(lake)
    before = counts(lake)
    again = plan_reprocess(str(lake), {}, STAGES)
    assert again.left == 0
    assert counts(lake) == before


def test_a_run_is_in_a_fixed_order_by_date(lake: Path) -> None:
    """Days in their order, the unknown last; read from any place on it is the same."""
    run = plan_reprocess(str(lake), {}, STAGES).run
    records = list(run.records())
    assert [record.offset for record in records] == list(range(12))
    days = [record.held.date for record in records if record.held]
    assert days == sorted(days, key=lambda day: (day is None, day))
    assert list(run.records(7)) == records[7:]
    assert {record.received_at for record in records} == {NOON}


def test_a_row_gives_back_its_story() -> None:
    """Every column that a story has: read back and written again it is the same row."""
    story = a_story(
        version=3,
        version_time=NOON,
        provider="AFP",
        provider_id="urn:1",
        slugline="a-slug",
        bylines=("A B", "C D"),
        dateline="YEREVAN, March 4",
        embargo_until=NOON,
        codes=(Code("iptc", "11", "topic", "politics"),),
        warnings=("odd",),
        urgency=2,
        keywords=("k",),
        rights="r",
        usage_terms="u",
        editor_note="e",
        summary="s",
        captions=("c",),
        related=(Relation("previous", "urn:0"),),
        created_at=NOON,
        updated_at=NOON,
        utc_offset_min=240,
        dateline_places=("Yerevan",),
        dateline_date=NOON.date(),
        revision_mark="UPDATE 2",
        format_version="1.0",
        is_partial=True,
        charset="cp1250",
        origin=("kafka/c/t/i/0", 7, 1),
        paragraphs=("One.", "Two\nlines."),
    )
    row = story_row(enriched(story), "m", "0")
    assert story_of(row, story.source, story.offset) == story


def test_the_condition_picks_by_the_row_that_is_in_force(lake: Path) -> None:
    """After a run the old rows no longer count: what it moved elsewhere is not picked again."""
    unknown = plan_reprocess(str(lake), {}, STAGES, "region = 'unknown'")
    assert unknown.left == 4
    assert unknown.counted.regions == {"unknown": 4}
    assert unknown.counted.dates == {None: 4}
    assert unknown.counted.enrichments == {ENRICHMENT: 4}
    write(lake, unknown.run)
    assert plan_reprocess(str(lake), {}, STAGES).left == 8
    assert plan_reprocess(str(lake), {}, StageSet("enrichment-3"), "region = 'unknown'").left == 0
    assert (
        plan_reprocess(str(lake), {}, StageSet("enrichment-3"), "region = 'southern-asia'").left
        == 4
    )


@pytest.mark.parametrize(
    "where",
    [
        "no_such_column = 1",
        "region = 'unknown'; DROP TABLE stories",
        "true) UNION SELECT (1",
        "count(*) > 1",
        "headline IN (SELECT content FROM read_text('/etc/passwd'))",
        "CAST(headline AS INTEGER) > 1",
        "region =",
    ],
)
def test_a_condition_that_is_none_is_a_usage_error(lake: Path, where: str) -> None:
    """It can neither change anything nor read a file."""
    with pytest.raises(UsageError, match="--where"):
        plan_reprocess(str(lake), {}, STAGES, where)


@pytest.mark.parametrize(
    ("fatal", "moment"), grid(range(1, 6), ("before", "files", "after"), every=3)
)
def test_a_death_at_any_commit_is_gone_on_from(lake: Path, fatal: int, moment: str) -> None:
    """The next plan finds the run by its name and ends it at the versions it was begun on."""
    run = plan_reprocess(str(lake), {}, STAGES).run
    begin(lake, run)
    with pytest.raises(Killed):
        write(lake, run, DyingLake(str(lake), fatal, moment))
    # Meanwhile the live job writes on.
    written(lake, a_batch([enriched(a_story(0, source="cluster/topic/9"))]))
    again = plan_reprocess(str(lake), {}, STAGES)
    assert again.run == run
    assert again.done in {5, 10}
    write(lake, again.run)
    last = plan_reprocess(str(lake), {}, STAGES)
    assert last.run.source != run.source
    assert last.left == 1
    write(lake, last.run)
    report = check(str(lake))
    assert report.ok, report.findings
    assert not report.counts.keys() - {"unreferenced"}, report.findings
    found = rows(lake, "select enrichment_id, count(*) as n from current group by all")
    assert found == [{"enrichment_id": NEW, "n": 12}]


def test_a_plan_is_made_anew_where_upkeep_removes_what_it_reads(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compaction and clean-up between the log and its files; what stays away is a fault."""
    opened: list[Snapshot] = []

    def outrun(url: str, *options: Any) -> Snapshot:
        snapshot = open_snapshot(url, *options)
        if not opened:
            opened.append(snapshot)
            own = Lake(url)
            assert sum(table.replaced for table in compact(own, Sizing(min_files=2), NOON)) > 0
            assert clean_up(own, NOON).removed > 0
        return snapshot

    before = plan_reprocess(str(lake), {}, STAGES)
    monkeypatch.setattr("pipeline.store.runs.reprocess.open_snapshot", outrun)
    assert plan_reprocess(str(lake), {}, STAGES).counted == before.counted
    for file in Lake(str(lake)).active("ledger"):
        (lake / file).unlink()
    with pytest.raises(StoreError, match="data file of the lake is gone"):
        plan_reprocess(str(lake), {}, STAGES)


def test_a_plan_is_made_anew_where_upkeep_removes_what_it_is_about_to_pick(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB reads then, and has errors of its own for a file that is gone."""
    picked: list[Snapshot] = []

    def outrun(snapshot: Snapshot, *given: Any) -> Any:
        if not picked:
            own = Lake(snapshot.url)
            assert sum(table.replaced for table in compact(own, Sizing(min_files=2), NOON)) > 0
            assert clean_up(own, NOON).removed > 0
        picked.append(snapshot)
        return select(snapshot, *given)

    before = plan_reprocess(str(lake), {}, STAGES)
    monkeypatch.setattr("pipeline.store.runs.reprocess.select", outrun)
    assert plan_reprocess(str(lake), {}, STAGES).counted == before.counted
    assert len(picked) == 2


def test_a_run_whose_versions_are_gone_begins_anew(lake: Path) -> None:
    """What it had done is not done again."""
    run = plan_reprocess(str(lake), {}, STAGES).run
    begin(lake, run)
    assert plan_reprocess(str(lake), {}, STAGES).run == run
    table = Lake(str(lake)).handle("stories")
    rewritten = table.to_pyarrow_table()
    # As compaction and its clean-up leave it: the same rows in other files.
    write_deltalake(table, rewritten, mode="overwrite")
    kept = set(Lake(str(lake)).active("stories"))
    for file in (lake / "stories").rglob("*.parquet"):
        if str(file.relative_to(lake)) not in kept and "_delta_log" not in file.parts:
            file.unlink()
    again = plan_reprocess(str(lake), {}, STAGES)
    assert again.run.source != run.source
    assert again.left == 7
    with pytest.raises(StoreError):
        list(run.records(5))


def test_a_run_whose_files_go_while_it_reads_says_what_to_do(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clean-up removed the rejects that it looks deletions up in: no bare error of the store's."""
    run = plan_reprocess(str(lake), {}, STAGES).run

    def gone(*_: object) -> Snapshot:
        raise FileNotFoundError("rejects/date=2026-03-04/1-0.parquet")

    monkeypatch.setattr("pipeline.store.runs.reprocess.open_snapshot", gone)
    with pytest.raises(StoreError, match="start it again") as raised:
        list(run.records())
    assert "1-0.parquet" in str(raised.value)


def test_a_run_whose_versions_left_the_log_says_what_to_do(lake: Path) -> None:
    """The log is kept for thirty days; a run that stood still for longer is planned anew."""
    run = plan_reprocess(str(lake), {}, STAGES).run
    handle = Lake(str(lake)).handle("stories")
    version = handle.version()
    write_deltalake(handle, handle.to_pyarrow_table().slice(0, 0), mode="append")
    handle = Lake(str(lake)).handle("stories")
    handle.create_checkpoint()
    for entry in (lake / "stories" / "_delta_log").glob("*.json"):
        if int(entry.stem) <= version:
            entry.unlink()
    with pytest.raises(StoreError, match="start it again") as raised:
        list(run.records())
    assert f"version={version}" in str(raised.value)
    assert len(list(plan_reprocess(str(lake), {}, STAGES).run.records())) == run.total


def test_a_run_brings_back_nothing_that_was_deleted_since(lake: Path) -> None:
    """Its versions hold the story still, until clean-up: it stops, and is planned anew."""
    run = plan_reprocess(str(lake), {}, STAGES).run
    begin(lake, run)
    left = [record.held for record in run.records(5)]
    assert left[0] is not None
    opened = Lake(str(lake))
    gone = named_stories(opened, revision_ids=(left[0].revision_id,))
    withdraw(opened, gone, DELETED, "request 17", LATER)
    with pytest.raises(StoreError, match="deleted"):
        list(run.records(5))
    again = plan_reprocess(str(lake), {}, STAGES)
    assert again.run.source != run.source
    assert again.left == 6
    write(lake, again.run)
    assert left[0].revision_id not in {
        row["revision_id"] for row in rows(lake, "select revision_id from stories")
    }


def test_a_revision_that_failed_is_not_tried_again_under_the_same_enrichment(lake: Path) -> None:
    """It is a reject with its bytes; the next enrichment tries it."""
    run = plan_reprocess(str(lake), {}, STAGES).run
    writer = LakeWriter(Lake(str(lake)), lambda: LATER, "m", "1")
    writer.start({run.source: 0}, {run.source: 0}, NEW)
    for batch in batches(run, 0, 12):
        bad, *good = batch.stories
        story = bad.story
        failed = Reject(
            story.source,
            story.offset,
            0,
            "enrich_failed",
            "enrich",
            "no",
            raw=story.raw,
            received_at=story.received_at,
            revision_id=story.revision_id,
        )
        writer.write(replace(batch, stories=tuple(good), rejects=(failed,)))
    assert plan_reprocess(str(lake), {}, STAGES).left == 0
    assert plan_reprocess(str(lake), {}, StageSet("enrichment-3")).left == 12
    assert check(str(lake), strict=True).ok


def test_two_runs_at_once_enrich_each_revision_once(lake: Path) -> None:
    """Under other conditions: what one has done meanwhile the other counts as a repeat."""
    everything = plan_reprocess(str(lake), {}, STAGES).run
    some = plan_reprocess(str(lake), {}, STAGES, "region = 'unknown'").run
    write(lake, some)
    receipts = write(lake, everything)
    assert sum(receipt.stories for receipt in receipts) == 8
    assert sum(receipt.skipped for receipt in receipts) == 4
    report = check(str(lake), strict=True)
    assert report.ok, report.findings
    assert "repeat" not in report.counts


def test_what_comes_in_again_later_is_a_repeat(lake: Path) -> None:
    """A replay after a run adds no story, neither under the old nor under the new enrichment."""
    write(lake, plan_reprocess(str(lake), {}, STAGES).run)
    for enrichment_id in (ENRICHMENT, NEW):
        source = f"archive/{enrichment_id}"
        stories = [
            enriched(
                replace(a_story(n, published_at=DAYS[n % 3], status="usable"), source=source),
                enrichment_id=enrichment_id,
            )
            for n in (0, 1, 2)
        ]
        writer = written(lake, a_batch(stories, enrichment_id=enrichment_id))
        writer.close()
    assert counts(lake)["stories"] == 24
    assert counts(lake)["rejects"] == 7
    assert_current_is_new(lake)


def assert_current_is_new(root: Path) -> None:
    assert rows(root, "select distinct enrichment_id from current") == [{"enrichment_id": NEW}]


@pytest.mark.long
def test_an_older_enrichment_that_is_put_back_is_said(lake: Path) -> None:
    """The views go on showing the one that entered the lake last."""
    third = StageSet("enrichment-3")
    write(lake, plan_reprocess(str(lake), {}, STAGES).run)
    assert plan_reprocess(str(lake), {}, STAGES).newer is None
    write(lake, plan_reprocess(str(lake), {}, third).run)
    assert plan_reprocess(str(lake), {}, third).newer is None
    assert plan_reprocess(str(lake), {}, STAGES).newer == "enrichment-3"
    assert plan_reprocess(str(lake), {}, StageSet("enrichment-4")).newer is None


def test_a_lake_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    """And none is made."""
    with pytest.raises(UsageError, match="no lake"):
        plan_reprocess(str(tmp_path / "none"), {}, NEW)
    assert not (tmp_path / "none").exists()
