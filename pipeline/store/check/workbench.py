"""What the rules of `lake check` are asked of: the keys of all rows, in a database on disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import duckdb
import pyarrow as pa

from pipeline.store.check.column_reader import reader
from pipeline.store.check.findings import EXAMPLES, Finding, Rule, no_room
from pipeline.store.check.log import begun_since, links_of, numbers_of, passed_of, sources_of
from pipeline.store.check.rules import ADD_UP, BY_OFFSET, COLUMNS, COUNT, PREPARE, TABLE_ROWS
from pipeline.store.codes.codes import cameo
from pipeline.store.read.snapshot import Snapshot
from pipeline.store.read.table_log import LogState
from pipeline.store.schema.contract import LINKS, TABLES

_BATCH_ROWS = 8192
_MOST_TIMES = 64
"""A question that cannot do with the memory, even on disk, gets up to so many times as much."""

_RULES_AT_ONCE = 8
_RULE_MB = 8
"""What a rule may hold that is not on disk, however few rows there are."""

_PART_ROWS = 2_000_000
"""Of a table with more rows rules that go by offsets are asked part by part: what one of them joins
and groups has room then, which it has not always where it is on disk."""

_OF_CODES = {
    **{"cameo": pa.string(), "root": pa.string()},
    **{"quad_class": pa.int32(), "goldstein": pa.float64()},
}

_Answer = TypeVar("_Answer")


@dataclass(slots=True)
class Workbench:
    """A DuckDB database with what the rules work on; `memory_mb` is its limit now."""

    connection: duckdb.DuckDBPyConnection
    memory_mb: int
    most_mb: int
    rules_at_once: int = 1
    parts: tuple[str, ...] = ()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Return the rows of a question. Raises `StoreError` where memory is too little."""
        return self._within(lambda: self.connection.execute(sql).fetchall())

    def load(self, snapshot: Snapshot, table: str) -> None:
        """Take over what the rules ask of a table's rows, as `TABLE_data`."""

        def load() -> None:
            rows = reader(snapshot, table, COLUMNS[table], _BATCH_ROWS)
            self.connection.register(f"{table}_files", rows)
            self.connection.execute(f"CREATE TABLE {table}_data AS FROM {table}_files")
            self.connection.unregister(f"{table}_files")

        self._within(load)

    def stream(
        self, snapshot: Snapshot, columns: Mapping[str, Sequence[str]], *sql: str
    ) -> list[tuple[Any, ...]]:
        """Run these statements over columns of tables as `TABLE_read`, which they read once each,
        and return the rows of the last one."""

        def run() -> list[tuple[Any, ...]]:
            for table, names in columns.items():
                read = reader(snapshot, table, names, _BATCH_ROWS)
                self.connection.register(f"{table}_read", read)
            for statement in sql:
                found = self.connection.execute(statement)
            rows = found.fetchall()
            for table in columns:
                self.connection.unregister(f"{table}_read")
            return rows

        return self._within(run)

    def look_up(self, name: str, rows: pa.Table, sql: str) -> None:
        """Run a statement that reads `rows` as `name`."""
        self.connection.register(name, rows)
        self.ask(sql)
        self.connection.unregister(name)

    def give(self, table: str, rows: Sequence[Mapping[str, Any]], /, **types: pa.DataType) -> None:
        """Let rules ask `rows`, whose columns have these types, as `table`."""
        columns = pa.Table.from_pylist(list(rows), schema=pa.schema(list(types.items())))
        self.connection.register(table, columns)

    def prepare(self) -> None:
        """Make the tables that the rules share."""
        for sql in PREPARE:
            self.ask(sql)
        self.parts = self._parted()
        if not self.parts:
            self.ask(f"CREATE TABLE counted AS {COUNT}")
            return
        begin = "CREATE TABLE counted_by_part AS"
        for part in self.parts:
            self.ask(f"{begin} FROM ({_of_part(COUNT, part)})")
            begin = "INSERT INTO counted_by_part"
        self.ask(f"CREATE TABLE counted AS {ADD_UP}")

    def _parted(self) -> tuple[str, ...]:
        """Return what tells the parts of a large lake, each with some of the offsets."""
        most = max(rows for _, rows in self.ask(TABLE_ROWS))
        count = -(-most // _PART_ROWS)
        if count <= 1:
            return ()
        shares = [n / count for n in range(1, count)]
        ((found,),) = self.ask(f'SELECT approx_quantile("offset", {shares}) FROM items')
        cuts = sorted(set(found or ()))
        bounds = zip([None, *cuts], [*cuts, None], strict=True)
        return tuple(
            " AND ".join(
                [f'"offset" >= {first}'] * (first is not None)
                + [f'"offset" < {beyond}'] * (beyond is not None)
            )
            for first, beyond in bounds
        )

    def run_plainly(self) -> None:
        """Run rules several at once, by one thread, unoptimized: on few rows, to plan and to begin
        one costs the most."""
        self.connection.execute("SET threads = 1")
        self.connection.execute("PRAGMA disable_optimizer")
        self.rules_at_once = max(1, min(_RULES_AT_ONCE, self.memory_mb // _RULE_MB))

    def broken(self, rules: Sequence[Rule]) -> list[Rule]:
        """Return those of `rules` that something breaks."""
        if self.parts:
            return [rule for rule in rules if any(map(self._is_broken, self._asked(rule)))]
        found: list[Rule] = []
        for first in range(0, len(rules), self.rules_at_once):
            some = rules[first : first + self.rules_at_once]
            asked = (f"(SELECT {n} FROM ({rule.sql}) LIMIT 1)" for n, rule in enumerate(some))
            found += (some[n] for (n,) in sorted(self.ask(" UNION ALL ".join(asked))))
        return found

    def apply(self, rule: Rule) -> tuple[int, list[Finding]]:
        """Return how much breaks a rule that is broken, and the first examples."""
        total, rows = 0, []
        for sql in self._asked(rule):
            found = self.ask(
                f"SELECT source, first, beyond, message, count(*) OVER () FROM ({sql})"
                f" ORDER BY source, first, beyond, message LIMIT {EXAMPLES}"
            )
            total += found[0][4] if found else 0
            rows += found
        rows.sort(key=lambda row: [(value is None, value) for value in row[:4]])
        return total, [Finding(rule.kind, rule.table, row[3], *row[:3]) for row in rows[:EXAMPLES]]

    def _asked(self, rule: Rule) -> Iterator[str]:
        """Yield the questions of a rule: one, or one of each part of a large lake."""
        if rule.is_by_offset and self.parts:
            yield from (_of_part(rule.sql, part) for part in self.parts)
        else:
            yield rule.sql

    def _is_broken(self, sql: str) -> bool:
        return bool(self.ask(f"SELECT 1 FROM ({sql}) LIMIT 1"))

    def _within(self, ask: Callable[[], _Answer]) -> _Answer:
        """Double the limit while a question finds no room: not all of it can be on disk."""
        while True:
            try:
                return ask()
            except duckdb.OutOfMemoryException as error:
                self.memory_mb *= 2
                if self.memory_mb > self.most_mb:
                    raise no_room(error) from error
                self.connection.execute(f"SET memory_limit = '{self.memory_mb}MiB'")


def _of_part(sql: str, part: str) -> str:
    """Return a question that is shown no other rows than those of a part."""
    shown = (
        f"{name} AS NOT MATERIALIZED (SELECT * FROM main.{name} WHERE {part})" for name in BY_OFFSET
    )
    return f"WITH {', '.join(shown)} {sql}"


@contextmanager
def workbench(
    snapshot: Snapshot, logs: Mapping[str, LogState], memory_mb: int, threads: int
) -> Iterator[Workbench]:
    """Load the keys of all rows into a database on disk, with the committed ends beside them."""
    with TemporaryDirectory(prefix="dateline-check-") as folder:
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": f"{memory_mb}MiB",
            "threads": threads,
            "temp_directory": str(Path(folder) / "spill"),
            "preserve_insertion_order": "false",
        }
        with duckdb.connect(Path(folder) / "check.duckdb", config=settings) as connection:
            work = Workbench(connection, memory_mb, memory_mb * _MOST_TIMES)
            connection.execute("SET TimeZone = 'UTC'")
            # The file goes with its folder: nothing of it need be written to its end.
            connection.execute("PRAGMA disable_checkpoint_on_shutdown")
            for table in (*TABLES, LINKS):
                work.load(snapshot, table)
            ends = [
                {"name": table, "source": source, "committed": end}
                for table in TABLES
                for source, end in sources_of(logs[table]).items()
            ]
            work.give("ends", ends, name=pa.string(), source=pa.string(), committed=pa.int64())
            begun = [{"source": source} for source in begun_since(snapshot, logs["ledger"])]
            work.give("begun", begun, source=pa.string())
            numbers = [{"number": number} for number in numbers_of(logs["ledger"])]
            work.give("generations", numbers, number=pa.int64())
            known = cameo()
            codes = [dict(zip(known.columns, row, strict=True)) for row in known.rows]
            work.give(
                "codes",
                [{name: code[name] for name in _OF_CODES} for code in codes],
                **_OF_CODES,
            )
            gone, counted = passed_of(logs["stories"]), passed_of(logs["rejects"])
            passed = [
                {
                    "source": source,
                    "stories": gone.get(source, 0),
                    "rejects": counted.get(source, 0),
                }
                for source in gone.keys() | counted.keys()
            ]
            work.give("passed", passed, source=pa.string(), stories=pa.int64(), rejects=pa.int64())
            days = links_of(logs[LINKS]) if LINKS in logs else {}
            listed = [{"day": day, "links": links} for day, links in days.items()]
            work.give("link_days", listed, day=pa.date32(), links=pa.int64())
            yield work
