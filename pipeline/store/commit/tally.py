"""What a batch added, counted by date, region, format and kind: for a replay's summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from pipeline.model import EnrichedBatch
from pipeline.store.commit.decide import Decided, coordinates_of

Counts = Mapping[str, Mapping[str, int]]
"""How many by `date`, `region`, `format`, `status` (stories) and `kind` (rejects and skips)."""

NO_DATE = "none"


def tally(batch: EnrichedBatch, decided: Decided, sources: Collection[str]) -> Counts:
    """Count the stories and rejects of `sources` that the lake holds after the commit."""
    stories = {coordinates_of(s.story) for s in decided.stories} | decided.standing.stories
    new = (*decided.new_rejects, *decided.late)
    kinds = {coordinates_of(r): r.kind for r in new} | dict(decided.standing.rejects)
    counts: dict[str, Counter[str]] = {
        "date": Counter(),
        "region": Counter(),
        "format": Counter(),
        "status": Counter(),
        "kind": Counter(kind for at, kind in kinds.items() if at[0] in sources),
    }
    found = {coordinates_of(s.story): (s.story, s.region) for s in batch.stories}
    for at in stories:
        # What a dead writer left, and this batch did not enrich again, has no region here.
        if at[0] in sources and at in found:
            story, region = found[at]
            counts["date"][story.date.isoformat() if story.date else NO_DATE] += 1
            counts["region"][region] += 1
            counts["format"][story.format] += 1
            counts["status"][story.status] += 1
    return {name: dict(counted) for name, counted in counts.items()}
