"""What a day of stories leaves in a lake that the job keeps tidy by itself: files, bytes, seconds.

Run it with `make bench-day` (200,000 stories, a commit each quarter of an hour, as a job of long
intervals or few stories has; `ARGS="--stories 20000 --commits 24"` is a short form). The rows are
those of `bench/big_lake.py`; one in twenty is a late story of the day before. Each
half an hour of the simulated day a round of upkeep comes, with the job's own settings; then those
of the two days after, as hardly anything more is written to that day. Prints a Markdown table:
data files and bytes of each table, the most files of one partition, and the seconds of a question,
before upkeep (the same commits without any), at the day's end and two days later.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from bench.big_lake import BEGIN, REGIONS, Plan, plan_of, template_of, write_rows
from pipeline.store.commit.lake import Commit, Lake
from pipeline.store.read.query import query
from pipeline.store.read.snapshot import open_snapshot
from pipeline.store.schema.contract import TABLES
from pipeline.store.upkeep.compact import Sizing
from pipeline.store.upkeep.round import tidy

DAYS = 2
DAY = BEGIN + timedelta(days=DAYS - 1)
START = datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC)
SIZING = Sizing(target_bytes=32 * 1024**2)
RETENTION_S = 600.0
EVENTS_A_STORY = 2
QUESTION = f"SELECT region, count(*) AS n FROM events WHERE date = DATE '{DAY}' GROUP BY ALL"


def main() -> None:
    """Write the day twice, with upkeep and without, and print."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--stories", type=int, default=200_000)
    options.add_argument("--commits", type=int, default=96)
    given = options.parse_args()
    plan = plan_of(np.random.default_rng(1), given.stories, 1, 0.1)
    plan["day"] = np.where(np.arange(given.stories) % 20 == 19, DAYS - 2, DAYS - 1)
    print(f"{given.stories:,} stories, {given.commits} commits\n")
    print("| when | table | files | MB | most files of a partition | s | processor s |")
    print("|---|---|--:|--:|--:|--:|--:|", flush=True)
    with TemporaryDirectory() as folder:
        for is_kept in (False, True):
            lake = Lake(str(Path(folder, str(is_kept))))
            cpu_s = _live(lake, plan, given.commits, is_kept=is_kept)
            _report(lake, "at the day's end, tidied" if is_kept else "without upkeep")
            if is_kept:
                for hours in (1, 24, 48, 49):
                    cpu_s += _round(lake, START + timedelta(days=1, hours=hours))
                _report(lake, "two days later")
                print(f"\nAll rounds of upkeep: {cpu_s:.0f} s of processor time")


def _live(lake: Lake, plan: Plan, commits: int, *, is_kept: bool) -> float:
    """Write the day; the processor seconds of its rounds of upkeep."""
    for table in TABLES:
        lake.refresh(table)
    cpu_s, templates = 0.0, {table: template_of(table) for table in ("entities", "events")}
    templates["stories"] = template_of("stories")
    edges = np.linspace(0, len(plan["day"]), commits + 1).astype(int)
    for n in range(commits):
        at = START + timedelta(days=1) * (n + 1) / commits
        ends = {"cluster/topic/0": int(edges[n + 1])}
        lake.refresh("rejects")
        lake.commit(Commit("rejects", [], ends, f"day-rejects-{n}", "bench", at))
        for table, template in templates.items():
            each = EVENTS_A_STORY if table == "events" else 1
            rows = np.arange(edges[n], edges[n + 1])
            write_rows(lake, table, template, plan, rows, each, ends, f"day-{n}")
        if is_kept and (n + 1) * 48 // commits > n * 48 // commits:
            cpu_s += _round(lake, at)
    return cpu_s


def _round(lake: Lake, at: datetime) -> float:
    begun = time.process_time()
    tidy(lake, SIZING, RETENTION_S, at)
    return time.process_time() - begun


def _report(lake: Lake, when: str) -> None:
    query(lake.url, None, QUESTION, START)
    begun_s, cpu_s = time.perf_counter(), time.process_time()
    rows = query(lake.url, None, QUESTION, START)
    took = f"{time.perf_counter() - begun_s:.2f} | {time.process_time() - cpu_s:.2f}"
    if not 0 < rows.num_rows <= len(REGIONS):
        raise SystemExit("the day is not there")
    snapshot = open_snapshot(lake.url)
    for table in ("stories", "entities", "events"):
        files = snapshot.active(table)
        most = max(Counter(tuple(file.partition.values()) for file in files).values())
        size = sum(file.size_bytes for file in files) / 1e6
        print(
            f"| {when} | {table} | {len(files):,} | {size:.1f} | {most} | {took} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
