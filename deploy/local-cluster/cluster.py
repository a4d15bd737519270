"""Kafka, Flink and the job on this machine: up, status, down.

Everything comes from the package registries and stands under `build/local-cluster/`: logs, data,
the configuration that the job was started with. Needs Java and Maven, and the project's own
environment (`make local-cluster` sees to the latter).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import psutil
from jars import ROOT, MissingError
from local_flink import FlinkCluster
from local_kafka import KafkaCluster
from processes import Process

from pipeline.source.kafka.topic_admin import create_topics

HOME = ROOT / "build" / "local-cluster"
STATE = HOME / "state.json"

_STOP_S = 30.0


def up(brokers: int, task_managers: int, partitions: int, home: Path = HOME) -> None:
    """Start everything and print where it is."""
    if alive(home):
        sys.exit("error: it runs already; `down` stops it")
    started: list[Process] = []
    try:
        kafka = KafkaCluster(home / "kafka", brokers)
        started += kafka.nodes
        print(f"Kafka: {brokers} broker(s) …", flush=True)
        kafka.start()
        flink = FlinkCluster(home / "flink", task_managers)
        started += flink.processes
        print(f"Flink: JobManager, {task_managers} TaskManager(s), job server …", flush=True)
        flink.start()
        config = write_config(home, kafka, flink, groups=partitions)
        create_topics(",".join(kafka.bootstrap_servers), {"wire": partitions})
        job = Process("job", job_command(config), home / "job.log")
        started.append(job)
        job.start()
    except BaseException:
        for process in reversed(started):
            process.kill()
        raise
    _remember(home, started)
    print(f"""
Kafka    {",".join(kafka.bootstrap_servers)}, topic wire
Flink    {flink.rest_url}
Lake     {home / "lake"}
Logs     {home}

The job is on its way to Flink: half a minute until `flink status` says RUNNING.

  dateline publish FILES --config {config}
  dateline flink status --config {config}
  dateline lake check --config {config}
""")


def down(home: Path = HOME) -> None:
    """Stop what `up` started, the job first. Data and logs stay."""
    processes = alive(home)
    for process in reversed(processes):
        process.terminate()
    _, left = psutil.wait_procs(processes, timeout=_STOP_S)
    for process in left:
        process.kill()
    (home / STATE.name).unlink(missing_ok=True)
    print(f"stopped {len(processes)} processes")


def alive(home: Path = HOME) -> list[psutil.Process]:
    """The processes that `up` started and that still run: same id, same time of birth."""
    state = home / STATE.name
    if not state.is_file():
        return []
    found = []
    for entry in json.loads(state.read_text()):
        try:
            process = psutil.Process(entry["pid"])
            if process.create_time() == entry["born"]:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


def write_config(
    home: Path,
    kafka: KafkaCluster,
    flink: FlinkCluster,
    *,
    groups: int,
    topic: str = "wire",
    parallelism: int | None = None,
) -> Path:
    """The configuration of a job on this cluster, as a file; its lake is under `home`."""
    servers = json.dumps(list(kafka.bootstrap_servers))
    path = home / "dateline.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"""\
[kafka]
bootstrap_servers = {servers}
topics = ["{topic}"]

[lake]
url = "{home / "lake"}"

[job]
groups = {groups}

[flink]
job_endpoint = "{flink.job_endpoint}"
rest_url = "{flink.rest_url}"
worker_pool = "{flink.worker_pool_address}"
job_name = "{topic}"
parallelism = {parallelism or len(flink.task_managers)}
checkpoint_interval_s = 3.0
""")
    return path


def job_command(config: Path) -> list[str]:
    """The job as a command."""
    return [
        sys.executable,
        "-m",
        "pipeline.cli",
        "run",
        "--runner",
        "flink",
        "--config",
        str(config),
    ]


def _remember(home: Path, processes: list[Process]) -> None:
    entries = [
        {"name": process.name, "pid": pid, "born": psutil.Process(pid).create_time()}
        for process in processes
        if (pid := process.pid) is not None
    ]
    (home / STATE.name).write_text(json.dumps(entries, indent=1))


def _status() -> None:
    running = {process.pid for process in alive()}
    entries = json.loads(STATE.read_text()) if STATE.is_file() else []
    for entry in entries:
        print(
            f"{entry['name']:<16} {entry['pid']:>8} {'up' if entry['pid'] in running else 'gone'}"
        )
    if not entries:
        print("nothing was started")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    starting = commands.add_parser("up", help="start everything")
    starting.add_argument("--brokers", type=int, choices=(1, 3), default=1)
    starting.add_argument("--task-managers", type=int, default=2)
    starting.add_argument("--partitions", type=int, default=8)
    commands.add_parser("down", help="stop everything")
    commands.add_parser("status", help="what runs")
    given = parser.parse_args()
    try:
        if given.command == "up":
            up(given.brokers, given.task_managers, given.partitions)
        elif given.command == "down":
            down()
        else:
            _status()
    except MissingError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
