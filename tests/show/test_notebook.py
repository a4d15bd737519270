"""docs/notebook.ipynb runs as it stands, from a lake's path to three plots and a map."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import altair as alt
import pytest

from pipeline.model import Location
from tests.show.test_report import a_deed
from tests.support.rows import a_batch, a_story, enriched, written

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "notebook.ipynb"


def cells() -> Iterator[str]:
    told = json.loads(NOTEBOOK.read_text("utf-8"))
    assert told["nbformat"] == 4
    for cell in told["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [], "stored without what it gave"
            yield "".join(cell["source"])


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What each cell shows: the value of its last line, as in a notebook."""
    where = Location("city", 1, 40.2, 44.5)
    deed = a_deed(place="Yerevan", place_country="ARM", place_location=where)
    two = [enriched(a_story(0), events=(deed,)), enriched(a_story(1))]
    written(tmp_path / "lake", a_batch(two)).close()
    monkeypatch.setenv("DATELINE_LAKE__URL", str(tmp_path / "lake"))
    names: dict[str, Any] = {}
    found = []
    for source in cells():
        *body, last = ast.parse(source).body
        exec(compile(ast.Module(body, []), str(NOTEBOOK), "exec"), names)  # noqa: S102 (our page)
        if isinstance(last, ast.Expr):
            found.append(eval(ast.unparse(last), names))  # noqa: S307 (the same)
        else:
            exec(ast.unparse(last), names)  # noqa: S102 (the same)
    return found


def test_the_notebook_shows_three_plots_and_a_map(shown: list[Any]) -> None:
    charts = [one for one in shown if isinstance(one, alt.TopLevelMixin)]
    assert len(charts) == 4
    told = [chart.to_dict() for chart in charts]
    rows = [next(iter(one["datasets"].values())) for one in told[:3]]
    assert [(row["region"], row["stories"]) for row in rows[0]] == [("western-asia", 2)]
    assert rows[0][0]["date"].startswith("2026-03-04")
    between = [(row["source"], row["target"], row["events"]) for row in rows[1]]
    assert between == [("ARM", "GEO", 1)]
    assert sum(row["events"] for row in rows[2]) == 2
    (world,) = told[3:]
    assert world["layer"][0]["mark"]["type"] == "geoshape"
    assert world["projection"]["type"] == "equalEarth"
    places = [one for one in world["datasets"].values() if "place" in one[0]]
    assert [row["place"] for row in places[0]] == ["Yerevan"]
    del world["$schema"]
    assert "http" not in json.dumps(world), "nothing is loaded"
