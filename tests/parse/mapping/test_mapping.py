"""Mappings: paths, times, forms of text, identity, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.errors import ConfigError
from pipeline.model import Item, Record, Reject, Story
from pipeline.parse import ParseLimits, parse_record
from pipeline.parse.mapping.field_map import mapping_of, read_mapping


def _read(item: object, fields: dict[str, Any], **more: Any) -> Item:
    mapping = mapping_of({"fields": fields, **more}, "own")
    data = item if isinstance(item, bytes) else json.dumps(item).encode()
    (found,) = parse_record(Record("test", 0, data), ParseLimits(mappings=(mapping,)))
    return found


def _story(item: object, fields: dict[str, Any], **more: Any) -> Story:
    found = _read(item, fields, **more)
    assert isinstance(found, Story), found
    return found


def test_paths_lead_through_objects_and_lists() -> None:
    item = {"a": {"b": [{"c": "One."}, {"c": "Two."}]}, "d": ["x", "Head"]}
    story = _story(item, {"headline": "d[1]", "body": {"path": "a.b[].c", "text": "paragraphs"}})
    assert (story.headline, story.paragraphs) == ("Head", ("One.", "Two."))


def test_a_field_with_dots_in_its_name_comes_first() -> None:
    story = _story({"a.b": "Right.", "a": {"b": "Wrong."}}, {"body": "a.b"})
    assert story.paragraphs == ("Right.",)


def test_the_first_path_that_leads_to_something_counts() -> None:
    fields = {"headline": "t", "body": {"path": ["full", "short"]}}
    assert _story({"t": "T", "full": " ", "short": "Short."}, fields).paragraphs == ("Short.",)


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        ("plain", "One line\nof it.\n\nTwo.", ("One line of it.", "Two.")),
        ("lines", "One.\nTwo.", ("One.", "Two.")),
        ("html", "<p>One.</p><p>T&amp;wo.</p>", ("One.", "T&wo.")),
        ("paragraphs", "One.\nStill one.", ("One. Still one.",)),
        ("auto", "<p>One.</p><p>Two.</p>", ("One.", "Two.")),
    ],
)
def test_what_is_a_paragraph(form: str, text: str, expected: tuple[str, ...]) -> None:
    assert _story({"x": text}, {"body": {"path": "x", "text": form}}).paragraphs == expected


@pytest.mark.parametrize(
    ("value", "time", "zone", "expected"),
    [
        (1_000_000_000, "epoch", None, "2001-09-09T01:46:40+00:00"),
        ("1000000000500", "epoch_ms", None, "2001-09-09T01:46:40+00:00"),
        ("9.9.2001 03:46", "%d.%m.%Y %H:%M", "Europe/Berlin", "2001-09-09T01:46:00+00:00"),
        ("2001-09-09 03:46:00", "iso", "Europe/Berlin", "2001-09-09T01:46:00+00:00"),
        ("09/09/01", "%m/%d/%y", None, "2001-09-09T00:00:00+00:00"),
    ],
)
def test_times(value: object, time: str, zone: str | None, expected: str) -> None:
    at = {"path": "at", "time": time} | ({"zone": zone} if zone else {})
    story = _story({"x": "Text.", "at": value}, {"body": "x", "published_at": at})
    assert story.published_at is not None
    assert story.published_at.isoformat() == expected


@pytest.mark.parametrize("value", ["yesterday", 10**30, "NaN", "-99999999999999999"])
@pytest.mark.parametrize("time", ["epoch", "epoch_ms", "%Y"])
def test_a_time_that_does_not_fit_is_a_warning(value: object, time: str) -> None:
    fields = {"body": "x", "published_at": {"path": "at", "time": time}}
    story = _story({"x": "Text.", "at": value}, fields)
    assert story.published_at is None
    assert any("published_at" in warning for warning in story.warnings)


def test_an_object_of_another_shape_is_a_reject_that_names_its_fields() -> None:
    found = _read({"colour": "red", "size": 3}, {"body": "x"})
    assert isinstance(found, Reject)
    assert (found.kind, "colour, size" in found.message) == ("unknown_format", True)


def test_a_mapping_comes_before_what_the_names_would_say() -> None:
    item = {"title": "Not this", "kop": "This", "body": "Not this.", "tekst": "This one."}
    story = _story(item, {"headline": "kop", "body": "tekst"})
    assert (story.headline, story.paragraphs) == ("This", ("This one.",))


def test_columns_of_a_table_by_their_names() -> None:
    table = "Nr;Kopf;Meldung\n1;Fähre bleibt;Die Fähre bleibt.\n2;Nebel;Nebel am Morgen.\n".encode()
    mapping = mapping_of({"fields": {"headline": "Kopf", "body": "Meldung", "id": "Nr"}}, "own")
    items = parse_record(Record("test", 0, table), ParseLimits(mappings=(mapping,)))
    assert [(i.headline, i.provider_id) for i in items if isinstance(i, Story)] == [
        ("Fähre bleibt", "1"),
        ("Nebel", "2"),
    ]


def test_the_identity_is_that_of_what_the_mapping_says() -> None:
    one = mapping_of({"fields": {"body": "x"}}, "own")
    described = mapping_of({"fields": {"body": "x"}, "description": "words"}, "own")
    other = mapping_of({"fields": {"body": "y"}}, "own")
    assert one.identity == described.identity != other.identity
    assert _story({"x": "Text."}, {"body": "x"}).format_version == f"mapping {one.identity}"


@pytest.mark.parametrize(
    "text",
    [
        "fields = 3",
        "[fields]\nbdoy = 'x'",
        "[fields]\nid = 'x'",
        "[fields]\nbody = { path = 'x', zone = 'Middle/Earth' }",
        "[fields]\nbody = { path = 'x', text = 'prose' }",
        "nmae = 'x'\n[fields]\nbody = 'x'",
        "name = 'No Name'\n[fields]\nbody = 'x'",
        "[fields",
    ],
)
def test_a_wrong_mapping_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        read_mapping(text, "own")


def test_a_path_into_what_is_no_object_leads_nowhere() -> None:
    found = _read({"a": [1, [2], {"b": None}]}, {"headline": "a[].b.c", "body": "a[7].b"})
    assert isinstance(found, Reject)
