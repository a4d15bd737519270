"""Compaction and clean-up beside all else: rows as they were, every referenced file there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.write import LakeWriter
from pipeline.store.schema.contract import TABLES
from pipeline.store.upkeep.clean_up import clean_up
from pipeline.store.upkeep.compact import Sizing, compact
from tests.store.commit.test_write import Killed, assert_whole, batch_of, started
from tests.support.copies import made_once
from tests.support.laws import sample
from tests.support.rows import NOON, SOURCE, a_batch, a_story, enriched, written

SMALL = Sizing(min_files=2)
LATER = NOON + timedelta(hours=1)


def rows_of(root: Path) -> dict[str, list[str]]:
    lake = Lake(str(root))
    return {t: sorted(map(repr, lake.dataset(t).to_table().to_pylist())) for t in TABLES}


@made_once
def many_files(root: Path, batches: int = 6) -> dict[str, list[str]]:
    writer = started(root, SOURCE)
    for n in range(batches):
        writer.write(batch_of(3 * n, 3 * n + 3))
    return rows_of(root)


def files_of(root: Path, table: str) -> list[str]:
    return Lake(str(root)).active(table)


class MeddlingLake(Lake):
    """Lets something happen once, at a named point."""

    def __init__(self, root: Path, point: str, meddle: Callable[[], object]) -> None:
        super().__init__(str(root), on_point=self._reached)
        self._point, self._meddle = point, meddle

    def _reached(self, name: str) -> None:
        if name == self._point:
            self._point = ""
            self._meddle()


def test_many_files_become_one_with_the_same_rows(tmp_path: Path) -> None:
    before = many_files(tmp_path)
    done = compact(Lake(str(tmp_path)), SMALL, NOON)
    assert rows_of(tmp_path) == before
    assert [(c.written, len(files_of(tmp_path, c.table))) for c in done] == [(1, 1)] * 5
    assert all(c.replaced >= 6 for c in done)
    report = check(str(tmp_path))
    assert report.ok, report.findings


@pytest.mark.parametrize("is_dated", [True, False])
def test_stories_stand_by_time_then_arrival_whatever_order_they_came_in(
    tmp_path: Path, is_dated: bool
) -> None:
    """What has no time, or the same, stands by source and offset."""
    late = {("cluster/topic/1", 0): 5, (SOURCE, 1): 3}
    coordinates = [(s, n) for n in (2, 0, 1) for s in ("cluster/topic/1", SOURCE)]
    times = {c: NOON + timedelta(minutes=late.get(c, 0)) if is_dated else None for c in coordinates}
    for source in (SOURCE, "cluster/topic/1"):
        batches = [
            a_batch([enriched(a_story(n, source=source, published_at=times[source, n]))])
            for n in range(3)
        ]
        written(tmp_path, *batches)
    compact(Lake(str(tmp_path)), SMALL, NOON)
    assert orders_of(tmp_path, "stories") == sorted(
        coordinates, key=lambda c: (late.get(c, 0) if is_dated else 0, c)
    )


def test_other_rows_stand_by_source_offset_item(tmp_path: Path) -> None:
    """So a reader of one source or one span of offsets has to look into few row groups."""
    other = "cluster/topic/1"
    batches = [
        a_batch([enriched(a_story(n, source=source))])
        for n in range(3)
        for source in (other, SOURCE)
    ]
    written(tmp_path, *batches)
    compact(Lake(str(tmp_path)), SMALL, NOON)
    for table in ("entities", "events"):
        assert orders_of(tmp_path, table) == [(s, n) for s in (SOURCE, other) for n in range(3)]


def orders_of(root: Path, table: str) -> list[tuple[str, int]]:
    """Return source and offset of each row of the table's one file, repeats left out."""
    lake = Lake(str(root))
    (path,) = lake.active(table)
    keys = lake.files.read(path, ["source", "offset"]).to_pylist()
    return list(dict.fromkeys((k["source"], k["offset"]) for k in keys))


def test_a_partition_whose_folder_needs_encoding_is_compacted_once(tmp_path: Path) -> None:
    """A removal names the plain path, though the log holds it encoded: else the rows double."""
    stories = [enriched(a_story(n), region="côte d'ivoire") for n in range(3)]
    written(tmp_path, *[a_batch([story]) for story in stories])
    before = rows_of(tmp_path)
    compact(Lake(str(tmp_path)), SMALL, NOON)
    assert rows_of(tmp_path) == before
    assert len(files_of(tmp_path, "stories")) == 1


def test_files_of_the_target_size_and_few_files_are_left_alone(tmp_path: Path) -> None:
    many_files(tmp_path)
    before = files_of(tmp_path, "stories")
    compact(Lake(str(tmp_path)), Sizing(target_bytes=1000, min_files=2), NOON)
    compact(Lake(str(tmp_path)), Sizing(min_files=100), NOON)
    assert files_of(tmp_path, "stories") == before


def test_files_that_would_be_too_much_unpacked_stay_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As many as fit become one; where no two do there is nothing to do, and that is no loop."""
    before = many_files(tmp_path)
    monkeypatch.setattr("pipeline.store.upkeep.compact._UNPACKED_BYTES", 1)
    assert all(not done.replaced for done in compact(Lake(str(tmp_path)), SMALL, NOON))
    footers = [pq.read_metadata(tmp_path / path) for path in files_of(tmp_path, "stories")]
    size = max(footer.row_group(0).total_byte_size for footer in footers)
    monkeypatch.setattr("pipeline.store.upkeep.compact._UNPACKED_BYTES", 3 * size)
    compact(Lake(str(tmp_path)), SMALL, NOON)
    assert len(files_of(tmp_path, "stories")) == 2
    assert rows_of(tmp_path) == before


def test_a_second_compaction_finds_nothing_to_do(tmp_path: Path) -> None:
    many_files(tmp_path)
    compact(Lake(str(tmp_path)), SMALL, NOON)
    assert [c.replaced for c in compact(Lake(str(tmp_path)), SMALL, NOON)] == [0] * 5


def test_the_same_files_compact_to_the_same_bytes(tmp_path: Path) -> None:
    bytes_ = []
    for name in ("a", "b"):
        many_files(tmp_path / name)
        compact(Lake(str(tmp_path / name)), SMALL, NOON)
        lake = Lake(str(tmp_path / name))
        table = lake.files.read(lake.active("events")[0])
        bytes_.append(table.replace_schema_metadata(None))
    assert bytes_[0].equals(bytes_[1])


@pytest.mark.parametrize("table", sample(TABLES, 4))
def test_of_two_compactions_at_once_one_wins_and_nothing_doubles(
    tmp_path: Path, table: str
) -> None:
    """The second one, files written and about to commit, wakes after the first has finished."""
    before = many_files(tmp_path)
    slow = MeddlingLake(
        tmp_path, f"maintain.{table}.file", lambda: compact(Lake(str(tmp_path)), SMALL, NOON)
    )
    compact(slow, SMALL, NOON)
    assert rows_of(tmp_path) == before
    assert len(files_of(tmp_path, table)) == 1
    clean_up(Lake(str(tmp_path)), LATER)
    report = check(str(tmp_path), strict=True)
    assert report.ok, report.findings


def test_a_writer_loses_nothing_to_a_compaction(tmp_path: Path) -> None:
    """It comes between a writer's files and its commit; removal of what it replaced too."""
    writer = started(tmp_path, SOURCE)
    for n in range(4):
        writer.write(batch_of(3 * n, 3 * n + 3))
    for n, table in enumerate(TABLES, start=4):

        def upkeep() -> None:
            compact(Lake(str(tmp_path)), SMALL, NOON)
            clean_up(Lake(str(tmp_path)), NOON)

        lake = MeddlingLake(tmp_path, f"{table}.log", upkeep)
        receipt = LakeWriter(lake, lambda: NOON).write(batch_of(3 * n, 3 * n + 3))
        assert not receipt.lost
    assert_whole(tmp_path, {SOURCE: 27})


def test_an_append_during_a_compaction_stays_and_the_compaction_too(tmp_path: Path) -> None:
    many_files(tmp_path)
    lake = MeddlingLake(
        tmp_path,
        "maintain.stories.file",
        lambda: LakeWriter(Lake(str(tmp_path)), lambda: NOON).write(batch_of(18, 21)),
    )
    done = {c.table: c for c in compact(lake, SMALL, NOON)}
    assert done["stories"].written >= 1
    assert not done["stories"].gave_up
    assert_whole(tmp_path, {SOURCE: 21})


@pytest.mark.parametrize(
    "point",
    sample(
        [
            "maintain.stories.begin",
            "file.staged",
            "maintain.stories.file",
            "stories.log",
            "stories.done",
        ]
    ),
)
def test_a_compaction_that_dies_leaves_the_rows_and_no_litter(tmp_path: Path, point: str) -> None:
    before = many_files(tmp_path)

    def die() -> None:
        raise Killed

    dying = MeddlingLake(tmp_path, point, die)
    with pytest.raises(Killed):
        compact(dying, SMALL, NOON)
    del dying
    assert rows_of(tmp_path) == before
    compact(Lake(str(tmp_path)), SMALL, LATER)
    assert rows_of(tmp_path) == before
    clean_up(Lake(str(tmp_path)), LATER)
    report = check(str(tmp_path), strict=True)
    assert report.ok, report.findings


def test_a_dead_compactions_files_go_behind_a_fence_of_their_own(tmp_path: Path) -> None:
    """Though nobody compacts again; the frozen one that wakes after that is refused."""
    before = many_files(tmp_path)
    frozen = MeddlingLake(
        tmp_path, "stories.log", lambda: clean_up(Lake(str(tmp_path)), LATER, retention_s=60)
    )
    compact(frozen, SMALL, NOON)
    assert rows_of(tmp_path) == before
    clean_up(Lake(str(tmp_path)), LATER + timedelta(hours=1))
    report = check(str(tmp_path), strict=True)
    assert report.ok, report.findings


def test_replaced_files_stay_for_the_readers_until_their_time_is_up(tmp_path: Path) -> None:
    """A dataset that was pinned before the compaction still reads; afterwards they are gone."""
    many_files(tmp_path)
    pinned = Lake(str(tmp_path)).dataset("stories")
    replaced = files_of(tmp_path, "stories")
    compact(Lake(str(tmp_path)), SMALL, NOON)
    early = clean_up(Lake(str(tmp_path)), NOON + timedelta(seconds=599), retention_s=600)
    assert (early.removed, early.held > len(replaced)) == (0, True)
    assert pinned.to_table(["offset"]).num_rows == len(rows_of(tmp_path)["stories"])
    report = check(str(tmp_path), strict=True)
    assert report.ok, report.findings
    assert not report.glob_exact
    late = clean_up(Lake(str(tmp_path)), NOON + timedelta(seconds=601), retention_s=600)
    assert (late.removed, late.held) == (early.held, 0)
    assert check(str(tmp_path), strict=True).glob_exact
    assert not any((tmp_path / path).exists() for path in replaced)


@pytest.mark.long
def test_the_handles_of_writers_get_smaller(tmp_path: Path) -> None:
    """Each handle holds the list of all files."""
    many_files(tmp_path, batches=12)
    lake = Lake(str(tmp_path))
    lake.refresh("stories")
    before = len(lake.active("stories"))
    compact(Lake(str(tmp_path)), SMALL, NOON)
    lake.refresh("stories")
    assert (before, len(lake.active("stories"))) == (12, 1)
