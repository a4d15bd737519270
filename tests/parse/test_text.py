# ruff: noqa: RUF001 - the typographic quotes and dashes are what the tests are about
"""Plain text: the seed story's shape and the shapes of agency copy."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Reject
from pipeline.parse import parse_record
from pipeline.parse.conventions.dateline import find_dateline
from pipeline.parse.conventions.revisions import read_marks
from pipeline.parse.text import dates
from tests.parse.golden import GOLDEN, one, record
from tests.support.data import DATA, needs_data
from tests.support.laws import law

SEED = DATA / "seed"


@needs_data("seed")
def test_the_seed_story() -> None:
    """The AFP story gives what its gold file says about the story itself."""
    gold = json.loads((SEED / "gold.json").read_text("utf-8"))
    story = one((SEED / gold["file"]).read_bytes())
    want = gold["story"]
    assert story.headline == want["headline"]
    assert story.provider == want["provider"]
    assert story.date == date.fromisoformat(want["published"])
    assert story.published_precision == "day"
    assert len(story.paragraphs) == want["paragraphs"]
    assert story.body.startswith(want["first_words"])
    assert story.body.endswith(want["last_words"])
    assert not [words for words in want["not_in_body"] if words in story.body]
    assert story.warnings == ()


@pytest.mark.parametrize(
    ("text", "places", "agency", "day"),
    [
        ("STOCKHOLM, Aug 29, 2014 (AFP) - The", ("STOCKHOLM",), "AFP", (2014, 8, 29)),
        ("ATLANTA (AP) _ The", ("ATLANTA",), "AP", (None, None, None)),
        ("Nueva Delhi, 21 ene (EFE).- El", ("Nueva Delhi",), "EFE", (None, 1, 21)),
        ("KYIV/WASHINGTON, March 3 (Reuters) - A", ("KYIV", "WASHINGTON"), "Reuters", (None, 3, 3)),
        ("Kyiv/Washington (dpa) - A", ("Kyiv", "Washington"), "dpa", (None, None, None)),
        ("BEIJING, Feb. 14 (Xinhua) -- A", ("BEIJING",), "Xinhua", (None, 2, 14)),
        ("MOSCOW, January 5. /TASS/. Russia", ("MOSCOW",), "TASS", (None, 1, 5)),
        ("KYIV. Jan 5 (Interfax-Ukraine) – A", ("KYIV",), "Interfax-Ukraine", (None, 1, 5)),
        ("(ANSA) - ROMA, 5 GEN - Il", ("ROMA",), "ANSA", (None, 1, 5)),
        ("WASHINGTON, D.C., March 10 - A", ("WASHINGTON, D.C.",), None, (None, 3, 10)),
        ("PORT-AU-PRINCE, Haiti (AP) — A", ("PORT-AU-PRINCE, Haiti",), "AP", (None, None, None)),
        ("Warszawa, 5.01.2020 (PAP) - P", ("Warszawa",), "PAP", (2020, 1, 5)),
        ("Nov 3 (Reuters) - U.S. stocks", (), "Reuters", (None, 11, 3)),
        ("Rio de Janeiro, 3 mar (EFE) - O", ("Rio de Janeiro",), "EFE", (None, 3, 3)),
    ],
)
def test_datelines(text: str, places: tuple[str, ...], agency: str | None, day: tuple) -> None:
    """Agencies' datelines give places, agency and as much of the date as they have."""
    found = find_dateline(text)
    assert found is not None
    assert (found.places, found.provider) == (places, agency)
    assert (found.year, found.month, found.day) == day
    assert text[found.end :].split(maxsplit=1)[0] in {
        "The",
        "El",
        "A",
        "Russia",
        "Il",
        "P",
        "U.S.",
        "O",
    }


@pytest.mark.parametrize(
    "text",
    [
        "President Biden said on March 3 (Monday) that he would go.",
        "The US - ally of many - said so.",
        "US - Russia talks",
        "U.S. President Joe Biden (Democrat) - the host",
        "CORRECTED-Gunmen kidnap students in northern Nigeria and flee",
        "NATO - AN ALLIANCE OF MANY STATES WITH MANY LANGUAGES AND CUSTOMS",
    ],
)
def test_what_only_looks_like_a_dateline(text: str) -> None:
    """Sentences and headlines have no dateline."""
    assert find_dateline(text) is None


@pytest.mark.parametrize(
    ("text", "base", "version", "killed"),
    [
        ("UPDATE 2-Leaders meet", "Leaders meet", 3, False),
        ("CORRECTED-UPDATE 1-Leaders meet", "Leaders meet", 3, False),
        ("REFILE-Leaders meet", "Leaders meet", 2, False),
        ("BC-EU--Summit, 1st Ld-Writethru", "BC-EU--Summit", 2, False),
        ("Sudan-conflict,LEAD", "Sudan-conflict", 2, False),
        ("KILL: Leaders meet", "Leaders meet", 2, True),
        ("SUBSIDIARY OF BANK FAILS", "SUBSIDIARY OF BANK FAILS", 1, False),
        ("WEEDKILLER - maker fined", "WEEDKILLER - maker fined", 1, False),
        ("Kill the bill, protesters say", "Kill the bill, protesters say", 1, False),
        ("Parties take the lead", "Parties take the lead", 1, False),
        ("UPDATED RULES - ministry", "UPDATED RULES - ministry", 1, False),
        ("Nurses to add", "Nurses to add", 1, False),
    ],
)
def test_marks_of_revision(text: str, base: str, version: int, killed: bool) -> None:
    """Marks are read where desks put them; words that look alike are not."""
    found = read_marks(text)
    assert (found.base, found.version, found.killed) == (base, version, killed)


def test_a_dateline_without_year_takes_it_from_the_storys_date() -> None:
    """No clock: the year comes from the date of publication, or there is none."""
    text = "PARIS, Dec 31 (AFP) - France and Mali met.\n\nThey agreed.\n"
    undated = one(text.encode())
    assert (undated.published_at, undated.dateline_date) == (None, None)
    assert any("no year" in w for w in undated.warnings)
    dated = one(b"2020-01-01\nMeeting held\n\n" + text.encode())
    assert dated.dateline_date == date(2019, 12, 31)


@pytest.mark.parametrize("stamp", ["2023-02-30", "0000-01-01", "9999-99-99"])
def test_dates_that_are_none_leave_a_warning(stamp: str) -> None:
    """An absurd date is no date."""
    story = one(f" date {stamp} Ministers meet\n\nMinisters met on Monday.\n".encode())
    assert story.published_at is None
    assert any(stamp in w for w in story.warnings)


@pytest.mark.parametrize(
    ("encoding", "warned"),
    [("utf-8-sig", False), ("utf-16", False), ("utf-16-le", True), ("cp1252", True)],
)
def test_encodings(encoding: str, warned: bool) -> None:
    """Text comes out the same whatever it was encoded in; guesses leave a warning."""
    text = "Élysée palace – talks\n\nPARIS, 5 janvier 2020 (AFP) - “Noël” à l’Élysée fut fêté.\n"
    story = one(text.encode(encoding))
    assert story.headline == "Élysée palace – talks"
    assert story.paragraphs == ("“Noël” à l’Élysée fut fêté.",)
    assert bool(story.warnings) is warned


def test_mojibake_is_repaired_and_correct_text_left() -> None:
    """UTF-8 read as cp1252 is undone; what is right stays."""
    broken = "PARIS, Jan 5, 2020 (AFP) - The â€œÃ‰lysÃ©eâ€\x9d said so.\n"
    assert one(broken.encode()).body == "The “Élysée” said so."
    fine = "PARIS, Jan 5, 2020 (AFP) - Ã and â€ are letters, said Ångström; ﬁne, naïve “words”.\n"
    assert "Ångström; ﬁne, naïve “words”" in one(fine.encode()).body


WORD = st.text(ascii_lowercase, min_size=3, max_size=9)
SENTENCE = st.lists(WORD, min_size=4, max_size=30).map(lambda w: " ".join(w).capitalize() + ".")


@law(150)
@given(
    st.lists(WORD, min_size=3, max_size=9).map(lambda w: " ".join(w).capitalize()),
    st.dates(date(1960, 1, 1), date(2068, 12, 31)),
    st.lists(SENTENCE, min_size=1, max_size=8),
    st.sampled_from(["AFP", "EFE", "dpa"]),
)
def test_a_written_story_is_read_back(title: str, day: date, body: list[str], agency: str) -> None:
    """Write a story in the seed's shape, parse it: the same story."""
    text = f" date {day} {title}\n\n{day}\n{title}\n3min\n{title}\n\n"
    text += "".join(f"{p}\xa0\n\n" for p in body) + f"{agency}\xa0 \n"
    story = one(text.encode())
    assert (story.headline, story.date, story.provider) == (title, day, agency)
    assert story.paragraphs == tuple(body)


def test_text_without_any_sign_of_a_story_is_rejected() -> None:
    """A bare line is not taken for a story."""
    (item,) = parse_record(record(b"nothing to see here"))
    assert isinstance(item, Reject) and item.kind == "unknown_format"


def test_revisions_join_their_family() -> None:
    """An update and a kill advisory that quotes the headline are of the first story's family."""
    folder = GOLDEN / "text"
    names = ("reuters-first.txt", "reuters-update.txt", "kill-advisory.txt")
    first, update, kill = (one((folder / name).read_bytes()) for name in names)
    assert first.story_id == update.story_id == kill.story_id
    assert first.version < update.version
    assert (first.status, kill.status) == ("usable", "canceled")
    assert len({s.revision_id for s in (first, update, kill)}) == 3


SHAPES = {
    "AFP": "{place}, {month} {day}, {year} (AFP) - ",
    "Reuters": "{place}, {month} {day}, {year} (Reuters) - ",
    "TASS": "{place}, {month} {day}, {year}. /TASS/. ",
    "EFE": "{place}, {day} {month} {year} (EFE).- ",
    "dpa": "{place}, {day} {month} {year} (dpa) - ",
}


@law(150)
@given(
    st.sampled_from(sorted(SHAPES)),
    st.sampled_from(["PARIS", "NEW YORK", "KYIV", "SAO PAULO", "ADDIS ABABA", "Ho Chi Minh City"]),
    st.dates(date(1960, 1, 1), date(2068, 12, 31)),
    st.lists(SENTENCE, min_size=2, max_size=5),
)
def test_a_written_dateline_is_read_back(agency: str, place: str, day: date, body) -> None:
    """Write a dateline as the agency does: place, day and agency come back, the text without it."""
    shape = SHAPES[agency].format(place=place, month=f"{day:%B}", day=day.day, year=day.year)
    story = one(("Ministers meet again\n\n" + shape + "\n\n".join(body) + "\n").encode())
    assert (story.dateline_places, story.dateline_date) == ((place,), day)
    assert (story.provider, story.date, story.paragraphs) == (agency, day, tuple(body))


BODY = "The keepers lit the old lamp on Monday, the council said.\n\nShips saw it at once."


@pytest.mark.parametrize(
    ("above", "dateline", "slugline"),
    [
        ("LAMP COAST", "SYDNEY, Oct 5 AAP - ", "LAMP COAST"),
        ("LAMP COAST\nBy Rosa Lind", "SYDNEY, Oct 5 AAP - ", "LAMP COAST"),
        ("NORLAND FARO (Previsión)", "Bogotá, 5 oct (EFE).- ", "NORLAND FARO (Previsión)"),
        ("K2-042 LAMP-COAST", "TOKYO, Oct. 5, Kyodo - ", "LAMP-COAST"),
        ("K2-042\nLAMP-COAST", "TOKYO, Oct. 5, Kyodo - ", "LAMP-COAST"),
    ],
)
def test_key_words_in_capitals_above_the_headline(above: str, dateline: str, slugline: str) -> None:
    """They are the slugline; the headline is what stands below them."""
    story = one(f"{above}\n\nKeepers light the old lamp\n\n{dateline}{BODY}".encode())
    assert (story.headline, story.slugline) == ("Keepers light the old lamp", slugline)
    assert len(story.paragraphs) == 2


@pytest.mark.parametrize(
    "text",
    [
        "KEEPERS LIGHT LAMP\n\nSYDNEY, Oct 5 AAP - ",
        "KEEPERS LIGHT LAMP\n\nShips see it at once\n\nOSLO, Oct 5 (Reuters) - ",
        "F-16 CRASHES\n\nTOKYO, Oct. 5, Kyodo - ",
    ],
)
def test_a_headline_in_capitals_stays_one(text: str) -> None:
    """Over the text itself, over a second headline of agencies without key words, with a number."""
    story = one((text + BODY).encode())
    assert (story.headline, story.slugline) == (text.split("\n", maxsplit=1)[0], None)


@pytest.mark.parametrize(
    ("signed", "stamp", "at", "offset"),
    [
        ("(ANSA) - ROMA, 5 OTT - ", "ABC/DEF\n05-OTT-26 14:05 NNNN", "2026-10-05T12:05", 120),
        ("(ANSA) - ROMA, 5 DIC - ", "ABC/DEF\n05-DIC-26 14:05 NNNN", "2026-12-05T13:05", 60),
        ("OSLO, Oct 5 (Reuters) - ", "051405 OCT 26", "2026-10-05T14:05", None),
        ("ROMA, Oct 5 (ANSA) - ", "051405 GMT OCT 26", "2026-10-05T14:05", 0),
    ],
)
def test_a_stamp_without_a_zone_is_of_the_agencys_clock(
    signed: str, stamp: str, at: str, offset: int | None
) -> None:
    """A national agency's; that of one with desks around the world, or with a zone, is as given."""
    story = one(f"Keepers light the old lamp\n\n{signed}{BODY}\n\n{stamp}\n".encode())
    assert story.published_at is not None
    assert story.published_at.isoformat().startswith(at)
    assert story.utc_offset_min == offset


@pytest.mark.parametrize(
    ("dateline", "below", "provider", "bylines"),
    [
        ("Aarhus /ritzau/\n", "/ritzau/", "Ritzau", ()),
        ("Jakarta (ANTARA) - ", "Reporter: Rosa Lind\nEditor: Tom Vale\nCopyright © ANTARA 2026",
         "Antara", ("Rosa Lind",)),
        ("Bogotá, 5 oct (EFE).- ", "rl/tv\n\n(foto y vídeo)", "EFE", ()),
        ("OTTAWA - ", "This report by The Canadian Press was first published Oct. 5, 2026.",
         "CP", ()),
        ("OSLO, Oct. 5, 2026 /PRNewswire/ -- ", "SOURCE Pier Lamps Inc.", "PR Newswire", ()),
    ],
)  # fmt: skip
def test_what_agencies_put_below_a_text(
    dateline: str, below: str, provider: str, bylines: tuple[str, ...]
) -> None:
    """It is off the body; whoever wrote is the byline, who edited is not."""
    story = one(f"Keepers light the old lamp\n\n{dateline}{BODY}\n\n{below}\n".encode())
    assert (story.provider, story.bylines) == (provider, bylines)
    assert story.paragraphs[-1] == "Ships saw it at once."
    assert len(story.paragraphs) == 2


def test_a_byline_that_ends_with_the_agency() -> None:
    story = one(f"Keepers light the old lamp\nBy Rosa Lind, PA\n{BODY}".encode())
    assert (story.bylines, story.provider) == (("Rosa Lind",), "PA")


def test_the_hour_above_a_press_release() -> None:
    """With the zone in words, as Business Wire writes it."""
    stamp = "October 05, 2026 08:00 AM Eastern Daylight Time"
    story = one(f"Lamps\n\n{stamp}\n\nOSLO--(BUSINESS WIRE)--{BODY}".encode())
    assert story.published_at is not None
    assert story.published_at.isoformat() == "2026-10-05T12:00:00+00:00"
    assert (story.utc_offset_min, len(story.paragraphs)) == (-240, 2)


_RELEASE = "Fjord Lines reports\n\nNORRBY, Oct 5, 2026 (GLOBE NEWSWIRE) -- It sold a boat.\n\n{}\n"


@pytest.mark.parametrize(
    "contacts",
    [
        "Contacts\n\nMedia:\nTilda Nord\n+47 55 50 100",
        "CONTACT: Tilda Nord\n         tilda@fjord.example",
        "Pressekontakt:\n\nFjord Lines\nTilda Nord\nTelefon: 0555 0100",
        "Media Contact Information:\nTilda Nord\nwww.fjord.example",
        "SOURCE Fjord Lines\n\nRelated Links\n\nhttps://fjord.example",
        "View source version on businesswire.com: https://b.example/1\n\nContacts\nTilda Nord",
        "Rückfragehinweis:\nTilda Nord, tilda@fjord.example",
    ],
)
def test_the_contacts_of_a_release_are_no_text(contacts: str) -> None:
    """Whatever a sender calls them; the story ends above them."""
    assert one(_RELEASE.format(contacts).encode()).paragraphs == ("It sold a boat.",)


@pytest.mark.parametrize(
    "text",
    [
        "Contact\n\nThat is what the lovers of old boats have been looking for since last year.",
        "Contacts\n\nThe two captains spoke. They have not met for years, and they do not want to.",
        "Contact with the boat was lost at noon.",
        "Contact:\nTilda Nord\n0555 010 000\n\nThe ferry between the two towns was sold on\n"
        "Monday to the only man who had asked for it, the harbour\nboard said. It stays.",
    ],
)
def test_a_word_of_contacts_ends_no_story(text: str) -> None:
    """Below it stand sentences, or nothing by which anybody could be reached."""
    last = text.rsplit("\n\n", 1)[-1].replace("\n", " ")
    assert one(_RELEASE.format(text).encode()).paragraphs[-1] == last


@pytest.mark.parametrize(
    ("tail", "names"),
    [
        (
            "\n\nSource text for Eikon: [ID:nX1]\n\nFurther company coverage: [LMP.N]\n\n"
            "((Reuters Newsroom; +1 646 555 0100;))",
            (),
        ),
        (" Source text: (http://b.example/1) Further company coverage: (Gdynia Newsroom)", ()),
        ("\n\n* Source text : http://b.example/1\n\n(Norrby Newsroom: +47-22-555-0100)", ()),
        (" (Reporting by Rosa Lind; Editing by Tom Vale)", ("Rosa Lind",)),
        (" (Reporting by Rosa Lind\nand Per Öst; Editing by\nTom Vale)", ("Rosa Lind", "Per Öst")),
        ("\n\n(Reporting by Rosa Lind\nand Per Öst; Editing by\nTom Vale)",
         ("Rosa Lind", "Per Öst")),
        ("\n\nReporting by Rosa Lind\n\nOur Standards: The Thomson Reuters Trust Principles.",
         ("Rosa Lind",)),
        ("\n\n-By Rosa Lind, Dow Jones Newswires; +44 20 5550 0100; r.lind@dj.example",
         ("Rosa Lind",)),
    ],
)  # fmt: skip
def test_what_ends_a_text_is_off_its_last_line(tail: str, names: tuple[str, ...]) -> None:
    """Behind the last sentence too, over several lines too: nothing else of the line goes."""
    text = (
        f"BRIEF-Pier Lamps earns more\n\nOct 5 (Reuters) - Pier Lamps:\n\n* It earned more.{tail}\n"
    )
    story = one(text.encode())
    assert story.paragraphs == ("Pier Lamps:", "* It earned more.")
    assert story.bylines == names
    assert [warning for warning in story.warnings if "no date" not in warning] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"HARBOUR Ferry\n\nTown keeps its ferry\n\nBy Rosa Lind, PA\n\n{BODY}\n\nmfl\n\nends\n",
            ("Town keeps its ferry", "HARBOUR Ferry", "PA", ("Rosa Lind",)),
        ),
        (
            f"a1234\nBC-FERRY-ART-NYT\nTOWN KEEPS ITS FERRY\n(ATTN: Norland)\nBy ROSA LIND\n"
            f"c.2026 New York Times News Service\nOSLO, Norway — {BODY}\n",
            ("TOWN KEEPS ITS FERRY", "BC-FERRY-ART-NYT", "NYT", ("ROSA LIND",)),
        ),
        (
            f"시장 발표\n\n(서울=연합뉴스) 홍길동 기자 = {BODY}\n\nhong@agency.example\n\n(끝)\n",
            ("시장 발표", None, "Yonhap", ("홍길동",)),
        ),
    ],
)
def test_catch_lines_numbers_and_ends_of_agencies(
    text: str, expected: tuple[str, str | None, str, tuple[str, ...]]
) -> None:
    """PA's catch line and initials, the New York Times' number, the Korean word of the end."""
    story = one(text.encode())
    assert (story.headline, story.slugline, story.provider, story.bylines) == expected
    assert story.paragraphs[-1] == "Ships saw it at once."
    assert len(story.paragraphs) == 2


@pytest.mark.parametrize(
    ("text", "provider", "bylines"),
    [
        (f"Lamps lit\n\nKUALA LUMPUR, Oct 5 (Bernama) -- {BODY}\n\n-- BERNAMA\n\nRL TV\n",
         "Bernama", ()),
        (f"(Bloomberg) -- {BODY}\n\n--With assistance from Tom Vale.\n\n©2026 Bloomberg L.P.\n",
         "Bloomberg", ()),
        (f"Lamps lit\n\nHALIFAX — {BODY}\n\nThis report by The Canadian Press was first published "
         "Oct. 5, 2026.\n\nRosa Lind, The Canadian Press\n", "CP", ("Rosa Lind",)),
        (f"港の灯\n\n【10月5日 AFP】{BODY}(c)AFP\n", "AFP", ()),
        (f"港燈\n\n（中央社台北5日電）{BODY}（編輯：李四）1151005\n", "CNA", ()),
        (f"등대\n\n[서울=뉴시스] {BODY}\n\n◎공감언론 뉴시스 hong@agency.example\n", "Newsis", ()),
        (f"Faro\n\nLisboa, 05 out 2026 (Lusa) – {BODY}\n\nABC // DEF\n\nLusa/Fim\n", "Lusa", ()),
        (f"Fyret\n\nKøbenhavn, mandag /ritzau/\n\n{BODY}\n\n/ritzau/\n", "Ritzau", ()),
    ],
)  # fmt: skip
def test_what_houses_of_many_lands_end_with(
    text: str, provider: str, bylines: tuple[str, ...]
) -> None:
    story = one(text.encode())
    assert (story.provider, story.bylines) == (provider, bylines)
    assert (len(story.paragraphs), story.paragraphs[-1]) == (2, "Ships saw it at once.")


@pytest.mark.parametrize(
    ("stamp", "at"),
    [("10-05-26 0847ET", "2026-10-05T12:47"), ("12-05-26 0847ET", "2026-12-05T13:47")],
)
def test_the_short_stamp_of_dow_jones_is_of_new_york(stamp: str, at: str) -> None:
    text = f"Lamps Lit\n\nOSLO--{BODY}\n\n-Write to Rosa Lind at r@dj.example\n\n{stamp}\n"
    story = one(text.encode())
    assert story.published_at is not None
    assert story.published_at.isoformat().startswith(at)
    assert len(story.paragraphs) == 2


def test_the_key_words_and_the_subtitle_of_apa_in_paragraphs_of_their_own() -> None:
    story = one(
        "APA0123 5 WI 0210 WI/CI    Mo, 05.Okt 2026\n\nVerkehr/Norland\nStadt behält Fähre\n\n"
        f"Utl.: Schiffe sahen es\n\nWien (APA) - {BODY} (Schluss) ab/cd\n".encode()
    )
    assert (story.headline, story.slugline) == ("Stadt behält Fähre", "Verkehr/Norland")
    assert (story.summary, len(story.paragraphs)) == ("Schiffe sahen es", 2)


def test_a_note_of_change_below_a_text_is_the_editors() -> None:
    note = "This story has been refiled to fix a name in paragraph 2"
    text = f"Lamps lit\n\nOSLO, Oct 5 (Reuters) - {BODY}\n\n({note})\n\nReporting by Rosa Lind\n"
    story = one(text.encode())
    assert (story.editor_note, len(story.paragraphs), story.bylines) == (note, 2, ("Rosa Lind",))


def test_brackets_that_end_a_text_stay() -> None:
    text = f"Lamps lit\n\nOSLO, Oct 5 (Reuters) - {BODY} (He said so in the\nnewsroom of a paper.)"
    assert one(text.encode()).paragraphs[-1].endswith("in the newsroom of a paper.)")


def test_rtf_gives_each_link_its_address_and_each_font_its_letters() -> None:
    """Also where several links stand on one line, and where a font has no character set."""
    data = (
        rb"{\rtf1\ansi{\fonttbl{\f0\fswiss\fcharset238 Arial;}{\f1\fcharset204{\*\fname x;}T;}"
        rb"{\f2 Bare;}}\f0 Ferry sold\par\par OSLO, Jan 5 (AP) - See the "
        rb'{\field{\*\fldinst{HYPERLINK "https://a.example/x" \\o "tip"}}{\fldrslt {list \'b9}}}'
        rb' and {\field{\*\fldinst{HYPERLINK "https://b.example"}}{\fldrslt {a map}}}.\par'
        rb"\f1 \'e1\'e1\f2  \'e1 it was.\par}"
    )
    item = one(data)
    links = 'See the list ą("https://a.example/x") and a map("https://b.example").'
    assert item.paragraphs == (links, "бб á it was.")


def test_a_catch_line_of_pa_with_its_number() -> None:
    """Above a headline in capitals too, where the byline names the house."""
    item = one(
        b"3 HOME Tower\n\nTOWER SOLD AFTER LONG AUCTION\n\nBy Tilda Nord, PA Chief Reporter\n\n"
        b"The tower was sold on Monday, officials said.\n\nabc\n\nend\n\n051205 OCT 26\n"
    )
    assert (item.slugline, item.headline) == ("HOME Tower", "TOWER SOLD AFTER LONG AUCTION")
    assert (item.bylines, item.provider) == (("Tilda Nord",), "PA")
    assert item.paragraphs == ("The tower was sold on Monday, officials said.",)


def test_what_the_new_york_times_service_puts_above_a_headline() -> None:
    item = one(
        b"TOWER-SALE-ART-NYT\n\n\t(For use by New York Times News Service clients)\n\n"
        b"\tA TOWER IS SOLD\n\n\tBy TILDA NORD\n\tc.2026 New York Times News Service\n\n"
        b"\tNORRBY, Norland -- The tower stood for a hundred years.\n\tIt was sold on Monday.\n"
    )
    assert (item.headline, item.bylines) == ("A TOWER IS SOLD", ("TILDA NORD",))
    assert item.editor_note == "For use by New York Times News Service clients"


@pytest.mark.parametrize(
    ("dateline", "below", "provider", "bylines"),
    [
        ("OSLO. Oct 5 (Interfax) - ",
         "rl tv\n(Our editorial staff can be reached at desk@interfax.example)", "Interfax", ()),
        ("Oslo 5. října (ČTK) - ", "rli tva", "CTK", ()),
        ("Budapest, 2026. október 5., hétfő (MTI) - ", "rli \\ tva \\ abc", "MTI", ()),
        ("Oslo (sda) - ", "/rl", "Keystone-SDA", ()),
        ("Oslo, 5.10. (STT) ", "STT–Rosa Lind", "STT", ("Rosa Lind",)),
        ("Oslo, 05.10.2026 (PAP) - ", "Z Oslo Rosa Lind (PAP)\n\nrli/ tva/", "PAP", ("Rosa Lind",)),
        ("Oslo, 05.10.2026 (PAP) - ", "Autorka: Rosa Lind\n\nrli/ tva/", "PAP", ("Rosa Lind",)),
        ("ZAGREB, 5. listopada 2026. (Hina) - ", "(Hina) xrli ytva", "Hina", ()),
        ("OSLO, 5 oct. (AGERPRES) - ", "", "Agerpres", ("Rosa Lind",)),
        ("OSLO, Oct. 5, 2026 /PRNewswire/ -- ",
         "###\n\nMedia contact:\nRosa Lind, rosa@pier.example", "PR Newswire", ()),
    ],
)  # fmt: skip
def test_what_more_agencies_put_below_a_text(
    dateline: str, below: str, provider: str, bylines: tuple[str, ...]
) -> None:
    """Agerpres puts it behind the last sentence."""
    tail = " AGERPRES/(AS - autor: Rosa Lind, editor: Tom Vale, editor online: Ada Pim)"
    text = f"{BODY}{tail if provider == 'Agerpres' else ''}"
    story = one(f"Keepers light the old lamp\n\n{dateline}{text}\n\n{below}\n".encode())
    assert (story.provider, story.bylines) == (provider, bylines)
    assert story.paragraphs[-1] == "Ships saw it at once."
    assert len(story.paragraphs) == 2


def test_a_byline_with_its_agency_between_strokes() -> None:
    """Ritzau's; the dateline below has a line of its own."""
    text = (
        f"Lampen lyser\n\nAf Rosa Lind /ritzau/\n\nAarhus, mandag /ritzau/\n\n{BODY}\n\n/ritzau/\n"
    )
    story = one(text.encode())
    assert (story.bylines, story.provider) == (("Rosa Lind",), "Ritzau")
    assert (story.dateline_places, len(story.paragraphs)) == (("Aarhus",), 2)


def test_a_first_publication_gives_the_day() -> None:
    credit = "This report by The Canadian Press was first published Oct. 5, 2026."
    story = one(f"Lamps lit\n\nHALIFAX — {BODY}\n\n{credit}\n".encode())
    assert story.published_at is not None and story.published_at.date().isoformat() == "2026-10-05"
    assert story.published_precision == "day"


def test_a_day_and_hour_without_a_year_are_no_headline() -> None:
    """As TASS has them above it."""
    story = one(f"5 OCT, 10:11\n\nLamps lit\n\nMOSCOW, October 5. /TASS/. {BODY}\n".encode())
    assert (story.headline, story.published_at, len(story.paragraphs)) == ("Lamps lit", None, 2)


def test_the_hour_and_the_issuer_above_a_release() -> None:
    """GlobeNewswire's."""
    above = "October 05, 2026 08:00 ET | Source: Pier Lamps Inc."
    place = "OSLO, Oct. 05, 2026 (GLOBE NEWSWIRE) -- "
    story = one(f"Lamps lit\n\n{above}\n\n{place}{BODY}\n".encode())
    assert story.published_at is not None and story.published_at.hour == 12
    assert (story.editor_note, len(story.paragraphs)) == ("Source: Pier Lamps Inc.", 2)


def test_the_end_of_jiji_and_afps_note_of_change() -> None:
    story = one(
        "灯台に明かり\n\n【オスロ時事】灯台に明かりがともった。\n\n船がすぐに見た。（了）\n".encode()
    )
    assert story.paragraphs == ("灯台に明かりがともった。", "船がすぐに見た。")
    note = "CORRECTION: Corrects number of ships in second paragraph"
    text = f"Lamps lit\n\nOSLO, Oct 5, 2026 (AFP) - {BODY}\n\nrl/tv\n\n=({note})=\n"
    story = one(text.encode())
    assert (story.editor_note, len(story.paragraphs)) == (note, 2)


@pytest.mark.parametrize("sign", ["MORE", "more", "More", "(more)", "-more-", "More...", "MTC"])
def test_the_sign_of_a_take_is_no_paragraph(sign: str) -> None:
    story = one(f"Pier closed\n\nOSLO (NTB) - The pier is closed.\n\n{sign}\n".encode())
    assert story.paragraphs == ("The pier is closed.",)
    assert "the story goes on in a later take" in story.warnings


@pytest.mark.parametrize("prose", ["More.", "“More.”", "More!", '"More"', "More?"])
def test_a_last_sentence_of_one_word_is_no_sign_of_a_take(prose: str) -> None:
    story = one(f"Pier closed\n\nOSLO (NTB) - What did he want?\n\n{prose}\n".encode())
    assert story.paragraphs == ("What did he want?", prose)
    assert not [warning for warning in story.warnings if "take" in warning]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("6 Oct 1900 GMT", None),
        ("6 October 2026 UTC", None),
        ("6 Oct 1987 GMT", datetime(1987, 10, 6, tzinfo=UTC)),
        ("6 Oct 2026 1900 GMT", datetime(2026, 10, 6, 19, tzinfo=UTC)),
        ("6 Oct 2026 19:00 GMT", datetime(2026, 10, 6, 19, tzinfo=UTC)),
        ("6 Oct 2026", datetime(2026, 10, 6, tzinfo=UTC)),
    ],
)
def test_four_digits_before_a_zone_are_an_hour(text: str, at: datetime | None) -> None:
    """Without a year there is no day; what is no hour of the day is a year."""
    found = dates.moment(text)
    assert (found and found.at) == at


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("05 de Outubro de 2026, 10:15", datetime(2026, 10, 5, 9, 15, tzinfo=UTC)),
        ("5 octobre 2026 à 10h15", datetime(2026, 10, 5, 10, 15, tzinfo=UTC)),
        ("October 5, 2026", datetime(2026, 10, 5, tzinfo=UTC)),
    ],
)
def test_a_day_with_its_hour_below_a_headline_is_the_time(line: str, at: datetime) -> None:
    agency = "Lisboa, 05 out 2026 (Lusa) - " if "Outubro" in line else ""
    story = one(f"Pier is kept\n\n{line}\n\n{agency}The pier is kept, a man said.\n".encode())
    assert (story.published_at, story.paragraphs) == (at, ("The pier is kept, a man said.",))


def test_the_end_of_the_saudi_agency_is_no_paragraph() -> None:
    """A word, the time and a number stand below its texts, on lines or on one."""
    head = "العبارة باقية\n\nالرياض 24 ربيع الآخر 1448 هـ الموافق 05 أكتوبر 2026 م واس\n"
    text = "أعلنت سلطة الميناء اليوم أن العبارة ستبقى في الخدمة."
    for end in ("// انتهى //\n12:15 ت م\n0012", "// انتهى // 12:15 ت م 0012", "انتهى"):
        story = one(f"{head}{text}\n\n{end}\n".encode())
        assert (story.paragraphs, story.provider) == ((text,), "SPA")
        assert story.dateline_date == date(2026, 10, 5)


def test_a_word_above_the_embargo_line_does_not_withhold_for_ever() -> None:
    """Where the line below it says until when; alone it withholds."""
    text = "EMBARGOED: Pier opens\n\n{}Pier opens\n\nNORRBY, 5 October 2026 - The pier opens.\n"
    story = one(text.format("EMBARGOED UNTIL 6 OCTOBER 2026, 09:00 CET\n\n").encode())
    assert story.embargo_until == datetime(2026, 10, 6, 8, tzinfo=UTC)
    assert (story.status, story.warnings) == ("usable", ())
    assert one(text.format("").encode()).status == "withheld"


@pytest.mark.parametrize(
    ("line", "at", "provider", "names"),
    [
        ("Xinhua | 2026-10-05 18:15:00 | Editor: huaxia", (10, 15), "Xinhua", ()),
        ("Tilda Nord | 05.10.2026 - Update : 06.10.2026", (0, 0), None, ("Tilda Nord",)),
        ("05.10.2026 – 10:15", (10, 15), None, ()),
        ("05.10.2026 / 07:30 CET/CEST", (5, 30), None, ()),
    ],
)
def test_the_line_of_a_portal_below_a_headline(
    line: str, at: tuple[int, int], provider: str | None, names: tuple[str, ...]
) -> None:
    """Time, agency, reporter and editor are no text."""
    story = one(f"Pier is kept\n\n{line}\n\nThe pier is kept, a man said on Monday.\n".encode())
    assert story.published_at == datetime(2026, 10, 5, *at, tzinfo=UTC)
    assert (story.provider, story.bylines) == (provider, names)
    assert story.paragraphs == ("The pier is kept, a man said on Monday.",)


@pytest.mark.parametrize("line", ["Pier | Lamp", "Oslo | 2026-10-05 | all of it was kept by them"])
def test_other_lines_with_bars_are_text(line: str) -> None:
    story = one(f"Pier is kept\n\n{line}\n\nThe pier is kept, a man said on Monday.\n".encode())
    assert story.paragraphs[0] == line


def test_what_afp_and_eqs_put_around_their_texts_is_none() -> None:
    """Material beside a text, whose a release is, and by whom it is sent."""
    afp = "Norvège-mer\n\nLe bac reste\nPar Tilda NORD\n= (Photos+Vidéo) =\n\nOslo, 5 oct 2026 "
    story = one(f"{afp}(AFP) - Le bac reste, a dit la ville lundi.\n".encode())
    assert (story.paragraphs, story.editor_note) == (
        ("Le bac reste, a dit la ville lundi.",),
        "Photos+Vidéo",
    )
    eqs = (
        "Pier Lamps AG steigert Umsatz\n\n05.10.2026 / 07:30 CET/CEST\nFür den Inhalt der "
        "Mitteilung ist der Emittent / Herausgeber verantwortlich.\n\nNorrby, 5. Oktober 2026 – "
        "Der Umsatz stieg.\n\n05.10.2026 CET/CEST Veröffentlichung einer Corporate News, "
        "übermittelt durch EQS News - ein Service der EQS Group.\n"
    )
    release = one(eqs.encode())
    assert (release.paragraphs, release.provider) == (("Der Umsatz stieg.",), "EQS")


def test_a_dash_alone_and_the_credit_of_la_presse_canadienne_are_no_paragraphs() -> None:
    text = (
        "Le bac reste\n\nMONTRÉAL — Le bac reste à Norrby, a annoncé la ville lundi matin.\n\n—\n\n"
        "Ce contenu a été publié pour la première fois le 5 octobre 2026.\n\n"
        "Tilda Nord, La Presse Canadienne\n"
    )
    story = one(text.encode())
    assert story.paragraphs == ("Le bac reste à Norrby, a annoncé la ville lundi matin.",)
    assert (story.provider, story.bylines) == ("CP", ("Tilda Nord",))
