"""NITF, NewsML 1 and NewsML-G2 as agencies send them, beyond what the standards show."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.model import Reject, Story
from pipeline.parse import parse_record
from tests.parse.golden import one, record

BODY = "<p>The lighthouse of Norrby was sold on Monday.</p><p>Nobody knows the buyer.</p>"
PARAGRAPHS = ("The lighthouse of Norrby was sold on Monday.", "Nobody knows the buyer.")


def nitf(head: str = "", root: str = "", body: str = BODY) -> bytes:
    """An article with these elements in `body.head`."""
    return (
        f"<nitf {root}><head><title>Lighthouse sold</title></head><body>"
        f"<body.head><hedline><hl1>Lighthouse sold</hl1></hedline>{head}</body.head>"
        f"<body.content>{body}</body.content></body></nitf>"
    ).encode()


def g2(page: str, about: str = "", meta: str = '<itemClass qcode="ninat:text"/>') -> bytes:
    """A news item with this XHTML page."""
    return (
        '<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="urn:x:1" version="1">'
        f"<itemMeta>{meta}<pubStatus qcode='stat:usable'/></itemMeta>"
        f"<contentMeta><headline>Lighthouse sold</headline>{about}</contentMeta><contentSet>"
        '<inlineXML contenttype="application/xhtml+xml"><html '
        f'xmlns="http://www.w3.org/1999/xhtml"><body>{page}</body></html></inlineXML>'
        "</contentSet></newsItem>"
    ).encode()


def newsml(components: str, lines: str = "") -> bytes:
    """A NewsML 1.2 item with these components."""
    return (
        '<!DOCTYPE NewsML SYSTEM "NewsML.dtd" [<!ENTITY % text SYSTEM "text.dtd"> %text;]>'
        "<NewsML><NewsItem><NewsComponent><NewsLines><HeadLine>Lighthouse sold</HeadLine>"
        f"{lines}</NewsLines>{components}</NewsComponent></NewsItem></NewsML>"
    ).encode()


def component(content: str, role: str = "Main", kind: str = "Text", form: str = "") -> str:
    """A component with one content item."""
    given = f'<Format FormalName="{form}"/>' if form else ""
    return (
        f'<NewsComponent><Role FormalName="{role}"/><ContentItem><MediaType FormalName="{kind}"/>'
        f"{given}<DataContent>{content}</DataContent></ContentItem></NewsComponent>"
    )


def test_a_prefix_that_is_declared_and_not_used_makes_no_other_format() -> None:
    """The root's own namespace counts, which NITF seldom has."""
    story = one(nitf(root='xmlns:x="http://iptc.org/std/nar/2006-10-01/"'))
    assert (story.format, story.paragraphs) == ("nitf", PARAGRAPHS)


@pytest.mark.parametrize(
    ("byline", "names"),
    [
        ("<byline>By The Associated Press</byline>", ("The Associated Press",)),
        ("<byline>By Tilda Nord and Per Öst</byline>", ("Tilda Nord", "Per Öst")),
        (
            "<byline>By Tilda Nord</byline><byline>By Per Öst, AFP</byline>",
            ("Tilda Nord", "Per Öst"),
        ),
        ("<byline>The buyer has not been named by the town, which owns it.</byline>", ()),
    ],
)
def test_bylines_stay_as_written(byline: str, names: tuple[str, ...]) -> None:
    """An agency is named whole, each byline counts, a sentence is none."""
    assert one(nitf(byline)).bylines == names


def test_text_beside_body_content_is_read() -> None:
    """An article without `body.content`, with a line under its headline and one at its end."""
    data = nitf("<hl2>Price is secret</hl2>").replace(b"body.content>", b"x>")
    data = data.replace(
        b"</body></nitf>", b"<body.end><tagline>Graphic follows</tagline></body.end></body></nitf>"
    )
    story = one(data)
    assert story.paragraphs == PARAGRAPHS
    assert (story.summary, story.editor_note) == ("Price is secret", "Graphic follows")


def test_a_page_header_is_no_text() -> None:
    """Its byline counts, its list of subjects, time and headline do not; desk notes are notes."""
    page = (
        '<header><ul><li>Sea</li></ul><h1>Lighthouse sold</h1><p class="byline">Von Tilda Nord, dpa'
        f"</p></header><section>{BODY}</section><div class='notepad'><p>Photo 15:00</p></div>"
    )
    creator = '<creator qcode="acc:nord.tilda"><name>nord.tilda</name></creator>'
    story = one(g2(page, creator))
    assert (story.paragraphs, story.bylines) == (PARAGRAPHS, ("Tilda Nord",))
    assert (story.editor_note, story.warnings) == ("Photo 15:00", ())


def test_headline_and_byline_above_the_text_and_the_credit_below_are_taken_off() -> None:
    """As Reuters and press-release services write them into the body."""
    tail = " (Reporting by Tilda Nord; Editing by Per Öst)</p>"
    page = f"<h1>Lighthouse sold</h1><p>By Tilda Nord</p>{BODY}".removesuffix("</p>") + tail
    meta = '<itemClass qcode="ninat:text"/><provider literal="reuters.com"/>'
    story = one(g2(page, meta=meta))
    assert (story.paragraphs, story.bylines) == (PARAGRAPHS, ("Tilda Nord",))
    assert story.provider == "Reuters"


def test_accounts_are_no_bylines() -> None:
    """A login, initials or an address name nobody."""
    names = ("nord.tilda", "tno", "TN", "tn12")
    about = "".join(f"<creator><name>{name}</name></creator>" for name in names)
    assert one(g2(BODY, about)).bylines == ()
    assert one(g2(BODY, "<creator><name>Tilda Nord</name></creator>")).bylines == ("Tilda Nord",)


def test_an_embargo_that_is_not_understood_withholds() -> None:
    """NewsML-G2's `embargoed` with words instead of a time."""
    meta = '<itemClass qcode="ninat:text"/><embargoed>after the speech</embargoed>'
    story = one(g2(BODY, meta=meta))
    assert story.status == "withheld" and any("withheld" in w for w in story.warnings)


def test_a_text_that_is_elsewhere_is_named() -> None:
    """An item of which only the address is in the record."""
    data = g2(BODY)
    begin, end = data.index(b"<inlineXML"), data.index(b"</contentSet>")
    remote = b'<remoteContent href="https://files.example.org/1.xml"/>'
    story = one(data[:begin] + remote + data[end:])
    assert story.warnings == ("the text is elsewhere: https://files.example.org/1.xml",)


def test_parameter_entities_are_passed_over_and_style_sheets_are_no_text() -> None:
    """How NewsML 1 brings NITF in, and what some systems send beside the text."""
    sheet = component("p { margin: 0 }", role="Style", form="text/css")
    story = one(newsml(component(BODY) + sheet))
    assert story.paragraphs == PARAGRAPHS


def test_components_have_their_roles() -> None:
    """A title is the headline, a caption a caption; the body alone is the body."""
    parts = component("<p>Old title</p>", "Title") + component(BODY, "Body")
    story = one(newsml(parts + component("<p>The lighthouse.</p>", "Caption")))
    assert (story.headline, story.paragraphs) == ("Lighthouse sold", PARAGRAPHS)
    assert story.captions == ("The lighthouse.",)


def test_a_dateline_that_is_a_stamp_is_the_time() -> None:
    """Not a place; it dates the item where nothing else does."""
    story = one(newsml(component(BODY), "<DateLine>20261005T120000Z</DateLine>"))
    assert story.dateline is None and story.dateline_places == ()
    assert story.published_at is not None and story.published_at.hour == 12


def test_entities_of_one_character_are_read() -> None:
    """`&nbsp;` and their like, declared; entities that hold others are refused."""
    data = nitf(body="<p>Norrby&sp;&mark;</p>")
    head = b'<!DOCTYPE nitf [<!ENTITY sp "&#160;"><!ENTITY mark "&#38;#38;"><!ENTITY % x "y">]>'
    assert one(head.replace(b'"&#38;#38;"', b'"!"') + data).paragraphs == ("Norrby !",)
    (item,) = parse_record(record(b'<!DOCTYPE nitf [<!ENTITY a "&b;&b;"><!ENTITY b "bb">]>' + data))
    assert isinstance(item, Reject) and item.kind == "malformed"


def test_a_block_called_summary_is_the_summary_and_no_paragraph() -> None:
    """Only where text follows it: else it is all the text that there is."""
    block = '<block class="summary"><p>It was old.</p></block>'
    story = one(nitf(body=f"{block}<block>{BODY}</block>"))
    assert (story.summary, story.paragraphs) == ("It was old.", PARAGRAPHS)
    alone = one(nitf(body=block))
    assert (alone.summary, alone.paragraphs) == (None, ("It was old.",))


def test_the_agency_of_the_tagline_is_the_provider_where_none_is_named() -> None:
    """Initials and agency stand at the end of the body."""
    data = nitf().replace(b"</body>", b"<body.end><tagline>(AFP)</tagline></body.end></body>")
    assert one(data).provider == "AFP"


@pytest.mark.parametrize(
    ("byline", "provider"),
    [
        ("By Tilda Nord and Karl Holm, PA Political Staff", "PA"),
        ("By Tilda Nord, AFP", "AFP"),
        ("By Tilda Nord, Norrby Post Staff", None),
    ],
)
def test_the_house_behind_a_byline_of_nitf_is_the_provider(
    byline: str, provider: str | None
) -> None:
    """Where nothing else names one."""
    story = one(
        f"<nitf><body><body.head><hedline><hl1>Tower sold</hl1></hedline><byline><bytag>{byline}"
        "</bytag></byline></body.head><body.content><p>The tower was sold on Monday.</p>"
        "</body.content></body></nitf>".encode()
    )
    assert (story.provider, story.bylines[0]) == (provider, "Tilda Nord")


def test_a_day_in_a_line_of_newsml_that_names_no_agency() -> None:
    """Belga's, whose agency stands elsewhere: `05/10` is no place."""
    story = one(
        b"<NewsML><NewsItem><NewsManagement><FirstCreated>20261005T120000+0200</FirstCreated>"
        b"</NewsManagement><NewsComponent><NewsLines><HeadLine>Tour vendue</HeadLine>"
        b"<DateLine>NORRBY 05/10</DateLine></NewsLines><AdministrativeMetadata><Provider>"
        b'<Party FormalName="BELGA"/></Provider></AdministrativeMetadata><ContentItem>'
        b'<MediaType FormalName="Text"/><DataContent>La tour est vendue.</DataContent>'
        b"</ContentItem></NewsComponent></NewsItem></NewsML>"
    )
    assert (story.dateline_places, str(story.dateline_date)) == (("NORRBY",), "2026-10-05")


def test_a_caption_of_g2_is_no_summary() -> None:
    story = one(
        b'<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="urn:n:1" version="1">'
        b'<itemMeta><itemClass qcode="ninat:text"/></itemMeta><contentMeta>'
        b"<headline>Tower sold</headline>"
        b"<description role='drol:summary'>It was time.</description>"
        b"<description role='drol:caption'>The tower at dawn.</description></contentMeta>"
        b"<contentSet><inlineData contenttype='text/plain'>The tower was sold.</inlineData>"
        b"</contentSet></newsItem>"
    )
    assert (story.summary, story.captions) == ("It was time.", ("The tower at dawn.",))


@pytest.mark.parametrize(
    "byline", ["Tilda Nord tno@ntb.no", "Tilda Nord/TT", "Tilda Nord (tno@ntb.no)"]
)
def test_a_byline_without_address_and_house(byline: str) -> None:
    story = one(
        f"<nitf><body><body.head><hedline><hl1>Tower sold</hl1></hedline><byline>{byline}</byline>"
        "</body.head><body.content><p>The tower was sold on Monday.</p></body.content></body>"
        "</nitf>".encode()
    )
    assert story.bylines == ("Tilda Nord",)


def unzoned(agency: str, issued: str, released: str = "") -> Story:
    release = f'<date.release norm="{released}"/>' if released else ""
    return one(
        f'<nitf><head><docdata><doc-id id-string="z1" regsrc="{agency}"/>'
        f'<date.issue norm="{issued}"/>{release}</docdata></head><body><body.head><hedline><hl1>'
        "Lamp lit</hl1></hedline></body.head><body.content><p>The old lamp burns.</p>"
        "</body.content></body></nitf>".encode()
    )


@pytest.mark.parametrize(
    ("agency", "released", "at", "zone"),
    [
        ("NTB", "", "12:00", "Europe/Oslo"),
        ("CP", "", "18:00", "America/Toronto"),
        ("AFP", "", "14:00", "UTC"),
        # what another time of the item says goes before the agency's clock
        ("NTB", "20261005T135900+0300", "11:00", "UTC+03:00"),
    ],
)
def test_a_time_of_nitf_without_a_zone_is_the_agencys(
    agency: str, released: str, at: str, zone: str
) -> None:
    """With a warning; that of one with desks around the world is UTC."""
    story = unzoned(agency, "20261005T140000", released)
    assert story.published_at is not None
    assert f"{story.published_at:%H:%M}" == at
    assert story.created_at == story.published_at
    assert story.warnings == (f"a time without a zone is taken as {zone}",)


def test_a_release_without_a_zone_opens_by_the_agencys_clock_else_by_the_last() -> None:
    """An embargo fails closed."""
    known = unzoned("NTB", "20261005T140000Z", "20261006T060000+0200")
    assert known.embargo_until is not None and known.embargo_until.hour == 4
    assert not known.warnings
    for agency, hour in (("NTB", 4), ("AFP", 18)):
        held = unzoned(agency, "20261005T140000", "20261006T060000").embargo_until
        assert held is not None and held.hour == hour, agency


def test_times_of_newsml_without_a_zone_are_the_agencys() -> None:
    """NewsML 1, whose embargo too; and NewsML-G2."""
    one_dot = (
        "<NewsML><NewsItem><Identification><NewsIdentifier><ProviderId>ntb.no</ProviderId>"
        "<DateId>20261005</DateId><NewsItemId>7</NewsItemId><RevisionId>1</RevisionId>"
        "</NewsIdentifier></Identification><NewsManagement>"
        "<ThisRevisionCreated>20261005T140000</ThisRevisionCreated>"
        '<Status FormalName="Embargoed"/><StatusWillChange><FutureStatus FormalName="Usable"/>'
        "<DateAndTime>20261006T060000</DateAndTime></StatusWillChange></NewsManagement>"
        "<NewsComponent><NewsLines><HeadLine>Lamp lit</HeadLine></NewsLines><ContentItem>"
        "<DataContent>The old lamp burns.</DataContent></ContentItem></NewsComponent>"
        "</NewsItem></NewsML>"
    )
    story = one(one_dot.encode())
    assert story.version_time == story.published_at
    assert story.version_time is not None and story.version_time.hour == 12
    assert story.embargo_until is not None and story.embargo_until.hour == 4
    g2 = (
        '<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="tag:ntb.no,2026:7"><itemMeta>'
        "<versionCreated>2026-10-05T14:00:00</versionCreated></itemMeta><contentMeta><headline>"
        "Lamp lit</headline></contentMeta><contentSet><inlineData>The old lamp burns."
        "</inlineData></contentSet></newsItem>"
    )
    assert one(g2.encode()).version_time == story.version_time


def test_a_headline_that_is_escaped_once_more_is_read() -> None:
    """In each of the three standards of XML."""
    head = b"Lamp &amp;amp; pier &amp;#8211; lit"
    for data in (nitf(), newsml(component("<p>It burns.</p>")), g2("<p>It burns.</p>")):
        story = one(data.replace(b"Lighthouse sold", head))
        assert story.headline == "Lamp & pier \u2013 lit", story.format


@pytest.mark.parametrize(
    ("byline", "names", "provider"),
    [
        ("Von Tilda Nord", ("Tilda Nord",), None),
        ("Von Tilda Nord und Per Öst, dpa", ("Tilda Nord", "Per Öst"), "dpa"),
        ("Por Ana María de la Cruz, EFE", ("Ana María de la Cruz",), "EFE"),
        ("Par Tilda Nord avec Per Öst à Rome", ("Tilda Nord", "Per Öst"), None),
        ("Di Tilda Nord e Per Öst", ("Tilda Nord", "Per Öst"), None),
        ("Av Tilda Nord og Per Öst/NTB", ("Tilda Nord", "Per Öst"), "NTB"),
        ("By TILDA NORD, AP Sports Writer", ("TILDA NORD",), "AP"),
        ("Door Jan de Vries", ("Jan de Vries",), None),
        ("Text: Tilda Nord", ("Tilda Nord",), None),
    ],
)
@pytest.mark.parametrize("shape", [g2, nitf])
def test_a_byline_below_the_first_paragraph_is_no_paragraph(
    shape: Any, byline: str, names: tuple[str, ...], provider: str | None
) -> None:
    first, second = BODY.split("</p>", 1)
    data = f"{first}</p><p>{byline}</p>{second}"
    story = one(shape(data) if shape is g2 else shape(body=data))
    assert (story.paragraphs, story.bylines, story.provider) == (PARAGRAPHS, names, provider)


def test_the_sign_between_takes_is_no_paragraph() -> None:
    """PA ends a take with `mf`, and the next one goes on below it."""
    first, second = BODY.split("</p>", 1)
    story = one(nitf(body=f"{first}</p><p>mf</p>{second}<p>end</p>"))
    assert story.paragraphs == PARAGRAPHS


def test_the_lead_of_belga_has_its_sign_alone() -> None:
    first, second = PARAGRAPHS
    lines = "<DateLine>BRUXELLES 05/10 (BELGA)</DateLine>"
    data = newsml(component(f"(BELGA) = {first}", "Lead") + component(second, "Body"), lines)
    story = one(data)
    assert (story.paragraphs, story.dateline) == (PARAGRAPHS, "BRUXELLES 05/10 (BELGA)")


def test_a_summary_is_without_the_dateline_of_the_text() -> None:
    """Reuters sends the first paragraph as a fragment, with its dateline."""
    about = f'<description role="x:fragment">NORRBY (Reuters) - {PARAGRAPHS[0]}</description>'
    story = one(g2(BODY.replace("<p>", "<p>NORRBY, Oct 5 (Reuters) - ", 1), about))
    assert (story.summary, story.paragraphs) == (PARAGRAPHS[0], PARAGRAPHS)


@pytest.mark.parametrize(
    "line",
    ["By The Numbers", "Von Berlin nach Paris", "Von der Leyen", "Di Maio", "Por Tilda Nord.",
     "Von Tilda Nord war nichts zu hören", "By Land And Sea"],
)  # fmt: skip
def test_a_heading_within_the_text_is_no_byline(line: str) -> None:
    """Only a whole line of names is one."""
    first, second = BODY.split("</p>", 1)
    story = one(g2(f"{first}</p><p>{line}</p>{second}"))
    assert (story.paragraphs[1], story.bylines) == (line, ())


@pytest.mark.parametrize(
    ("known", "written"),
    [
        ("Norrby, Sweden", "Norrby, Sweden — "),
        ("Norrby, Sweden", "NORRBY, Sweden (XYZ) — "),
        ("Norrby", "Norrby - "),
    ],
)
def test_a_dateline_of_the_metadata_does_not_stand_in_the_text_as_well(
    known: str, written: str
) -> None:
    """By its own words it is known, where it has neither day nor an agency of the table."""
    head = f"<dateline><location>{known}</location></dateline>"
    story = one(nitf(head, body=BODY.replace("<p>", f"<p>{written}", 1)))
    assert (story.paragraphs, story.dateline_places[0]) == (PARAGRAPHS, known)
    kept = one(nitf(head, body=BODY.replace("<p>", f"<p>{known} - the town of lamps - wept. ", 1)))
    assert kept.paragraphs[0].startswith(known)
