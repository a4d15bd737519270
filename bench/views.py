"""What a day or a region of the views costs on a large lake, with and without a note of families.

Run it with `make bench-views` (100,000 stories; `ARGS="--stories 1000000 --days 100"` is the full
form). Makes a lake by seed (`bench/big_lake.py`), asks each question with the views' own text, has
upkeep note the families, asks again, and prints a Markdown table: rows, wall and processor seconds
(the opening of the lake included), and the bytes that were read of files. Answers must be equal.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

from bench.big_lake import BEGIN, make
from pipeline.store.read.query import query
from pipeline.store.read.snapshot import open_snapshot
from pipeline.store.upkeep.note_families import note_families

_AT = datetime(2026, 11, 29, tzinfo=UTC)


def main() -> None:
    """Make a lake, ask, note, ask again, print."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--stories", type=int, default=100_000)
    options.add_argument("--days", type=int, default=20)
    options.add_argument("--lake", type=Path, help="Kept, and not made again, where it is there.")
    options.add_argument("--noted-only", action="store_true", help="Leave the slow half out.")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lake = given.lake or Path(folder) / "lake"
        if not (lake / "ledger").exists():
            make(lake, given.stories, given.days)
        day = BEGIN + timedelta(days=given.days // 2)
        questions = (
            "SELECT 1 AS n",
            f"SELECT count(*) AS n FROM events WHERE date = DATE '{day}'",
            f"SELECT count(*) AS n FROM current WHERE date = DATE '{day}'",
            f"SELECT count(*) AS n FROM current_events WHERE date = DATE '{day}'",
            f"SELECT count(*) AS n FROM current_events WHERE date = DATE '{day}'"
            " AND region = 'western-europe'",
            "SELECT count(*) AS n FROM current_entities WHERE region = 'caribbean'",
        )
        print(f"{given.stories:,} stories, {given.days} days, {os.getloadavg()[0]:.0f} load\n")
        print("| question | how | n | s | processor s | MB read |\n|---|---|--:|--:|--:|--:|")
        before = {} if given.noted_only else {q: asked(lake, q, "compared") for q in questions}
        begin_s, cpu_s = time.perf_counter(), time.process_time()
        rows = note_families(open_snapshot(str(lake)))
        took_s, cpu_s = time.perf_counter() - begin_s, time.process_time() - cpu_s
        print(f"| the note itself | {rows:,} rows | | {took_s:.1f} | {cpu_s:.1f} | |")
        after = {q: asked(lake, q, "noted") for q in questions}
        if before and before != after:
            raise SystemExit("the answers differ")


def asked(lake: Path, sql: str, how: str) -> int:
    """Ask `sql`, print a line, and return its number."""
    process = psutil.Process()
    begin_s, cpu_s = time.perf_counter(), time.process_time()
    begin_bytes = process.io_counters().read_chars
    (row,) = query(str(lake), None, sql, _AT).to_pylist()
    took_s, cpu_s = time.perf_counter() - begin_s, time.process_time() - cpu_s
    read_mb = (process.io_counters().read_chars - begin_bytes) / 1e6
    print(f"| `{sql}` | {how} | {row['n']:,} | {took_s:.2f} | {cpu_s:.2f} | {read_mb:.1f} |")
    return int(row["n"])


if __name__ == "__main__":
    main()
