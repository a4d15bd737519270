"""What one process of the job holds, without Beam and without a broker."""

from __future__ import annotations

import gzip
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.config import load
from pipeline.errors import StoreError
from pipeline.job import Job
from pipeline.model import Batch, Block, Record
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
