"""The part of `lake check --deep` that holds what was found in stories against their text.

A mention and a trigger stand in it at the place that they name, a trigger's sentence is part of it,
and an entity has as many mentions as it says. What is asked of texts is kept on disk; the texts
pass by once, some megabytes at a time. Joined all at once they would go through memory, and where
that is too little to disk, whole.
"""

from __future__ import annotations

import pyarrow.compute as pc

from pipeline.store.check.column_reader import reader
from pipeline.store.check.findings import EXAMPLES, Finding
from pipeline.store.check.workbench import Workbench
from pipeline.store.read.gather import gather
from pipeline.store.read.snapshot import Snapshot

_KEYS = ("source", "offset", "item", "enrichment_id")
_TEXT = (*_KEYS, "headline", "body")
_FOUND = {
    "entities": (*_KEYS, "mentions", "mention_count"),
    "events": (*_KEYS, "trigger", "trigger_start", "trigger_end", "sentence"),
}

_TEXT_ROWS = 512
_TEXT_BYTES = 16 * 1024**2
"""So much text is looked at with one question: each one passes over what may be said of it."""

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

_NONE_BROKEN = """
    CREATE OR REPLACE TABLE marks_broken (
      found_in VARCHAR, source VARCHAR, "offset" BIGINT, item BIGINT, words VARCHAR, times BIGINT
    )
"""

# The side that is kept in memory stands on the right: these texts, not what is said of all.
_BROKEN = f"""
    INSERT INTO marks_broken
    SELECT found_in, source, "offset", item, any_value(words), count(*)
    FROM (SELECT * FROM said WHERE "offset" BETWEEN {{least}} AND {{most}}) AS s
    JOIN (
      SELECT {_COORDINATES}, concat(headline, chr(10), chr(10), body) AS whole FROM texts
    ) AS t USING ({_COORDINATES})
    WHERE NOT is_counted
      OR substr(whole, first + 1, beyond - first) IS DISTINCT FROM words
      OR (sentence IS NOT NULL AND NOT contains(whole, sentence))
    GROUP BY found_in, source, "offset", item
"""

_FIRST = f"""
    SELECT found_in, source, "offset", item, any_value(words), sum(times)::BIGINT, count(*) OVER ()
    FROM marks_broken
    GROUP BY found_in, source, "offset", item
    ORDER BY found_in, source, "offset", item LIMIT {EXAMPLES}
"""


def check_text_marks(work: Workbench, snapshot: Snapshot) -> tuple[int, list[Finding]]:
    """Return in how many stories words do not stand where a row says, and the first of them.

    Raises `pa.ArrowException` or `OSError` where a file cannot be read.
    """
    work.stream(snapshot, _FOUND, _AS_WRITTEN, _SAID, _NONE_BROKEN)
    stories = reader(snapshot, "stories", _TEXT, _TEXT_ROWS)
    for texts in gather(stories, _TEXT_BYTES, lambda part: part.nbytes):
        # Rows lie as they were written, so that most of what is said is passed over by its bounds.
        bounds = pc.min_max(texts["offset"]).as_py()
        if bounds["min"] is not None:
            work.look_up("texts", texts, _BROKEN.format(least=bounds["min"], most=bounds["max"]))
    rows = work.ask(_FIRST)
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
