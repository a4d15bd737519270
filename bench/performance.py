"""What the job costs beside what bounds it: the measures of docs/performance.md.

    python bench/performance.py [--only NAME …] [--rounds 3] [--stories 6000] [-o FILE.json]

Each measure is a ratio, or a difference from a bound, of two things that take turns in one run:
medians of so many rounds with their spread. `cpu` counts seconds of the processor, which other work
on the machine hardly changes; `clock` is the time that passes, which means something on an idle
machine alone. Results join those that the file has already, so that one measure can be taken anew;
the contests of `bench/pipelines.py` (`--contest FILE.json`) are read into it too. Stories are those
of Reuters-21578 and Wikinews below `DATELINE_DATA`. A measure that the file has from another
machine moves to `elsewhere`. `bench/performance_page.py` makes the page.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import scale
from pipelines import Run, await_landed, cpu_s_of, family, reuters_stories, running

from pipeline.enrich import Enricher
from pipeline.enrich.entities import ner
from pipeline.enrich.events.coder import EventCoder
from pipeline.enrich.events.parse import Parser
from pipeline.evaluate import stock
from pipeline.model import EnrichedStory, Record, Story
from pipeline.parse import parse_record
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import connect, publish
from tests.support.archive import write_tar
from tests.support.job import ReplayProcess, ended_at

PARTITIONS = 4
BATCH = 100
"""Stories of a batch of the loop that enriches alone: some seconds of a full flow have as many."""
FLUSH_S = 1.0
_LOOK_S = 0.1
_MEMORY_EVERY_S = 1.0
_LONGEST_S = 900.0
_MB = 1024**2


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure: the median of its rounds, their least and greatest, and what else to know."""

    value: float
    low: float
    high: float
    facts: dict[str, Any]


def measured(values: Sequence[float], **facts: Any) -> Measure:
    """The median of the rounds."""
    return Measure(statistics.median(values), min(values), max(values), facts)


@dataclass(frozen=True, slots=True)
class Given:
    """What the measures may take: stories, rounds, and a broker."""

    stories: int
    rounds: int
    servers: str


def short_wires(count: int) -> list[Story]:
    """Stories of Reuters-21578."""
    return [
        item
        for record in reuters_stories(count)
        for item in parse_record(record)
        if isinstance(item, Story)
    ]


def long_articles(count: int) -> list[Story]:
    """Articles of Wikinews, some 700 words each."""
    path = Path(os.environ["DATELINE_DATA"], "wikinews", "wikinews_2020.csv")
    csv.field_size_limit(10**7)
    found: list[Story] = []
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file)):
            text = f"{row['title']}\n\n{row['text']}\n"
            items = parse_record(Record("bench", number, text.encode()))
            found += [s for s in items if isinstance(s, Story) and len(s.body.split()) > 300]
            if len(found) >= count:
                break
    return found[:count]


def enrichment(stories: Sequence[Story], rounds: int) -> Measure:
    """CPU of the stock model's `nlp.pipe`, all of its components, over that of all enrichment."""
    enricher = Enricher()
    nlp = stock.pipeline(enricher.model)
    texts = [f"{story.headline}\n\n{story.body}" for story in stories]
    list(enricher.enrich(stories[:32]))
    sizes = {
        size: _cpu(lambda size=size: list(nlp.pipe(texts, batch_size=size)))
        for size in (8, 32, 128)
    }
    best = min(sizes, key=lambda size: sizes[size])
    ratios, ours_ms, stock_ms = [], [], []
    for number in range(rounds):
        work = {
            "ours": lambda: _in_batches(enricher, stories),
            "stock": lambda: list(nlp.pipe(texts, batch_size=best)),
        }
        turns = sorted(work, reverse=bool(number % 2))
        took = {name: 1000 * _cpu(work[name]) / len(stories) for name in turns}
        ratios.append(took["stock"] / took["ours"])
        ours_ms.append(took["ours"])
        stock_ms.append(took["stock"])
    words = sum(len(text.split()) for text in texts)
    ours = statistics.median(ours_ms)
    return measured(
        ratios,
        ms_a_story=round(ours, 2),
        stock_ms_a_story=round(statistics.median(stock_ms), 2),
        us_a_word=round(1000 * ours * len(stories) / words, 1),
        words_a_story=round(words / len(stories)),
        stock_batch=best,
    )


def _in_batches(enricher: Enricher, stories: Sequence[Story]) -> list[EnrichedStory]:
    found = []
    for begin in range(0, len(stories), BATCH):
        found += [
            item
            for item in enricher.enrich(stories[begin : begin + BATCH])
            if isinstance(item, EnrichedStory)
        ]
    return found


def _cpu(work: Callable[[], object]) -> float:
    begun_s = time.process_time()
    work()
    return time.process_time() - begun_s


def whole_job(given: Given) -> Measure:
    """Stories per CPU second of the job with one worker, over those of bare enrichment.

    Both have met the words of the stories before, as far as they come again.
    """
    records = reuters_stories(given.stories)
    stories = short_wires(given.stories)
    ratios, by_clock, job_ms, bare_ms = [], [], [], []
    enricher = Enricher()
    _in_batches(enricher, stories[: len(stories) // 4])
    for number in range(given.rounds):
        job = _job(given, records, f"whole-{number}")
        same = stories[job.first : job.last]
        begun_s, cpu_s = time.monotonic(), time.process_time()
        _in_batches(enricher, same)
        bare_cpu = (time.process_time() - cpu_s) / len(same)
        bare_clock = (time.monotonic() - begun_s) / len(same)
        ratios.append(bare_cpu / job.cpu_s)
        by_clock.append(bare_clock * job.per_s)
        job_ms.append(1000 * job.cpu_s)
        bare_ms.append(1000 * bare_cpu)
    return measured(
        ratios,
        by_clock=round(statistics.median(by_clock), 3),
        job_ms_a_story=round(statistics.median(job_ms), 2),
        bare_ms_a_story=round(statistics.median(bare_ms), 2),
    )


@dataclass(frozen=True, slots=True)
class Turn:
    """A job in full flow: for each of the stories from `first` to `last`, and the median of its
    memory, which goes up and down with each batch.

    Not its first quarter, in which words are met for the first time, nor its last fifth, in which
    one worker waits for the other or for its batch to get old.
    """

    first: int
    last: int
    per_s: float
    cpu_s: float
    pss_mb: float


def _job(given: Given, records: Sequence[Record], name: str, *options: str) -> Turn:
    with tempfile.TemporaryDirectory() as folder:
        run = Run("dateline", Path(folder, name), given.servers, "all", options=options)
        publish(records, bootstrap_servers=given.servers, topic=name, partitions=PARTITIONS)
        run.home.mkdir()
        with running(run) as process:
            first = last = await_landed(run, len(records) // 4, process)
            looks = [(time.monotonic(), cpu_s_of(process), last)]
            memory: list[float] = []
            while last < len(records) * 4 // 5:
                if time.monotonic() - looks[0][0] > _LONGEST_S:
                    raise SystemExit(f"{name}: {last} stories in {_LONGEST_S:.0f} s")
                last = await_landed(run, last, process)
                looks.append((time.monotonic(), cpu_s_of(process), last))
                if looks[-1][0] - looks[0][0] >= len(memory) * _MEMORY_EVERY_S:
                    memory.append(_pss_mb(process))
                time.sleep(_LOOK_S)
    # Batches land in steps, those of two workers often one right after the other: so by the slopes,
    # and not by what stands between the first look and the last.
    times, used, landed = zip(*looks, strict=True)
    per_s = statistics.linear_regression(times, landed).slope
    cpu = statistics.linear_regression(times, used).slope
    return Turn(first, last, per_s, cpu / per_s, statistics.median(memory))


def _pss_mb(process: psutil.Process) -> float:
    """MB of a job's processes; shared pages count once, as each has its share of them."""
    return sum(each.memory_full_info().pss for each in family(process)) / _MB


def two_workers(given: Given) -> Measure:
    """Stories a second of two workers over those of one (clock)."""
    records = reuters_stories(given.stories)
    turns: dict[str, list[Turn]] = {"1": [], "2": []}
    for number in range(given.rounds):
        for workers in ("1", "2") if number % 2 else ("2", "1"):
            name = f"workers-{workers}-{number}"
            turns[workers].append(_job(given, records, name, "--workers", workers))
    pairs = list(zip(turns["1"], turns["2"], strict=True))
    return measured(
        [two.per_s / one.per_s for one, two in pairs],
        stories_per_s=round(statistics.median(one.per_s for one, _ in pairs), 1),
        cpu_of_two_over_one=round(statistics.median(t.cpu_s / o.cpu_s for o, t in pairs), 3),
        memory_mb=round(statistics.median(one.pss_mb for one, _ in pairs)),
        second_mb=[round(two.pss_mb - one.pss_mb) for one, two in pairs],
    )


def freshness(given: Given) -> Measure:
    """Seconds beyond the flush interval until 99 of 100 stories can be queried, at half load."""
    records = reuters_stories(given.stories)
    pace = _job(given, records, "pace").per_s / 2
    beyond: list[float] = []
    for number in range(given.rounds):
        count = min(given.stories // 2, int(pace * 45))
        late = sorted(_delays(given, records, count, pace, f"fresh-{number}"))
        beyond.append(late[int(0.99 * len(late))] - FLUSH_S)
    return measured(beyond, stories_per_s=round(pace, 1), flush_interval_s=FLUSH_S)


def _delays(
    given: Given, records: Sequence[Record], count: int, per_s: float, name: str
) -> list[float]:
    """Seconds from each publication until the ledger has the story; one partition, in order.

    So many records in a steady flow, after all others have landed: words met for the first time
    are those of a job that has just begun.
    """
    with tempfile.TemporaryDirectory() as folder:
        options = ("--flush-interval-s", str(FLUSH_S))
        run = Run("dateline", Path(folder, name), given.servers, "all", options=options)
        records, warm = records[:count], records[count:]
        publish(warm, bootstrap_servers=given.servers, topic=name, partitions=1)
        run.home.mkdir()
        producer = connect(given.servers, {}, 60)
        sent: list[float] = []
        landed: list[float] = []
        with running(run) as process:
            await_landed(run, len(warm), process)
            begun_s = time.monotonic()
            while len(landed) < len(records):
                now_s = time.monotonic()
                while len(sent) < min(len(records), (now_s - begun_s) * per_s):
                    producer.send(name, records[len(sent)].value, partition=0)
                    sent.append(time.monotonic())
                found = ended_at(run.home / "lake") - len(warm)
                landed += [time.monotonic()] * (found - len(landed))
                time.sleep(0.05)
        producer.close(timeout=1)
    return [at - since for since, at in zip(sent, landed, strict=True)]


def replay(given: Given) -> Measure:
    """Stories per CPU second of a replay over those of the live job, one worker each."""
    records = reuters_stories(given.stories)
    ratios, by_clock = [], []
    with tempfile.TemporaryDirectory() as folder:
        archive = write_tar(Path(folder, "a.tar.gz"), (record.value for record in records))
        for number in range(given.rounds):
            live = _job(given, records, f"live-{number}", "--workers", "1")
            lake = Path(folder, f"lake-{number}")
            job = ReplayProcess(
                *(archive, lake, Path(folder, "log")),
                workers=1,
                part_records=len(records) // 5,
                fresh=True,
            )
            process = psutil.Process(job.process.pid)
            first = _ended(lake, len(records) // 4)
            begun_s, cpu_s = time.monotonic(), cpu_s_of(process)
            last = _ended(lake, len(records) * 4 // 5)
            took_s, used_s = time.monotonic() - begun_s, cpu_s_of(process) - cpu_s
            job.wait(300)
            ratios.append(live.cpu_s / (used_s / (last - first)))
            by_clock.append((last - first) / took_s / live.per_s)
    return measured(ratios, by_clock=round(statistics.median(by_clock), 3))


def _ended(lake: Path, least: int, timeout_s: float = 300) -> int:
    end_s = time.monotonic() + timeout_s
    while time.monotonic() < end_s:
        if (found := ended_at(lake)) >= least:
            return found
        time.sleep(0.1)
    raise SystemExit(f"{least} stories did not land in time")


def cold_help(given: Given) -> Measure:
    """CPU seconds of `dateline --help`, in a new process."""
    return measured([_cold("--help") for _ in range(3 * given.rounds)])


def cold_query(given: Given) -> Measure:
    """CPU seconds of a query of a small lake, in a new process."""
    with tempfile.TemporaryDirectory() as folder:
        lake = str(Path(folder, "lake"))
        archive = write_tar(Path(folder, "a.tar.gz"), (r.value for r in reuters_stories(20)))
        subprocess.run(
            [sys.executable, "-m", "pipeline.cli", "replay", str(archive), "--lake", lake],
            check=True,
            capture_output=True,
        )
        ask = ("query", "--lake", lake, "select count(*) from current")
        return measured([_cold(*ask) for _ in range(3 * given.rounds)])


def _cold(*arguments: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments], check=True, capture_output=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def growth(sources: int, files: int, given: Given, enrichment_ms: float) -> Measure:
    """Time of a batch over that of the smallest log: enrichment of 500 stories, and the commits.

    `sources` are partitions and archives that the log knows, `files` data files of a table.
    """
    small, large = [], []
    for _ in range(given.rounds):
        small.append(_commits_ms(1, 0))
        large.append(_commits_ms(sources, files))
    work_ms = 500 * enrichment_ms
    return measured(
        [(work_ms + b) / (work_ms + a) for a, b in zip(small, large, strict=True)],
        commits_ms=round(statistics.median(large), 1),
        smallest_ms=round(statistics.median(small), 1),
        batch_ms=round(work_ms),
    )


def _commits_ms(sources: int, files: int) -> float:
    """Refresh and commit of all tables: three have files by date and region, two by date alone."""
    many, few = (_log_ms(sources, count) for count in (files, files // 20))
    return 3 * many + 2 * few


def _log_ms(sources: int, files: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        scale.alone(scale.fill, folder, sources, files)
        found = scale.alone(scale.commit_and_time, folder, sources, 25)
    return float(found["commit_ms"] + found["refresh_ms"])


def parts(stories: Sequence[Story], rounds: int) -> Measure:
    """CPU of enrichment in µs a word, and by its parts, each timed around its own call."""
    enricher = Enricher()
    list(enricher.enrich(stories[:32]))
    words = sum(len(f"{s.headline} {s.body}".split()) for s in stories)
    totals, by_part = [], []
    for _ in range(rounds):
        spent: dict[str, float] = {}
        with (
            _timed(ner, "entities", "names, by the model", spent),
            _timed(Parser, "parse", "syntax of candidate sentences", spent),
            _timed(EventCoder, "code_batch", "events", spent),
            _timed(Enricher, "_entities", "names, lists and places", spent),
            _timed(Enricher, "_prepare", "language, letters, dateline", spent),
        ):
            total = _cpu(lambda: _in_batches(enricher, stories))
        spent["events"] -= spent["syntax of candidate sentences"]
        spent["region, topics, rows"] = total - sum(spent.values())
        totals.append(1e6 * total / words)
        by_part.append({name: 1e6 * each / words for name, each in spent.items()})
    median = {
        name: round(statistics.median(part[name] for part in by_part), 2) for name in by_part[0]
    }
    return measured(totals, us_a_word=median)


@contextmanager
def _timed(owner: Any, name: str, part: str, spent: dict[str, float]) -> Iterator[None]:
    """Adds the CPU seconds of each call to `spent[part]`; what is yielded counts to it too."""
    own = getattr(owner, name)

    def call(*arguments: Any, **named: Any) -> Any:
        begun_s = time.process_time()
        result = own(*arguments, **named)
        if isinstance(result, Iterator):
            result = iter(list(result))
        spent[part] = spent.get(part, 0.0) + time.process_time() - begun_s
        return result

    setattr(owner, name, call)
    try:
        yield
    finally:
        setattr(owner, name, own)


def machine() -> str:
    """Name the processor with what it multiplies, to ten billion additions and products a second.

    Half of the model's time goes into products of matrices, so seconds hang on that rate.
    """
    about = Path("/proc/cpuinfo")
    lines = about.read_text("utf-8").splitlines() if about.exists() else []
    facts = dict(line.split("\t: ", 1) for line in lines if "\t: " in line)
    model = " ".join(facts.get("model name", platform.machine()).split())
    matrix = np.ones((1000, 1000), dtype="float32")
    fastest_s = min(_cpu(lambda: matrix @ matrix) for _ in range(5))
    rate = 10 * max(1, round(2e9 / fastest_s / 1e10))
    return f"{model}, {os.cpu_count()} CPUs, {rate} GFLOP/s, Python {platform.python_version()}"


def contest(path: Path) -> tuple[str, Measure]:
    """The best of the others over Dateline, by CPU a story, from a file of `pipelines.py`."""
    told = json.loads(path.read_text("utf-8"))
    cpu: dict[str, list[float]] = {}
    speed: dict[str, list[float]] = {}
    for turn in told["turns"]:
        cpu.setdefault(turn["contestant"], []).append(turn["cpu_ms_per_story"])
        speed.setdefault(turn["contestant"], []).append(turn["stories_per_s"])
    middle = {name: statistics.median(values) for name, values in cpu.items()}
    best = min((name for name in middle if name != "dateline"), key=lambda name: middle[name])
    ratios = [theirs / ours for theirs, ours in zip(cpu[best], cpu["dateline"], strict=False)]
    return f"contest_{told['mode']}", measured(
        ratios,
        best=best,
        cpu_ms_a_story={name: round(value, 2) for name, value in middle.items()},
        stories_per_s={name: round(statistics.median(v)) for name, v in speed.items()},
        versions=told["versions"],
    )


def measures(given: Given, known: dict[str, Any]) -> dict[str, Callable[[], Measure]]:
    """Each measure by its name; `known` holds those that were taken before."""
    few = max(50, min(300, given.stories // 5))

    def cost_ms() -> float:
        taken = known.get("enrichment_short") or asdict(enrichment(short_wires(few), 1))
        return float(taken["facts"]["ms_a_story"])

    return {
        "enrichment_short": lambda: enrichment(short_wires(few), given.rounds),
        "enrichment_long": lambda: enrichment(long_articles(few // 4), given.rounds),
        "parts": lambda: parts(short_wires(few), given.rounds),
        "whole_job": lambda: whole_job(given),
        "two_workers": lambda: two_workers(given),
        "freshness": lambda: freshness(given),
        "replay": lambda: replay(given),
        "cold_query": lambda: cold_query(given),
        "cold_help": lambda: cold_help(given),
        "growth_sources": lambda: growth(1000, 0, given, cost_ms()),
        "growth_files": lambda: growth(1000, 10_000, given, cost_ms()),
    }


def main() -> None:
    """Take the measures and write them down."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", nargs="*", default=[])
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--stories", type=int, default=6000)
    options.add_argument("--contest", type=Path, nargs="*", default=[])
    options.add_argument("-o", "--output", type=Path, required=True)
    asked = options.parse_args()
    told = json.loads(asked.output.read_text("utf-8")) if asked.output.exists() else {}
    known = told.setdefault("measures", {})
    here = machine()

    def keep(name: str, found: dict[str, Any]) -> None:
        before = known.get(name)
        if before and before["machine"] != here:
            told.setdefault("elsewhere", {}).setdefault(name, []).append(before)
        known[name] = {**found, "machine": here}
        # One by one: a run that is ended keeps what it has.
        asked.output.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8")

    for path in asked.contest:
        name, found = contest(path)
        keep(name, asdict(found))
    with EmbeddedBroker() as broker:
        given = Given(asked.stories, asked.rounds, broker.bootstrap_servers)
        for name, take in measures(given, known).items():
            if asked.only and name not in asked.only:
                continue
            load = os.getloadavg()[0]
            found = take()
            when = {"load": round(load, 1), "at": f"{datetime.now(UTC):%Y-%m-%d %H:%M}"}
            keep(name, {**asdict(found), **when, "rounds": asked.rounds})
            print(name, found, flush=True)


if __name__ == "__main__":
    main()
