"""The log in memory answers as delta-rs does, whatever handles do in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, RemoveAction

from pipeline.store.commit.actions import add_action
from pipeline.store.schema.contract import contract
from pipeline.store.schema.rows import reject_row, table_of
from pipeline.store.upkeep.repair import ASIDE
from tests.simulation.damage import cut
from tests.simulation.delta import MemoryTable, Store
from tests.support.rows import NOON, a_reject

RULE = contract("rejects")
OPTIONS: dict[str, Any] = {"schema": RULE.schema, "partition_by": list(RULE.partition_by)}
APPS = ("a", "b", "maintain")
COLUMNS = ["path", "size_bytes", "modification_time", "num_records", "min.offset", "max.source"]


def added(n: int) -> AddAction:
    rows = table_of("rejects", [reject_row(a_reject(n))])
    path = f"date=2026-03-04/{n}.parquet"
    return add_action("rejects", path, 100 + n, {"date": "2026-03-04"}, rows, NOON)


def removal(n: int) -> RemoveAction:
    return RemoveAction(
        f"date=2026-03-04/{n}.parquet", data_change=False, deletion_timestamp=0, size=100 + n,
        partition_values={"date": "2026-03-04"},
    )  # fmt: skip


def listed(handle: Any) -> list[dict[str, Any]]:
    table = handle.get_add_actions(flatten=True)
    import pyarrow as pa

    rows = pa.table(table).select([*COLUMNS, "partition.date"]).to_pylist()
    return sorted(rows, key=lambda row: str(row["path"]))


@pytest.mark.parametrize("seed", range(3))
def test_the_log_in_memory_answers_as_delta_rs(tmp_path: Path, seed: int) -> None:
    """Stale and fresh handles, repeated versions, removals of what is there and what is not."""
    random = Random(seed)
    store, uri = Store(), str(tmp_path / "rejects")
    properties = {"configuration": {"delta.checkpointInterval": "20"}}
    DeltaTable.create(uri, mode="ignore", **OPTIONS, **properties)
    MemoryTable.create(store, uri, **OPTIONS, **properties)
    pairs: list[tuple[Any, Any]] = [(DeltaTable(uri), MemoryTable(store, uri)) for _ in range(3)]
    refused = 0
    for n in range(40):
        real, ours = random.choice(pairs)
        if random.random() < 0.4:
            real.update_incremental()
            ours.update_incremental()
        apps = random.sample(APPS, random.randint(1, 2))
        actions: list[AddAction | RemoveAction] = [added(n)]
        if n and random.random() < 0.4:
            actions.append(removal(random.randrange(n)))
        given = CommitProperties(
            custom_metadata={"dateline.commit": f"c{n}"},
            app_transactions=[Transaction(app, random.randint(0, 3)) for app in apps],
        )
        answers = []
        for handle in (real, ours):
            try:
                handle.create_write_transaction(
                    actions, mode="append", commit_properties=given, **OPTIONS
                )
                answers.append("taken")
            except CommitFailedError:
                answers.append("refused")
        assert answers[0] == answers[1], n
        refused += answers[0] == "refused"
        assert real.version() == ours.version()
        for handle in (real, ours):
            handle.update_incremental()
        assert real.version() == ours.version()
        assert listed(real) == listed(ours)
        assert [real.transaction_version(a) for a in APPS] == [
            ours.transaction_version(a) for a in APPS
        ]
        said = [entry.get("dateline.commit") for entry in real.history(limit=2)]
        assert said == [entry.get("dateline.commit") for entry in ours.history(limit=2)]
        pairs[random.randrange(len(pairs))] = (
            DeltaTable(uri, version=max(0, real.version() - 2)),
            MemoryTable(store, uri, max(0, real.version() - 2)),
        )
    assert 0 < refused < 40


REFUSED = "refused"


def answer(ask: Callable[[], Any]) -> Any:
    try:
        return ask()
    except DeltaError:
        return REFUSED


class Both:
    """One table by delta-rs and in memory, with three handles of each, and what they answer."""

    def __init__(self, uri: str, random: Random) -> None:
        self._uri, self._random = uri, random
        self._store = Store()
        DeltaTable.create(
            uri, mode="ignore", **OPTIONS, configuration={"delta.checkpointInterval": "20"}
        )
        MemoryTable.create(self._store, uri, **OPTIONS, configuration={})
        self.folder, self.log = Path(uri, "_delta_log"), self._store.logs["rejects"]
        self.pairs = [self._opened() for _ in range(3)]

    def _opened(self, version: int | None = None) -> tuple[Any, Any]:
        return (
            answer(lambda: DeltaTable(self._uri, version=version)),
            answer(lambda: MemoryTable(self._store, self._uri, version)),
        )

    def commit(self, n: int, pair: tuple[Any, Any]) -> list[Any]:
        """One row and one transaction."""
        app = self._random.choice(APPS)

        def put(handle: Any) -> None:
            given = CommitProperties(app_transactions=[Transaction(app, n)])
            handle.create_write_transaction(
                [added(n)], mode="append", commit_properties=given, **OPTIONS
            )

        return [answer(partial(put, handle)) for handle in pair]

    def open(self) -> list[Any]:
        """Open another one, at the end or before."""
        last = len(self.log.entries) - 1
        found = self._opened(self._random.choice((None, None, self._random.randint(0, last))))
        if REFUSED not in found:
            self.pairs[self._random.randrange(len(self.pairs))] = found
        return [one == REFUSED for one in found]

    def update(self, pair: tuple[Any, Any]) -> list[Any]:
        """Bring one up to the end."""
        return [answer(handle.update_incremental) for handle in pair]

    def spoil(self) -> list[Any]:
        """Damage a checkpoint or the hint."""
        for name in self._random.sample(self._there(), min(1, len(self._there()))):
            data = (self.folder / name).read_bytes()
            if data not in self.log.files.values():
                (self.folder / name).write_bytes(cut(name, data))
                self.log.files[name] = cut(name, data)
        return []

    def repair(self) -> list[Any]:
        """Set aside what is damaged, and the hint, and make a checkpoint."""
        for name in self._there():
            if self.log.files[name] is not None:
                (self.folder / name).replace(self.folder / f"{name}{ASIDE}")
                self.log.files[f"{name}{ASIDE}"] = self.log.files.pop(name)
        return [answer(made.create_checkpoint) for made in self._opened()]

    def _there(self) -> list[str]:
        return sorted(name for name in self.log.files if not name.endswith(ASIDE))

    def assert_alike(self) -> None:
        """Hold all handles, and the log's folder, against one another."""
        for real, ours in self.pairs:
            assert real.version() == ours.version()
            for app in (*APPS, "never"):
                asked = [answer(partial(one.transaction_version, app)) for one in (real, ours)]
                assert asked[0] == asked[1], (app, real.version(), self._there())
            assert real.get_add_actions(flatten=True).num_rows == len(listed(ours))
        there = {path.name for path in self.folder.iterdir() if path.suffix != ".json"}
        assert there == set(self.log.files)


@pytest.mark.parametrize("seed", range(8))
def test_a_damaged_log_in_memory_answers_as_delta_rs(tmp_path: Path, seed: int) -> None:
    """Checkpoints and hints, made by commits or by hand, damaged, set aside and made anew."""
    random = Random(f"damage {seed}")
    both = Both(str(tmp_path / "rejects"), random)
    refused = 0
    for n in range(60):
        pair = random.choice(both.pairs)
        deed = random.choice((
            *(lambda n=n, pair=pair: both.commit(n, pair),) * 3,
            *(both.open, both.open, both.spoil, both.repair),
            lambda pair=pair: both.update(pair),
        ))  # fmt: skip
        answers = deed()
        assert answers[:1] == answers[1:], (n, answers)
        refused += answers[:1] in ([REFUSED], [True])
        both.assert_alike()
    assert refused
