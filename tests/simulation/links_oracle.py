"""What must hold of the table of links after every step, judged by the stories that it is of."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import unquote

from pipeline.store.schema.contract import LINKS
from tests.simulation import wire
from tests.simulation.actors import RULE
from tests.simulation.oracle import Revision, Rows, assert_that, date_of

_ENDS = ("left_revision_id", "right_revision_id")
Pair = tuple[str, str]


class LinksOracle:
    """The links as they have to be: of each day those between the stories of one version.

    `stories_at` are the revisions of each version of `stories`, those to come as well.
    """

    def __init__(
        self,
        rows: Rows,
        exists: Callable[[str], bool],
        stories_at: Sequence[frozenset[Revision]],
    ) -> None:
        self._rows, self._exists, self._stories_at = rows, exists, stories_at
        self._active: dict[str, Counter[Pair]] = {}
        self._versions: dict[str, int] = {}

    def committed(self, table: str, entry: Sequence[Mapping[str, Any]]) -> None:
        """Judge one more entry of the table's log: it replaces whole days."""
        versions = {a["txn"]["appId"]: a["txn"]["version"] for a in entry if "txn" in a}
        days = {app.removeprefix(f"{table}/") for app in versions if app.count("/") == 1}
        added = [unquote(a["add"]["path"]) for a in entry if "add" in a]
        removed = [unquote(a["remove"]["path"]) for a in entry if "remove" in a]
        touched = {date_of(path) for path in (*added, *removed)}
        assert_that(touched <= days, f"{table}: {touched} change, {days} are said to")
        for path in removed:
            assert_that(path in self._active, f"{table}: {path} is removed, and not there")
            del self._active[path]
        for path in added:
            assert_that(self._exists(f"{table}/{path}"), f"{table}: {path} is added, and gone")
            self._active[path] = self._judged(path)
        for day in days:
            self._assert_replaced(day, versions, is_fence=not touched)
        self._versions |= versions

    def deleted(self, path: str) -> None:
        """Judge that a data file is about to be removed from the store."""
        name = path.partition("/")[2]
        assert_that(name not in self._active, f"{path} is removed, and in the table")

    def assert_current(self) -> None:
        """Judge that every day has the links of the stories that there are now."""
        stories = self._stories_at[-1]
        for day in {one.day for one in stories} | {date_of(path) for path in self._active}:
            assert_that(self._of(day) == Counter(_linked(stories, day)), f"{day}: outdated links")

    def _of(self, day: str) -> Counter[Pair]:
        mine = (pairs for path, pairs in self._active.items() if date_of(path) == day)
        return sum(mine, Counter())

    def _judged(self, path: str) -> Counter[Pair]:
        """Return the links of a file, which are those of the stories that it is said to be of."""
        rows = self._rows(f"{LINKS}/{path}", (*_ENDS, "stories_version")).to_pylist()
        pairs = Counter((row[_ENDS[0]], row[_ENDS[1]]) for row in rows)
        (version,) = {row["stories_version"] for row in rows}
        wanted = Counter(_linked(self._stories_at[version], date_of(path)))
        differ = sorted((pairs - wanted) + (wanted - pairs))
        assert_that(not differ, f"links: {path} has others than version {version}: {differ[:2]}")
        return pairs

    def _assert_replaced(self, day: str, versions: Mapping[str, int], *, is_fence: bool) -> None:
        app = f"{LINKS}/{day}"
        before, now = self._versions.get(app, 0), versions[app]
        is_next = now == before + 1 or (is_fence and now == before)
        assert_that(is_next, f"links: {day} is replaced {now} times, was {before}")
        told = versions.get(f"{app}/rows", self._versions.get(f"{app}/rows", 0))
        held = self._of(day).total()
        assert_that(told == held, f"links: {day} has {held} links, {told} are said to be there")


def _linked(stories: frozenset[Revision], day: str) -> set[Pair]:
    """Return the links of a day by what the wire makes of each text, without any text."""
    alike: dict[int, list[Revision]] = defaultdict(list)
    for one in stories:
        family = int(one.story_id.removeprefix(wire.FAMILY))
        alike[wire.text_number(family)].append(one)
    return {
        (left.revision_id, right.revision_id)
        for group in alike.values()
        for right in group
        for left in group
        if right.day == day
        and left < right
        and left.story_id != right.story_id
        and _days_between(left, right) <= RULE.window_days
    }


def _days_between(one: Revision, other: Revision) -> int:
    return (date.fromisoformat(other.day) - date.fromisoformat(one.day)).days
