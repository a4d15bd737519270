"""Ids, aliases and metonyms of entities."""

from __future__ import annotations

from collections import Counter

import pytest

from pipeline.enrich import Enricher
from pipeline.enrich.entities.metonyms import is_metonym
from pipeline.enrich.entities.spans import Span
from pipeline.enrich.lexicon import load_lexicon, rows
from pipeline.model import EnrichedStory, Entity
from tests.support.rows import a_story


@pytest.fixture(scope="module")
def enricher() -> Enricher:
    return Enricher()


def entities(enricher: Enricher, headline: str, *paragraphs: str) -> dict[str, Entity]:
    (result,) = enricher.enrich([a_story(headline=headline, paragraphs=paragraphs)])
    assert isinstance(result, EnrichedStory)
    return {entity.name: entity for entity in result.entities}


def test_a_listed_name_stands_for_one_thing() -> None:
    """Else one of two would get the other's id."""
    forms = [
        form
        for row in rows("organisations.tsv")
        for form in (row[0], *(row[3].split("|") if len(row) > 3 and row[3] else ()))
    ]
    assert not [form for form, count in Counter(forms).items() if count > 1]


def test_what_is_of_one_sort_is_not_the_same(enricher: Enricher) -> None:
    """Two airports, two police bodies, two amendments."""
    found = entities(
        enricher,
        "Airports and police",
        "Flights from Heathrow and Gatwick were late on Monday, Interpol and Europol said.",
    )
    ids = {name: entity.entity_id for name, entity in found.items()}
    assert ids["Heathrow"] == "place:heathrow"
    assert ids["Gatwick"] == "place:gatwick"
    assert ids["Interpol"] == "org:interpol"
    assert ids["Europol"] == "org:europol"


def test_listed_names_have_readable_ids(enricher: Enricher) -> None:
    """Countries, nationalities, towns, places of the policy table and bodies."""
    found = entities(
        enricher,
        "Talks on Karabakh",
        "Azerbaijani and French envoys met in Baku. The EU and NATO welcomed it, France said.",
    )
    ids = {name: entity.entity_id for name, entity in found.items()}
    assert ids["France"] == "country:FRA"
    assert ids["French"] == "nationality:FRA"
    assert ids["Baku"] == "geonames:587084"
    assert ids["Nagorno-Karabakh"] == "place:nagorno-karabakh"
    assert ids["European Union"] == "org:european-union"
    assert ids["NATO"] == "org:nato"


def test_an_id_is_the_same_in_other_stories_and_under_other_names(enricher: Enricher) -> None:
    """Persons by their full name, whatever a story calls them later; the kind is part of it."""
    one = entities(enricher, "Visit", "President Ana Rojas arrived. Rojas left again.")
    two = entities(enricher, "Speech", "On Monday President Ana Rojas spoke in Quito.")
    assert one["Ana Rojas"].entity_id == two["Ana Rojas"].entity_id
    assert (one["Ana Rojas"].entity_id or "").startswith("person:")
    assert one["Ana Rojas"].aliases == ("Rojas",)


def test_one_name_of_two_places_is_two_ids(enricher: Enricher) -> None:
    """The country and the state; the two towns."""
    country = entities(enricher, "War", "Near Tbilisi, Georgia fought Russia.")["Georgia"]
    state = entities(enricher, "Vote", "In Atlanta and Savannah, Georgia voted. So did Alabama.")
    assert (country.entity_id, state["Georgia"].entity_id) == ("country:GEO", "place:usa-georgia")


@pytest.mark.parametrize(
    ("text", "name", "expected"),
    [
        ("Washington said it would wait.", "Washington", True),
        ("On Monday Moscow accused Kyiv of lying.", "Moscow", True),
        ("Relations between Ankara and Cairo improved.", "Cairo", True),
        ("Tensions with Tehran grew.", "Tehran", True),
        ("It rejected Tokyo's demand.", "Tokyo", True),
        ("Paris has been urging restraint.", "Paris", True),
        ("He arrived in Washington on Monday.", "Washington", False),
        ("Trains between Paris and Lyon stood still.", "Paris", False),
        ("Rain fell on Moscow all day.", "Moscow", False),
        ("She left Tokyo's airport.", "Tokyo", False),
        ("Leeds said it had signed him.", "Leeds", False),
    ],
)
def test_a_seat_of_government_speaks_for_it(text: str, name: str, expected: bool) -> None:
    """Where the sentence lets it speak, decide or have relations; else it is a place."""
    start = text.index(name)
    span = Span(start, start + len(name), "GPE", 50)
    assert is_metonym(text, span, load_lexicon()) is expected


def test_metonyms_keep_their_kind(enricher: Enricher) -> None:
    """The mention is marked, the entity stays the place."""
    baku = entities(enricher, "Row", "Baku rejected the plan. Crowds met in Baku.")["Baku"]
    assert [mention.metonym for mention in baku.mentions] == [True, False]
    assert baku.kind == "GPE"


def test_a_body_that_many_countries_have_is_of_the_one_beside_it(enricher: Enricher) -> None:
    """Else it is the listed one."""
    found = entities(enricher, "Vote", "Peru's Congress and Ghana's Senate passed the bills.")
    assert (found["Congress"].country, found["Senate"].country) == ("PER", "GHA")
    assert not found["Congress"].entity_id.startswith("org:congress")
    alone = entities(enricher, "Vote", "Congress passed the bill on Monday.")
    assert (alone["Congress"].country, alone["Congress"].entity_id) == ("USA", "org:congress")
