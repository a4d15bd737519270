"""CPU that enrichment costs a story, beside that of another commit.

    python bench/enrich.py --against COMMIT [--rounds 5] [--stories 150] [--profile]

Takes stories of a Reuters-21578 file below `DATELINE_DATA`, and the samples. Each version parses
them itself and enriches them in a process of its own, the other one from a git worktree that is
removed in the end; they take turns round by round. What counts is CPU of the process, not time on
the clock. `--profile` prints where each version spends it.
"""

from __future__ import annotations

import argparse
import cProfile
import gzip
import io
import json
import os
import pstats
import statistics
import sys
import time
from pathlib import Path

from versions import ROOT, Worker, worktree

_REUTERS = "reuters21578/reut2-003.sgm.gz"
_MOST_LINES = 400


def serve() -> None:
    """Enriches the stories of what the lines of the standard input name, until they end."""
    from pipeline.enrich.enricher import Enricher
    from pipeline.model import Record, Story
    from pipeline.parse import parse_record

    enricher = Enricher()
    for line in sys.stdin:
        question = json.loads(line)
        stories = [
            story
            for number, path in enumerate(question["paths"])
            for story in parse_record(Record("bench", number, _bytes(Path(path))))
            if isinstance(story, Story)
        ][: question["stories"]]
        profile = cProfile.Profile(time.process_time)
        begun = time.process_time()
        if question["profile"]:
            profile.enable()
        list(enricher.enrich(stories))
        profile.disable()
        took = time.process_time() - begun
        text = io.StringIO()
        if question["profile"]:
            pstats.Stats(profile, stream=text).sort_stats("cumulative").print_stats(_MOST_LINES)
        print(json.dumps([took, len(stories), text.getvalue()]), flush=True)


def _bytes(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def inputs() -> list[str]:
    """The files to read: the samples, and a Reuters file where there is one."""
    paths = [path for path in (ROOT / "pipeline/samples/wire").rglob("*") if path.is_file()]
    reuters = Path(os.environ.get("DATELINE_DATA", ""), _REUTERS)
    return [str(path) for path in (*sorted(paths), *([reuters] if reuters.is_file() else ()))]


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="CPU of enrichment beside that of another commit")
    parser.add_argument("--against", default="HEAD", help="the commit to compare with")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stories", type=int, default=150)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve()
        return
    ask = {"paths": inputs(), "stories": args.stories, "profile": False}
    with worktree(args.against) as tree:
        old, new = Worker(tree, Path(__file__)), Worker(ROOT, Path(__file__))
        try:
            took: list[tuple[float, float]] = []
            for number in range(args.rounds + 1):
                pair = ((old, new), (new, old))[number % 2]
                seconds = {id(side): _a_story(side.ask(**ask)) for side in pair}
                if number:  # the first round fills caches
                    took.append((seconds[id(old)], seconds[id(new)]))
                    print(f"{1000 * took[-1][0]:8.2f} ms {1000 * took[-1][1]:8.2f} ms", flush=True)
            ratios = [now / before for before, now in took]
            print(f"now / {args.against}: {statistics.median(ratios):.3f}", end=" ")
            print(f"({min(ratios):.3f} to {max(ratios):.3f}), CPU a story")
            if args.profile:
                for side in (old, new):
                    print(side.ask(**{**ask, "profile": True})[2])
        finally:
            old.close()
            new.close()


def _a_story(answer: list[object]) -> float:
    return float(str(answer[0])) / int(str(answer[1]))


if __name__ == "__main__":
    main()
