"""The commands, as a user or a program meets them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from pipeline.errors import EXIT_CODES
from tests.support.command import dateline
from tests.support.job import until
from tests.support.rows import a_batch, a_reject, a_story, enriched, written

BUSY_S = 4.0
"""Processor time by which a command has started and is at its query."""


@pytest.fixture
def lake(tmp_path: Path) -> str:
    """Two stories and a reject."""
    batch = a_batch([enriched(a_story(0)), enriched(a_story(1))], [a_reject(2)])
    written(tmp_path / "lake", batch).close()
    return str(tmp_path / "lake")


def test_help_lists_commands_and_exit_codes() -> None:
    """Commands first, exit codes last; each command has a help with an example of its own."""
    text = " ".join(dateline("--help").stdout.split())
    parts = ("Usage", "Commands:", " run ", "Options:", " --help", "Exit codes:", "20 ")
    places = [text.index(part) for part in parts]
    assert places == sorted(places)
    for code, meaning in EXIT_CODES:
        assert f"{code} {meaning}" in text
    for command in ("run", "replay", "demo", "broker", "publish", "query", "version"):
        assert command in text
        assert "Example" in dateline(command, "--help").stdout


def test_query_gives_a_json_array_of_rows(lake: str) -> None:
    """Dates and times as ISO 8601."""
    sql = 'select "offset", date, headline from stories order by "offset"'
    done = dateline("query", sql, "--lake", lake, "--json")
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)
    assert [row["offset"] for row in rows] == [0, 1]
    assert rows[0]["date"] == "2026-03-04"


def test_query_prints_a_table(lake: str) -> None:
    """Markup in a headline is text."""
    done = dateline("query", "select '[red]x[/red]' as h", "--lake", lake)
    assert "[red]x[/red]" in done.stdout


ENDLESS = "SELECT count(*) FROM range(1000000000000) WHERE range % 7 = 3"


def test_an_endless_query_ends_by_ctrl_c_without_a_traceback(lake: str) -> None:
    with _asked(lake, ENDLESS) as asked:
        until(lambda: _busy_s(asked.pid) > BUSY_S, 120)
        asked.send_signal(signal.SIGINT)
        output, _ = asked.communicate(timeout=120)
    assert (asked.returncode, output) == (130, "")


@pytest.mark.long
def test_a_query_ends_with_the_command_that_was_killed(lake: str) -> None:
    with _asked(lake, ENDLESS) as asked:
        until(lambda: _busy_s(asked.pid) > BUSY_S, 120)
        children = psutil.Process(asked.pid).children(recursive=True)
        asked.kill()
        _, alive = psutil.wait_procs(children, timeout=120)
    assert children
    assert not alive


GREEDY = "select list_reduce(range(100000000), lambda a, b: a + b)"


@pytest.mark.long
@pytest.mark.parametrize(
    ("asked", "code", "output"),
    [
        (("select headline from stories order by 1 limit 1", "--format", "text"), 0, "Minister"),
        (("select no_such from current",), 2, "no_such"),
        ((ENDLESS, "--timeout-s", "3"), 2, "error: the query takes too long and was ended"),
        ((GREEDY, "--memory-mb", "512"), 2, "error: the query takes too much memory"),
        (("select 1", "-o", "nowhere/a.csv"), 2, "error: the file cannot be written"),
    ],
)
def test_a_command_of_its_own_answers_as_one_in_this_process(
    lake: str, asked: tuple[str, ...], code: int, output: str
) -> None:
    """The answer, or one line of what was wrong: of a process that forks for its query."""
    words = ("query", "--lake", lake, *asked)
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *words],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert output in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    if ENDLESS not in asked and GREEDY not in asked:
        here = dateline(*words)
        said = (done.stdout, done.stderr.partition(" reason=")[0])
        assert (here.returncode, here.stdout, here.stderr.partition(" reason=")[0]) == (code, *said)


def test_who_reads_the_first_line_alone_hears_no_fault(lake: str) -> None:
    sql = "select range, repeat('x', 1000) from range(10000)"
    asked = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "query", "--lake", lake, "--format", "csv", sql],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert asked.stdout is not None
    assert asked.stderr is not None
    with asked, asked.stdout, asked.stderr:
        assert asked.stdout.readline().startswith(b"range,")
        asked.stdout.close()
        assert asked.stderr.read() == b""
        assert asked.wait(120) == 1


@contextmanager
def _asked(lake: str, sql: str) -> Iterator[subprocess.Popen[str]]:
    """A query that runs; killed at the end where it still does."""
    asked = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "query", "--lake", lake, sql],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield asked
    finally:
        asked.kill()


def _busy_s(pid: int) -> float:
    """Processor time of the query, which is a child of the command; none before that stands."""
    with suppress(psutil.NoSuchProcess):
        return sum(p.cpu_times().user for p in psutil.Process(pid).children())
    return 0.0


def test_check_tells_by_its_exit_code(lake: str) -> None:
    """0 for a lake that adds up, 20 for one that lost a file."""
    done = dateline("lake", "check", "--lake", lake, "--json")
    assert done.returncode == 0, done.stdout
    assert json.loads(done.stdout)["ok"] is True
    next((Path(lake) / "stories").glob("date=*/region=*/*.parquet")).unlink()
    done = dateline("lake", "check", "--lake", lake, "--json")
    assert done.returncode == 20
    assert json.loads(done.stdout)["ok"] is False
    assert "does not add up" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["query", "select 1", "--lake", "no-such-lake"], 2),
        (["lake", "clean", "--lake", "no-such-lake"], 2),
        (["run", "--config", "no-such-file.toml"], 3),
        (["run", "--runner", "Spark"], 2),
        (["replay", "no-such-archive", "--lake", "unused"], 2),
        (["publish", "no-such-file", "--topic", "a"], 2),
    ],
)
def test_wrong_use_is_one_line_and_an_exit_code(
    arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No traceback."""
    monkeypatch.chdir(tmp_path)
    done = dateline(*arguments)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    assert "error" in done.stderr.lower()


def test_config_show_and_version_speak_json() -> None:
    """For programs."""
    assert json.loads(dateline("config", "show", "--json").stdout)["batch"]["max_partitions"] == 200
    assert "apache-beam" in json.loads(dateline("version", "--json").stdout)


@pytest.mark.engine
def test_demo_shows_what_landed(tmp_path: Path) -> None:
    """Stories of several regions and days, entities, events, and the reject with its reason."""
    done = dateline("demo", "--lake", str(tmp_path / "lake"), "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["stories"]) >= 12
    assert len({row["region"] for row in found["stories"]}) >= 6
    assert len({row["date"] for row in found["stories"]}) >= 5
    assert sum(bool(row["entities"]) for row in found["stories"]) >= 10
    assert sum(bool(row["events"]) for row in found["stories"]) >= 6
    assert [row["message"] for row in found["rejects"] if not row["kind"].startswith("skipped.")]
    assert dateline("lake", "check", "--lake", str(tmp_path / "lake"), "--strict").returncode == 0


def test_demo_does_not_overwrite_what_it_did_not_make(tmp_path: Path) -> None:
    """A lake of the user's is safe from it."""
    (tmp_path / "mine").write_text("x")
    done = dateline("demo", "--lake", str(tmp_path))
    assert done.returncode == 2
    assert (tmp_path / "mine").read_text() == "x"
