"""Text that a record delivered and its story does not hold is named."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.model import Reject, Story
from pipeline.parse import parse_record
from tests.parse.golden import one, record

_LETTERS = "bcdfghklmnprstvw"


def sentence(number: int, words: int = 20) -> str:
    """A sentence whose words stand in no other one."""
    stem = _LETTERS[number % 16] + "aeiou"[number % 5] + _LETTERS[number // 16 % 16]
    made = (f"{stem}{_LETTERS[n % 16]}{'aeiou'[n // 16 % 5]}x" for n in range(words))
    return " ".join(made).capitalize() + "."


def test_a_field_that_nobody_reads_is_named_with_its_path() -> None:
    """The story stands, and its warning says where the rest of the text is."""
    extra = {"background": {"text": sentence(3)}}
    story = one(
        json.dumps({"headline": "Town keeps its ferry", "body": sentence(1), **extra}).encode()
    )
    assert story.paragraphs == (sentence(1),)
    assert [w for w in story.warnings if w.startswith("not read: $.background.text (20 words)")]


def test_a_headline_above_text_that_nobody_reads_is_a_reject_that_names_the_fields() -> None:
    """A shape that is not known must not become a story that lost its text."""
    data = json.dumps({"headline": "Town keeps its ferry", "wortlaut": sentence(1)}).encode()
    (item,) = parse_record(record(data))
    assert isinstance(item, Reject) and item.kind == "unknown_format"
    assert "wortlaut" in item.message


def test_short_values_and_what_was_read_are_not_named() -> None:
    """Names, addresses and labels are no text; a body in another order is read all the same."""
    item = {
        "headline": "Town keeps its ferry",
        "body": f"<p>{sentence(1)}</p><p>{sentence(2)}</p>",
        "desk": "Domestic news, night shift",
        "url": "https://www.example.com/" + "a" * 400,
        "copy": sentence(2),
    }
    assert one(json.dumps(item).encode()).warnings == ()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 255), min_size=1, max_size=8, unique=True), st.integers(0, 7))
def test_words_that_go_in_come_out_or_are_named(numbers: list[int], cut: int) -> None:
    """NITF: each sentence is in the story, or its element is in a warning."""
    inside = "".join(f"<p>{sentence(n)}</p>" for n in numbers[:cut])
    beside = "".join(f"<x{n}>{sentence(n)}</x{n}>" for n in numbers[cut:])
    data = (
        "<nitf><body><body.head><hedline><hl1>Town keeps its ferry</hl1></hedline>"
        f"{beside}</body.head><body.content>{inside}</body.content></body></nitf>"
    )
    (item,) = parse_record(record(data.encode()))
    assert isinstance(item, Story)
    told = " ".join((*item.paragraphs, item.summary or "", *item.warnings))
    for number in numbers:
        assert sentence(number) in told or f"/x{number} " in told


def _xml(text: str, name: str) -> str:
    return f"<{name}>{text}</{name}>"


def _of_format(name: str, body: str, beside: str) -> bytes:
    """A story of a format, with `body` as its text and `beside` in a field that nobody reads."""
    if name == "ninjs":
        value = {"uri": "urn:x:1", "headline": "Sold", "body_html": _xml(body, "p"), "wort": beside}
        return json.dumps(value).encode()
    if name == "json-ld":
        about = {"@type": "NewsArticle", "headline": "Sold", "articleBody": body, "wort": beside}
        return json.dumps(about).encode()
    if name == "newsml1":
        lines = _xml(_xml("Sold", "HeadLine") + _xml(beside, "wort"), "NewsLines")
        content = _xml(_xml(_xml(body, "p"), "DataContent"), "ContentItem")
        return _xml(_xml(_xml(lines + content, "NewsComponent"), "NewsItem"), "NewsML").encode()
    about = _xml(_xml("Sold", "headline") + _xml(beside, "wort"), "contentMeta")
    page = _xml(_xml(_xml(body, "p"), "body"), "html")
    content = _xml(_xml(page, "inlineXML"), "contentSet")
    return f'<newsItem guid="urn:x:1">{about}{content}</newsItem>'.encode()


@pytest.mark.parametrize("name", ["ninjs", "json-ld", "newsml1", "newsml-g2"])
def test_words_come_out_or_are_named_in_each_format(name: str) -> None:
    """The body is the story's; the field beside it is named."""
    story = one(_of_format(name, sentence(7), sentence(9)))
    assert story.paragraphs == (sentence(7),)
    (warning,) = [w for w in story.warnings if w.startswith("not read: ")]
    assert "wort" in warning and sentence(9)[:20] in warning
