"""The commit protocol: whatever dies, and whoever else writes, each item lands exactly once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable
from deltalake.exceptions import CommitFailedError
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from pipeline.errors import GapError, StoreError
from pipeline.model import EnrichedBatch
from pipeline.store.check.judge import check
from pipeline.store.commit.conflict import ConflictError
from pipeline.store.commit.lake import Commit, Lake
from pipeline.store.commit.write import LakeWriter
from pipeline.store.schema.contract import TABLES
from pipeline.store.schema.rows import entity_rows, story_row
from tests.support.laws import grid, law, sample
from tests.support.rows import (
    ENRICHMENT,
    NOON,
    SOURCE,
    a_batch,
    a_reject,
    a_story,
    enriched,
    forced,
    written,
)

OTHER = "cluster/topic/1"


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the product catches it."""


class DyingLake(Lake):
    """Dies at the `fatal`-th commit: before its files, between files and log, or after it."""

    def __init__(self, url: str, fatal: int, moment: str) -> None:
        super().__init__(url)
        self.fatal, self.moment = fatal, moment

    def commit(self, commit: Commit) -> None:
        self.fatal -= 1
        if self.fatal != 0:
            super().commit(commit)
        elif self.moment == "before":
            raise Killed
        elif self.moment == "files":
            self._write_files(commit)
            raise Killed
        else:
            super().commit(commit)
            raise Killed


class MeddlingLake(Lake):
    """Lets another writer do something right before the `turn`-th commit."""

    def __init__(self, url: str, turn: int, meddle: Callable[[], None]) -> None:
        super().__init__(url)
        self.turn, self.meddle = turn, meddle

    def commit(self, commit: Commit) -> None:
        self.turn -= 1
        if self.turn == 0:
            self.meddle()
        super().commit(commit)


def writer_of(lake: Lake) -> LakeWriter:
    return LakeWriter(lake, clock=lambda: NOON, model="m", model_hash="0")


def batch_of(
    start: int, end: int, source: str = SOURCE, enrichment_id: str = ENRICHMENT
) -> EnrichedBatch:
    """Every fifth record is bad, every seventh repeats an earlier revision."""
    good = [n for n in range(start, end) if n % 5]
    stories = [
        enriched(
            a_story(n, source=source, revision_id=f"{source}-{n - 1 if n % 7 == 0 else n}"),
            enrichment_id=enrichment_id,
        )
        for n in good
    ]
    rejects = [a_reject(n, source=source) for n in range(start, end) if n % 5 == 0]
    return a_batch(stories, rejects, spans={source: (start, end)}, enrichment_id=enrichment_id)


def started(root: Path | str, *sources: str) -> LakeWriter:
    writer = writer_of(Lake(str(root)))
    writer.start(dict.fromkeys(sources, 0), dict.fromkeys(sources, 0))
    return writer


def items(root: Path) -> list[tuple[str, int, int]]:
    lake = Lake(str(root))
    found = []
    for table in ("stories", "rejects"):
        columns = lake.dataset(table).to_table(["source", "offset", "item"]).to_pydict()
        found += zip(*columns.values(), strict=True)
    return sorted(found)


def rows_of(root: Path | str, table: str, *columns: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = Lake(str(root)).dataset(table).to_table(list(columns)).to_pylist()
    return found


def assert_whole(root: Path, ends: dict[str, int]) -> None:
    """Every offset below `ends` is there once, and the judge agrees."""
    assert items(root) == sorted((s, n, 0) for s, end in ends.items() for n in range(end))
    report = check(str(root))
    assert report.ok, report.findings
    assert "in_flight" not in report.counts


@pytest.mark.parametrize(
    ("fatal", "moment"), grid(range(1, 6), ["before", "files", "after"], every=2)
)
def test_a_death_at_any_commit_loses_and_repeats_nothing(
    tmp_path: Path, fatal: int, moment: str
) -> None:
    """The restarted job reads the same records again, cut into other batches."""
    started(tmp_path, SOURCE)
    with pytest.raises(Killed):
        writer_of(DyingLake(str(tmp_path), fatal, moment)).write(batch_of(0, 20))
    again = writer_of(Lake(str(tmp_path)))
    end = Lake(str(tmp_path)).ends([SOURCE])[SOURCE]
    for first, last in ((end, 13), (13, 30)):
        if first < last:
            again.write(batch_of(first, last))
    again.write(batch_of(0, 31))
    assert_whole(tmp_path, {SOURCE: 31})


@pytest.mark.parametrize(
    ("fatal", "moment"), grid(range(1, 6), ["before", "files", "after"], every=2)
)
def test_a_block_begun_under_another_enrichment_is_finished_under_the_new(
    tmp_path: Path, fatal: int, moment: str
) -> None:
    """Each story has its entities and events under its own enrichment; none stands twice."""
    started(tmp_path, SOURCE)
    with pytest.raises(Killed):
        writer_of(DyingLake(str(tmp_path), fatal, moment)).write(batch_of(0, 20))
    end = Lake(str(tmp_path)).ends([SOURCE])[SOURCE]
    if end < 20:
        writer_of(Lake(str(tmp_path))).write(batch_of(end, 20, enrichment_id="enrichment-2"))
    assert_whole(tmp_path, {SOURCE: 20})


@pytest.mark.parametrize(("turn", "theirs"), grid(range(1, 6), [(0, 20), (0, 9), (0, 33)], every=2))
def test_a_zombie_cannot_write(tmp_path: Path, turn: int, theirs: tuple[int, int]) -> None:
    """Another writer takes the partition over while this one stands before its commit."""
    started(tmp_path, SOURCE)

    def meddle() -> None:
        writer_of(Lake(str(tmp_path))).write(batch_of(*theirs))

    zombie = writer_of(MeddlingLake(str(tmp_path), turn, meddle))
    receipt = zombie.write(batch_of(0, 20))
    end = Lake(str(tmp_path)).ends([SOURCE])[SOURCE]
    assert end >= theirs[1]
    if turn > 1:
        assert receipt.lost == (SOURCE,)
    if end < 40:
        zombie.write(batch_of(end, 40))
    assert_whole(tmp_path, {SOURCE: 40})


def test_only_the_source_that_was_lost_is_dropped(tmp_path: Path) -> None:
    """The other sources of the batch are committed in the same call."""
    started(tmp_path, SOURCE, OTHER)
    mine = a_batch(
        batch_of(0, 10).stories + batch_of(0, 10, OTHER).stories,
        batch_of(0, 10).rejects + batch_of(0, 10, OTHER).rejects,
        spans={SOURCE: (0, 10), OTHER: (0, 10)},
    )

    def meddle() -> None:
        writer_of(Lake(str(tmp_path))).write(batch_of(0, 10))

    receipt = writer_of(MeddlingLake(str(tmp_path), 3, meddle)).write(mine)
    assert receipt.lost == (SOURCE,)
    assert [block.source for block in receipt.blocks] == [OTHER]
    assert_whole(tmp_path, {SOURCE: 10, OTHER: 10})


@given(
    cuts=st.lists(st.integers(1, 39), max_size=6),
    deaths=st.lists(
        st.tuples(st.integers(1, 8), st.sampled_from(["before", "files", "after"])), max_size=5
    ),
)
@law(15, fewest=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_deaths_under_any_cutting(
    tmp_path_factory: pytest.TempPathFactory, cuts: Sequence[int], deaths: Sequence[tuple[int, str]]
) -> None:
    """Whatever the batches and wherever writers die, the lake ends whole."""
    root = tmp_path_factory.mktemp("lake")
    started(root, SOURCE)
    bounds = [*sorted(set(cuts)), 40]
    for fatal, moment in [*deaths, (10**6, "before")]:
        lake = DyingLake(str(root), fatal, moment)
        writer = writer_of(lake)
        try:
            while (end := lake.ends([SOURCE])[SOURCE]) < 40:
                writer.write(batch_of(end, next(b for b in bounds if b > end)))
        except Killed:
            continue
    assert_whole(root, {SOURCE: 40})


def test_a_lost_acknowledgement_is_recognised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit stands though the store reported a failure; the writer goes on from it."""
    writer = started(tmp_path, SOURCE)
    commit = DeltaTable.create_write_transaction
    failing = {"left": 3}

    def fail(self: DeltaTable, *args: object, **options: object) -> None:
        commit(self, *args, **options)  # type: ignore[arg-type]
        failing["left"] -= 1
        if failing["left"] >= 0:
            raise OSError("the connection was reset")

    monkeypatch.setattr(DeltaTable, "create_write_transaction", fail)
    receipt = writer.write(batch_of(0, 10))
    assert failing["left"] < 0
    assert receipt.lost == ()
    assert_whole(tmp_path, {SOURCE: 10})


def test_a_failed_store_is_an_error_and_the_next_try_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the failed attempt is visible, and nothing of it is missing later."""
    writer = started(tmp_path, SOURCE)
    with monkeypatch.context() as broken:

        def refuse(*_: object, **__: object) -> None:
            raise OSError(28, "No space left on device")

        broken.setattr(writer._lake.files, "write_all", refuse)
        with pytest.raises(StoreError, match="No space left"):
            writer.write(batch_of(0, 10))
    writer.write(batch_of(0, 10))
    assert_whole(tmp_path, {SOURCE: 10})


def test_a_block_above_the_committed_end_is_refused(tmp_path: Path) -> None:
    """Writing it would lose the records in between."""
    writer = started(tmp_path, SOURCE)
    with pytest.raises(GapError, match="committed=0"):
        writer.write(batch_of(3, 10))
    with pytest.raises(GapError, match="committed=None"):
        writer.write(batch_of(0, 10, OTHER))


def test_every_batch_commits_to_every_table(tmp_path: Path) -> None:
    """Also where a table gets no row: the committed ends of all five agree."""
    writer = started(tmp_path, SOURCE)
    writer.write(a_batch([], [a_reject(0)], spans={SOURCE: (0, 1)}))
    lake = Lake(str(tmp_path))
    assert {table: lake.committed(table, [SOURCE])[SOURCE] for table in TABLES} == dict.fromkeys(
        TABLES, 1
    )


@pytest.mark.parametrize("fatal", sample(range(1, 6)))
def test_a_start_is_never_resolved_again(tmp_path: Path, fatal: int) -> None:
    """`latest` was 100 at the first start; after a crash within it the start is still 100."""
    with pytest.raises(Killed):
        writer_of(DyingLake(str(tmp_path), fatal, "after")).start({SOURCE: 100}, {SOURCE: 0})
    again = writer_of(Lake(str(tmp_path)))
    again.start({SOURCE: 170}, {SOURCE: 0})
    again.start({SOURCE: 190, OTHER: 50}, {SOURCE: 0, OTHER: 0})
    lake = Lake(str(tmp_path))
    for table in TABLES:
        assert lake.committed(table, [SOURCE, OTHER]) == {SOURCE: 100, OTHER: 0}
    assert check(str(tmp_path)).ok


def test_the_first_of_two_starts_holds_for_both(tmp_path: Path) -> None:
    """A second writer with other offsets commits between this one's look and its commit."""
    Lake(str(tmp_path)).refresh("rejects")

    def meddle() -> None:
        writer_of(Lake(str(tmp_path))).start({SOURCE: 5}, {SOURCE: 0})

    late = MeddlingLake(str(tmp_path), 1, meddle)
    writer_of(late).start({SOURCE: 9, OTHER: 9}, {SOURCE: 0, OTHER: 0})
    assert late.ends([SOURCE, OTHER]) == {SOURCE: 5, OTHER: 0}


def test_a_repeat_is_skipped_with_its_reason_whatever_the_enrichment(tmp_path: Path) -> None:
    """The same revision from another source, enriched anew and put into another region."""
    writer = started(tmp_path, SOURCE, OTHER)
    writer.write(a_batch([enriched(a_story(0, revision_id="r"))]))
    again = enriched(
        a_story(0, source=OTHER, revision_id="r"), enrichment_id="other", region="oceania"
    )
    receipt = writer.write(a_batch([again], enrichment_id="other"))
    assert (receipt.stories, receipt.skipped) == (0, 1)
    rows = Lake(str(tmp_path)).rows("rejects", OTHER, 0, 1, ["kind", "revision_id", "raw"])
    assert rows == [{"kind": "skipped.repeat", "revision_id": "r", "raw": None}]
    assert check(str(tmp_path)).ok


def test_a_stale_handle_is_refused_by_the_log(tmp_path: Path) -> None:
    """The fence on which all rests: same source, older version, and the log says no."""
    started(tmp_path, SOURCE)
    stale = Lake(str(tmp_path))
    stale.refresh("ledger")
    writer_of(Lake(str(tmp_path))).write(batch_of(0, 5))
    with pytest.raises(ConflictError):
        stale.commit(Commit("ledger", (), {SOURCE: 5}, "late", "late", NOON))


def test_a_lost_answer_whose_entry_was_cleaned_loses_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table holds the files, though its history no longer names their writer."""
    writer = started(tmp_path, SOURCE, OTHER)
    for table in TABLES:
        DeltaTable(str(tmp_path / table)).alter.set_table_properties(
            {
                "delta.checkpointInterval": "3",
                "delta.logRetentionDuration": "interval 0 seconds",
            }
        )
    commit, others = DeltaTable.create_write_transaction, [started(tmp_path, SOURCE, OTHER)]

    def lose_the_answer(handle: DeltaTable, actions: list[Any], *rest: Any, **named: Any) -> None:
        commit(handle, actions, *rest, **named)
        if others and "/stories" in handle.table_uri and actions:
            other = others.pop()
            for n in range(6):
                other.write(batch_of(4 * n, 4 * n + 4, OTHER))
            raise CommitFailedError("the answer was lost")

    monkeypatch.setattr(DeltaTable, "create_write_transaction", lose_the_answer)
    writer.write(batch_of(0, 8))
    assert not others
    assert_whole(tmp_path, {SOURCE: 8, OTHER: 24})


def test_the_block_says_what_was_found_in_its_stories(tmp_path: Path) -> None:
    """Stories and ledger state the entities and events, so that a lost one can be missed."""
    bare = enriched(a_story(1), entities=(), events=())
    written(tmp_path, a_batch([enriched(a_story(0)), bare]))
    stories = rows_of(tmp_path, "stories", "entity_count", "event_count")
    assert sorted((row["entity_count"], row["event_count"]) for row in stories) == [(0, 0), (1, 1)]
    ledger = rows_of(tmp_path, "ledger", "start_offset", "end_offset", "entities", "events")
    assert sorted(tuple(row.values()) for row in ledger) == [(0, 0, 0, 0), (0, 2, 1, 1)]


def test_the_block_says_what_another_writer_found(tmp_path: Path) -> None:
    """What a dead writer of another enrichment left in stories is counted as it left it."""
    dead = replace(enriched(a_story(0), events=()), enrichment_id="dead")
    written(tmp_path, starts={SOURCE: 0})
    for table, rows in (
        ("rejects", []),
        ("entities", entity_rows(dead)),
        ("events", []),
        ("stories", [story_row(dead, "m", "0")]),
    ):
        forced(tmp_path, table, rows, {SOURCE: 1})
    batch = a_batch([enriched(a_story(0)), enriched(a_story(1))])
    LakeWriter(Lake(str(tmp_path)), lambda: NOON).write(batch)
    (block,) = (
        (row["entities"], row["events"])
        for row in rows_of(tmp_path, "ledger", "end_offset", "entities", "events")
        if row["end_offset"] == 2
    )
    assert block == (2, 1)


def expired_after(start: int, end: int, upto: int) -> EnrichedBatch:
    """The broker has dropped `[start, upto)` since; the rest of the block is read."""
    rest = batch_of(upto, end)
    gone = a_reject(start, kind="skipped.expired", stage="read", raw=None)
    batch = a_batch(rest.stories, [gone, *rest.rejects], spans={SOURCE: (start, end)})
    return replace(batch, blocks=tuple(replace(b, records=end - upto) for b in batch.blocks))


@pytest.mark.parametrize("fatal", sample(range(1, 6)))
def test_records_that_expire_between_a_death_and_the_next_writer(
    tmp_path: Path, fatal: int
) -> None:
    """What the dead one had read may stand already; of the rest there is an account."""
    started(tmp_path, SOURCE)
    with pytest.raises(Killed):
        writer_of(DyingLake(str(tmp_path), fatal, "after")).write(batch_of(0, 10))
    if Lake(str(tmp_path)).ends([SOURCE])[SOURCE] == 0:
        writer_of(Lake(str(tmp_path))).write(expired_after(0, 10, 4))
    report = check(str(tmp_path), strict=True)
    assert report.ok, report.findings
    kinds = {row["offset"]: row["kind"] for row in rows_of(tmp_path, "rejects", "offset", "kind")}
    missing = set(range(10)) - {offset for _, offset, _ in items(tmp_path)}
    told = [offset for offset, kind in kinds.items() if kind == "skipped.expired"]
    assert missing <= set(range(4))
    # What stands nowhere comes after the account of it.
    assert not missing or (len(told) == 1 and told[0] < min(missing))


def test_a_file_that_cannot_be_dropped_is_left_to_clean_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store fails just when the files of a refused commit are removed: the writer goes on."""
    started(tmp_path, SOURCE)

    def meddle() -> None:
        writer_of(Lake(str(tmp_path))).write(batch_of(0, 5))

    late = MeddlingLake(str(tmp_path), 4, meddle)
    failed = []

    def refuse(path: str) -> None:
        failed.append(path)
        raise OSError(5, "the store does not answer")

    monkeypatch.setattr(late.files, "delete", refuse)
    writer = writer_of(late)
    assert writer.write(batch_of(0, 10)).lost == (SOURCE,)
    assert failed
    writer_of(Lake(str(tmp_path))).write(batch_of(5, 10))
    assert_whole(tmp_path, {SOURCE: 10})
