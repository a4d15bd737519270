"""Archives in the order of their days: the same rows in far fewer files, exactly once."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.by_day import ByDay, in_best_order, is_spread, spill
from pipeline.config import Settings, load
from pipeline.errors import UsageError
from pipeline.job import Job
from pipeline.model import Record, Story
from pipeline.parse import DEFAULT_LIMITS, parse_record
from pipeline.parse.selection import Selection
from pipeline.replay import Replay, Selected, SentSource
from pipeline.store.check.judge import check
from pipeline.store.read.query import json_rows, query
from tests.support.archive import records, write_tar
from tests.support.command import dateline
from tests.support.digest import digests
from tests.support.job import ReplayProcess, ended_at, until

PART = 20


@dataclass(frozen=True, slots=True)
class Given:
    """An archive of these values, by their places."""

    values: tuple[bytes, ...]
    source: str = "archive/given"
    start: int = 0

    stages_id = None
    kind = "given"

    @property
    def total(self) -> int:
        return len(self.values)

    def records(self, start: int) -> Iterator[Record]:
        for offset in range(start, self.total):
            headers = (("n", str(offset).encode()),)
            yield Record(self.source, offset, self.values[offset], headers=headers)


def story(family: int, day: int | None, version: int = 1) -> bytes:
    """A revision of a family, of one of 28 days or without."""
    told = {} if day is None else {"published": f"1987-02-{day + 1:02}T10:00:00Z"}
    return json.dumps(
        {
            "envelope": "dateline/1",
            "id": f"example-{family}",
            "version": version,
            "headline": f"Report {family}",
            "paragraphs": [f"It is version {version}."],
            **told,
        }
    ).encode()


def family_of(record: Record) -> str | None:
    found = parse_record(record)[0]
    return found.story_id if isinstance(found, Story) else None


def in_force(lake: Path) -> list[Any]:
    """The revisions that `current` shows."""
    sql = "SELECT revision_id FROM current ORDER BY ALL"
    return json_rows(query(str(lake), None, sql, datetime(2100, 1, 1, tzinfo=UTC)))


items = st.one_of(
    st.builds(
        story, st.integers(0, 4), st.one_of(st.none(), st.integers(0, 27)), st.integers(1, 3)
    ),
    st.sampled_from((b"", b"\x00\xff\xfe\x80")),
)


@given(st.lists(items, max_size=30), st.data())
def test_it_is_a_permutation_in_which_families_keep_their_order(
    tmp_path_factory: pytest.TempPathFactory, values: list[bytes], data: st.DataObject
) -> None:
    """Each record once with all it has, from any place on; the same order has the same name."""
    archive = Given(tuple(values))
    ordered = spill(archive, tmp_path_factory.mktemp("one"), DEFAULT_LIMITS)
    found = list(ordered.records())
    assert [r.offset for r in found] == list(range(len(values)))
    before = [int(r.headers[0][1]) for r in found]
    assert sorted(before) == list(range(len(values)))
    assert [r.value for r in found] == [values[n] for n in before]
    assert {r.source for r in found} <= {ordered.source}

    last: dict[str, int] = {}
    for record, number in zip(found, before, strict=True):
        family = family_of(record)
        if family is not None:
            assert number > last.get(family, -1)
            last[family] = number

    start = data.draw(st.integers(0, len(values)))
    assert list(ordered.records(start)) == found[start:]
    again = spill(archive, tmp_path_factory.mktemp("two"), DEFAULT_LIMITS)
    assert again.source == ordered.source


def test_days_follow_one_another(tmp_path: Path) -> None:
    """What has no day comes first; a revision never before the one that it follows in the archive,
    and a kill that came before its story stays there."""
    values = (story(1, 20), story(2, 3), b"", story(3, None), story(1, 5, 2), story(4, 10))
    ordered = spill(Given(values), tmp_path, DEFAULT_LIMITS)
    assert [int(r.headers[0][1]) for r in ordered.records()] == [2, 3, 1, 5, 0, 4]


def test_a_file_that_is_gone_is_told(tmp_path: Path) -> None:
    """A worker of a command that has ended says what to do."""
    with pytest.raises(UsageError, match="start the replay again"):
        list(ByDay("archive/given/by-day/0", 1, str(tmp_path / "gone")).records())


def test_a_sample_tells_what_is_spread() -> None:
    """An archive in order of time is not, nor a short one; a shuffled one is, and one of few days
    is not, however it is shuffled."""
    values = list(records(300, days=2000))
    assert not is_spread(Given(tuple(values)), PART, DEFAULT_LIMITS)
    shuffled = random.Random(1).sample(values, len(values))
    assert is_spread(Given(tuple(shuffled)), PART, DEFAULT_LIMITS)
    assert not is_spread(Given(tuple(shuffled)), 600, DEFAULT_LIMITS)
    few = list(records(300, days=10))
    random.Random(1).shuffle(few)
    assert not is_spread(Given(tuple(few)), PART, DEFAULT_LIMITS)


def read_in(source: SentSource | Selected, lake: Path) -> int:
    """Read all that `lake` lacks of `source` in this process; how many records that was."""
    job = Job(settings_of(lake))
    chosen = source if isinstance(source, Selected) else Selected(source)
    tick, count = Replay(chosen), 0
    while not job.is_done([tick]):
        for batch in job.read(tick):
            for parsed in job.parse(batch):
                count += job.write(job.enrich(parsed)).counts()["records"]
    job.close()
    return count


def settings_of(lake: Path) -> Settings:
    given = {"lake": {"url": str(lake)}, "replay": {"part_records": PART}}
    return load(None, {**given, "enrich": {"mode": "none"}})


def assert_whole(lake: Path) -> None:
    report = check(str(lake), strict=True)
    assert report.ok, report.findings


@pytest.fixture(scope="module")
def shuffled() -> Given:
    """Revisions, kills and repeats before what they follow, over two months."""
    values = list(records(100, days=60))
    random.Random(2).shuffle(values)
    return Given(tuple(values))


@pytest.mark.long
def test_the_rows_are_those_of_the_archive_as_stored_in_fewer_files(
    tmp_path: Path, shuffled: Given
) -> None:
    """Row for row, coordinates aside, and the same revisions in force. What is begun goes on after
    half of it, by a new process that sorts anew; then there is nothing to do."""
    stored, by_day = tmp_path / "stored", tmp_path / "by_day"
    read_in(shuffled, stored)

    settings = settings_of(by_day)
    first = in_best_order(shuffled, Selection(), settings, spare(tmp_path, "one"), by_day=None)
    assert isinstance(first, ByDay)
    assert read_in(replace(first, total=50), by_day) == 50
    more = in_best_order(shuffled, Selection(), settings, spare(tmp_path, "two"), by_day=None)
    assert more.source == first.source
    assert read_in(more, by_day) == 50

    assert digests(by_day) == digests(stored)
    assert in_force(by_day) == in_force(stored)
    assert_whole(by_day)
    few, many = (len(list(lake.glob("stories/date=*/*/*.parquet"))) for lake in (by_day, stored))
    assert few < 0.8 * many

    none = in_best_order(shuffled, Selection(), settings, tmp_path / "never", by_day=None)
    assert (none.source, read_in(none, by_day)) == (first.source, 0)


@pytest.mark.long
def test_what_was_begun_goes_on_so(tmp_path: Path, shuffled: Given) -> None:
    """As it is stored, where the lake has something of it; asked for by day, all of it is repeats.
    A selection is begun for itself."""
    lake = tmp_path / "lake"
    read_in(shuffled, lake)
    settings = settings_of(lake)
    kept = in_best_order(shuffled, Selection(), settings, tmp_path / "never", by_day=None)
    assert kept is shuffled
    asked = in_best_order(shuffled, Selection(), settings, spare(tmp_path, "asked"), by_day=True)
    assert read_in(asked, lake) == 100
    assert_whole(lake)
    assert len(in_force(lake)) == len(set(map(str, in_force(lake))))

    some = Selection(providers=("AP",))
    ordered = in_best_order(shuffled, some, settings, spare(tmp_path, "some"), by_day=None)
    assert read_in(Selected(ordered, some), lake) == 100
    again = in_best_order(shuffled, some, settings, tmp_path / "never", by_day=None)
    assert again.source == ordered.source


def spare(folder: Path, name: str) -> Path:
    (folder / name).mkdir()
    return folder / name


@pytest.mark.engine
@pytest.mark.long
def test_the_command_sorts_by_itself(tmp_path: Path, shuffled: Given) -> None:
    """And leaves nothing on the disk; a second time it does nothing, without sorting."""
    archive = write_tar(tmp_path / "a.tar.gz", iter(shuffled.values))
    command = ("replay", str(archive), "--lake", str(tmp_path / "lake"), "--workers", "1", "--json")
    environment = {
        "DATELINE_REPLAY__PART_RECORDS": str(PART),
        "DATELINE_REPLAY__SPILL_DIR": str(tmp_path),
        "DATELINE_ENRICH__MODE": "none",
    }
    for held, read in ((0, 100), (100, 0)):
        done = dateline(*command, env=environment)
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert "/by-day/" in said["sources"][0]["source"]
        assert (said["held_before"], said["records"]) == (held, read)
    assert not list(tmp_path.glob("dateline-replay-*"))


@pytest.mark.engine
@pytest.mark.long
def test_a_replay_by_day_that_is_killed_goes_on(tmp_path: Path, shuffled: Given) -> None:
    """SIGKILL to all of it, once something is in the lake; the next run sorts anew, goes on
    under the same name, and the rows are those of one that nobody killed."""
    archive = write_tar(tmp_path / "a.tar.gz", iter(shuffled.values))
    log, lakes = tmp_path / "log", (tmp_path / f"lake-{n}" for n in range(9))
    settings = {"DATELINE_ENRICH__MODE": "none", "DATELINE_REPLAY__SPILL_DIR": str(tmp_path)}

    def started(lake: Path) -> ReplayProcess:
        return ReplayProcess(archive, lake, log, "--by-day", workers=1, part_records=5, **settings)

    # A machine that is busy elsewhere may let a replay end before it is killed.
    ended = len(shuffled.values)
    while ended == len(shuffled.values):
        lake = next(lakes)
        job = started(lake)
        until(lambda lake=lake: ended_at(lake) > 0, 300)  # type: ignore[misc]
        job.kill()
        ended = ended_at(lake)
    assert started(lake).wait(300) == 0, log.read_text()[-3000:]

    unharmed = tmp_path / "unharmed"
    read_in(shuffled, unharmed)
    assert digests(lake) == digests(unharmed)
    assert in_force(lake) == in_force(unharmed)
    assert_whole(lake)
