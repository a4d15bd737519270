"""A damaged checkpoint or hint is rebuilt from the entries; nothing is done unasked, or guessed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from pipeline.errors import StoreError, UsageError
from pipeline.store.check.judge import check
from pipeline.store.read.snapshot import filesystem_of
from pipeline.store.upkeep.repair import plan_repairs, repair
from tests.support.laws import sample


def checkpoint(lake: Path) -> Path:
    return sorted((lake / "events" / "_delta_log").glob("*.checkpoint.parquet"))[-1]


def without_additions(lake: Path) -> None:
    rows = pq.read_table(checkpoint(lake))
    kept = [not (add and add.get("path")) for add in rows["add"].to_pylist()]
    pq.write_table(rows.filter(pa.array(kept)), checkpoint(lake))


def cut_short(lake: Path) -> None:
    checkpoint(lake).write_bytes(checkpoint(lake).read_bytes()[:-20])


def half_a_hint(lake: Path) -> None:
    (lake / "events" / "_delta_log" / "_last_checkpoint").write_text('{"version":')


def hint_to_nothing(lake: Path) -> None:
    (lake / "events" / "_delta_log" / "_last_checkpoint").write_text('{"version":7,"size":3}')


@pytest.mark.parametrize(
    "damage",
    sample([without_additions, cut_short, half_a_hint, hint_to_nothing]),
    ids=lambda f: f.__name__,
)
def test_what_the_entries_say_is_rebuilt(logged: Path, damage) -> None:  # type: ignore[no-untyped-def]
    damage(logged)
    before = {path: path.stat().st_mtime_ns for path in logged.rglob("*") if path.is_file()}
    assert [(r.table, r.is_possible) for r in plan_repairs(str(logged))] == [("events", True)]
    after = {path: path.stat().st_mtime_ns for path in logged.rglob("*") if path.is_file()}
    assert before == after
    assert len(repair(str(logged))) == 1
    assert plan_repairs(str(logged)) == []
    assert check(str(logged), strict=True, deep=True).counts == {}


def test_what_the_entries_no_longer_say_is_left(logged: Path) -> None:
    """An entry below the checkpoint is gone: what it said is nowhere else."""
    cut_short(logged)
    sorted((logged / "events" / "_delta_log").glob("*.json"))[3].unlink()
    assert {r.is_possible for r in plan_repairs(str(logged))} == {False}
    assert repair(str(logged)) == []


@pytest.mark.parametrize(
    "name", ["{:020}.checkpoint.0000000001.0000000001.parquet", "{:020}.checkpoint.9a.parquet"]
)
def test_a_checkpoint_of_another_tool_is_set_aside(logged: Path, name: str) -> None:
    """Readers take its word before the entries'."""
    log = logged / "events" / "_delta_log"
    rows = pq.read_table(checkpoint(logged))
    pq.write_table(rows.slice(3), log / name.format(20))
    assert "log_checkpoint" in check(str(logged)).counts
    assert [r.is_possible for r in repair(str(logged))] == [True]
    assert check(str(logged), strict=True, deep=True).counts == {}


@pytest.mark.parametrize("nth", sample([-1, -2, 5]))
@pytest.mark.parametrize("text", sample(["", '{"add":', None]))
def test_an_entry_that_nothing_else_says_is_told(logged: Path, nth: int, text: str | None) -> None:
    """Refusals name this command: it must not say that there is nothing to repair."""
    entry = sorted((logged / "events" / "_delta_log").glob("*.json"))[nth]
    last = sorted((logged / "events" / "_delta_log").glob("*.json"))[-1]
    if text is None:
        entry.unlink()
    else:
        entry.write_text(text)
    is_gone_at_the_end = text is None and entry == last
    is_below_a_checkpoint = int(entry.stem) <= 20
    told = [(r.file, r.is_possible) for r in plan_repairs(str(logged))]
    # What goes at the end leaves a log that ends before: the other tables tell of it.
    expected = [] if is_gone_at_the_end or is_below_a_checkpoint else [(entry.name, False)]
    assert told == expected


def test_a_sound_lake_needs_none(logged: Path) -> None:
    assert plan_repairs(str(logged)) == []


def test_no_lake_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no lake"):
        plan_repairs(str(tmp_path / "nowhere"))


def test_a_checkpoint_that_nobody_needs_is_set_aside(logged: Path) -> None:
    """The entries below it went since, as a later one stands for them."""
    cut_short(logged)
    damaged = checkpoint(logged)
    log = damaged.parent
    (log / "_last_checkpoint").unlink()
    damaged.rename(log / "kept")
    DeltaTable(str(logged / "events")).create_checkpoint()
    (log / "kept").rename(damaged)
    sorted(log.glob("*.json"))[3].unlink()
    assert [(r.file, r.is_possible) for r in repair(str(logged))] == [(damaged.name, True)]
    assert plan_repairs(str(logged)) == []


class Failing:
    """A store that does `what` before the call of this name."""

    def __init__(self, name: str, what: Callable[[], None]) -> None:
        self._name, self._what = name, what

    def __call__(self, url: str, options: Any) -> Failing:
        self._inner = filesystem_of(url, options)
        return self

    def __getattr__(self, name: str) -> Any:
        if name == self._name:
            self._what()
        return getattr(self._inner, name)


@pytest.mark.parametrize("call", ["get_file_info", "open_input_file", "move"])
def test_a_store_that_fails_is_told(
    logged: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    """What was begun is finished by the next run."""
    cut_short(logged)

    def fail() -> None:
        raise OSError(5, "the store does not answer")

    with monkeypatch.context() as patched:
        patched.setattr("pipeline.store.upkeep.repair.filesystem_of", Failing(call, fail))
        with pytest.raises(StoreError, match=r"run it again.*does not answer"):
            repair(str(logged))
    assert len(repair(str(logged))) == 1
    assert check(str(logged), strict=True).counts == {}


class FailingRead:
    """A file of which the store gives no more after so many reads."""

    def __init__(self, file: Any, reads: int) -> None:
        self._file, self._left = file, reads

    def __enter__(self) -> FailingRead:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, size_bytes: int | None = None) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise OSError(5, "the store does not answer")
        return bytes(self._file.read(size_bytes))


@pytest.mark.parametrize(
    ("suffix", "reads"), [(".json", 0), (".parquet", 0), (".parquet", 1), (".parquet", 2)]
)
def test_what_the_store_does_not_give_is_not_called_damaged(
    logged: Path, monkeypatch: pytest.MonkeyPatch, suffix: str, reads: int
) -> None:
    """A sound checkpoint that is set aside may have been the last that says what it says."""

    class Store(Failing):
        def open_input_file(self, path: str) -> Any:
            file = self._inner.open_input_file(path)
            return FailingRead(file, reads) if path.endswith(suffix) else file

    with monkeypatch.context() as patched:
        patched.setattr("pipeline.store.upkeep.repair.filesystem_of", Store("", lambda: None))
        with pytest.raises(StoreError, match=r"run it again.*does not answer"):
            plan_repairs(str(logged))
        with pytest.raises(StoreError, match=r"run it again.*does not answer"):
            repair(str(logged))
    assert not list(logged.rglob("*.damaged"))
    assert plan_repairs(str(logged)) == []


def test_a_second_repair_at_once_does_no_harm(
    logged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right before anything is set aside, another one has done all of it."""
    cut_short(logged)
    other: list[int] = []

    def first() -> None:
        if not other:
            other.append(0)
            other.append(len(repair(str(logged))))

    monkeypatch.setattr("pipeline.store.upkeep.repair.filesystem_of", Failing("move", first))
    assert len(repair(str(logged))) == 1
    assert other == [0, 1]
    assert plan_repairs(str(logged)) == []
    assert check(str(logged), strict=True, deep=True).counts == {}
