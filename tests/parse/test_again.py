"""Bytes that the lake holds, parsed anew: today's text, the ids that they have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.model import Batch, Block, Code, Record, Story
from pipeline.parse import parse_batch, parse_record
from pipeline.parse.ids import content_hash
from tests.support.wire import a_text

RUN = "reprocess/e/all/1.1.1-0"


def held_of(value: bytes, headers: tuple[tuple[str, bytes], ...] = (), **changes: object) -> Story:
    """The story that a lake holds of `value`, with what another parser made of it."""
    (story,) = parse_record(Record("kafka/c/t/i/0", 7, value, headers=headers))
    assert isinstance(story, Story)
    return replace(story, **changes)  # type: ignore[arg-type]


def again(held: Story) -> Story:
    record = Record(RUN, 3, held.raw, received_at=held.received_at, held=held)
    (found,) = parse_batch(Batch(0, (Block(RUN, 3, 4, 1),), (record,)))
    assert not found.rejects
    assert found.blocks[0].items == 1
    (story,) = found.stories
    return story


def test_the_same_parser_gives_the_same_story_at_the_runs_coordinates() -> None:
    """Nothing but the coordinates differs."""
    held = held_of(a_text(1))
    assert again(held) == replace(held, source=RUN, offset=3, item=0)


@pytest.mark.parametrize(
    "charset, text",
    [
        ("windows-1254", "ANKARA - Bakan dün geldi, ığş."),
        ("cp1257", "RIGA - Ministrs šodien tikās ar vēstnieku, ķīļa."),
    ],
)
def test_a_charset_that_only_a_header_named_is_read_by_again(charset: str, text: str) -> None:
    """The same rows as live, where the bytes alone are guessed to be of another set."""
    value = f"{text[:6]}\n\n{text}".encode(charset)
    header = f'text/plain; charset="{charset}"'.encode()
    held = held_of(value, headers=(("Content-Type", header), ("provider", b"Wire")))
    assert text.split(" - ")[1] in held.body, held.body
    assert held.charset == charset
    assert again(held) == replace(held, source=RUN, offset=3, item=0)
    assert again(replace(held, charset=None)).body != held.body


def test_a_charset_that_nobody_knows_is_kept_nowhere() -> None:
    """Headers may say anything."""
    for named in (b"rot13", b"no-such-set", b"\xff\xff", b""):
        header = b"text/plain; charset=" + named
        assert held_of(a_text(1), headers=(("content-type", header),)).charset is None


def test_todays_text_stands_under_the_ids_that_the_lake_has() -> None:
    """An older parser read the headline into the body and missed the rights."""
    today = held_of(a_text(2))
    old = replace(
        today,
        revision_id="old",
        story_id="family",
        version=4,
        status="canceled",
        headline="",
        paragraphs=(today.headline, *today.paragraphs),
        codes=(Code("iptc", "11", "topic"),),
        rights="All",
        warnings=("odd",),
    )
    found = again(old)
    assert found.headline == today.headline
    assert found.paragraphs == today.paragraphs
    kept = ("revision_id", "story_id", "version", "status", "codes", "rights")
    assert [getattr(found, name) for name in kept] == [getattr(old, name) for name in kept]
    assert found.content_hash == content_hash(replace(today, status="canceled"))
    assert found.parse_id == today.parse_id
    assert "odd" in found.warnings


def test_what_today_is_no_single_story_is_taken_from_the_row() -> None:
    """With a warning; also where today's parse takes the bytes for another format."""
    for held in (
        held_of(a_text(3), raw=b"", revision_id="r"),
        held_of(a_text(3), format="csv", revision_id="r"),
    ):
        found = again(held)
        assert found.paragraphs == held.paragraphs
        assert found.headline == held.headline
        assert found.raw == held.raw
        assert any("reprocessed from the row" in warning for warning in found.warnings)


@pytest.mark.parametrize("header", ["Agência Lusa".encode(), "Agência Lusa".encode("latin-1")])
def test_a_providers_header_is_utf_8_or_latin_1_and_is_kept(header: bytes) -> None:
    value = b"Rain in Lisbon\n\nIt rained on Monday.\n"
    (story,) = parse_record(Record("s", 0, value, headers=(("provider", header),)))
    assert isinstance(story, Story)
    assert story.provider == "Lusa"
    assert again(story).provider == story.provider


def test_the_provider_that_a_header_named_is_kept() -> None:
    """The header itself is gone."""
    value = a_text(4).replace(b"AFP", b"")
    (story,) = parse_record(Record("s", 0, value, headers=(("provider", b"AAP"),)))
    assert isinstance(story, Story)
    assert story.provider
    assert again(story).provider == story.provider
