"""The harness on the sample sets: keys as documented, scores above the floor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.enrich.entities import shipped
from pipeline.errors import UsageError

SAMPLE = Path(__file__).parent / "sample"
SETS = [
    "--ner", str(SAMPLE / "sample.conll"), "--geo", str(SAMPLE / "sample.xml"),
    "--places", str(SAMPLE / "sample.sgm"), "--plover", str(SAMPLE / "sample.tsv"),
    "--gold", str(SAMPLE / "gold"),
]  # fmt: skip
KEYS = {
    "entities": {"f1"},
    "geo": {"right"},
    "region": {"accuracy", "outside_usa", "macro", "no_default"},
    "events": {"macro15", "quad"},
    "seed": {"entities", "events", "others"},
}
FLOOR = {
    ("entities", "f1"): 0.78,
    ("geo", "right"): 0.65,
    ("region", "accuracy"): 0.95,
    ("region", "outside_usa"): 0.94,
    ("region", "macro"): 0.95,
    ("region", "no_default"): 0.90,
    ("events", "macro15"): 0.70,
    ("events", "quad"): 0.80,
    ("seed", "entities"): 7,
}


@pytest.fixture(scope="module")
def scores() -> Any:
    done = CliRunner().invoke(app, ["evaluate", *SETS, "--json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_the_scores_have_the_documented_keys(scores: Any) -> None:
    """At least those; the stock model's are beside them."""
    for task, names in KEYS.items():
        assert names <= scores[task].keys()
    assert {"entities", "geo", "region", "seed"} <= scores["stock"].keys()
    for task, of_stock in scores["stock"].items():
        assert of_stock.keys() <= scores[task].keys()


@pytest.mark.parametrize(("task", "name"), FLOOR)
def test_the_sample_is_scored_above_the_floor(scores: Any, task: str, name: str) -> None:
    """What must be reached on the labelled sets is reached here."""
    assert scores[task][name] >= FLOOR[task, name]


def test_a_gold_story_allows_few_other_events(scores: Any) -> None:
    """At most three."""
    assert scores["seed"]["others"] <= 3


def test_other_languages_and_the_world_are_scored_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a set that the models are fitted to only the held-out documents count.

    They do for a model that never saw them alone, which has to be named.
    """
    world = tmp_path / "world.conll"
    world.write_text(
        "".join(f"-DOCSTART- O\n\nKenya B-LOC\nvotes{n} O\n\n" for n in range(60)), "utf-8"
    )
    spanish = tmp_path / "es.conll"
    spanish.write_text("Madrid B-LOC\n( O\nEFE B-ORG\n) O\n. O\n\n", "utf-8")
    sets = ["--worldwide", str(world), "--spanish", str(spanish)]
    monkeypatch.chdir(tmp_path)
    scored = [*("evaluate", *sets), "--no-stock", "--json"]
    assert "entities worldwide" not in json.loads(CliRunner().invoke(app, scored).stdout)
    model = ["--worldwide-model", str(shipped.FOLDER / "news-en")]
    done = CliRunner().invoke(app, [*scored, *model])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["entities worldwide"]["in africa"] > 0.9
    assert found["entities worldwide"]["f1"] == found["entities worldwide"]["in africa"]
    assert found["entities es"]["f1"] > 0


def test_only_what_is_given_is_scored_and_the_page_says_so(tmp_path: Path) -> None:
    """With the date, the versions and the names of the sets."""
    page = tmp_path / "page.md"
    arguments = ["evaluate", "--ner", SETS[1], "--no-stock", "--page", str(page)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    text = page.read_text()
    assert "| entities | f1 |" in text
    assert "| geo |" not in text
    assert "sample.conll" in text
    assert "spacy 3." in text


def test_a_set_that_is_not_there_is_a_usage_error() -> None:
    """Before any model is loaded."""
    done = CliRunner().invoke(app, ["evaluate", "--geo", "no-such.xml"])
    assert isinstance(done.exception, UsageError)
