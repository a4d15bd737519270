"""The tables' contracts, read from `schemas/`, and the Arrow schemas made from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa

TABLES = ("rejects", "entities", "events", "stories", "ledger")
"""Every table of the commit protocol, in the order of commits: what is visible in stories has its
entities and events."""

LINKS = "links"
"""The table of near-duplicates: computed from stories, and only there where that was done."""

_SCALARS: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True, slots=True)
class Contract:
    """One table: its version, meaning, partition columns and Arrow schema.

    Each field of `schema` carries its description in its metadata.
    """

    table: str
    version: str
    description: str
    partition_by: tuple[str, ...]
    schema: pa.Schema

    @property
    def file_schema(self) -> pa.Schema:
        """The columns that a data file holds: all but the partition columns."""
        return pa.schema([f for f in self.schema if f.name not in self.partition_by])


def _type(spec: Any) -> pa.DataType:
    if isinstance(spec, str):
        return _SCALARS[spec]
    if "list" in spec:
        return pa.list_(_type(spec["list"]))
    return pa.struct([(name, _type(kind)) for name, kind in spec["struct"]])


@cache
def contract(table: str) -> Contract:
    """Return the contract of `table`, one of `TABLES`, or `LINKS`."""
    data = json.loads(files("schemas").joinpath(table, "contract.json").read_text("utf-8"))
    fields = [
        pa.field(
            column["name"],
            _type(column["type"]),
            nullable=column["nullable"],
            metadata={"comment": column["description"]},
        )
        for column in data["columns"]
    ]
    return Contract(
        table=data["table"],
        version=data["version"],
        description=data["description"],
        partition_by=tuple(data["partition_by"]),
        schema=pa.schema(fields),
    )


def examples(table: str, which: str) -> list[Any]:
    """Return the contract's own examples: `which` is `pass` or `fail`."""
    text = files("schemas").joinpath(table, f"{which}.json").read_text("utf-8")
    found: list[Any] = json.loads(text)
    return found
