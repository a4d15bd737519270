"""JSON as agencies, sites and brokers deliver it: ninjs with a guid, APIs, feeds, JSON-LD."""

from __future__ import annotations

import codecs
import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.model import Reject, Story
from pipeline.parse import parse_record
from tests.parse.golden import one, record

HTML = "<p>The lighthouse of Norrby was sold on Monday.</p><p>Nobody knows the buyer.</p>"
PARAGRAPHS = ("The lighthouse of Norrby was sold on Monday.", "Nobody knows the buyer.")
AT = "2026-10-05T12:00:00Z"


def story(value: Any) -> Story:
    """The only story of a value."""
    return one(json.dumps(value).encode())


def test_ninjs_by_guid() -> None:
    """What Superdesk sends has a guid, html, a source, and pictures with captions."""
    found = story(
        {
            "guid": "urn:x:7", "type": "text", "pubstatus": "usable",
            "version": "3", "versioncreated": "2026-10-05T12:00:00+0000", "source": "Norrby Post",
            "headline": "Lighthouse sold", "body_html": HTML,
            "subject": [{"code": "04000000", "name": "economy"}],
            "associations": {"featuremedia": {"type": "picture", "description_text": "The tower"}},
        }
    )  # fmt: skip
    assert (found.format, found.provider_id, found.version) == (
        "ninjs",
        "urn:x:7",
        3,
    )
    assert (found.paragraphs, found.captions) == (PARAGRAPHS, ("The tower",))
    assert (found.provider, found.warnings) == ("Norrby Post", ())


def test_ninjs_without_any_id_is_read_with_a_warning() -> None:
    """A missing property is never a reject."""
    found = story({"pubstatus": "withheld", "headline": "Lighthouse sold", "body_html": HTML})
    assert (found.status, found.paragraphs) == ("withheld", PARAGRAPHS)
    assert found.warnings == ("$.uri: missing, and no guid",)


def test_superdesk_items() -> None:
    """Its own export: ids, states, datelines and categories as it stores them."""
    item = {
        "_id": "a1", "guid": "a1", "state": "published", "headline": "Lighthouse sold",
        "abstract": "<p>A secret price</p>", "body_html": HTML, "byline": "By Tilda Nord",
        "dateline": {"text": "NORRBY, Oct 5 AAP -", "located": {"city": "Norrby"}},
        "anpa_category": [{"qcode": "i", "name": "World"}], "_current_version": 4,
        "versioncreated": "2026-10-05T12:00:00+0000",
    }  # fmt: skip
    found = story(item)
    assert (found.version, found.summary, found.bylines) == (4, "A secret price", ("Tilda Nord",))
    assert found.dateline_places == ("Norrby",)
    assert [code.value for code in found.codes] == ["i"]
    assert story({**item, "state": "in_progress"}).status == "withheld"
    both = parse_record(record(json.dumps({"_items": [item, {**item, "guid": "a2"}]}).encode()))
    assert [type(entry) for entry in both] == [Story, Story]


def test_an_unknown_shape_with_a_property_of_ninjs_is_a_reject_that_names_its_fields() -> None:
    """Not `uri is missing`: the names are what an operator needs."""
    text = " ".join(f"wort{n}" for n in range(20))
    for value in (
        {"urgency": 3, "wortlaut": text},
        {"urgency": 3, "headline": "x", "wortlaut": text},
    ):
        (item,) = parse_record(record(json.dumps(value).encode()))
        assert isinstance(item, Reject) and item.kind == "unknown_format"
        assert "wortlaut" in item.message


def test_json_feed() -> None:
    """Each item is a story, and is one again from its raw form."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1", "title": "Norrby Post", "language": "en",
        "items": [
            {"id": "1", "title": "Lighthouse sold", "content_html": HTML, "date_published": AT},
            {"id": "2", "title": "Fog", "content_text": "It is foggy.", "date_published": AT,
             "authors": [{"name": "Tilda Nord"}]},
        ],
    }  # fmt: skip
    items = parse_record(record(json.dumps(feed).encode()))
    assert [entry.headline for entry in items if isinstance(entry, Story)] == [
        "Lighthouse sold",
        "Fog",
    ]
    first, second = items
    assert isinstance(first, Story) and isinstance(second, Story)
    assert (first.paragraphs, second.bylines) == (PARAGRAPHS, ("Tilda Nord",))
    assert one(second.raw).revision_id == second.revision_id


ARTICLE = {
    "@context": "https://schema.org", "@type": "NewsArticle", "headline": "Lighthouse sold",
    "articleBody": "\n\n".join(PARAGRAPHS), "datePublished": AT,
    "author": {"@type": "Person", "name": "Tilda Nord"}, "publisher": {"name": "Norrby Post"},
    "mainEntityOfPage": {"@id": "https://norrby.example/1"}, "articleSection": "Sea",
}  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(ARTICLE),
        json.dumps({"@context": "https://schema.org", "@graph": [{"@type": "WebPage"}, ARTICLE]}),
        '<!DOCTYPE html><html><head><script type="application/ld+json">{"@type": "Web"}</script>'
        f'<script type="application/ld+json">[{json.dumps(ARTICLE)}]</script></head><body>x</body>'
        "</html>",
    ],
)
def test_schema_org(data: str) -> None:
    """A NewsArticle alone, in a graph, and within a page."""
    found = one(data.encode())
    assert (found.format, found.format_version) == ("json-ld", "NewsArticle")
    assert (found.headline, found.paragraphs) == ("Lighthouse sold", PARAGRAPHS)
    assert (found.bylines, found.provider) == (("Tilda Nord",), "Norrby Post")
    assert found.provider_id == "https://norrby.example/1"


def test_schema_org_without_text_is_a_reject() -> None:
    """A headline with addresses is no story."""
    bare = {name: value for name, value in ARTICLE.items() if name != "articleBody"}
    (item,) = parse_record(record(json.dumps(bare).encode()))
    assert isinstance(item, Reject) and "datePublished" in item.message


def test_ap_media_api() -> None:
    """The item within its answer, with the text beside it, or the address where it is."""
    item = {
        "altids": {"itemid": "f00d"}, "uri": "https://api.example.org/f00d?qt=1", "version": 2,
        "type": "text", "versioncreated": AT, "pubstatus": "usable", "headline": "Lighthouse sold",
        "slugline": "BC-EU--Lighthouse", "bylines": [{"by": "By TILDA NORD", "title": "AP Writer"}],
        "renditions": {"nitf": {"href": "https://api.example.org/f00d.xml"}},
    }  # fmt: skip
    answer = {"api_version": "2.1", "data": {"item": item}}
    found = story(answer)
    assert (found.provider, found.provider_id, found.version) == ("AP", "f00d", 2)
    assert found.warnings == ("the text is elsewhere: https://api.example.org/f00d.xml",)
    assert story({**answer, "nitf": {"body_html": HTML}}).paragraphs == PARAGRAPHS
    listed = {"api_version": "2.1", "data": {"items": [{"item": item}, {"item": item}]}}
    assert len(parse_record(record(json.dumps(listed).encode()))) == 2


@pytest.mark.parametrize("inner", [False, True])
def test_the_head_of_a_whole_article_in_the_answer_of_ap_is_no_text(inner: bool) -> None:
    """Headline, byline and dateline stand there once more; what the item lacks is taken of it."""
    article = (
        "<?xml version='1.0'?><nitf><body><body.head><hedline><hl1>Lighthouse sold</hl1><hl2>A "
        "lighthouse was sold to somebody unknown</hl2></hedline><byline>By TILDA NORD<byttl>"
        "Associated Press</byttl></byline><distributor>The Associated Press</distributor><dateline>"
        f"<location>NORRBY, Sweden</location></dateline></body.head><body.content><block>"
        f"{HTML.replace('<p>', '<p>NORRBY, Sweden (AP) — ', 1)}</block></body.content></body>"
        "</nitf>"
    )
    item = {"altids": {"itemid": "f00d"}, "type": "text", "headline": "Lighthouse sold"}
    nitf = {"body_html": article} if inner else article
    found = story({"api_version": "2.1", "data": {"item": item}, "nitf": nitf})
    assert (found.paragraphs, found.bylines) == (PARAGRAPHS, ("TILDA NORD",))
    assert (found.dateline, found.dateline_places) == ("NORRBY, Sweden (AP)", ("NORRBY, Sweden",))
    assert found.summary == "A lighthouse was sold to somebody unknown"
    assert found.warnings == ()


def test_dpa_digital_wires() -> None:
    """Text, teaser, dateline, notes and embargo of an entry."""
    found = story(
        {
            "format": "digitalwires@1.0", "urn": "urn:newsml:dpa.com:20261005:1", "version": 2,
            "version_created": "2026-10-05T14:00:00+02:00", "pubstatus": "usable",
            "signal": "sig:correction", "headline": "Turm verkauft", "teaser": "Käufer geheim",
            "byline": "Von Tilda Nord, dpa", "dateline": "Norrby (dpa) - ", "article_html": HTML,
            "embargoed": "2027-01-01T00:00:00+01:00", "ednotes": [{"ednote": "Mit Foto"}],
            "associations": [{"type": "image", "caption": "Der Turm"}],
        }
    )  # fmt: skip
    assert (found.provider, found.bylines, found.dateline) == (
        "dpa",
        ("Tilda Nord",),
        "Norrby (dpa)",
    )
    assert (found.paragraphs, found.summary) == (PARAGRAPHS, "Käufer geheim")
    assert (found.captions, found.editor_note) == (("Der Turm",), "Mit Foto")
    assert found.embargo_until is not None and found.revision_mark == "correction"


def test_reuters_connect() -> None:
    """The item's XHTML is the body."""
    page = f"<html><head><title/></head><body>{HTML}</body></html>"
    item = {"uri": "tag:reuters.com,2026:x", "versionCreated": AT, "headLine": "Sold",
            "version": "3", "byLine": "Tilda Nord", "slug": "NORRBY-SEA/",
            "bodyXhtml": page}  # fmt: skip
    found = story({"data": {"item": item}})
    assert (found.provider, found.version, found.paragraphs) == ("Reuters", 3, PARAGRAPHS)
    assert (found.slugline, found.bylines) == ("NORRBY-SEA/", ("Tilda Nord",))


def test_a_schema_registrys_frame_is_taken_off() -> None:
    """The story keeps its bytes with the frame; Avro behind it is a reject that names the id."""
    data = (
        b"\0\0\0\0\x2a"
        + json.dumps({"headline": "Lighthouse sold", "body": "It was sold."}).encode()
    )
    found = one(data)
    assert found.raw == data
    assert found.warnings == ("a schema registry's frame of schema 42 was taken off",)
    (item,) = parse_record(record(b"\0\0\0\0\x2a\x1eLighthouse sold\x18It was sold."))
    assert isinstance(item, Reject) and "schema 42: Avro" in item.message


@pytest.mark.parametrize("packed", [gzip.compress, lambda data: codecs.BOM_UTF8 + data])
def test_what_is_behind_a_frame_may_be_packed(packed: Callable[[bytes], bytes]) -> None:
    inner = json.dumps({"headline": "Lighthouse sold", "body": "It was sold."}).encode()
    found = one(b"\0\0\0\0\x2a" + packed(inner))
    assert (found.headline, found.raw[:5]) == ("Lighthouse sold", b"\0\0\0\0\x2a")
    assert any("frame of schema 42" in warning for warning in found.warnings)


@pytest.mark.parametrize("schema", [1, 22, 257, 65_536, 100_001, 131_072])
def test_every_id_of_a_schema_is_named(schema: int) -> None:
    """Also those whose bytes a wire's own signs have, and those of Confluent Cloud."""
    framed = b"\0" + schema.to_bytes(4, "big") + b"\x40A lighthouse sold to the harbour.\x18Sold."
    (item,) = parse_record(record(framed))
    assert isinstance(item, Reject)
    assert f"frame of schema {schema}" in item.message
