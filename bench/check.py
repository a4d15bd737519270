"""How fast `lake check` is, and what memory it takes: over generated lakes of growing size.

Run it with `make bench-check` (ARGS="--items 100000 1000000"). Each lake is written by the job's
own writer, blocks of 2,000 records of four sources over thirty days, one record of ten a reject;
stories have some 300 words, two entities and an event. Each check runs in a process of its own, so
that its peak of memory is its own. The last line extends the memory to ten million items by the
slope of the two largest lakes: more than it will be, as the work's database and the row groups that
are read have limits, which small lakes do not reach. Markdown, for docs/upkeep.md.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

from pipeline.model import EnrichedBatch
from pipeline.parse import parse_record
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.write import LakeWriter
from pipeline.store.upkeep.compact import Sizing, compact
from tests.support.rows import NOON, a_batch, a_reject, a_story, an_entity, an_event, enriched

SOURCES = tuple(f"cluster/topic/{n}" for n in range(4))
BLOCK = 2_000
DAYS = 30
TEN_MILLION = 10_000_000
_MB = 1024


def main() -> None:
    """Generate, check and print."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--items", type=int, nargs="+", default=[20_000, 80_000, 320_000])
    options.add_argument("--plain", action="store_true", help="leave the deep checks out")
    options.add_argument("--memory-mb", type=int, default=1024, help="DuckDB's limit")
    options.add_argument("--check", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--deep", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.check is not None:
        _checked(given.check, given.memory_mb, is_deep=given.deep)
        return
    print("| items | check | s | s of processor | items a second of processor | peak, MB |")
    print("|---:|---|---:|---:|---:|---:|")
    peaks: list[tuple[int, float]] = []
    with tempfile.TemporaryDirectory(prefix="bench-check-") as folder:
        root = Path(folder) / "lake"
        written = 0
        for items in sorted(given.items):
            written = generate(root, written, items)
            for mode in ("plain",) if given.plain else ("plain", "--deep"):
                found = _measured(root, mode, given.memory_mb)
                print(
                    f"| {items:,} | {mode} | {found['s']:.0f} | {found['cpu_s']:.0f} |"
                    f" {items / found['cpu_s']:,.0f} | {found['peak_mb']:.0f} |",
                    flush=True,
                )
                if mode == "plain":
                    peaks.append((items, found["peak_mb"]))
    if len(peaks) > 1:
        (few, less), (many, more) = peaks[-2:]
        slope = (more - less) / (many - few)
        print(
            f"\nBy that slope {TEN_MILLION:,} items: {more + slope * (TEN_MILLION - many):.0f} MB"
        )


def generate(root: Path, first: int, items: int) -> int:
    """Extend the lake to `items` items; `first` are there already."""
    lake = Lake(str(root))
    writer = LakeWriter(lake, lambda: NOON, model="bench", model_hash="0")
    if first == 0:
        writer.start(dict.fromkeys(SOURCES, 0), dict.fromkeys(SOURCES, 0))
    for begin in range(first, items, BLOCK):
        source = SOURCES[begin // BLOCK % len(SOURCES)]
        start = begin // (BLOCK * len(SOURCES)) * BLOCK
        writer.write(_block(source, start))
    writer.close()
    compact(lake, Sizing(), NOON)
    return items


def _block(source: str, start: int) -> EnrichedBatch:
    chance = random.Random(f"{source} {start}")
    stories, rejects = [], []
    for offset in range(start, start + BLOCK):
        if offset % 10 == 9:
            rejects.append(a_reject(offset, source=source))
            continue
        text = tuple(" ".join(chance.choices(_WORDS, k=60)) + "." for _ in range(5))
        story = a_story(
            offset,
            source=source,
            paragraphs=text,
            raw="\n\n".join(text).encode(),
            published_at=NOON - timedelta(days=start // BLOCK % DAYS),
        )
        entities = (an_entity(), an_entity("Yerevan", "GPE"))
        stories.append(enriched(story, entities=entities, events=(an_event(),)))
    return a_batch(stories, rejects)


_WORDS = [
    "the",
    "minister",
    "said",
    "that",
    "talks",
    "on",
    "trade",
    "would",
    "go",
    "on",
    "in",
    "spring",
    "after",
    "both",
    "sides",
    "had",
    "met",
    "again",
    "and",
    "signed",
    "what",
    "they",
    "called",
    "an",
    "agreement",
    "in",
    "principle",
    "while",
    "others",
    "spoke",
    "of",
    "days",
    "lost",
    "to",
    "weather",
    "harbours",
    "ferries",
    "grain",
    "steel",
    "markets",
    "shares",
    "courts",
    "judges",
    "votes",
    "parties",
    "cities",
    "rivers",
    "floods",
]


def _measured(root: Path, mode: str, memory_mb: int) -> dict[str, float]:
    command = [sys.executable, __file__, "--check", str(root), "--memory-mb", str(memory_mb)]
    command += ["--deep"] if mode == "--deep" else []
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _checked(root: Path, memory_mb: int, *, is_deep: bool) -> None:
    begun = time.monotonic()
    report = check(
        str(root),
        strict=True,
        deep=is_deep,
        parse=parse_record if is_deep else None,
        memory_mb=memory_mb,
    )
    used = resource.getrusage(resource.RUSAGE_SELF)
    if set(report.counts) - {"replaced"}:
        raise SystemExit(f"the generated lake is not whole: {report.findings[:3]}")
    facts = {
        "s": time.monotonic() - begun,
        "cpu_s": used.ru_utime + used.ru_stime,
        "peak_mb": used.ru_maxrss / _MB,
    }
    sys.stdout.write(json.dumps(facts))


if __name__ == "__main__":
    main()
