"""The part of `lake check --deep` that holds what was found in stories against their text.

A mention and a trigger stand in it at the place that they name, a trigger's sentence is part of it,
and an entity has as many mentions as it says. Texts pass by once; what is asked of them is kept on
disk meanwhile.
"""

from __future__ import annotations

from pipeline.store.check.findings import EXAMPLES, Finding
from pipeline.store.check.workbench import Workbench
from pipeline.store.read.snapshot import Snapshot

_KEYS = ("source", "offset", "item", "enrichment_id")
_READ = {
    "stories": (*_KEYS, "headline", "body"),
    "entities": (*_KEYS, "mentions", "mention_count"),
    "events": (*_KEYS, "trigger", "trigger_start", "trigger_end", "sentence"),
}

_AS_WRITTEN = "SET disabled_optimizers = 'build_side_probe_side,join_order'"

_COORDINATES = 'source, "offset", item, enrichment_id'

# An entity without mentions stays, so that its count is seen.
_SAID = f"""
    CREATE OR REPLACE TABLE said AS
    SELECT {_COORDINATES}, 'entities' AS found_in, m."start" AS first, m."end" AS beyond,
      m."text" AS words, NULL AS sentence, is_counted
    FROM (
      SELECT {_COORDINATES}, mention_count = len(mentions) AS is_counted,
        unnest(CASE WHEN len(mentions) = 0 THEN [NULL] ELSE mentions END) AS m
      FROM entities_read
    )
    UNION ALL
    SELECT {_COORDINATES}, 'events', trigger_start, trigger_end, trigger, sentence, true
    FROM events_read
"""

# The side that is kept stands on the right: the texts are the larger one.
_BROKEN = f"""
    SELECT found_in, source, "offset", item, any_value(words), count(*), count(*) OVER ()
    FROM (
      SELECT {_COORDINATES}, concat(headline, chr(10), chr(10), body) AS whole FROM stories_read
    ) AS t JOIN said AS s USING ({_COORDINATES})
    WHERE NOT is_counted
      OR substr(whole, first + 1, beyond - first) IS DISTINCT FROM words
      OR (sentence IS NOT NULL AND NOT contains(whole, sentence))
    GROUP BY found_in, source, "offset", item
    ORDER BY found_in, source, "offset", item LIMIT {EXAMPLES}
"""


def check_text_marks(work: Workbench, snapshot: Snapshot) -> tuple[int, list[Finding]]:
    """Return in how many stories words do not stand where a row says, and the first of them.

    Raises `pa.ArrowException` or `OSError` where a file cannot be read.
    """
    rows = work.stream(snapshot, _READ, _AS_WRITTEN, _SAID, _BROKEN)
    found = [
        Finding(
            "text_marks",
            table,
            f"item {item}: {count} times, as with {words!r}",
            source,
            offset,
            offset + 1,
        )
        for table, source, offset, item, words, count, _ in rows
    ]
    return (rows[0][-1] if rows else 0), found
