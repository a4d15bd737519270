"""The mappings that ship with Dateline, each on rows written for this test."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.model import Record, Reject, Story
from pipeline.parse import ParseLimits, parse_record
from pipeline.parse.mapping.field_map import find_mapping, mapping_of, ready_mappings, ready_texts

WAPO = {
    "id": "w7", "article_url": "https://news.example/w7", "title": "Lamp lit again",
    "author": "Rosa Lindqvist", "published_date": 1420070400000, "type": "article",
    "source": "The Norland Post",
    "contents": [
        {"content": "Coast", "mime": "text/plain", "type": "kicker"},
        {"content": "By Rosa Lindqvist", "mime": "text/plain", "type": "byline"},
        {"fullcaption": "The lamp at dusk.", "imageURL": "x.jpg", "type": "image"},
        {"content": "The keepers <i>lit</i> the lamp.", "subtype": "paragraph",
         "type": "sanitized_html", "mime": "text/html"},
        {"content": "Ships saw it at once.", "subtype": "paragraph", "type": "sanitized_html",
         "mime": "text/html"},
        None,
    ],
}  # fmt: skip
GUARDIAN = {
    "response": {
        "status": "ok", "total": 1,
        "results": [
            {"id": "coast/2015/lamp", "sectionName": "Coast", "webTitle": "Lamp lit again",
             "webPublicationDate": "2015-01-01T10:00:00Z", "webUrl": "https://g.example/lamp",
             "fields": {"body": "<p>The keepers lit the lamp.</p><p>Ships saw it at once.</p>",
                        "byline": "Rosa Lindqvist", "trailText": "Light at last"}},
            {"id": "coast/2015/tide", "sectionName": "Coast", "webTitle": "Tide rises",
             "webPublicationDate": "2015-01-02T10:00:00Z", "webUrl": "https://g.example/tide",
             "fields": {"bodyText": "The tide rose in the night."}},
        ],
    }
}  # fmt: skip
NYT = {
    "status": "OK",
    "response": {
        "docs": [
            {"web_url": "https://n.example/lamp", "headline": {"main": "Lamp Lit Again"},
             "pub_date": "2015-01-01T05:00:00+0000", "_id": "n1", "source": "The Norland Times",
             "lead_paragraph": "The keepers lit the lamp on Thursday.",
             "abstract": "Keepers light a lamp.", "section_name": "Coast",
             "byline": {"original": "By Rosa Lindqvist"},
             "keywords": [{"name": "subject", "value": "Lamps"}]},
        ]
    },
}  # fmt: skip
NEWSAPI = {
    "status": "ok", "totalResults": 2,
    "articles": [
        {"source": {"id": None, "name": "Norland Online"}, "author": "Rosa Lindqvist",
         "title": "Lamp lit again", "description": "Light at last", "url": "https://o.example/1",
         "urlToImage": None, "publishedAt": "2015-01-01T10:00:00Z",
         "content": "The keepers lit the lamp. [+900 chars]"},
        {"source": {"id": None, "name": "Norland Online"}, "author": None, "title": "Tide rises",
         "description": "Water", "url": "https://o.example/2", "urlToImage": "https://o.example/i",
         "publishedAt": "2015-01-02T10:00:00Z", "content": None},
    ],
}  # fmt: skip
GDELT = {
    "articles": [
        {"url": "https://d.example/1", "url_mobile": "", "title": "Leuchtfeuer brennt wieder",
         "seendate": "20150101T101500Z", "socialimage": "", "domain": "d.example",
         "language": "German", "sourcecountry": "Germany"},
    ]
}  # fmt: skip
REALNEWS = {
    "title": "Lamp lit again", "text": "The keepers lit the lamp.\nShips saw it at once.",
    "summary": "Light", "authors": ["Rosa Lindqvist", "Per Holm"], "publish_date": "01-02-2019",
    "status": "success", "url": "https://r.example/1", "domain": "r.example",
    "warc_date": "2019-02-01T00:00:00Z", "warc_filename": "a.warc.gz", "split": "train",
}  # fmt: skip
CC_NEWS = {
    "title": "Lamp lit again", "text": "The keepers lit the lamp.\nShips saw it at once.",
    "domain": "c.example", "date": "2017-07-04 10:00:00", "description": "Light",
    "url": "https://c.example/1", "image_url": "https://c.example/1.jpg",
}  # fmt: skip
CNN = b"id,article,highlights\nab12,(CNN) -- The keepers lit the lamp.,Lamp lit .\n"
ALL_THE_NEWS = (
    b",id,title,publication,author,date,year,month,url,content\n"
    b"0,17283,Lamp lit again - Norland Times,Norland Times,Rosa Lindqvist,2016-12-31,2016.0,12.0,,"
    b'"The keepers lit the lamp.   Ships saw it at once."\n'
)
ALL_THE_NEWS_2 = (
    b"date,year,month,day,author,title,article,url,section,publication\n"
    b"2019-06-23 00:00:00,2019,6.0,23,Per Holm,Tide rises,The tide rose.,https://a.example/2,Coast,"
    b"Norland Online\n"
)
GDELT_CSV = b"URL,MobileURL,Date,Title\nhttps://d.example/1,,2015-01-01 10:15:00,Lamp lit again\n"
WORDPRESS = {
    "id": 7, "date": "2015-01-01T11:00:00", "date_gmt": "2015-01-01T10:00:00", "type": "post",
    "guid": {"rendered": "https://n.example/?p=7"}, "link": "https://n.example/lamp",
    "modified_gmt": "2015-01-01T10:30:00", "status": "private",
    "title": {"rendered": "Lamp &amp; light again"},
    "content": {"rendered": "<p>The keepers lit the lamp.</p>", "protected": False},
    "excerpt": {"rendered": "<p>Light at last</p>"}, "author": 3,
}  # fmt: skip
CASES: list[tuple[str, bytes | dict[str, Any], list[dict[str, Any]]]] = [
    ("wordpress-rest", WORDPRESS, [{
        "headline": "Lamp & light again", "status": "withheld", "summary": "Light at last",
        "provider_id": "https://n.example/?p=7", "paragraphs": ("The keepers lit the lamp.",),
        "published_at": "2015-01-01T10:00:00+00:00"}]),
    ("wapo", WAPO, [{
        "headline": "Lamp lit again", "provider": "The Norland Post", "provider_id": "w7",
        "paragraphs": ("The keepers lit the lamp.", "Ships saw it at once."),
        "published_at": "2015-01-01T00:00:00+00:00", "bylines": ("Rosa Lindqvist",),
        "captions": ("The lamp at dusk.",)}]),
    ("guardian", GUARDIAN, [
        {"headline": "Lamp lit again", "summary": "Light at last", "provider": "The Guardian",
         "paragraphs": ("The keepers lit the lamp.", "Ships saw it at once."),
         "published_at": "2015-01-01T10:00:00+00:00", "provider_id": "coast/2015/lamp"},
        {"headline": "Tide rises", "paragraphs": ("The tide rose in the night.",)}]),
    ("nyt-api", NYT, [{
        "headline": "Lamp Lit Again", "paragraphs": ("The keepers lit the lamp on Thursday.",),
        "published_at": "2015-01-01T05:00:00+00:00", "bylines": ("Rosa Lindqvist",),
        "provider": "The Norland Times", "keywords": ("Lamps",)}]),
    ("newsapi", NEWSAPI, [
        {"headline": "Lamp lit again", "provider": "Norland Online", "summary": "Light at last",
         "paragraphs": ("The keepers lit the lamp. [+900 chars]",)},
        {"headline": "Tide rises", "paragraphs": (), "summary": "Water"}]),
    ("gdelt", GDELT, [{
        "headline": "Leuchtfeuer brennt wieder", "language": "de", "provider": "d.example",
        "published_at": "2015-01-01T10:15:00+00:00", "paragraphs": ()}]),
    ("gdelt-csv", GDELT_CSV, [{
        "headline": "Lamp lit again", "provider_id": "https://d.example/1",
        "published_at": "2015-01-01T10:15:00+00:00"}]),
    ("realnews", REALNEWS, [{
        "headline": "Lamp lit again", "published_at": "2019-01-02T00:00:00+00:00",
        "published_precision": "day", "bylines": ("Rosa Lindqvist", "Per Holm"),
        "paragraphs": ("The keepers lit the lamp.", "Ships saw it at once.")}]),
    ("cc-news", CC_NEWS, [{
        "headline": "Lamp lit again", "published_at": "2017-07-04T10:00:00+00:00",
        "paragraphs": ("The keepers lit the lamp.", "Ships saw it at once.")}]),
    ("cnn-dailymail", CNN, [{
        "headline": "", "summary": "Lamp lit .", "provider_id": "ab12",
        "provider": "CNN", "paragraphs": ("The keepers lit the lamp.",)}]),
    ("all-the-news", ALL_THE_NEWS, [{
        "headline": "Lamp lit again - Norland Times", "provider": "Norland Times",
        "published_at": "2016-12-31T00:00:00+00:00",
        "paragraphs": ("The keepers lit the lamp. Ships saw it at once.",)}]),
    ("all-the-news", ALL_THE_NEWS_2, [{
        "headline": "Tide rises", "provider": "Norland Online", "paragraphs": ("The tide rose.",),
        "provider_id": "https://a.example/2"}]),
]  # fmt: skip
MIND = (
    b'N7\tnews\tnewscoast\t"Lamp" lit again\tThe keepers lit the lamp.\thttps://m.example/7\t[]\t[]\n'
    b"N8\tnews\tnewscoast\tTide rises\tThe tide rose.\thttps://m.example/8\t[]\t[]\n"
)


def _stories(data: bytes | dict[str, Any], limits: ParseLimits | None = None) -> list[Story]:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    items = parse_record(Record("test", 0, raw), limits or ParseLimits())
    assert all(isinstance(item, Story) for item in items), items
    return [item for item in items if isinstance(item, Story)]


@pytest.mark.parametrize(("name", "data", "expected"), CASES, ids=[case[0] for case in CASES])
def test_the_shape_is_recognised_and_read(
    name: str, data: bytes | dict[str, Any], expected: list[dict[str, Any]]
) -> None:
    """Each article is a story with its text and its time, and says by which mapping."""
    stories = _stories(data)
    assert len(stories) == len(expected)
    for story, fields in zip(stories, expected, strict=True):
        assert story.format_version is not None
        assert story.format_version.startswith(f"mapping {name}/")
        for field, value in fields.items():
            found = getattr(story, field)
            assert (found.isoformat() if field == "published_at" else found) == value, field


@pytest.mark.parametrize(("name", "data"), [case[:2] for case in CASES])
def test_the_raw_form_of_each_article_is_the_same_article(
    name: str, data: bytes | dict[str, Any]
) -> None:
    """Also where an answer of an API held many."""
    for story in _stories(data):
        (again,) = _stories(story.raw)
        assert again.revision_id == story.revision_id


def test_mind_is_read_where_it_is_named() -> None:
    """It has no header row: with other addresses nothing but the operator's word tells it."""
    name, facts = find_mapping("mind")
    limits = ParseLimits(mappings=(mapping_of(facts, name),))
    first, second = _stories(MIND, limits)
    assert (first.headline, first.paragraphs) == (
        '"Lamp" lit again',
        ("The keepers lit the lamp.",),
    )
    assert second.provider_id == "N8"
    (reject,) = parse_record(Record("test", 0, MIND))
    assert isinstance(reject, Reject)
    assert "8 columns without a header row" in reject.message


def test_mind_is_recognised_by_its_cells() -> None:
    """As its publisher's file has them: numbers with N, the publisher's addresses, lists."""
    stories = _stories(MIND.replace(b"m.example", b"assets.msn.com"))
    assert [story.headline for story in stories] == ['"Lamp" lit again', "Tide rises"]
    assert all((s.format_version or "").startswith("mapping mind/") for s in stories)


def test_every_ready_mapping_has_its_rows() -> None:
    """None ships untried."""
    tried = {case[0] for case in CASES} | {"mind"}
    assert tried == set(ready_texts()) == {mapping.name for mapping in ready_mappings()}


def test_a_summary_of_markup_is_read_as_such() -> None:
    """The Guardian's standfirst has tags."""
    content = {
        "id": "w/1", "webTitle": "Pier kept", "webPublicationDate": "2026-10-05T10:15:00Z",
        "webUrl": "https://www.theguardian.com/w/1",
        "fields": {"standfirst": "<p>A <b>close</b> vote</p>", "body": "<p>It is kept.</p>"},
    }  # fmt: skip
    (story,) = _stories({"response": {"status": "ok", "content": content}})
    assert (story.summary, story.paragraphs) == ("A close vote", ("It is kept.",))
