"""Rejects: picked by any condition, found by their place, exported whole; retried until cured."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipeline.errors import UsageError
from pipeline.model import DAMAGED_HEADER, TRUNCATED_HEADER, EnrichedBatch, Record, Reject
from pipeline.parse import parse_batch, parse_record
from pipeline.source.bounded import ArchiveReader
from pipeline.source.kafka.options import Limits
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.write import LakeWriter
from pipeline.store.read.query import query
from pipeline.store.read.rejects import Picked, find_reject, open_rejects, read_rejects
from pipeline.store.read.rejects_export import INDEX, export
from pipeline.store.runs.retry import RETRIED, RetryPlan, RetryRun, plan_retry
from tests.support.rows import (
    ENRICHMENT,
    NOON,
    SOURCE,
    a_batch,
    a_reject,
    a_story,
    enriched,
    written,
)

ARCHIVE = "archive/0a1b"
DAY = timedelta(days=1)
GOOD = json.dumps(
    {"id": "urn:x:1", "headline": "Cured at last", "paragraphs": ["A story that can be read."]}
).encode()
BAD = b'{"headline": "cut'


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Four failures of two sources, of which two can be read today, a skip and a story."""
    root = tmp_path / "lake"
    written(
        root,
        a_batch(
            [enriched(a_story(0))],
            [
                a_reject(1, raw=GOOD, kind="unknown_format"),
                a_reject(2, raw=BAD, message="The JSON ends within a string"),
                a_reject(3, kind="skipped.not_a_story", raw=None, message="a planning item"),
                a_reject(4, raw=b"\xff\xfe\x00", kind="undecodable", received_at=NOON + DAY),
            ],
        ),
        a_batch(
            [],
            [
                a_reject(
                    0, source=ARCHIVE, raw=GOOD.replace(b"urn:x:1", b"urn:x:2"), received_at=None
                )
            ],
        ),
    ).close()
    return root


def places(root: Path, **conditions: Any) -> list[tuple[str, int]]:
    with read_rejects(open_rejects(str(root), {})) as rejects:
        rows = list(rejects.rows(Picked(**conditions)))
        assert rejects.count(Picked(**conditions)) == len(rows)
    return [("a" if row["source"] == ARCHIVE else "k", row["offset"]) for row in rows]


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({}, [("a", 0), ("k", 1), ("k", 2), ("k", 4)]),
        ({"skips": True}, [("a", 0), ("k", 1), ("k", 2), ("k", 3), ("k", 4)]),
        ({"kinds": ("unknown_format", "undecodable")}, [("k", 1), ("k", 4)]),
        ({"kinds": ("skipped.not_a_story",)}, [("k", 3)]),
        ({"stages": ("enrich",)}, []),
        ({"source": "archive/"}, [("a", 0)]),
        ({"source": SOURCE, "message": "json ENDS"}, [("k", 2)]),
        ({"first": date(2026, 3, 5)}, [("k", 4)]),
        ({"last": date(2026, 3, 4)}, [("k", 1), ("k", 2)]),
        ({"message": "100%"}, []),
    ],
)
def test_every_condition_picks(
    root: Path, conditions: dict[str, Any], found: list[tuple[str, int]]
) -> None:
    """All of those that are given have to hold."""
    assert places(root, **conditions) == found


def test_a_word_that_is_no_kind_is_refused() -> None:
    """With those that are."""
    with pytest.raises(UsageError, match="undecodable"):
        Picked(kinds=("undecodeable",))


def test_one_reject_is_found_by_its_place(root: Path) -> None:
    """With its bytes; the source may be cut short where that is enough."""
    with read_rejects(open_rejects(str(root), {})) as rejects:
        assert find_reject(rejects, SOURCE, 2)["raw"] == BAD
        assert find_reject(rejects, "arch", 0, 0)["source"] == ARCHIVE
        assert find_reject(rejects, SOURCE, 3)["raw"] is None
        for wrong in (("arch", 7), (SOURCE, 0), ("", 0, 3)):
            with pytest.raises(UsageError):
                find_reject(rejects, *wrong)


def exported(root: Path, path: Path, form: str) -> int:
    with read_rejects(open_rejects(str(root), {})) as rejects:
        return export(rejects.rows(Picked(skips=True), raw=True), path, form)


def test_export_as_json_lines(root: Path, tmp_path: Path) -> None:
    """Bytes in base64, and as text where they are."""
    path = tmp_path / "out.jsonl"
    assert exported(root, path, "jsonl") == 5
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [base64.b64decode(row["raw"] or "") for row in rows][2:] == [BAD, b"", b"\xff\xfe\x00"]
    assert rows[2]["text"] == BAD.decode()
    assert "text" not in rows[4]
    assert rows[4]["received_at"] == "2026-03-05T12:00:00+00:00"


def test_export_as_files(root: Path, tmp_path: Path) -> None:
    """Names that no provider had a hand in, and an index of them."""
    path = tmp_path / "bad"
    assert exported(root, path, "files") == 5
    index = [json.loads(line) for line in (path / INDEX).read_text().splitlines()]
    named = {row["offset"]: row["file"] for row in index if row["source"] == SOURCE}
    assert (path / named[2]).read_bytes() == BAD
    assert named[3] is None
    assert len(list(path.iterdir())) == 5


def test_export_as_parquet(root: Path, tmp_path: Path) -> None:
    """The bytes as they came, not as the lake keeps them."""
    path = tmp_path / "out.parquet"
    assert exported(root, path, "parquet") == 5
    rows = pq.read_table(path).to_pylist()
    assert rows[2]["raw"] == BAD
    assert rows[4]["received_at"] == NOON + DAY


@pytest.mark.parametrize("form", ["jsonl", "files", "parquet"])
def test_an_export_overwrites_nothing(root: Path, tmp_path: Path, form: str) -> None:
    """And a path appears only when it is complete."""
    path = tmp_path / "out"
    path.write_text("mine")
    with pytest.raises(UsageError):
        exported(root, path, form)
    assert path.read_text() == "mine"

    def broken() -> Iterator[dict[str, Any]]:
        raise OSError("disk full")
        yield {}

    with pytest.raises(UsageError, match="disk full"):
        export(broken(), tmp_path / "other", form)
    assert not (tmp_path / "other").exists()


def retried(root: Path, picked: Picked | None = None, batches: int = 10) -> RetryPlan:
    """The run as the job does it: read, parsed, committed, two records a batch."""
    plan = plan_retry(str(root), {}, picked or Picked())
    write(root, plan.run, batches)
    return plan


def write(root: Path, run: RetryRun, batches: int = 10) -> None:
    lake = Lake(str(root))
    writer = LakeWriter(lake, clock=lambda: NOON, model="m", model_hash="0")
    reader = ArchiveReader(
        run,
        Limits(2),
        lake_ends=lake.ends,
        start_sources=lambda first, later: writer.start(first, later, ENRICHMENT),
    )
    while batches and (batch := reader.read()) is not None:
        batches -= 1
        (parsed,) = parse_batch(batch)
        stories = tuple(enriched(story) for story in parsed.stories)
        writer.write(EnrichedBatch(0, parsed.blocks, stories, parsed.rejects, ENRICHMENT))
    writer.close()


def headlines(root: Path) -> list[dict[str, Any]]:
    sql = (
        "SELECT source, headline, origin_source, origin_offset, origin_item, received_at"
        f" FROM stories WHERE starts_with(source, '{RETRIED}') ORDER BY origin_source"
    )
    rows: list[dict[str, Any]] = query(str(root), None, sql, NOON).to_pylist()
    return rows


def test_what_parses_today_lands_once_and_is_marked_as_cured(root: Path) -> None:
    """The others stay open, at their own coordinates; the lake adds up."""
    plan = retried(root)
    assert (plan.run.total, plan.done) == (4, 0)
    rows = headlines(root)
    assert [(r["origin_source"], r["origin_offset"], r["origin_item"]) for r in rows] == [
        (ARCHIVE, 0, 0),
        (SOURCE, 1, 0),
    ]
    assert [row["received_at"] for row in rows] == [None, NOON]
    assert {row["source"] for row in rows} == {plan.run.source}
    assert places(root) == [("k", 2), ("k", 4)]
    assert len(places(root, settled=True)) == 6
    sql = "SELECT record_offset FROM open_rejects ORDER BY record_offset"
    assert [r["record_offset"] for r in query(str(root), None, sql, NOON).to_pylist()] == [2, 4]
    report = check(str(root), strict=True)
    assert report.ok, report.findings


def test_a_second_retry_adds_no_story(root: Path) -> None:
    """It reads what is still open, and that only."""
    retried(root)
    again = retried(root)
    assert again.run.total == 2
    assert len(headlines(root)) == 2
    assert places(root) == [("k", 2), ("k", 4)]
    report = check(str(root), strict=True)
    assert report.ok, report.findings


def test_a_retry_that_was_cut_short_goes_on(root: Path) -> None:
    """Under the same name, from where the lake ends."""
    first = retried(root, batches=1)
    second = plan_retry(str(root), {}, Picked())
    assert (second.run.source, second.done, second.left) == (first.run.source, 2, 2)
    write(root, second.run)
    assert len(headlines(root)) == 2
    assert places(root) == [("k", 2), ("k", 4)]


def test_two_retries_at_once_land_each_story_once(root: Path) -> None:
    """The same plan: the same source, whose blocks are there once."""
    one, other = (plan_retry(str(root), {}, Picked()).run for _ in range(2))
    assert one.source == other.source
    write(root, one)
    write(root, other)
    assert len(headlines(root)) == 2


def test_a_retry_knows_what_the_headers_said(tmp_path: Path) -> None:
    """The charset and the provider of a reject that today can be read are those of its record."""
    value = "Görüşme\n\nANKARA - Bakan dün geldi, ığş.".encode("windows-1254")
    said = {"charset": "windows-1254", "provider": "Anadolu"}
    rejected = [a_reject(1, raw=value, kind="unknown_format", **said)]
    written(tmp_path, a_batch([enriched(a_story(0))], rejected)).close()
    assert retried(tmp_path).left == 1
    sql = "SELECT headline, body, charset, provider FROM stories WHERE origin_item IS NOT NULL"
    (row,) = query(str(tmp_path), {}, sql, NOON).to_pylist()
    assert row == {"headline": "Görüşme", "body": "ANKARA - Bakan dün geldi, ığş."} | said
    assert check(str(tmp_path)).counts == {}


def test_only_what_is_picked_is_retried(root: Path) -> None:
    picked = Picked(kinds=("unknown_format",))
    assert retried(root, picked).run.total == 1
    assert places(root) == [("a", 0), ("k", 2), ("k", 4)]
    assert plan_retry(str(root), {}, picked).left == 0


def test_a_story_that_came_another_way_cures_its_reject_too(root: Path) -> None:
    """The retry finds a repeat, and says so: nothing is lost and nothing twice."""
    retried(root, Picked(source=SOURCE))
    twin = a_reject(1, source=ARCHIVE, raw=GOOD)
    written(root, a_batch([], [twin], spans={ARCHIVE: (1, 2)}), starts={ARCHIVE: 0}).close()
    retried(root, Picked(source=ARCHIVE))
    assert len(headlines(root)) == 2
    assert places(root, source=ARCHIVE) == []


def test_a_record_of_which_a_part_fails_again_stays_open(tmp_path: Path) -> None:
    """Its good items land at once; the rest waits for the next retry."""
    two = b"\n".join((GOOD, BAD))
    written(tmp_path, a_batch([], [a_reject(0, raw=two)])).close()
    retried(tmp_path)
    assert [row["headline"] for row in headlines(tmp_path)] == ["Cured at last"]
    assert places(tmp_path) == [("k", 0)]


@pytest.mark.parametrize(
    "picked", [Picked(skips=True), Picked(settled=True), Picked(kinds=("skipped.repeat",))]
)
def test_only_open_failures_can_be_retried(root: Path, picked: Picked) -> None:
    with pytest.raises(UsageError):
        plan_retry(str(root), {}, picked)


@pytest.mark.parametrize(
    "header", [(DAMAGED_HEADER, b"the stream broke off"), (TRUNCATED_HEADER, b"1")]
)
def test_what_was_not_delivered_whole_is_not_retried(
    tmp_path: Path, header: tuple[str, bytes]
) -> None:
    """Else a part of a story would land as all of it."""
    (reject,) = parse_record(Record(ARCHIVE, 0, GOOD, headers=(header,)))
    assert isinstance(reject, Reject)
    written(tmp_path, a_batch([], [reject])).close()
    assert plan_retry(str(tmp_path), {}, Picked()).left == 0
    assert places(tmp_path) == [("a", 0)]
