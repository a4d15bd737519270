"""Starting at the latest records: a crash before the first batch is whole, partitions added later.

The reader and the writer are the real ones, on a real lake; Kafka is one in memory.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.model import Batch, EnrichedBatch
from pipeline.source.kafka.options import KafkaOptions, Limits
from pipeline.source.kafka.reader import Reader
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.write import LakeWriter
from tests.store.commit.test_write import DyingLake, Killed, items, writer_of
from tests.support.broker import FakeKafka, FakeLog
from tests.support.laws import sample
from tests.support.rows import ENRICHMENT, a_story, enriched

OLD, NEW = 50, 10


class Copy:
    """One copy of the job: reader and writer over a lake."""

    def __init__(self, kafka: FakeKafka, lake: Lake) -> None:
        self.writer: LakeWriter = writer_of(lake)
        self.reader = Reader(
            KafkaOptions(("nowhere:9092",), ("wire",), start="latest", discover_interval_s=1.0),
            Limits(1000, flush_interval_s=0.1),
            group=0,
            groups=1,
            lake_ends=lake.ends,
            start_sources=self.writer.start,
            clock=kafka.clock,
            sleep=kafka.sleep,
            connect=kafka.connect,
        )

    def run(self, polls: int = 30) -> None:
        for _ in range(polls):
            if (batch := self.reader.read(0.5)) is not None:
                self.writer.write(as_stories(batch))


def as_stories(batch: Batch) -> EnrichedBatch:
    stories = tuple(enriched(a_story(r.offset, source=r.source)) for r in batch.records)
    return EnrichedBatch(batch.group, batch.blocks, stories, batch.rejects, ENRICHMENT)


def offsets(root: Path, source: str) -> list[int]:
    return [offset for s, offset, _ in items(root) if s == source]


@pytest.mark.parametrize("fatal", sample(range(1, 11)))
def test_the_start_holds_through_a_crash_and_an_added_partition(tmp_path: Path, fatal: int) -> None:
    """Commits 1 to 5 are the start's, 6 to 10 the first batch's; the job dies after one of them.

    More records come while it is down. Restarted, it goes on from the first start; a partition that
    is added while it runs is read from its beginning, `latest` or not.
    """
    kafka = FakeKafka(wire=1)
    first = kafka.partition("wire", 0).source
    kafka.logs["wire", 0].append(OLD)
    dying = Copy(kafka, DyingLake(str(tmp_path), fatal, "after"))
    with pytest.raises(Killed):
        dying.reader.start()
        kafka.logs["wire", 0].append(NEW)
        dying.run()
    kafka.logs["wire", 0].append(NEW)
    end = kafka.logs["wire", 0].end
    again = Copy(kafka, Lake(str(tmp_path)))
    again.run()
    assert offsets(tmp_path, first) == list(range(OLD, end))
    kafka.logs["wire", 1] = FakeLog()
    kafka.logs["wire", 1].append(NEW)
    again.run()
    added = kafka.partition("wire", 1).source
    assert offsets(tmp_path, added) == list(range(NEW))
    assert offsets(tmp_path, first) == list(range(OLD, end))
    report = check(str(tmp_path))
    assert report.ok, report.findings
