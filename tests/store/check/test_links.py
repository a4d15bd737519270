"""The check sees into the table of links: none is gone, none is there twice."""

from __future__ import annotations

from pathlib import Path

from pipeline.store.check.judge import check
from pipeline.store.commit.lake import Lake
from pipeline.store.links.near_duplicates import LinkRule, link
from pipeline.store.schema.contract import LINKS
from tests.support.rows import NOON, a_batch, a_story, altered, enriched, written

TEXT = tuple(
    f"The harbour of the old town was shut for {n} hours after a ferry ran aground there."
    for n in range(30)
)


def linked(root: Path) -> Path:
    stories = [
        enriched(a_story(n, provider=f"agency {n}", headline="Ferry aground", paragraphs=TEXT))
        for n in range(3)
    ]
    written(root, a_batch(stories))
    assert link(Lake(str(root)), LinkRule(), NOON).links > 0
    assert check(str(root), strict=True).counts == {}
    return root


def test_lost_links_are_an_error(tmp_path: Path) -> None:
    altered(linked(tmp_path), LINKS, lambda _: [])
    assert check(str(tmp_path)).counts == {"link_count": 1}


def test_doubled_links_are_an_error(tmp_path: Path) -> None:
    altered(linked(tmp_path), LINKS, lambda rows: [*rows, *rows])
    assert set(check(str(tmp_path)).counts) == {"link_count", "duplicate_link"}


def test_a_link_to_another_family_is_an_error(tmp_path: Path) -> None:
    """As one of another day is: both follow from the revision that it names."""
    altered(linked(tmp_path), LINKS, lambda rows: [{**row, "left_story_id": "no"} for row in rows])
    assert check(str(tmp_path)).counts == {"wrong_story": 1}
