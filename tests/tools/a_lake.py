"""One lake that has whatever makes tools differ, and an export of it."""

from __future__ import annotations

import tarfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.model import Location
from pipeline.store.commit.lake import Lake
from pipeline.store.explain.explain import explain
from pipeline.store.export.export import export_lake
from pipeline.store.upkeep.compact import Sizing, compact
from tests.support.rows import NOON, a_batch, a_story, an_event, enriched, written

OLDER = Path(__file__).parents[1] / "golden" / "lakes" / "7f7c8f2.tar.xz"
"""A lake of an earlier version, whose every table lacks columns of today's."""

SOURCE = "cluster/tools/0"
DAY = "2026-03-04"
"""A day of two regions, whose files were compacted."""

YEREVAN = Location("city", 616052, 40.18, 44.51, "AM.11")
LONG_AGO = datetime(1870, 7, 19, 9, 30, 15, 123456, tzinfo=UTC)
LATER = NOON + timedelta(days=365)


def made(root: Path) -> Path:
    """Return the lake: rows of two versions of the schema, an undated story, one of 1870, a killed
    family, an embargo, a revision that is superseded, an event with coordinates, and files that
    compaction has replaced."""
    with tarfile.open(OLDER) as archive:
        archive.extractall(root, filter="data")
    lake = root / "lake"
    writer = written(lake, starts={SOURCE: 0})
    first = [
        enriched(a_story(0, source=SOURCE)),
        enriched(a_story(1, source=SOURCE), region="eastern-europe"),
        enriched(a_story(2, source=SOURCE, published_at=None), region="unknown"),
        enriched(a_story(3, source=SOURCE, published_at=LONG_AGO)),
        enriched(a_story(4, source=SOURCE, story_id="killed")),
        enriched(a_story(5, source=SOURCE, story_id="told twice")),
    ]
    second = [
        enriched(a_story(6, source=SOURCE, story_id="killed", version=2, status="canceled")),
        enriched(a_story(7, source=SOURCE, story_id="told twice", version=2)),
        enriched(a_story(8, source=SOURCE, embargo_until=LATER), events=(an_event(root="ACCUSE"),)),
    ]
    writer.write(a_batch(first))
    writer.write(a_batch(second))
    compact(Lake(str(lake)), Sizing(min_files=2, closed_min_files=99), NOON)
    on_map = (an_event(place="Yerevan", place_country="ARM", place_location=YEREVAN),)
    last = enriched(a_story(9, source=SOURCE), region="eastern-europe", events=on_map)
    writer.write(a_batch([last]))
    writer.close()
    explain(str(lake))
    export_lake(str(lake), None, root / "export", NOON, now=NOON)
    return lake
