"""A story of the lake by its id, a revision's id, or the beginning of either."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline.errors import UsageError
from pipeline.store.read.query import asking, row_mappings
from pipeline.store.read.views import latest_select
from pipeline.store.schema.contract import TABLES

Row = Mapping[str, Any]

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """One revision with its entities and events, as rows of the tables (`raw` left out)."""

    story: Row
    entities: tuple[Row, ...]
    events: tuple[Row, ...]

    @property
    def text(self) -> str:
        """Headline, blank line, body: what the offsets of mentions and triggers count in."""
        return f"{self.story['headline']}\n\n{self.story['body']}"


def find_story(
    lake_url: str, options: Mapping[str, str] | None, wanted: str, as_of: datetime
) -> Shown:
    """Return the story that `wanted` names: a story_id, a revision_id, or the beginning of one.

    Of a family the latest revision, in the order of the view `current`, but killed and embargoed
    ones included: this command is for whoever looks after the lake. Of several enrichments the
    newest. Raises UsageError where nothing has that id, or several stories begin with it.
    """
    with asking(lake_url, options, as_of, named=TABLES) as answer:

        def ask(sql: str) -> list[dict[str, Any]]:
            return row_mappings(answer(sql))

        return _found(ask, wanted.strip())


def _found(ask: Callable[[str], list[dict[str, Any]]], wanted: str) -> Shown:
    column, value = _resolve(ask, wanted)
    latest = latest_select(f"b.{column} = {_quoted(value)}")
    columns = 'source, "offset", item, date, region, enrichment_id'
    (row,) = ask(f"SELECT {columns} FROM ({latest}) LIMIT 1")
    same = " AND ".join(f'"{name}" = {_quoted(row[name])}' for name in ("source", "offset", "item"))
    if row["date"] is not None:
        same += f" AND date = {_quoted(row['date'])}"
    same += f" AND region = {_quoted(row['region'])}"
    same += f" AND enrichment_id = {_quoted(row['enrichment_id'])}"
    (story,) = ask(f"SELECT * EXCLUDE (raw) FROM stories WHERE {same} LIMIT 1")
    entities = ask(f"SELECT * FROM entities WHERE {same} ORDER BY salience DESC, name, kind")
    events = ask(f"SELECT * FROM events WHERE {same} ORDER BY trigger_start, event_id")
    return Shown(story, tuple(entities), tuple(events))


def _resolve(ask: Callable[[str], list[dict[str, Any]]], wanted: str) -> tuple[str, str]:
    """Return the column and the full id that `wanted` stands for."""
    if not wanted:
        raise UsageError("an id is needed: a story_id or revision_id, or its beginning")
    begins = _quoted(wanted)
    found = ask(
        "SELECT DISTINCT story_id, revision_id FROM stories WHERE "
        f"starts_with(story_id, {begins}) OR starts_with(revision_id, {begins}) "
        "ORDER BY story_id, revision_id"
    )
    for column in ("revision_id", "story_id"):
        if any(row[column] == wanted for row in found):
            return column, wanted
    families = sorted({row["story_id"] for row in found})
    if not families:
        raise UsageError("no story or revision has this id", id=wanted)
    if len(families) > 1:
        named = ", ".join(families[:_MOST_NAMED]) + (", …" if len(families) > _MOST_NAMED else "")
        raise UsageError("several stories begin with this id", id=wanted, stories=named)
    by_revision = [row["revision_id"] for row in found if row["revision_id"].startswith(wanted)]
    if len(by_revision) == 1 and not families[0].startswith(wanted):
        return "revision_id", by_revision[0]
    return "story_id", families[0]


def _quoted(value: object) -> str:
    text = str(value).replace("'", "''")
    return f"'{text}'"
