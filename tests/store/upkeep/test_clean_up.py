"""Clean-up: what dead writers left goes, what a live one may commit stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import StoreError
from pipeline.store.check.judge import check
from pipeline.store.commit.conflict import ConflictError
from pipeline.store.commit.data_files import BLOCKS_KEY, marks_of
from pipeline.store.commit.lake import Commit, Lake
from pipeline.store.read.lost import lost_rows
from pipeline.store.schema.rows import entity_rows
from pipeline.store.upkeep.clean_up import Cleaned, clean_up
from pipeline.store.upkeep.compact import Sizing, compact
from tests.store.commit.test_write import DyingLake, Killed, batch_of, started, writer_of
from tests.support.rows import NOON, SOURCE, a_story, enriched


def died_with_files(root: Path, end: int) -> None:
    with pytest.raises(Killed):
        writer_of(DyingLake(str(root), 2, "files")).write(batch_of(0, end))


def test_a_dead_writers_file_goes_once_its_source_has_moved_past(tmp_path: Path) -> None:
    """Before that it stays, and counts as kept."""
    writer = started(tmp_path, SOURCE)
    died_with_files(tmp_path, 10)
    assert clean_up(Lake(str(tmp_path)), NOON).kept > 0
    writer.write(batch_of(0, 20))
    done = clean_up(Lake(str(tmp_path)), NOON)
    assert (done.removed > 0, done.kept) == (True, 0)
    report = check(str(tmp_path), strict=True)
    assert report.ok, report.findings


def test_a_file_that_ends_where_its_source_ends_goes_behind_a_fence(tmp_path: Path) -> None:
    """The restarted job wrote the very same block: only a commit of the cleaner's own fences."""
    writer = started(tmp_path, SOURCE)
    died_with_files(tmp_path, 10)
    writer.write(batch_of(0, 10))
    assert clean_up(Lake(str(tmp_path)), NOON).kept == 0
    report = check(str(tmp_path), strict=True)
    assert report.ok, report.findings


def test_a_live_writer_whose_file_was_taken_cannot_commit_it(tmp_path: Path) -> None:
    """Recovery says an end again: handle fresh, file in place, and then the cleaner comes."""
    started(tmp_path, SOURCE).write(batch_of(0, 10))
    slow = Lake(str(tmp_path))
    slow.refresh("entities")

    class Slow(Lake):
        def _write_files(self, commit: Commit) -> list:  # type: ignore[type-arg]
            actions = super()._write_files(commit)
            assert clean_up(Lake(str(tmp_path)), NOON).removed == 1
            return actions

    slow.__class__ = Slow
    rows = entity_rows(enriched(a_story(3)))
    with pytest.raises(ConflictError):
        slow.commit(Commit("entities", rows, {SOURCE: 10}, "slow", "slow", NOON))
    report = check(str(tmp_path), strict=True)
    assert report.ok, report.findings


def test_a_file_that_is_committed_while_others_are_cleaned_stays(tmp_path: Path) -> None:
    """Listed before its commit and looked at after a later one: passed by, and in the table."""
    started(tmp_path, SOURCE).write(batch_of(0, 10))

    class Prepared(Lake):
        """Commits the files that it wrote beforehand."""

        files_of: list  # type: ignore[type-arg]

        def _write_files(self, commit: Commit) -> list:  # type: ignore[type-arg]
            return self.files_of

    def commit_to(end: int, name: str) -> Commit:
        return Commit(
            "entities", entity_rows(enriched(a_story(3))), {SOURCE: end}, name, name, NOON
        )

    dead = Lake(str(tmp_path))
    for name in ("dead-1", "dead-2"):
        dead._write_files(commit_to(5, name))
    slow = Prepared(str(tmp_path))
    slow.files_of = dead._write_files(commit_to(20, "slow"))
    (slow_path,) = (f"entities/{action.path}" for action in slow.files_of)

    def on_point(name: str) -> None:
        if name == "clean.entities.delete" and slow.files_of:
            slow.commit(commit_to(20, "slow"))
            slow.files_of = []
            Lake(str(tmp_path)).commit(commit_to(30, "next"))

    cleaner = Lake(str(tmp_path), on_point=on_point)
    listed = cleaner.files.list
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            cleaner.files, "list", lambda table: sorted(listed(table), key=slow_path.__eq__)
        )
        assert clean_up(cleaner, NOON).removed == 2
    assert not slow.files_of
    assert slow_path in Lake(str(tmp_path)).active("entities")
    assert (tmp_path / slow_path).exists()


def test_what_the_log_holds_is_never_removed(tmp_path: Path) -> None:
    """Cleaning a sound lake does nothing."""
    started(tmp_path, SOURCE).write(batch_of(0, 10))
    done = clean_up(Lake(str(tmp_path)), NOON)
    assert (done.staged, done.removed, done.kept, done.foreign) == (0, 0, 0, 0)
    assert check(str(tmp_path), strict=True).ok


def test_a_file_of_someone_else_is_left_alone(tmp_path: Path) -> None:
    """It does not say which blocks it belongs to."""
    started(tmp_path, SOURCE).write(batch_of(0, 10))
    ours = next((tmp_path / "stories").glob("date=*/region=*/*.parquet"))
    pq.write_table(pq.read_table(ours).replace_schema_metadata(None), ours.with_name("x.parquet"))
    assert clean_up(Lake(str(tmp_path)), NOON).foreign == 1
    assert ours.with_name("x.parquet").exists()


def test_staged_files_of_the_dead_go_and_those_of_the_living_stay(tmp_path: Path) -> None:
    """A writer holds a lock for as long as its process lives."""
    living = started(tmp_path, SOURCE)
    living.write(batch_of(0, 10))
    for writer in (living.writer, "dead"):
        folder = tmp_path / "_staging" / writer
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "half.parquet").write_bytes(b"PAR1")
    assert clean_up(Lake(str(tmp_path)), NOON).staged == 1
    assert [p.parent.name for p in (tmp_path / "_staging").glob("*/*")] == [living.writer]


def test_data_files_say_which_blocks_they_belong_to(tmp_path: Path) -> None:
    """The footer is all that the cleaner has to go by."""
    started(tmp_path, SOURCE).write(batch_of(0, 10))
    file = next((tmp_path / "stories").glob("date=*/region=*/*.parquet"))
    assert json.loads(pq.read_schema(file).metadata[BLOCKS_KEY]) == {SOURCE: 10}


def test_marks_that_cannot_be_read_are_none() -> None:
    """A flipped bit in a footer makes a file a stranger's, not the check a traceback."""
    for damaged in (b'{"k\xbd": 3}', b"[1]", b'{"k": "many"}'):
        assert marks_of(pa.schema([], metadata={BLOCKS_KEY: damaged})) is None


def test_a_file_that_cannot_be_compared_is_left_to_the_operator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another tool wrote the table with types that Arrow does not compare with ours."""
    writer = started(tmp_path, SOURCE)
    died_with_files(tmp_path, 10)
    writer.write(batch_of(0, 20))

    def refuse(*_: object) -> int:
        raise pa.ArrowNotImplementedError("no kernel: string_view, string")

    with monkeypatch.context() as broken:
        broken.setattr("pipeline.store.upkeep.clean_up.lost_rows", refuse)
        done = clean_up(Lake(str(tmp_path)), NOON)
    assert (done.removed, done.lost > 0) == (0, True)
    assert clean_up(Lake(str(tmp_path)), NOON).removed == done.lost
    report = check(str(tmp_path), strict=True)
    assert report.ok, report.findings


def test_another_compaction_and_clean_up_while_files_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What left the tables meanwhile is no fault: they are read anew."""
    writer = started(tmp_path, SOURCE)
    for end in (5, 10):
        writer.write(batch_of(end - 5, end))
    died_with_files(tmp_path, 15)
    writer.write(batch_of(10, 20))
    others: list[Cleaned] = []

    def outrun(*asked: Any) -> int:
        with monkeypatch.context() as context:
            context.setattr("pipeline.store.upkeep.clean_up.lost_rows", lost_rows)
            if not others:
                lake = Lake(str(tmp_path))
                assert sum(table.replaced for table in compact(lake, Sizing(), NOON)) > 0
                others.append(clean_up(lake, NOON))
        return lost_rows(*asked)

    monkeypatch.setattr("pipeline.store.upkeep.clean_up.lost_rows", outrun)
    done = clean_up(Lake(str(tmp_path)), NOON)
    assert others[0].removed > 0
    assert (done.lost, done.foreign) == (0, 0)
    report = check(str(tmp_path), strict=True)
    assert report.ok, report.findings


def test_a_file_of_the_table_that_is_gone_is_a_fault_of_the_store(tmp_path: Path) -> None:
    """Nothing replaced it: there is nothing to read anew."""
    writer = started(tmp_path, SOURCE)
    died_with_files(tmp_path, 10)
    writer.write(batch_of(0, 20))
    for held in Lake(str(tmp_path)).active("stories"):
        (tmp_path / held).unlink()
    with pytest.raises(StoreError, match="cannot clean up"):
        clean_up(Lake(str(tmp_path)), NOON)
