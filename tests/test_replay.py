"""Shares of a replay: all parts, each once; and what a worker is told is what was meant."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipeline.parse.selection import Selection
from pipeline.replay import Replay, Selected, from_json, parts, shares, to_json
from pipeline.source.archive.archive import open_archive
from pipeline.source.kafka.groups import Partition
from pipeline.source.kafka.options import KafkaOptions
from pipeline.source.kafka.time_range import KafkaRange
from pipeline.stages import StageSet, StageVersion
from pipeline.store.runs.reprocess import ReprocessRun
from tests.source.test_bounded import Numbers


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(1, 30)), max_size=6),
    st.integers(1, 5),
    st.integers(1, 7),
)
def test_every_part_has_one_reader_and_they_are_spread(
    sizes: list[tuple[int, int]], workers: int, part_records: int
) -> None:
    """No worker has two parts more than another, over one source or over many."""
    sources = [
        Selected(Numbers(start, start + length, source=str(n)))
        for n, (start, length) in enumerate(sizes)
    ]
    found = shares(sources, workers, part_records)
    work = []
    for mine in found:
        assert [tick.source for tick in mine] == [source.source for source in sources]
        work.append(Counter[tuple[str, int]]())
        for tick in mine:
            first, end = tick.records.start // part_records, tick.records.total
            for part in range(first, -(-end // part_records)):
                work[-1][tick.source, part] += part % tick.shares == tick.share
    total = sum(work, Counter[tuple[str, int]]())
    assert set(total.values()) <= {1}
    assert total.total() == sum(parts(source, part_records) for source in sources)
    loads = [mine.total() for mine in work]
    assert max(loads) - min(loads) <= 1


def test_what_a_worker_is_told_is_what_was_meant(tmp_path: Path) -> None:
    """Every kind of source comes back from JSON as it was."""
    (tmp_path / "a").write_text("one")
    (tmp_path / "b").write_text("two")
    archive = open_archive(tmp_path)
    options = KafkaOptions(("localhost:1",), ("wire",), client={"security_protocol": "SSL"})
    stages = StageSet("enrichment", formats={"text": StageVersion("text", 2)})
    sources = (
        Selected(archive),
        Selected(archive, Selection(date(2026, 3, 4), None, ("AFP",), ("text",))),
        Selected(KafkaRange(options, Partition("cluster", "wire", "id", 0), 5, 9)),
        Selected(ReprocessRun("lake", {"a": "b"}, stages, "region = 'x'", (1, 2, 3), "digest", 7)),
    )
    for source in sources:
        tick = Replay(source, 1, 3)
        again = from_json(json.loads(json.dumps(to_json(tick))))
        assert again == tick
        assert again.source == tick.source
    assert [r.value for r in from_json(to_json(Replay(Selected(archive)))).records.records(0)] == [
        b"one",
        b"two",
    ]


def test_a_selection_is_a_source_of_its_own(tmp_path: Path) -> None:
    """So that the whole, replayed later, takes the rest."""
    (tmp_path / "a").write_text("one")
    archive = open_archive(tmp_path)
    some = Selected(archive, Selection(providers=("AFP",)))
    assert some.source.startswith(archive.source + "/")
    assert {record.source for record in some.records(0)} == {some.source}
    assert Selected(archive).source == archive.source
