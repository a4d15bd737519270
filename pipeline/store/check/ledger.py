"""Rules of `lake check` about the ledger: its blocks, its end, and its counts against the rows."""

from __future__ import annotations

from pipeline.store.check.findings import Rule
from pipeline.store.schema.contract import TABLES

_LEDGER = (
    Rule(
        "no_ledger",
        "ledger",
        """
        SELECT i.source, min(i."offset") AS first, max(i."offset") + 1 AS beyond,
          count(*) || ' items of a source without a block' AS message
        FROM items AS i ANTI JOIN spans AS s ON i.source = s.source
        WHERE i.source NOT IN (FROM begun)
        GROUP BY i.source
        """,
    ),
    Rule(
        "ledger_start",
        "ledger",
        """
        SELECT source, start_offset AS first, end_offset AS beyond,
          'the first block holds ' || records || ' records' AS message
        FROM ledger
        QUALIFY row_number() OVER (PARTITION BY source ORDER BY start_offset, end_offset) = 1
          AND end_offset > start_offset
        """,
    ),
    Rule(
        "ledger_hole",
        "ledger",
        """
        SELECT source, before AS first, start_offset AS beyond, 'no block' AS message
        FROM (
          SELECT *, max(end_offset) OVER (
            PARTITION BY source ORDER BY start_offset, end_offset
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
          ) AS before
          FROM ledger
        )
        WHERE start_offset > before
        """,
    ),
    Rule(
        "ledger_overlap",
        "ledger",
        """
        SELECT source, start_offset AS first, end_offset AS beyond,
          'begins before ' || before || ', where the block before it ends' AS message
        FROM (
          SELECT *,
            max(end_offset) OVER (
              PARTITION BY source ORDER BY start_offset, end_offset
              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
            ) AS before,
            row_number() OVER (PARTITION BY source ORDER BY start_offset, end_offset) AS nth
          FROM ledger
        )
        WHERE start_offset < before OR (nth > 1 AND start_offset = end_offset)
        """,
    ),
    Rule(
        "ledger_end",
        "ledger",
        """
        SELECT s.source, s.first, s.beyond,
          'the log says ' || coalesce(e.committed::VARCHAR, 'nothing') AS message
        FROM spans AS s LEFT JOIN ends AS e ON e.source = s.source AND e.name = 'ledger'
        WHERE e.committed IS DISTINCT FROM s.beyond
        """,
    ),
    Rule(
        "ledger_end",
        "ledger",
        """
        SELECT e.source, NULL AS first, e.committed AS beyond,
          'no block is there, the log says ' || e.committed AS message
        FROM ends AS e ANTI JOIN spans AS s ON e.source = s.source WHERE e.name = 'ledger'
        """,
    ),
    *(
        Rule(
            "in_flight",
            table,
            f"""
            SELECT e.source, NULL AS first, e.committed AS beyond,
              'the ledger does not know this source yet' AS message
            FROM ends AS e ANTI JOIN spans AS s ON e.source = s.source
            WHERE e.name = '{table}'
              AND e.source NOT IN (SELECT source FROM ends WHERE name = 'ledger')
            """,
        )
        for table in TABLES[:-1]
    ),
    *(
        Rule(
            "table_behind",
            table,
            f"""
            SELECT s.source, coalesce(e.committed, s.first) AS first, s.beyond,
              'committed up to ' || coalesce(e.committed::VARCHAR, 'nothing') AS message
            FROM spans AS s LEFT JOIN ends AS e ON e.source = s.source AND e.name = '{table}'
            WHERE e.committed IS NULL OR e.committed < s.beyond
            """,
        )
        for table in TABLES[:-1]
    ),
    # Each table commits after those before it, so none is ever ahead of one of these.
    *(
        Rule(
            "table_behind",
            table,
            f"""
            SELECT l.source, coalesce(e.committed, 0) AS first, max(l.committed) AS beyond,
              format('committed up to {{}}, {{}} up to {{}}',
                coalesce(e.committed::VARCHAR, 'nothing'), max_by(l.name, l.committed),
                max(l.committed)) AS message
            FROM ends AS l LEFT JOIN ends AS e ON e.source = l.source AND e.name = '{table}'
            WHERE l.name IN ({", ".join(f"'{name}'" for name in TABLES[n + 1 : -1])})
              AND (e.committed IS NULL OR e.committed < l.committed)
            GROUP BY l.source, e.committed
            """,
        )
        for n, table in enumerate(TABLES[:-2])
    ),
    *(
        Rule(
            "in_flight",
            table,
            f"""
            SELECT s.source, s.beyond AS first, e.committed AS beyond,
              'ahead of the ledger by ' || (e.committed - s.beyond) AS message
            FROM spans AS s JOIN ends AS e ON e.source = s.source AND e.name = '{table}'
            WHERE e.committed > s.beyond
            """,
        )
        for table in TABLES[:-1]
    ),
    Rule(
        "unread_account",
        "rejects",
        """
        SELECT p.source, least(p.stories, p.rejects) AS first,
          greatest(p.stories, p.rejects) AS beyond,
          format('stories passed {}, accounts reach {}', p.stories, p.rejects) AS message
        FROM passed AS p JOIN spans AS s ON p.source = s.source
        WHERE p.stories <> p.rejects AND greatest(p.stories, p.rejects) <= s.beyond
        """,
    ),
    Rule(
        "block_sums",
        "ledger",
        """
        SELECT source, start_offset AS first, end_offset AS beyond,
          format('records {}, items {}, stories {}, rejects {}, skipped {}, gaps {}',
            records, items, stories, rejects, skipped, gaps) AS message
        FROM ledger
        WHERE items <> stories + rejects + skipped
          OR gaps <> end_offset - start_offset - records
          OR least(end_offset - start_offset, records, items, stories, rejects, skipped, gaps) < 0
          OR records > items
          OR start_offset < 0
          OR (end_offset = start_offset AND items > 0)
        """,
    ),
)

_COUNTED = """
    SELECT l.source, l.start_offset AS first, l.end_offset AS beyond, {message} AS message
    FROM ledger AS l LEFT JOIN counted AS c
      ON c.source = l.source AND c.start_offset = l.start_offset AND c.end_offset = l.end_offset
    WHERE l.end_offset > l.start_offset AND ({broken})
"""

_BLOCKS = (
    *(
        Rule(
            "block_items",
            "ledger",
            _COUNTED.format(
                message=f"format('{name}: {{}} in the ledger, {{}} rows',"
                f" l.{name}, coalesce(c.{name}, 0))",
                broken=f"l.{name} <> coalesce(c.{name}, 0)",
            ),
        )
        for name in ("stories", "rejects", "skipped")
    ),
    Rule(
        "block_records",
        "ledger",
        _COUNTED.format(
            message="format('{} records, {} offsets with an item', l.records,"
            " coalesce(c.records, 0))",
            broken="l.records <> coalesce(c.records, 0)",
        ),
    ),
)

_FOUND = (
    *(
        Rule(
            "block_found",
            "ledger",
            _COUNTED.format(
                message=f"format('{name}: {{}} in the ledger, {{}} by the stories, {{}} stories do"
                f" not say', l.{name}, coalesce(c.{name}, 0), coalesce(c.{name}_unknown, 0))",
                broken=f"l.{name} IS NOT NULL AND"
                f" (l.{name} <> coalesce(c.{name}, 0) OR c.{name}_unknown > 0)",
            ),
        )
        for name in ("entities", "events")
    ),
    Rule(
        "block_enrichment",
        "ledger",
        _COUNTED.format(
            message="format('{} in the ledger, {} in the stories', l.enrichment_id,"
            " c.last_enrichment_id)",
            # Older versions named the enrichment of the writer that finished the block.
            broken="l.entities IS NOT NULL AND l.enrichment_id <> c.last_enrichment_id",
        ),
    ),
    Rule(
        "uncounted",
        "ledger",
        """
        SELECT source, min(start_offset) AS first, max(end_offset) AS beyond,
          count(*) || ' blocks do not say how many entities and events were found' AS message
        FROM ledger WHERE stories > 0 AND (entities IS NULL OR events IS NULL) GROUP BY source
        """,
    ),
)

LEDGER_RULES = (*_LEDGER, *_BLOCKS, *_FOUND)
