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


def test_the_number_joined_to_zczc() -> None:
    """ANSA's own header: number and service, the desks' lines, then the headline."""
    story = one(
        b"ZCZC2345/SXA\nXEF57893_SXA_QBXB\nR CRO S0A QBXB\nIl traghetto resta\n"
        b"(ANSA) - ROMA, 5 OTT - Il traghetto resta, ha detto il sindaco.\n"
        b"Le navi lo hanno visto.(ANSA).\n\n     ABC-DEF\n05-OTT-26 14:05 NNNN\n"
    )
    assert (story.format, story.headline, story.provider) == (
        "iptc7901",
        "Il traghetto resta",
        "ANSA",
    )
    assert story.dateline_places == ("ROMA",)
    assert story.paragraphs[-1].endswith("Le navi lo hanno visto.")


STRIPPED_IPTC = """AFP123 4 I 0234 FRA /AFP-AB12
France-ferry,LEAD

   Town keeps its ferry
   by Ada Brenner

   PARIS, Oct 5, 2026 (AFP) - The harbour master said on Monday that
the pier would stay open.
   Ships saw it at once, he said.
   abc/def
AFP 051205 GMT OCT 26
"""
STRIPPED_ANPA = """a0123
u i BC-Lamps     10-05 0123
BC-Lamps,0123
Lamps win again
By ADA BRENNER
Associated Press Writer
   OSLO (AP) _ The Lamps won on Monday, for the third time in a row.
   They said so.
AP-NY-10-05-26 1205EDT<
"""


def test_a_header_alone_marks_a_message_whose_control_characters_were_lost() -> None:
    """What it says is read as in a whole message; several in one record are parted by it."""
    first, second, third = parse_record(record((STRIPPED_IPTC + STRIPPED_ANPA * 2).encode()))
    assert isinstance(first, Story) and isinstance(second, Story) and isinstance(third, Story)
    assert (first.headline, first.slugline) == ("Town keeps its ferry", "France-ferry,LEAD")
    assert (first.provider, first.bylines, first.urgency) == ("AFP", ("Ada Brenner",), 4)
    assert [code.value for code in first.codes] == ["I", "AFP", "234"]
    assert first.published_at is not None
    assert first.published_at.isoformat() == "2026-10-05T12:05:00+00:00"
    assert first.paragraphs[-1] == "Ships saw it at once, he said."
    assert (second.headline, second.slugline) == ("Lamps win again", "BC-Lamps")
    assert (second.provider, second.bylines, second.urgency) == ("AP", ("ADA BRENNER",), 3)
    assert [code.value for code in second.codes] == ["i", "a", "123"]
    assert (len(second.paragraphs), second.dateline_places) == (2, ("OSLO",))
    assert second.revision_id == third.revision_id
    assert one(first.raw).revision_id == first.revision_id


@pytest.mark.parametrize(
    "text",
    [
        "Room 101 4 I 0234. The harbour master said so on Monday.\n\nShips saw it at once.",
        "u i is what the signs said on 10-05 in the harbour.\n\nShips saw it at once, he said.",
        "Norrby 2026 5 points from the harbour master's speech\n\nShips saw it. All of them did.",
    ],
)
def test_text_that_begins_like_a_header_is_text(text: str) -> None:
    assert one(text.encode()).format == "text"


@pytest.mark.parametrize("letters", ["r s", "u s", "b s", "f i"])
def test_the_day_of_an_anpa_header_has_no_year(letters: str) -> None:
    """Priority and service are read; where nothing else tells the year, the story says so."""
    text = "\x01s1234\r\n{} bc-bbo--lamps   10-05 0123\r\n\x02^BC-BBO--Lamps<\r\n^Lamps win<\r\n"
    text = text.format(letters) + "\tOSLO (AP) _ The Lamps won on Monday.\r\n\x03{}\r\n\x04"
    story = one(text.format("").encode())
    assert (story.urgency, story.codes[0].value) == ({"r": 4, "u": 3, "b": 2, "f": 1}[letters[0]],
                                                     letters[2])  # fmt: skip
    assert story.published_at is None
    assert "the header's day has no year, no date of publication: 10-05" in story.warnings
    dated = one(text.format("AP-NY-10-05-26 1205EDT").encode())
    assert dated.published_at is not None and dated.warnings == ()


def test_anpa_lines_above_stx_are_the_heading() -> None:
    """Some converters put STX below the carets: nothing of them is the slug alone."""
    story = one(
        b"\x16\x16\x01a0417\x1f\r\nr i \x14BC-Tower,1st Ld \x1310-05 0031\x14\r\n"
        b"^BC-Tower, 1st Ld,a0417<\r\n^Eds: Adds price.<\r\n^Tower sold<\r\n^By TILDA NORD=\r\n"
        b"^Associated Press=\r\n\x02   NORRBY (AP) _ The tower was sold on Monday.\r\n"
        b"\x03\r\nAP-NY-10-05-26 1205EDT<\x04"
    )
    assert (story.headline, story.bylines) == ("Tower sold", ("TILDA NORD",))
    assert (story.slugline or "").startswith("BC-Tower, 1st Ld")
    assert (story.editor_note, story.revision_mark) == ("Eds: Adds price.", "1st Ld")
    assert story.paragraphs == ("The tower was sold on Monday.",)


def test_a_marked_slug_line_goes_by_the_keyword_of_its_header() -> None:
    """CP's have no `BC-`; a single marked line, or one of other words, is the headline."""
    header = b"\x16\x16\x01a1234\x1fcp--\r\nu f \x13CANADA-Pier 2ndLd-Writethru 10-06 0230\r\n\x02"
    text = b"   SKARVIK _ The pier was shut.<\r\n   It stays so.<\r\n\x03"
    story = one(header + b"^CANADA-Pier, 2nd Writethru<\r\n^Pier in Skarvik shut<\r\n" + text)
    assert (story.slugline, story.headline) == (
        "CANADA-Pier, 2nd Writethru",
        "Pier in Skarvik shut",
    )
    story = one(header + b"^Pier in Skarvik shut<\r\n" + text)
    assert (story.slugline, story.headline) == (
        "CANADA-Pier 2ndLd-Writethru", "Pier in Skarvik shut")  # fmt: skip


def test_byline_and_pictures_below_a_marked_headline() -> None:
    story = one(
        "\x01AFP417 4 I 0031 FRA /AFP-XY34\r\nNorland-tour\r\n\x02La tour est vendue =\r\n"
        "(PHOTO D'ARCHIVES)\r\nPar Tilda NORD\r\n     NORRBY, 5 oct 2026 (AFP) - La tour est"
        " vendue.\r\n     tno/abc\r\n\x03\r\nAFP 051205 GMT OCT 26\r\n\x04".encode("latin-1")
    )
    assert (story.headline, story.bylines) == ("La tour est vendue", ("Tilda NORD",))
    assert (story.editor_note, story.paragraphs) == ("PHOTO D'ARCHIVES", ("La tour est vendue.",))


def test_what_ansa_sent_before_is_no_headline() -> None:
    story = one(
        b"\x01ANSA0417 3 EST 0031 R CRO\r\n\r\n\x02Venduta la torre\r\n"
        b"(V. 'La torre in vendita...' delle 9.41)\r\n   (ANSA) - NORRBY, 05 OTT - La torre"
        b" e' stata venduta. (ANSA).\r\n\r\n     TNO/ABC\r\n\x0305-OTT-26 12:05 NNNN\r\n\x04"
    )
    assert story.headline == "Venduta la torre"
    assert story.editor_note == "V. 'La torre in vendita...' delle 9.41"
    assert story.paragraphs == ("La torre e' stata venduta.",)


def test_keystone_sda_without_a_dash() -> None:
    story = one(dpa("Turm verkauft =", "Bern (Keystone-SDA) Der Turm ist verkauft.\n").raw)
    assert (story.dateline, story.paragraphs) == (
        "Bern (Keystone-SDA)",
        ("Der Turm ist verkauft.",),
    )


def test_the_end_of_an_apa_message_leaves_no_empty_paragraph() -> None:
    story = one(
        b"\x01APA0417 5 CI 0031 WI\r\n\r\nTurm/Norland\r\n\x02Turm verkauft\r\n\r\n"
        b"Norrby (APA) - Der Turm ist verkauft.\r\n(Schluss) tno/abc\r\n\x03\r\n\x04"
    )
    assert story.paragraphs == ("Der Turm ist verkauft.",)


@pytest.mark.parametrize("title", ["Turm verkauft =", "Turm verkauft"])
@pytest.mark.parametrize(
    "advice",
    ["(Achtung: Neu ist der dritte Absatz)", "(Achtung: Neu ist\nder dritte Absatz)", "(HAST)"],
)
def test_advisories_of_a_header_are_notes(advice: str, title: str) -> None:
    """Above STX too, over one line or two, whether the heading's end is marked or not."""
    text = (
        f"\x01NTB0417 3 INN 0031\n\nfyr-norrby/\n{advice}\n\x02{title}\n\n"
        "NORRBY (NTB): The tower is sold.\n\n\x03051205 GMT okt 26\n"
    )
    story = one(text.encode())
    assert (story.slugline, story.headline) == ("fyr-norrby/", "Turm verkauft")
    assert story.editor_note == " ".join(advice.strip("()").split())
    assert (story.provider, story.paragraphs) == ("NTB", ("The tower is sold.",))


@pytest.mark.parametrize("words", ["(Sperrfrist: {})", "SPERRFRIST {}"])
def test_an_embargo_in_the_header_holds(words: str) -> None:
    """Until its hour, in the agency's own zone; one that is not understood withholds."""

    def sent(until: str) -> Story:
        text = (
            f"\x01bdt0417 3 vm 31  dpa 0991\n\nTurm/Norland/\n{words.format(until)}\n"
            "\x02Turm verkauft =\n\nNorrby (dpa) - Der Turm ist verkauft.\n\n\x03051205 Okt 26\n"
        )
        return one(text.encode())

    held = sent("6. Oktober 2027, 12.00 Uhr")
    assert held.embargo_until is not None
    assert held.embargo_until.isoformat() == "2027-10-06T10:00:00+00:00"
    assert sent("Redebeginn").status == "withheld"


def test_ansas_line_of_category_and_services_is_no_headline() -> None:
    story = one(
        b"ZCZC\nANSA/0417 XEF41703_SXB\nR EST S0B QBXB\n\nVenduta la torre\n(ANSA) - NORRBY, 05 OTT"
        b" - La torre e' stata venduta.\n   Lo dice il porto. (ANSA).\n\n     TNO-ABC\n"
        b"05-OTT-26 12:05 NNNN\n"
    )
    assert (story.headline, story.provider) == ("Venduta la torre", "ANSA")
    assert story.paragraphs == ("La torre e' stata venduta.", "Lo dice il porto.")
    assert story.published_at is not None and story.published_at.hour == 10


def test_an_agency_in_the_byline_of_anpa_is_the_provider() -> None:
    story = one(
        b"\x01a0418\x1fus \r\nr s BC-BKN--Table 10-05 0040\r\n\x02^BC-BKN--Table,40<\r\n"
        b"^Standings<\r\n^By The Associated Press<\r\n   Norrby leads.<\r\n\x03\r\n\x04"
    )
    assert (story.provider, story.headline) == ("AP", "Standings")


def test_the_signature_of_epd_is_no_text() -> None:
    story = one(dpa("Turm verkauft =", "Norrby (epd). Der Turm ist verkauft.\n\nepd lno tno\n").raw)
    assert (story.provider, story.paragraphs) == ("epd", ("Der Turm ist verkauft.",))


def test_an_anpa_message_of_another_house() -> None:
    """Its service may be a large letter, and its byline an unmarked line above the text."""
    data = (
        b"\x16\x16\x01V1234\x1f\r\nu f\x13\x11 bc-PIER (NORRBY)  10-05 0120\r\n"
        b"\x02^Pier is kept<\r\n\r\n   By Tilda Nord<\r\n"
        b"   NORRBY, Oct 5 AAP - The pier is kept.<\r\n   Nobody knew.<\r\n"
        b"   AAP tn/po<\r\n\x03\x04"
    )
    story = one(data)
    assert (story.headline, story.slugline) == ("Pier is kept", "bc-PIER (NORRBY)")
    assert (story.bylines, story.provider) == (("Tilda Nord",), "AAP")
    assert story.paragraphs == ("The pier is kept.", "Nobody knew.")
    assert [(c.role, c.value) for c in story.codes] == [
        ("topic", "f"), ("service", "v"), ("words", "120"),
    ]  # fmt: skip
