"""Where an export goes: a folder of Parquet, CSV or tab-separated files, a DuckDB or SQLite file.

Each remembers what it holds, so that exporting again replaces the days that changed.
"""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from typing_extensions import override

from pipeline.errors import UsageError
from pipeline.store.codes.codes import CODES, PREFIX, CodeTable, know_codes
from pipeline.store.commit.data_files import PRUNING
from pipeline.store.read.gather import gather
from pipeline.store.read.query import plain
from pipeline.store.schema.contract import LINKS

C = TypeVar("C", duckdb.DuckDBPyConnection, sqlite3.Connection)

Batches = Iterable[tuple[str, pa.RecordBatch]]
"""Rows by day, in order."""

_CODES = "codes"
"""The folder of the tables of codes, as in a lake's root."""

_ROWS_AT_ONCE = 65_536

VIEWS_OF_EXPORT = ("current", *(f"current_{table}" for table in ("entities", "events", LINKS)),
                   "distinct_events", "told_events")  # fmt: skip
"""The views of a database, by the names of the lake's; each may use those before it."""

WORDS_INDEX = "words_index.sql"
"""What makes the full-text index of a DuckDB file."""

MANIFEST = "dateline-export.json"
"""What a folder's state lies in; a file of a database has a table `dateline_export`."""

_PRUNING = PRUNING | {"date", "region", "provider"}
"""Columns with statistics: those of the lake's files, and what its folders are named for."""

_SQLITE_TYPES = {"INTEGER": "INTEGER", "BOOLEAN": "INTEGER", "DOUBLE": "REAL"}
"""SQLite's types for those of codes that are no texts."""

_INDEXED = (
    ("stories", "story_id"),
    ("stories", "date"),
    ("stories", "region"),
    ("entities", "story_id"),
    ("entities", "entity_id"),
    ("events", "story_id"),
    ("events", "date"),
    ("events", "root"),
    ("events", "source_country, target_country"),
)


@dataclass(frozen=True, slots=True)
class ExportState:
    """What an export holds: of which selection, which columns, a digest a table and day, and one of
    what its codes and views say."""

    selection: Mapping[str, object]
    columns: Mapping[str, Sequence[str]]
    days: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    as_of: str = ""
    codes: str = ""

    def is_alike(self, other: ExportState) -> bool:
        """Say whether the other holds the same selection in the same columns and codes."""
        return (self.selection, self.columns, self.codes) == (
            other.selection,
            other.columns,
            other.codes,
        )

    def as_json(self) -> str:
        """Return the state as it is kept."""
        return json.dumps(
            {
                "format": 1,
                "as_of": self.as_of,
                "selection": self.selection,
                "columns": self.columns,
                "days": self.days,
                "codes": self.codes,
            },
            sort_keys=True,
        )


def state_of(text: str) -> ExportState:
    """Read a state. Raises `UsageError` for what none of ours has written."""
    try:
        facts = json.loads(text)
        if facts["format"] != 1:
            raise UsageError("the export is of a later version of Dateline: write it anew")
        kept = {name: facts[name] for name in ("selection", "columns", "days", "as_of")}
        return ExportState(**kept, codes=facts.get("codes", ""))
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError("the export's own state cannot be read: write it anew") from error


class ExportTarget(Protocol):
    """Takes the rows of an export; of a database none is to be seen before `finish`."""

    written_bytes: int
    """Size of the files that were written."""

    def state(self) -> ExportState | None:
        """Return what is there; None for nothing. Raises `UsageError` for what is no export."""

    def begin(self, schemas: Mapping[str, pa.Schema], anew: bool) -> None:
        """Make ready; `anew` drops what is there."""

    def replace(self, table: str, days: Sequence[str], batches: Batches) -> int:
        """Put `batches` in place of all rows of `days`; how many rows that are."""

    def put_codes(self, tables: Mapping[str, CodeTable]) -> None:
        """Put the tables of codes, by their names, in place of those that are there."""

    def finish(self, state: ExportState) -> None:
        """Make what was given visible, and remember `state`."""

    def close(self) -> None:
        """Let go of the target; what was not finished is dropped."""


def open_target(path: Path, form: str, memory_mb: int) -> ExportTarget:
    """Return the target of `form`: `parquet`, `csv`, `duckdb`, `sqlite`, `gdelt` or `polecat`.

    A DuckDB file is made within `memory_mb`; above that DuckDB spills beside it.
    """
    if form == "duckdb":
        return _Duckdb(path, memory_mb)
    kinds: Mapping[str, type[_Folder | _Sqlite]] = {
        "parquet": _Parquet,
        "csv": _CsvFiles,
        "gdelt": _Gdelt,
        "polecat": _Polecat,
        "sqlite": _Sqlite,
    }
    return kinds[form](path)


def as_sqlite(value: Any) -> Any:
    """Return a value as SQLite holds it: ISO 8601 for times, JSON for lists and structs."""
    simple = plain(value)
    if isinstance(simple, dict | list):
        return json.dumps(simple, ensure_ascii=False)
    return int(simple) if isinstance(simple, bool) else simple


class _Folder(ExportTarget):
    """A folder whose manifest is written last: what is not in it is written again."""

    ending: str
    """What the names of its files end in, after the day."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written_bytes = 0

    def state(self) -> ExportState | None:
        manifest = self.path / MANIFEST
        if manifest.is_file():
            state = state_of(manifest.read_text("utf-8"))
            if not all(file.name.endswith(self.ending) for file in _files(self.path)):
                raise UsageError("the folder holds an export of another format", path=self.path)
            return state
        if self.path.exists() and (not self.path.is_dir() or any(self.path.iterdir())):
            raise UsageError("this is no export, and not empty", path=self.path)
        return None

    def begin(self, schemas: Mapping[str, pa.Schema], anew: bool) -> None:
        self.schemas = schemas
        self.path.mkdir(parents=True, exist_ok=True)
        if anew:
            for table in schemas:
                shutil.rmtree(self.path / table, ignore_errors=True)
        for table in schemas:
            (self.path / table).mkdir(exist_ok=True)

    def replace(self, table: str, days: Sequence[str], batches: Batches) -> int:
        rows, left = 0, set(days)

        def counted(parts: Batches) -> Iterator[pa.RecordBatch]:
            nonlocal rows
            for _, batch in parts:
                rows += batch.num_rows
                yield batch

        for day, parts in groupby(batches, key=lambda one: one[0]):
            part = self.path / table / f".{day}.part"
            self._write(part, self.schemas[table], counted(parts))
            self.written_bytes += part.stat().st_size
            part.replace(self.path / table / f"{day}{self.ending}")
            left.discard(day)
        for day in left:
            (self.path / table / f"{day}{self.ending}").unlink(missing_ok=True)
        return rows

    def _write(self, part: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        """Write the rows of one day, or a table of codes, into a file."""
        raise NotImplementedError

    def put_codes(self, tables: Mapping[str, CodeTable]) -> None:
        shutil.rmtree(self.path / _CODES, ignore_errors=True)
        (self.path / _CODES).mkdir()
        for name, table in tables.items():
            part = self.path / _CODES / f".{name}.part"
            rows = table.arrow()
            self._write(part, rows.schema, iter(rows.to_batches()))
            self.written_bytes += part.stat().st_size
            part.replace(self.path / _CODES / f"{name}{self.ending}")

    def finish(self, state: ExportState) -> None:
        part = self.path / f".{MANIFEST}.part"
        part.write_text(state.as_json(), "utf-8")
        part.replace(self.path / MANIFEST)

    def close(self) -> None:
        for part in self.path.rglob(".*.part"):
            part.unlink(missing_ok=True)


class _Parquet(_Folder):
    """`TABLE/DAY.parquet`: every column in the file, so that any tool reads `TABLE/*.parquet`."""

    ending = ".parquet"

    @override
    def _write(self, part: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        with pq.ParquetWriter(
            part,
            schema,
            compression="zstd",
            store_schema=False,  # it follows from Parquet's own, and is most of a small file
            write_statistics=[name for name in schema.names if name in _PRUNING],
            write_page_index=True,
        ) as writer:
            for batch in batches:
                writer.write_batch(batch)


class _CsvFiles(_Folder):
    """`TABLE/DAY.csv`, each with a head: lists and structs as JSON, times as ISO 8601."""

    ending = ".csv"

    @override
    def _write(self, part: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        with part.open("w", encoding="utf-8", newline="") as sink:
            writer = csv.writer(sink, lineterminator="\n")
            writer.writerow(schema.names)
            for batch in batches:
                writer.writerows(_simple_rows(batch))


class _Tabs(_Folder):
    """`TABLE/DAY…` with tabs between values, as other data sets have it: no quotes, nulls empty."""

    has_head: bool

    @override
    def put_codes(self, tables: Mapping[str, CodeTable]) -> None:
        """Put none: those data sets have codebooks of their own."""

    @override
    def _write(self, part: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        with part.open("w", encoding="utf-8", newline="") as sink:
            if self.has_head:
                sink.write("\t".join(schema.names) + "\n")
            for batch in batches:
                for row in _simple_rows(batch):
                    # Without quotes a tab or a line's end within a value would be one between two.
                    cells = ("" if v is None else " ".join(str(v).split()) for v in row)
                    sink.write("\t".join(cells) + "\n")


class _Gdelt(_Tabs):
    """`events/DAY.export.CSV` without a head, as GDELT's own files are."""

    ending, has_head = ".export.CSV", False


class _Polecat(_Tabs):
    """`events/DAY.txt` with a head, as POLECAT's own files are."""

    ending, has_head = ".txt", True


class _Database(Generic[C]):
    """A file of a database: worked on in a copy beside it, which takes its place in the end."""

    errors: type[Exception]
    """What the database raises."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.written_bytes = 0
        self._connection: C | None = None

    def _connect(self, copy: Path) -> C:
        """Open the working copy."""
        raise NotImplementedError

    @property
    def _open(self) -> C:
        if self._connection is None:
            self._connection = self._connect(_copied(self.path))
        return self._connection

    def state(self) -> ExportState | None:
        if not self.path.exists():
            return None
        try:
            (text,) = self._open.execute("SELECT state FROM dateline_export").fetchall()[0]
        except (self.errors, IndexError) as error:
            raise UsageError("this is no export", path=self.path) from error
        return state_of(text)

    def _put(self, copy: Path) -> None:
        """Put the finished copy in the place of the file."""
        self.written_bytes = copy.stat().st_size
        copy.replace(self.path)

    def close_connection(self) -> None:
        """Close the working copy."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def close(self) -> None:
        self.close_connection()
        _drop_parts(self.path)


class _Duckdb(_Database[duckdb.DuckDBPyConnection], ExportTarget):
    """A DuckDB file: tables, views, an index of words; one transaction."""

    errors = duckdb.Error

    def __init__(self, path: Path, memory_mb: int) -> None:
        super().__init__(path)
        self._memory_mb = memory_mb

    @override
    def _connect(self, copy: Path) -> duckdb.DuckDBPyConnection:
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "memory_limit": f"{self._memory_mb}MiB",
        }
        connection = duckdb.connect(str(copy), config=config)
        connection.execute("SET TimeZone = 'UTC'")
        return connection

    @override
    def begin(self, schemas: Mapping[str, pa.Schema], anew: bool) -> None:
        run = self._open.execute
        run("BEGIN")
        run("CREATE TABLE IF NOT EXISTS dateline_export (state VARCHAR)")
        for table, schema in schemas.items():
            if anew:
                run(f"DROP TABLE IF EXISTS {table}")
            self._open.register("columns_of", schema.empty_table())
            run(f"CREATE TABLE IF NOT EXISTS {table} AS FROM columns_of")
            self._open.unregister("columns_of")

    @override
    def replace(self, table: str, days: Sequence[str], batches: Batches) -> int:
        run = self._open.execute
        run(
            f"DELETE FROM {table} WHERE list_contains($days, coalesce(date::varchar, 'undated'))",
            {"days": list(days)},
        )
        rows = 0
        parts = (batch for _, batch in batches)
        for batch in gather(parts, _ROWS_AT_ONCE, lambda part: part.num_rows):
            self._open.register("more", batch)
            run(f"INSERT INTO {table} FROM more")
            self._open.unregister("more")
            rows += batch.num_rows
        return rows

    @override
    def put_codes(self, tables: Mapping[str, CodeTable]) -> None:
        for name in tables:
            self._open.execute(f"DROP TABLE IF EXISTS {PREFIX}{name}")
        know_codes(self._open, [f"{PREFIX}{name}" for name in tables])

    @override
    def finish(self, state: ExportState) -> None:
        run = self._open.execute
        run("DELETE FROM dateline_export")
        run("INSERT INTO dateline_export VALUES ($state)", {"state": state.as_json()})
        run("COMMIT")
        # Into a file of its own: in the old one what was deleted would stay in free blocks.
        (name,) = run("SELECT current_database()").fetchall()[0]
        quoted = str(_part(self.path, "new")).replace("'", "''")
        run(f"ATTACH '{quoted}' AS anew")
        for table in ("dateline_export", *state.days, *(f"{PREFIX}{name}" for name in CODES)):
            run(f'CREATE TABLE anew.{table} AS FROM "{name}".main.{table}')
        run("USE anew")
        for view in VIEWS_OF_EXPORT:
            run(f"CREATE VIEW {view} AS {view_of_export(view)}")
        run(sql_of_export(WORDS_INDEX))
        self.close_connection()
        self._put(_part(self.path, "new"))


class _Sqlite(_Database[sqlite3.Connection], ExportTarget):
    """An SQLite file for Datasette and others: `stories_search` is FTS5; one transaction."""

    errors = sqlite3.Error

    @override
    def _connect(self, copy: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(copy, isolation_level=None)
        # What was deleted must not stay in free pages.
        connection.execute("PRAGMA secure_delete = ON")
        return connection

    @override
    def begin(self, schemas: Mapping[str, pa.Schema], anew: bool) -> None:
        run = self._open.execute
        run("BEGIN IMMEDIATE")
        if anew:
            for table in ("stories_search", *schemas):
                run(f"DROP TABLE IF EXISTS {table}")
        run("CREATE TABLE IF NOT EXISTS dateline_export (state TEXT)")
        for table, schema in schemas.items():
            columns = ", ".join(f'"{one.name}" {_sqlite_type(one.type)}' for one in schema)
            run(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")
        for table, columns in _INDEXED:
            name = f"{table}_{columns.replace(', ', '_')}"
            run(f"CREATE INDEX IF NOT EXISTS {name} ON {table} ({columns})")
        run(
            "CREATE VIRTUAL TABLE IF NOT EXISTS stories_search"
            " USING fts5(headline, body, content='stories', content_rowid='rowid')"
        )

    @override
    def replace(self, table: str, days: Sequence[str], batches: Batches) -> int:
        self._open.executemany(
            f"DELETE FROM {table} WHERE coalesce(date, 'undated') = ?", [(day,) for day in days]
        )
        rows = 0
        for _, batch in batches:
            marks = ", ".join("?" * batch.num_columns)
            self._open.executemany(f"INSERT INTO {table} VALUES ({marks})", _simple_rows(batch))
            rows += batch.num_rows
        return rows

    @override
    def put_codes(self, tables: Mapping[str, CodeTable]) -> None:
        run = self._open.execute
        for name, table in tables.items():
            columns = ", ".join(
                f'"{column}" {_SQLITE_TYPES.get(kind, "TEXT")}'
                for column, kind in table.columns.items()
            )
            run(f"DROP TABLE IF EXISTS {PREFIX}{name}")
            run(f"CREATE TABLE {PREFIX}{name} ({columns})")
            marks = ", ".join("?" * len(table.columns))
            rows = ([as_sqlite(value) for value in row] for row in table.rows)
            self._open.executemany(f"INSERT INTO {PREFIX}{name} VALUES ({marks})", rows)
        for view in VIEWS_OF_EXPORT:
            run(f"DROP VIEW IF EXISTS {view}")
            run(f"CREATE VIEW {view} AS {view_of_export(view)}")

    @override
    def finish(self, state: ExportState) -> None:
        run = self._open.execute
        run("INSERT INTO stories_search(stories_search) VALUES ('rebuild')")
        run("DELETE FROM dateline_export")
        run("INSERT INTO dateline_export VALUES (?)", (state.as_json(),))
        run("COMMIT")
        self.close_connection()
        self._put(_part(self.path))


def view_of_export(view: str) -> str:
    """Return the SELECT of a view of a database, in the SQL that DuckDB and SQLite share."""
    return sql_of_export(f"views/{view}.sql").strip()


def sql_of_export(name: str) -> str:
    """Return the text of one of the SQL files that ship for databases."""
    return files(__package__).joinpath(name).read_text("utf-8")


def _part(path: Path, what: str = "part") -> Path:
    return path.with_name(f".{path.name}.{what}")


def _copied(path: Path) -> Path:
    """Return a copy to work on, so that readers of the file are neither held up nor see half."""
    _drop_parts(path)
    if path.exists():
        shutil.copyfile(path, _part(path))
    return _part(path)


def _drop_parts(path: Path) -> None:
    for rest in path.parent.glob(f".{path.name}.*"):
        if rest.is_dir():  # where DuckDB spilled
            shutil.rmtree(rest, ignore_errors=True)
        else:
            rest.unlink(missing_ok=True)


def _files(path: Path) -> Iterator[Path]:
    return (file for file in path.glob("*/*") if not file.name.startswith("."))


def _simple_rows(batch: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    columns = ([as_sqlite(value) for value in column.to_pylist()] for column in batch.columns)
    return zip(*columns, strict=True)


def _sqlite_type(kind: pa.DataType) -> str:
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind):
        return "INTEGER"
    return "REAL" if pa.types.is_floating(kind) else "TEXT"
