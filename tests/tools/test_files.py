"""What reads a file: the answer of a query, or an export (docs/tools-files.md)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.tools.pages import FIVE, PROGRAMS, asked, snippets, told_by

Answers = Sequence[list[list[Any]]]

pytestmark = pytest.mark.tools

SHELL = snippets("tools-files.md", "sh")
UNDATED = "SELECT count(*) FROM stories WHERE date IS NULL"


def installed(program: str) -> str:
    folders = (str(PROGRAMS), str(Path(sys.executable).parent), os.environ["PATH"])
    path = shutil.which(program, path=os.pathsep.join(folders))
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


def test_excel_has_the_answer_of_a_query(lake: Path, tmp_path: Path) -> None:
    """By the command of the page: days and times are cells of their kind, not texts."""
    env = {**os.environ, "LAKE": str(lake), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin"}
    subprocess.run(["sh", "-ec", SHELL["Excel"]], cwd=tmp_path, env=env, check=True, timeout=300)
    head, *rows = told_by(
        "import openpyxl\n"
        "sheet = openpyxl.load_workbook(path).active\n"
        "rows = [[cell and (type(cell).__name__, str(cell)) for cell in row]"
        " for row in sheet.iter_rows(values_only=True)]",
        "rows",
        {"path": str(tmp_path / "answer.xlsx")},
    )
    assert [name for _, name in head] == ["date", "published_at", "headline", "body"]
    assert sum(row[0] is None for row in rows) == 1
    kind, moment = rows[-2][1]
    assert kind == "datetime" and "+" not in moment
    assert all(len(row[3][1]) <= 32_767 for row in rows if row[3])


def test_geopandas_puts_events_on_a_map(lake: Path, tmp_path: Path) -> None:
    """Each by its coordinates; the file that it writes is read again."""
    export = shutil.copytree(lake.parent / "export", tmp_path / "export")
    code = snippets("tools-files.md")["GeoPandas"]
    told = told_by(
        code,
        "[[[p.x, p.y, str(d), at] for p, d, at in"
        " zip(acts.geometry, acts['date'], acts['place'])],"
        " geopandas.read_file(f'{export}.geojson').shape[0]]",
        {"export": str(export)},
    )
    assert told == [[[44.51, 40.18, "2026-03-04", "Yerevan"]], 1]


@pytest.mark.parametrize("kind", ["sqlite", "duckdb"])
def test_sqlalchemy_asks_an_export(
    lake: Path, news: Path, answers: Answers, tmp_path: Path, kind: str
) -> None:
    """Events by root are those of the view; the undated story is there."""
    from pipeline.store.export.export import export_lake
    from tests.support.rows import NOON

    code = snippets("tools-files.md")["SQLAlchemy"].replace("sqlite://", f"{kind}://")
    path = news
    if kind == "duckdb":
        path = tmp_path / "news.duckdb"
        export_lake(str(lake), None, path, NOON, now=NOON)
    roots = FIVE[-1].replace("current_events", "events")
    assert asked(code, [roots, UNDATED], {"news": str(path)}) == [answers[-1], [[1]]]


def test_datasette_serves_an_export(news: Path, answers: Answers) -> None:
    """The rows, and the full-text search."""
    datasette = installed("datasette")
    words = "SELECT count(*) FROM stories_search WHERE stories_search MATCH 'yerevan'"
    for sql, found in ((FIVE[-1].replace("current_events", "events"), answers[-1]), (words, None)):
        query = "/news.json?_shape=arrays&sql=" + sql.replace(" ", "+").replace("\n", "+")
        done = subprocess.run(
            [datasette, str(news), "--get", query],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        rows = json.loads(done.stdout)
        rows = rows["rows"] if isinstance(rows, dict) else rows
        assert rows == found if found is not None else rows[0][0] > 0


def test_r_asks_an_export(news: Path, answers: Answers) -> None:
    code = snippets("tools-files.md", "r")["R"]
    tail = "\nwrite.table(roots, col.names = FALSE, row.names = FALSE, quote = FALSE)\n"
    done = subprocess.run(
        [installed("Rscript"), "-e", code + tail],
        env={**os.environ, "NEWS": str(news)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    told = [line.split() for line in done.stdout.splitlines()]
    assert [[root, int(count)] for root, count in told] == answers[-1]
