"""`dateline query`: where the SQL comes from, where the answer goes, what it takes."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.support.command import Ended, dateline
from tests.support.job import until
from tests.support.rows import a_batch, a_story, enriched, written


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    root = tmp_path_factory.mktemp("lake") / "lake"
    written(root, a_batch([enriched(a_story(0)), enriched(a_story(1, headline="Two\twords"))]))
    return str(root)


@pytest.fixture(autouse=True)
def no_width_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)


def asked(lake: str, *arguments: str, sql: str = "", **env: str) -> Ended:
    return dateline("query", "--lake", lake, *arguments, stdin=sql, env=env)


def test_a_wide_row_is_readable_at_80_columns_without_boxes(lake: str) -> None:
    """Every value is there, and no line is longer."""
    done = asked(lake, "select * from events limit 2")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert not {*"│┃━─┏╭"} & {*done.stdout}
    assert sum(line.startswith("trigger ") and "visited" in line for line in lines) == 2


def test_columns_says_how_wide_a_pipe_s_reader_is(lake: str) -> None:
    sql = "select headline, sentence from current_events"
    assert asked(lake, sql).stdout.startswith("-- row 1 ")
    assert asked(lake, sql, COLUMNS="200").stdout.startswith("headline")


def test_a_terminal_gets_a_box_where_it_fits(lake: str) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "query", "--lake", lake, "select 17 as n"],
        stdout=theirs,
        env={**os.environ, "COLUMNS": "60", "TERM": "xterm"},
    ) as child:
        os.close(theirs)
        output = b""
        try:
            while got := os.read(ours, 4096):
                output += got
        except OSError:
            pass  # how Linux tells the end of a terminal
        assert child.wait(120) == 0
    os.close(ours)
    assert "│" in output.decode()
    assert "17" in output.decode()


def test_sql_comes_from_standard_input_and_from_files(lake: str, tmp_path: Path) -> None:
    file = tmp_path / "question.sql"
    file.write_text("-- a question\nselect count(*) as n from current;\n")
    for done in (
        asked(lake, "--format", "json", "-f", str(file)),
        asked(lake, "--format", "json", sql=file.read_text()),
        asked(lake, "--json", "-", sql=file.read_text()),
    ):
        assert json.loads(done.stdout) == [{"n": 2}], done.stderr


def test_parameters_are_values_and_never_sql(lake: str) -> None:
    sql = "select count(*) as n from current where headline = $h and date >= $day"
    some = ("-p", "day=2026-03-01", "--format", "csv")
    assert asked(lake, sql, "-p", "h=Two\twords", *some).stdout == "n\n1\n"
    assert asked(lake, sql, "-p", "h=' or 1=1 --", *some).stdout == "n\n0\n"
    assert asked(lake, sql, *some).returncode == 2


def test_a_file_is_written_in_the_form_of_its_name(lake: str, tmp_path: Path) -> None:
    out = tmp_path / "answer.parquet"
    done = asked(lake, "select headline, published_at from current", "-o", str(out))
    assert (done.returncode, done.stdout) == (0, "")
    assert pq.read_table(out).num_rows == 2
    assert [path.name for path in tmp_path.iterdir()] == ["answer.parquet"]


def test_a_query_that_is_ended_while_it_writes_leaves_no_file(lake: str, tmp_path: Path) -> None:
    """Ctrl-C once the file is begun, under a name that begins with a dot."""
    sql = "select range as n, repeat('x', 50) as t from range(400000)"
    out = tmp_path / "answer.xlsx"
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "query", "--lake", lake, sql, "-o", str(out)],
        stderr=subprocess.PIPE,
    ) as child:
        try:
            until(lambda: any(tmp_path.iterdir()), 120)
            child.send_signal(signal.SIGINT)
            child.communicate(timeout=120)
        finally:
            child.kill()
    assert child.returncode == 130
    assert list(tmp_path.iterdir()) == []


def test_a_caller_may_close_standard_output(lake: str, tmp_path: Path) -> None:
    """The answer goes to a file then."""
    out = tmp_path / "answer.csv"
    words = (sys.executable, "-m", "pipeline.cli", "query", "--lake", lake, "select 1 as n")
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *words, "-o", str(out)],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert out.read_text() == "n\n1\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ("select 1", "--format", "html"),
        ("select 1", "-o", "answer.unknown"),
        ("select 1", "-o", "no/such/folder.csv"),
        ("select 1", "-f", "no-such-file.sql"),
        ("-f", "no-such-file.sql"),
        ("select 1", "-p", "novalue"),
        ("select $x", "-p", "x=1", "-p", "x=2"),
        ("select 1", "--json", "--format", "csv"),
    ],
)
def test_a_wrong_use_is_told_in_a_line(lake: str, arguments: tuple[str, ...]) -> None:
    done = asked(lake, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stdout == ""


def test_time_is_limited_by_an_option(lake: str) -> None:
    endless = "select count(*) from range(1000000) a, range(1000000) b where hash(a, b) = 1"
    done = asked(lake, endless, "--timeout-s", "3")
    assert done.returncode == 2
    assert "too long" in done.stderr
