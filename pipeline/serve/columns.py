"""The tables that pages answer with: their columns, one definition for files and OpenAPI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

_TEXT, _INT, _REAL, _FLAG = pa.string(), pa.int64(), pa.float64(), pa.bool_()
_QUADS = {"quad1": _INT, "quad2": _INT, "quad3": _INT, "quad4": _INT}

COLUMNS: Mapping[str, Mapping[str, pa.DataType]] = {
    "stories": {
        **{"date": _TEXT, "published_at": _TEXT, "headline": _TEXT, "region": _TEXT},
        **{"provider": _TEXT, "language": _TEXT, "story_id": _TEXT, "revision_id": _TEXT},
        "committed_at": _TEXT,
    },
    "by-time": {"bucket": _TEXT, "region": _TEXT, "stories": _INT},
    "countries": {"country": _TEXT, "name": _TEXT, "stories": _INT},
    "names": {
        **{"entity_id": _TEXT, "name": _TEXT, "kind": _TEXT, "role": _TEXT, "country": _TEXT},
        "stories": _INT,
    },
    "places": {
        **{"place_id": _TEXT, "place": _TEXT, "country": _TEXT, "exactness": _TEXT},
        **{"latitude": _REAL, "longitude": _REAL, **_QUADS, "events": _INT},
    },
    "between-countries": {"source": _TEXT, "target": _TEXT, **_QUADS, "events": _INT},
    "dyads": {"source": _TEXT, "target": _TEXT, "goldstein": _REAL, **_QUADS, "events": _INT},
    "persons": {
        "entity_id": _TEXT,
        "name": _TEXT,
        "role": _TEXT,
        "country": _TEXT,
        "stories": _INT,
    },
    "bodies": {"entity_id": _TEXT, "name": _TEXT, "role": _TEXT, "country": _TEXT, "stories": _INT},
    "trend": {"bucket": _TEXT, "stories": _INT},
    "as-source": {"target": _TEXT, "goldstein": _REAL, **_QUADS, "events": _INT},
    "as-target": {"source": _TEXT, "goldstein": _REAL, **_QUADS, "events": _INT},
    "over-time": {"direction": _TEXT, "bucket": _TEXT, **_QUADS, "events": _INT},
    "acts": {"direction": _TEXT, "root": _TEXT, "goldstein": _REAL, "events": _INT},
    "events": {
        **{"date": _TEXT, "source": _TEXT, "source_country": _TEXT, "root": _TEXT, "quad": _INT},
        **{"goldstein": _REAL, "target": _TEXT, "target_country": _TEXT, "place": _TEXT},
        **{"confidence": _REAL, "sentence": _TEXT, "headline": _TEXT, "revision_id": _TEXT},
    },
    "revisions": {
        **{"revision_id": _TEXT, "published_at": _TEXT, "committed_at": _TEXT},
        **{"is_current": _FLAG, "mark": _TEXT, "headline": _TEXT},
    },
    "entities": {
        **{"name": _TEXT, "kind": _TEXT, "country": _TEXT, "role": _TEXT, "entity_id": _TEXT},
        **{"mentions": _INT, "salience": _REAL},
    },
}
"""Each table's columns with their types; times are ISO 8601 in UTC."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a page tells: its tables by name, the first of them what a file holds by default.

    `facts` are single values beside them, `more` the number to ask on from, None at the end.
    """

    tables: Mapping[str, Sequence[Row]]
    facts: Mapping[str, Any]
    more: int | None = None

    def arrow(self, name: str) -> pa.Table:
        """Return one of the tables."""
        return as_arrow(name, self.tables[name])


def as_arrow(name: str, rows: Iterable[Row]) -> pa.Table:
    """Return rows as the table of that name: all its columns, in order, whatever the rows lack."""
    schema = pa.schema(list(COLUMNS[name].items()))
    found = [{column: row.get(column) for column in schema.names} for row in rows]
    return pa.Table.from_pylist(found, schema=schema)
