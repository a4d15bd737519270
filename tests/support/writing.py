# ruff: noqa: T201 (it prints: that is its output)
"""One process that writes, compacts or cleans a lake, for tests that stop or kill it anywhere.

`python -m tests.support.writing LAKE WHAT [--point NAME --nth N --signal KILL|STOP] [options]`

It does what the job does with a lake, without Kafka and a model, so that a fault costs little:
`started` and `ran` fork it off a process that has imported all of it (`tests.support.forks`).
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pipeline import clock
from pipeline.errors import DatelineError
from pipeline.store.commit.lake import Lake
from pipeline.store.commit.write import LakeWriter
from pipeline.store.upkeep.clean_up import clean_up
from pipeline.store.upkeep.compact import Sizing, compact
from tests.support.forks import Process, server
from tests.support.rows import ENRICHMENT, a_batch, a_reject, a_story, enriched

REGIONS = ("western-asia", "northern-europe", "unknown")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; the exit code of the fault, with one line on standard error."""
    asked = _arguments(arguments)
    left = asked.nth

    def on_point(name: str) -> None:
        nonlocal left
        if asked.print_points:
            print(name, flush=True)
        if name == asked.point:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), getattr(signal, f"SIG{asked.signal}"))

    options = dict(pair.split("=", 1) for pair in asked.option)
    lake = Lake(asked.lake, options, on_point)
    try:
        if asked.what == "write":
            _write(lake, asked)
        elif asked.what == "compact":
            for _ in range(asked.rounds):
                compact(lake, Sizing(min_files=2), clock.now())
                clean_up(lake, clock.now(), asked.retention_s)
        else:
            for _ in range(asked.rounds):
                clean_up(lake, clock.now(), asked.retention_s)
    except DatelineError as error:
        print(f"error: {error}", file=sys.stderr, flush=True)
        return error.exit_code
    return 0


def _write(lake: Lake, asked: argparse.Namespace) -> None:
    """Records 0 to `asked.records` of each source, from where the lake ends."""
    writer = LakeWriter(lake, clock.now, "m", "0")
    sources = [f"cluster/topic/{n}" for n in range(asked.sources)]
    writer.start(dict.fromkeys(sources, 0), dict.fromkeys(sources, 0), ENRICHMENT)
    while True:
        ends = lake.ends(sources)
        spans = {
            s: (end, min(end + asked.batch, asked.records))
            for s, end in ends.items()
            if end < asked.records
        }
        if not spans:
            writer.close()
            return
        stories = [
            enriched(a_story(n, source=s), region=REGIONS[n % 3])
            for s, (start, end) in spans.items()
            for n in range(start, end)
            if n % 5
        ]
        rejects = [
            a_reject(n, source=s)
            for s, (start, end) in spans.items()
            for n in range(start, end)
            if n % 5 == 0
        ]
        receipt = writer.write(a_batch(stories, rejects, spans=spans))
        print("committed", len(receipt.blocks), flush=True)


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("lake", type=str)
    parser.add_argument("what", choices=("write", "compact", "clean"))
    parser.add_argument("--point")
    parser.add_argument("--nth", type=int, default=1)
    parser.add_argument("--signal", default="KILL")
    parser.add_argument("--records", type=int, default=30)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--sources", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--retention-s", type=float, default=0.0)
    parser.add_argument("--option", action="append", default=[])
    parser.add_argument("--print-points", action="store_true")
    return parser.parse_args(arguments)


def command(lake: Path | str, what: str, *options: str) -> list[str]:
    """The command line of such a process that is started anew, as another user for one."""
    return [sys.executable, "-m", "tests.support.writing", str(lake), what, *options]


def started(lake: Path | str, what: str, *options: str, joined: bool = False) -> Process:
    """Such a process; `joined` has standard error in standard output."""
    return Process(server("tests.support.writing"), [str(lake), what, *options], joined=joined)


def ran(lake: Path | str, what: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Such a process once it has ended."""
    process = started(lake, what, *options)
    output, errors = process.communicate(timeout=120)
    return subprocess.CompletedProcess(options, process.wait(1), output, errors)


if __name__ == "__main__":
    sys.exit(main())
