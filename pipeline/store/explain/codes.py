"""The codes of a lake's columns as tables: countries, regions, roots, CAMEO codes, topics, rejects,
providers.

They are made from the tables that parsing and enrichment themselves read, so that they say what the
rows mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import pyarrow as pa
import pycountry

from pipeline import tsv
from pipeline.store.schema.contract import LINKS, TABLES, contract

_ENRICH = "pipeline.enrich"
_EXPLAIN = "pipeline.store.explain"
QUAD_CLASSES = {
    1: "verbal cooperation",
    2: "material cooperation",
    3: "verbal conflict",
    4: "material conflict",
}
"""CAMEO's quad classes."""

_KOSOVO = ("XK", None)
"""What ISO 3166 has no row for: the user-assigned alpha-2 code, and no number."""


def countries() -> pa.Table:
    """Return each country's codes of ISO 3166-1, name, and M49 region."""
    regions = _regions_of_countries()
    rows = []
    for alpha3, name, *_ in tsv.rows(_ENRICH, "data/countries.tsv"):
        found = pycountry.countries.get(alpha_3=alpha3)
        alpha2, numeric = (found.alpha_2, found.numeric) if found else _KOSOVO
        rows.append((alpha3, alpha2, numeric, name, regions.get(alpha3)))
    return _table(("alpha3", "alpha2", "numeric", "name", "region"), rows)


def regions() -> pa.Table:
    """Return each region's slug and name, as UN M49 has it."""
    slugs = dict.fromkeys(row[0] for row in tsv.rows(_ENRICH, "data/regions.tsv"))
    rows = [(slug, region_name(slug)) for slug in slugs]
    return _table(("region", "name"), [*rows, ("unknown", "Unknown: nothing says")])


def roots() -> pa.Table:
    """Return PLOVER's roots with what they stand for, and the quad class of most of their codes."""
    quads: dict[str, list[int]] = {}
    for _, root, _, _, quad, _ in _cameo():
        quads.setdefault(root, []).append(int(quad))
    rows = [
        (root, label, meaning, max(set(quads[root]), key=quads[root].count))
        for root, label, meaning in tsv.rows(_EXPLAIN, "data/roots.tsv")
    ]
    return _table(("root", "label", "meaning", "quad_class"), rows)


def cameo() -> pa.Table:
    """Return CAMEO's codes: label, PLOVER root, mode and context, quad class, Goldstein value."""
    labels = dict(tsv.rows(_EXPLAIN, "data/cameo_labels.tsv"))
    rows = [
        (code, labels[code], root, mode or None, context or None, int(quad), float(goldstein))
        for code, root, mode, context, quad, goldstein in _cameo()
    ]
    heads = ("cameo", "label", "root", "mode", "context", "quad_class", "goldstein")
    return _table(heads, sorted(rows))


def quad_classes() -> pa.Table:
    """Return CAMEO's four quad classes."""
    return _table(("quad_class", "label"), list(QUAD_CLASSES.items()))


def topics() -> pa.Table:
    """Return the IPTC Media Topics that stories are given, with the codes of `stories.topics`."""
    named = dict.fromkeys((row[0], row[1]) for row in tsv.rows(_ENRICH, "data/topics.tsv"))
    return _table(("code", "name"), [(f"medtop:{code}", name) for code, name in named])


def reject_kinds() -> pa.Table:
    """Return the kinds of rejects, and whether each is a failure or a decision."""
    rows = [
        (kind, meaning, not kind.startswith("skipped."))
        for kind, meaning in tsv.rows(_EXPLAIN, "data/reject_kinds.tsv")
    ]
    return _table(("kind", "meaning", "is_failure"), rows)


def providers() -> pa.Table:
    """Return the agencies that are known, with how they sign and their hosts.

    `stories.provider` may hold others: who is not known stands there as it signs.
    """
    rows = [
        (name, signatures.split("|"), hosts.split("|") if hosts else [])
        for name, signatures, hosts in _known_providers()
    ]
    return _table(("provider", "signatures", "hosts"), rows)


def columns() -> pa.Table:
    """Return the columns of every table with their types and what they mean."""
    rows = [
        (table, field.name, str(field.type), (field.metadata or {}).get(b"comment", b"").decode())
        for table in (*TABLES, LINKS)
        for field in contract(table).schema
    ]
    return _table(("table", "column", "type", "meaning"), rows)


CODES: Mapping[str, Callable[[], pa.Table]] = {
    "countries": countries,
    "regions": regions,
    "roots": roots,
    "cameo": cameo,
    "quad_classes": quad_classes,
    "topics": topics,
    "reject_kinds": reject_kinds,
    "providers": providers,
    "columns": columns,
}
"""The tables of codes by their names."""


def region_name(slug: str) -> str:
    """Return the name of an M49 region by its slug, which is made of the name's words."""
    words = [word if word == "and" else word.capitalize() for word in slug.split("-")]
    return " ".join(words).replace("Sub Saharan", "Sub-Saharan").replace(" The ", " the ")


def _regions_of_countries() -> dict[str, str]:
    return {
        country: row[0]
        for row in tsv.rows(_ENRICH, "data/regions.tsv")
        for country in row[2].split()
    }


def _cameo() -> Iterator[list[str]]:
    rows = tsv.rows(_ENRICH, "events/data/cameo.tsv")
    next(rows)  # the head
    return rows


def _known_providers() -> Iterator[tuple[str, str, str]]:
    for name, signatures, *hosts in tsv.rows("pipeline.parse.conventions", "providers.tsv"):
        yield name, signatures, hosts[0] if hosts else ""


def _table(names: tuple[str, ...], rows: Sequence[tuple[object, ...]]) -> pa.Table:
    return pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)})
