"""Runs lives of simulated lakes, one a seed, until the steps or the time are up.

A life that goes wrong is shrunk and told, with its seed; the exit code is then 1.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.simulation.backends import Backend, Folder, Memory
from tests.simulation.coverage import Coverage
from tests.simulation.world import Plan, lived, shrunk


def main() -> int:
    """Run, and print what was found and covered."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed, one more each life")
    parser.add_argument("--lives", type=int, help="so many seeds (default: until the time is up)")
    parser.add_argument("--steps", type=int, default=1500, help="steps of one life")
    parser.add_argument("--total", type=int, default=10**6, help="steps of all lives")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--shrink-minutes", type=float, default=5.0, help="for each failed life")
    parser.add_argument("--delta-rs", action="store_true", help="a folder and true delta-rs: slow")
    parser.add_argument("--trace", action="store_true", help="print the last steps of a failure")
    asked = parser.parse_args()
    started = time.monotonic()
    covered = Coverage()
    seed, failed = asked.seed, 0
    with tempfile.TemporaryDirectory(prefix="simulate-") as folder:
        backend = _folders(Path(folder)) if asked.delta_rs else Memory
        while (
            covered.steps < asked.total
            and time.monotonic() - started < asked.minutes * 60
            and (asked.lives is None or covered.lives < asked.lives)
        ):
            outcome = lived(Plan.of(seed, asked.steps), backend)
            covered.add(outcome)
            if outcome.failure is not None:
                failed += 1
                _tell(f"{outcome.plan}\n  after {outcome.steps} steps: {outcome.failure}")
                least = shrunk(outcome, backend, is_over=_minutes(asked.shrink_minutes))
                _tell(f"  shrunk: {least.plan}\n  after {least.steps} steps: {least.failure}")
                if asked.trace:
                    _tell("\n".join(f"    {line}" for line in least.last))
            seed += 1
    _tell(f"seeds {asked.seed} to {seed - 1}, {failed} of them failed")
    _tell(covered.report(time.monotonic() - started))
    return 1 if failed else 0


def _minutes(minutes: float) -> Callable[[], bool]:
    """Say whether so many minutes have passed since now."""
    end_s = time.monotonic() + 60 * minutes
    return lambda: time.monotonic() > end_s


def _folders(root: Path) -> Callable[[], Backend]:
    """A new folder each time; the one before is removed."""
    lake = root / "lake"

    def new() -> Backend:
        shutil.rmtree(lake, ignore_errors=True)
        lake.mkdir()
        return Folder(lake)

    return new


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
