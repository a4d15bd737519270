"""What a replay takes and what it leaves out, with the reason."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from pipeline.model import Block, ParsedBatch
from pipeline.parse.selection import Selection, selection_of, skip_unselected
from tests.support.rows import a_reject, a_story

DAY = date(2026, 3, 4)


@pytest.mark.parametrize(
    ("selection", "reason"),
    [
        (Selection(), None),
        (Selection(from_date=DAY, to_date=DAY), None),
        (Selection(from_date=date(2026, 3, 5)), "not selected: 2026-03-04 is before 2026-03-05"),
        (Selection(to_date=date(2026, 3, 3)), "not selected: 2026-03-04 is after 2026-03-03"),
        (Selection(providers=("afp", "Reuters")), None),
        (Selection(providers=("AP",)), "not selected: the provider is AFP"),
        (Selection(formats=("nitf", "plain")), None),
        (Selection(formats=("nitf",)), "not selected: the format is plain"),
    ],
)
def test_what_is_not_selected_is_a_skip_with_its_reason(
    selection: Selection, reason: str | None
) -> None:
    """Nothing is lost, and rejects stay."""
    story = a_story(0, provider="AFP", published_at=datetime(2026, 3, 4, 23, 59, tzinfo=UTC))
    batch = ParsedBatch(0, (Block("s", 0, 2, 2, 2),), (story,), (a_reject(1),))
    found = skip_unselected(batch, selection)
    assert found.rejects[0] == a_reject(1)
    if reason is None:
        assert found == batch
        return
    (skip,) = found.rejects[1:]
    assert (skip.kind, skip.message) == ("skipped.filtered", reason)
    assert (skip.offset, skip.revision_id) == (story.offset, story.revision_id)
    assert found.stories == ()


def test_a_story_without_a_date_is_in_no_range() -> None:
    story = a_story(published_at=None, published_precision=None)
    assert Selection(from_date=DAY).reason(story) == "the story has no date"


def test_the_same_selection_has_the_same_digest_however_it_is_written() -> None:
    """And another one another."""
    one = Selection(providers=("AFP", "Reuters"), formats=("text", "nitf"))
    same = Selection(providers=("reuters", "afp", "AFP"), formats=("nitf", "text"))
    assert one.digest == same.digest
    others = [Selection(), Selection(DAY), Selection(None, DAY), Selection(providers=("AFP",))]
    assert len({one.digest, *(other.digest for other in others)}) == 5


def test_a_selection_survives_json() -> None:
    one = Selection(DAY, None, ("AFP",), ("text",))
    assert selection_of(one.facts()) == one
