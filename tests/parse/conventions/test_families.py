# ruff: noqa: RUF001 - the typographic quotes and dashes are what the cases are about
"""Takes, leads, corrections and kills join the family of the story that they are of."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pipeline.model import Story
from pipeline.parse.conventions.revisions import read_marks
from tests.parse.golden import one

TAIL = "\n\nThe ministry said so on Monday. More talks are to follow.\n\n"


def reuters(title: str, note: str = "") -> str:
    return f"{title}\n\n{note}LONDON, March 3, 2022 (Reuters) - Oil rose on Monday.{TAIL}Reuters\n"


def ap(slug: str, note: str = "") -> str:
    return f"{slug}\n{note}Oil rises again\n\nLONDON, March 3, 2022 (AP) _ Oil rose.{TAIL}AP\n"


def afp(title: str, above: str = "", between: str = "") -> str:
    return f"{above}{title}\n\n{between}LONDRES, 3 March 2022 (AFP) - Oil rose.{TAIL}AFP\n"


def efe(title: str) -> str:
    return f"{title}\n\nMadrid, 3 mar 2022 (EFE).- El crudo subió.{TAIL}EFE\n"


def dpa(title: str, above: str = "") -> str:
    return f"{above}{title}\n\nBerlin, 3. März 2022 (dpa) - Der Preis stieg.{TAIL}dpa\n"


def note(agency: str, text: str, title: str = "", day: str = "2022-03-03") -> str:
    return f"{day}\n{title}\n\n{text}\n\n{agency}\n"


def nitf(title: str, identity: str = "x-1", more: str = "", text: str = "Oil rose.") -> str:
    return (
        f'<nitf><head><docdata><doc-id regsrc="AP" id-string="{identity}"/>{more}'
        '<date.issue norm="20220303T120000Z"/></docdata></head><body><body.head><hedline>'
        f"<hl1>{title}</hl1></hedline></body.head><body.content><p>{text}</p></body.content></body>"
        "</nitf>"
    )


def anpa(keyword: str, text: str = "Oil rises again\r\n\r\nLONDON (AP) _ Oil rose.") -> str:
    return (
        f"\x01a0123 US\x1f\r\nu i {keyword} 03-03 0105\r\n\x02{text}\r\n"
        "\x03AP-NY-03-03-22 1200GMT\r\n\x04"
    )


@dataclass(frozen=True)
class Case:
    first: str
    later: str
    mark: str | None
    status: str = "usable"
    partial: bool = False


SLUG = "BC-EU--Oil-Prices"
CASES = {
    "Reuters UPDATE": Case(reuters("Oil rises"), reuters("UPDATE 2-Oil rises"), "UPDATE 2"),
    "Reuters RPT": Case(reuters("Oil rises"), reuters("RPT-UPDATE 1-Oil rises"), "RPT UPDATE 1"),
    "Reuters CORRECTED": Case(reuters("Oil rises"), reuters("CORRECTED-Oil rises"), "CORRECTED"),
    "Reuters official": Case(
        reuters("Oil rises"), reuters("CORRECTED (OFFICIAL)-Oil rises"), "CORRECTED"
    ),
    "Reuters REFILE": Case(
        reuters("Oil rises"), reuters("REFILE-UPDATE 1-Oil rises", "(Refiles to fix typo)\n\n"),
        "REFILE UPDATE 1",
    ),
    "Reuters WRAPUP": Case(reuters("Oil rises"), reuters("WRAPUP 3-Oil rises"), "WRAPUP 3"),
    "Reuters note only": Case(
        reuters("Oil rises"), reuters("Oil rises", "(Adds quotes, background)\n\n"), "Adds"
    ),
    "Reuters withdrawn": Case(
        reuters("Oil rises"), reuters("Oil rises", "(Story withdrawn)\n\n"), "KILL", "canceled"
    ),
    "Reuters WITHDRAWN": Case(
        reuters("Oil rises"),
        note("Reuters", "This story has been withdrawn. There will be no substitute story.",
             "WITHDRAWN-Oil rises"),
        "WITHDRAWN", "canceled",
    ),
    "Reuters WITHDRAWN above the text": Case(
        reuters("Oil rises"), reuters("WITHDRAWN-Oil rises"), "WITHDRAWN", "canceled"
    ),
    "take of three": Case(
        reuters("Oil rises"), reuters("Oil rises (take 2 of 3)"), "take 2", partial=True
    ),
    "first take": Case(reuters("Oil rises"), reuters("Oil rises (Take 1 of 3)"), "Take 1"),
    "Reuters advisory": Case(
        reuters("France’s oil rises"),
        note("Reuters", "The story headlined “France’s oil rises”, issued on March 3, has been "
             "withdrawn. There will be no substitute.", "ADVISORY-Story on oil withdrawn",
             "2022-03-04"),
        "KILL", "canceled",
    ),
    "AP lead": Case(ap(f"{SLUG},450"), ap(f"{SLUG}, 1st Ld-Writethru,550"), "1st Ld-Writethru"),
    "AP lead, tight": Case(ap(SLUG), ap(f"{SLUG},1stLd-Writethru"), "1stLd-Writethru"),
    "AP Eds": Case(
        ap(SLUG), ap(f"{SLUG}, 2nd Ld", "Eds: Updates with quote. With AP Photos.\n"), "2nd Ld"
    ),
    "AP add": Case(ap(SLUG), ap(f"{SLUG}, 1st Add"), "1st Add", partial=True),
    "AP add, small": Case(ap(SLUG), ap(f"{SLUG}, add"), "add", partial=True),
    "AP KILL": Case(
        ap(SLUG), ap(f"{SLUG}, KILL", "Eds: A kill is mandatory.\n"), "KILL", "canceled"
    ),
    "AP MANDATORY KILL": Case(
        ap(SLUG), ap(f"{SLUG}, MANDATORY KILL"), "MANDATORY KILL", "canceled"
    ),
    "AP WITHDRAWAL": Case(
        ap(SLUG), ap(f"{SLUG}, WITHDRAWAL", "Eds: The story has been withdrawn.\n"), "WITHDRAWAL",
        "canceled",
    ),
    "AP by slug": Case(
        ap(SLUG),
        note("AP", f"Editors:\n\nPlease kill the story slugged {SLUG}. It is wrong.",
             "BULLETIN KILL"),
        "BULLETIN KILL", "canceled",
    ),
    "AFP ADDS": Case(
        afp("Oil rises again"), afp("Oil rises again", "", "ATTENTION - ADDS quotes ///\n"), "ADDS"
    ),
    "AFP CORRECTION": Case(
        afp("Oil rises again"), afp("Oil rises again", "=(CORRECTION)=\n"), "CORRECTION"
    ),
    "AFP CORRECTION in line": Case(
        afp("Oil rises again"), afp("=(CORRECTION)= Oil rises again"), "CORRECTION"
    ),
    "AFP lead": Case(afp("Oil rises again"), afp("2ND LEAD: Oil rises again"), "2ND LEAD"),
    "AFP KILL": Case(
        afp("Oil rises again"),
        note("AFP", 'Please kill our story headlined "Oil rises again", which is wrong.',
             "AFP KILL"),
        "AFP KILL", "canceled",
    ),
    "AFP annulation": Case(
        afp("Le pétrole monte encore"),
        note("AFP", "Prière d'annuler la dépêche intitulée « Le pétrole monte encore » du 3 mars.",
             "Avis aux rédactions", "2022-03-04"),
        "KILL", "canceled",
    ),
    "EFE AMPLÍA": Case(efe("El crudo sube"), efe("(AMPLÍA) El crudo sube"), "AMPLÍA"),
    "EFE after": Case(efe("El crudo sube"), efe("El crudo sube (AMPLIACIÓN)"), "AMPLIACIÓN"),
    "EFE CORRECCIÓN": Case(efe("El crudo sube"), efe("(CORRECCIÓN) El crudo sube"), "CORRECCIÓN"),
    "EFE take": Case(efe("El crudo sube"), efe("El crudo sube (y 2)"), "y 2", partial=True),
    "EFE anulada": Case(
        efe("El crudo sube otra vez"),
        note("EFE", "Rogamos anulen la noticia titulada «El crudo sube otra vez».", "Aviso"),
        "KILL", "canceled",
    ),
    "dpa Berichtigung": Case(
        dpa("Ölpreis steigt"), dpa("(Berichtigung: Zahl) Ölpreis steigt"), "Berichtigung"
    ),
    "dpa Zusammenfassung": Case(
        dpa("Ölpreis steigt"), dpa("Ölpreis steigt (Zusammenfassung 2)"), "Zusammenfassung 2"
    ),
    "dpa EILMELDUNG": Case(dpa("Ölpreis steigt"), dpa("Ölpreis steigt", "EILMELDUNG\n"), None),
    "dpa-AFX": Case(
        dpa("Ölpreis steigt"), dpa("KORREKTUR/ROUNDUP 2: Ölpreis steigt"), "KORREKTUR ROUNDUP 2"
    ),
    "dpa zurückgezogen": Case(
        dpa("Ölpreis steigt weiter"),
        note("dpa", "Bitte verwenden Sie die Meldung „Ölpreis steigt weiter“ nicht.", "Achtung"),
        "KILL", "canceled",
    ),
    "Yonhap LEAD": Case(afp("Oil rises"), afp("(2nd LD) Oil rises"), "2nd LD"),
    "ANPA lead": Case(anpa("BC-Oil"), anpa("BC-Oil, 1st Ld-Writethru"), "1st Ld-Writethru"),
    "ANPA add": Case(anpa("BC-Oil"), anpa("BC-Oil, 1st Add"), "1st Add", partial=True),
    "ANPA kill": Case(
        anpa("BC-Oil"), anpa("BC-Oil, KILL", "EDITORS: Please kill this story."), "KILL", "canceled"
    ),
    "NITF correction": Case(
        nitf("Oil rises"), nitf("Oil falls", "x-2", '<correction id-string="x-1" info="No."/>'),
        "correction",
    ),
    "NITF kill": Case(
        nitf("Oil rises"),
        nitf("Advisory", "x-3", '<ed-msg info="kill"/>', "Kill it.").replace(
            "<docdata>", '<docdata management-status="canceled" management-doc-idref="x-1">'
        ),
        None, "canceled",
    ),
    "NITF take": Case(
        nitf("Oil rises"), nitf("Oil rises", more='<du-key key="oil" part="2"/>'), None,
        partial=True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_revision_joins_its_family(name: str) -> None:
    """The mark is read, the family is the first one's, and no mark is left in the body."""
    case = CASES[name]
    first, later = one(case.first.encode()), one(case.later.encode())
    assert (first.status, first.is_partial, first.version) == ("usable", False, 1)
    assert later.story_id == first.story_id
    assert later.revision_id != first.revision_id
    assert (later.revision_mark, later.status) == (case.mark, case.status)
    assert later.is_partial is case.partial
    assert not any(p.startswith(("(Adds", "(Refiles", "ATTENTION", "=(")) for p in later.paragraphs)


ALIKE = [
    "SUBSIDIARY of Ford fined", "SUB-Saharan growth slows", "WEEDKILLER maker fined",
    "KILLED in crash: two", "KILLED: three soldiers in crash", "Killing of mayor: two held",
    "addition to the team", "LEADER: the week", "UPDATEs come at a cost", "LEAD-ZINC prices up",
    "FLASH-FLOOD kills two", "ADD-ON sales rise", "KILL-JOY critics", "Kill the bill, say MPs",
    "Giants win, take 2 of 3",
    "Giants Take 1st Lead", "Djokovic takes lead", "Senate passes update", "Road kill",
    "Oil, lead",
    "Copper (lead)", "Take 5", "The Correction", "INSERT COIN", "Windows Update",
    "ADDIS ABABA-bound",
    "REPEATED failures", "REFILED suit: judge rules", "CORRECTIONS officer held",
    "Vote on withdrawal",
    "KILLING FIELDS: a visit", "Update on the war", "RPTX-Pharma rises", "Correctional: a study",
]  # fmt: skip


@pytest.mark.parametrize("text", ALIKE)
def test_words_that_look_alike_mark_nothing(text: str) -> None:
    """They are part of the headline, and neither correct nor kill."""
    found = read_marks(text)
    assert (found.base, found.mark, found.version, found.killed, found.part) == (
        text, None, 1, False, False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        reuters("WITHDRAWAL: last troops leave Mali"),
        reuters("Senate kills its report on oil"),
        reuters("Editors: a book of letters", "Readers should not use force.\n\n"),
        reuters("Rights group kills campaign"),
        reuters("Police: story of robbery was wrong"),
        reuters("Paper withdraws its story on mayor"),
    ],
)
def test_a_story_about_withdrawal_is_no_kill(text: str) -> None:
    """What the news is about takes nothing back."""
    assert one(text.encode()).status == "usable"


def test_an_add_of_another_day_is_of_another_family() -> None:
    """Slugs come again each day."""
    first, later = one(ap(SLUG).encode()), one(ap(f"{SLUG}, 1st Add").replace("3,", "4,").encode())
    assert first.story_id != later.story_id


def test_a_kill_names_the_day_in_any_way() -> None:
    """A whole date, a day of the year, a day of the week, or none: the note's own day."""
    first = one(reuters("Oil rises again").encode())
    for when, day in (
        ("sent on March 3, 2022", "2022-03-09"),
        ("of 3 March", "2022-03-04"),
        ("which moved Thursday", "2022-03-05"),
        ("sent yesterday", "2022-03-04"),
        ("", "2022-03-03"),
    ):
        text = f'Please kill the story headlined "Oil rises again" {when}. It is wrong.'
        kill = one(note("Reuters", text, "ADVISORY", day).encode())
        assert isinstance(kill, Story)
        assert (kill.status, kill.story_id) == ("canceled", first.story_id), when
