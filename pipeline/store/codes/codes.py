"""The codes of a lake's columns as tables: countries, regions, roots, CAMEO codes, topics, rejects,
providers.

They are made from the tables that parsing and enrichment themselves read, so that they say what the
rows mean.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pipeline import tsv
from pipeline.store.schema.contract import LINKS, TABLES, contract

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection

QUAD_CLASSES = {
    1: "verbal cooperation",
    2: "material cooperation",
    3: "verbal conflict",
    4: "material conflict",
}
"""CAMEO's quad classes."""

CODES_FOLDER = "codes"
"""The folder of a lake that has them as Parquet."""

PREFIX = "code_"
"""What the name of a table of codes begins with where it stands beside a lake's own tables."""

_SQL_TYPES = {
    **{"quad_class": "INTEGER", "goldstein": "DOUBLE", "is_failure": "BOOLEAN"},
    **{"signatures": "VARCHAR[]", "hosts": "VARCHAR[]"},
}
"""The types of columns that are no texts."""

_KOSOVO = ("XK", None)
"""What ISO 3166 has no row for: the user-assigned alpha-2 code, and no number."""


@dataclass(frozen=True, slots=True)
class CodeTable:
    """One table of codes: its columns with their types in SQL, and its rows."""

    columns: Mapping[str, str]
    rows: Sequence[tuple[object, ...]]

    def arrow(self) -> pa.Table:
        """Return the table in Arrow."""
        import pyarrow as pa

        return pa.table(
            {name: [row[i] for row in self.rows] for i, name in enumerate(self.columns)}
        )


def countries() -> CodeTable:
    """Return each country's codes of ISO 3166-1, name, and M49 region."""
    import pycountry  # takes as long to import as all else here

    regions = _regions_of_countries()
    rows = []
    for alpha3, name, *_ in _rows("enrich/data/countries.tsv"):
        found = pycountry.countries.get(alpha_3=alpha3)
        alpha2, numeric = (found.alpha_2, found.numeric) if found else _KOSOVO
        rows.append((alpha3, alpha2, numeric, name, regions.get(alpha3)))
    return _table(("alpha3", "alpha2", "numeric", "name", "region"), rows)


def regions() -> CodeTable:
    """Return each region's slug and name, as UN M49 has it."""
    slugs = dict.fromkeys(row[0] for row in _rows("enrich/data/regions.tsv"))
    rows = [(slug, region_name(slug)) for slug in slugs]
    return _table(("region", "name"), [*rows, ("unknown", "Unknown: nothing says")])


def roots() -> CodeTable:
    """Return PLOVER's roots with what they stand for, and the quad class of most of their codes."""
    quads: dict[str, list[int]] = {}
    for _, root, _, _, quad, _ in _cameo():
        quads.setdefault(root, []).append(int(quad))
    rows = [
        (root, label, meaning, max(set(quads[root]), key=quads[root].count))
        for root, label, meaning in _rows("store/codes/data/roots.tsv")
    ]
    return _table(("root", "label", "meaning", "quad_class"), rows)


def cameo() -> CodeTable:
    """Return CAMEO's codes: label, PLOVER root, mode and context, quad class, Goldstein value."""
    labels = dict(_rows("store/codes/data/cameo_labels.tsv"))
    rows = [
        (code, labels[code], root, mode or None, context or None, int(quad), float(goldstein))
        for code, root, mode, context, quad, goldstein in _cameo()
    ]
    heads = ("cameo", "label", "root", "mode", "context", "quad_class", "goldstein")
    return _table(heads, sorted(rows))


def quad_classes() -> CodeTable:
    """Return CAMEO's four quad classes."""
    return _table(("quad_class", "label"), list(QUAD_CLASSES.items()))


def roles() -> CodeTable:
    """Return the roles of an event's sides: the last letters of their codes."""
    return _table(("role", "meaning"), [(*row,) for row in _rows("store/codes/data/roles.tsv")])


def entity_kinds() -> CodeTable:
    """Return the kinds of entities."""
    return _table(
        ("kind", "meaning"), [(*row,) for row in _rows("store/codes/data/entity_kinds.tsv")]
    )


def topics() -> CodeTable:
    """Return the IPTC Media Topics that stories are given, with the codes of `stories.topics`."""
    named = dict.fromkeys((row[0], row[1]) for row in _rows("enrich/data/topics.tsv"))
    return _table(("code", "name"), [(f"medtop:{code}", name) for code, name in named])


def reject_kinds() -> CodeTable:
    """Return the kinds of rejects, and whether each is a failure or a decision."""
    rows = [
        (kind, meaning, not kind.startswith("skipped."))
        for kind, meaning in _rows("store/codes/data/reject_kinds.tsv")
    ]
    return _table(("kind", "meaning", "is_failure"), rows)


def providers() -> CodeTable:
    """Return the agencies that are known, with how they sign and their hosts.

    `stories.provider` may hold others: who is not known stands there as it signs.
    """
    rows = [
        (name, signatures.split("|"), hosts.split("|") if hosts else [])
        for name, signatures, hosts in _known_providers()
    ]
    return _table(("provider", "signatures", "hosts"), rows)


def columns() -> CodeTable:
    """Return the columns of every table with their types and what they mean."""
    rows = [
        (table, column.name, column.type_name, column.description)
        for table in (*TABLES, LINKS)
        for column in contract(table).columns
    ]
    return _table(("table", "column", "type", "meaning"), rows)


CODES: Mapping[str, Callable[[], CodeTable]] = {
    "countries": countries,
    "regions": regions,
    "roots": roots,
    "cameo": cameo,
    "quad_classes": quad_classes,
    "roles": roles,
    "entity_kinds": entity_kinds,
    "topics": topics,
    "reject_kinds": reject_kinds,
    "providers": providers,
    "columns": columns,
}
"""The tables of codes by their names."""


def know_codes(connection: DuckDBPyConnection, named: Collection[str]) -> None:
    """Make those of `named` that are tables of codes known to a session, as `code_countries`."""
    for name, make in CODES.items():
        if f"{PREFIX}{name}" in named:
            table = make()
            columns = ", ".join(f'"{column}" {kind}' for column, kind in table.columns.items())
            connection.execute(f"CREATE TABLE {PREFIX}{name} ({columns})")
            rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
            connection.execute(
                f"INSERT INTO {PREFIX}{name} SELECT r.* FROM"
                " (SELECT unnest(from_json($rows::json, $kinds)) AS r)",
                {"rows": json.dumps(rows), "kinds": json.dumps([dict(table.columns)])},
            )


def region_name(slug: str) -> str:
    """Return the name of an M49 region by its slug, which is made of the name's words."""
    words = [word if word == "and" else word.capitalize() for word in slug.split("-")]
    return " ".join(words).replace("Sub Saharan", "Sub-Saharan").replace(" The ", " the ")


def country_with_code(code: str | None, names: Mapping[str, str] | None = None) -> str:
    """Return a country by its name with the code beside, as `Iran (IRN)`; nothing for none.

    The name is the one in `names`, by default the English one.
    """
    if not code:
        return ""
    name = (names_of_countries() if names is None else names).get(code)
    return f"{name} ({code})" if name else code


@cache
def names_of_countries() -> Mapping[str, str]:
    """Return the English name of each country by its ISO 3166-1 alpha-3 code."""
    return {row[0]: row[1] for row in _rows("enrich/data/countries.tsv")}


def _rows(path: str) -> Iterator[list[str]]:
    """Yield the rows of a table by its path: its package is not imported for it."""
    return tsv.rows("pipeline", path)


def _regions_of_countries() -> dict[str, str]:
    return {
        country: row[0] for row in _rows("enrich/data/regions.tsv") for country in row[2].split()
    }


def _cameo() -> Iterator[list[str]]:
    rows = _rows("enrich/events/data/cameo.tsv")
    next(rows)  # the head
    return rows


def _known_providers() -> Iterator[tuple[str, str, str]]:
    for name, signatures, *hosts in _rows("parse/conventions/providers.tsv"):
        yield name, signatures, hosts[0] if hosts else ""


def _table(names: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> CodeTable:
    return CodeTable({name: _SQL_TYPES.get(name, "VARCHAR") for name in names}, rows)
