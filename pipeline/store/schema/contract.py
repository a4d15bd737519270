"""The tables' contracts, read from `schemas/`, and the Arrow schemas made from them.

Arrow is imported by who asks for a schema: a question needs names and SQL types alone.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

TABLES = ("rejects", "entities", "events", "stories", "ledger")
"""Every table of the commit protocol, in the order of commits: what is visible in stories has its
entities and events."""

LINKS = "links"
"""The table of near-duplicates: computed from stories, and only there where that was done."""

_SQL_TYPES = {
    "string": "VARCHAR",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "binary": "BLOB",
    "date": "DATE",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a contract. `spec` is its type as the contract writes it."""

    name: str
    spec: Any
    nullable: bool
    description: str

    @property
    def sql_type(self) -> str:
        """The type in DuckDB's SQL."""
        return _sql_type(self.spec)

    @property
    def type_name(self) -> str:
        """The type in words: `list of (kind: string, weight: double)`."""
        return _type_name(self.spec)


@dataclass(frozen=True, slots=True)
class Contract:
    """One table: its version, meaning, partition columns and columns."""

    table: str
    version: str
    description: str
    partition_by: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns, in their order."""
        return tuple(column.name for column in self.columns)

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema. Each field carries its description in its metadata."""
        return _schema(self.table)

    @property
    def file_schema(self) -> pa.Schema:
        """The columns that a data file holds: all but the partition columns."""
        return _file_schema(self.table)


def _sql_type(spec: Any) -> str:
    if isinstance(spec, str):
        return _SQL_TYPES[spec]
    if "list" in spec:
        return f"{_sql_type(spec['list'])}[]"
    parts = ", ".join(f'"{name}" {_sql_type(kind)}' for name, kind in spec["struct"])
    return f"STRUCT({parts})"


def _type_name(spec: Any) -> str:
    if isinstance(spec, str):
        return "timestamp (µs, UTC)" if spec == "timestamp" else spec
    if "list" in spec:
        return f"list of {_type_name(spec['list'])}"
    return f"({', '.join(f'{name}: {_type_name(kind)}' for name, kind in spec['struct'])})"


def _arrow_type(spec: Any) -> pa.DataType:
    import pyarrow as pa

    if isinstance(spec, str):
        scalars = {
            "string": pa.string(),
            "int32": pa.int32(),
            "int64": pa.int64(),
            "double": pa.float64(),
            "bool": pa.bool_(),
            "binary": pa.binary(),
            "date": pa.date32(),
            "timestamp": pa.timestamp("us", tz="UTC"),
        }
        return scalars[spec]
    if "list" in spec:
        return pa.list_(_arrow_type(spec["list"]))
    return pa.struct([(name, _arrow_type(kind)) for name, kind in spec["struct"]])


@cache
def _schema(table: str) -> pa.Schema:
    import pyarrow as pa

    return pa.schema(
        [
            pa.field(
                column.name,
                _arrow_type(column.spec),
                nullable=column.nullable,
                metadata={"comment": column.description},
            )
            for column in contract(table).columns
        ]
    )


@cache
def _file_schema(table: str) -> pa.Schema:
    import pyarrow as pa

    found = contract(table)
    return pa.schema([field for field in found.schema if field.name not in found.partition_by])


@cache
def contract(table: str) -> Contract:
    """Return the contract of `table`, one of `TABLES`, or `LINKS`."""
    data = json.loads(files("schemas").joinpath(table, "contract.json").read_text("utf-8"))
    columns = (
        Column(column["name"], column["type"], column["nullable"], column["description"])
        for column in data["columns"]
    )
    return Contract(
        table=data["table"],
        version=data["version"],
        description=data["description"],
        partition_by=tuple(data["partition_by"]),
        columns=tuple(columns),
    )


def examples(table: str, which: str) -> list[Any]:
    """Return the contract's own examples: `which` is `pass` or `fail`."""
    text = files("schemas").joinpath(table, f"{which}.json").read_text("utf-8")
    found: list[Any] = json.loads(text)
    return found
