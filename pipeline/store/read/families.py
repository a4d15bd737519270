"""What upkeep has noted of families, so that `current` need not compare all stories each time.

A note is one Parquet file under `_families/`: of each row of `stories` the columns that the view
`current` compares, whether it is hidden (not the one of its family that is in force, once every
embargo is over), and the data file that it stands in. It belongs to no table: it may be removed at
any time, and where there is none that fits, the view compares all rows.

A note stays right while the lake goes on, because a question opens the families that it cannot
speak for: those with rows in data files that came or left since, those that an embargo may still
concern, and those that stood in no ledger yet. Their rows are compared as `current` does.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from pipeline.compat.duckdb_core import DuckError, open_in_memory
from pipeline.store.commit.delta import local_path
from pipeline.store.commit.seal import SEAL_KEY, is_whole
from pipeline.store.read.known import FRESH, FRESH_LEDGER, NOTED, footer_of, know_note, know_table
from pipeline.store.read.snapshot import Snapshot
from pipeline.store.read.views import deciding_text, moment_literal, view_columns

if TYPE_CHECKING:
    import pyarrow.fs as pafs
    from duckdb import DuckDBPyConnection

FOLDER = "_families"
"""The folder of notes, below the lake's root; other readers leave out what begins so."""

FACTS_KEY = b"dateline.families"
"""Footer key of a note: what it was made from, as JSON (`Facts`)."""

_FORM = 2
"""To be raised when notes are to be read in another way than before."""


@dataclass(frozen=True, slots=True)
class Facts:
    """Holds what a note was made from.

    `files` are the data files of `stories`, as its column `file` numbers them, `ledger` those of
    the ledger. `read` and `committed` hold when the lake first read each source, and when it first
    committed under each enrichment, in microseconds since 1970.
    """

    files: tuple[str, ...] = ()
    ledger: tuple[str, ...] = ()
    read: Mapping[str, int] = field(default_factory=dict)
    committed: Mapping[str, int] = field(default_factory=dict)

    def dump(self) -> bytes:
        """Return the facts for a footer."""
        values = (rule_id(), self.files, self.ledger, dict(self.read), dict(self.committed))
        return json.dumps(values).encode()


@dataclass(frozen=True, slots=True)
class Families:
    """A note that may be used with a snapshot, and what it cannot speak for.

    `fresh` are the data files that came since, `gone` the numbers of those that left.
    """

    path: str
    facts: Facts
    fresh: tuple[str, ...]
    gone: tuple[int, ...]

    def register(self, connection: DuckDBPyConnection, snapshot: Snapshot) -> None:
        """Make the note known to a session, under the names that `select` uses."""
        know_note(connection, snapshot, self.path)
        if self.fresh:
            know_table(connection, snapshot, "stories", FRESH, self.fresh)

    def select(self, as_of: datetime) -> str:
        """Return the SELECT of `current` as it stood at `as_of`: the rows of its own text."""
        settled = (
            f"unsettled = 0 AND (embargo_last IS NULL OR embargo_last <= {moment_literal(as_of)})"
        )
        there = f" AND file NOT IN ({_listed(self.gone)})" if self.gone else ""
        columns = compared_columns()
        # By conditions that reach the note's row groups, which it has in this order.
        rows = [
            f"SELECT {columns} FROM {NOTED} WHERE unsettled = 1{there}",
            f"SELECT {columns} FROM {NOTED}"
            f" WHERE unsettled = 0 AND embargo_last > {moment_literal(as_of)}{there}",
        ]
        hidden = f"SELECT {_ROW_KEY} FROM {NOTED} WHERE hidden = 1 AND {settled}"
        if changed := " UNION ".join(self._changed()):
            rows.append(
                f"SELECT {columns} FROM {NOTED} WHERE {settled}{there} AND story_id IN ({changed})"
            )
            hidden += f" AND story_id NOT IN ({changed})"
        if self.fresh:
            rows.append(f"SELECT {columns} FROM {FRESH}")
        opened = open_hidden(" UNION ALL ".join(rows), as_of)
        return _SHOWN.format(
            columns=view_columns("s", "stories"),
            hidden=f"{hidden} UNION ALL {opened}",
            at=moment_literal(as_of),
        )

    def _changed(self) -> list[str]:
        """Return the families with rows in data files that came or left, as SQL."""
        found = []
        if self.gone:
            found.append(f"SELECT story_id FROM {NOTED} WHERE file IN ({_listed(self.gone)})")
        if self.fresh:
            found.append(f"SELECT story_id FROM {FRESH}")
        return found


_ROW_KEY = 'source, "offset", item, enrichment_id'

_SHOWN = """\
SELECT
{columns}
FROM stories AS s
LEFT JOIN ({hidden}) AS h
  ON s.source = h.source
  AND s.offset = h.offset
  AND s.item = h.item
  AND s.enrichment_id = h.enrichment_id
WHERE h.source IS NULL
  AND s.status = 'usable'
  AND (s.embargo_until IS NULL OR s.embargo_until <= {at})"""

_OPEN_HIDDEN = """\
SELECT o.source, o."offset", o.item, o.enrichment_id
FROM ({rows}) AS o
LEFT JOIN (
  SELECT d.*
  FROM ({decided}) AS d
  WHERE d.rank_in_family = 1
) AS p
  ON o.source = p.at_source
  AND o.offset = p.at_offset
  AND o.item = p.at_item
  AND o.enrichment_id = p.at_enrichment_id
WHERE p.at_source IS NULL"""


def open_hidden(rows: str, as_of: datetime) -> str:
    """Return SQL for the coordinates of those of `rows` that are not in force.

    `rows` is a SELECT of whole families.
    """
    return _OPEN_HIDDEN.format(rows=rows, decided=deciding_text(f"({rows})", as_of))


@cache
def compared() -> tuple[str, ...]:
    """Return the columns of `stories` that the view `current` compares, by its text."""
    return tuple(sorted(set(re.findall(r"\bb\.(\w+)", deciding_text("stories", _ANY)))))


def compared_columns() -> str:
    """Return the compared columns as a session's SQL lists them."""
    return ", ".join(f'"{name}"' for name in compared())


_ANY = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


@cache
def rule_id() -> str:
    """Return what stands for the view's rule and the form of notes: what a note agrees with."""
    text = f"{_FORM} {compared()} {deciding_text('stories', _ANY)}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def find_families(connection: DuckDBPyConnection, snapshot: Snapshot) -> Families | None:
    """Return the last note that may be used with `snapshot`; None where there is none.

    `connection` is one that is not shut off yet.
    """
    for path in reversed(_note_paths(snapshot)):
        found = _opened(connection, snapshot, path)
        if found is not None:
            return found
    return None


def _note_paths(snapshot: Snapshot) -> list[str]:
    root = local_path(snapshot.url)
    if root is None:
        return notes(snapshot.filesystem())
    return sorted(f"{FOLDER}/{path.name}" for path in (root / FOLDER).glob("*.parquet"))


def notes(store: pafs.FileSystem) -> list[str]:
    """Return the paths of the notes that stand in a lake, the oldest first."""
    import pyarrow.fs as pafs

    selector = pafs.FileSelector(FOLDER, allow_not_found=True)
    found = (info.path for info in store.get_file_info(selector))
    return sorted(path for path in found if path.endswith(".parquet"))


def note_faults(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield path and fault of each note that questions would use and that is not as written."""
    connection = open_in_memory({})
    for path in _note_paths(snapshot):
        try:
            footer = footer_of(connection, snapshot, path)
            if _facts(footer) is None:
                continue  # of another version: the view does without
            with snapshot.filesystem().open_input_file(path) as file:
                data = file.read()
        except (OSError, ValueError, DuckError):
            continue  # gone since, or damaged so that the view does without
        if not is_whole(data, footer.get(SEAL_KEY, b"")):
            yield path, "its bytes are not those that were written"


def _opened(connection: DuckDBPyConnection, snapshot: Snapshot, path: str) -> Families | None:
    try:
        facts = _facts(footer_of(connection, snapshot, path))
    except (OSError, ValueError, DuckError):
        return None  # gone since, or damaged: the view does without
    if facts is None or not _fits(connection, snapshot, facts):
        return None
    there = snapshot.paths("stories")
    known, present = set(facts.files), set(there)
    return Families(
        path,
        facts,
        tuple(name for name in there if name not in known),
        tuple(n for n, name in enumerate(facts.files) if name not in present),
    )


def _facts(footer: Mapping[bytes, bytes]) -> Facts | None:
    try:
        rule, files, ledger, read, committed = json.loads(footer[FACTS_KEY])
    except (KeyError, ValueError):
        return None
    if rule != rule_id():
        return None
    return Facts(tuple(files), tuple(ledger), read, committed)


def _fits(connection: DuckDBPyConnection, snapshot: Snapshot, facts: Facts) -> bool:
    """Say whether the ledger says of the note's sources and enrichments what it said then.

    It may say something earlier after a clock went back.
    """
    known = set(facts.ledger)
    fresh = [path for path in snapshot.paths("ledger") if path not in known]
    if not fresh:
        return True
    know_table(connection, snapshot, "ledger", FRESH_LEDGER, fresh)
    read, committed = first_times(connection, FRESH_LEDGER)
    return not any(
        time < before[name]
        for times, before in ((read, facts.read), (committed, facts.committed))
        for name, time in times.items()
        if name in before
    )


def first_times(
    connection: DuckDBPyConnection, ledger: str
) -> tuple[dict[str, int], dict[str, int]]:
    """Return when each source was first read, and when each enrichment first committed a record.

    `ledger` is what a session knows the rows by.
    """
    first = "min(epoch_us(committed_at))"
    read = connection.execute(f"SELECT source, {first} FROM {ledger} GROUP BY source").fetchall()
    committed = connection.execute(
        f"SELECT enrichment_id, {first} FROM {ledger} WHERE records > 0 GROUP BY enrichment_id"
    ).fetchall()
    return dict(read), dict(committed)


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in numbers)
