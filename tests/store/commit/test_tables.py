"""Opening: a lake of an older version is widened and goes on; a broken one is one clear fault."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import CommitProperties, DeltaTable, Field, Transaction
from deltalake.schema import PrimitiveType
from deltalake.transaction import AddAction

from pipeline.errors import StoreError
from pipeline.store.check.judge import check
from pipeline.store.commit.delta import STATS_COLUMNS, reason, stats_columns
from pipeline.store.commit.entry_seal import COMMIT_KEY
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.tables import PROPERTIES, open_table
from pipeline.store.read.query import query
from pipeline.store.schema.contract import TABLES, contract
from pipeline.store.upkeep.compact import Sizing, compact
from tests.store.commit.test_write import assert_whole, batch_of, started, writer_of
from tests.support.rows import NOON, SOURCE

NEWER = {"stories": ("rights", "captions", "region_evidence"), "entities": ("role",)}
"""Columns that the older version does not know."""


def older(new: Path, old: Path) -> None:
    """The lake at `new` as the version before `NEWER` would have written it."""
    lake = Lake(str(new))
    for table in TABLES:
        without = NEWER.get(table, ())
        handle = lake.handle(table)
        rule = contract(table)
        schema = pa.schema([field for field in rule.schema if field.name not in without])
        (old / table).mkdir(parents=True)
        made = DeltaTable.create(
            str(old / table),
            schema=schema,
            partition_by=list(rule.partition_by),
            configuration={STATS_COLUMNS: ",".join(stats_columns(table))},
        )
        actions = []
        for add in pa.table(handle.get_add_actions(flatten=True)).to_pylist():
            data = pq.ParquetFile(new / table / add["path"]).read()
            target = old / table / add["path"]
            target.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(
                data.drop_columns([c for c in without if c in data.column_names]), target
            )
            values = {c: str(add[f"partition.{c}"]) for c in rule.partition_by}
            actions.append(
                AddAction(
                    add["path"],
                    target.stat().st_size,
                    values,
                    add["modification_time"],
                    True,
                    json.dumps({"numRecords": add["num_records"]}),
                )
            )
        end = lake.committed(table, [SOURCE])[SOURCE]
        made.create_write_transaction(
            actions,
            mode="append",
            schema=schema,
            partition_by=list(rule.partition_by),
            commit_properties=CommitProperties(
                custom_metadata={COMMIT_KEY: "older"}, app_transactions=[Transaction(SOURCE, end)]
            ),
        )


@pytest.fixture
def old(tmp_path: Path) -> Path:
    started(tmp_path / "new", SOURCE).write(batch_of(0, 10))
    older(tmp_path / "new", tmp_path / "old")
    return tmp_path / "old"


def columns_of(root: Path, table: str) -> set[str]:
    return {field.name for field in DeltaTable(str(root / table)).schema().fields}


def test_a_lake_of_the_previous_version_is_widened_and_goes_on(old: Path) -> None:
    """Both versions' rows side by side, under both enrichment ids; the old ones' columns null."""
    assert "rights" not in columns_of(old, "stories")
    writer_of(Lake(str(old))).write(batch_of(10, 20, enrichment_id="enrichment-2"))
    assert_whole(old, {SOURCE: 20})
    assert set(NEWER["stories"]) <= columns_of(old, "stories")
    found = query(
        str(old),
        {},
        "select enrichment_id, count(*), count(region_evidence) from stories group by 1 order by 1",
        NOON,
    )
    assert [list(row.values()) for row in found.to_pylist()] == [
        ["enrichment-1", 7, 0],
        ["enrichment-2", 7, 7],
    ]


def test_files_of_both_versions_compact_into_one(old: Path) -> None:
    writer_of(Lake(str(old))).write(batch_of(10, 20))
    compact(Lake(str(old)), Sizing(min_files=2), NOON)
    assert_whole(old, {SOURCE: 20})
    assert len(Lake(str(old)).active("stories")) == 1


def test_a_writer_at_work_outlives_the_widening(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its handle is outdated by it: it refreshes and commits again, as after any conflict."""
    writer = writer_of(Lake(str(old)))
    with monkeypatch.context() as patched:
        patched.setattr("pipeline.store.commit.tables._widened", lambda *_: True)
        writer.write(batch_of(10, 15))
    for table in TABLES:
        Lake(str(old)).handle(table)
    writer.write(batch_of(15, 20))
    assert_whole(old, {SOURCE: 20})


def test_an_older_code_writes_into_a_newer_table(tmp_path: Path) -> None:
    """A column that this version does not know stays, through compaction too."""
    started(tmp_path, SOURCE).write(batch_of(0, 10))
    handle = DeltaTable(str(tmp_path / "stories"))
    handle.alter.add_columns([Field("of_tomorrow", PrimitiveType("string"), nullable=True)])
    writer_of(Lake(str(tmp_path))).write(batch_of(10, 20))
    compact(Lake(str(tmp_path)), Sizing(min_files=2), NOON)
    assert_whole(tmp_path, {SOURCE: 20})
    assert "of_tomorrow" in columns_of(tmp_path, "stories")


def test_the_properties_of_an_older_lake_are_set_and_those_of_its_operator_stay(old: Path) -> None:
    DeltaTable(str(old / "stories")).alter.set_table_properties(
        {"delta.logRetentionDuration": "interval 9 days"}
    )
    Lake(str(old)).handle("stories")
    Lake(str(old)).handle("events")
    config = DeltaTable(str(old / "stories")).metadata().configuration
    assert config["delta.logRetentionDuration"] == "interval 9 days"
    assert PROPERTIES.items() <= DeltaTable(str(old / "events")).metadata().configuration.items()


def test_statistics_of_other_columns_are_set_right(old: Path) -> None:
    """By them readers would take columns that have none for empty: no operator can want that."""
    DeltaTable(str(old / "stories")).alter.set_table_properties({STATS_COLUMNS: "headline"})
    assert check(str(old)).counts["contract"] == 1
    Lake(str(old)).handle("stories")
    config = DeltaTable(str(old / "stories")).metadata().configuration
    assert config[STATS_COLUMNS] == "source,offset"


def test_writers_that_begin_at_once_make_one_table(tmp_path: Path) -> None:
    """Who comes second takes the first's: another entry of making would give it another id."""
    writers = 4
    for n in range(8):
        gate = threading.Barrier(writers)

        def opened(url: str, gate: threading.Barrier = gate) -> object:
            gate.wait()
            return open_table(url, "events", {}).metadata().id

        with ThreadPoolExecutor(writers) as pool:
            ids = set(pool.map(opened, [str(tmp_path / str(n))] * writers))
        assert len(ids) == 1
        assert len(list((tmp_path / str(n) / "events" / "_delta_log").glob("*.json"))) == 1


def test_a_table_of_another_major_version_is_refused(tmp_path: Path) -> None:
    rule = contract("stories")
    wrong = pa.schema(
        [pa.field(f.name, pa.string()) if f.name == "offset" else f for f in rule.schema]
    )
    (tmp_path / "stories").mkdir()
    DeltaTable.create(str(tmp_path / "stories"), schema=wrong, partition_by=["date", "region"])
    with pytest.raises(StoreError, match="another major version") as caught:
        Lake(str(tmp_path)).handle("stories")
    assert caught.value.evidence["column"] == "offset"


@pytest.mark.long
def test_the_log_stays_bounded(tmp_path: Path) -> None:
    """Entries that a checkpoint covers go once they are old enough; the ends stay."""
    writer = started(tmp_path, SOURCE)
    writer.write(batch_of(0, 2))
    for table in TABLES:
        DeltaTable(str(tmp_path / table)).alter.set_table_properties(
            {"delta.logRetentionDuration": "interval 0 seconds"}
        )
    for n in range(1, 30):
        writer.write(batch_of(2 * n, 2 * n + 2))
    assert len(list((tmp_path / "ledger" / "_delta_log").glob("*.json"))) < 25
    assert_whole(tmp_path, {SOURCE: 60})


def test_a_fault_is_told_in_one_line() -> None:
    """delta-rs adds colours and its stack."""
    error = OSError("Object \x1b[31m↳\x1b[0m gone\n   0: <unknown>\n   1: <unknown>")
    assert reason(error) == "Object : gone"


def test_check_and_query_read_a_lake_of_the_previous_version(old: Path) -> None:
    """Without widening it: they write nothing."""
    report = check(str(old))
    assert report.ok, report.findings
    assert query(str(old), {}, "select count(*) as n from stories", NOON).to_pylist() == [{"n": 7}]
    assert "rights" not in columns_of(old, "stories")


def test_a_reader_tells_of_a_damaged_log_in_one_line(tmp_path: Path) -> None:
    """What `lake check`, `query` and `clean` meet first."""
    started(tmp_path, SOURCE).write(batch_of(0, 2))
    max((tmp_path / "stories" / "_delta_log").glob("*.json")).write_bytes(b"garbage{")
    with pytest.raises(StoreError) as caught:
        check(str(tmp_path))
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("times", [2, pytest.param(10, marks=pytest.mark.long)])
def test_a_short_program_that_reads_a_lake_ends_well(tmp_path: Path, times: int) -> None:
    """No thread of Arrow's calls Python while the interpreter ends: that aborted every second."""
    writer = started(tmp_path, SOURCE)
    for n in range(2 * times):
        writer.write(batch_of(n, n + 1))
    program = (
        "import sys; from pipeline.store.read.snapshot import open_snapshot;"
        "open_snapshot(sys.argv[1]).dataset('ledger').to_table(['records'])"
    )
    for _ in range(times):
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
