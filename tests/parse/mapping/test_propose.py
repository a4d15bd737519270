"""A mapping proposed from names and values reads the records that it was proposed for."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from pipeline.model import Record, Story
from pipeline.parse import ParseLimits, parse_record
from pipeline.parse.mapping.field_map import mapping_of, read_mapping
from pipeline.parse.mapping.propose import propose
from pipeline.parse.markup.values import Json

TEXT = "De wachters staken vrijdag de lamp aan. " * 9
ITEMS: list[dict[str, Json]] = [
    {"nr": 17, "kop": "Lamp brandt weer op de kust", "tekst": TEXT, "seen_time": 1420070400,
     "auteur": {"naam": "Rosa Lindqvist"}, "ref": "https://k.example/17"},
    {"nr": 18, "kop": "Getij stijgt in de nacht", "tekst": TEXT + "Einde.",
     "seen_time": 1420160400, "auteur": {"naam": "Per Holm"}, "ref": "https://k.example/18"},
]  # fmt: skip


def test_the_proposal_reads_what_it_was_made_from() -> None:
    text = propose(ITEMS)
    assert text is not None
    limits = ParseLimits(mappings=(mapping_of(read_mapping(text, "own"), "own"),))
    (story,) = parse_record(Record("t", 0, json.dumps(ITEMS[0]).encode()), limits)
    assert isinstance(story, Story)
    assert (story.headline, story.provider_id) == ("Lamp brandt weer op de kust", "17")
    assert story.bylines == ("Rosa Lindqvist",)
    assert story.body.startswith("De wachters")
    assert story.published_at is not None
    assert story.published_at.year == 2015


def test_numbers_alone_make_no_proposal() -> None:
    assert propose([{"a": 1, "b": [2, 3]}, {"a": 4}]) is None


def test_a_name_with_quotes_stays_a_name() -> None:
    text = propose([{'a"b\\': TEXT}])
    assert text is not None
    assert read_mapping(text, "own")["fields"]["body"]["path"] == 'a"b\\'


def test_columns_without_names_are_named() -> None:
    text = propose([{"c1": "7", "c2": TEXT}], ["c1", "c2"])
    assert text is not None
    assert read_mapping(text, "own")["columns"] == ["c1", "c2"]


def test_what_may_be_shown_and_which_version_is_proposed() -> None:
    """A mapping without them shows drafts, and of two versions the one that came last."""
    items: list[dict[str, Json]] = [
        {"überschrift_kurz": "Lampe brennt", "inhalt_lang": TEXT, "quelle": "dpa",
         "veröffentlicht": "06.10.2026 10:00", "geändert": "06.10.2026 11:00",
         "sperrfrist": "07.10.2026 06:00", "status": "draft"}
    ]  # fmt: skip
    text = propose(items)
    assert text is not None
    limits = ParseLimits(mappings=(mapping_of(read_mapping(text, "own"), "own"),))
    (story,) = parse_record(Record("t", 0, json.dumps(items[0]).encode()), limits)
    assert isinstance(story, Story)
    assert (story.headline, story.provider, story.status) == ("Lampe brennt", "dpa", "withheld")
    assert story.version_time == datetime(2026, 10, 6, 11, tzinfo=UTC)
    assert story.published_at == datetime(2026, 10, 6, 10, tzinfo=UTC)
    assert story.embargo_until is not None
    assert story.embargo_until >= datetime(2026, 10, 7, 4, tzinfo=UTC)


def test_an_embargo_in_words_is_proposed_as_one() -> None:
    """What is no time withholds."""
    items: list[dict[str, Json]] = [
        {"kop": "Lamp brandt weer op de kust", "tekst": TEXT, "embargo": "tot na de toespraak"}
    ]
    text = propose(items)
    assert text is not None
    limits = ParseLimits(mappings=(mapping_of(read_mapping(text, "own"), "own"),))
    (story,) = parse_record(Record("t", 0, json.dumps(items[0]).encode()), limits)
    assert isinstance(story, Story) and story.status == "withheld"


def test_a_headline_of_two_words_is_told_from_names() -> None:
    """Its column may say nothing; a person's or a place's words are all written large."""
    items: list[dict[str, Json]] = [
        {"a": "Rosa Lindqvist", "b": "Lamp brandt", "c": "Den Haag", "d": TEXT},
        {"a": "Per Holm", "b": "Getij stijgt", "c": "New York", "d": TEXT},
    ]
    text = propose(items)
    assert text is not None
    assert read_mapping(text, "own")["fields"]["headline"] == "b"


def test_texts_without_blanks_are_read_as_texts() -> None:
    """Chinese and Japanese part no words: their characters are counted."""
    body = "港口城市的居民星期六投票赞成继续运营轮渡。市长说所有人都需要轮渡。" * 8
    text = propose([{"x": "港湾轮渡将继续运营", "y": "张三", "z": body}])
    assert text is not None
    fields = read_mapping(text, "own")["fields"]
    assert (fields["headline"], fields["body"]["path"]) == ("x", "z")
