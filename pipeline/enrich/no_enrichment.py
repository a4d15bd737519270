"""What stands in for the enricher where `enrich.mode` is `none`: stories land as they were parsed.

`dateline reprocess` enriches them later. Their rows belong to no generation (`pipeline.stages`), so
that every row that an enricher made of the same revision goes before them, whenever it was made.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.enrich.languages import detect
from pipeline.model import EnrichedBatch, EnrichedStory, ParsedBatch, Story
from pipeline.stages import NOT_ENRICHED, NOT_ENRICHED_ID


class NoEnrichment:
    """Gives each story a row without entities, places, topics and events.

    It has the attributes of `Enricher`, loads no model and no list, and refuses no story. The
    language is the one that the provider states; the region is `unknown`.
    """

    model = ""
    model_hash = ""
    stages = NOT_ENRICHED
    enrichment_id = NOT_ENRICHED_ID

    def load(self) -> None:
        """Load nothing."""

    def enrich_batch(self, batch: ParsedBatch) -> EnrichedBatch:
        """Return the batch with its stories as `enrich` gives them."""
        stories = self.enrich(batch.stories)
        return EnrichedBatch(batch.group, batch.blocks, stories, batch.rejects, self.enrichment_id)

    def enrich(self, stories: Sequence[Story]) -> tuple[EnrichedStory, ...]:
        """Return one row's worth for each story, in order; `status` is `not_enriched`."""
        return tuple(
            EnrichedStory(
                *(story, detect.normalise(story.language), "unknown", (), (), (), ()),
                *(self.enrichment_id, "not_enriched"),
            )
            for story in stories
        )
