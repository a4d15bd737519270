"""Stories that were spared the enrichment: skips where they are repeats, never lost where not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.model import Block
from pipeline.store.check.judge import check
from pipeline.store.commit.decide import NotEnrichedError
from pipeline.store.commit.lake import Commit, Lake
from pipeline.store.commit.write import LakeWriter
from pipeline.store.schema.rows import reject_row
from tests.support.rows import NOON, SOURCE, a_batch, a_reject, a_story, enriched, written

OTHER = "archive/other"


def writer_on(lake: Path) -> LakeWriter:
    return LakeWriter(Lake(str(lake)), clock=lambda: NOON)


def test_only_what_the_lake_lacks_is_enriched(tmp_path: Path) -> None:
    """The first of two that are the same is; what is spared becomes a skip."""
    held = a_story(0, story_id="held")
    written(tmp_path / "lake", a_batch([enriched(held)])).close()
    writer = writer_on(tmp_path / "lake")
    writer.start({OTHER: 0}, {OTHER: 0})
    stories = [
        a_story(0, source=OTHER, story_id="held"),
        a_story(1, source=OTHER, story_id="new"),
        a_story(2, source=OTHER, story_id="new"),
    ]
    wanted, spared = writer.spare(stories)
    assert [story.offset for story in wanted] == [1]
    assert [story.offset for story in spared] == [0, 2]
    batch = a_batch([enriched(wanted[0])], spans={OTHER: (0, 3)})
    batch = replace(batch, blocks=(Block(OTHER, 0, 3, 3, 3),), unenriched=tuple(spared))
    receipt = writer.write(batch)
    assert (receipt.stories, receipt.skipped) == (1, 2)
    assert receipt.by == {
        "date": {"2026-03-04": 1},
        "region": {"western-asia": 1},
        "format": {"plain": 1},
        "status": {"usable": 1},
        "kind": {"skipped.repeat": 2},
    }
    assert check(str(tmp_path / "lake"), strict=True).ok


def test_a_story_that_is_no_repeat_is_asked_for(tmp_path: Path) -> None:
    """Nothing is written before that."""
    writer = writer_on(tmp_path / "lake")
    writer.start({SOURCE: 0}, {SOURCE: 0})
    batch = a_batch([], spans={SOURCE: (0, 1)})
    with pytest.raises(NotEnrichedError):
        writer.write(replace(batch, unenriched=(a_story(0),)))
    assert Lake(str(tmp_path / "lake")).ends([SOURCE]) == {SOURCE: 0}
    assert writer.write(a_batch([enriched(a_story(0))])).stories == 1


def test_what_a_dead_writer_took_for_a_story_stays_one(tmp_path: Path) -> None:
    """It committed its rejects and died; then another source brought the same revision."""
    lake, held = tmp_path / "lake", a_story(0, story_id="held")
    first = writer_on(lake)
    first.start({OTHER: 0}, {OTHER: 0})
    reject = reject_row(a_reject(1, source=OTHER))
    tables = Lake(str(lake))
    tables.refresh("rejects")
    tables.commit(Commit("rejects", [reject], {OTHER: 2}, "dead-1", "dead", NOON))
    first.start({SOURCE: 0}, {SOURCE: 0})
    first.write(a_batch([enriched(held)]))
    mine = a_story(0, source=OTHER, story_id="held")
    _, spared = first.spare([mine])
    assert spared == [mine]
    batch = a_batch([], [a_reject(1, source=OTHER)], spans={OTHER: (0, 2)})
    with pytest.raises(NotEnrichedError):
        first.write(replace(batch, unenriched=(mine,)))
    whole = a_batch([enriched(mine)], [a_reject(1, source=OTHER)], spans={OTHER: (0, 2)})
    receipt = first.write(whole)
    assert (receipt.stories, receipt.rejects, receipt.skipped) == (1, 1, 0)
