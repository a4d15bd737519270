"""Links between near-duplicates: the table `links`, computed from `stories`, one day at a time.

The links of a day are those whose later story was published on it and whose earlier one at most
`window_days` before. They depend on the stories of these days and the rule alone, so a day whose
stories did not change is not computed again, and computing it anew gives the same rows. Memory
holds the shingles of one window, never the texts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow.dataset as ds
from numpy.typing import NDArray

from pipeline.store.commit.conflict import until_won
from pipeline.store.commit.lake import Lake
from pipeline.store.links.links_table import Day, LinksTable
from pipeline.store.links.similarity import METHOD, Shingles, Thresholds, alike, shingles
from pipeline.store.schema.rows import Row

_ATTEMPTS = 5
_DAYS_A_COMMIT = 60
_ROWS_A_COMMIT = 50_000
_READ_ROWS = 256
_COLUMNS = (
    *("revision_id", "story_id", "provider", "format", "body"),
    *("enrichment_id", "generation", "source", "offset", "item"),
)

Progress = Callable[[int, int], None]
"""Told how many of how many days are done."""


@dataclass(frozen=True, slots=True)
class LinkRule:
    """Says what is linked: stories alike enough, at most `window_days` apart.

    Stories of one family are never linked, being revisions of one another. Stories of one provider
    in one format only with `same_provider`: an agency's tables and forecasts repeat themselves.
    """

    thresholds: Thresholds = field(default_factory=Thresholds)
    window_days: int = 3
    same_provider: bool = False


@dataclass(frozen=True, slots=True)
class Linked:
    """Holds what a run did: days computed and found up to date, revisions compared, links written.

    `undated` stories are in no window, and are not linked.
    """

    days: int = 0
    up_to_date: int = 0
    revisions: int = 0
    links: int = 0
    undated: int = 0


@dataclass(slots=True)
class _DayTexts:
    """One day's revisions, each once, in the order of their ids."""

    revisions: list[Row] = field(default_factory=list)
    sets: list[Shingles] = field(default_factory=list)


def link(
    lake: Lake,
    rule: LinkRule,
    at: datetime,
    *,
    all_days: bool = False,
    first: date | None = None,
    last: date | None = None,
    progress: Progress | None = None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Linked:
    """Bring the links of the days `first` to `last` (all by default) up to date.

    Each commit replaces whole days. A run that dies, or is stopped between two commits, leaves
    the days it has done; the next one goes on with the others. `at` is the files' time. Raises
    `StoreError` when the store fails, or other runs came first again and again.
    """
    done: set[date] = set()
    total = Linked()

    def attempt() -> Linked:
        nonlocal total
        run = _Run(lake, table, rule)
        try:
            return run.compute(
                [day for day in run.days(first, last) if day not in done],
                all_days=all_days,
                done=done,
                before=total,
                progress=progress,
                is_stopped=is_stopped,
            )
        finally:
            total = run.total

    with LinksTable(lake, at) as table:
        return until_won("links", attempt, attempts=_ATTEMPTS)


class _Run:
    """One pass over pinned versions of the tables."""

    def __init__(self, lake: Lake, table: LinksTable, rule: LinkRule) -> None:
        for name in ("ledger", "stories"):
            lake.refresh(name)
        table.refresh()
        self._lake = lake
        self._table = table
        self._rule = rule
        self._version = lake.handle("stories").version()
        self._files, self._undated = _files_by_day(lake)
        self._age = _enrichment_ages(lake)
        self._texts: dict[date, _DayTexts] = {}
        self.total = Linked()

    def days(self, first: date | None, last: date | None) -> list[date]:
        """Return every day that has stories, or has links of stories that are gone."""
        found = self._files.keys() | self._table.days()
        return sorted(d for d in found if (not first or d >= first) and (not last or d <= last))

    def compute(
        self,
        days: Sequence[date],
        *,
        all_days: bool,
        done: set[date],
        before: Linked,
        progress: Progress | None,
        is_stopped: Callable[[], bool],
    ) -> Linked:
        stale = [d for d in days if all_days or not self._table.holds(d, self._inputs(d))]
        self.total = Linked(
            before.days,
            before.up_to_date or len(days) - len(stale),
            before.revisions,
            before.links,
            self._undated,
        )
        waiting: list[Day] = []
        compared = 0
        for n, day in enumerate(stale):
            rows, revisions = self._links_of(day)
            compared += revisions
            waiting.append(Day(day, self._inputs(day), rows))
            is_last = n + 1 == len(stale) or is_stopped()
            size = sum(len(one.rows) for one in waiting)
            if is_last or len(waiting) >= _DAYS_A_COMMIT or size >= _ROWS_A_COMMIT:
                self._table.replace(waiting)
                done.update(one.day for one in waiting)
                self.total = Linked(
                    self.total.days + len(waiting),
                    self.total.up_to_date,
                    self.total.revisions + compared,
                    self.total.links + size,
                    self._undated,
                )
                waiting, compared = [], 0
            if progress is not None:
                progress(n + 1, len(stale))
            if is_last:
                break
        return self.total

    def _window(self, day: date) -> list[date]:
        return [day - timedelta(days=n) for n in range(self._rule.window_days, -1, -1)]

    def _inputs(self, day: date) -> int:
        """Say what the links of `day` follow from, as a number: the rule and the stories' files.

        Compaction renames files, which makes a day look changed: it is then computed once more.
        """
        files = {one.isoformat(): self._files.get(one, ()) for one in self._window(day)}
        text = json.dumps([METHOD, asdict(self._rule), files], sort_keys=True)
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1

    def _links_of(self, day: date) -> tuple[list[Row], int]:
        window = self._window(day)
        for old in self._texts.keys() - set(window):
            del self._texts[old]
        for one in window:
            if one not in self._texts:
                self._texts[one] = self._read(one) if one in self._files else _DayTexts()
        revisions = [(one, row) for one in window for row in self._texts[one].revisions]
        sets = [one for at in window for one in self._texts[at].sets]
        today = np.array([one == day for one, _ in revisions], bool)
        pairs = alike(
            sets,
            self._rule.thresholds,
            focus=today,
            eligible=_eligible([row for _, row in revisions], self._rule),
        )
        rows: list[Row] = [
            {"method": METHOD, "stories_version": self._version}
            | _link_row(
                revisions[p.left], revisions[p.right], sets[p.left], sets[p.right], p.shared
            )
            for p in pairs
        ]
        return rows, int(today.sum())

    def _read(self, day: date) -> _DayTexts:
        """Return the day's revisions, each in its last generation, then at its smallest
        coordinates."""
        best: dict[str, tuple[tuple[Any, ...], Row, Shingles]] = {}
        with self._lake.reading("stories"):
            batches = self._lake.dataset("stories").to_batches(
                columns=list(_COLUMNS), filter=ds.field("date") == day, batch_size=_READ_ROWS
            )
            for batch in batches:
                for row in batch.to_pylist():
                    age = self._age.get(row["enrichment_id"], len(self._age))
                    generation = row.pop("generation") or 0
                    rank = (-generation, age, row["source"], row["offset"], row["item"])
                    known = best.get(row["revision_id"])
                    if known is None or rank < known[0]:
                        found = shingles(row.pop("body"))
                        best[row["revision_id"]] = (rank, row, found)
        order = sorted(best)
        return _DayTexts([best[r][1] for r in order], [best[r][2] for r in order])


def _files_by_day(lake: Lake) -> tuple[dict[date, list[str]], int]:
    """Return the paths of the stories' files by day, and how many stories have no day."""
    found: dict[date, list[str]] = {}
    undated = 0
    actions = lake.added("stories")
    for action in actions.to_pylist() if actions.num_rows else ():
        day = action["partition.date"]
        if day is None:
            undated += action["num_records"] or 0
        else:
            found.setdefault(_day(day), []).append(action["path"])
    return {day: sorted(found[day]) for day in found}, undated


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _enrichment_ages(lake: Lake) -> dict[str, int]:
    """Return the place of each enrichment, newest first, as the view `current` has them."""
    with lake.reading("ledger"):
        blocks = lake.dataset("ledger").to_table(
            ["enrichment_id", "committed_at"], filter=ds.field("records") > 0
        )
    first = blocks.group_by("enrichment_id").aggregate([("committed_at", "min")]).to_pylist()
    first.sort(key=lambda row: (row["committed_at_min"], row["enrichment_id"]), reverse=True)
    return {row["enrichment_id"]: n for n, row in enumerate(first)}


def _eligible(
    rows: Sequence[Row], rule: LinkRule
) -> Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]]:
    families, providers, formats = (
        _numbered([row[name] for row in rows]) for name in ("story_id", "provider", "format")
    )

    def wanted(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.bool_]:
        found: NDArray[np.bool_] = families[one] != families[other]
        if not rule.same_provider:
            # Of a story without a provider nobody can say that it is the other one's.
            unknown = (providers[one] < 0) | (providers[other] < 0)
            across = (providers[one] != providers[other]) | (formats[one] != formats[other])
            found &= unknown | across
        return found

    return wanted


def _numbered(values: Collection[str | None]) -> NDArray[np.int64]:
    numbers: Mapping[str | None, int] = {v: n for n, v in enumerate(dict.fromkeys(values))}
    return np.array([-1 if v is None else numbers[v] for v in values], np.int64)


def _link_row(
    left: tuple[date, Row], right: tuple[date, Row], one: Shingles, other: Shingles, shared: int
) -> dict[str, Any]:
    sides = {"left": left, "right": right}
    columns = ("revision_id", "story_id", "provider", "format")
    ends = {f"{side}_{name}": row[name] for side, (_, row) in sides.items() for name in columns}
    return {
        **ends,
        "left_date": left[0],
        "right_date": right[0],
        "similarity": shared / (len(one) + len(other) - shared),
        "containment": shared / min(len(one), len(other)),
        "shared_shingles": shared,
        "left_shingles": len(one),
        "right_shingles": len(other),
        "date": right[0],
    }
