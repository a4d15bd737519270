"""ninjs and JSON: the standard's own test files, envelopes, JSON Lines."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from datetime import UTC, datetime
from string import ascii_lowercase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.model import Reject, Story
from pipeline.parse import ParseLimits, parse_record
from tests.parse.golden import one, record
from tests.support.data import DATA, needs_data
from tests.support.laws import law


@needs_data("ninjs")
def test_the_standards_own_files() -> None:
    """What must pass is a story (events and plans are skipped); what must fail says where."""
    counts: Counter[tuple[str, str]] = Counter()
    for path in sorted((DATA / "ninjs").glob("*/should_*/*.json")):
        (item,) = parse_record(record(path.read_bytes()))
        side = path.parent.name
        counts[side, "story" if isinstance(item, Story) else item.kind] += 1
        if side == "should_pass":
            assert isinstance(item, Story) or item.kind == "skipped.not_a_story", path
        elif isinstance(item, Story):
            assert item.warnings, path
        else:
            assert "$" in f"{item.evidence}" or "line" in item.message, path
    assert counts == {
        ("should_pass", "story"): 142,
        ("should_pass", "skipped.not_a_story"): 16,
        ("should_fail", "story"): 61,
        ("should_fail", "malformed"): 4,
        ("should_fail", "unknown_format"): 1,
        ("should_fail", "skipped.not_a_story"): 4,
    }


WORD = st.text(ascii_lowercase, min_size=3, max_size=9)
SENTENCE = st.lists(WORD, min_size=4, max_size=12).map(lambda w: " ".join(w).capitalize() + ".")


@law(100)
@given(
    st.lists(WORD, min_size=2, max_size=6).map(" ".join),
    st.lists(SENTENCE, min_size=1, max_size=5),
    st.datetimes(datetime(1901, 1, 1), datetime(2099, 12, 31)),
    st.booleans(),
)
def test_a_written_ninjs_item_is_read_back(title, body, when, as_html) -> None:
    """Write an item, parse it: the same story."""
    text = "".join(f"<p>{p}</p>" for p in body) if as_html else "\n\n".join(body)
    item = {
        "uri": "urn:test:1",
        "headline": title,
        "versioncreated": when.replace(microsecond=0).isoformat() + "Z",
        "body_html" if as_html else "body_text": text,
    }
    story = one(json.dumps(item).encode())
    assert (story.headline, story.paragraphs) == (title, tuple(body))
    assert story.published_at.replace(tzinfo=None) == when.replace(microsecond=0)


@law(80)
@given(
    st.lists(WORD, min_size=2, max_size=6).map(" ".join),
    st.lists(SENTENCE, min_size=1, max_size=5),
    st.datetimes(datetime(1901, 1, 1), datetime(2099, 12, 31)),
    st.integers(1, 9),
    st.booleans(),
)
def test_a_written_envelope_is_read_back(title, body, when, urgency, many) -> None:
    """Write envelopes, one or as JSON Lines, parse them: the same stories, field by field."""
    entry = {
        "envelope": "dateline/1",
        "id": "1",
        "provider": "AFP",
        "headline": title,
        "paragraphs": body,
        "published_at": when.replace(microsecond=0).isoformat() + "Z",
        "urgency": urgency,
        "keywords": [title],
        "codes": [{"scheme": "medtop", "value": "16000000", "role": "topic", "name": "conflict"}],
        "related": [{"role": "replaces", "id": "0"}],
    }
    data = json.dumps(entry).encode()
    items = parse_record(record(b"\n".join([data] * (3 if many else 1))))
    assert len(items) == (3 if many else 1)
    for story in items:
        assert isinstance(story, Story)
        assert (story.headline, story.paragraphs, story.raw) == (title, tuple(body), data)
        assert story.published_at.replace(tzinfo=None) == when.replace(microsecond=0)
        assert (story.urgency, story.keywords, story.provider_id) == (urgency, (title,), "1")
        assert (story.codes[0].value, story.related[0].id) == ("16000000", "0")


CELL = st.lists(WORD, min_size=2, max_size=6).map(lambda w: ", ".join(w) + ' "so" it is.')


@law(80)
@given(st.lists(st.tuples(CELL, st.lists(CELL, min_size=1, max_size=4)), min_size=1, max_size=5))
def test_written_rows_are_read_back(rows) -> None:
    """Write a CSV file with commas, quotes and line ends in its cells: the same stories."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["date", "title", "text"])
    for title, body in rows:
        writer.writerow(["2020-01-05", title, "\n\n".join(body)])
    items = parse_record(record(text.getvalue().encode()))
    assert [(i.headline, i.paragraphs) for i in items] == [(t, tuple(b)) for t, b in rows]
    assert all(i.date.isoformat() == "2020-01-05" for i in items)


NAMES = st.sampled_from(
    [
        "uri",
        "headline",
        "headlines",
        "body_text",
        "bodies",
        "place",
        "associations",
        "renditions",
        "standard",
        "type",
        "version",
        "title",
        "text",
        "date",
        "envelope",
        "content",
        "codes",
        "related",
        "keywords",
        "eventDetails",
        "rightsinfo",
    ]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=5),
    max_leaves=12,
)


@law(400)
@given(st.dictionaries(NAMES, JSON, max_size=6))
def test_any_object_gives_items(item) -> None:
    """Objects with the right names and any values never raise."""
    items = parse_record(record(json.dumps(item).encode()))
    assert not any(isinstance(i, Reject) and i.kind == "parse_failed" for i in items), items


def test_deep_json_is_refused() -> None:
    """Nesting has a bound."""
    for deep in (b'{"uri":"u","x":' + b"[" * 5000 + b"]" * 5000 + b"}", b"[" * 100_000):
        (item,) = parse_record(record(b'{"title":"t"}\n' + deep))[1:]
        assert isinstance(item, Reject) and item.kind == "malformed"
    limits = ParseLimits(max_depth=4)
    (item,) = parse_record(record(b'{"uri":"u","x":[[[[1]]]]}'), limits)
    assert isinstance(item, Reject) and "deep" in item.message


@needs_data("wikinews")
def test_exports_as_csv() -> None:
    """Every row of the Wikinews files is a story with a date and its own family."""
    stories = [
        item
        for path in sorted((DATA / "wikinews").glob("*.csv"))
        for item in parse_record(record(path.read_bytes()))
    ]
    assert len(stories) == 295
    assert all(isinstance(s, Story) and s.published_at for s in stories)
    assert [s.headline for s in stories if not s.paragraphs] == ["TEST PAGE:Self-publish yesterday"]
    assert len({s.story_id for s in stories}) == 295


def test_the_letters_of_a_house_beside_a_name_are_no_byline() -> None:
    """`Ada Brenner, CTN` is one author; letters alone stay, and so do names in capitals."""
    item = {"headline": "Boats sold", "body": "The boats were sold at noon."}
    for told, names in (
        ("Ada Brenner, CTN", ("Ada Brenner",)),
        ("CTN", ("CTN",)),
        ("ADA BRENNER and TOM VALE", ("ADA BRENNER", "TOM VALE")),
    ):
        assert one(json.dumps({**item, "author": told}).encode()).bylines == names


def test_a_day_under_a_name_that_nobody_knows_is_taken_with_a_warning() -> None:
    """It speaks of a day; what speaks of another act than publishing is left."""
    facts = {
        "überschrift": "Lampe brennt", "text": "Die Wärter haben sie angezündet. Gut so.",
        "geändert (datum)": "2026-10-07", "veröffentlicht am": "05.10.2026 14:00",
    }  # fmt: skip
    story = one(json.dumps(facts).encode())
    assert story.published_at is not None
    assert story.published_at.isoformat() == "2026-10-05T14:00:00+00:00"
    assert "$.published_at: taken from veröffentlicht am" in story.warnings


@pytest.mark.parametrize("name", ["id", "guid"])
def test_references_of_characters_in_plain_values_are_read(name: str) -> None:
    """As systems that write HTML leave them; what only looks like one stays, an envelope too."""
    item = {name: "x1", "headline": "Lamp &amp; pier &#8211; lit", "date": "2026-10-05T10:11:12Z"}
    body = {"id": "body", "guid": "body_text"}[name]
    story = one(json.dumps({**item, body: "Tom&#8217;s lamp burns. R&D pays; all came."}).encode())
    assert story.headline == "Lamp & pier \u2013 lit"
    assert story.paragraphs == ("Tom\u2019s lamp burns. R&D pays; all came.",)
    kept = {**item, "envelope": "dateline/1", "body": "It burns."}
    assert one(json.dumps(kept).encode()).headline == item["headline"]


@pytest.mark.parametrize(
    "name",
    ["updated_at", "updated", "updatedAt", "lastModified", "last_modified", "modified",
     "date_modify", "versioncreated", "Zuletzt aktualisiert"],
)  # fmt: skip
def test_the_time_of_a_change_is_that_of_the_version(name: str) -> None:
    """Of two deliveries the later version is shown, whatever its time is called."""
    story = one(
        json.dumps(
            {"id": "p-7", "headline": "Pier shut", "published_at": "2026-10-06T08:00:00Z",
             name: "2026-10-06T09:30:00Z", "body": "The pier is shut for the winter."}
        ).encode()
    )  # fmt: skip
    assert story.version_time == story.updated_at == datetime(2026, 10, 6, 9, 30, tzinfo=UTC)
    assert story.published_at == datetime(2026, 10, 6, 8, tzinfo=UTC)
    assert one(b'{"headline": "Pier shut", "text": "It is.", "modified": true}').warnings == ()


@pytest.mark.parametrize(
    "held",
    [{"state": "draft"}, {"workflow_state": "in review"}, {"postStatus": "pending"},
     {"published": False}, {"isPublished": False}, {"is_public": "false"}, {"isDraft": True},
     {"private": True}, {"embargoed": True}, {"embargoedUntil": "after the speech"}],
)  # fmt: skip
def test_what_an_export_marks_as_not_public_is_withheld(held: dict[str, object]) -> None:
    """Whatever the field is called, and where it is a truth value."""
    item = {"headline": "Pier shut", "body": "The pier is shut for the winter."}
    assert one(json.dumps(item | held).encode()).status == "withheld"


@pytest.mark.parametrize(
    "name", ["embargoUntil", "embargo_date", "embargoed", "sperrfrist", "hold_until"]
)
def test_an_embargo_under_other_names_holds(name: str) -> None:
    item = {"headline": "Pier shut", "body": "The pier is shut.", name: "2026-10-09T06:00:00Z"}
    story = one(json.dumps(item).encode())
    assert story.embargo_until == datetime(2026, 10, 9, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    "open_",
    [{"state": "Ohio"}, {"published": True}, {"embargoed": False}, {"embargo": "none"},
     {"draft": False}, {"is_embargoed": "0"}, {"public": True}],
)  # fmt: skip
def test_what_an_export_marks_as_public_is_shown(open_: dict[str, object]) -> None:
    """A state may be one of America."""
    item = {"headline": "Pier shut", "body": "The pier is shut for the winter."}
    story = one(json.dumps(item | open_).encode())
    assert (story.status, story.warnings) == ("usable", ())


def test_an_embargo_in_the_terms_of_use_holds() -> None:
    item = {"guid": "p-1", "type": "text", "headline": "Pier shut", "body_html": "<p>It is.</p>",
            "usageterms": "Embargoed until the speech is over"}  # fmt: skip
    assert one(json.dumps(item).encode()).status == "withheld"
