"""`dateline replay` with its worker processes: killed, interrupted, beside the live job."""

from __future__ import annotations

import hashlib
import json
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.beam.launch import replay_archives, run_epochs
from pipeline.config import load
from pipeline.job import forget
from pipeline.model import Record
from pipeline.source.archive.archive import open_archive
from pipeline.source.broker.embedded import EmbeddedBroker
from pipeline.source.kafka.publish import publish
from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from tests.support.archive import records, write_tar
from tests.support.command import dateline
from tests.support.digest import digests
from tests.support.job import JobProcess, ReplayProcess, ended_at, until

pytestmark = pytest.mark.engine
COUNT = 300
PART = 20


def copy() -> Iterator[bytes]:
    """The records of the archive: of ten days, so that there are not too many files."""
    return records(COUNT, days=10)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compressed tar file of generated stories with revisions, repeats and rejects."""
    return write_tar(tmp_path_factory.mktemp("archive") / "a.tar.gz", copy())


def spoken(*arguments: str) -> dict[str, Any]:
    """The JSON that a command prints."""
    done = dateline(*arguments, "--json", env={"DATELINE_REPLAY__PART_RECORDS": str(PART)})
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def assert_whole(lake: Path) -> None:
    report = check(str(lake), strict=True)
    assert report.ok, report.findings


@pytest.mark.timeout(1800)
@pytest.mark.long
def test_a_replay_that_is_killed_again_and_again_equals_the_live_result(
    tmp_path: Path, archive: Path, broker: EmbeddedBroker
) -> None:
    """Three times all of it, once one worker; each run has another number of workers and another
    size of parts, and goes on where the lake ends. Row for row, coordinates aside."""
    moments = random.Random(4)
    lake, log = tmp_path / "replay", tmp_path / "replay.log"
    for kill, (workers, part) in enumerate(((2, PART), (1, 15), (3, 10))):
        job = ReplayProcess(archive, lake, log, workers=workers, part_records=part)
        goal = ended_at(lake) + part
        until(lambda goal=goal: ended_at(lake) >= goal, 300)  # type: ignore[misc]
        time.sleep(moments.uniform(0, 1))
        if kill == 0:
            # Its supervisor starts it anew, and the other one waits for its part meanwhile.
            job.workers()[0].kill()
            goal = ended_at(lake) + 2 * part
            until(lambda goal=goal: ended_at(lake) >= goal, 300)  # type: ignore[misc]
        job.kill()
        assert ended_at(lake) < COUNT
    last = ReplayProcess(archive, lake, log, workers=2, part_records=PART)
    assert last.wait(600) == 0, log.read_text()[-3000:]
    assert_whole(lake)

    sent = (Record("", n, d, key=hashlib.sha256(d).digest()) for n, d in enumerate(copy()))
    publish(sent, bootstrap_servers=broker.bootstrap_servers, topic="wire")
    kafka = {"bootstrap_servers": [broker.bootstrap_servers], "topics": ["wire"]}
    settings = load(None, {"lake": {"url": str(tmp_path / "live")}, "kafka": kafka})
    try:
        assert run_epochs(settings, [0], until_caught_up=True) == "caught_up"
    finally:
        forget(settings)
    assert digests(lake) == digests(tmp_path / "live")

    again = dateline("replay", str(archive), "--lake", str(lake))
    assert f"Nothing to do: the lake holds all {COUNT} records already." in again.stdout


@pytest.mark.long
def test_what_a_dry_run_says_is_what_happens(tmp_path: Path, archive: Path) -> None:
    """And it makes no lake. A selection comes first, then the rest: each story once."""
    lake = tmp_path / "lake"
    some = ("--from", "2022-01-03", "--to", "2022-01-06", "--provider", "ap")
    command = ("replay", str(archive), "--lake", str(lake))
    said = spoken(*command, *some, "--dry-run")
    assert not lake.exists()
    done = spoken(*command, *some)
    # What it made says what it is.
    assert {"README.md", "views.sql", "codes"} <= {path.name for path in lake.iterdir()}
    for name in ("records", "stories", "rejects", "skipped"):
        assert said[name] == done[name], name
    for key in ("date", "format", "kind"):
        assert said["by"][key] == done["by"][key]
    assert set(said["by"]["provider"]) == {"AP"}
    assert all("2022-01-03" <= day <= "2022-01-06" for day in done["by"]["date"])
    assert done["by"]["kind"]["skipped.filtered"] > done["stories"] > 0
    assert sum(done["by"]["region"].values()) == done["stories"]

    rest = spoken(*command, "--dry-run")
    assert rest["held"] == 0
    assert rest["by"]["kind"]["skipped.repeat"] >= done["stories"]
    whole = spoken(*command)
    assert whole["by"]["kind"] == rest["by"]["kind"]
    assert whole["stories"] == rest["stories"]
    held = spoken(*command, "--dry-run")
    assert (held["held"], held["stories"]) == (COUNT, 0)
    assert_whole(lake)
    ids = Lake(str(lake)).dataset("stories").to_table(["revision_id"]).column(0).to_pylist()
    assert len(ids) == len(set(ids)) == done["stories"] + whole["stories"]


@pytest.mark.long
def test_ctrl_c_finishes_what_is_in_hand(tmp_path: Path, archive: Path) -> None:
    """Exit code 0, whole parts in the lake, and how many records are left is told."""
    log, lakes, ended = tmp_path / "log", (tmp_path / f"lake-{n}" for n in range(9)), COUNT
    # A machine that is busy elsewhere may let a replay end before it gets the signal.
    while ended == COUNT:
        lake = next(lakes)
        job = ReplayProcess(archive, lake, log, workers=2, part_records=PART)
        until(lambda lake=lake: ended_at(lake) >= PART, 300)  # type: ignore[misc]
        job.process.send_signal(signal.SIGINT)
        assert job.wait(300) == 0, log.read_text()[-3000:]
        ended = ended_at(lake)
    assert PART <= ended < COUNT
    assert ended % PART == 0
    assert_whole(lake)
    said = spoken("replay", str(archive), "--lake", str(lake), "--dry-run")
    assert said["held"] == ended


@pytest.mark.long
def test_live_and_replay_write_to_one_lake_at_once(
    tmp_path: Path, archive: Path, broker: EmbeddedBroker
) -> None:
    """Two replays of the same archive among them: each record once a source, every story there."""
    lake = tmp_path / "lake"
    publish(records(120, seed=5), bootstrap_servers=broker.bootstrap_servers, topic="wire")
    small = write_tar(tmp_path / "small.tar", records(120, seed=6))
    live = JobProcess(broker.bootstrap_servers, lake, tmp_path / "live.log", "--until-caught-up")
    replays = [
        ReplayProcess(small, lake, tmp_path / f"{n}.log", workers=1, part_records=20 + 5 * n)
        for n in range(2)
    ]
    for job in (live, *replays):
        assert job.wait(600) == 0, [f.read_text()[-2000:] for f in tmp_path.glob("*.log")]
    assert ended_at(lake) == 240
    assert_whole(lake)


@pytest.mark.long
def test_several_archives_are_read_by_one_command(tmp_path: Path) -> None:
    """In process, one after the other; the same one named twice is read once."""
    first = write_tar(tmp_path / "1.tar", records(30, seed=1))
    second = write_tar(tmp_path / "2.tar", records(30, seed=2))
    settings = load(None, {"lake": {"url": str(tmp_path / "lake")}, "replay": {"part_records": 7}})
    try:
        assert replay_archives(settings, [str(first), str(second), str(first)]) == "caught_up"
    finally:
        forget(settings)
    ends = Lake(settings.lake.url).ends([open_archive(path).source for path in (first, second)])
    assert list(ends.values()) == [30, 30]
    assert_whole(tmp_path / "lake")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("no-such-archive",), "no such"),
        (("x", "--from", "yesterday"), "no ISO 8601 date"),
        (("x", "--from", "2024-01-02", "--to", "2024-01-01"), "--from is after --to"),
        (("x", "--format", "pdf"), "no such wire format"),
    ],
)
def test_wrong_use_is_one_line(options: tuple[str, ...], words: str, tmp_path: Path) -> None:
    """And exit code 2."""
    done = dateline("replay", *options, "--lake", str(tmp_path / "lake"))
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "lake").exists()
