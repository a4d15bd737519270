# ruff: noqa: RUF001 - names of towns in other scripts are what some cases are about
"""Where places lie: datelines, towns of one name, the place of an event and its evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.enrich import Enricher
from pipeline.enrich.lexicon import load_lexicon
from pipeline.enrich.places.datelines import as_written, dateline_place
from pipeline.enrich.places.locate import STATES_OF_POLICY, apart_km
from pipeline.enrich.places.region import Sign, signs, signs_of
from pipeline.model import EnrichedStory, Story
from pipeline.parse.conventions.dateline import find_dateline
from pipeline.tsv import rows


@pytest.fixture(scope="module")
def enricher() -> Enricher:
    return Enricher()


def enriched(enricher: Enricher, *paragraphs: str, dateline: str | None = None) -> EnrichedStory:
    story = Story(
        source="test", offset=0, item=0, format="text", story_id="s", revision_id="r",
        content_hash="c", headline="Wire news", paragraphs=paragraphs, raw=b"", language="en",
        published_at=datetime(2024, 5, 15, tzinfo=UTC),
    )  # fmt: skip
    (found,) = enricher.enrich([replace(story, dateline=dateline)])
    assert isinstance(found, EnrichedStory)
    return found


@pytest.mark.parametrize(
    ("dateline", "country", "near"),
    [
        ("PORTO ALEGRE, Feb 3 -", "BRA", (-30.0, -51.2)),
        ("MUNICH, May 9 (Wire) -", "DEU", (48.1, 11.6)),
        ("CALCUTTA, June 1 -", "IND", (22.6, 88.4)),
        ("Athens, Ga., July 2 -", "USA", (34.0, -83.4)),
        ("NEW YORK, April 4 -", "USA", (40.7, -74.0)),
        ("WASHINGTON and MOSCOW, April 4 -", "USA", (38.9, -77.0)),
        ("ST PETERSBURG, Fla., April 4 -", "USA", (27.8, -82.6)),
        ("MARSEILLES, April 4 -", "FRA", (43.3, 5.4)),
        ("LENINGRAD/TURIN, April 4 -", "RUS", (59.9, 30.3)),
    ],
)
def test_a_dateline_is_a_point(dateline: str, country: str, near: tuple[float, float]) -> None:
    """In capitals, by English and former names, with a state behind it, the first of several."""
    found, location = dateline_place(dateline, load_lexicon())
    assert found == country
    assert location is not None
    assert location.exactness == "city"
    assert apart_km((location.latitude or 0.0, location.longitude or 0.0), near) < 40


@pytest.mark.parametrize(
    ("dateline", "country"),
    [
        ("WIEN/BRÜSSEL (APA)", "AUT"), ("MÜNCHEN (dpa)", "DEU"), ("Praha 5. října (ČTK)", "CZE"),
        ("(ANSA) - MILANO, 05 OTT", "ITA"), ("ROMA, 05 OTT", "ITA"), ("Genève (ats)", "CHE"),
        ("KØBENHAVN (Ritzau)", "DNK"), ("GÖTEBORG/TT", "SWE"),
        ("Lisboa, 05 out 2026 (Lusa)", "PRT"),
        ("Nueva York, 5 oct (EFE).", "USA"), ("Le Caire, 5 oct 2026 (AFP)", "EGY"),
        ("МОСКВА, 5 октября. /ТАСС/.", "RUS"), ("Київ. 5 жовтня. Укрінформ.", "UKR"),
        ("أبوظبي في 5 أكتوبر / وام /", "ARE"), ("【北京10月5日共同】", "CHN"),
        ("(서울=연합뉴스) 홍길동 기자", "KOR"), ("ROMA, Texas (AP)", "USA"),
        ("COLONIA, Uruguay (AP)", "URY"), ("FRANKFURT a.M. (epd)", "DEU"),
    ],
)  # fmt: skip
def test_a_town_by_its_name_in_another_language(
    enricher: Enricher, dateline: str, country: str
) -> None:
    """As the agencies of that language write it; a state behind it says that it is another one."""
    found = find_dateline(f"{dateline} - The pier was closed on Monday after a storm hit it hard.")
    places = found.places if found else ()
    story = Story(
        source="test", offset=0, item=0, format="text", story_id="s", revision_id="r",
        content_hash="c", headline="Wire news", paragraphs=("The pier was closed.",), raw=b"",
        language="en", dateline=dateline, dateline_places=places,
    )  # fmt: skip
    (told,) = enricher.enrich([story])
    assert isinstance(told, EnrichedStory)
    assert told.dateline_country == country


def test_every_large_city_is_a_dateline() -> None:
    """Of more than 1.5 million, the most populous of its name."""
    largest: dict[str, tuple[int, str]] = {}
    for name, country, population, *_ in rows("pipeline.enrich", "data/cities.tsv"):
        largest[name] = max(largest.get(name, (0, "")), (int(population), country))
    wrong = {
        name: found
        for name, (population, country) in largest.items()
        if population > 1_500_000
        and (found := dateline_place(f"{name.upper()}, March 9 -", load_lexicon())[0]) != country
    }
    assert len(largest) > 20_000
    assert wrong == {}


def test_a_town_is_the_one_of_the_state_behind_it(enricher: Enricher) -> None:
    """Of several towns of one name in a country the state that stands behind it decides."""
    found = enriched(enricher, "Governor Mary Hall visited Springfield, Illinois, on Monday.")
    town = next(entity for entity in found.entities if entity.name == "Springfield")
    assert town.location is not None
    assert (town.location.exactness, town.location.admin1) == ("city", "IL")
    assert town.entity_id == f"geonames:{town.location.geonames_id}"


def test_a_country_is_as_exact_as_a_country(enricher: Enricher) -> None:
    """Its coordinates are the middle of its towns, and it says so."""
    found = enriched(enricher, "Kenya condemned Norway on Monday.")
    kenya = next(entity for entity in found.entities if entity.name == "Kenya")
    assert kenya.location is not None
    assert kenya.location.exactness == "country"


@pytest.mark.parametrize(
    ("place", "country"),
    [("Taiwan", "TWN"), ("Puerto Rico", "PRI"), ("the Soviet Union", "RUS"), ("Zaire", "COD")],
)
def test_a_territory_and_a_former_state_are_as_exact_as_a_country(
    enricher: Enricher, place: str, country: str
) -> None:
    """A part of a state is not: England's middle is not that of the United Kingdom."""
    found = enriched(enricher, f"Ministers from {place} met on Monday. England was not there.")
    by_country = {entity.country: entity.location for entity in found.entities}
    assert (at := by_country[country]) is not None
    assert at.exactness == "country"
    assert (part := by_country["GBR"]) is not None
    assert (part.exactness, part.admin1) == ("admin1", "ENG")


@pytest.mark.parametrize(
    ("place", "country", "division", "point"),
    [
        ("Saskatchewan", "CAN", "11", (52, -106)),
        ("Gujarat", "IND", "09", (22, 72)),
        ("Scotland", "GBR", "SCT", (56, -4)),
        ("Cornwall", "GBR", "ENG", (50, -5)),
        ("Tuscany", "ITA", "16", (43.5, 11)),
        ("Kachin State", "MMR", "04", (25.5, 97)),
        ("Kyushu", "JPN", None, (32.5, 130.5)),
        ("Darfur", "SDN", None, (13, 24.5)),
    ],
)
def test_a_division_an_island_and_a_land_have_a_middle(
    enricher: Enricher, place: str, country: str, division: str | None, point: tuple[float, float]
) -> None:
    """No GeoNames id, which no list has; no code where it lies in several divisions."""
    found = enriched(enricher, f"Heavy rains killed nine people in {place} on Monday.")
    (entity,) = [entity for entity in found.entities if entity.country == country]
    at = entity.location
    assert at is not None and at.latitude is not None and at.longitude is not None
    assert (at.exactness, at.geonames_id, at.admin1) == ("admin1", None, division)
    assert apart_km((at.latitude, at.longitude), point) < 161


@pytest.mark.parametrize(
    ("words", "state"), [("Jefferson County, Alabama", "AL"), ("Orange County, Florida", "FL")]
)
def test_a_county_is_the_one_of_its_state(enricher: Enricher, words: str, state: str) -> None:
    found = enriched(enricher, f"Deputies arrested two men in {words}, on Monday.")
    county = next(entity for entity in found.entities if entity.name.endswith("County"))
    assert county.location is not None
    assert (county.location.exactness, county.location.admin1) == ("admin1", state)


@pytest.mark.parametrize(
    ("words", "town"),
    [
        ("in southern Hamburg", "Hamburg"),
        ("in South Philadelphia", "Philadelphia"),
        ("in the City of Rotterdam", "Rotterdam"),
        ("at Khartoum International Airport", "Khartoum"),
    ],
)
def test_a_part_of_a_town_lies_where_the_town_does(
    enricher: Enricher, words: str, town: str
) -> None:
    found = enriched(enricher, f"Police arrested two men {words} on Monday.")
    (place,) = [entity for entity in found.entities if town in entity.name]
    whole = enriched(enricher, f"Police arrested two men in {town} on Monday.")
    (same,) = [entity for entity in whole.entities if town in entity.name]
    assert place.location == same.location is not None


def test_a_building_named_after_a_person_lies_in_no_town_of_the_name(enricher: Enricher) -> None:
    found = enriched(enricher, "Visitors returned to the Lincoln Center on Monday.")
    assert [entity.location for entity in found.entities if "Lincoln" in entity.name] == [None]


@pytest.mark.parametrize(
    ("text", "town", "country"),
    [
        ("American planes bombed Damascus on Monday.", "Damascus", "SYR"),
        ("Crowds burned flags at the U.S. embassy in Manila.", "Manila", "PHL"),
        ("Canadian police flew to Alexandria on Monday.", "Alexandria", "EGY"),
        ("He was jailed in Paris, Tennessee, and in Memphis.", "Paris", "USA"),
        ("Police in Dallas and Fort Worth sent the man to Paris, where Texas holds him.", "Paris",
         "USA"),
    ],
)  # fmt: skip
def test_who_acts_does_not_say_where_a_known_town_lies(
    enricher: Enricher, text: str, town: str, country: str
) -> None:
    """Places of a country do."""
    found = enriched(enricher, text)
    assert [e.country for e in found.entities if e.name == town] == [country]


@pytest.mark.parametrize(
    ("text", "country"),
    [
        ("Farmers blocked roads in Punjab on Monday.", "IND"),
        ("Farmers blocked roads in Punjab, Pakistan, on Monday.", "PAK"),
        ("Pakistan sent troops to Punjab after riots in Lahore.", "PAK"),
        ("Pakistan condemned India over the riots in Punjab.", "IND"),
    ],
)
def test_a_land_of_two_countries_is_the_first_ones_unless_the_story_says(
    enricher: Enricher, text: str, country: str
) -> None:
    """Each has an id of its own."""
    found = enriched(enricher, text)
    (punjab,) = [entity for entity in found.entities if entity.name == "Punjab"]
    assert punjab.country == country
    assert (punjab.entity_id == "place:punjab") == (country == "IND")


@pytest.mark.parametrize(
    ("dateline", "country", "exactness", "division"),
    [
        ("LAHORE, Punjab, Nov 3 (AP) -", "PAK", "city", "04"),
        ("SYDNEY, Nova Scotia (CP) -", "CAN", "city", "07"),
        ("QUEBEC (CP) -", "CAN", "city", "10"),
        ("ANBAR, Iraq (AP) -", "IRQ", "admin1", "01"),
        ("PERTH, Scotland (PA) -", "GBR", "city", "SCT"),
    ],
)
def test_a_division_in_a_dateline_says_which_town(
    dateline: str, country: str, exactness: str, division: str
) -> None:
    found, at = dateline_place(dateline, load_lexicon())
    assert found == country and at is not None
    assert (at.exactness, at.admin1) == (exactness, division)


def test_states_of_the_policy_table_stand_in_it() -> None:
    listed = {
        name for _, kind, _, name, *_ in rows("pipeline.enrich", "data/policy.tsv") if kind == "GPE"
    }
    assert listed >= STATES_OF_POLICY


def test_an_events_place_says_what_told_it(enricher: Enricher) -> None:
    """The clause first, then the paragraph, then the target, then the dateline."""
    clause = enriched(enricher, "France and Spain signed a treaty in Geneva on Monday.")
    assert {(e.place, e.place_from) for e in clause.events} == {("Geneva", "clause")}
    beside = enriched(
        enricher, "The envoys met in Geneva. France condemned Spain over the plan on Monday."
    )
    told = next(e for e in beside.events if e.root == "ACCUSE")
    assert (told.place, told.place_from) == ("Geneva", "paragraph")
    attacked = enriched(enricher, "Turkish troops shelled Aleppo on Monday.")
    assert {(e.place, e.place_from) for e in attacked.events} == {("Aleppo", "target")}
    wide = enriched(enricher, "Turkish troops shelled Aleppo in Syria on Monday.")
    assert {(e.place, e.place_from) for e in wide.events} == {("Aleppo", "target")}
    finer = enriched(enricher, "A bomb killed six people at Quito airport in Ecuador on Monday.")
    assert {e.place for e in finer.events} <= {"Quito", "Quito airport"}
    opening = enriched(enricher, "It rained. Police in Alberta arrested 12 protesters on Monday.")
    assert {(e.place, e.place_from) for e in opening.events} == {("Alberta", "sentence")}
    held = enriched(enricher, "Bavarian police arrested a Peruvian spy.", dateline="MUNICH -")
    assert {(e.place_country, e.place_from) for e in held.events} == {("DEU", "dateline")}
    target = enriched(enricher, "France condemned Spain on Monday.", dateline="PARIS, May 14 -")
    assert [(e.place, e.place_from) for e in target.events] == [("Spain", "target")]


@pytest.mark.parametrize(
    ("place", "wanted"),
    [
        ("RIO DE JANEIRO", "Rio de Janeiro"),
        ("PORT-AU-PRINCE", "Port-au-Prince"),
        ("N'DJAMENA", "N'Djamena"),
        ("UAE", "UAE"),
        ("Berlin", "Berlin"),
        ("ZZYZX FLATS", "Zzyzx Flats"),
    ],
)
def test_a_datelines_place_is_written_as_in_a_sentence(place: str, wanted: str) -> None:
    assert as_written(place, load_lexicon()) == wanted


def test_the_sides_of_an_event_lie_somewhere(enricher: Enricher) -> None:
    """A town that acts has its own point, an officer of a country the country's, nobody none."""
    found = enriched(enricher, "France condemned Spain on Monday.", dateline="PARIS, May 14 -")
    (event,) = found.events
    assert event.source is not None
    assert event.source.location is not None
    assert (event.source.location.exactness, event.source.location.geonames_id) == (
        "country",
        3017382,
    )
    town = enriched(enricher, "Israel bombed Damascus on Monday.")
    struck = next(e.target for e in town.events if e.target is not None)
    assert struck.location is not None
    assert struck.location.exactness == "city"
    assert (
        apart_km((struck.location.latitude or 0, struck.location.longitude or 0), (33.5, 36.3)) < 40
    )


@pytest.mark.parametrize("sign", signs(), ids=lambda sign: f"{sign.kind} {sign.country}")
@given(data=st.data())
def test_a_text_that_tells_a_country_holds_what_is_looked_for(
    sign: Sign, data: st.DataObject
) -> None:
    """No text that a pattern matches is passed over for want of its words."""
    text = data.draw(st.from_regex(sign.pattern))
    assert (sign, sign.pattern.search(text).group()) in signs_of(text)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("land", "country"),
    [
        *(("Crete", "GRC"), ("Bali", "IDN"), ("Normandy", "FRA"), ("Tuscany", "ITA")),
        *(("Kordofan", "SDN"), ("Anbar", "IRQ"), ("Lampedusa", "ITA"), ("Hainan", "CHN")),
    ],
)
def test_a_land_is_its_countrys_and_no_small_towns(
    enricher: Enricher, land: str, country: str
) -> None:
    """By the name that English news uses, though a town elsewhere has it."""
    found = enriched(enricher, f"Police arrested three men in {land} on Monday, officials said.")
    (named,) = (entity for entity in found.entities if entity.name == land)
    assert named.country == country
    assert named.location is None or named.location.exactness != "city"


@pytest.mark.parametrize(
    ("name", "country"),
    [("Lodz", "POL"), ("Wroclaw", "POL"), ("Diyarbakir", "TUR"), ("Nam Dinh", "VNM"),
     ("Tromso", "NOR")],
)  # fmt: skip
def test_a_town_is_found_without_the_strokes_of_its_letters(name: str, country: str) -> None:
    """As wires write it: letters with a stroke or without a dot are plain there."""
    assert country in dict(load_lexicon().cities[name])


def test_a_town_in_capitals_is_the_town(enricher: Enricher) -> None:
    """Within the text as well, with what is told of it further on."""
    found = enriched(enricher, "A man was jailed in HARARE. The court in Harare sat late.")
    assert {(e.country, e.entity_id) for e in found.entities} == {("ZWE", "geonames:890299")}
