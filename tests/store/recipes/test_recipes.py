"""Every recipe's answer on a lake whose stories were made for it; nothing hidden is told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from pipeline.errors import UsageError
from pipeline.model import Actor, Location
from pipeline.store.commit.lake import Lake
from pipeline.store.links.near_duplicates import LinkRule, link
from pipeline.store.read.query import query
from pipeline.store.recipes.recipe_book import recipe, recipes, recipes_markdown
from tests.support.rows import (
    NOON,
    a_batch,
    a_reject,
    a_story,
    an_entity,
    an_event,
    enriched,
    written,
)

DOCS = Path(__file__).parents[3] / "docs"
USA = Actor("Washington", "Washington & Co", "USA", label="Washington & Co")
IRN = Actor("Tehran", "Tehran", "IRN", label="Tehran")
BAKU = Location("city", 587084, 40.4, 49.9, "09")
SECRET = "Never to be told"


def accuses(**fields: Any) -> Any:
    given = {"root": "ACCUSE", "cameo": "111", "quad_class": 3, "goldstein": -2.0, **fields}
    return an_event(**{"source": USA, "target": IRN, **given})


NATO = an_entity("NATO", "ORG", entity_id="org:nato", aliases=("Alliance",), salience=0.9)
EU = an_entity("EU", "ORG", entity_id="org:eu")
ANN = an_entity("Ann Example", "PERSON", entity_id="person:ann")
CITY = an_entity("Baku", "GPE", entity_id="geonames:587084")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three families that may be shown, one of two revisions; one killed, one under embargo."""
    root = tmp_path_factory.mktemp("recipes") / "lake"
    told = enriched(
        a_story(0, provider="Reuters", dateline="WASHINGTON", headline="Oil price of oil"),
        countries=("USA", "IRN"),
        entities=(ANN, NATO, EU, CITY),
        events=(
            accuses(place="Baku", place_country="AZE", place_location=BAKU),
            accuses(trigger="did not accuse", start=70, end=76, negated=True),
        ),
    )
    later = enriched(
        a_story(1, provider="AFP", published_at=NOON + timedelta(days=2), dateline=None),
        countries=("IRN",),
        entities=(ANN, NATO),
        events=(an_event(source=IRN, target=USA), accuses(trigger="blamed")),
    )
    first = a_story(2, story_id="twice", version=1, headline="First", paragraphs=("Same.", "Old."))
    last = a_story(
        3, story_id="twice", version=2, headline="Last", paragraphs=("Same.", "New."), provider="AP"
    )
    killed = [
        a_story(4, story_id="killed", headline=SECRET, version=1),
        a_story(5, story_id="killed", headline=SECRET, version=2, status="canceled"),
    ]
    embargoed = a_story(6, headline=SECRET, embargo_until=datetime(2100, 1, 1, tzinfo=UTC))
    hidden = [
        enriched(s, events=(accuses(sentence=SECRET),), entities=(an_entity(SECRET),))
        for s in (*killed, embargoed)
    ]
    plain = [enriched(s, entities=(), events=(), countries=()) for s in (first, last)]
    written(root, a_batch([told, later, *plain, *hidden], [a_reject(7), a_reject(8)])).close()
    return root


def asked(lake: Path, name: str, /, **given: str) -> list[dict[str, Any]]:
    found = recipe(name)
    answer = query(str(lake), None, found.sql, NOON, parameters=found.values(given))
    rows: list[dict[str, Any]] = answer.to_pylist()
    return rows


def only(rows: list[dict[str, Any]], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


USA_IRN = {"a": "USA", "b": "IRN"}
EXPECTED: list[tuple[str, dict[str, str], tuple[str, ...], list[tuple[Any, ...]]]] = [
    ("criticism", {}, ("source", "target", "times"), [("Washington & Co", "Tehran", 2)]),
    ("criticism", {"since": "2026-03-05"}, ("times",), [(1,)]),
    ("most-named", {}, ("name", "stories", "before"), [("Ann Example", 2, 0)]),
    (
        "most-named",
        {"kind": "ORG", "since": "2026-03-06", "until": "2026-03-08"},
        ("name", "stories", "before", "trend"),
        [("NATO", 1, 1, 0), ("EU", 0, 1, -1)],
    ),
    (
        "balance",
        USA_IRN,
        ("month", "cooperation", "conflict", "balance"),
        [(date(2026, 3, 1), 1, 2, -0.7)],
    ),
    (
        "dyad-days",
        {**USA_IRN, "since": "2026-03-03"},
        ("date", "events", "verbal_conflict", "goldstein"),
        [
            (date(2026, 3, 3), 0, 0, 0.0),
            (date(2026, 3, 4), 1, 1, -2.0),
            (date(2026, 3, 5), 0, 0, 0.0),
            (date(2026, 3, 6), 1, 1, -2.0),
        ],
    ),
    ("balance", {"a": "usa", "b": "irn"}, ("conflict",), [(2,)]),
    ("about-not-from", {}, ("headline",), [("Oil price of oil",)]),
    (
        "event-map",
        {},
        ("place", "latitude", "longitude", "events", "mostly"),
        [("Baku", 40.4, 49.9, 1, "ACCUSE")],
    ),
    (
        "first-and-last",
        {},
        ("story_id", "revisions", "first_headline", "last_headline", "removed", "added"),
        [("twice", 2, "First", "Last", ["Old."], ["New."])],
    ),
    (
        "time-to-lake",
        {"until": "2026-03-05"},
        ("provider", "stories", "median_s"),
        [("AP", 1, 0.0), ("Reuters", 1, 0.0)],
    ),
    ("both-named", {"a": "alliance"}, ("headline",), [("Oil price of oil",)]),
    (
        "gephi",
        {},
        ("Source", "Target", "Weight"),
        [("Washington & Co", "Tehran", 2), ("Tehran", "Washington & Co", 1)],
    ),
    ("gephi", {"least": "2"}, ("Weight",), [(2,)]),
    ("search", {"words": "Oil price"}, ("headline", "score"), [("Oil price of oil", 15)]),
    ("search", {"words": "a.c ("}, ("headline",), []),
    ("dyads", {}, ("source", "target", "events"), [("USA", "IRN", 2), ("IRN", "USA", 1)]),
    (
        "goldstein-by-month",
        {},
        ("month", "acts", "as_source", "suffered", "as_target"),
        [(date(2026, 3, 1), 2, -2.0, 1, 1.9)],
    ),
    (
        "revisions",
        {"story": "twice"},
        ("version", "headline", "is_current"),
        [(1, "First", False), (2, "Last", True)],
    ),
    (
        "revisions",
        {"story": "killed"},
        ("status", "headline"),
        [("usable", None), ("canceled", None)],
    ),
    ("rejects-by-kind", {}, ("kind", "items"), [("malformed", 2)]),
    (
        "stories-by-day",
        {},
        ("date", "stories", "providers"),
        [(date(2026, 3, 4), 2, 2), (date(2026, 3, 6), 1, 1)],
    ),
    ("topics-by-month", {}, ("month", "code"), []),
    ("headlines", {"country": "USA"}, ("headline",), [("Oil price of oil",)]),
    (
        "providers",
        {},
        ("provider", "stories", "with_dateline", "with_event"),
        [("AFP", 1, 0.0, 1.0), ("AP", 1, 0.0, 0.0), ("Reuters", 1, 1.0, 1.0)],
    ),
    (
        "named-with",
        {"kind": "org", "name": "alliance"},
        ("name", "stories"),
        [("EU", 1)],
    ),
]


@pytest.mark.parametrize(("name", "given", "columns", "rows"), EXPECTED)
def test_a_recipe_answers_its_question(
    lake: Path,
    name: str,
    given: dict[str, str],
    columns: tuple[str, ...],
    rows: list[tuple[Any, ...]],
) -> None:
    assert only(asked(lake, name, **given), *columns) == rows


def test_a_validation_sheet_is_drawn_by_its_seed(lake: Path) -> None:
    """The same seed, the same events; the columns for labels are empty."""
    drawn = asked(lake, "validation-sheet", n="2")
    assert drawn == asked(lake, "validation-sheet", n="2")
    assert len(drawn) == 2
    assert {row["is_event"] for row in drawn} == {""}
    assert len(asked(lake, "validation-sheet")) == 4


def test_reprints_are_counted_once_where_they_are_linked(tmp_path: Path) -> None:
    """Three stories tell an act, two of them in the same words."""
    words = tuple(f"The {n}th sentence of the wire is of {n + 1} words alone." for n in range(9))
    stories = [
        a_story(n, provider=provider, paragraphs=paragraphs, format=form)
        for n, (provider, paragraphs, form) in enumerate(
            [("AFP", words, "nitf"), ("Times", words, "csv"), ("AP", ("In its own words.",), "csv")]
        )
    ]
    written(tmp_path, a_batch([enriched(s, events=(accuses(),)) for s in stories])).close()
    counts = ("root", "stories", "texts", "providers")
    assert only(asked(tmp_path, "told-by", root="ACCUSE"), *counts) == [("ACCUSE", 3, 3, 3)]
    assert link(Lake(str(tmp_path)), LinkRule(), NOON).links == 1
    assert only(asked(tmp_path, "told-by", root="ACCUSE"), *counts) == [("ACCUSE", 3, 2, 3)]
    assert asked(tmp_path, "told-by", root="PROTEST") == []


def test_graphml_is_well_formed_and_has_every_edge(lake: Path) -> None:
    text = "\n".join(row["graphml"] for row in asked(lake, "graphml"))
    root = ElementTree.fromstring(text)  # noqa: S314 (our own)
    space = {"g": "http://graphml.graphdrawing.org/xmlns"}
    labels = {
        node.get("id"): node.findtext("g:data", namespaces=space)
        for node in root.iterfind(".//g:node", space)
    }
    edges = [
        (labels[edge.get("source")], labels[edge.get("target")], edge.findtext("g:data", "", space))
        for edge in root.iterfind(".//g:edge", space)
    ]
    assert sorted(edges) == [("Tehran", "Washington & Co", "1"), ("Washington & Co", "Tehran", "2")]


@pytest.mark.parametrize("name", recipes())
def test_a_recipe_tells_nothing_that_may_not_be_shown(lake: Path, name: str) -> None:
    """Nor does it fail on its own defaults."""
    assert SECRET not in str(asked(lake, name))


@pytest.mark.parametrize("name", recipes())
def test_a_recipe_says_what_it_is(name: str) -> None:
    """Each parameter of the comment is in the SQL, and the other way round."""
    found = recipe(name)
    assert found.title
    assert found.text.endswith(".")
    code = found.sql.split("\n\n", 1)[1]
    assert all(f"${one.name}" in code for one in found.parameters)
    assert found.sql.count(":param ") == len(found.parameters)


def test_every_recipe_has_a_test_and_a_paragraph() -> None:
    """Else run `python -m pipeline.store.recipes.recipe_book > docs/recipes.md`."""
    tested = {name for name, *_ in EXPECTED} | {"validation-sheet", "graphml", "told-by"}
    assert tested == set(recipes())
    assert (DOCS / "recipes.md").read_text("utf-8") == recipes_markdown()


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError, match="no such recipe"):
        recipe("soup")
    with pytest.raises(UsageError, match="no such parameter"):
        recipe("balance").values({"c": "USA"})
