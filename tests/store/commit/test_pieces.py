"""A batch with stories of very many days: committed in parts, each item once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from pipeline.model import EnrichedBatch
from pipeline.store.check.judge import check
from pipeline.store.commit.cut_batch import cut_batch
from pipeline.store.commit.lake import Commit, Lake
from pipeline.store.commit.write import LakeWriter
from tests.support.rows import NOON, SOURCE, a_batch, a_reject, a_story, enriched

OTHER = "cluster/topic/1"
DAY = timedelta(days=1)


class CountingLake(Lake):
    """Notes the most partitions that any commit has."""

    most = 0

    def commit(self, commit: Commit) -> None:
        columns = ("date", "region") if commit.table != "rejects" else ("date",)
        found = {tuple(row.get(name) for name in columns) for row in commit.rows}
        self.most = max(self.most, len(found))
        super().commit(commit)


def of_many_days(count: int, source: str = SOURCE) -> EnrichedBatch:
    """A story a day, and a reject that arrived on a day of its own after each fifth."""
    return a_batch(
        [enriched(a_story(n, source=source, published_at=NOON - n * DAY)) for n in range(count)],
        [a_reject(n, 1, source=source, received_at=NOON + n * DAY) for n in range(0, count, 5)],
    )


def test_each_commit_has_few_partitions_and_nothing_is_lost(tmp_path: Path) -> None:
    lake = CountingLake(str(tmp_path))
    writer = LakeWriter(lake, lambda: NOON, "m", "0", max_partitions=4)
    writer.start({SOURCE: 0, OTHER: 0}, {SOURCE: 0, OTHER: 0})
    both = [of_many_days(10), of_many_days(3, OTHER)]
    batch = a_batch(
        [s for one in both for s in one.stories], [r for one in both for r in one.rejects]
    )
    receipt = writer.write(batch)
    assert lake.most == 4
    ends = {block.source: (block.start, block.end, block.records) for block in receipt.blocks}
    assert ends == {SOURCE: (0, 10, 10), OTHER: (0, 3, 3)}
    assert (receipt.stories, receipt.rejects, receipt.lost) == (13, 3, ())
    assert sum(receipt.by["date"].values()) == 13
    report = check(str(tmp_path), strict=True)
    assert report.ok, report.findings
    assert {source.source: source.items for source in report.sources} == {SOURCE: 12, OTHER: 4}


def test_the_parts_follow_one_another_and_hold_everything_once() -> None:
    """Gaps and offsets that could not be read stay in a block, records are never cut."""
    lost = a_reject(3, kind="skipped.expired", stage="read", raw=None, end_offset=6)
    stories = [
        enriched(a_story(offset, item, published_at=NOON - (offset + item) * DAY))
        for offset, item in ((0, 0), (0, 1), (0, 2), (1, 0), (8, 0))
    ]
    whole = a_batch(stories, [lost], spans={SOURCE: (0, 12), OTHER: (4, 7)})
    parts = list(cut_batch(whole, 2))
    spans = [[(b.source, b.start, b.end) for b in part.blocks] for part in parts]
    assert spans == [
        [(SOURCE, 0, 1), (OTHER, 4, 7)],
        [(SOURCE, 1, 12)],
    ]
    assert [len(part.stories) for part in parts] == [3, 2]
    assert [part.rejects for part in parts] == [(), (lost,)]
    assert [b.records for part in parts for b in part.blocks if b.source == SOURCE] == [1, 2]


def test_a_batch_of_few_partitions_is_one_piece() -> None:
    batch = of_many_days(10)
    assert list(cut_batch(batch, 200)) == [batch]


def test_what_another_writer_took_is_left_out_of_later_parts(tmp_path: Path) -> None:
    """The source is lost in the first part; the other one is written to its end."""
    lake = Lake(str(tmp_path))
    writer = LakeWriter(lake, lambda: NOON, "m", "0", max_partitions=4)
    writer.start({SOURCE: 0, OTHER: 0}, {SOURCE: 0, OTHER: 0})
    commit, taken = lake.commit, []

    def meddle(one: Commit) -> None:
        if one.table == "ledger" and not taken:
            taken.append(one)
            other = LakeWriter(Lake(str(tmp_path)), lambda: NOON, "m", "0")
            other.write(of_many_days(2))
        commit(one)

    lake.commit = meddle  # type: ignore[method-assign]
    both = [of_many_days(6), of_many_days(6, OTHER)]
    batch = a_batch(
        [s for one in both for s in one.stories], [r for one in both for r in one.rejects]
    )
    receipt = writer.write(batch)
    assert receipt.lost == (SOURCE,)
    assert lake.ends([SOURCE, OTHER]) == {SOURCE: 2, OTHER: 6}
    writer.write(replace(of_many_days(6)))
    report = check(str(tmp_path), strict=True)
    assert report.ok, report.findings
