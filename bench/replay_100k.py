"""A large replay that is killed ten times, held against the live job: memory, speed, rows.

Run it with `make replay-100k`. Makes an archive by seed, replays it with `dateline replay`, kills
all of its processes with SIGKILL at ten random moments, samples each worker's resident memory, then
publishes the same records to an embedded broker, streams them, and compares both lakes row for row
(coordinates and times of arrival aside). Prints the figures as JSON; exits with 1 on a difference.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from pipeline.config import load
from pipeline.model import Record
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from pipeline.store.check.judge import check
from pipeline.supervise import Logging, Supervisor
from tests.support.archive import records, write_tar
from tests.support.digest import digests
from tests.support.job import ReplayProcess, ended_at


def main() -> int:
    """Replay, kill, stream, compare, and print the figures."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=100_000)
    options.add_argument("--kills", type=int, default=10)
    options.add_argument("--workers", type=int, default=2)
    options.add_argument("--part-records", type=int, default=2000)
    options.add_argument("--folder", type=Path, help="Kept, and gone on with, where it is given.")
    options.add_argument("--no-live", action="store_true", help="Leave the comparison out.")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        archive = folder / "archive.tar.gz"
        if not archive.exists():
            write_tar(archive, records(given.records))
        facts: dict[str, Any] = {
            "records": given.records,
            "workers": given.workers,
            "part_records": given.part_records,
        }
        replayed = replay(archive, folder / "replay", given, facts)
        print(json.dumps(facts), flush=True)
        if given.no_live:
            return 0
        live = stream(folder / "live", given, facts)
        facts["same_rows"] = replayed == live
        facts["tables"] = {name: counted for name, (counted, *_) in replayed.items()}
        print(json.dumps(facts, indent=1))
        return 0 if facts["same_rows"] else 1


def replay(archive: Path, lake: Path, given: argparse.Namespace, facts: dict[str, Any]) -> Any:
    """The digests of the lake after a replay that was killed again and again."""
    moments = random.Random(given.records)
    samples: list[tuple[float, float]] = []
    begin_s, killed = time.monotonic(), []
    limits = sorted(moments.uniform(0.02, 0.95) * given.records for _ in range(given.kills))
    for limit in [*limits, None]:
        job = ReplayProcess(
            archive,
            lake,
            lake.with_suffix(".log"),
            workers=given.workers,
            part_records=given.part_records,
            fresh=True,
        )
        start_s = time.monotonic()
        while job.process.poll() is None:
            samples += [(time.monotonic() - start_s, rss) for rss in job.worker_rss()]
            if limit is not None and ended_at(lake) >= limit:
                # Anywhere in the part that follows.
                time.sleep(moments.uniform(0, given.part_records / 100))
                killed.append(ended_at(lake))
                job.kill()
                break
            time.sleep(1)
        else:
            job.wait(1)
            if job.process.returncode:
                sys.exit(f"the replay ended with {job.process.returncode}")
    took_s = time.monotonic() - begin_s
    report = check(str(lake), strict=True)
    facts |= {
        "killed_at": killed,
        "replay_s": round(took_s),
        "records_per_s": round(given.records / took_s, 1),
        "check_ok": report.ok,
        "worker_rss_mb_max": round(max(mb for _, mb in samples)),
        **slope(samples),
    }
    return digests(lake)


def stream(lake: Path, given: argparse.Namespace, facts: dict[str, Any]) -> Any:
    """The digests of the lake after the live job read the same records."""
    begin_s = time.monotonic()
    with EmbeddedBroker(topics={"wire": 4}) as broker:
        # Repeats have their key in common, and so their partition: two sources may race the same
        # revision into the lake, which is then there twice (see ARCHITECTURE.md, invariant 4).
        sent = (
            Record("", n, data, key=hashlib.sha256(data).digest())
            for n, data in enumerate(records(given.records))
        )
        publish(sent, bootstrap_servers=broker.bootstrap_servers, topic="wire")
        settings = load(
            None,
            {
                "lake": {"url": str(lake)},
                "kafka": {"bootstrap_servers": [broker.bootstrap_servers], "topics": ["wire"]},
                "job": {"workers": given.workers},
                "batch": {"max_records": given.part_records},
            },
        )
        Supervisor(settings, until_caught_up=True, logging=Logging("warning")).run(
            threading.Event()
        )
    facts["live_s"] = round(time.monotonic() - begin_s)
    return digests(lake)


def slope(samples: list[tuple[float, float]], warm_up_s: float = 60.0) -> dict[str, float]:
    """Least squares over the samples of all runs, each by its time since that run's start."""
    late = [(s, mb) for s, mb in samples if s >= warm_up_s]
    if len(late) < 30:
        return {}
    per_s, begin = statistics.linear_regression(*zip(*late, strict=True))
    rest = [mb - (per_s * s + begin) for s, mb in late]
    return {
        "rss_samples": len(late),
        "rss_slope_mb_per_minute": round(per_s * 60, 2),
        "rss_residual_stdev_mb": round(statistics.pstdev(rest), 1),
    }


if __name__ == "__main__":
    sys.exit(main())
