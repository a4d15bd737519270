"""Whole stories of every format, as written by hand, give the expected items."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline.model import Record, Story
from pipeline.parse import parse_record
from pipeline.parse.sniff import FORMATS
from tests.parse.golden import GOLDEN, cases, describe, expectation, result

# What says where a story stood, not what it is.
_OF_THE_PLACE = {"item", "raw_bytes"}


@pytest.mark.parametrize("case", cases(), ids=lambda p: f"{p.parent.name}/{p.name}")
def test_golden(case: Path) -> None:
    """The case gives exactly the items written beside it."""
    assert result(case) == json.loads(expectation(case).read_text("utf-8"))


@pytest.mark.parametrize("name", sorted({f.name for f in FORMATS} | {"ninjs"}))
def test_every_format_has_golden_cases(name: str) -> None:
    """No format without at least four cases of its own."""
    assert len([c for c in cases() if c.parent.name == name]) >= 4


@pytest.mark.parametrize("case", cases(), ids=lambda p: f"{p.parent.name}/{p.name}")
def test_raw_of_a_story_reads_as_the_same_story(case: Path) -> None:
    """The stored bytes of each story, parsed alone, give the same revision again."""
    for item in parse_record(Record("test", 0, case.read_bytes())):
        if isinstance(item, Story):
            (again,) = parse_record(Record("again", 3, item.raw))
            assert isinstance(again, Story)
            assert (again.revision_id, again.story_id, again.content_hash) == (
                item.revision_id,
                item.story_id,
                item.content_hash,
            )


def test_no_expectation_without_a_case() -> None:
    """Every expectation belongs to an input."""
    orphans = [
        p
        for p in GOLDEN.glob("*/*.expected")
        if not p.with_name(p.name[: -len(".expected")]).exists()
    ]
    assert not orphans


def test_inputs_that_give_one_revision_give_it_alike() -> None:
    """Which of them comes first is chance where they are read side by side."""
    told: dict[str, dict[str, object]] = {}
    for case in cases():
        for item in parse_record(Record("test", 0, case.read_bytes())):
            if isinstance(item, Story):
                described = {k: v for k, v in describe(item).items() if k not in _OF_THE_PLACE}
                assert told.setdefault(item.revision_id, described) == described, case
