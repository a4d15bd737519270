"""Single rules of naming, on sentences written for them; no model takes part."""

from __future__ import annotations

import re

import pytest

from pipeline.enrich.entities.mentions import StoryEntities
from pipeline.enrich.entities.resolve import resolve
from pipeline.enrich.entities.spans import MODEL_PHRASE, MODEL_WORD, TRUSTED, Span
from pipeline.enrich.languages.truecase import Truecaser
from pipeline.enrich.lexicon import load_lexicon
from pipeline.enrich.places.datelines import dateline_place
from pipeline.model import Entity, Mention


def names(text: str, *model: tuple[str, str]) -> list[tuple[str, str]]:
    spans = [
        Span(
            text.index(words),
            text.index(words) + len(words),
            kind,
            MODEL_PHRASE if " " in words else MODEL_WORD,
        )
        for words, kind in model
    ]
    return [(text[s.start : s.end], s.kind) for s in resolve(text, spans, load_lexicon())]


@pytest.mark.parametrize(
    ("text", "model", "wanted"),
    [
        ("The Iraqi Kurds left.", (), ("Iraqi Kurds", "NORP")),
        ("It was the 1994 World Cup.", (), ("World Cup", "EVENT")),
        ("The Ministry of Public Works fell.", (), ("Ministry of Public Works", "ORG")),
        ("Zorvan, 35, was charged.", (("Zorvan", "ORG"),), ("Zorvan", "PERSON")),
        ("Shares of Borland Mills rose.", (("Shares of Borland Mills", "ORG"),),
         ("Borland Mills", "ORG")),
        ("1. Tadeo Quint (Peru) 12.4", (), ("Tadeo Quint", "PERSON")),
        ("the Okonkwo's house", (("the Okonkwo's", "PERSON"),), ("Okonkwo", "PERSON")),
    ],
)  # fmt: skip
def test_what_a_name_is_and_where_it_ends(
    text: str, model: tuple[tuple[str, str], ...], wanted: tuple[str, str]
) -> None:
    """Articles, possessives, years, ages and headwords decide span and kind."""
    assert wanted in names(text, *model)


def test_a_name_of_our_model_is_of_the_kind_that_its_last_word_tells() -> None:
    """A monastery is no body and a party no place; a town that a list holds stays one."""
    text = "She left Selva Monastery for the Delta Water Summit and saw Oslo for Harbour News."
    said = {"Selva Monastery": "ORG", "Delta Water Summit": "ORG", "Oslo": "GPE"}
    said |= {"Harbour News": "PERSON"}
    spans = [
        Span(text.index(words), text.index(words) + len(words), kind, TRUSTED)
        for words, kind in said.items()
    ]
    found = {text[s.start : s.end]: s.kind for s in resolve(text, spans, load_lexicon())}
    assert found == said | {
        "Selva Monastery": "FAC", "Delta Water Summit": "EVENT", "Harbour News": "ORG",
    }  # fmt: skip


def trusted(text: str, **said: str) -> list[tuple[str, str]]:
    """What is left of names that our own model saw; underscores in names are blanks."""
    spans = [
        Span(match.start(), match.end(), kind, TRUSTED)
        for words, kind in said.items()
        for match in re.finditer(rf"\b{words.replace('_', ' ')}\b", text)
    ]
    return [(text[s.start : s.end], s.kind) for s in resolve(text, spans, load_lexicon())]


def test_letters_that_stand_for_small_words_are_no_name() -> None:
    """ "new energy vehicle (NEV)" is a thing wherever the story has its letters; a body is none."""
    text = "Each new energy vehicle (NEV) sold. NEV makers and NEVs. The Sava Water Board (SWB)."
    found = trusted(text, NEV="ORG", NEVs="ORG", Sava_Water_Board="ORG", SWB="ORG")
    assert found == [("Sava Water Board", "ORG"), ("SWB", "ORG")]


def test_a_listed_body_is_no_part_of_one_that_our_model_sees() -> None:
    """Of two states in one name it sees two, of a body with "and" in its name the longer one."""
    text = "The Osk Food and Drug Administration met in Trinidad and Tobago."
    found = trusted(text, Osk_Food_and_Drug_Administration="ORG", Trinidad="GPE", Tobago="GPE")
    assert found == [("Osk Food and Drug Administration", "ORG"), ("Trinidad and Tobago", "GPE")]


def test_a_town_and_the_state_behind_it_are_two_names() -> None:
    """A model that sees one name there sees two."""
    text = "He left Springfield, Illinois, and Osk, Kenya."
    found = trusted(text, **{"Springfield,_Illinois": "GPE", "Osk,_Kenya": "GPE"})
    assert [words for words, _ in found] == ["Springfield", "Illinois", "Osk", "Kenya"]


def test_a_surname_is_no_other_word_and_no_town() -> None:
    """ "An" opens a sentence, something lies in Van; elsewhere both are the person."""
    text = "Bo An met Ane Van. An unsigned note came. Later An left, and Van. A lake in Van froze."
    found = trusted(text, Bo_An="PERSON", Ane_Van="PERSON")
    assert [words for words, kind in found if kind == "PERSON"] == ["Bo An", "Ane Van", "An", "Van"]
    assert found.count(("An", "PERSON")) == 1


def test_where_mentions_disagree_a_preposition_of_place_decides() -> None:
    """Once a body, once a place that something is in: a place."""
    text = "Zorvan reopened. A hotel in Zorvan burned."
    at = [match.span() for match in re.finditer("Zorvan", text)]
    spans = [Span(*at[0], "ORG", TRUSTED), Span(*at[1], "GPE", TRUSTED)]
    assert [s.kind for s in resolve(text, spans, load_lexicon())] == ["GPE", "GPE"]


@pytest.mark.parametrize(
    ("text", "seen", "wanted"),
    [
        ("The agency (Agencia Sur).- El Nino came.", ("Agencia Sur).- El", "ORG"), "Agencia Sur"),
        ("He praised \u2018Desert Lions\u2019 again.", ("\u2018Desert Lions\u2019", "ORG"),
         "Desert Lions"),
        ("Chief of the Sava Forces - he left.", ("Sava Forces -", "ORG"), "Sava Forces"),
        ("Books by Edgar J. Quint sell.", ("Edgar J. Quint", "PERSON"), "Edgar J. Quint"),
        ("The Osk (Upper) Court sat.", ("Osk (Upper) Court", "ORG"), "Osk (Upper) Court"),
    ],
)  # fmt: skip
def test_where_a_name_of_our_model_ends(text: str, seen: tuple[str, str], wanted: str) -> None:
    """Signs at its ends and a bracket that closes none of it are cut off; an initial stays in."""
    start = text.index(seen[0])
    spans = [Span(start, start + len(seen[0]), seen[1], TRUSTED)]
    found = [text[s.start : s.end] for s in resolve(text, spans, load_lexicon())]
    assert wanted in found
    assert not any(words != wanted and words in seen[0] for words in found)


def test_a_name_is_whole_wherever_it_stands() -> None:
    """Of what was seen whole once a part alone is never a name; a shorter name of its own is."""
    text = "Nana Quint-Ardo spoke. Quint-Ardo left, Nana Quint-Ardo said. Quint was there."
    seen = [(0, 15), (23, 28), (45, 55), (text.rindex("Quint"), text.rindex("Quint") + 5)]
    spans = [Span(start, end, "PERSON", TRUSTED) for start, end in seen]
    found = [text[s.start : s.end] for s in resolve(text, spans, load_lexicon())]
    assert found == ["Nana Quint-Ardo", "Quint-Ardo", "Nana Quint-Ardo", "Quint"]


def test_letters_in_brackets_are_a_bodys_where_the_name_is_a_bodys() -> None:
    """What news writes small, and no body is called by, is a term; nations at a hyphen are two."""
    text = (
        "Gross Domestic Product (GDP) rose, said the Upper Sava Bureau (USB). "
        "Kuwaiti-Chinese relations are good."
    )
    assert [(text[s.start : s.end], s.kind) for s in resolve(text, [], load_lexicon())] == [
        ("Upper Sava Bureau", "ORG"), ("USB", "ORG"), ("Kuwaiti", "NORP"), ("Chinese", "NORP"),
    ]  # fmt: skip


def test_a_title_holds_no_name() -> None:
    """ "Secretary of State" names neither a town nor a body."""
    assert names("He is Secretary of State.") == []


def test_scores_name_teams_and_countries_stay_places() -> None:
    """In a line of results a town is its team; a country is the country."""
    found = names("Leeds 2 Everton 1\nPeru 0 Chile 1")
    assert ("Leeds", "ORG") in found and ("Everton", "ORG") in found
    assert ("Peru", "GPE") in found and ("Chile", "GPE") in found


def test_a_town_that_plays_is_a_team_and_one_that_hosts_a_place() -> None:
    """Only in sports copy, and by the words around the name."""
    text = "The league match: Leeds beat Hull as the striker scored two goals in York."
    assert ("Leeds", "ORG") in names(text) and ("York", "GPE") in names(text)
    assert ("Leeds", "GPE") in names("Police from Leeds were against it.")


def test_a_common_word_is_no_town() -> None:
    """Reading and Mobile are towns only where a state follows and the model agrees."""
    assert names("Real growth and Federal savings rose.") == []


def test_capitals_get_their_case_back_with_the_same_length() -> None:
    """The body's own spelling first, then the lists, else small letters."""
    cased = Truecaser("We saw that deGroot met IBM.", load_lexicon()).line(
        "DEGROOT, IBM SEE NEW YORK GAIN"
    )
    assert cased == "deGroot, IBM see New York gain"


@pytest.mark.parametrize(
    ("body", "line", "expected"),
    [
        ("He met Copper Co. It cut copper and copper.", "COPPER FALLS HERE", "copper falls here"),
        ("Copper fell.\nCopper rose. We saw Copper, copper's, scopper.", "COPPER X", "Copper x"),
        ("A strike at 'Copper', Copper said; copper is up.", "COPPER IS UP", "Copper is up"),
        ("The NATO x.", "NATO AND THE BBC", "NATO and the BBC"),
    ],
)
def test_a_word_in_capitals_is_written_as_the_body_mostly_does(
    body: str, line: str, expected: str
) -> None:
    """Inside its sentences; a word of another's parts, and of a sentence's beginning, are none."""
    assert Truecaser(body, load_lexicon()).line(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("U.S. SAYS JAMES A. ZORVAN SAW IRAN", "U.S. says James A. zorvan saw Iran"),
        ("JAPAN CUTS TARIFFS ON U.K. TEA", "Japan cuts tariffs on U.K. tea"),
        ("KENYAN MINERS BEGIN STRIKE OVER PAY", "Kenyan miners begin strike over pay"),
    ],
)
def test_without_a_body_the_lists_and_small_words_tell(line: str, expected: str) -> None:
    """Letters with full stops stay; a country is no acronym; words that are rare names are none."""
    assert Truecaser("", load_lexicon()).line(line) == expected


@pytest.mark.parametrize(
    ("dateline", "country"),
    [
        ("HANOVER, West Germany, March 11 -", "DEU"),
        ("ANN ARBOR, Mich., March 2 -", "USA"),
        ("****NAIROBI, March 4 -", "KEN"),
        ("TBILISI, Georgia (AP)", "GEO"),
        (None, None),
    ],
)
def test_dateline_countries(dateline: str | None, country: str | None) -> None:
    """A stated country or state wins over the town; noise of the line does not matter."""
    assert dateline_place(dateline, load_lexicon())[0] == country


def test_mentions_are_found_by_offset() -> None:
    """The best entity of a span, and the first country in it."""
    person = Entity("Ana Silva", "PERSON", (Mention(9, 18, "Ana Silva", 0),))
    people = Entity("Chilean", "NORP", (Mention(0, 7, "Chilean", 0),), "CHL")
    found = StoryEntities([person, people])
    assert found.entity_at(0, 18) == person
    assert found.country_of(0, 18) == "CHL"
    assert found.country_of(9, 18) is None
    assert found.entity_at(30, 40) is None


@pytest.mark.parametrize(
    ("text", "model", "wanted"),
    [
        ("It left Antigua and Barbuda.", {"Antigua": "GPE", "Barbuda": "GPE"},
         ("Antigua and Barbuda", "GPE")),
        ("Envoys of Saint Vincent and the Grenadines met.",
         {"Saint Vincent": "PERSON", "Grenadines": "ORG"},
         ("Saint Vincent and the Grenadines", "GPE")),
        ("The crew of St. Kitts & Nevis won.", {"St. Kitts & Nevis": "ORG"},
         ("St. Kitts & Nevis", "GPE")),
        ("He joined the Ministry of Roads and Rural Development in May.",
         {"Ministry of Roads": "ORG"}, ("Ministry of Roads and Rural Development", "ORG")),
        ("The Ministry of Defence and Parliament quarrelled.",
         {"Ministry of Defence": "ORG", "Parliament": "ORG"}, ("Ministry of Defence", "ORG")),
    ],
)  # fmt: skip
def test_a_name_with_and_in_it_is_one_whatever_the_model_saw(
    text: str, model: dict[str, str], wanted: tuple[str, str]
) -> None:
    """Listed states with "and" stay whole, and a ministry keeps all that it is of."""
    spans = [
        Span(text.index(words), text.index(words) + len(words), kind, TRUSTED)
        for words, kind in model.items()
    ]
    found = [(text[s.start : s.end], s.kind) for s in resolve(text, spans, load_lexicon())]
    assert wanted in found
    assert not any(name in wanted[0] and name != wanted[0] for name, _ in found)


def test_a_storm_is_one_event_under_its_full_name() -> None:
    text = "Tropical Storm Odalys hit Havana. Odalys was near Miami, the Hurricane Center said."
    found = names(text, ("Odalys", "PERSON"), ("Havana", "GPE"))
    assert ("Tropical Storm Odalys", "EVENT") in found
    assert ("Odalys", "EVENT") in found
    assert not any("Center" in name and kind == "EVENT" for name, kind in found)


def test_somebody_who_bears_a_storms_name_is_no_storm() -> None:
    text = "Hurricane Harvey flooded Houston. Harvey Weinstein was in court."
    found = names(text, ("Harvey Weinstein", "PERSON"))
    assert ("Harvey Weinstein", "PERSON") in found
    assert ("Hurricane Harvey", "EVENT") in found


def test_a_name_of_one_letter_is_without_the_stop_of_its_sentence() -> None:
    text = "X Corp rose. She owns X. He met Malcolm X."
    spans = [
        Span(0, 6, "ORG", TRUSTED),
        Span(text.index("X. He"), text.index("X. He") + 2, "PERSON", TRUSTED),
    ]
    found = [(text[s.start : s.end], s.kind) for s in resolve(text, spans, load_lexicon())]
    assert found[:2] == [("X Corp", "ORG"), ("X", "ORG")]


@pytest.mark.parametrize(
    ("kind", "wanted"), [("LOC", "EVENT"), ("ORG", "EVENT"), ("PERSON", "PERSON")]
)
def test_a_day_is_no_place_and_a_person_may_be_called_so(kind: str, wanted: str) -> None:
    text = "They met Harbour Day there."
    found = resolve(text, [Span(9, 20, kind, TRUSTED)], load_lexicon())
    assert [(text[s.start : s.end], s.kind) for s in found] == [("Harbour Day", wanted)]
