"""Rules of `lake check` about the rows: each item once, what was found in it beside it."""

from __future__ import annotations

from pipeline.model import UNREAD
from pipeline.store.check.findings import Rule
from pipeline.store.schema.contract import TABLES

_ITEMS = (
    Rule(
        "duplicate_item",
        "stories",
        """
        SELECT source, "offset" AS first, "offset" + 1 AS beyond,
          format('item {}: {}', item, string_agg(fate, ', ' ORDER BY fate)) AS message
        FROM items GROUP BY source, "offset", item HAVING count(*) > 1
        """,
        is_by_offset=True,
    ),
    Rule(
        "duplicate_item",
        "stories",
        """
        SELECT s.source, s."offset" AS first, s."offset" + 1 AS beyond,
          format('item {}: story, and within {} to {} that could not be read',
            s.item, u.first, u.beyond - 1) AS message
        FROM stories AS s JOIN unread AS u ON u.source = s.source
          AND u.is_accounted AND s."offset" > u.first AND s."offset" < u.beyond
        """,
    ),
    Rule(
        "unread_range",
        "rejects",
        f"""
        SELECT r.source, r."offset" AS first, r."offset" + 1 AS beyond,
          format('item {{}}, {{}}: ends at {{}}', r.item, r.kind, r.end_offset) AS message
        FROM (SELECT * FROM rejects_data WHERE end_offset IS NOT NULL) AS r
        ASOF LEFT JOIN (SELECT * FROM ledger WHERE end_offset > start_offset) AS b
          ON r.source = b.source AND r."offset" >= b.start_offset
        WHERE r.kind NOT IN {UNREAD} OR r.end_offset <= r."offset"
          OR (r."offset" < b.end_offset AND r.end_offset > b.end_offset)
        """,
    ),
    Rule(
        "unread_range",
        "rejects",
        """
        SELECT source, first, beyond,
          format('begins before {}, where another ends', before) AS message
        FROM (
          SELECT *, max(beyond) OVER (
            PARTITION BY source ORDER BY first ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
          ) AS before
          FROM unread WHERE is_accounted
        )
        WHERE first < before
        """,
    ),
    # An account says in words where the writer that gave it could read on; it ends before that
    # only where something stands.
    Rule(
        "unread_range",
        "rejects",
        """
        SELECT r.source, r."offset" AS first, r."offset" + 1 AS beyond,
          format('ends at {}, its message says {}', r.end_offset, r.stated) AS message
        FROM (
          SELECT *, 1 + regexp_extract(message, '^offsets \\d+ to (\\d+) ', 1)::BIGINT AS stated
          FROM rejects_data
          WHERE end_offset IS NOT NULL AND regexp_matches(message, '^offsets \\d+ to \\d+ ')
        ) AS r
        ANTI JOIN items AS i ON i.source = r.source AND i."offset" = r.end_offset
          AND r.end_offset < r.stated
        WHERE r.end_offset <> r.stated
        """,
    ),
    Rule(
        "item_numbers",
        "stories",
        """
        SELECT i.source, i."offset" AS first, i."offset" + 1 AS beyond,
          format('{} items, numbered {} to {}', count(DISTINCT item), min(item), max(item))
            AS message
        FROM items AS i JOIN spans AS s ON i.source = s.source AND i."offset" < s.beyond
        GROUP BY i.source, i."offset"
        HAVING min(item) <> 0 OR max(item) <> count(DISTINCT item) - 1
        """,
        is_by_offset=True,
    ),
    Rule(
        "outside_block",
        "stories",
        """
        SELECT i.source, i."offset" AS first, i."offset" + 1 AS beyond, i.fate AS message
        FROM items AS i
        JOIN spans AS s ON i.source = s.source AND i."offset" < s.beyond
        ASOF LEFT JOIN (SELECT * FROM ledger WHERE end_offset > start_offset) AS b
          ON i.source = b.source AND i."offset" >= b.start_offset
        WHERE b.end_offset IS NULL OR i."offset" >= b.end_offset
        """,
        is_by_offset=True,
    ),
    *(
        Rule(
            "beyond_end",
            table,
            f"""
            SELECT r.source, min(r."offset") AS first, max(r."offset") + 1 AS beyond,
              count(*) || ' rows, committed up to '
                || coalesce(any_value(e.committed)::VARCHAR, 'nothing') AS message
            FROM {table}_data AS r LEFT JOIN ends AS e
              ON e.source = r.source AND e.name = '{table}'
            WHERE e.committed IS NULL OR r."offset" >= e.committed
            GROUP BY r.source
            """,
        )
        for table in TABLES[:-1]
    ),
    Rule(
        "repeat",
        "stories",
        """
        SELECT min(source) AS source, NULL AS first, NULL AS beyond,
          format('revision {}: {}', revision_id, string_agg(
            format('{} {}/{}', source, "offset", item), ', ' ORDER BY source, "offset", item
          )) AS message
        FROM stories GROUP BY revision_id, enrichment_id, parse_id HAVING count(*) > 1
        """,
    ),
)

_SAME_COORDINATES = 'r.source = s.source AND r."offset" = s."offset" AND r.item = s.item'
_STORY = (
    f"{_SAME_COORDINATES} AND r.revision_id = s.revision_id AND r.enrichment_id = s.enrichment_id"
)

_LOOSE = """
    SELECT r.source, r."offset" AS first, r."offset" + 1 AS beyond,
      format('item {{}}: {{}} rows of revision {{}}, enrichment {{}}',
        r.item, count(*), r.revision_id, r.enrichment_id) AS message
    FROM {table}_data AS r
    ANTI JOIN stories AS s ON {story}
    JOIN spans AS p ON r.source = p.source AND r."offset" < p.beyond
    {join} (
      SELECT source, "offset", item, enrichment_id FROM stories
      UNION ALL
      SELECT source, "offset", item, NULL FROM items WHERE fate <> 'story'
      UNION ALL
      SELECT f.source, f."offset", f.item, NULL FROM {table}_data AS f
      JOIN unread AS u ON f.source = u.source AND f."offset" >= u.first
        AND (u.beyond IS NULL OR f."offset" < u.beyond)
    ) AS s ON {same} AND r.enrichment_id IS DISTINCT FROM s.enrichment_id
    GROUP BY r.source, r."offset", r.item, r.revision_id, r.enrichment_id
"""

_FOUND = tuple(
    rule
    for table, kind, key, count in (
        ("entities", "duplicate_entity", "name, kind", "entity_count"),
        ("events", "duplicate_event", "event_id", "event_count"),
    )
    for rule in (
        Rule(
            "orphan",
            table,
            _LOOSE.format(table=table, join="ANTI JOIN", story=_STORY, same=_SAME_COORDINATES),
            is_by_offset=True,
        ),
        Rule(
            "superseded",
            table,
            _LOOSE.format(table=table, join="SEMI JOIN", story=_STORY, same=_SAME_COORDINATES),
            is_by_offset=True,
        ),
        Rule(
            "story_found",
            "stories",
            f"""
            SELECT s.source, s."offset" AS first, s."offset" + 1 AS beyond,
              format('item {{}}: {{}} {table} stated, {{}} there',
                s.item, s.{count}, coalesce(f.found, 0)) AS message
            FROM stories AS s LEFT JOIN (
              SELECT source, "offset", item, revision_id, enrichment_id, count(*) AS found
              FROM {table}_data GROUP BY ALL
            ) AS f ON s.source = f.source AND s."offset" = f."offset" AND s.item = f.item
              AND s.revision_id = f.revision_id AND s.enrichment_id = f.enrichment_id
            WHERE s.{count} <> coalesce(f.found, 0)
            """,
            is_by_offset=True,
        ),
        Rule(
            "wrong_story",
            table,
            f"""
            SELECT r.source, r."offset" AS first, r."offset" + 1 AS beyond,
              format('item {{}}: {{}} rows name another family', r.item, count(*)) AS message
            FROM {table}_data AS r JOIN stories AS s ON {_STORY}
            WHERE r.story_id <> s.story_id
            GROUP BY r.source, r."offset", r.item
            """,
            is_by_offset=True,
        ),
        Rule(
            kind,
            table,
            f"""
            SELECT source, "offset" AS first, "offset" + 1 AS beyond,
              format('item {{}}, enrichment {{}}: {{}} times {{}}',
                item, enrichment_id, count(*), concat_ws(' ', {key})) AS message
            FROM {table}_data
            GROUP BY source, "offset", item, revision_id, enrichment_id, {key}
            HAVING count(*) > 1
            """,
            is_by_offset=True,
        ),
        Rule(
            "wrong_partition",
            table,
            f"""
            SELECT r.source, r."offset" AS first, r."offset" + 1 AS beyond,
              format('item {{}}: not in the partition of its story', r.item) AS message
            FROM {table}_data AS r JOIN stories AS s ON {_STORY}
            WHERE r.date IS DISTINCT FROM s.date OR r.region IS DISTINCT FROM s.region
            GROUP BY r.source, r."offset", r.item
            """,
            is_by_offset=True,
        ),
    )
)

_LINKS = (
    Rule(
        "duplicate_link",
        "links",
        """
        SELECT NULL AS source, NULL AS first, NULL AS beyond,
          format('{} and {}: {} times', left_revision_id, right_revision_id, count(*)) AS message
        FROM links_data GROUP BY left_revision_id, right_revision_id HAVING count(*) > 1
        """,
    ),
    Rule(
        "link_count",
        "links",
        """
        SELECT NULL AS source, NULL AS first, NULL AS beyond,
          format('{}: {} links, {} were written', d.day, count(l.date), d.links) AS message
        FROM link_days AS d LEFT JOIN links_data AS l ON l.date = d.day
        GROUP BY d.day, d.links HAVING count(l.date) <> d.links
        """,
    ),
    Rule(
        "uncounted",
        "links",
        """
        SELECT NULL AS source, NULL AS first, NULL AS beyond,
          format('{}: how many links were written is not known', date) AS message
        FROM links_data WHERE date NOT IN (SELECT day FROM link_days) GROUP BY date
        """,
    ),
    Rule(
        "dangling_link",
        "links",
        """
        SELECT NULL AS source, NULL AS first, NULL AS beyond,
          format('{}: {} links to revisions that are not there', coalesce(date::VARCHAR, 'null'),
            count(*)) AS message
        FROM links_data AS l
        WHERE left_revision_id NOT IN (SELECT revision_id FROM stories)
          OR right_revision_id NOT IN (SELECT revision_id FROM stories)
        GROUP BY date
        """,
    ),
    *(
        Rule(
            "wrong_story",
            "links",
            f"""
            SELECT NULL AS source, NULL AS first, NULL AS beyond,
              format('{{}}: {{}} links name another family or day than their {side} revision has',
                coalesce(l.date::VARCHAR, 'null'), count(*)) AS message
            FROM links_data AS l
            SEMI JOIN stories AS r ON r.revision_id = l.{side}_revision_id
            ANTI JOIN stories AS s ON s.revision_id = l.{side}_revision_id
              AND s.story_id = l.{side}_story_id AND s.date IS NOT DISTINCT FROM l.{side}_date
            GROUP BY l.date
            """,
        )
        for side in ("left", "right")
    ),
    Rule(
        "wrong_partition",
        "links",
        """
        SELECT NULL AS source, NULL AS first, NULL AS beyond,
          format('{} links in the partition {}', count(*), coalesce(date::VARCHAR, 'null'))
            AS message
        FROM links_data
        WHERE date IS DISTINCT FROM right_date OR left_date > right_date
          OR left_revision_id = right_revision_id
        GROUP BY date
        """,
    ),
)

_PARTITIONS = (
    *(
        Rule(
            "wrong_partition",
            table,
            f"""
            SELECT source, {first} AS first, {beyond} AS beyond,
              concat('{column} is ', coalesce({column}::VARCHAR, 'null'),
                ', date is ', coalesce(date::VARCHAR, 'null')) AS message
            FROM {table}_data WHERE date IS DISTINCT FROM {column}::DATE
            """,
        )
        for table, column, first, beyond in (
            ("stories", "published_at", '"offset"', '"offset" + 1'),
            ("rejects", "received_at", '"offset"', '"offset" + 1'),
            ("ledger", "committed_at", "start_offset", "end_offset"),
        )
    ),
    *(
        Rule(
            "bad_region",
            table,
            f"""
            SELECT min(source) AS source, NULL AS first, NULL AS beyond,
              concat(count(*), ' rows with the region ', coalesce(region, 'null')) AS message
            FROM {table}_data
            WHERE NOT coalesce(regexp_full_match(region, '[a-z0-9]+(-[a-z0-9]+)*'), false)
            GROUP BY region
            """,
        )
        for table in ("stories", "entities", "events")
    ),
)

ITEM_RULES = (*_ITEMS, *_FOUND, *_LINKS, *_PARTITIONS)
