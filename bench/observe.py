"""What watching costs: the same batches parsed and written, with metrics told and without.

`PYTHONPATH=. python bench/observe.py [batches]`: prints the CPU seconds of both and their ratio.
Enrichment, which takes most of a real job's time and is not watched inside, is left out.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from types import SimpleNamespace

from pipeline import clock
from pipeline.config import load
from pipeline.job import Job
from pipeline.model import Batch, Block, EnrichedBatch, ParsedBatch, Record
from pipeline.observe.logs import configure
from pipeline.observe.watch import measure_process
from pipeline.parse import ParseLimits, parse_batch
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.write import LakeWriter
from tests.support.rows import ENRICHMENT, enriched
from tests.support.wire import copy

SOURCE = "kafka/c/wire/t/0"
RECORDS = 500


def main() -> int:
    """Run both, batch by batch in turns."""
    configure("warning")
    batches = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    plain, watched = _plain(tempfile.mkdtemp()), _watched(tempfile.mkdtemp())
    spent: dict[str, list[float]] = {"plain": [], "watched": []}
    for n in range(batches + 1):
        pair = [("plain", plain), ("watched", watched)]
        for name, run in pair if n % 2 else reversed(pair):
            batch = _batch(n * RECORDS)
            begun_s = time.process_time()
            run(batch)
            spent[name].append(time.process_time() - begun_s)
    # The first of each pays for what is done once.
    ratios = [w / p for p, w in zip(spent["plain"][1:], spent["watched"][1:], strict=True)]
    for name, seconds in spent.items():
        print(f"{name:8} {statistics.median(seconds[1:]):.4f} CPU s a batch of {RECORDS} (median)")
    print(f"ratio    {statistics.median(ratios):.3f} (median of {batches} pairs)")
    print(f"alone    {_alone_s():.6f} CPU s a batch: what is watched, told and nothing else")
    return 0


def _batch(start: int) -> Batch:
    values = enumerate(copy(start, start + RECORDS), start)
    records = tuple(Record(SOURCE, n, value) for n, value in values)
    return Batch(0, (Block(SOURCE, start, start + RECORDS, RECORDS),), records)


def _enrich(batch: ParsedBatch) -> EnrichedBatch:
    found = tuple(enriched(story) for story in batch.stories)
    return EnrichedBatch(batch.group, batch.blocks, found, batch.rejects, ENRICHMENT)


def _plain(root: str) -> Callable[[Batch], object]:
    writer = LakeWriter(Lake(root), clock.now, "m", "0")
    writer.start({SOURCE: 0}, {SOURCE: 0}, ENRICHMENT)
    limits = ParseLimits(**load().limits.model_dump())
    return lambda batch: [writer.write(_enrich(p)) for p in parse_batch(batch, limits)]


def _watched(root: str) -> Callable[[Batch], object]:
    job = _job(root)
    job._start({SOURCE: 0}, {SOURCE: 0})

    def run(batch: Batch) -> None:
        job.telemetry.watch.read(batch, 0.1, None)
        for parsed in job.parse(batch):
            job.write(job.enrich(parsed))
        _tell(job)

    return run


def _alone_s(rounds: int = 200) -> float:
    """The watch over a batch, without the work."""
    job, batch = _job(tempfile.mkdtemp()), _batch(0)
    watch = job.telemetry.watch
    counts = {"records": RECORDS, "stories": RECORDS, "rejects": 0, "skipped": 0}
    begun_s = time.process_time()
    for _ in range(rounds):
        watch.read(batch, 0.1, None)
        for step in ("parse", "enrich", "write"):
            with watch.step(step):
                pass
        for table in ("rejects", "entities", "events", "stories", "ledger"):
            for point in ("begin", "file", "log", "done"):
                watch.on_point(f"{table}.{point}")
        watch.committed(batch.blocks, counts, {"malformed": 3}, 0)
        _tell(job)
    return (time.process_time() - begun_s) / rounds


def _tell(job: Job) -> None:
    measure_process(job.telemetry.recorder)
    json.dumps({"metrics": job.telemetry.recorder.take()})


def _job(root: str) -> Job:
    job = Job(load(None, {"lake": {"url": root}, "observe": {"metrics_port": 0}}))
    job.__dict__["enricher"] = SimpleNamespace(
        model="m", model_hash="0", enrichment_id=ENRICHMENT, stages=(), enrich_batch=_enrich
    )
    return job


if __name__ == "__main__":
    sys.exit(main())
