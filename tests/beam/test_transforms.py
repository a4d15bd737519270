"""The two transforms for pipelines of others, on Beam's own runner, without a job or a lake."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that

from pipeline.beam.transforms import EnrichStories, ParseWire
from pipeline.enrich import Enricher
from pipeline.model import EnrichedStory, Record, Reject, Story
from pipeline.parse import parse_record
from pipeline.samples import samples

pytestmark = pytest.mark.engine
NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def the_same(expected: list[object]):  # type: ignore[no-untyped-def]
    """A matcher of Beam's: these elements and no others, in any order."""

    def check(actual: list[object]) -> None:
        assert sorted(map(repr, actual)) == sorted(map(repr, expected))

    return check


def test_bytes_become_the_stories_that_the_job_would_make() -> None:
    """Stories and rejects are those of `parse_record` and `Enricher`, ids included."""
    records = [Record("wire", n, data, received_at=NOON) for n, (_, data) in enumerate(samples())]
    items = [item for record in records for item in parse_record(record)]
    stories = [item for item in items if isinstance(item, Story)]
    rejects = [item for item in items if isinstance(item, Reject)]
    enriched = list(Enricher().enrich(stories))
    assert len(stories) > 15 and rejects
    assert all(isinstance(story, EnrichedStory) for story in enriched)
    with TestPipeline(runner=FnApiRunner()) as root:
        import apache_beam as beam

        parsed = root | "records" >> beam.Create(records) | "parse" >> ParseWire()
        found = parsed.stories | "enrich" >> EnrichStories()
        assert_that(parsed.rejects, the_same(list(rejects)), label="rejects")
        assert_that(found.stories, the_same(list(enriched)), label="enriched")
        assert_that(found.rejects, the_same([]), label="failed")


def test_bytes_alone_will_do() -> None:
    """An element of bytes is a record of the source `beam`; noise is a reject, not an exception."""
    text = b"YEREVAN, March 4 (Example Wire) - Armenia signed a rail agreement with Georgia.\n"
    (story,) = parse_record(Record("beam", 0, text))
    with TestPipeline(runner=FnApiRunner()) as root:
        import apache_beam as beam

        parsed = root | "bytes" >> beam.Create([text, b"\x00\x01"]) | "parse" >> ParseWire()
        assert_that(parsed.stories, the_same([story]), label="stories")

        def one_reject(actual: list[Reject]) -> None:
            assert [(item.source, item.raw) for item in actual] == [("beam", b"\x00\x01")]

        assert_that(parsed.rejects, one_reject, label="rejects")
