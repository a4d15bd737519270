"""The views (`current` and what belongs to it): their SQL, to be used by any engine.

The files beside this module are the one definition (ARCHITECTURE.md, invariant 5); those of
`withheld` and `current_entities` hold their comments alone, as their code is that of `current` but
for the status, and that of `current_events` but for the table. Each is one SELECT in the SQL that
DuckDB, Spark and Polars share, with `:as_of` for the moment that embargoes are held against.

The line `SELECT s.*` of a file stands for the columns of its table by name, with the
coordinates of a record renamed (`COORDINATES`): the three engines share no word for "all but".
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files

from pipeline.errors import UsageError
from pipeline.reprocessed import REPROCESSED
from pipeline.store.codes.codes import CODES, PREFIX
from pipeline.store.schema.contract import LINKS, TABLES, contract

VIEWS = (
    *("current", "current_entities", "current_events", "current_links", "distinct_events"),
    *("told_events", "withheld", "open_rejects"),
)
"""Every view; each may use those before it."""

HALVED = ("current_entities", "current_events", "told_events")
"""Views in two halves: see `dated_half`."""

AS_OF = ":as_of"
_REPROCESSED = ":reprocessed"
"""What stands in a file for the beginning of the sources that read the lake anew."""

CODE_TABLES = frozenset(f"{PREFIX}{name}" for name in CODES)
"""The tables of codes, by their names in a session."""

KNOWN = CODE_TABLES.union((*TABLES, LINKS, *VIEWS))
"""Every table and view."""

_WORD = re.compile(r"\w+")
_ASKS_WHAT_IS = frozenset(("show", "pragma", "information_schema", "sqlite_master"))
_CATALOGUES = ("duckdb_", "pg_", "pragma_", "sqlite_")

COORDINATES = {name: f"record_{name}" for name in ("source", "offset", "item")}
"""Columns of the tables by their names in the views, where a source could be taken for an actor."""

_TABLES = {
    "current_entities": "entities",
    "current_events": "events",
    "told_events": "events",
    "open_rejects": "rejects",
}
_ROWS = re.compile(r"^SELECT ([a-z])\.\*$", re.MULTILINE)
_WITHHELD, _ENTITIES = "withheld", "current_entities"
_OF_ENTITIES = ("FROM events AS e", "FROM entities AS e")
_CHOSEN = "SELECT s.*"
_ALL = "FROM stories AS b"
_IN_FORCE = "\nWHERE p.rank_in_family = 1"
_UNDATED = "\nUNION ALL\n"
_DECIDES, _DECIDED = "\nJOIN (\n", "\n) AS p\n"
_SHOWN = "\n  AND p.at_status = 'usable'"
_HELD_BACK = "\n  AND p.at_status = 'withheld'"
EVER = datetime(9999, 12, 31, tzinfo=UTC)
"""A moment at which every embargo is over."""


def named_in(sql: str) -> frozenset[str]:
    """Return the tables, views and codes that `sql` may need: those named, and what these need.

    By its words: one in a comment counts too. All of them where it asks what there is.
    """
    words = frozenset(_WORD.findall(sql.casefold()))
    wanted = words & KNOWN
    lists_all = not wanted and "describe" in words  # alone it lists what there is
    if lists_all or words & _ASKS_WHAT_IS or any(w.startswith(_CATALOGUES) for w in words):
        return KNOWN
    return wanted.union(*(needs(name) for name in wanted if name in VIEWS))


@cache
def needs(view: str) -> frozenset[str]:
    """Return the views and tables that `view` is made of, by its text."""
    named = frozenset(_WORD.findall(_code(_rows_text(view)))) & KNOWN - {view}
    return named.union(*(needs(name) for name in named if name in VIEWS))


def view_text(view: str) -> str:
    """Return the SQL of `view`, one of `VIEWS`, as shipped: with its comment and with `:as_of`."""
    table = _TABLES.get(view, "stories")
    return _ROWS.sub(lambda found: f"SELECT\n{view_columns(found[1], table)}", _rows_text(view))


def _rows_text(view: str) -> str:
    """Return the SQL of `view` before its coordinates are renamed: it gives rows as its table
    has them."""
    text = files("pipeline.store.read").joinpath("views", f"{view}.sql").read_text("utf-8")
    text = text.replace(_REPROCESSED, REPROCESSED)
    # One text for two, so that they cannot come to order or to join revisions differently.
    if view == _WITHHELD:
        return f"{text}{_code(_rows_text('current')).removesuffix(_SHOWN)}{_HELD_BACK}\n"
    if view == _ENTITIES:
        return f"{text}{_code(_rows_text('current_events')).replace(*_OF_ENTITIES)}\n"
    return text


def dated_half(select: str) -> str:
    """Return the half of a view's SELECT that gives the rows of a day; all of it where it has none.

    For lakes that hold no story without a day.
    """
    return select.partition(_UNDATED)[0]


def view_columns(alias: str, table: str) -> str:
    """Return the columns of `table`, named `alias`, as a view lists them."""
    names = contract(table).names
    named = (f"{name} AS {COORDINATES[name]}" if name in COORDINATES else name for name in names)
    return ",\n".join(f"  {alias}.{name}" for name in named)


def view_select(view: str, as_of: datetime) -> str:
    """Return the SELECT of `view` as it stood at `as_of`, which must carry a time zone.

    Raises `UsageError` for a moment without one: the embargo would end at another hour than meant.
    """
    return _code(view_text(view)).replace(AS_OF, moment_literal(as_of))


def _code(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))


def latest_select(condition: str) -> str:
    """Return the SELECT of each family's last revision, of the rows that meet `condition` alone.

    In the order of `current`, but whatever its status is and however long its embargo lasts.
    They are rows as the table has them, with its own names of coordinates.
    `condition` is SQL over the columns of `stories`, named `b`; it must be ours, not a stranger's.
    """
    shown = _code(_rows_text("current")).replace(AS_OF, moment_literal(EVER)).removesuffix(_SHOWN)
    return shown.replace(_ALL, f"{_ALL} WHERE {condition}")


def revisions_select(as_of: datetime) -> str:
    """Return the SELECT of every revision that `current` chooses among at `as_of`, one row each.

    To the columns of `stories`, by the table's own names, it adds `rank_in_family`: 1 is the
    revision in force, 2 the one before it.
    """
    text = _code(_rows_text("current")).removesuffix(_IN_FORCE + _SHOWN)
    return text.replace(_CHOSEN, f"{_CHOSEN}, p.rank_in_family", 1).replace(
        AS_OF, moment_literal(as_of)
    )


def deciding_text(stories: str, as_of: datetime) -> str:
    """Return the part of `current` that gives each revision of `stories` its place in its family.

    `stories` is a table or a subquery of ours, of whole families.
    """
    code = _code(_rows_text("current")).replace(AS_OF, moment_literal(as_of))
    return code.partition(_DECIDES)[2].rpartition(_DECIDED)[0].replace(_ALL, f"FROM {stories} AS b")


def moment_literal(at: datetime) -> str:
    """Return `at` as a literal that all three engines compare with a timestamp."""
    if at.tzinfo is None:
        raise UsageError("a moment needs a time zone", as_of=at.isoformat())
    return f"'{at.astimezone(UTC).isoformat(sep=' ', timespec='microseconds')}'"
