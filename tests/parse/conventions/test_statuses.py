"""Words for the status of publication, whatever format they stand in."""

from __future__ import annotations

import pytest

from pipeline.model import Record, Story
from pipeline.parse import fields, parse_record


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("usable", "usable"),
        ("publish", "usable"),
        ("stat:canceled", "canceled"),
        ("http://cv.iptc.org/newscodes/pubstatusg2/withheld", "withheld"),
        ("draft", "withheld"),
        ("private", "withheld"),
        ("Auto-Draft", "withheld"),
        ("in progress", "withheld"),
        ("trash", "withheld"),
        ("scheduled", "withheld"),
        ("killed", "canceled"),
        ("blue", "usable"),
    ],
)
def test_the_status_of_a_word(word: str, status: str) -> None:
    """What the provider does not call withheld itself is said in a warning."""
    found, warning = fields.status(word)
    assert found == status
    assert bool(warning) == ((status == "withheld" and "withheld" not in word) or word == "blue")


@pytest.mark.parametrize(
    "more",
    [
        '"status": "draft"',
        '"post_status": "private"',
        '"draft": true',
        '"status": "published", "visibility": "private"',
    ],
)
def test_what_an_export_does_not_show_is_withheld(more: str) -> None:
    value = f'{{"id": "a", "title": "Bridge is to close", "text": "It is to close.", {more}}}'
    (story,) = parse_record(Record("a", 0, value.encode()))
    assert isinstance(story, Story)
    assert story.status == "withheld"
    assert any(warning.startswith("withheld: ") for warning in story.warnings)


def test_entries_that_share_one_guid_are_families_of_their_own() -> None:
    """A feed that gives all items its own address as guid; the links tell them apart."""
    items = "".join(
        f"<item><title>Story {n} of the day</title><guid>https://bay.example/</guid>"
        f"<link>https://bay.example/{n}</link><description>It is so.</description></item>"
        for n in range(3)
    )
    feed = f'<rss version="2.0"><channel><title>Bay</title>{items}</channel></rss>'
    stories = parse_record(Record("a", 0, feed.encode()))
    assert len({s.story_id for s in stories if isinstance(s, Story)}) == 3
    assert all("have this id too" in w for s in stories if isinstance(s, Story) for w in s.warnings)
