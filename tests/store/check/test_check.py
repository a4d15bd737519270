"""A sound lake passes; a lake with one thing broken gets exactly the findings that it deserves."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from pipeline.errors import StoreError, UsageError
from pipeline.model import Block
from pipeline.store.check import judge, workbench
from pipeline.store.check.findings import MEANING, NOTES
from pipeline.store.check.judge import check
from pipeline.store.check.rules import RULES
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.unread import PASSED
from pipeline.store.read.snapshot import open_snapshot
from pipeline.store.schema.contract import LINKS, examples
from pipeline.store.schema.rows import (
    Row,
    entity_rows,
    event_rows,
    ledger_row,
    reject_row,
    story_row,
)
from pipeline.store.upkeep.compact import Sizing, compact
from tests.support.examples import row_of
from tests.support.laws import sample
from tests.support.rows import (
    ENRICHMENT,
    NOON,
    SOURCE,
    a_batch,
    a_reject,
    a_story,
    altered,
    enriched,
    forced,
    written,
)

Breaking = Callable[[Path], None]
KEYS = ("source", "offset", "item", "start_offset", "end_offset")


def block(start: int, end: int, **counts: int) -> Row:
    """A ledger row of `SOURCE` that adds up by itself."""
    found = {name: counts.pop(name, 0) for name in ("entities", "events")}
    fields: dict[str, Any] = {"stories": 0, "rejects": 0, "skipped": 0} | counts
    items = sum(fields.values())
    return ledger_row(
        Block(SOURCE, start, end, items, items),
        enrichment_id=ENRICHMENT,
        writer="w",
        committed_at=NOON,
        **found,
        **fields,
    )


def story(offset: int, item: int = 0, **fields: Any) -> Row:
    bare = enriched(a_story(offset, item, **fields), entities=(), events=())
    return story_row(bare, "a_model", "0")


def marked(lake: Path, versions: dict[str, int]) -> None:
    """Commit application transactions alone to the ledger."""
    handle = Lake(str(lake))
    handle.refresh("ledger")
    handle.commit_actions("ledger", [], versions, "marked")


def dropped(column: str) -> Breaking:
    """The table's metadata without one of its columns, as another tool may give them."""

    def broken(lake: Path) -> None:
        log = lake / "stories" / "_delta_log"
        given = [json.loads(line) for line in (log / f"{0:020}.json").read_text().splitlines()]
        (metadata,) = [action["metaData"] for action in given if "metaData" in action]
        fields = json.loads(metadata["schemaString"])
        fields["fields"] = [field for field in fields["fields"] if field["name"] != column]
        metadata["schemaString"] = json.dumps(fields)
        number = len(list(log.glob("*.json")))
        (log / f"{number:020}.json").write_text(json.dumps({"metaData": metadata}) + "\n")

    return broken


def reject(offset: int, item: int = 0, **fields: Any) -> Row:
    return reject_row(a_reject(offset, item, **fields))


def delete(table: str, where: str) -> Breaking:
    def broken(lake: Path) -> None:
        def left(rows: list[Row]) -> list[Row]:
            table = pa.table({name: [row.get(name) for row in rows] for name in KEYS})
            with duckdb.connect() as work:
                work.register("keys", table)
                kept = work.sql(f"SELECT ({where}) IS NOT TRUE FROM keys").fetchall()
            return [row for row, (is_kept,) in zip(rows, kept, strict=True) if is_kept]

        altered(lake, table, left)

    return broken


def append(table: str, *rows: Row, end: int | None = None) -> Breaking:
    """Rows in the lake past the writer; `end` is what the log then says of `SOURCE`."""

    def broken(lake: Path) -> None:
        forced(lake, table, list(rows), None if end is None else {SOURCE: end})

    return broken


def extend(*rows: tuple[str, Row], rejects: int = 0, stories: int = 0, **wrong: int) -> Breaking:
    """A further block `[16, 17)` of `SOURCE`, committed to all tables, with these rows."""

    def broken(lake: Path) -> None:
        for table in ("rejects", "entities", "events", "stories"):
            listed = [row for name, row in rows if name == table]
            forced(lake, table, listed, {SOURCE: 17})
        last = change(block(16, 17, rejects=rejects, stories=stories), **wrong)
        forced(lake, "ledger", [last], {SOURCE: 17})

    return broken


def altering(table: str, **fields: Any) -> Breaking:
    """Every row of the table with these values, or what they make of it."""

    def altered_row(row: Row) -> Row:
        values = {k: value(row) if callable(value) else value for k, value in fields.items()}
        return {**row, **values}

    return lambda lake: altered(lake, table, lambda rows: [altered_row(row) for row in rows])


def change(row: Row, **fields: Any) -> Row:
    return {**row, **fields}


def only_file(lake: Path, table: str) -> Path:
    return sorted((lake / table).glob("date=*/**/*.parquet"))[0]


def miscount(lake: Path) -> None:
    for entry in (lake / "rejects" / "_delta_log").glob("*.json"):
        entry.write_text(re.sub(r"(numRecords\W+)2", r"\g<1>3", entry.read_text()))


def damage(lake: Path) -> None:
    path = only_file(lake, "stories")
    content = bytearray(path.read_bytes())
    middle = slice(4, len(content) // 2)
    content[middle] = b"\xff" * (middle.stop - middle.start)
    path.write_bytes(content)


def truncate(lake: Path) -> None:
    path = only_file(lake, "stories")
    path.write_bytes(path.read_bytes()[:-100])


def swap(lake: Path) -> None:
    one, other = sorted((lake / "stories").glob("date=*/**/*.parquet"))[:2]
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def compacted(lake: Path) -> None:
    compact(Lake(str(lake)), Sizing(min_files=2), NOON)


def dangle(lake: Path) -> None:
    Lake(str(lake)).handle(LINKS)
    forced(lake, LINKS, [row_of(LINKS, examples(LINKS, "pass")[0])])


UNKIND = ("block_items",)
"""A skip that is called otherwise counts as a failure."""

PARTS = enriched(a_story(16))
SAME = {"revision_id": "one-revision", "story_id": "one-family"}
ENTITY, EVENT = entity_rows(PARTS)[0], event_rows(PARTS)[0]

BROKEN: list[tuple[str, Breaking, set[str]]] = [
    ("a link to nothing", dangle, {"dangling_link", "uncounted"}),
    ("files that were compacted", compacted, {"replaced"}),
    ("a story is lost", delete("stories", '"offset" = 15'), {"block_items", "block_records"}),
    (
        "the first item of two is lost, with what was found in it",
        delete("stories", '"offset" = 11 AND item = 0'),
        {"block_items", "block_found", "item_numbers", "orphan"},
    ),
    ("a reject is lost", delete("rejects", '"offset" = 12'), {"block_items", "block_records"}),
    ("a skip is lost", delete("rejects", '"offset" = 13'), {"block_items", "block_records"}),
    ("a block is lost", delete("ledger", "end_offset = 15"), {"ledger_hole", "outside_block"}),
    ("the last block is lost", delete("ledger", "end_offset = 16"), {"ledger_end", "in_flight"}),
    ("the start is lost", delete("ledger", "end_offset = 10"), {"ledger_start"}),
    ("the ledger is lost", delete("ledger", f"source = '{SOURCE}'"), {"no_ledger", "ledger_end"}),
    ("a block is there twice", append("ledger", block(15, 16, stories=1)), {"ledger_overlap"}),
    (
        "a block inside another",
        append("ledger", block(11, 12, stories=1)),
        {"ledger_overlap", "block_items", "block_records", "block_found", "outside_block"},
    ),
    ("a second start", append("ledger", block(15, 15)), {"ledger_overlap"}),
    ("a ledger beyond all tables", append("ledger", block(16, 18), end=18), {"table_behind"}),
    (
        "a ledger beyond its log",
        append("ledger", block(16, 18)),
        {"table_behind", "ledger_end"},
    ),
    ("a story is there twice", append("stories", story(12)), {"duplicate_item", "block_items"}),
    (
        "a reject is there twice",
        append("rejects", reject(12)),
        {"duplicate_item", "block_items"},
    ),
    (
        "an item in a gap",
        append("rejects", reject(14)),
        {"block_items", "block_records"},
    ),
    ("an item below the start", append("rejects", reject(3)), {"outside_block"}),
    ("an item beyond the end", append("rejects", reject(40)), {"beyond_end"}),
    (
        "an item of an unknown source",
        append("stories", story(0, source="nobody")),
        {"no_ledger", "beyond_end"},
    ),
    (
        "item 1 without item 0",
        extend(("rejects", reject(16, 1)), rejects=1),
        {"item_numbers"},
    ),
    ("a block whose gaps are wrong", extend(gaps=2), {"block_sums"}),
    ("a block whose items are wrong", extend(items=1), {"block_sums"}),
    ("an entity without a story", extend(("entities", ENTITY), rejects=0), {"orphan"}),
    ("an event without a story", extend(("events", EVENT), rejects=0), {"orphan"}),
    (
        "an entity of another revision of the item",
        append("entities", change(ENTITY, offset=15)),
        {"orphan"},
    ),
    (
        "an entity of another enrichment of the item",
        append("entities", change(ENTITY, offset=15, enrichment_id="another")),
        {"superseded"},
    ),
    (
        "events of a story that became a skip",
        append("events", change(EVENT, offset=13)),
        {"superseded"},
    ),
    (
        "an entity is there twice",
        append("entities", entity_rows(enriched(a_story(10)))[0]),
        {"duplicate_entity", "story_found"},
    ),
    (
        "an event is there twice",
        append("events", event_rows(enriched(a_story(10)))[0]),
        {"duplicate_event", "story_found"},
    ),
    (
        "an event in another region than its story",
        append(
            "events", change(event_rows(enriched(a_story(10)))[0], region="unknown", event_id="x")
        ),
        {"wrong_partition", "story_found", "event_id"},
    ),
    (
        "a story on the wrong day",
        extend(("stories", change(story(16), date=None)), stories=1),
        {"wrong_partition"},
    ),
    (
        "a region that is no slug",
        extend(("stories", change(story(16), region="Western Asia")), stories=1),
        {"bad_region", "closed_set"},
    ),
    (
        "one revision from two sources",
        extend(("stories", story(16, story_id=f"family-{SOURCE}-10-0")), stories=1),
        {"repeat"},
    ),
    (
        "one revision in two families",
        extend(("stories", change(story(16), revision_id=story(10)["revision_id"])), stories=1),
        {"repeat", "revision_family"},
    ),
    (
        "a killed story that reading anew made usable",
        extend(
            ("stories", change(story(16, status="canceled", **SAME), generation=1)),
            ("stories", change(story(16, 1, **SAME), generation=2)),
            **{"stories": 2, "records": 1, "gaps": 0},
        ),
        {"repeat", "revision_loosened", "generation"},
    ),
    ("a job between two commits", append("rejects", reject(16), end=17), {"in_flight"}),
    ("a file is gone", lambda lake: only_file(lake, "events").unlink(), {"missing_file"}),
    ("a file is cut short", truncate, {"unreadable_file"}),
    (
        "another tool rewrote a table",
        lambda lake: DeltaTable(str(lake / "rejects")).update(updates={"evidence": "'elsewhere'"}),
        {"foreign_file", "foreign_entry", "replaced"},
    ),
    (
        "another tool took out all rows of a table",
        lambda lake: DeltaTable(str(lake / "events")).delete(),
        {"foreign_entry", "replaced", "story_found"},
    ),
    (
        "a table is ahead of one that commits before it",
        append("stories", end=17),
        {"in_flight", "table_behind"},
    ),
    ("a generation that no stages have", altering("ledger", generation=9), {"generation"}),
    (
        "two sets of stages with one number",
        lambda lake: marked(lake, {"generation/another": 1, "generations": 1}),
        {"generation"},
    ),
    (
        "one code with two roots",
        altering(
            "events",
            root=lambda row: "ASSAULT" if row["offset"] == 10 else row["root"],
        ),
        {"event_code", "event_id"},
    ),
    (
        "a block before the first offset",
        altering("ledger", start_offset=lambda row: row["start_offset"] - 11),
        {
            *("block_sums", "ledger_overlap", "ledger_start", "block_items", "block_records"),
            "block_found",
        },
    ),
    (
        "statistics of no column",
        lambda lake: DeltaTable(str(lake / "stories")).alter.set_table_properties(
            {"delta.dataSkippingStatsColumns": "source"}
        ),
        {"contract"},
    ),
    ("a column is dropped", dropped("slugline"), {"contract"}),
    (
        "the entities of a story are lost",
        delete("entities", '"offset" = 10'),
        {"story_found"},
    ),
    ("all events are lost", delete("events", "true"), {"story_found"}),
    (
        "a block states fewer entities",
        altering("ledger", entities=lambda row: row["entities"] and row["entities"] - 1),
        {"block_found"},
    ),
    (
        "blocks of a version that did not count",
        altering("ledger", entities=None, events=None),
        {"uncounted"},
    ),
    (
        "blocks under another enrichment than their stories",
        altering("ledger", enrichment_id="another"),
        {"block_enrichment"},
    ),
    (
        "stories of another family than what was found in them",
        altering("stories", story_id="someone else"),
        {"wrong_story"},
    ),
    ("a kind that is none", altering("rejects", kind="no such kind"), {"closed_set", *UNKIND}),
    ("a confidence beyond one", altering("events", confidence=1.5), {"closed_set"}),
    ("another text", altering("stories", body="forged"), {"content_hash"}),
    ("another status", altering("stories", status="canceled"), {"content_hash"}),
    ("bytes that are no frame", altering("stories", raw=b"\0"), {"raw_bytes"}),
    ("fewer bytes than stated", altering("rejects", raw_bytes=2), {"raw_bytes"}),
    ("an event with another actor", altering("events", target_name="Ankara"), {"event_id"}),
    ("two files are swapped", swap, {"file_size", "file_rows", "file_bounds"}),
    ("the log is wrong", miscount, {"file_rows", "log_entry"}),
    (
        "the log's bounds of a file are wrong",
        lambda lake: [
            entry.write_text(
                re.sub(r"(maxValues\W+source\W+)cluster", r"\1cluster!", entry.read_text())
            )
            for entry in (lake / "events" / "_delta_log").glob("*.json")
        ],
        {"file_bounds", "log_entry"},
    ),
    ("a page is damaged", damage, {"unreadable_file"}),
    (
        "a half-written file beside",
        lambda lake: only_file(lake, "rejects").with_name("x.parquet").write_bytes(b"PAR1"),
        {"unreadable_file", "unreferenced"},
    ),
    (
        "a whole file beside",
        lambda lake: (
            only_file(lake, "rejects")
            .with_name("x.parquet")
            .write_bytes(only_file(lake, "rejects").read_bytes())
        ),
        {"unreferenced"},
    ),
]


ELSEWHERE = {
    *("damaged_file", "damaged_note", "damaged_codes", "raw_text", "text_marks"),  # test_deep.py
    *("log_entry", "log_checkpoint", "lost_file"),  # test_log.py
    *("duplicate_link", "link_count"),  # test_links.py
    *("unread_range", "unread_account"),  # below, in a lake of their own
}
"""Kinds that others than `test_what_is_broken_is_found` break."""


def test_a_sound_lake_passes(lake: Path) -> None:
    """Also under `strict`; the totals are those of what was written."""
    report = check(str(lake), strict=True)
    assert report.ok
    assert (report.counts, report.findings) == ({}, ())
    assert {t.table: t.rows for t in report.tables} == {
        "rejects": 2,
        "entities": 5,
        "events": 5,
        "stories": 6,
        "ledger": 6,
    }
    first = report.sources[0]
    assert (first.source, first.start, first.end, first.blocks) == (SOURCE, 10, 16, 2)
    assert (first.records, first.items, first.gaps, first.in_flight) == (5, 6, 1, 0)
    assert (first.stories, first.rejects, first.skipped) == (4, 1, 1)


@pytest.mark.parametrize("broken", sample(BROKEN, 4), ids=[name for name, *_ in BROKEN])
def test_what_is_broken_is_found(lake: Path, broken: tuple[str, Breaking, set[str]]) -> None:
    """Just these kinds are found, each with a message, and the verdict follows from them."""
    _, breaking, kinds = broken
    breaking(lake)
    report = check(str(lake))
    assert set(report.counts) == kinds, report.findings
    assert report.ok == (kinds <= NOTES)
    assert {finding.kind for finding in report.findings} == kinds
    assert all(finding.message for finding in report.findings)
    json.dumps(report.as_json(), allow_nan=False)


def test_every_kind_of_finding_was_tried() -> None:
    """The rules find nothing without a meaning, and none of them is there untested."""
    tried = set().union(*(kinds for *_, kinds in BROKEN)) | ELSEWHERE
    by_schema = {"no_table", "contract", "file_columns", "file_place"}
    assert {rule.kind for rule in RULES} <= tried
    assert tried | by_schema == set(MEANING)


def test_a_finding_says_where(lake: Path) -> None:
    delete("stories", '"offset" = 15')(lake)
    found = {f.kind: f for f in check(str(lake)).findings}
    lost = found["block_items"]
    assert (lost.table, lost.source, lost.start, lost.end) == ("ledger", SOURCE, 15, 16)
    assert lost.message == "stories: 1 in the ledger, 0 rows"


def test_all_are_counted_and_some_are_told(lake: Path) -> None:
    append("rejects", *(reject(14, n) for n in range(40) for _ in range(2)))(lake)
    report = check(str(lake))
    told = [f for f in report.findings if f.kind == "duplicate_item"]
    assert report.counts["duplicate_item"] == 40
    assert len(told) == 20


def test_an_unreferenced_file_is_an_error_when_strict(lake: Path) -> None:
    path = only_file(lake, "rejects")
    path.with_name("x.parquet").write_bytes(path.read_bytes())
    assert check(str(lake)).ok
    report = check(str(lake), strict=True)
    assert not report.ok
    assert next(t for t in report.tables if t.table == "rejects").unreferenced == 1


def test_expired_offsets_are_a_block_without_records(tmp_path: Path) -> None:
    """What the broker had dropped is a skip, and gaps: it adds up."""
    lost = a_reject(5, kind="skipped.expired", raw=None)
    written(
        tmp_path / "lake",
        a_batch(rejects=[lost], spans={SOURCE: (5, 9)}),
        a_batch([enriched(a_story(9))]),
    )
    report = check(str(tmp_path / "lake"))
    assert report.counts == {}
    assert (report.sources[0].gaps, report.sources[0].skipped) == (4, 1)


def test_more_columns_are_fine(lake: Path) -> None:
    """An additive change of a later minor version does not make the lake wrong."""
    from deltalake import Field
    from deltalake.schema import PrimitiveType

    table = DeltaTable(str(lake / "stories"))
    table.alter.add_columns([Field("added", PrimitiveType("string"), nullable=True)])
    assert check(str(lake)).counts == {}


def test_other_columns_are_told(lake: Path) -> None:
    """A table that was made under another contract is refused before its rows are judged."""
    import pyarrow as pa
    from deltalake import write_deltalake

    wrong = pa.table({"source": pa.array([1], pa.int64()), "date": ["2026-03-04"]})
    write_deltalake(
        str(lake / "ledger"),
        wrong,
        mode="overwrite",
        schema_mode="overwrite",
        partition_by=["date"],
    )
    report = check(str(lake))
    assert not report.ok
    assert {"contract", "file_columns"} <= set(report.counts)
    assert any("column source is int64" in f.message for f in report.findings)


def test_a_file_in_the_wrong_folder_is_told(lake: Path) -> None:
    """Readers of the plain files take the partition from the path."""
    log = sorted((lake / "rejects" / "_delta_log").glob("*.json"))
    path = only_file(lake, "rejects")
    moved = path.parent.with_name("date=2001-01-01") / path.name
    moved.parent.mkdir()
    path.rename(moved)
    for entry in log:
        old = f"{path.parent.name}/{path.name}"
        entry.write_text(entry.read_text().replace(old, f"{moved.parent.name}/{path.name}"))
    assert set(check(str(lake)).counts) == {"file_place", "log_entry"}


def test_a_missing_table_is_told(lake: Path) -> None:
    """A lake that is being made has not all tables yet; nothing is created by looking."""
    for path in sorted((lake / "events").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (lake / "events").rmdir()
    report = check(str(lake))
    assert set(report.counts) == {"no_table"}
    assert not (lake / "events").exists()


def test_no_lake_is_told_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no lake"):
        check(str(tmp_path / "absent"))
    assert list(tmp_path.iterdir()) == []


def test_looking_leaves_no_trace(lake: Path) -> None:
    before = sorted(path.as_posix() for path in lake.rglob("*"))
    check(str(lake))
    assert sorted(path.as_posix() for path in lake.rglob("*")) == before


def test_a_recreated_enrichment_is_superseded_below_the_ledger_only(tmp_path: Path) -> None:
    """What a dead job left above the ledger's end is in flight, whatever it belongs to."""
    lake = tmp_path / "lake"
    written(lake, a_batch([enriched(a_story(0))]))
    ahead = replace(enriched(a_story(1)), enrichment_id="dead")
    forced(lake, "rejects", [], {SOURCE: 2})
    forced(lake, "entities", entity_rows(ahead), {SOURCE: 2})
    assert set(check(str(lake)).counts) == {"in_flight"}


def test_an_empty_lake_is_sound(tmp_path: Path) -> None:
    """The tables exist, and nothing is in them."""
    lake = Lake(str(tmp_path / "lake"))
    for table in ("rejects", "entities", "events", "stories", "ledger"):
        lake.handle(table)
    report = check(str(tmp_path / "lake"))
    assert report.ok
    assert report.sources == ()


def test_a_check_takes_more_memory_where_it_cannot_do_with_less(tmp_path: Path) -> None:
    """Not all of a question can be on disk; that is no fault of the lake."""
    written(tmp_path / "lake", a_batch([enriched(a_story(n)) for n in range(50)])).close()
    assert check(str(tmp_path / "lake"), memory_mb=1).ok


def test_a_check_without_enough_memory_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbench, "_MOST_TIMES", 1)
    written(tmp_path / "lake", a_batch([enriched(a_story())])).close()
    with pytest.raises(StoreError, match="needs more memory"):
        check(str(tmp_path / "lake"), memory_mb=1)


def test_a_source_that_begins_while_the_tables_are_pinned_is_in_flight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger is pinned first: it may not know yet what stories have."""
    root = str(tmp_path / "lake")
    written(tmp_path / "lake", a_batch([enriched(a_story())])).close()
    before = open_snapshot(root)
    other = a_batch([enriched(a_story(source="cluster/topic/1"))])
    written(tmp_path / "lake", other).close()
    after = open_snapshot(root)
    mixed = replace(after, tables={**after.tables, "ledger": before.tables["ledger"]})
    monkeypatch.setattr(judge, "open_snapshot", lambda *_: mixed)
    report = check(root)
    assert report.counts.keys() == {"in_flight"}
    assert report.ok


@pytest.mark.parametrize(
    ("end", "is_wrong"), [(9, False), (8, True), (10, True), (5, True), (None, False)]
)
def test_offsets_that_could_not_be_read_end_where_their_message_says(
    tmp_path: Path, end: int | None, is_wrong: bool
) -> None:
    message = "offsets 5 to 8 of partition 0 of topic were no longer on the broker"
    lost = a_reject(5, kind="skipped.expired", raw=None, message=message, end_offset=9)
    written(
        tmp_path / "lake",
        a_batch(rejects=[lost], spans={SOURCE: (5, 9)}),
        a_batch([enriched(a_story(9))]),
    ).close()
    altered(tmp_path / "lake", "rejects", lambda rows: [{**row, "end_offset": end} for row in rows])
    assert ("unread_range" in check(str(tmp_path / "lake")).counts) == is_wrong


@pytest.mark.parametrize(
    ("stories", "rejects", "is_wrong"), [(3, 3, False), (3, 2, True), (2, 3, True), (9, 3, False)]
)
def test_what_stories_passed_has_its_account_before_the_ledger_ends_there(
    tmp_path: Path, stories: int, rejects: int, is_wrong: bool
) -> None:
    written(tmp_path / "lake", a_batch([enriched(a_story(n)) for n in range(5)])).close()
    for table, end in (("stories", stories), ("rejects", rejects)):
        lake = Lake(str(tmp_path / "lake"))
        lake.refresh(table)
        lake.commit_actions(table, [], {f"{PASSED}{SOURCE}": end}, f"passed {end}")
    assert ("unread_account" in check(str(tmp_path / "lake")).counts) == is_wrong
