"""An exact repeat that arrived before what the lake holds lands: by it the views order versions."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.model import EnrichedStory
from pipeline.store.check.judge import check
from pipeline.store.commit import repeats
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.repeats import Repeats
from pipeline.store.commit.write import LakeWriter
from pipeline.store.read.query import query
from pipeline.store.upkeep.compact import Sizing, compact
from pipeline.store.upkeep.withdraw import REPEAT, repeated_stories, withdraw
from tests.support.laws import grid
from tests.support.rows import NOON, a_batch, a_story, enriched

FEED, MIRROR = "cluster/feed/0", "cluster/mirror/0"
EARLIER, LATER = "archive/x-monday", "archive/a-tuesday"
OLD, NEW = "old", "new"
_S = timedelta(seconds=1)


def version(
    revision: str, source: str, offset: int, at_s: int | None, **fields: Any
) -> EnrichedStory:
    """A version without a time of its own, that Kafka got so many seconds after noon."""
    at = None if at_s is None else NOON + at_s * _S
    text = {"paragraphs": (f"The {revision} text.",), "published_precision": "day", **fields}
    story = a_story(
        offset, source=source, story_id="family", revision_id=revision, received_at=at, **text
    )
    return enriched(story)


FED = (version(OLD, FEED, 0, 0), version(NEW, FEED, 1, 10))
MIRRORED = (version(OLD, MIRROR, 0, 100), version(NEW, MIRROR, 1, 110))


class Writing:
    """A lake that is written story by story, its sources begun in the order of their names here."""

    def __init__(self, root: Path, *sources: str) -> None:
        self.root, self._hours = str(root), 0
        self._writer = LakeWriter(Lake(self.root), clock=self._now)
        for source in sources:
            self._writer.start({source: 0}, {source: 0})

    def _now(self) -> Any:
        self._hours += 1
        return NOON + self._hours * 3600 * _S

    def add(self, *stories: EnrichedStory) -> int:
        """How many landed of a batch of these."""
        return self._writer.write(a_batch(stories)).stories

    def spared(self, story: EnrichedStory) -> bool:
        return bool(self._writer.spare([story.story])[1])

    def ask(self, sql: str) -> list[dict[str, Any]]:
        return query(self.root, None, sql, NOON + 1000 * 3600 * _S).to_pylist()

    def shown(self) -> str:
        (row,) = self.ask("SELECT revision_id FROM current")
        return str(row["revision_id"])


@pytest.mark.parametrize(
    ("order", "is_whole"),
    grid(
        ["feed first", "mirror first", "mirror between", "one batch", "old of the mirror first"],
        [True, False],
    ),
)
def test_a_mirror_that_lags_never_brings_the_older_version_back(
    tmp_path: Path, order: str, is_whole: bool
) -> None:
    """Whichever topic was read first, and whether the mirror has both versions or the old alone."""
    lake = Writing(tmp_path, FEED, MIRROR)
    mirrored = MIRRORED if is_whole else MIRRORED[:1]
    batches: dict[str, list[tuple[EnrichedStory, ...]]] = {
        "feed first": [FED, mirrored],
        "mirror first": [mirrored, FED],
        "mirror between": [FED[:1], mirrored, FED[1:]],
        "one batch": [(*mirrored, *FED)],
        "old of the mirror first": [
            mirrored[:1],
            FED[:1],
            FED[1:],
            *([mirrored[1:]] if is_whole else []),
        ],
    }
    for batch in batches[order]:
        lake.add(*batch)
    assert lake.shown() == NEW
    assert check(lake.root).ok


def test_the_row_at_the_first_arrival_is_shown_and_stays_when_repeats_are_dropped(
    tmp_path: Path,
) -> None:
    """So the views are what they were before."""
    lake = Writing(tmp_path, FEED, MIRROR)
    assert lake.add(MIRRORED[0]) == 1
    assert not lake.spared(FED[0])
    assert lake.add(*FED) == 2
    before = lake.ask("SELECT * FROM current")
    assert (lake.shown(), before[0]["record_source"]) == (NEW, FEED)
    store = Lake(lake.root)
    (dropped,) = repeated_stories(store)
    assert dropped.coordinates == (MIRROR, 0, 0)
    withdraw(store, [dropped], REPEAT, "it repeats another row", NOON)
    assert lake.ask("SELECT * FROM current") == before
    assert lake.ask("SELECT count(*) AS n FROM stories") == [{"n": 2}]


def test_a_repeat_that_decides_nothing_is_skipped(tmp_path: Path) -> None:
    """One that arrived later or at the same time, of a version with its own time, or of an archive
    whose revision a topic brought."""
    lake = Writing(tmp_path, EARLIER, FEED, MIRROR, "cluster/own/0", "cluster/again/0")
    lake.add(*FED)
    same = [version(OLD, MIRROR, 0, 0), version(NEW, MIRROR, 1, 11)]
    archived = [version(OLD, EARLIER, 0, None), version(NEW, EARLIER, 1, None)]
    own = [
        version("own", s, 0, at, version_time=NOON)
        for s, at in (("cluster/own/0", 50), ("cluster/again/0", 40))
    ]
    assert lake.add(own[0]) == 1
    assert all(lake.spared(story) for story in (*same, *archived, own[1]))
    assert [lake.add(story) for story in (*same, *archived, own[1])] == [0] * 5


@pytest.mark.parametrize("is_first", [True, False])
def test_between_archives_the_one_that_was_begun_first_counts(
    tmp_path: Path, is_first: bool
) -> None:
    """Whichever of them a worker came to first."""
    lake = Writing(tmp_path, EARLIER, LATER)
    whole = [version(OLD, EARLIER, 0, None), version(NEW, EARLIER, 1, None)]
    old = version(OLD, LATER, 0, None)
    for batch in [whole, [old]] if is_first else [[old], whole]:
        lake.add(*batch)
    assert lake.shown() == NEW
    assert not repeated_stories(Lake(lake.root)) or not is_first


def test_a_revision_with_the_fingerprint_of_another_lands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files decide, the fingerprints say only which of them are read."""
    monkeypatch.setattr(repeats, "_fingerprint", lambda _: 7)
    lake = Writing(tmp_path, FEED, MIRROR)
    assert [lake.add(story) for story in FED] == [1, 1]
    assert [lake.add(story) for story in MIRRORED] == [0, 0]


def test_files_that_compaction_replaced_are_forgotten(tmp_path: Path) -> None:
    """And the one that took their place is known by what it holds."""
    store = Lake(str(tmp_path))
    writer = LakeWriter(store, clock=lambda: NOON)
    writer.start({FEED: 0, MIRROR: 0}, {FEED: 0, MIRROR: 0})
    known = Repeats(store)
    for offset in range(6):
        stories = [version(f"revision {offset}", FEED, offset, offset)]
        writer.write(a_batch(stories))
        store.refresh("stories")
        again = version("revision 0", MIRROR, offset, 100)
        assert not known.landing([again.story])
    assert len(known.fingerprints) == 6
    compact(Lake(str(tmp_path)), Sizing(min_files=2), NOON)
    store.refresh("stories")
    again, other = version("revision 5", MIRROR, 7, 100), version("another", MIRROR, 8, 100)
    assert known.landing([again.story, other.story]) == {(MIRROR, 8, 0)}
    assert [len(found) for found in known.fingerprints.values()] == [6]
