"""What the check holds in memory does not grow with the lake.

Python's memory is traced, Arrow's is counted by a pool of the test's own, DuckDB's has its limit.
"""

from __future__ import annotations

import errno
import gc
import json
import random
import tracemalloc
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import StoreError
from pipeline.model import EnrichedStory, Item, Record, Story
from pipeline.parse import parse_record
from pipeline.parse.conventions import embargo
from pipeline.store.check import data_pages, derived, text_marks, workbench
from pipeline.store.check.judge import check
from pipeline.store.commit import seal
from pipeline.store.read.snapshot import open_snapshot
from pipeline.store.schema.rows import Row
from tests.support.large_file import with_large_file
from tests.support.rows import (
    HEADLINE,
    NOON,
    PARAGRAPHS,
    a_batch,
    a_story,
    altered,
    an_entity,
    an_event,
    enriched,
    written,
)

FEW, MANY = 100, 1300
ROWS = 32
"""So many rows at once, in place of hundreds: the smaller lake is a multiple of them."""

ITEM_BYTES = 80
"""Less than an id takes in a set of Python's."""


@cache
def stories() -> tuple[EnrichedStory, ...]:
    """Return as many stories as the larger lake has, of other words each, read from their bytes."""
    chance = random.Random(0)
    found = []
    for offset in range(MANY):
        said = " ".join(f"{chance.getrandbits(40):x}" for _ in range(30))
        words = {
            "uri": f"urn:memory:{offset}",
            "type": "text",
            "versioncreated": NOON.isoformat(),
            "headline": HEADLINE,
            "slugline": "visit",
            "body_text": "\n\n".join((*PARAGRAPHS, f"{said}.")),
        }
        (story,) = parse_record(Record("cluster/topic/0", offset, json.dumps(words).encode()))
        assert isinstance(story, Story)
        found.append(enriched(story, entities=(an_entity(),), events=(an_event(),)))
    return tuple(found)


def parsed(record: Record) -> Sequence[Item]:
    """Parse, and now and then let Python collect its garbage, which it does by rules of its own."""
    if record.offset % 50 == 0:
        gc.collect()
    return parse_record(record)


@pytest.mark.parametrize("is_deep", [False, pytest.param(True, marks=pytest.mark.long)])
def test_nothing_is_held_of_every_item(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_deep: bool
) -> None:
    """Twelve times the items take less of Python's memory than a value of each of them would.

    The smaller of two runs counts: a table that the whole process keeps doubles its room now and
    then, whoever puts the next entry into it.
    """
    monkeypatch.setattr(derived, "_BATCH_ROWS", ROWS)
    monkeypatch.setattr(workbench, "_BATCH_ROWS", ROWS)
    monkeypatch.setattr(text_marks, "_TEXT_ROWS", ROWS)
    monkeypatch.setattr(data_pages, "_LARGE_BYTES", 0)
    monkeypatch.setattr(data_pages, "_CHUNK_BYTES", 4096)
    monkeypatch.setattr(seal, "_PART_BYTES", 4096)
    # It keeps the last thousand paragraphs: so few stories do not fill it.
    monkeypatch.setattr(embargo, "_may_be", lambda _: True)
    held: dict[int, int] = {}
    for items in (FEW, FEW, MANY, MANY):  # the first fills what is kept once a process
        root = tmp_path / f"{items}"
        if not root.exists():
            written(root, a_batch(stories()[:items])).close()
        gc.collect()
        tracemalloc.start()
        report = check(str(root), deep=is_deep, parse=parsed)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        held[items] = min(peak, held.get(items, peak))
        assert report.counts == {}
    assert held[MANY] - held[FEW] < (MANY - FEW) * ITEM_BYTES


def test_no_footer_is_held_until_python_looks_for_rings(tmp_path: Path) -> None:
    """pyarrow's schema of a footer and its metadata refer to each other: 150 KB a file."""
    written(tmp_path, *(a_batch([enriched(a_story(n))]) for n in range(12))).close()
    gc.collect()
    gc.disable()
    try:
        assert check(str(tmp_path), strict=True, deep=True).ok
        left = sum(isinstance(each, pq.FileMetaData) for each in gc.get_objects())
    finally:
        gc.enable()
    assert left < 12


def test_a_large_file_is_read_a_few_rows_of_a_column_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Less than a quarter of it, unpacked, is there at any time."""
    lake, rows = with_large_file(tmp_path / "lake", 80)
    snapshot = open_snapshot(lake.url)
    monkeypatch.setattr(data_pages, "_LARGE_BYTES", 0)
    before, pool = pa.default_memory_pool(), pa.proxy_memory_pool(pa.default_memory_pool())
    pa.set_memory_pool(pool)
    try:
        assert data_pages.check_pages(snapshot, "stories") == []
    finally:
        pa.set_memory_pool(before)
    assert 0 < pool.max_memory() < rows.nbytes / 4


@pytest.mark.parametrize(
    "table, change",
    [
        ("stories", lambda rows: rows[1:]),
        ("stories", lambda rows: [*rows, rows[0]]),
        ("entities", lambda rows: rows[1:]),
        ("entities", lambda rows: [*rows, rows[-1]]),
        ("events", lambda rows: [{**rows[0], "story_id": "another"}, *rows[1:]]),
        ("rejects", lambda rows: [{**rows[0], "item": 7}, *rows[1:]]),
        ("ledger", lambda rows: rows[:-1]),
    ],
)
def test_part_by_part_the_same_is_found(
    lake: Path,
    monkeypatch: pytest.MonkeyPatch,
    table: str,
    change: Callable[[list[Row]], list[Row]],
) -> None:
    """Lakes of millions of rows are asked so: with as many examples, in the same order."""
    altered(lake, table, change)
    whole = check(str(lake))
    assert whole.counts
    monkeypatch.setattr(workbench, "_PART_ROWS", 2)
    parted = check(str(lake))
    assert parted.counts == whole.counts
    assert parted.findings == whole.findings
    assert parted.sources == whole.sources


def test_no_room_for_a_large_file_is_not_the_files_fault(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(data_pages, "_LARGE_BYTES", 0)
    monkeypatch.setattr(data_pages, "NamedTemporaryFile", full)
    with pytest.raises(StoreError, match="disk for its work"):
        check(str(lake), deep=True)
