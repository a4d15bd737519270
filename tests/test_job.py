"""What one process of the job holds, without Beam and without a broker."""

from __future__ import annotations

import gzip
import json
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.config import load
from pipeline.errors import StoreError
from pipeline.job import Job
from pipeline.model import Batch, Block, Record
from pipeline.replay import Replay, Selected
from pipeline.source.archive.archive import open_archive
from pipeline.store.check.judge import check
from pipeline.store.commit.write import Receipt
from tests.support.rows import a_batch, a_story, enriched, written

LARGE = gzip.compress(b"PARIS, Aug 29, 2014 (AFP) - " + b"France and Mali signed. " * 4000)


def a_job(lake: Path, must_exist: bool = False, **sections: object) -> Job:
    return Job(load(None, {"lake": {"url": str(lake), "must_exist": must_exist}, **sections}))


@pytest.mark.parametrize(("lost", "portions"), [((), 4), (("s",), 1)])
def test_after_a_portion_that_another_writer_took_nothing_follows(
    tmp_path: Path, lost: tuple[str, ...], portions: int
) -> None:
    """Its lake may end below what would come next: the reader has to look first."""
    job = a_job(tmp_path, limits={"max_decompressed_bytes": 100_000})
    job.__dict__["writer"] = SimpleNamespace(write=lambda _: Receipt(lost=lost))
    batch = Batch(0, (Block("s", 0, 8, 8),), tuple(Record("s", n, LARGE) for n in range(8)))
    receipts = [job.write(a_batch([])) for _ in job.parse(batch)]
    assert len(receipts) == portions


def test_a_lake_that_must_exist_is_not_begun(tmp_path: Path) -> None:
    """As where the disk is not mounted: nothing is made in its place."""
    lake = tmp_path / "lake"
    with pytest.raises(StoreError, match="must_exist"):
        a_job(lake, must_exist=True).lake  # noqa: B018
    assert not lake.exists()
    written(lake, a_batch([enriched(a_story(0))])).close()
    assert a_job(lake, must_exist=True).lake.dataset("stories")


def test_replays_that_overlap_land_each_revision_once(tmp_path: Path) -> None:
    """Though each has enriched what it holds before the other writes: they write in turn."""
    lake = tmp_path / "lake"
    both_decided = threading.Barrier(2)

    def at(point: str) -> None:
        if point == "stories.begin":
            with suppress(threading.BrokenBarrierError):
                both_decided.wait(0.5)

    jobs = [a_job(lake, enrich={"mode": "none"}) for _ in range(2)]
    enriched_batches = []
    for number, job in enumerate(jobs):
        archive = tmp_path / f"{number}.jsonl"
        archive.write_text("".join(a_line(n) for n in range(2 * number, 2 * number + 4)))
        batch = next(job.read(Replay(Selected(open_archive(str(archive))))))
        (parsed,) = job.parse(batch)
        enriched_batches.append(job.enrich(parsed))
        job.lake.on_point = at
    writing = [
        threading.Thread(target=job.write, args=(batch,))
        for job, batch in zip(jobs, enriched_batches, strict=True)
    ]
    for thread in writing:
        thread.start()
    for thread in writing:
        thread.join(60)
    for job in jobs:
        job.close()
    report = check(str(lake), strict=True)
    assert report.counts == {}
    assert [table.rows for table in report.tables if table.table == "stories"] == [6]


def a_line(number: int) -> str:
    words = f"A ferry with {number} cars ran aground off the harbour."
    when = "2026-03-04T12:00:00Z"
    return (
        json.dumps(
            {
                "uri": f"urn:n:{number}",
                "type": "text",
                "headline": f"Ferry {number}",
                "body_text": words,
            }
            | {"versioncreated": when}
        )
        + "\n"
    )
