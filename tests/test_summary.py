"""What a replay says of itself: counts by key, dates condensed where they are many."""

from __future__ import annotations

from datetime import date, timedelta
from io import StringIO

from rich.console import Console
from rich.progress import Progress

from pipeline.cli.progress import StoriesPerSecond, Tally
from pipeline.cli.summary import condensed, in_order
from pipeline.model import Block
from pipeline.store.commit.write import Receipt


def days(count: int) -> dict[str, int]:
    return {(date(2020, 1, 1) + timedelta(n)).isoformat(): 1 for n in range(count)}


def test_dates_are_condensed_where_they_are_many() -> None:
    """Nothing is lost by that."""
    for count, unit, rows in ((31, "date", 31), (32, "month", 2), (1000, "year", 3)):
        found, counts = condensed(days(count))
        assert (found, len(counts), sum(counts.values())) == (unit, rows, count)
        assert list(counts) == sorted(counts)


def test_what_is_counted_stands_in_one_order() -> None:
    """Workers count by sets: two runs over the same archive would print their tables otherwise."""
    by = {name: {"x": 1} for name in ("kind", "status", "new", "format", "region", "date")}
    assert list(in_order(by)) == ["date", "region", "format", "status", "kind", "new"]


def test_a_tally_adds_up_what_workers_report() -> None:
    """And the bar shows offsets done, all of them, and a rate."""
    console = Console(file=StringIO(), force_terminal=True)
    progress = Progress(StoriesPerSecond(), console=console)
    tally = Tally(progress)
    tally.expect(total=10, done=4)
    by = {"date": {"2020-01-01": 2}, "kind": {"skipped.repeat": 1}}
    receipt = Receipt((Block("s", 4, 7, 3, 3),), (), 2, 0, 1, by)
    tally.add(receipt.report())
    tally.add(receipt.report())
    assert tally.counts == {"batches": 2, "records": 6, "stories": 4, "rejects": 0, "skipped": 2}
    assert tally.by == {"date": {"2020-01-01": 4}, "kind": {"skipped.repeat": 2}}
    (task,) = progress.tasks
    assert (task.completed, task.total, task.fields["stories"]) == (10, 10, 4)
    assert "6 records: 4 stories" in task.description
