# ruff: noqa: RUF001 - Japanese punctuation is what some of the cases are about
"""Embargo lines: the moment that they give, and what only looks like one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from pipeline import tsv
from pipeline.model import Record, Story
from pipeline.parse import parse_record
from pipeline.parse.conventions.embargo import is_embargo, read_embargo
from pipeline.parse.conventions.zones import zone_of_desk
from tests.parse.golden import one

NOON = datetime(2022, 3, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("EMBARGOED UNTIL 1200 GMT, March 5, 2022", NOON),
        ("Embargoed until 12:00 GMT on March 5", NOON),
        ("EMBARGO: 2022-03-05T12:00Z", NOON),
        ("Embargoed to 051200 GMT Mar 22", NOON),
        ("NOT FOR RELEASE BEFORE 7 A.M. EST, MARCH 5", NOON),
        ("Hold for release until 7:00 am EST March 5th, 2022", NOON),
        ("Sperrfrist: 5. März, 13.00 CET", NOON),
        ("Embargado hasta el 5 de marzo de 2022 a las 12:00", NOON),
        ("*** EMBARGOED UNTIL MARCH 5 ***", datetime(2022, 3, 5, tzinfo=UTC)),
        ("Embargoed until 0030 GMT, January 1", datetime(2022, 1, 1, 0, 30, tzinfo=UTC)),
        # of a day whose hour is not known: the story may have been sent in the evening
        ("Embargoed until noon", datetime(2022, 3, 5, 12, tzinfo=UTC)),
        ("Embargoed until delivery", None),
        # German, French, Scandinavian, Spanish, Italian, Dutch, Portuguese, Russian
        ("Sperrfrist: 05.03.2022, 12:00 Uhr", NOON),
        ("ACHTUNG: Sperrfrist bis Samstag, 5. März 2022, 13:00 Uhr MEZ", NOON),
        ("Sperrfrist: Redebeginn", None),
        ("Embargo jusqu'au 05/03/2022 12h00", NOON),
        ("À ne pas diffuser avant samedi 5 mars à 13h00 (heure de Paris)", NOON),
        ("Sperrefrist: 5. mars 2022 kl. 12.00", NOON),
        ("Klausuleret til lørdag den 5. marts kl. 12:00", NOON),
        ("Embargo till lördag 5 mars kl 12", NOON),
        ("Embargo hasta el sábado 5 de marzo a las 13.00 hora de Madrid", NOON),
        ("Sotto embargo fino a sabato 5 marzo, ore 12", NOON),
        ("Embargo tot zaterdag 5 maart 12.00 uur", NOON),
        ("Embargo até às 12h de 5 de março de 2022", NOON),
        ("Эмбарго до 15.00 мск 5 марта 2022 года", NOON),
        # press practice, and zones by name
        ("HOLD FOR RELEASE 7:00 a.m. EST Saturday, March 5, 2022", NOON),
        ("FOR RELEASE 7:00 A.M. ET, SATURDAY, MARCH 5, 2022", NOON),
        ("Embargoed for release until 7 a.m. U.S. Eastern Time on Saturday", NOON),
        ("EMBARGOED UNTIL SATURDAY 1300 CET", NOON),
        ("Embargo: 5 March 2022, 21:00 JST", NOON),
        ("Embargoed until 23:00 AEDT on March 5", NOON),
        ("Embargoed until 14:00 GMT+2 on 5 March", NOON),
        # within words to a desk or above a story that is sent on
        ("FYI, embargoed until 5 March 2022 13:00 CET", NOON),
        ("Note to editors: this is under embargo until 12:00 GMT on 5 March 2022", NOON),
        ("The following is under strict embargo until 12.00 GMT on 5 March 2022", NOON),
        ("Please respect the embargo of 5 March 2022 at 12:00 GMT", NOON),
        ("Attached story, EMBARGOED to 12:00 GMT on Saturday", NOON),
        ("Hi all, strictly embargoed till noon GMT on Saturday", NOON),
        ("Dieser Text ist gesperrt bis 5. März 2022, 13 Uhr MEZ", NOON),
        ("FOR USE IN PAPERS OF SATURDAY, MARCH 5", datetime(2022, 3, 5, tzinfo=UTC)),
        # behind words to the desks, more than one of them, and an article
        ("Achtung Redaktionen: Sperrfrist 5.3.2022, 13 Uhr MEZ", NOON),
        ("Bitte beachten Sie die Sperrfrist bis Samstag, 13 Uhr MEZ!", NOON),
        ("EMBARGO ALLE 13 CET DI SABATO 5 MARZO", NOON),
        ("Nota: el embargo hasta el sabado a las 12 GMT", NOON),
        ("EMBARGOED UNTIL 1000 XST March 5", None),
        ("EMBARGOED UNTIL 10:00 local time Saturday", None),
        ("Embargoed until midnight Friday GMT", datetime(2022, 3, 5, tzinfo=UTC)),
        ("Embargado hasta las 12:00 horas del 5 de marzo", NOON),
        ("News embargo until noon GMT, 5 March", NOON),
        ("This report is under embargo until Saturday 5 March, 1pm CET", NOON),
        ("Es gilt das gesprochene Wort - Sperrfrist Redebeginn 5.3.2022, 12 Uhr", NOON),
        # the time when it will be lifted; who set it; what is forbidden until then
        ("LEVÉE DE L'EMBARGO : SAMEDI 5 MARS 2022, 13H (HEURE DE PARIS)", NOON),
        ("Embargo lifted: 5 March 2022, 12:00 GMT", NOON),
        ("Embargo expires 1200 GMT 5 March", NOON),
        ("Attn editors: embargoed by source until 1500 Moscow time March 5", NOON),
        ("Strictly not for publication until Saturday 5th March 1200 GMT", NOON),
        ("Use of this report is prohibited before noon GMT on Saturday", NOON),
        ("STORY EMBARGOED 5:00 A.M. MST MARCH 5", NOON),
        ("Bitte Sperrfrist beachten: Samstag, 5.3.2022, 13:00 Uhr MEZ", NOON),
        ("Nicht zur Verwendung vor Samstag, 5. März, 13 Uhr MEZ", NOON),
        ("Zur Veröffentlichung frei am 5.3. um 13 Uhr MEZ", NOON),
        ("Nicht vor Samstag 13 Uhr MEZ senden!", NOON),
        ("Sperrfrist: frei ab Beginn der Rede (ca. 13 Uhr)", None),
        ("A NE PAS PUBLIER AVANT LE 5 MARS A 13H (HEURE DE PARIS)", NOON),
        ("Ne pas publier avant samedi midi GMT", NOON),
        ("Ikke for publisering før 5.3. kl. 13.00 CET", NOON),
        ("Skal ikke publiseres før lørdag klokken 13.00 CET", NOON),
        ("Ej för publicering före lördag kl 13.00 CET", NOON),
        ("Ikke til offentliggørelse før lørdag kl. 13 CET", NOON),
        ("Con embargo hasta el sábado a las 12.00 GMT", NOON),
        ("ATTENZIONE: NOTIZIA CON EMBARGO ALLE 13 CET DI SABATO", NOON),
        # halves of a day in words, and an hour of a place whose zone is not known
        ("EMBARGADO HASTA LAS 7 DE LA MAÑANA, HORA DE BOGOTÁ, DEL SÁBADO", NOON),
        ("Embargado hasta las 8 de la tarde del viernes 4", datetime(2022, 3, 4, 20, tzinfo=UTC)),
        ("Sperrfrist: 4. März, 11 Uhr abends GMT", datetime(2022, 3, 4, 23, tzinfo=UTC)),
        ("Embargo jusqu'à vendredi, 6 heures du soir GMT", datetime(2022, 3, 4, 18, tzinfo=UTC)),
        ("Embargado hasta las 12 de la noche del viernes", datetime(2022, 3, 5, tzinfo=UTC)),
        ("Embargado hasta las 8 de la mañana, hora de Macondo, del sábado", None),
        ("Frei für Samstag, 5. März, 12.00 Uhr", NOON),
        ("Informations sous embargo jusqu'au 5/3 à 12h", NOON),
        ("Da non pubblicare prima delle ore 12.00 del 5 marzo", NOON),
        ("Til fri bruk fra lørdag 5. mars kl. 12.00", NOON),
        ("Får publiceras tidigast 5 mars klockan 12.00", NOON),
        ("【3月5日正午解禁】", NOON),
        ("解禁日時：2022年3月5日（土）午後0時", NOON),
        ("엠바고: 3월 5일 오후 12시", NOON),
        ("EMBARGOED - check against delivery", None),
        # ends with an event, or at an hour that is expected only
        ("For release on delivery, expected at 2 p.m. GMT March 5", None),
        ("Hold for delivery", None),
        ("Frei ab Redebeginn, voraussichtlich 14 Uhr", None),
        ("Bitte beachten Sie: Frei mit Beginn der Rede", None),
        ("Gesperrt bis zur Urteilsverkündung", None),
        ("Wichtiger Hinweis: Sperrfrist Samstag, 5. März, 13.00 Uhr MEZ", NOON),
        # the day between the hour and its zone
        ("Embargo até às 12h00 de 5 de março de 2022 (hora de Lisboa)", NOON),
        ("Embargoed until 7 a.m. on March 5, 2022 (ET)", NOON),
        # of two readings the one that ends it later
        ("Embargoed until 03/05/2022 12:00 GMT", datetime(2022, 5, 3, 12, tzinfo=UTC)),
        # summer time begins on 13 March in the United States
        ("EMBARGOED UNTIL 8 AM ET MARCH 14", datetime(2022, 3, 14, 12, tzinfo=UTC)),
    ],
)
def test_the_moment_of_an_embargo(text: str, until: datetime | None) -> None:
    """Day, month, clock and zone in the desks' ways; the year next to the story's."""
    assert is_embargo(text) or until is None or "Embargoed to" in text
    assert read_embargo(text, datetime(2022, 3, 4, tzinfo=UTC), home=UTC).until == until


@pytest.mark.parametrize(
    "text",
    ["Embargoed until March 5", "EMBARGO", "Not for publication before 12:00", "(EMBARGOED)",
     "HOLD UNTIL MOVED", "Hold this story until further notice", "Held until cleared by the desk",
     "HOLD FOR ORDERS", "新闻禁运至3月5日", "請勿在3月5日之前發布", "Adv. for Sunday", "^Adv06^",
     "For Sunday papers", "FOR SUNDAY'S PAPERS, MARCH 6", "With ADV06-Pier-Box", "ADV06-Pier",
     "With BC-Pier-Box,ADV06", "^With ADV06-Pier<", "BC-Pier-Vote,ADV05-06",
     "ADV06-Pier, 1st Ld-Writethru", "Moved in advance for use Sunday, March 6"],
)  # fmt: skip
def test_embargo_lines(text: str) -> None:
    """They give a time, or nothing but the word."""
    assert is_embargo(text)


@pytest.mark.parametrize(
    "text",
    ["Embargo on wool eased", "EMBARGO ON CUBA TO END, SAYS RUBIO", "Oil embargo until March",
     "For release of prisoners, rivals meet", "FOR IMMEDIATE RELEASE", "For release: immediate",
     "Embargo on 300 goods eased", "Embargo: none", "Sperrfrist aufgehoben", "Embargo to be lifted",
     "Embargoed Russian oil reaches India", "Embargada la vivienda del exministro",
     "Do not use phones before bed, doctors say", "Held until Tuesday, court says",
     "Sous embargo, l'Iran vend son pétrole", "Эмбарго на нефть вступило в силу",
     "アユ漁解禁", "Russian oil remains under embargo until January 2028, the EU said",
     "Publication date: 2022-03-05", "Frei für alle: Eintritt ins Museum",
     "Sin embargo, el presidente viaja el 6 de octubre", "Hold until spring, say farmers",
     "Held until freed: a hostage's diary", "Frei nach Urteil",
     "Hinweis auf Embargo gegen Norland geprüft", "Wichtig für alle: Frei ab 65",
     "禁运令影响粮价", "前总统不得参选", "Trade embargo until 2027 hits farmers",
     "The report, which was embargoed until Tuesday, says so",
     "This oil is under an embargo until 2028, the EU said", "For Sunday papers, a new rival",
     "For Sunday papers were full of it", "Advance for the team in Rome",
     "Embargo ends 25 years of trade", "Embargo lifted on Cuban sugar after 12 years",
     "Levée de l'embargo", "Press release on Friday's match", "Fin du marché",
     "With ADV26-based vaccine, hope returns", "ADV06, a drug for the heart, fails its trial"],
)  # fmt: skip
def test_headlines_on_embargoes_are_none(text: str) -> None:
    """What the news is about holds nothing back."""
    assert not is_embargo(text)


def parsed(text: str) -> Story:
    (item,) = parse_record(Record("a", 0, text.encode()))
    assert isinstance(item, Story), item
    return item


TEXT = "Bridge is to close\n\n{line}\n\nOSLO, March 4, 2022 (AFP) - It is to close.\n\nNo more."


def test_an_hour_without_a_day_is_the_next_one() -> None:
    """From the story's own hour on, where that is known; so is the weekday."""
    at = datetime(2022, 3, 4, 15, tzinfo=UTC)  # a Friday
    assert read_embargo("Embargoed until 14:00 GMT", at, day_only=False).until == (
        at + timedelta(hours=23)
    )
    assert read_embargo("Embargoed until 14:00 GMT Friday", at, day_only=False).until == (
        at + timedelta(days=7, hours=-1)
    )


def test_an_embargo_that_is_not_understood_withholds() -> None:
    """Its words are named; the line is no paragraph."""
    for line in ("EMBARGOED UNTIL DELIVERY", "Sperrfrist: 5. März, 10 Uhr XYT", "(EMBARGOED)"):
        story = parsed(TEXT.format(line=line))
        assert (story.status, story.embargo_until) == ("withheld", None)
        assert any(w.startswith("embargo not understood, withheld: ") for w in story.warnings)
        assert story.paragraphs == ("It is to close.", "No more.")


@pytest.mark.parametrize(
    ("line", "until"),
    [
        ("With ADV06-Pier-Box", 6),
        ("BC-Pier-Vote,ADV06,450", 6),
        ("BC-ADV06-Pier", 6),
        ("BC-Pier-Vote,ADV05-06", 6),
        ("BC-Pier-Vote, ADV 02", 2),
    ],
)
def test_what_is_sent_ahead_is_held_until_its_day(line: str, until: int) -> None:
    """AP gives the day of the month in the slug; its own, or a companion's that it goes with."""
    story = parsed(
        f"{line}\nPier is to close\n\n2022-03-04\n\nOSLO (AP) - It is to close.\n\nNo more."
    )
    assert story.embargo_until == datetime(2022, 3, until, tzinfo=UTC)
    assert story.headline == "Pier is to close"
    assert story.slugline == (line if line.startswith("BC-") else None)


def test_a_slug_of_any_format_says_what_is_sent_ahead() -> None:
    """Without a date of the story its day is not known: it is withheld."""
    dated = (
        '{"uri": "a", "slugline": "BC-Pier,ADV06", "headline": "Pier", "body_text": "It closes.", '
    )
    story = parsed(dated + '"versioncreated": "2022-03-04T08:00:00Z"}')
    assert story.embargo_until == datetime(2022, 3, 6, tzinfo=UTC)
    assert parsed(dated + '"type": "text"}').status == "withheld"


def test_an_embargo_within_any_format_holds() -> None:
    """In its field, its note or its first paragraph."""
    base = '{{"id": "a1", "title": "Bridge is to close", "date": "2022-03-04T08:00:00Z", {more}}}'
    body = '"text": "The bridge is to close. No more.", '
    for more, status in (
        (body + '"embargo_until": "2022-03-05T12:00:00Z"', "usable"),
        (body + '"embargo_until": "7 a.m. ET on Saturday"', "usable"),
        (body + '"embargo_until": "when the minister speaks"', "withheld"),
        (body + '"ednote": "Embargoed until 1200 GMT Saturday"', "usable"),
        ('"text": "EMBARGOED UNTIL 1200 GMT SATURDAY\\n\\nThe bridge is to close."', "usable"),
    ):
        story = parsed(base.format(more=more))
        assert (story.status, story.embargo_until) == (status, NOON if status == "usable" else None)
        assert "EMBARGOED" not in story.body


def test_a_release_for_immediate_use_is_none() -> None:
    story = parsed(TEXT.format(line="FOR IMMEDIATE RELEASE"))
    assert (story.status, story.embargo_until) == ("usable", None)
    assert "IMMEDIATE" not in story.body


@pytest.mark.parametrize(
    ("agency", "until"),
    [
        ("dpa", datetime(2022, 3, 5, 11, tzinfo=UTC)),
        ("AP", datetime(2022, 3, 5, 17, tzinfo=UTC)),
        ("Kyodo", datetime(2022, 3, 5, 3, tzinfo=UTC)),
        ("AFP", datetime(2022, 3, 6, tzinfo=UTC)),
        (None, datetime(2022, 3, 6, tzinfo=UTC)),
    ],
)
def test_an_hour_without_a_zone_is_that_of_the_agency_or_the_last_one(
    agency: str | None, until: datetime
) -> None:
    """A guess must not end an embargo too early: UTC would, for all west of Greenwich."""
    signed = f"SKARVIK, March 4, 2022 ({agency}) - " if agency else "SKARVIK, March 4, 2022 - "
    text = f"Boats sold\n\nEMBARGOED UNTIL MARCH 5, 12:00\n\n{signed}The boats were sold at noon."
    story = one(text.encode())
    assert story.embargo_until == until and story.status == "usable"
    assert [w for w in story.warnings if w.startswith("embargo without a time zone")]


@pytest.mark.parametrize(
    ("line", "until"),
    [
        ("Sperrfrist: 05.03.2022, 12:00 Uhr", datetime(2022, 3, 5, 11, tzinfo=UTC)),
        ("Onder embargo tot 5 maart 12.00 uur", datetime(2022, 3, 5, 11, tzinfo=UTC)),
        ("Julkaisuvapaa 5.3.2022 klo 12.00", datetime(2022, 3, 5, 10, tzinfo=UTC)),
        ("【3月5日正午解禁】", datetime(2022, 3, 5, 3, tzinfo=UTC)),
        # spoken in several zones, or English as well as Norwegian
        ("Embargo jusqu'au 5/3/2022 12h00", datetime(2022, 3, 6, tzinfo=UTC)),
        ("Embargo til 5. mars kl. 12.00", datetime(2022, 3, 6, tzinfo=UTC)),
    ],
)
def test_an_hour_without_a_zone_is_that_of_the_country_that_speaks_so(
    line: str, until: datetime
) -> None:
    """Where the agency does not tell it: all who write `Uhr` keep one clock."""
    assert parsed(TEXT.format(line=line)).embargo_until == until


def test_a_field_without_a_zone_is_read_as_a_line_is() -> None:
    """Metadata gives no more certainty than the text."""
    item = {"headline": "Boats sold", "body": "The boats were sold.", "provider": "dpa"}
    until = one(json.dumps({**item, "embargo": "2022-03-05T12:00:00"}).encode()).embargo_until
    assert until == datetime(2022, 3, 5, 11, tzinfo=UTC)


def test_every_desk_is_an_agency_and_has_a_zone() -> None:
    """The table names agencies as they stand in the lake."""
    known = {row[0] for row in tsv.rows("pipeline.parse.conventions", "providers.tsv")}
    for _, names in tsv.rows("pipeline.parse.conventions", "desks.tsv"):
        for name in names.split("|"):
            assert name in known
            assert zone_of_desk(name) is not None


def by_headline(headline: str) -> Story:
    item = {
        "uri": "urn:desk:1", "type": "text", "headline": headline, "language": "en",
        "versioncreated": "2024-10-05T09:00:00Z", "body_text": "The ferries stop on Sunday.",
    }  # fmt: skip
    (story,) = parse_record(Record("desk", 0, json.dumps(item).encode()))
    assert isinstance(story, Story)
    return story


@pytest.mark.parametrize(
    ("headline", "until"),
    [
        ("[EMBARGOED] Ferries stop", None),
        ("Ferries stop (EMBARGOED)", None),
        ("EMBARGO 6 Oct 1800 GMT: Ferries stop", "2024-10-06T18:00:00+00:00"),
        ("EMBARGOED UNTIL 18:00 GMT OCT 6 - Ferries stop", "2024-10-06T18:00:00+00:00"),
        ("(Embargo: 06.10.2024, 18.00 Uhr GMT) Fähren stehen", "2024-10-06T18:00:00+00:00"),
    ],
)
def test_an_embargo_within_a_headline_holds(headline: str, until: str | None) -> None:
    """In brackets or before a colon or dash; the headline stays as it was sent."""
    story = by_headline(headline)
    assert story.headline == headline
    assert story.status == ("withheld" if until is None else "usable")
    assert (story.embargo_until and story.embargo_until.isoformat()) == until


@pytest.mark.parametrize(
    "headline",
    [
        "Embargo: Cuba counts the cost of sixty years",
        "Arms embargo - UN renews measures against South Sudan",
        "EU lifts oil embargo (updated)",
        "Analysis: How the 1973 embargo changed the world",
        "Sperrfrist: Arbeitsagentur ändert Regeln",
        "Ferries (for sale) stop",
    ],
)
def test_news_of_an_embargo_is_under_none(headline: str) -> None:
    story = by_headline(headline)
    assert (story.status, story.embargo_until) == ("usable", None)


@pytest.mark.parametrize(
    ("text", "until"),
    [
        ("Embargoed until 6 Oct 1900 GMT", (6, 19, 0)),
        ("Embargoed until Oct 6 1830 GMT", (6, 18, 30)),
        ("EMBARGO: 6 October, 2000 GMT", (6, 20, 0)),
        ("Embargo until 6 Oct 1930 CET", (6, 18, 30)),
        ("Embargoed until 6 Oct 1900 GMT (1500 EDT)", (6, 19, 0)),
        ("Embargo: 6 Oct 2024 1800 GMT", (6, 18, 0)),
        ("Embargoed until 1800 GMT 6 Oct 2024", (6, 18, 0)),
        ("Embargoed until October 6, 2024", (6, 0, 0)),
    ],
)
def test_an_evening_hour_behind_a_day_is_no_year(text: str, until: tuple[int, int, int]) -> None:
    """Else the embargo would have ended a century ago."""
    found = read_embargo(text, datetime(2024, 10, 5, 9, tzinfo=UTC)).until
    assert found == datetime(2024, 10, *until, tzinfo=UTC)


def test_a_year_of_an_archive_stays_one() -> None:
    """Close to the story's own, or none that a clock could show."""
    of_1901, today = datetime(1901, 3, 1, tzinfo=UTC), datetime(2024, 3, 1, tzinfo=UTC)
    assert read_embargo("Embargoed until 6 March 1901", of_1901).until == datetime(
        1901, 3, 6, tzinfo=UTC
    )
    assert read_embargo("Embargoed until 6 March 1987", today).until == datetime(
        1987, 3, 6, tzinfo=UTC
    )
