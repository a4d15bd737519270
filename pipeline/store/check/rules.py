"""What the rules of `lake check` work on, and all of them: SQL over the keys of all rows.

Beside the tables that `PREPARE` makes, `TABLE_data` has the keys of a table's rows. There is `ends`
(`name, source, committed`): the committed end of each source that a table's log names.
`passed` (`source, stories, rejects`) is up to where a writer passed records without a row of
theirs, and up to where their account is given, by those tables' logs. `link_days` (`day, links`) is
how many links the log says that a day has, `begun` (`source`) are sources that are younger than
the ledger that is looked at, `generations` (`number`) those that its log numbers,
`codes` what CAMEO's codes decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipeline.model import UNREAD
from pipeline.store.check.items import ITEM_RULES
from pipeline.store.check.ledger import LEDGER_RULES
from pipeline.store.check.revision_rules import REVISION_RULES
from pipeline.store.check.value_rules import VALUE_RULES
from pipeline.store.schema.contract import LINKS, TABLES, contract

_KEYS = ("source", "offset", "item", "revision_id", "enrichment_id", "story_id")

COLUMNS: Mapping[str, Sequence[str]] = {
    "stories": (
        *(*_KEYS, "date", "region", "regions", "published_at", "published_precision", "status"),
        *("version", "urgency", "raw_bytes", "content_hash", "generation", "enrichment_status"),
        *("entity_count", "event_count", "parse_id"),
    ),
    "entities": (
        *(*_KEYS, "date", "region", "name", "kind", "country", "salience", "mention_count"),
    ),
    "events": (
        *(*_KEYS, "date", "region", "event_id", "root", "cameo", "confidence", "goldstein"),
        *("quad_class", "trigger_start", "trigger_end", "event_date", "event_date_end"),
    ),
    "rejects": (
        *("source", "offset", "item", "end_offset", "kind", "stage", "message"),
        *("date", "received_at"),
    ),
    "ledger": contract("ledger").schema.names,
    "links": contract("links").schema.names,
}
"""What the rules ask of each table: read from its files once, and kept in the work's database."""

PREPARE = (
    "CREATE VIEW ledger AS SELECT * FROM ledger_data",
    "CREATE VIEW stories AS SELECT * FROM stories_data",
    f"""
    CREATE TABLE items AS
    SELECT source, "offset", item, 'story' AS fate, false AS expired,
      entity_count, event_count, enrichment_id
    FROM stories_data
    UNION ALL
    SELECT source, "offset", item,
      CASE WHEN kind LIKE 'skipped.%' THEN 'skip' ELSE 'reject' END, kind IN {UNREAD},
      NULL, NULL, NULL
    FROM rejects_data
    """,
    """
    CREATE TABLE spans AS
    SELECT source, min(start_offset) AS first, max(end_offset) AS beyond FROM ledger GROUP BY ALL
    """,
    # Offsets that could not be read. Older versions did not say where they end: at the next item,
    # then. A writer that died may have read them.
    f"""
    CREATE TABLE unread AS
    SELECT e.source, e."offset" AS first, coalesce(e.end_offset, i."offset") AS beyond,
      e.end_offset IS NOT NULL AS is_accounted
    FROM (
      SELECT source, "offset", max(end_offset) AS end_offset
      FROM rejects_data WHERE kind IN {UNREAD} GROUP BY ALL
    ) AS e
    ASOF LEFT JOIN (
      SELECT source, "offset" FROM items
      WHERE source IN (SELECT source FROM items WHERE expired)
    ) AS i ON e.source = i.source AND e."offset" < i."offset"
    """,
)

# An item belongs to the last block that starts at or below it; `beyond` tells a hole.
COUNT = """
    SELECT i.source, b.start_offset, b.end_offset,
      count(*) FILTER (fate = 'story') AS stories,
      count(*) FILTER (fate = 'reject') AS rejects,
      count(*) FILTER (fate = 'skip') AS skipped,
      count(DISTINCT i."offset") FILTER (NOT expired) AS records,
      sum(i.entity_count)::BIGINT AS entities,
      sum(i.event_count)::BIGINT AS events,
      count(*) FILTER (fate = 'story' AND i.entity_count IS NULL) AS entities_unknown,
      count(*) FILTER (fate = 'story' AND i.event_count IS NULL) AS events_unknown,
      max_by(i.enrichment_id, i."offset") FILTER (fate = 'story') AS last_enrichment_id,
      max(i."offset") FILTER (fate = 'story' AND i.enrichment_id IS NOT NULL) AS last_offset
    FROM items AS i
    ASOF JOIN (SELECT * FROM ledger WHERE end_offset > start_offset) AS b
      ON i.source = b.source AND i."offset" >= b.start_offset
    WHERE i."offset" < b.end_offset
    GROUP BY ALL
"""
"""Counts the rows of each block, by their offsets: `counted`, which the ledger's rules ask."""

_COUNTS = ("stories", "rejects", "skipped", "records", "entities", "events")
ADD_UP = f"""
    SELECT source, start_offset, end_offset,
      {", ".join(f"sum({name})::BIGINT AS {name}" for name in _COUNTS)},
      sum(entities_unknown)::BIGINT AS entities_unknown,
      sum(events_unknown)::BIGINT AS events_unknown,
      max_by(last_enrichment_id, last_offset) AS last_enrichment_id
    FROM counted_by_part GROUP BY ALL
"""
"""Adds up what parts of the lake counted of one block."""

BY_OFFSET = ("stories", "items", "entities_data", "events_data")
"""The tables of which a rule that goes by offsets is shown a part."""

RULES = (*LEDGER_RULES, *ITEM_RULES, *REVISION_RULES, *VALUE_RULES)
"""Every rule about rows, in the order of the report."""

TABLE_ROWS = " UNION ALL ".join(
    f"SELECT '{table}', count(*) FROM {table}_data" for table in (*TABLES, LINKS)
)

SOURCE_TOTALS = """
    SELECT l.source, min(start_offset), max(end_offset),
      count(*) FILTER (end_offset > start_offset), sum(records)::BIGINT, sum(items)::BIGINT,
      sum(stories)::BIGINT, sum(rejects)::BIGINT, sum(skipped)::BIGINT, sum(gaps)::BIGINT,
      greatest(0, coalesce(any_value(e.foremost), 0) - max(end_offset))
    FROM ledger AS l
    LEFT JOIN (SELECT source, max(committed) AS foremost FROM ends GROUP BY source) AS e
      ON e.source = l.source
    GROUP BY l.source ORDER BY l.source
"""
