from __future__ import annotations

import json
import os
import random
import shutil
import signal
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import duckdb
import pyarrow as pa
import pytest
from arro3.core import Table

from pipeline.errors import StoreError, UsageError
from pipeline.store.read.query import _interruptible, json_rows, query, row_values
from pipeline.store.read.views import CODE_TABLES, VIEWS, named_in
from pipeline.store.schema.contract import TABLES, contract
from tests.support.bits import flipped, footer_bits
from tests.support.rows import NOON


def ask(lake: Path, sql: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = query(str(lake), None, sql, NOON).to_pylist()
    return found


def tree(lake: Path) -> dict[str, bytes]:
    return {
        path.relative_to(lake).as_posix(): path.read_bytes()
        for path in sorted(lake.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("table", "rows"),
    [
        ("stories", 6),
        ("entities", 5),
        ("events", 5),
        ("rejects", 2),
        ("ledger", 6),
        ("current", 6),
        ("current_entities", 5),
        ("current_events", 5),
        ("links", 0),
        ("current_links", 0),
    ],
)
def test_every_table_and_view_is_there(lake: Path, table: str, rows: int) -> None:
    assert ask(lake, f"SELECT count(*) AS n FROM {table}") == [{"n": rows}]


def test_only_what_a_question_names_is_opened(lake: Path) -> None:
    """In any case and quoted, by its views too; who asks what there is is told of all."""
    assert named_in('SELECT 1 FROM "Events"') == {"events"}
    assert named_in("SELECT 1 FROM current_events JOIN links") == {
        *("current_events", "current", "events", "stories", "ledger", "links")
    }
    assert named_in("SELECT 1 FROM code_regions") == {"code_regions"}
    everything = {*TABLES, "links", *VIEWS, *CODE_TABLES}
    assert named_in("SELECT 1") == frozenset()
    for sql in (
        *("DESCRIBE", "SHOW TABLES", "SELECT sql FROM duckdb_views() WHERE view_name = 'current'"),
        "SELECT 1 FROM information_schema.tables WHERE table_name = 'events'",
    ):
        assert named_in(sql) == everything, sql
    assert {row["name"] for row in ask(lake, "SHOW TABLES")} == everything
    shutil.rmtree(lake / "entities")
    assert ask(lake, "SELECT count(*) AS n FROM current_events") == [{"n": 5}]


def test_a_name_that_is_built_is_found_and_a_misspelt_one_is_guessed(lake: Path) -> None:
    """What a question does not name by a word of its own is looked for among everything."""
    assert ask(lake, "SELECT count(*) AS n FROM query_table('st' || 'ories')") == [{"n": 6}]
    with pytest.raises(UsageError, match='Did you mean "events"'):
        ask(lake, "SELECT * FROM event")
    with pytest.raises(UsageError, match='Did you mean "current_events"'):
        ask(lake, "SELECT * FROM stories JOIN currnt_events USING (revision_id)")


def test_codes_are_there_to_be_joined(lake: Path, tmp_path: Path) -> None:
    """As in `views.sql`, whether or not the lake holds the files of them; alone, too."""
    sql = (
        "SELECT DISTINCT label, c.goldstein FROM current_events JOIN code_cameo AS c USING (cameo)"
    )
    assert ask(lake, sql) == [{"label": "Make a visit", "goldstein": 1.9}]
    assert ask(lake, "SELECT hosts FROM code_providers WHERE provider = 'AFP'") == [
        {"hosts": ["afp.com"]}
    ]
    for table in sorted(CODE_TABLES):
        assert ask(lake, f"SELECT count(*) AS n FROM {table}")[0]["n"] > 3
    with pytest.raises(UsageError, match="no lake"):
        ask(tmp_path / "none", "SELECT 1 FROM code_regions")


def test_days_are_utc_days(lake: Path) -> None:
    """A day taken from a time in SQL is the day of the partition."""
    sql = "SELECT DISTINCT published_at::DATE = date AS same FROM stories WHERE date IS NOT NULL"
    assert ask(lake, sql) == [{"same": True}]


@pytest.mark.parametrize(
    "sql",
    [
        "DESCRIBE stories",
        "SHOW TABLES",
        "EXPLAIN SELECT 1",
        "explain analyze from stories",
        "EXPLAIN (FORMAT json) SELECT 1",
    ],
)
def test_looking_around_is_reading(lake: Path, sql: str) -> None:
    assert ask(lake, sql)


@pytest.mark.parametrize(
    "sql",
    [
        "COPY stories TO '{out}'",
        "COPY (SELECT 1) TO '{out}' (FORMAT parquet)",
        "EXPORT DATABASE '{out}'",
        "ATTACH '{out}' AS other",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET threads = 64",
        "RESET lock_configuration",
        "PRAGMA enable_profiling",
        "SELECT * FROM read_text('{secret}')",
        "SELECT * FROM read_blob('{secret}')",
        "SELECT * FROM read_csv('{secret}')",
        "SELECT * FROM read_parquet('{lake}/stories/*/*/*.parquet')",
        "SELECT * FROM '{secret}'",
        "SELECT * FROM glob('{lake}/*')",
        "EXPLAIN ANALYZE COPY stories TO '{out}'",
        "SELECT 1; COPY stories TO '{out}'",
        "SELECT 1; SELECT 2",
        "CREATE TABLE mine AS SELECT 1",
        "DROP VIEW current",
        "INSERT INTO stories SELECT * FROM stories",
        "DELETE FROM stories",
        "ATTACH ':memory:' AS other",
        "ATTACH 'sqlite:{secret}' AS other (TYPE sqlite)",
        "LOAD '{secret}'",
        "FORCE INSTALL httpfs FROM 'http://127.0.0.1:9'",
        "PRAGMA database_list",
        "PRAGMA temp_directory='{out}'",
        "CALL pragma_version()",
        "USE other",
        "PREPARE p AS SELECT 1",
        "SET VARIABLE x = 1",
        "CREATE SECRET (TYPE s3)",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/proc/self/environ')",
        "SELECT * FROM read_json('{secret}')",
        "SELECT * FROM parquet_metadata('{lake}/stories/*/*/*.parquet')",
        "SELECT * FROM sniff_csv('{secret}')",
        "SELECT * FROM 'http://127.0.0.1:9/x.csv'",
        "SELECT * FROM glob('{lake}/../*')",
        "SELECT getenv('HOME')",
        "WITH x AS (SELECT 1) INSERT INTO stories SELECT * FROM x",
        "EXPLAIN ANALYZE CREATE TABLE mine AS SELECT 1",
        "explain analyze copy (select 1) to (current_setting('temp_directory') || '/x')",
        "EXPLAIN (ANALYZE, FORMAT json) CREATE TABLE mine AS SELECT 1",
        "/* */ EXPLAIN ANALYZE CREATE TABLE mine AS SELECT 1",
        "EXPLAIN /* */ ANALYZE CREATE TABLE mine AS SELECT 1",
        "EXPLAIN EXPLAIN ANALYZE CREATE TABLE mine AS SELECT 1",
        "UPDATE EXTENSIONS",
        "EXECUTE p",
        "IMPORT DATABASE '{lake}'",
        "CHECKPOINT",
        "SELECT * FROM query('COPY stories TO ''{out}''')",
        "SELECT * FROM query('FROM read_text(''{secret}'')')",
        "SELECT * FROM query_table('{secret}')",
        "SELECT * FROM read_text(current_setting('temp_directory') || '/../{secret}')",
        "SELECT * FROM read_duckdb('{secret}')",
        "SELECT * FROM enable_logging(storage='file', storage_path='{out}')",
        "SELECT * FROM enable_profiling(save_location='{out}')",
        "SELECT * FROM duckdb_secrets()",
        "SELECT * FROM json_execute_serialized_sql("
        "json_serialize_sql('select * from read_text(''{secret}'')'))",
        "SELECT * FROM pandas_scan(1)",
        "",
    ],
)
def test_a_query_only_reads_the_lake(lake: Path, tmp_path: Path, sql: str) -> None:
    """No statement reaches a file, the network or a setting, and the lake is as before."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    out = tmp_path / "out"
    before = tree(lake)
    with pytest.raises(UsageError):
        ask(lake, sql.format(out=out, secret=secret, lake=lake))
    assert not out.exists()
    assert tree(lake) == before


@pytest.mark.parametrize(
    "sql",
    ["SELECT range FROM range(1e12::BIGINT)", "SELECT repeat('x', 100000) FROM range(999999)"],
)
def test_a_result_without_end_is_refused(lake: Path, sql: str) -> None:
    """Before it has taken the machine's memory."""
    with pytest.raises(UsageError, match="too large"):
        query(str(lake), None, sql, NOON, memory_mb=256)


def test_a_query_does_not_fill_the_disk(lake: Path) -> None:
    """What it spills is bounded, and not by what is free."""
    sql = "SELECT current_setting('max_temp_directory_size') AS most"
    assert query(str(lake), None, sql, NOON, memory_mb=256).to_pylist() == [{"most": "2.0 GiB"}]


def test_a_fault_midway_is_told_in_the_words_of_duckdb(lake: Path) -> None:
    sql = "SELECT CASE WHEN range > 99999 THEN error('midway') END AS x FROM range(200000)"
    with pytest.raises(UsageError, match="midway"):
        ask(lake, sql)


def test_a_link_in_the_lake_leads_nowhere(lake: Path, tmp_path: Path) -> None:
    """A query does not follow what stands in the lake's folders, but what the log names."""
    secret = tmp_path / "secret.csv"
    secret.write_text("a,b\n1,2\n")
    (lake / "stories" / "link.csv").symlink_to(secret)
    (lake / "outside").symlink_to("/")
    for path in ("stories/link.csv", "outside/etc/passwd"):
        for sql in (f"FROM '{lake / path}'", f"FROM read_csv('{lake / path}')"):
            with pytest.raises(UsageError):
                ask(lake, sql)
    assert ask(lake, "SELECT count(*) AS n FROM stories") == [{"n": 6}]


def test_python_variables_are_out_of_reach(lake: Path) -> None:
    """A name in the SQL is never looked up in the program that runs it."""
    with pytest.raises(UsageError, match="snapshot"):
        ask(lake, "SELECT * FROM snapshot")


def test_a_mistake_is_told_in_the_words_of_duckdb(lake: Path) -> None:
    with pytest.raises(UsageError, match="no_such_column"):
        ask(lake, "SELECT no_such_column FROM stories")


def test_no_lake_is_told_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no lake"):
        ask(tmp_path / "absent", "SELECT 1")
    assert list(tmp_path.iterdir()) == []


def test_a_filter_on_the_partition_leaves_other_files_alone(lake: Path) -> None:
    """The other days' files are not even opened: they may be gone. Who asks gets a remedy."""
    for path in lake.glob("stories/date=*/*/*.parquet"):
        if "date=2026-03-05" not in path.as_posix():
            path.unlink()
    sql = "SELECT headline FROM stories WHERE date = '2026-03-05'"
    assert len(ask(lake, sql)) == 1
    with pytest.raises(StoreError, match="`dateline lake check`"):
        ask(lake, "SELECT headline FROM stories")


def test_a_moment_without_a_time_zone_is_refused(lake: Path) -> None:
    with pytest.raises(UsageError, match="time zone"):
        query(str(lake), None, "SELECT 1", datetime(2026, 3, 4))


def test_rows_are_json(lake: Path) -> None:
    """Times, days, bytes, nested lists, big sums and what is no number survive `json.dumps`."""
    sql = "SELECT *, sum(version) OVER () AS total, 'nan'::DOUBLE AS none FROM stories LIMIT 1"
    (row,) = json_rows(query(str(lake), None, sql, NOON))
    again = json.loads(json.dumps(row, allow_nan=False))
    assert again["published_at"].endswith("+00:00")
    assert again["total"] == 6
    assert again["none"] is None


def test_json_keeps_the_kinds_apart() -> None:
    table = pa.table({"at": [datetime(2026, 3, 4, tzinfo=UTC)], "raw": [b"\x00"], "list": [[1.5]]})
    assert json_rows(table) == [{"at": "2026-03-04T00:00:00+00:00", "raw": "AA==", "list": [1.5]}]


_HUGE = "-170141183460469231731687303715884105727"


@pytest.mark.parametrize(
    "value",
    [
        *(
            "1",
            "1::BIGINT",
            "1::UTINYINT",
            "sum(1)",
            "1::UHUGEINT",
            f"'{_HUGE}'::HUGEINT",
            "1::BIGNUM",
        ),
        *("true", "null", "1.5::FLOAT", "0.1::DOUBLE", "'inf'::DOUBLE", "1.50::DECIMAL(5,2)"),
        *("1.5::DECIMAL(38,10)", "'x'", "'x'::BLOB", "''::BLOB", "'{}'::JSON", "'101'::BIT"),
        *("DATE '0001-01-01'", "DATE '9999-12-31'", "TIMESTAMP '1950-01-01 01:02:03.000004'"),
        *("TIMESTAMPTZ '1900-01-01 01:02:03+02'", "TIMESTAMP_S '2020-01-01'", "TIME '12:00:01.5'"),
        *("TIMESTAMP_NS '2020-01-01 00:00:00.123456'", "TIMETZ '12:00:00+01'", "INTERVAL 1 MONTH"),
        *("[INTERVAL 1 DAY]", "MAP {1: 2}", "MAP {'a': [1]}", "[1, 2]", "[]", "['a', null]"),
        *("[1, 2]::INT[2]", "{'a': 1, 'b': [TIMESTAMPTZ '2020-01-01 00:00:00Z']}", "row(1, 2)"),
        *(
            "'a'::ENUM ('a')",
            "union_value(num := 2)",
            "'10000000-0000-4000-8000-000000000000'::UUID",
        ),
    ],
)
def test_values_are_those_that_pyarrow_gives(lake: Path, value: str) -> None:
    """Of each type that SQL has, in several chunks; null, and exact to the last digit."""
    found = query(
        str(lake), None, f"SELECT {value} AS x FROM range(3000) GROUP BY range ORDER BY 1", NOON
    )
    rows = [row for (row,) in row_values(Table.from_arrow(found))]
    expected = found["x"].to_pylist()
    assert rows == expected
    assert list(map(type, rows)) == list(map(type, expected))
    assert len(rows) == 3000


@pytest.mark.parametrize("table", TABLES)
def test_a_filter_on_any_column_finds_the_row(lake: Path, table: str) -> None:
    """Statistics in the log must not hide rows: not of columns that have none, not of nulls."""
    fields = [field for field in contract(table).schema if not pa.types.is_nested(field.type)]
    total = ask(lake, f"select count(*) as n from {table}")[0]["n"]

    def counted(conditions: dict[tuple[str, ...], str]) -> dict[tuple[str, ...], int]:
        """The rows that meet each condition: every one a scan with a filter of its own."""
        selects = [
            f"select {n} as place, count(*) as n from {table} where {condition}"
            for n, condition in enumerate(conditions.values())
        ]
        rows = ask(lake, " union all ".join(selects)) if selects else []
        found = {row["place"]: int(str(row["n"])) for row in rows}
        return {name: found[n] for n, name in enumerate(conditions)}

    nulls = counted({(f.name,): f'"{f.name}" is null' for f in fields})
    values = counted(
        {
            (
                f.name,
            ): f'"{f.name}" in (select "{f.name}" from {table} where "{f.name}" is not null)'
            for f in fields
        }
    )
    assert {name: values[name] + nulls[name] for name in nulls} == dict.fromkeys(nulls, total)
    strings = [f.name for f in fields if pa.types.is_string(f.type)]
    (literals,) = ask(
        lake,
        "select " + ", ".join(f'list(distinct "{n}") as "{n}"' for n in strings) + f" from {table}",
    )
    equal = counted(
        {
            (name, str(value)): f'"{name}" = ' + "'{}'".format(str(value).replace("'", "''"))
            for name in strings
            for value in cast(list[object], literals[name] or ())
        }
    )
    for name in strings:
        assert sum(n for (of, _), n in equal.items() if of == name) == values[name,], name


class _HardOfHearing:
    """A connection to which only the third interruption comes while it runs a step."""

    def __init__(self) -> None:
        self.told = 0
        self.ended = threading.Event()

    def interrupt(self) -> None:
        self.told += 1
        if self.told == 3:
            self.ended.set()


@pytest.mark.timeout(60)
def test_ctrl_c_ends_a_query_also_where_duckdb_has_not_begun_with_it() -> None:
    """DuckDB forgets an interruption that comes before a step or between two."""
    connection = _HardOfHearing()

    def work() -> bool:
        connection.ended.wait(0.5)  # until the caller waits for the result
        os.kill(os.getpid(), signal.SIGINT)
        return connection.ended.wait(50)

    with pytest.raises(KeyboardInterrupt):
        _interruptible(cast(duckdb.DuckDBPyConnection, connection), work)
    assert connection.ended.is_set()


@pytest.mark.parametrize("count", [40, pytest.param(1000, marks=pytest.mark.long)])
def test_a_bit_of_a_footer_ends_a_query_as_damage_alone(lake: Path, count: int) -> None:
    """Or is not met: never as a fault of the SQL, nor without a word of ours."""
    (path, *_) = sorted((lake / "stories").glob("date=*/**/*.parquet"))
    data = path.read_bytes()
    told = 0
    for bit in random.Random(3).sample(footer_bits(data), count):
        path.write_bytes(flipped(data, bit))
        try:
            query(str(lake), None, "SELECT * FROM stories", NOON)
        except StoreError as error:
            assert "`dateline lake check`" in str(error)
            told += 1
    assert told > count // 10


def test_a_column_whose_name_is_no_text_is_another_one(lake: Path) -> None:
    """What DuckDB says of it is no text either: the files are read by their known columns."""
    for path in (lake / "stories").glob("date=*/**/*.parquet"):
        path.write_bytes(path.read_bytes().replace(b"headline", b"h\xffadline"))
    found = query(str(lake), None, "SELECT headline, body FROM stories", NOON)
    assert found.num_rows == found.column("headline").null_count == 6
    assert found.column("body").null_count == 0
