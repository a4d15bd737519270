"""Where paragraphs end: by blank lines, indents, short last lines, or each with its line."""

from __future__ import annotations

import json

import pytest

from pipeline.parse.text.paragraphs import split_paragraphs
from tests.parse.golden import one

LAMP = "Lampan på piren lyser igen sedan i går kväll, säger hamnen i Norrby."
SHORT = "Det tog ett år."
SAID = "\u2013 Vi är nöjda. Nu kan båtarna gå, säger Rosa Lind."
WRAPPED = (
    "Die Wärter der alten Lampe auf der Mole haben am Montag erklärt, dass\n"
    "sie bleiben wollen, bis ein neuer Turm steht und die Schiffe ihn\n"
    "sehen.\n"
    "Die Hafenstadt dankte ihnen am Abend dafür. Der Betreiber der Lampe\n"
    "will nun selbst bezahlen, was der neue Turm an der Einfahrt kostet,\n"
    "und sprach von zwei Jahren.\n"
    "Danach soll die Mole bis zum Ende der Bucht verlängert werden.\n"
)


def test_lines_between_blank_ones_are_paragraphs_where_all_end_as_sentences() -> None:
    """So a CMS sends text: blank lines part sections, whose heading is a line without a stop."""
    text = f"{LAMP}\n{SHORT}\n\nEtt nytt torn\n{LAMP}\n{SAID}\n{SHORT}"
    assert split_paragraphs(text) == [LAMP, SHORT, "Ett nytt torn", LAMP, SAID, SHORT]


def test_wrapped_lines_and_sentences_of_one_paragraph_stay_together() -> None:
    """Lines of which some do not end a sentence, and a line for each sentence."""
    wrapped = "Lamps burn on the pier again. A\nkeeper said so.\n\nShips saw them. He was glad.\n"
    assert split_paragraphs(wrapped) == [
        "Lamps burn on the pier again. A keeper said so.",
        "Ships saw them. He was glad.",
    ]
    sentences = "Lamps burn again.\nShips saw them.\nAll came.\n\nA keeper said so.\nHe was glad.\n"
    assert split_paragraphs(sentences) == [
        "Lamps burn again. Ships saw them. All came.",
        "A keeper said so. He was glad.",
    ]


@pytest.mark.parametrize("name", ["body_text", "body"])
def test_a_line_of_a_field_of_json_is_a_paragraph(name: str) -> None:
    """Also where each is one sentence, and blank lines part sections."""
    lines = [LAMP, SHORT, "Ett nytt torn", SHORT, LAMP]
    body = f"{LAMP}\n{SHORT}\n\nEtt nytt torn\n{SHORT}\n{LAMP}"
    item = {"guid": "urn:x:1", "headline": "Lampan lyser", "language": "sv", name: body}
    assert one(json.dumps(item).encode()).paragraphs == tuple(lines)


def test_paragraphs_without_indents_within_blank_lines_end_at_a_short_line() -> None:
    """As in APA's copy, whose heading is parted by blank lines and whose text is not."""
    story = one(
        "APA0123 5 WI 0210 WI/CI    Mo, 05.Okt 2026\n\nHafen/Norland\nWärter bleiben\n\n"
        f"Norrby (APA) - Der Turm fehlt noch.\n\n{WRAPPED}(Schluss) ab/cd\n".encode()
    )
    assert [text.split()[0] for text in story.paragraphs] == ["Der", "Die", "Die", "Danach"]
    assert story.paragraphs[1].endswith("ihn sehen.")
