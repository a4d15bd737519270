"""The event coder on sentences written for one phenomenon each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from pipeline.enrich.events import EventCoder
from pipeline.model import Actor, Event
from tests.enrich.events.conftest import item

Code = Callable[[str], tuple[Event, ...]]


def side(actor: Actor | None) -> str | None:
    return (actor.country or actor.name) if actor else None


def triples(events: tuple[Event, ...]) -> set[tuple[str | None, str, str | None]]:
    return {(side(event.source), event.root, side(event.target)) for event in events}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Kenyan troops attacked rebels in Turkey on Monday.", ("KEN", "ASSAULT")),
        ("France condemned Spain for the arrests.", ("FRA", "ACCUSE")),
        ("Norway gave Kenya 20 million euros in food aid.", ("NOR", "AID")),
        ("The French government imposed sanctions on Turkey.", ("FRA", "COERCE")),
        ("France lifted sanctions on Turkey.", ("FRA", "RETREAT")),
        ("Peru released 40 Chilean prisoners.", ("PER", "RETREAT")),
        ("Spain rejected a request from Peru for his extradition.", ("ESP", "REJECT")),
        ("France refused to meet the Turkey envoy.", ("FRA", "REJECT")),
        ("Turkey threatened to attack Norway.", ("TUR", "THREATEN")),
        ("Peru called for the withdrawal of Chilean troops.", ("PER", "REQUEST")),
        ("Peru urged Chile to withdraw its troops.", ("PER", "REQUEST")),
        ("Kenya signed a trade deal with Norway.", ("KEN", "SUPPORT")),
        ("Kenya praised Norway for its help.", ("KEN", "SUPPORT")),
        ("Spain suspended military aid to Turkey.", ("ESP", "SANCTION")),
        ("Spain expelled two Turkey diplomats.", ("ESP", "SANCTION")),
        ("Spanish police arrested a Peruvian activist.", ("ESP", "COERCE")),
        ("Peru deployed troops along the border with Chile.", ("PER", "MOBILIZE")),
        ("Norway shared intelligence with France.", ("NOR", "COOPERATE")),
        ("France pledged to provide military aid to Kenya.", ("FRA", "AGREE")),
        ("Peruvian rebels surrendered to the Chilean army.", ("PER", "RETREAT")),
        ("France announced the suspension of aid to Kenya.", ("FRA", "SANCTION")),
        ("Thousands of protesters marched against the Kenyan government.", ("KEN", "PROTEST")),
    ],
)
def test_an_act_gets_its_root_and_source(code: Code, body: str, expected: tuple[str, str]) -> None:
    found = {(source, root) for source, root, _ in triples(code(body))}
    assert expected in found


def test_the_object_changes_the_root(code: Code) -> None:
    """One verb, four acts: what is lifted, held or launched decides."""
    assert ("KEN", "CONSULT", "NOR") in triples(code("Kenya held talks with Norway."))
    assert ("KEN", "COOPERATE", "NOR") in triples(code("Kenya held a joint exercise with Norway."))
    assert ("KEN", "ASSAULT", "NOR") in triples(code("Kenya launched an attack on Norway."))
    found = triples(code("Kenya launched an investigation into Norway."))
    assert ("KEN", "ACCUSE", "NOR") in found


def test_passive_voice_keeps_who_did_it(code: Code) -> None:
    """The agent is the source, the grammatical subject the target."""
    assert triples(code("Chile was condemned by Peru on Tuesday.")) == {("PER", "ACCUSE", "CHL")}


def test_who_says_is_not_who_did(code: Code) -> None:
    """Reported speech: the speaker is no side of the reported act."""
    assert triples(code("Nairobi said that Peru attacked Chile.")) == {("PER", "ASSAULT", "CHL")}


def test_coordinated_verbs_share_their_subject(code: Code) -> None:
    found = triples(code("France condemned Turkey and expelled two diplomats from Turkey."))
    assert ("FRA", "ACCUSE", "TUR") in found
    assert any(source == "FRA" and root == "SANCTION" for source, root, _ in found)


def test_joint_acts_count_in_both_directions(code: Code) -> None:
    found = triples(code("Peru and Chile held talks in Geneva."))
    assert {("PER", "CONSULT", "CHL"), ("CHL", "CONSULT", "PER")} <= found
    found = triples(code("Peru and Chile agreed to cooperate."))
    assert {("PER", "AGREE", "CHL"), ("CHL", "AGREE", "PER")} <= found


def test_leaders_of_two_countries_are_two_targets(code: Code) -> None:
    found = triples(code("Anna Olsen met the leaders of Peru and Chile."))
    assert {("NOR", "CONSULT", "PER"), ("NOR", "CONSULT", "CHL")} <= found


def test_a_nominal_event_has_both_sides(code: Code) -> None:
    found = triples(code("Prices rose after the attack by Peru on Chile."))
    assert ("PER", "ASSAULT", "CHL") in found


def test_what_will_be_is_an_intention(code: Code) -> None:
    """A meeting ahead is agreement, not consultation, and flagged as not done yet."""
    events = code("Kenya will hold talks with Norway next week.")
    assert {("KEN", "AGREE")} <= {(side(e.source), e.root) for e in events}
    assert all(event.hypothetical for event in events)


def test_what_may_be_keeps_its_root_and_is_flagged(code: Code) -> None:
    events = code("France may impose sanctions on Turkey.")
    assert [(e.root, e.hypothetical) for e in events] == [("COERCE", True)]


def test_will_not_is_a_refusal(code: Code) -> None:
    assert triples(code("France will not lift sanctions on Turkey.")) == {("FRA", "REJECT", "TUR")}


def test_a_denied_attack_stays_as_a_flagged_row(code: Code) -> None:
    events = code("Peruvian troops did not attack Chile.")
    assert [(e.root, e.negated) for e in events] == [("ASSAULT", True)]


@pytest.mark.parametrize(
    "body",
    [
        "Shares in Acme Widgets rose 3 percent in early trading.",
        "Acme Widgets agreed to buy a rival for 20 million dollars.",
        "Spain beat Norway 3-1 in the second match of the tournament.",
        "The weather in Kenya was fine on Sunday.",
        "She met her husband at a party.",
        "Kenya has a population of 50 million people.",
        "The company launched an attack on high prices.",
        "Wheat exports from France fell by a third last year.",
    ],
)
def test_no_political_act_no_event(code: Code, body: str) -> None:
    assert code(body) == ()


def test_one_event_a_sentence_and_triple(code: Code) -> None:
    """Two words for one act between the same sides are one event."""
    events = code("France condemned Turkey and denounced Turkey.")
    assert len([e for e in events if e.root == "ACCUSE"]) == 1


def test_roles_come_from_titles_and_nouns(code: Code) -> None:
    [event] = code("Spanish police arrested a Peruvian activist.")
    assert event.source is not None
    assert event.target is not None
    assert (event.source.role, event.source.country) == ("COP", "ESP")
    assert (event.target.role, event.target.country) == ("OPP", "PER")


def test_offsets_point_at_the_trigger_in_the_story(coder: EventCoder) -> None:
    given = item("Prices rose. France condemned Turkey on Monday.")
    [event] = coder.code_batch([given])[0]
    assert given.text[event.start : event.end] == event.trigger == "condemned"
    start, end = given.sentences[event.sentence_index]
    assert given.text[start:end] == event.sentence
    assert start <= event.start < event.end <= end


def test_the_code_table_gives_quad_class_and_goldstein(code: Code) -> None:
    [event] = code("France imposed sanctions on Turkey.")
    assert (event.cameo, event.quad_class, event.goldstein) == ("163", 4, -8.0)
    assert 0.0 < event.confidence < 1.0


def test_an_act_gets_date_and_place(code: Code) -> None:
    events = code("Peru signed a deal with Chile in Geneva on Tuesday.")
    assert events
    assert all(event.event_date == date(2024, 5, 14) for event in events)
    assert {event.place_country for event in events} == {"CHE"}


def test_without_a_story_date_nothing_is_dated(coder: EventCoder) -> None:
    events = coder.code_batch([item("France condemned Turkey on Monday.", day=None)])[0]
    assert [event.event_date for event in events] == [None]


def test_a_pronoun_is_its_nearest_clear_subject(code: Code) -> None:
    events = code("Anna Olsen arrived in Paris. She condemned Turkey on Monday.")
    assert ("NOR", "ACCUSE", "TUR") in triples(events)


def test_batches_and_order_change_nothing(coder: EventCoder) -> None:
    """A story's events are the same alone, among others, and a second time."""
    stories = [
        item("France condemned Turkey on Monday."),
        item("Kenya held talks with Norway."),
        item("Nothing happened here.", day=datetime(2020, 1, 1, tzinfo=UTC)),
    ]
    together = coder.code_batch(stories)
    assert together == [coder.code_batch([story])[0] for story in stories]
    assert together == coder.code_batch(stories)
    assert list(reversed(coder.code_batch(stories[::-1]))) == together


def test_no_stories_no_events(coder: EventCoder) -> None:
    assert coder.code_batch([]) == []


@pytest.mark.parametrize(
    "body",
    [
        "France attacked " + "and attacked " * 20_000 + "Turkey",
        "France condemned " + "((((((((((" * 5_000,
        "France said that Spain said that " * 4_000 + "Turkey attacked Kenya.",
        "France attacked\u2028\x00\ud7ff Turkey \U0001f600" * 500,
    ],
)
def test_an_endless_sentence_costs_no_more_than_a_long_one(coder: EventCoder, body: str) -> None:
    """Only the head of such a sentence is parsed, up to the cap of tokens."""
    assert len(coder.code_batch([item(body)])) == 1


@pytest.mark.timeout(60)
def test_ten_thousand_sentences_are_a_matter_of_seconds(coder: EventCoder) -> None:
    """Sentences without a trigger or an actor never reach the parser."""
    body = "Prices of wheat rose by a third. " * 9_900 + "France condemned Turkey. " * 100
    events = coder.code_batch([item(body)])[0]
    assert len(events) == 100


def test_spans_given_the_act_between_them_is_chosen(coder: EventCoder) -> None:
    sentence = "Peru attacked Chile after France condemned Turkey."
    where = {name: (sentence.index(name), sentence.index(name) + len(name)) for name in
             ("Peru", "Chile", "France", "Turkey")}  # fmt: skip
    first, second = coder.code_pairs(
        [sentence, sentence], [where["Peru"], where["France"]], [where["Chile"], where["Turkey"]]
    )
    assert first is not None
    assert second is not None
    assert (first.root, second.root) == ("ASSAULT", "ACCUSE")


def test_spans_without_an_act_give_none(coder: EventCoder) -> None:
    assert coder.code_pairs(["The sky is blue over Peru."], [(0, 7)], [(21, 25)]) == [None]
