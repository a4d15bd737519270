"""The contracts' examples as rows: JSON has no days, moments or bytes."""

from __future__ import annotations

import base64
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from pipeline.store.schema.contract import contract


def row_of(table: str, example: dict[str, Any]) -> dict[str, Any]:
    """`example` with ISO 8601 and base64 read where the column asks for it.

    What cannot be read stays as it is, for the contract to refuse.
    """
    schema = contract(table).schema
    kinds = {field.name: field.type for field in schema}
    return {name: _read(value, kinds.get(name)) for name, value in example.items()}


def _read(value: Any, kind: pa.DataType | None) -> Any:
    if kind is None or not isinstance(value, str):
        return value
    try:
        if pa.types.is_timestamp(kind):
            return datetime.fromisoformat(value)
        if pa.types.is_date(kind):
            return date.fromisoformat(value)
        if pa.types.is_binary(kind):
            return base64.b64decode(value, validate=True)
    except ValueError:
        return value
    return value
