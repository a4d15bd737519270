"""Rules of `lake check` about the rows of one revision under several generations of stages.

What may differ between them is decided in `pipeline.parse.again`.
"""

from __future__ import annotations

from pipeline.store.check.findings import Rule

REVISION_RULES = (
    # Grouped twice: `count(DISTINCT …)` of each group stays in memory.
    Rule(
        "revision_family",
        "stories",
        """
        SELECT any_value(source) AS source, min(first) AS first, min(first) + 1 AS beyond,
          format('revision {}: {} families', revision_id, count(story_id)) AS message
        FROM (
          SELECT revision_id, story_id, any_value(source) AS source, min("offset") AS first
          FROM stories_data GROUP BY revision_id, story_id
        )
        GROUP BY revision_id HAVING count(story_id) > 1
        """,
    ),
    Rule(
        "revision_loosened",
        "stories",
        """
        SELECT l.source, l."offset" AS first, l."offset" + 1 AS beyond,
          format('revision {}: {} in generation {}, usable in {}',
            l.revision_id, e.status, coalesce(e.generation, 0), l.generation) AS message
        FROM stories_data AS l
        JOIN stories_data AS e
          ON l.revision_id = e.revision_id
          AND coalesce(l.generation, 0) > coalesce(e.generation, 0)
        WHERE l.status = 'usable' AND e.status NOT IN ('usable', 'withheld')
        """,
    ),
    Rule(
        "generation",
        "stories",
        """
        SELECT s.source, s."offset" AS first, s."offset" + 1 AS beyond,
          format('item {}: generation {}', s.item, s.generation) AS message
        FROM stories_data AS s JOIN spans AS p ON s.source = p.source AND s."offset" < p.beyond
        WHERE s.generation IS NOT NULL AND s.generation NOT IN (SELECT number FROM generations)
        """,
    ),
    Rule(
        "generation",
        "ledger",
        """
        SELECT source, start_offset AS first, end_offset AS beyond,
          format('generation {}', generation) AS message
        FROM ledger
        WHERE generation IS NOT NULL AND generation NOT IN (SELECT number FROM generations)
        """,
    ),
)
