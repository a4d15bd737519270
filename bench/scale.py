"""The commit log at a thousand partitions: what commit, refresh and open cost, and how it grows.

Run it with `make scale`. The log is that of the table `stories`, made by the same code that the job
commits with; the data files are named in it but not written, so that what is measured is the log
alone. Three tables are printed (Markdown, for docs/scale.md):

- a handle that is behind, by the number of commits that others made meanwhile;
- several writers at once, by their number: commits a second of the whole table;
- one writer, by the number of sources and of data files that the log holds, each scenario in
  processes of its own, for the memory to be told.

Local disk: a store across a network adds its own latency to each request (a commit is one
conditional put, a refresh one listing and a read for each new entry).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from deltalake.transaction import AddAction

from pipeline.store.commit.lake import ConflictError, Lake

TABLE = "stories"
_REGIONS = 20
_FILES_A_COMMIT = 8
_COMMITS = 25
"""A checkpoint is among them: one is made every 20 commits."""

_MB = 1024**2
_BEGIN = date(2026, 1, 1)
_NOW = datetime(2026, 11, 24, tzinfo=UTC)

GRID = ((10, 0), (1_000, 0), (1_000, 10_000), (1_000, 50_000), (5_000, 50_000), (1_000, 200_000))
"""Sources and data files of the log, one scenario each."""

BEHIND = (1, 10, 100, 500)
WRITERS = (1, 4, 16, 64)


def main() -> None:
    """Measure and print; after `--seconds` no further scenario is begun."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--seconds", type=float, default=180)
    given = options.parse_args()
    end_s = time.monotonic() + given.seconds
    cores, load = os.cpu_count(), os.getloadavg()[0]
    print(f"{datetime.now(UTC):%d %B %Y}, {platform.machine()}, {cores} cores, load {load:.0f}\n")
    _table(("commits behind", "refresh ms"), [lambda n=n: behind(n) for n in BEHIND], end_s)
    _table(
        ("writers", "commits a second", "refused", "gave up"),
        [lambda n=n: together(n) for n in WRITERS],
        end_s,
    )
    _table(
        ("sources", "files", "commit ms", "slowest", "refresh ms", "open s", "MB", "log MB"),
        [lambda at=at: one_writer(*at) for at in GRID],
        end_s,
    )


def one_writer(sources: int, files: int, commits: int = _COMMITS) -> tuple[object, ...]:
    """One writer on a log of so many sources and files; the memory is that of one open handle."""
    with tempfile.TemporaryDirectory() as folder:
        alone(fill, folder, sources, files)
        found = alone(commit_and_time, folder, sources, commits)
        opened = alone(_open, folder)
        log = sum(f.stat().st_size for f in Path(folder, TABLE, "_delta_log").rglob("*"))
    return (
        f"{sources:,}",
        f"{files:,}",
        f"{found['commit_ms']:.0f}",
        f"{found['slowest_ms']:.0f}",
        f"{found['refresh_ms']:.1f}",
        f"{opened['open_s']:.2f}",
        f"{opened['mb']:.0f}",
        f"{log / _MB:.1f}",
    )


def behind(entries: int) -> tuple[object, ...]:
    """What a handle pays to catch up with so many commits of others."""
    with tempfile.TemporaryDirectory() as folder:
        stale, other = Lake(folder), Lake(folder)
        stale.refresh(TABLE)
        for n in range(entries):
            _commit(other, "kafka/other", n + 1, f"other-{n}")
        begin_s = time.perf_counter()
        stale.refresh(TABLE)
        return entries, f"{(time.perf_counter() - begin_s) * 1000:.1f}"


def together(writers: int, commits: int = 128) -> tuple[object, ...]:
    """So many writers, each with a source of its own, share `commits` between them."""
    each = max(2, commits // writers)
    with tempfile.TemporaryDirectory() as folder:
        Lake(folder).refresh(TABLE)
        refused, gave_up, lock = [0], [0], threading.Lock()

        def write(n: int) -> int:
            lake, done = Lake(folder), 0
            for end in range(1, each + 1):
                for _ in range(50):
                    try:
                        _commit(lake, f"kafka/{n}", end, f"w{n}-{end}")
                        done += 1
                        break
                    except ConflictError:
                        with lock:
                            refused[0] += 1
                else:
                    with lock:
                        gave_up[0] += 1
            return done

        begin_s = time.perf_counter()
        with ThreadPoolExecutor(writers) as pool:
            done = sum(pool.map(write, range(writers)))
        rate = done / (time.perf_counter() - begin_s)
    return writers, f"{rate:.1f}", refused[0], gave_up[0]


def fill(folder: str, sources: int, files: int) -> dict[str, float]:
    """A log with so many sources and files, checkpointed as the job's own tables are."""
    lake, made = Lake(folder), 0
    lake.refresh(TABLE)
    lake.commit_actions(TABLE, [], {f"kafka/{n}": 1 for n in range(sources)}, "sources")
    while made < files:
        count = min(5_000, files - made)
        lake.refresh(TABLE)
        lake.commit_actions(TABLE, _files(f"old-{made}", count, made), {"kafka/0": made + 2}, "old")
        made += count
    lake.refresh(TABLE).create_checkpoint()
    return {}


def commit_and_time(folder: str, sources: int, commits: int) -> dict[str, float]:
    """What a writer's refresh and commit cost; medians, and the slowest commit."""
    lake = Lake(folder)
    lake.refresh(TABLE)
    refresh_s, commit_s = [], []
    for n in range(commits):
        begin_s = time.perf_counter()
        lake.refresh(TABLE)
        middle_s = time.perf_counter()
        lake.commit_actions(
            TABLE,
            _files(f"new-{n}", _FILES_A_COMMIT, n),
            {f"kafka/{n % sources}": 10_000_000 + n},
            f"new-{n}",
        )
        refresh_s.append(middle_s - begin_s)
        commit_s.append(time.perf_counter() - middle_s)
    return {
        "commit_ms": statistics.median(commit_s) * 1000,
        "slowest_ms": max(commit_s) * 1000,
        "refresh_ms": statistics.median(refresh_s) * 1000,
    }


def _open(folder: str) -> dict[str, float]:
    process = psutil.Process()
    before = process.memory_info().rss
    begin_s = time.perf_counter()
    lake = Lake(folder)
    lake.refresh(TABLE)
    lake.committed(TABLE, ["kafka/0"])
    return {
        "open_s": time.perf_counter() - begin_s,
        "mb": (process.memory_info().rss - before) / _MB,
    }


def _commit(lake: Lake, source: str, end: int, name: str) -> None:
    lake.refresh(TABLE)
    lake.commit_actions(TABLE, _files(name, _FILES_A_COMMIT, end), {source: end}, name)


def _files(name: str, count: int, begin: int) -> list[AddAction]:
    """Entries of the log for files spread over days and regions; no file stands behind them."""
    return [_file(f"{name}-{n}", begin + n) for n in range(count)]


def _file(name: str, n: int) -> AddAction:
    partition = {
        "date": str(_BEGIN + timedelta(days=n // _REGIONS % 300)),
        "region": f"region-{n % _REGIONS:02}",
    }
    folder = "".join(f"{column}={value}/" for column, value in partition.items())
    low, high = {"source": "kafka/a", "offset": n}, {"source": "kafka/a", "offset": n + 100}
    stats = {"numRecords": 100, "minValues": low, "maxValues": high, "nullCount": {"source": 0}}
    at_ms = int(_NOW.timestamp() * 1000)
    return AddAction(f"{folder}{name}.parquet", 100_000, partition, at_ms, True, json.dumps(stats))


def alone(work: Callable[..., Mapping[str, float]], *arguments: object) -> Mapping[str, float]:
    """What `work` returns, in a fresh process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def _table(heads: tuple[str, ...], rows: list[Callable[[], tuple[Any, ...]]], end_s: float) -> None:
    print("| " + " | ".join(heads) + " |\n|" + "---:|" * len(heads))
    for row in rows:
        if time.monotonic() > end_s:
            print("\n(time is up)")
            break
        print("| " + " | ".join(map(str, row())) + " |", flush=True)
    print()


if __name__ == "__main__":
    main()
