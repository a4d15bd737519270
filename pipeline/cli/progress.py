"""How a command shows what it does while it does it, and what it leaves behind at its end."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from pipeline.cli.consoles import err
from pipeline.config import Settings

_COUNTED = ("records", "stories", "rejects", "skipped")
_RATE_WINDOW_S = 120.0
"""What is left is guessed by the last two minutes: a part may take half a minute."""


class Tally:
    """Counts of the batches committed so far, shown while they grow.

    `by` holds them by date, region, format and kind of reject.
    """

    def __init__(self, progress: Progress | None) -> None:
        self.counts: Counter[str] = Counter(batches=0, records=0, stories=0, rejects=0, skipped=0)
        self.by: dict[str, Counter[str]] = {}
        self._progress = progress
        self._task = progress.add_task("waiting for the first batch") if progress else None
        self._lock = threading.Lock()

    def add(self, report: Mapping[str, Any]) -> None:
        """Add one batch (`Receipt.report`)."""
        with self._lock:
            self.counts.update({name: report[name] for name in _COUNTED})
            self.counts["batches"] += 1
            for name, counted in report["by"].items():
                self.by.setdefault(name, Counter()).update(counted)
            if self._progress is not None and self._task is not None:
                self._progress.update(
                    self._task,
                    advance=report["offsets"],
                    description=self.line(),
                    stories=self.counts["stories"],
                )

    def expect(self, total: int, done: int) -> None:
        """Say how many offsets there are in all, and how many the lake holds already."""
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, total=total, completed=done)

    def line(self) -> str:
        """Return the counts in words."""
        counts = self.counts
        return (
            f"{counts['records']} records: {counts['stories']} stories, "
            f"{counts['rejects']} rejects, {counts['skipped']} skipped"
        )


class StoriesPerSecond(ProgressColumn):
    """Stories that were committed, by the time since the task began."""

    def render(self, task: Task) -> Text:
        """Return the rate, or nothing while there is none."""
        stories, elapsed_s = task.fields.get("stories", 0), task.elapsed or 0.0
        return Text(f"{stories / elapsed_s:.0f} stories/s" if stories and elapsed_s else "")


def show_progress(*, wanted: bool = True) -> Progress:
    """Show a spinner with the counts, on standard error, where that is a terminal."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=err,
        transient=True,
        disable=not (wanted and err.is_terminal),
    )


def show_bar(*, wanted: bool = True) -> Progress:
    """Show a bar with the counts, stories a second and the time left, on a terminal."""
    return Progress(
        SpinnerColumn(),
        BarColumn(),
        MofNCompleteColumn(),
        StoriesPerSecond(),
        TimeRemainingColumn(),
        TextColumn("{task.description}"),
        console=err,
        transient=True,
        disable=not (wanted and err.is_terminal),
        speed_estimate_period=_RATE_WINDOW_S,
    )


def explain_written(settings: Settings, tally: Tally) -> None:
    """Let the lake say what it is: no round of upkeep comes by after a command's end."""
    if tally.counts["records"]:
        # Only here: it takes DuckDB, which a worker's start does without.
        from pipeline.store.explain.explain import explain_or_tell

        explain_or_tell(settings.lake.url, settings.lake.options)
