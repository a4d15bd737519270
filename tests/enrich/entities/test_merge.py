"""Spans that name the same one become one entity, and those of two do not."""

from __future__ import annotations

import re

import pytest

from pipeline.enrich.entities.identity import entity_id
from pipeline.enrich.entities.merge import Group, group
from pipeline.enrich.entities.spans import TRUSTED, Span
from pipeline.enrich.lexicon import load_lexicon


def groups(kind: str, text: str, *names: str) -> dict[str, list[str]]:
    """The words of each group's spans by its name; every place where a name stands is a span."""
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    spans = [Span(*match.span(), kind, TRUSTED) for match in re.finditer(pattern, text)]
    return {
        entry.name: [text[span.start : span.end] for span in entry.spans]
        for entry in group(text, spans)
    }


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ronald Reagan spoke. Reagan left.", ("Ronald Reagan", "Reagan")),
        ("Reagan left. Ronald W. Reagan spoke, Ronald Reagan did.",
         ("Ronald W. Reagan", "Ronald Reagan", "Reagan")),
    ],
)  # fmt: skip
def test_a_person_is_one_by_all_forms_of_the_name(text: str, names: tuple[str, ...]) -> None:
    """Surname, full name, and full name with an initial between."""
    found = groups("PERSON", text, *names)
    assert list(found) == [names[0]]


def test_a_surname_of_two_is_neither() -> None:
    """Ronald and Nancy: Reagan alone may be either."""
    text = "Ronald Reagan and Nancy Reagan came. Reagan spoke."
    found = groups("PERSON", text, "Ronald Reagan", "Nancy Reagan", "Reagan")
    assert set(found) == {"Ronald Reagan", "Nancy Reagan", "Reagan"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("GTX Corp rose. GTX fell.", ("GTX Corp", "GTX")),
        ("Norvik Holdings Ltd rose. Norvik fell.", ("Norvik Holdings Ltd", "Norvik")),
        ("The Fisheries and Ports Commission met. The FPC, it said.",
         ("The Fisheries and Ports Commission", "The FPC")),
        ("Far North Airways Inc. flew. FNA said so.", ("Far North Airways Inc.", "FNA")),
        ("the Northern Grain Office (NGO-X) met", ("the Northern Grain Office", "NGO-X")),
    ],
)  # fmt: skip
def test_a_body_is_one_by_its_short_forms(text: str, names: tuple[str, ...]) -> None:
    """Without its legal form, by its first word, by its letters, with an article or without."""
    found = groups("ORG", text, *names)
    assert len(found) == 1


def test_few_letters_are_no_beginning_of_another_name() -> None:
    """Air and Air Nordland are two; only a legal form may follow so short a name."""
    assert len(groups("ORG", "Air rose. Air Nordland fell.", "Air Nordland", "Air")) == 2


def test_a_company_has_one_id_however_its_form_is_written() -> None:
    """Over stories that write Corp, Corp. or Corporation."""
    text = "Nordlys"
    span = Span(0, len(text), "ORG", TRUSTED)
    ids = {
        entity_id(Group(name, "ORG", [span]), text, load_lexicon())
        for name in ("Nordlys Corp", "Nordlys Corp.", "Nordlys Corporation")
    }
    assert len(ids) == 1
    assert entity_id(Group("Nordlys", "ORG", [span]), text, load_lexicon()) not in ids


def test_a_full_name_takes_the_entry_of_its_listed_letters() -> None:
    """The list knows TWA alone; the full name in the same story is it, with its country."""
    text = "Trans World Airlines Inc. flew. TWA said so."
    listed = load_lexicon().names["TWA"]
    spans = [Span(0, 25, "ORG", TRUSTED), Span(32, 35, "ORG", TRUSTED, listed)]
    (body,) = group(text, spans)
    assert entity_id(body, text, load_lexicon()) == "org:twa"
    assert {span.name for span in body.spans} == {listed}
