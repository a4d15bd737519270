"""The server's own description: OpenAPI 3.1, made from the pages' columns and filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from pipeline.serve.columns import COLUMNS
from pipeline.serve.filters import (
    MOST_NAME,
    MOST_ROWS,
    MOST_TEXT,
    NAMES,
    PAGE_ROWS,
    names_of_roots,
)  # fmt: skip

_TEXTS: Mapping[str, str] = {
    "q": "Words that all have to be there; in double quotes a phrase, -word leaves out,"
    " word* any ending",
    "entity": "Only stories that name this entity_id, or what is written so",
    "place": "Only stories with an event at this place_id",
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
        ("stories", "names"),
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
        ("source", "target", "act", *_DAYS, "before", "limit"),
        ("events", "over-time", "acts"),
    ),
    "/map": (
        "Where it happened, and between which countries",
        tuple(_DAYS),
        ("countries", "places", "between-countries"),
    ),
}


_INTEGER, _STRING, _FLAG = ({"type": kind} for kind in ("integer", "string", "boolean"))
_STRING_OR_NULL = {"type": ["string", "null"]}
_TOTALS = {"stories": _INTEGER, "events": _INTEGER, "entities": _INTEGER}
_FOUND = {"found": _INTEGER, "is_more": _FLAG}

_FACTS: Mapping[str, Mapping[str, Any]] = {
    "/": {
        **_TOTALS,
        **{"days": _INTEGER, "arrival": _INTEGER},
        "last_day": {"type": ["string", "null"], "format": "date"},
    },
    "/search": {**_FOUND, "entity": _STRING_OR_NULL, "entity_id": _STRING_OR_NULL},
    "/story/{id}": {"story": {"type": "object"}},
    "/entity/{id}": {
        **_FOUND,
        **{"entity": _STRING, "entity_id": _STRING, "name": _STRING, "kind": _STRING},
        **{"country": _STRING_OR_NULL, "role": _STRING_OR_NULL},
    },
    "/dyad": {"source": _STRING, "target": _STRING, "by_country": _FLAG},
    "/map": _TOTALS,
}
"""What JSON of a page holds beside its tables."""

_ERROR = {
    "type": "object",
    "properties": {"error": {"type": "string"}, "message": {"type": "string"}},
    "required": ["error", "message"],
}


def names_of_parameters(address: str) -> frozenset[str]:
    """Return what may stand in the query of a page, by its path as `_PAGES` has it."""
    path = address.replace("{name:path}", "{id}")
    return frozenset((*_PAGES[path][1], "format", "table"))


@cache
def openapi(needs_token: bool = False) -> dict[str, Any]:
    """Return the description of every address; with `needs_token` each asks for it."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Dateline",
            "version": "1",
            "description": "Stories of a lake that may be shown now, read only. Each page is also"
            " JSON, CSV or Arrow, by the parameter format.",
        },
        "servers": [{"url": "/"}],
        "security": [{"token": []}] if needs_token else [],
        "paths": {
            **{address: {"get": _operation(address)} for address in _PAGES},
            "/arriving": {"get": _arriving()},
            "/openapi.json": {"get": _plain("This description", "application/json", {})},
            "/healthz": {"get": _healthz()},
        },
        "components": {
            "schemas": {**{name: _schema(name) for name in COLUMNS}, "error": _ERROR},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _plain(meaning: str, kind: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "summary": meaning,
        "responses": {"200": {"description": meaning, "content": {kind: {"schema": schema}}}},
    }


def _healthz() -> dict[str, Any]:
    schema = {"type": "object", "properties": {"ready": {"type": "boolean"}}}
    described = _plain("Whether the copy is whole; asks for no token", "application/json", schema)
    described["responses"]["503"] = {
        **described["responses"]["200"],
        "description": "It is being made",
    }
    return {**described, "security": []}


def _arriving() -> dict[str, Any]:
    after = {"type": "integer", "minimum": 0}
    return {
        **_plain(
            "New stories as server-sent events: in the data a row of HTML each, as the id the"
            " number to go on from",
            "text/event-stream",
            {"type": "string"},
        ),
        "parameters": [
            {
                **{"name": "after", "in": "query", "schema": after},
                "description": "The last id that was heard; or Last-Event-ID. Without: from now",
            }
        ],
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
    whole = {
        "type": "object",
        "properties": {
            **_FACTS[address],
            "tables": {"type": "object", "properties": rows, "required": list(rows)},
            "next": {
                "type": ["string", "null"],
                "description": "The address of what follows; of files in the header Link",
            },
        },
        "required": ["tables", "next", *_FACTS[address]],
    }
    error = {
        "text/html": {},
        "application/json": {"schema": {"$ref": "#/components/schemas/error"}},
    }
    return {
        "summary": meaning,
        "parameters": parameters,
        "responses": {
            "200": {
                "description": "What was asked for",
                "content": {
                    "text/html": {},
                    "application/json": {"schema": {"anyOf": [whole, *rows.values()]}},
                    "text/csv": {},
                    "application/vnd.apache.arrow.file": {},
                },
            },
            "400": {"description": "That cannot be asked", "content": error},
            "404": {"description": "Nothing of that name may be shown", "content": error},
            "503": {
                "description": "Not ready, too slow or too many: try again after Retry-After",
                "content": error,
            },
        },
    }


_TEXT: dict[str, Any] = {"type": "string", "maxLength": MOST_TEXT}


def _parameter(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = {**_TEXT, "maxLength": MOST_NAME if name in NAMES else MOST_TEXT}
    meaning = {**_TEXTS, **_DAYS}.get(name, "")
    if name in _DAYS:
        schema = {"type": "string", "format": "date"}
    elif name == "act":
        schema, meaning = (
            {"type": "string", "enum": list(names_of_roots())},
            "Only such deeds, or stories with one",
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
        "required": list(COLUMNS[name]),
    }


def _kind(kind: pa.DataType) -> dict[str, Any]:
    if pa.types.is_boolean(kind):
        return {"type": "boolean"}
    if pa.types.is_integer(kind):
        return {"type": "integer"}
    return {"type": ["number" if pa.types.is_floating(kind) else "string", "null"]}
