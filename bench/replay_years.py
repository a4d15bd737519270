"""What it costs to write a replay that spreads over years: a file for each day and region.

Run it with `make bench-years`. Short stories of many days and eight regions, in random order and
then in the order of their days (`pipeline/by_day.py`), go into a lake by the job's own writer,
`--batch` at a time (`replay.part_records` is 2,000). Prints Markdown lines: data files, bytes a
story, wall and processor seconds of writing alone.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from bench.big_lake import REGIONS
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.write import LakeWriter
from tests.support.rows import ENRICHMENT, NOON, SOURCE, a_batch, a_story, enriched


def main() -> None:
    """Write, count, print."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--stories", type=int, default=1500)
    options.add_argument("--days", type=int, default=5000)
    options.add_argument("--batch", type=int, default=500)
    given = options.parse_args()
    print("| order | stories | days | a batch | files | bytes a story | s | processor s |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    dice = random.Random(1)
    days = [dice.randrange(given.days) for _ in range(given.stories)]
    regions = [REGIONS[dice.randrange(8)] for _ in days]
    _write(given, "as stored", days, regions)
    _write(given, "by day", sorted(days, reverse=True), regions)


def _write(given: argparse.Namespace, order: str, days: list[int], regions: list[str]) -> None:
    stories = [
        enriched(a_story(n, published_at=NOON - timedelta(days=day)), region=region)
        for n, (day, region) in enumerate(zip(days, regions, strict=True))
    ]
    with tempfile.TemporaryDirectory() as folder:
        writer = LakeWriter(Lake(folder), clock=lambda: NOON, model="a_model", model_hash="0" * 8)
        writer.start({SOURCE: 0}, {SOURCE: 0}, ENRICHMENT)
        begin_s, cpu_s = time.perf_counter(), time.process_time()
        for at in range(0, given.stories, given.batch):
            writer.write(a_batch(stories[at : at + given.batch]))
        took_s, cpu_s = time.perf_counter() - begin_s, time.process_time() - cpu_s
        files = [path.stat().st_size for path in Path(folder).glob("*/date=*/**/*.parquet")]
        writer.close()
    print(
        f"| {order} | {given.stories:,} | {given.days:,} | {given.batch:,} | {len(files):,} |"
        f" {sum(files) / given.stories:.0f} | {took_s:.1f} | {cpu_s:.1f} |"
    )


if __name__ == "__main__":
    main()
