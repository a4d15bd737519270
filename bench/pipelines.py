"""What users would build instead, beside the job: Kafka to Parquet by date and region.

    python bench/pipelines.py [--mode none|entities] [--stories N] [--rounds 3]
        [--contestants dateline,kafka_python,confluent,bytewax_flow,quix,pathway_flow,spark_stream]
        [--python PYTHON] [-o FILE.json]

Every contestant reads the same stories of Reuters-21578 (below `DATELINE_DATA`) from a topic of its
own of Apache Kafka, by Dateline's parser and row builder, and writes Parquet. With
`entities` each finds names too: the others by stock spaCy with the components that names need,
Dateline by its own models and lists, without events (`enrich.coder = "none"`), so that it does more
than they. They take turns round by round, one process each. Counted are stories a second and CPU
seconds a story of the contestant's processes between its first and its last commit; the broker is
nobody's. The others may land a story twice after a crash, and keep no reject.

`--python` is an interpreter with what `bench/against/requirements.txt` pins (`make bench` makes
it); a contestant that cannot be imported there is left out, and said to be. Kafka and Spark need
Java, and Maven for their jars. Without them the embedded broker is taken, which does not answer
librdkafka's group (its second request to join): what builds on that is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import metadata
from itertools import islice
from pathlib import Path

import jars
import psutil
import pyarrow.parquet as pq
from local_kafka import KafkaCluster

from pipeline.model import Record, Story
from pipeline.parse import parse_record
from pipeline.source.archive.archive import open_archive
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from tests.support.job import ended_at

ROOT = Path(__file__).resolve().parent.parent
_PACKAGES = {
    "dateline": "dateline",
    "kafka_python": "kafka-python",
    "confluent": "confluent-kafka",
    "bytewax_flow": "bytewax",
    "quix": "quixstreams",
    "pathway_flow": "pathway",
    "spark_stream": "pyspark",
}
_BY_GROUP_OF_LIBRDKAFKA = frozenset({"confluent", "quix", "pathway_flow"})
_PARTITIONS = 4
_WAIT_S = 600.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Run:
    """A contestant, what it reads (the topic has the folder's name) and where it writes.

    `mode` is `none`, `entities` or, for Dateline alone, `all`. `options` are further ones of
    `dateline run`.
    """

    name: str
    home: Path
    servers: str
    mode: str
    python: str = sys.executable
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Turn:
    """One contestant's figures of one round."""

    contestant: str
    stories_per_s: float
    cpu_ms_per_story: float
    memory_mb: float


def main() -> None:
    """Measure, and print a table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--mode", choices=("none", "entities"), default="entities")
    options.add_argument("--stories", type=int, help="3000, and 10000 without enrichment")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--contestants", default=",".join(_PACKAGES))
    options.add_argument("--python", default=sys.executable)
    options.add_argument("-o", "--output", type=Path)
    given = options.parse_args()
    given.stories = given.stories or (10_000 if given.mode == "none" else 3000)
    names = [name for name in given.contestants.split(",") if _is_there(given.python, name)]
    with tempfile.TemporaryDirectory() as folder, broker(Path(folder, "kafka")) as servers:
        if servers.is_embedded:
            names = [name for name in names if name not in _BY_GROUP_OF_LIBRDKAFKA]
            print("left out: what needs Apache Kafka (Java, Maven)", file=sys.stderr)

        def run(name: str, number: int) -> Run:
            home = Path(folder, f"{name}-{number}")
            return Run(name, home, servers.address, given.mode, given.python)

        turns = contend(names, run, given.stories, given.rounds)
    print(table(names, turns))
    if given.output:
        machine = f"{platform.machine()}, {os.cpu_count()} CPUs"
        facts = {
            "mode": given.mode,
            "stories": given.stories,
            "machine": f"{machine}, Python {platform.python_version()}",
            "versions": {name: _version(given.python, _PACKAGES[name]) for name in names},
            "turns": [asdict(turn) for turn in turns],
        }
        given.output.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the broker listens, and whether it is the embedded one."""

    address: str
    is_embedded: bool


@contextmanager
def broker(root: Path) -> Iterator[Servers]:
    """Apache Kafka in a process of its own; without Java or Maven the embedded broker."""
    try:
        root.mkdir()
        kafka = KafkaCluster(root)
    except jars.MissingError:
        with EmbeddedBroker() as embedded:
            yield Servers(embedded.bootstrap_servers, is_embedded=True)
        return
    with kafka:
        yield Servers(kafka.bootstrap_servers[0], is_embedded=False)


def contend(
    names: Sequence[str], run_of: Callable[[str, int], Run], count: int, rounds: int
) -> list[Turn]:
    """Each contestant's turn of each round; the stories are in a topic of its own before."""
    stories = reuters_stories(count)
    turns: list[Turn] = []
    for number in range(rounds):
        # Each begins a round once in a while: what heats the machine hits all alike.
        first = number % len(names)
        for name in (*names[first:], *names[:first]):
            run = run_of(name, number)
            publish(
                stories,
                bootstrap_servers=run.servers,
                topic=run.home.name,
                partitions=_PARTITIONS,
            )
            run.home.mkdir()
            turns.append(measure(run, len(stories)))
            print(turns[-1], flush=True)
    return turns


def measure(run: Run, stories: int) -> Turn:
    """One contestant from its first commit to its last."""
    with running(run) as process:
        first = await_landed(run, 1, process)
        begun_s, cpu_s = time.monotonic(), cpu_s_of(process)
        await_landed(run, stories, process)
        took_s, used_s = time.monotonic() - begun_s, cpu_s_of(process) - cpu_s
        memory = sum(each.memory_info().rss for each in family(process)) / 1024**2
    done = stories - first
    return Turn(run.name, done / took_s, 1000 * used_s / done, memory)


def table(names: list[str], turns: list[Turn]) -> str:
    """Medians and spreads, and each contestant's CPU a story over Dateline's."""
    lines = ["contestant       stories/s   CPU ms a story (spread)   CPU over dateline's   MB"]
    of = {n: [t for t in turns if t.contestant == n] for n in names}
    base = statistics.median(t.cpu_ms_per_story for t in of.get("dateline") or turns)
    for name, own in of.items():
        cpu = sorted(t.cpu_ms_per_story for t in own)
        middle = statistics.median(cpu)
        speed = statistics.median(t.stories_per_s for t in own)
        spread = f"({cpu[0]:.2f} to {cpu[-1]:.2f})"
        ratio = middle / base
        memory = statistics.median(t.memory_mb for t in own)
        lines.append(
            f"{name:<16} {speed:9.0f} {middle:11.2f} {spread:<18} {ratio:12.2f} {memory:11.0f}"
        )
    return "\n".join(lines)


def reuters_stories(count: int) -> list[Record]:
    """The first stories of Reuters-21578 that are read without a reject."""
    data = os.environ.get("DATELINE_DATA")
    if not data:
        raise SystemExit("DATELINE_DATA names no folder: the stories are in its reuters21578")
    records = open_archive(Path(data, "reuters21578")).records()
    found = [
        Record("bench", 0, record.value)
        for record in islice(records, 2 * count)
        if all(isinstance(item, Story) for item in parse_record(record))
    ][:count]
    if len(found) < count:
        raise SystemExit(f"there are {len(found)} stories, fewer than --stories {count}")
    return found


@contextmanager
def running(run: Run) -> Iterator[psutil.Process]:
    """A contestant's process, ended with its children after the block."""
    # Spark's Python workers import what the script beside them imports.
    path = os.pathsep.join((str(ROOT), str(ROOT / "bench" / "against")))
    env = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    env |= {"SERVERS": run.servers, "TOPIC": run.home.name, "FOLDER": str(run.home)}
    if run.name == "dateline":
        how = {"none": "DATELINE_ENRICH__MODE", "entities": "DATELINE_ENRICH__CODER"}
        if run.mode in how:
            env |= {how[run.mode]: "none"}
        command = [sys.executable, "-m", "pipeline.cli", "run", "--lake", str(run.home / "lake")]
        command += ["--bootstrap-servers", run.servers, "--topic", run.home.name]
        command += run.options
    else:
        env |= {"MODE": run.mode, "PYSPARK_PYTHON": run.python}
        if run.name == "spark_stream":
            env |= {"SPARK_JARS": jars.classpath("spark", ROOT / "bench" / "against")}
        command = [run.python, str(ROOT / "bench" / "against" / f"{run.name}.py")]
    with (run.home / "log").open("wb") as log:
        process = psutil.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            yield process
        finally:
            for each in family(process):
                each.kill()
            process.wait()


def family(process: psutil.Process) -> list[psutil.Process]:
    """The process and its children."""
    return [*process.children(recursive=True), process]


def cpu_s_of(process: psutil.Process) -> float:
    """Seconds of the processor that it and its children took so far."""
    return sum(sum(each.cpu_times()[:2]) for each in family(process))


def _landed(run: Run) -> int:
    if run.name == "dateline":
        return ended_at(run.home / "lake")
    # Whole files only: a contestant writes on while they are counted.
    counted = 0
    for file in (run.home / "stories").glob("date=*/region=*/*.parquet"):
        try:
            counted += pq.read_metadata(file).num_rows
        except (OSError, ValueError):
            continue
    return counted


def await_landed(run: Run, least: int, process: psutil.Process) -> int:
    """Wait until so many stories have landed, and return how many have."""
    end_s = time.monotonic() + _WAIT_S
    while time.monotonic() < end_s:
        found = _landed(run)
        if found >= least:
            return found
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            told = (run.home / "log").read_text("utf-8", "replace")
            raise SystemExit(f"{run.name} came to grief:\n{told[-2000:]}")
        time.sleep(_POLL_S)
    raise SystemExit(f"{run.name} did not land {least} stories in {_WAIT_S:.0f} s")


def _is_there(python: str, name: str) -> bool:
    if name == "dateline" or _version(python, _PACKAGES[name]):
        return True
    print(f"left out: {name}, as {_PACKAGES[name]} is not installed", file=sys.stderr)
    return False


def _version(python: str, package: str) -> str | None:
    if python == sys.executable:
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            return None
    code = f"from importlib import metadata; print(metadata.version({package!r}))"
    done = subprocess.run([python, "-c", code], check=False, capture_output=True, text=True)
    return done.stdout.strip() or None


if __name__ == "__main__":
    main()
