"""The log in memory answers as delta-rs does, whatever handles do in whatever order."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction, RemoveAction

from pipeline.store.commit.actions import add_action
from pipeline.store.schema.contract import contract
from pipeline.store.schema.rows import reject_row, table_of
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
