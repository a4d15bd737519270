"""What simulated lives have passed: each named point of the code, each pair of actors."""

from __future__ import annotations

from collections import Counter

from pipeline.store.commit.data_files import MAINTAIN
from pipeline.store.schema.contract import LINKS, TABLES
from tests.simulation.actors import ACTORS
from tests.simulation.world import Outcome

POINTS = (
    "file.staged",
    *(f"{table}.{at}" for table in TABLES for at in ("begin", "file", "log", "done", "conflict")),
    *(f"{MAINTAIN}.{table}.{at}" for table in TABLES for at in ("begin", "file")),
    *(f"clean.{table}.{at}" for table in (*TABLES, LINKS) for at in ("delete", "fence")),
    *(f"{LINKS}.{at}" for at in ("begin", "file", "log", "done")),
)
"""The points that the product's code names (`on_point`)."""

PAIRS = tuple((a, b) for a in ACTORS for b in ACTORS)
"""Who was interrupted, by whom."""


class Coverage:
    """Sums over lives."""

    def __init__(self) -> None:
        self.lives = self.steps = self.records = self.entries = 0
        self.points: Counter[str] = Counter()
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.passed: Counter[str] = Counter()
        self.beside: set[tuple[str, str]] = set()

    def add(self, outcome: Outcome) -> None:
        """Count one more life."""
        self.lives += 1
        self.steps += outcome.steps
        self.records += outcome.records
        self.entries += outcome.entries
        self.points += outcome.points
        self.pairs += outcome.pairs
        self.passed += outcome.passed
        self.beside |= outcome.beside

    def missed_points(self) -> list[str]:
        """Named points that no life came to."""
        return [point for point in POINTS if not self.points[point]]

    def missed_pairs(self) -> list[tuple[str, str]]:
        """Pairs of actors of which the first was never interrupted by the second."""
        return [pair for pair in PAIRS if not self.pairs[pair]]

    def report(self, seconds: float) -> str:
        """All of it, in lines."""
        named = set(POINTS)
        crossed = sum(point in named for point, _ in self.beside)
        lines = [
            f"{self.lives} lives, {self.steps} steps in {seconds:.0f} s"
            f" ({60 * self.steps / max(seconds, 1):.0f} a minute), {self.records} records,"
            f" {self.entries} commits",
            f"named points of the code: {len(POINTS) - len(self.missed_points())} of {len(POINTS)}"
            f"{_missing(self.missed_points())}",
            f"pairs of actors, one interrupted by the other: "
            f"{len(PAIRS) - len(self.missed_pairs())} of {len(PAIRS)}"
            f"{_missing([f'{a} by {b}' for a, b in self.missed_pairs()])}",
            f"named points at which an actor of each kind moved meanwhile: {crossed} of"
            f" {len(POINTS) * len(ACTORS)}",
        ]
        lines += [f"{what}: {count}" for what, count in sorted(self.passed.items())]
        return "\n".join(lines)


def _missing(names: list[str]) -> str:
    return f"; not {', '.join(names)}" if names else ""
