"""IPTC 7901 and ANPA 1312 messages as agencies send them: headers, headings, tables."""

from __future__ import annotations

import time

import pytest

from pipeline.model import Story
from pipeline.parse import parse_record
from tests.parse.golden import one, record


def dpa(
    heading: str, body: str = "Norrby (dpa) - Der Turm ist verkauft.\n", filler: bytes = b""
) -> Story:
    """A message in dpa's form."""
    text = (
        f"\x01bdt0417 3 vm 31  dpa 0991\n\nSchifffahrt/Küste/\n\x02{heading}\n\n{body}\n"
        "dpa abr yyzz n1\n\n\x03051205 Okt 26\n"
    )
    return one(filler + text.encode())


@pytest.mark.parametrize("filler", [b"", b"\x7f\x7f\r\n", b"\x16\x16", b"\x00\r\n"])
def test_a_header_in_any_letters_behind_any_filler(filler: bytes) -> None:
    """Lower case, an umlaut in the keyword line, DEL before SOH."""
    story = dpa("Turm verkauft\nVon Tilda Nord, dpa  =", filler=filler)
    assert (story.format, story.headline) == ("iptc7901", "Turm verkauft")
    assert (story.slugline, story.urgency, story.bylines) == (
        "Schifffahrt/Küste/",
        3,
        ("Tilda Nord",),
    )
    assert [(c.role, c.value) for c in story.codes] == [
        ("topic", "vm"),
        ("service", "bdt"),
        ("words", "31"),
    ]
    assert (story.provider, story.paragraphs) == ("dpa", ("Der Turm ist verkauft.",))
    assert story.published_at is not None and story.published_at.day == 5


def test_a_marked_heading_of_many_lines() -> None:
    """Advisories in brackets, a mark, a headline over lines, a byline; the sign is in none."""
    story = dpa(
        "(Zusammenfassung - Neu: Käufer, und was\nder Bürgermeister sagt)\nEXTRA\n"
        "Ein Turm an der Küste\nist endlich\nverkauft  =\nVon Tilda Nord und Per Öst, dpa  ="
    )
    assert story.headline == "Ein Turm an der Küste ist endlich verkauft"
    assert story.bylines == ("Tilda Nord", "Per Öst")
    note = story.editor_note or ""
    assert "Neu: Käufer, und was der Bürgermeister sagt" in note and "EXTRA" in note
    assert "=" not in note + story.headline


def test_what_is_for_desks_alone_is_a_note() -> None:
    """The block below the text is no paragraph."""
    body = (
        "Norrby (dpa) - The tower is sold.\n\nNobody knows why.\n\n"
        "The following information is not intended for publication\n\nContact: desk 12\n"
    )
    story = dpa("Tower sold  =", body)
    assert story.paragraphs == ("The tower is sold.", "Nobody knows why.")
    assert "Contact: desk 12" in (story.editor_note or "")


def anpa(text: bytes, form: bytes = b"\x11", key: bytes = b"bc-eu--lighthouse 1st ld") -> Story:
    """A message as AP sends it, with the marks of typesetting in its header."""
    head = b"\x16\x16\x01a1234\x1fbc-\r\nu i\x13" + form + key + b" 10-05 0120\r\n\x02"
    return one(head + text + b"\x03\r\nAP-WF-10-05-26 1530GMT\r\n\x04")


HEAD = (
    b"^BC-EU--Lighthouse, 1st Ld-Writethru,120<\r\n^Lighthouse of Norrby sold<\r\n"
    b"^AP Photo NOR101, NOR102<\r\n^Eds: Updates with price. With AP Video.<\r\n"
    b"^A secret buyer pays a secret price<\r\n^By TILDA NORD=\r\n^Associated Press=\r\n"
)


def test_the_marked_lines_of_an_anpa_heading() -> None:
    """Slug line, headline, pictures and notes, summary, byline, service; then paragraphs."""
    body = b"\tNORRBY (AP) _ The lighthouse was sold on Monday, the town\r\nsaid.\r\n"
    body += b"\tNobody knows.\r\n"
    story = anpa(HEAD + body)
    assert story.headline == "Lighthouse of Norrby sold"
    assert story.slugline == "BC-EU--Lighthouse, 1st Ld-Writethru"
    assert (story.bylines, story.provider) == (("TILDA NORD",), "AP")
    assert story.summary == "A secret buyer pays a secret price"
    assert "AP Photo NOR101" in (story.editor_note or "") and "Updates with" in (
        story.editor_note or ""
    )
    assert story.paragraphs == (
        "The lighthouse was sold on Monday, the town said.",
        "Nobody knows.",
    )
    assert (story.urgency, story.format_version) == (3, "anpa1312")
    assert [(c.role, c.value) for c in story.codes] == [
        ("topic", "i"),
        ("service", "a"),
        ("words", "120"),
    ]
    assert story.published_at is not None and story.published_at.hour == 15
    assert story.warnings == ()


def test_rows_of_a_table() -> None:
    """The marks of typesetting part cells and end lines; the message is text all the same."""
    table = (
        b"^BC-HKN--Standings,40<\r\n^Standings<\r\n^At A Glance<\r\n"
        b"\x08Norrby\x1f12\x1f3\x1e\x08Sandhamn{{10{5<\r\n\x08Visby\x1010\x104<\r\n"
    )
    story = anpa(table, form=b"\x12", key=b"bc-hkn--standings")
    assert story.headline == "Standings"
    assert story.paragraphs == (
        "At A Glance",
        "Norrby | 12 | 3",
        "Sandhamn | 10 | 5",
        "Visby | 10 | 4",
    )


def test_a_message_of_marked_lines_only() -> None:
    """Advisories have no other body."""
    story = anpa(
        b"^BC-Digest<\r\n^AP News Digest<\r\n^The budget follows.<\r\n^It has two parts.<\r\n"
    )
    assert story.headline == "AP News Digest"
    assert story.paragraphs == ("The budget follows.", "It has two parts.")


def test_messages_of_a_teleprinter_end_at_nnnn_or_at_the_next_one() -> None:
    """Each is a story; one that was cut off, and words behind the end, are told."""
    head = "ZCZC\r\nPPA123\r\nR I 0210\r\nNORLAND-FERRY\r\n\r\n"
    text = "PORT ELWIN, Oct 5 (PTI) Residents voted to keep the ferry. It was close. PTI ABR TV"
    beyond = " ".join(f"word{n}" for n in range(20))
    whole = f"{head}Town keeps its ferry\r\n\r\n{text}\r\n"
    data = whole + whole + f"NNNN\r\n{beyond}\r\n"
    first, second = parse_record(record(data.encode()))
    for story in (first, second):
        assert isinstance(story, Story)
        assert (story.format, story.headline) == ("iptc7901", "Town keeps its ferry")
        assert (story.slugline, story.urgency, story.provider) == ("NORLAND-FERRY", 4, "PTI")
        assert story.paragraphs == ("Residents voted to keep the ferry. It was close.",)
    assert "the message ends without NNNN" in first.warnings
    assert "not read: 20 words behind NNNN" in second.warnings


def test_the_header_of_a_teleprinter_takes_no_time() -> None:
    """Key words are joined by dashes: whatever dashes there are, they are looked at once."""
    for head in ("-" * 119 + ".", "a-" * 59 + ".", "a/" * 59 + "("):
        began = time.process_time()
        parse_record(record(f"ZCZC\n{head}\n\nBoats sold\n\nThe boats were sold.\n".encode()))
        assert time.process_time() - began < 0.5
