"""An operator's release is a revision of its own, which the views show."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.model import EnrichedBatch
from pipeline.store.read.query import query
from pipeline.store.runs.release import plan_release
from tests.support.rows import ENRICHMENT, NOON, a_batch, a_story, enriched, written

HOUR = timedelta(hours=1)


def headlines(lake: Path, view: str) -> list[str]:
    rows = query(str(lake), None, f"SELECT headline FROM {view}", NOON).to_pylist()
    return [row["headline"] for row in rows]


@pytest.mark.parametrize("held", [{"status": "withheld"}, {"embargo_until": NOON + HOUR}])
def test_what_is_released_is_shown_until_something_later_comes(
    tmp_path: Path, held: dict[str, object]
) -> None:
    """Usable, without an embargo, its reason with it; the revision that it releases stays."""
    lake = tmp_path / "lake"
    story = a_story(0, story_id="family", **held)
    writer = written(lake, a_batch([enriched(story)]))
    assert headlines(lake, "current") == []
    plan = plan_release(str(lake), None, story.revision_id, "the desk says so")
    (released,) = plan.stories
    assert released.revision_id != story.revision_id
    assert released.warnings[-1] == "released by an operator: the desk says so"
    start = {released.source: 0}
    writer.start(start, start, ENRICHMENT)
    writer.write(EnrichedBatch(0, plan.blocks, (enriched(released),), (), ENRICHMENT))
    assert headlines(lake, "current") == [story.headline]
    assert headlines(lake, "withheld") == []
    later = a_story(1, story_id="family", published_at=NOON + HOUR, status="withheld")
    writer.write(a_batch([enriched(later)]))
    assert headlines(lake, "current") == []
    assert headlines(lake, "withheld") == [later.headline]


def test_only_what_is_held_back_is_released(tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    usable = a_story(0)
    killed = a_story(1, status="canceled")
    written(lake, a_batch([enriched(usable), enriched(killed)]))
    for story in (usable, killed):
        with pytest.raises(UsageError):
            plan_release(str(lake), None, story.revision_id, "x")
    with pytest.raises(UsageError):
        plan_release(str(lake), None, "none", "x")
