"""What has a capital without being a name: words of tables, by-lines, beginnings of sentences."""

from __future__ import annotations

import pytest

from pipeline.enrich.entities.resolve import resolve
from pipeline.enrich.entities.spans import TRUSTED, Span
from pipeline.enrich.lexicon import load_lexicon


def resolved(text: str, kind: str, *names: str) -> list[str]:
    """What is left of names that a model of ours is said to have seen in a text."""
    spans = [Span(text.index(n), text.index(n) + len(n), kind, TRUSTED) for n in names]
    return [text[s.start : s.end] for s in resolve(text, spans, load_lexicon()) if s.kind == kind]


@pytest.mark.parametrize(
    ("text", "kind", "word"),
    [
        ("Dividend\n\nPay April 10\nRecord March 20", "ORG", "Pay"),
        ("Dividend\n\nPay April 10\nRecord March 20", "ORG", "Record"),
        ("Results\n\nPayable May 1", "GPE", "Payable"),
        ("Results\n\nRecord date June 4", "GPE", "Record date"),
        ("Results\n\nNet 12.1 20.3 14.5", "ORG", "Net"),
        ("Results\n\nTotal 10 20 30 40", "ORG", "Total"),
        ("Trade gap\n\nFalls to a record low in May", "FAC", "Falls"),
        ("Loans\n\nThe sum was 30 mln N.Z. Dlrs then.", "ORG", "N.Z. Dlrs"),
        ("Deal\n\nIt will sell 5G masts.", "ORG", "G"),
        ("Report\n\nWN/Wikinews contributed to it.", "ORG", "WN/Wikinews"),
        ("Raid\n\nGunmen shot a guard.", "GPE", "Gunmen"),
        ("Deal\n\nThe Co Inc. said nothing.", "ORG", "Co Inc."),
        ("Probe\n\nThe craft came back to Earth.", "LOC", "Earth"),
        ("Probe\n\nThe craft came near Mars.", "GPE", "Mars"),
        ("Probe\n\nThe craft stayed on Venus.", "LOC", "Venus"),
    ],
)
def test_words_of_tables_and_by_lines_are_no_names(text: str, kind: str, word: str) -> None:
    """Even where the model takes them for one."""
    assert word not in resolved(text, kind, word)


@pytest.mark.parametrize("text", ["Dividend\n\nPay April 10", "Dividend\n\nRecord March 20"])
def test_a_day_of_payment_is_no_dateline(text: str) -> None:
    """A place and a day in a line are a dateline; a common word and a day are not."""
    assert resolve(text, [], load_lexicon()) == []
    (place,) = resolve("Rise\n\nNairobi April 10", [], load_lexicon())
    assert place.kind == "GPE"


@pytest.mark.parametrize("opener", ["Athough", "Although", "Because"])
def test_the_word_that_begins_a_sentence_is_no_given_name(opener: str) -> None:
    """Written right or wrong; a person of the surname stays."""
    text = f"Talks\n\n{opener} Reagan was ill, he came."
    assert resolved(text, "PERSON", f"{opener} Reagan") == ["Reagan"]


def test_a_listed_company_with_its_legal_form_is_the_listed_one() -> None:
    """In every story under one id, whatever it calls itself."""
    text = "Cars\n\nGeneral Motors Corp rose. General Motors said so."
    spans = [Span(6, 25, "ORG", TRUSTED), Span(32, 46, "ORG", TRUSTED)]
    assert {s.name.canonical for s in resolve(text, spans, load_lexicon()) if s.name} == {
        "General Motors"
    }


def test_a_name_that_looks_like_a_word_stays_one_within_a_sentence() -> None:
    """A body called Record is one where it does not only begin a line."""
    text = "Sale\n\nThe paper Record was sold. Record had lost money."
    assert resolved(text, "ORG", "Record").count("Record") >= 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *(("Uzbek", "NORP"), ("Welsh", "PERSON")),
        *(("Nagorno-Karabakh", "LOC"), ("Transnistria", "GPE"), ("England", "PERSON")),
    ],
)
def test_a_people_or_land_that_nobody_is_named_after_is_no_person(name: str, kind: str) -> None:
    """Whatever our model takes it for; a surname stays one."""
    text = f"Talks\n\nThe {name} team left."
    span = Span(text.index(name), text.index(name) + len(name), "PERSON", TRUSTED)
    assert [found.kind for found in resolve(text, [span], load_lexicon())] == [kind]
