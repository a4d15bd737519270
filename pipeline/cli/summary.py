"""What a replay added, or would add, in tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from rich.table import Table

from pipeline.cli.consoles import out

_MOST_DATES = 31
_ORDER = ("date", "region", "provider", "format", "status", "kind")
"""What is counted, in the order in which it is shown."""

_UNITS = (("date", len("2026-03-04")), ("month", len("2026-03")), ("year", len("2026")))


def condensed(dates: Mapping[str, int]) -> tuple[str, dict[str, int]]:
    """Return the dates in order where they are few, else by month, else by year.

    Also which of the three it is.
    """
    for unit, length in _UNITS[:-1]:
        found = _by_beginning(dates, length)
        if len(found) <= _MOST_DATES:
            return unit, found
    unit, length = _UNITS[-1]
    return unit, _by_beginning(dates, length)


def show_summary(by: Mapping[str, Mapping[str, int]], counted: str = "stories") -> None:
    """Print a table for each key that has something; kinds count rejects and skips."""
    for name, counts in _ordered(by):
        if not counts:
            continue
        title, rows = condensed(counts) if name == "date" else (name, _largest_first(counts))
        table = Table(title, "items" if name == "kind" else counted)
        table.columns[1].justify = "right"
        for key, n in rows.items():
            table.add_row(key, str(n))
        out.print(table)


def in_order(by: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """Order the counts as JSON shows them: dates in order, of the rest the largest first."""
    return {
        name: dict(sorted(counts.items())) if name == "date" else _largest_first(counts)
        for name, counts in _ordered(by)
    }


def _ordered(by: Mapping[str, Mapping[str, int]]) -> list[tuple[str, Mapping[str, int]]]:
    """Order what was counted as `_ORDER` says, whatever the order of workers and sets."""
    rank = {name: at for at, name in enumerate(_ORDER)}
    return sorted(by.items(), key=lambda pair: (rank.get(pair[0], len(rank)), pair[0]))


def _largest_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _by_beginning(dates: Mapping[str, int], length: int) -> dict[str, int]:
    found: Counter[str] = Counter()
    for day, n in dates.items():
        found[day[:length]] += n
    return dict(sorted(found.items()))
