"""The server's own description: OpenAPI 3.1, made from the pages' columns and filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from pipeline.serve.columns import COLUMNS
from pipeline.serve.filters import MOST_ROWS, MOST_TEXT, PAGE_ROWS, names_of_roots

_TEXTS: Mapping[str, str] = {
    "q": "Words that all have to be there; in double quotes a phrase, -word leaves out,"
    " word* any ending",
    "entity": "Only stories that name this entity_id",
    "country": "Only stories on this country, ISO 3166-1 alpha-3",
    "region": "Only stories on this region, a slug as western-asia",
    "language": "Only stories in this language, ISO 639-1",
    "provider": "Only stories of this provider, as it signs",
}
_DAYS = {"from": "First day of publication", "to": "Last day of publication"}

_PAGES: Mapping[str, tuple[str, Sequence[str], Sequence[str]]] = {
    "/": (
        "The newest stories, with figures of the last days",
        (),
        ("stories", "by-time", "countries", "persons", "bodies", "dyads"),
    ),
    "/search": (
        "Stories by words and filings, the newest first",
        (*_TEXTS, "act", *_DAYS, "before", "limit"),
        ("stories",),
    ),
    "/story/{id}": (
        "A story by its story_id or revision_id, with its revisions, entities and events",
        ("old", "new"),
        ("revisions", "entities", "events"),
    ),
    "/entity/{id}": (
        "What is told of an entity: stories, trend, whom it acts upon, who acts upon it",
        ("before", "limit"),
        ("stories", "trend", "as-source", "as-target"),
    ),
    "/dyad": (
        "What two did to one another; two codes of countries stand for the countries",
        ("source", "target", *_DAYS, "before", "limit"),
        ("events", "over-time", "acts"),
    ),
    "/map": (
        "Where it happened, and between which countries",
        tuple(_DAYS),
        ("countries", "places", "between-countries"),
    ),
}


@cache
def openapi() -> dict[str, Any]:
    """Return the description of every address that gives tables."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Dateline",
            "version": "1",
            "description": "Stories of a lake that may be shown now, read only. Each page is also"
            " JSON, CSV or Arrow, by the parameter format.",
        },
        "paths": {address: {"get": _operation(address)} for address in _PAGES},
        "components": {
            "schemas": {name: _schema(name) for name in COLUMNS},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(address: str) -> dict[str, Any]:
    meaning, names, tables = _PAGES[address]
    parameters = [_parameter(name) for name in names]
    if "{id}" in address:
        parameters.insert(0, {"name": "id", "in": "path", "required": True, "schema": _TEXT})
    chosen: dict[str, Any] = {"type": "string", "enum": list(tables)}
    forms = {"type": "string", "enum": ["html", "json", "csv", "arrow"], "default": "html"}
    parameters += [
        {"name": "format", "in": "query", "schema": forms},
        {
            "name": "table",
            "in": "query",
            "description": "Which table a file holds; JSON without it holds all",
            "schema": chosen,
        },
    ]
    rows = {
        name: {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}
        for name in tables
    }
    whole = {"type": "object", "properties": {"tables": {"type": "object", "properties": rows}}}
    return {
        "summary": meaning,
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "What was asked for",
                "content": {
                    "text/html": {},
                    "application/json": {"schema": {"oneOf": [whole, *rows.values()]}},
                    "text/csv": {},
                    "application/vnd.apache.arrow.file": {},
                },
            },
            "400": {"description": "That cannot be asked"},
            "404": {"description": "Nothing of that name may be shown"},
            "503": {"description": "Not ready, too slow or too many: try again"},
        },
    }


_TEXT: dict[str, Any] = {"type": "string", "maxLength": MOST_TEXT}


def _parameter(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = dict(_TEXT)
    meaning = {**_TEXTS, **_DAYS}.get(name, "")
    if name in _DAYS:
        schema = {"type": "string", "format": "date"}
    elif name == "act":
        schema, meaning = (
            {"type": "string", "enum": list(names_of_roots())},
            "Only stories with such a deed",
        )
    elif name == "limit":
        schema = {"type": "integer", "minimum": 1, "maximum": MOST_ROWS, "default": PAGE_ROWS}
    elif name == "before":
        schema, meaning = {"type": "integer", "minimum": 1}, "Where the page before ended"
    elif name in ("old", "new"):
        meaning = "A revision_id to compare"
    found: dict[str, Any] = {"name": name, "in": "query", "schema": schema}
    if name in ("source", "target"):
        found["required"] = True
    return {**found, "description": meaning} if meaning else found


def _schema(name: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {column: _kind(kind) for column, kind in COLUMNS[name].items()},
    }


def _kind(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_boolean(kind):
        return {"type": "boolean"}
    if pa.types.is_integer(kind):
        return {"type": "integer"}
    return {"type": ["number" if pa.types.is_floating(kind) else "string", "null"]}
