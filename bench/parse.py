"""CPU that parsing costs a story, a wire format at a time, beside that of another commit.

    python bench/parse.py --against COMMIT [--rounds 9] [--format nitf] [--instructions]

Reads the golden inputs, the samples and, with `DATELINE_DATA`, files of Reuters-21578. Each version
runs in a process of its own, the other one from a git worktree that is removed in the end; they
take turns round by round, and the medians of their CPU time are compared. Inputs that one of the
two does not read as stories of the same format are left out, as they are no measure of speed.

With `--instructions` the machine's instructions are counted instead, by valgrind, which takes a few
minutes and does not depend on what else the machine does.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from versions import ROOT, Worker, worktree

_REUTERS_BYTES = 60_000


def serve() -> None:
    """Parses what the lines of the standard input name, until they end."""
    from pipeline.model import Record, Story
    from pipeline.parse import parse_record

    records: dict[str, Record] = {}
    for line in sys.stdin:
        question = json.loads(line)
        for path in question["paths"]:
            records.setdefault(path, Record("bench", 0, _bytes(Path(path))))
        chosen = [records[path] for path in question["paths"]]
        if question["what"] == "formats":
            items = map(parse_record, chosen)
            told = [[e.format if isinstance(e, Story) else None for e in i] for i in items]
            print(json.dumps(told), flush=True)
            continue
        begun = time.process_time()
        for _ in range(question["times"]):
            for record in chosen:
                parse_record(record)
        print(json.dumps([time.process_time() - begun]), flush=True)


def _bytes(path: Path) -> bytes:
    if path.suffix == ".gz":
        text = gzip.decompress(path.read_bytes())
        return text[: text.rindex(b"</REUTERS>", 0, _REUTERS_BYTES) + len(b"</REUTERS>")]
    return path.read_bytes()


def inputs() -> list[str]:
    """The files to read: golden inputs, samples, Reuters files."""
    golden = (ROOT / "tests/golden/parse").glob("*/*")
    paths = [p for p in golden if p.is_file() and p.suffix != ".expected"]
    paths += [p for p in (ROOT / "pipeline/samples/wire").rglob("*") if p.is_file()]
    data = os.environ.get("DATELINE_DATA")
    paths += sorted(Path(data, "reuters21578").glob("reut2-00[0-2].sgm.gz")) if data else []
    return [str(path) for path in sorted(paths)]


def comparable(old: Worker, new: Worker) -> dict[str, list[tuple[str, int]]]:
    """The inputs of each format that both versions read as the same stories, with their number."""
    found: dict[str, list[tuple[str, int]]] = {}
    paths = inputs()
    told = (old.ask(what="formats", paths=paths), new.ask(what="formats", paths=paths))
    for path, before, now in zip(paths, *told, strict=True):
        assert isinstance(now, list)
        if before == now and None not in now and len(set(now)) == 1:
            apart = " (Reuters files)" if path.endswith(".gz") else ""
            found.setdefault(f"{now[0]}{apart}", []).append((path, len(now)))
    return found


def compare(old: Worker, new: Worker, rounds: int, only: str | None) -> None:
    """Prints the CPU a story of both versions, and their ratio, for each format."""
    found = comparable(old, new)
    chosen = sorted(name for name in found if not only or name.startswith(only))
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in chosen}
    for number in range(rounds + 1):
        for name in chosen:
            paths = [path for path, _ in found[name]]
            size = sum(Path(p).stat().st_size for p in paths)
            ask = {"what": "time", "paths": paths, "times": max(1, 15_000 // size)}
            pair = ((old, new), (new, old))[number % 2]
            took = {id(side): _seconds(side.ask(**ask)) / ask["times"] for side in pair}  # type: ignore[operator]
            if number:  # the first round fills caches
                times[name].append((took[id(old)], took[id(new)]))
    print(f"{'format':32} stories  old ms  new ms  ratio")
    ratios = []
    for name in chosen:
        stories = sum(count for _, count in found[name])
        before, now = (statistics.median(column) for column in zip(*times[name], strict=True))
        ratio = statistics.median(late / early for early, late in times[name])
        ratios.append(ratio)
        shown = (1000 * before / stories, 1000 * now / stories, ratio)
        print(f"{name:32} {stories:7} {shown[0]:7.3f} {shown[1]:7.3f} {shown[2]:6.2f}")
    print(f"{'geometric mean of the ratios':56} {statistics.geometric_mean(ratios):6.2f}")


def count(trees: tuple[Path, Path], found: dict[str, list[tuple[str, int]]], passes: int) -> None:
    """Prints the instructions a story of both versions, and their ratio, for each format."""
    paths = {name: [path for path, _ in chosen] for name, chosen in sorted(found.items())}
    old, new = (_instructions(tree, paths, passes) for tree in trees)
    print(f"{'format':32} stories  old M.  new M.  ratio")
    ratios = []
    for name in paths:
        stories = sum(number for _, number in found[name])
        ratios.append(new[name] / old[name])
        shown = (old[name] / stories / 1e6, new[name] / stories / 1e6, ratios[-1])
        print(f"{name:32} {stories:7} {shown[0]:7.3f} {shown[1]:7.3f} {shown[2]:6.2f}")
    print(f"{'geometric mean of the ratios':56} {statistics.geometric_mean(ratios):6.2f}")


def _instructions(tree: Path, paths: dict[str, list[str]], passes: int) -> dict[str, float]:
    """What one pass over the files of each format takes, once they were read before."""
    command = [
        *("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"),
        *(sys.executable, str(Path(__file__).resolve()), "--passes", str(passes)),
    ]
    env = {**os.environ, "PYTHONPATH": str(tree), "PYTHONHASHSEED": "0"}
    facts = json.dumps(paths)
    done = subprocess.run(
        command, cwd=tree, env=env, input=facts, capture_output=True, text=True, check=True
    )
    refs = re.findall(r"==(\d+)== I\s+refs:\s+([\d,]+)", done.stderr)
    counted = {process: int(number.replace(",", "")) for process, number in refs}
    told = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: (counted[more] - counted[once]) / passes for name, once, more in told}


def _pass_over(passes: int) -> None:
    """Reads each format's files in a process of its own, and once more in another with passes.

    Each begins as a copy of this one, so that what both have done by then is the same.
    """
    from pipeline.model import Record
    from pipeline.parse import parse_record

    for name, paths in json.load(sys.stdin).items():
        records = [Record("bench", 0, _bytes(Path(path))) for path in paths]
        processes = []
        for times in (1, passes + 1):
            process = os.fork()
            if not process:
                for _ in range(times):
                    for record in records:
                        parse_record(record)
                os._exit(0)
            os.waitpid(process, 0)
            processes.append(str(process))
        print(json.dumps([name, *processes]), flush=True)


def _seconds(answer: list[object]) -> float:
    return float(str(answer[0]))


def main() -> None:
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="CPU of parsing beside that of another commit")
    parser.add_argument("--against", default="HEAD", help="the commit to compare with")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--format", help="this one only")
    parser.add_argument("--instructions", action="store_true", help="count those, by valgrind")
    parser.add_argument("--passes", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.serve:
        serve()
        return
    if args.passes is not None:
        _pass_over(args.passes)
        return
    with worktree(args.against) as tree:
        old, new = Worker(tree, Path(__file__)), Worker(ROOT, Path(__file__))
        try:
            if args.instructions:
                found = comparable(old, new)
                chosen = {n: p for n, p in found.items() if n.startswith(args.format or "")}
                count((tree, ROOT), chosen, passes=8)
            else:
                compare(old, new, args.rounds, args.format)
        finally:
            old.close()
            new.close()


if __name__ == "__main__":
    main()
