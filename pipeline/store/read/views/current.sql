-- current: of each family the revision that is in force at :as_of, one row each.
--
-- 1. A revision that is there several times (an exact repeat that two sources raced into the lake,
--    or that turned out to have arrived earlier, a reprocess under later stages) counts once: its
--    last generation, then the first to arrive, then the smallest coordinates. Rows of versions before 0.2 have no generation and come before all that have one;
--    among them the enrichment whose first block was committed last wins. It arrived where it stands
--    first in a source; what was reprocessed arrived where it first stood, and what was read again
--    (`rejects retry`) where its reject stands.
-- 2. Revisions under embargo at :as_of are left out.
-- 3. The last of the others is in force. What holds only a part of its article (an add) is it only
--    where there is nothing else. Last is, by the first of these that tells two apart:
--    a. the provider's time of the version; without one the latest that it states (updated,
--       published). Where one of a day gives no hour, those of that day are taken by the day alone;
--       without any time a revision stands at the time of what arrived before it;
--    b. the version's number, then whether it is marked as a revision (UPDATE, CORRECTED);
--    c. whether it is not usable: a kill goes before what says the same of itself;
--    d. what arrived later: Kafka's time between sources (what has none, as archives, comes before;
--       among these the source that the lake read first), the offset within one; of two sources
--       with the same time the one whose revisions of this time have the greatest content hash;
--    e. the greater content hash.
-- 4. It is shown if it is usable. So a kill hides what it follows, and what arrives late, until a
--    later usable revision.
--
-- Needs the tables stories and ledger, and a timestamp in place of :as_of.
SELECT s.*
FROM stories AS s
JOIN (
  SELECT
    t.at_source,
    t.at_offset,
    t.at_item,
    t.at_enrichment_id,
    t.status AS at_status,
    ROW_NUMBER() OVER (
      PARTITION BY t.story_id
      ORDER BY
        t.partial ASC,
        COALESCE(t.told_at, t.told_before, t.told_first) DESC NULLS LAST,
        t.version DESC,
        t.marked DESC,
        t.hides DESC,
        t.arrived_at DESC NULLS LAST,
        t.first_read_at DESC NULLS LAST,
        t.tied_content DESC,
        t.from_source DESC,
        t.from_offset DESC,
        t.from_item DESC,
        t.at_item DESC,
        t.content_hash DESC,
        t.revision_id DESC
    ) AS rank_in_family
  FROM (
    SELECT
      d.*,
      MIN(d.told_at) OVER (PARTITION BY d.story_id) AS told_first,
      MAX(d.told_at) OVER (
        PARTITION BY d.story_id
        ORDER BY
          d.arrived_at ASC NULLS FIRST,
          d.first_read_at ASC NULLS FIRST,
          d.tied_content ASC,
          d.from_source ASC,
          d.from_offset ASC,
          d.from_item ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS told_before
    FROM (
      SELECT
        n.*,
        MAX(CONCAT(n.content_hash, n.revision_id)) OVER (
          PARTITION BY n.story_id, n.from_source, n.arrived_at, n.first_read_at
        ) AS tied_content
      FROM (
        SELECT
          r.*,
          CASE
            WHEN r.version_time IS NOT NULL THEN r.version_time
            WHEN r.updated_at IS NOT NULL AND r.published_at IS NOT NULL
              THEN
                CASE WHEN r.updated_at > r.published_at THEN r.updated_at ELSE r.published_at END
            WHEN r.updated_at IS NOT NULL THEN r.updated_at
            ELSE COALESCE(
              MIN(CASE WHEN r.published_precision = 'day' THEN r.published_at END)
                OVER (PARTITION BY r.story_id, r.published_on),
              r.published_at
            )
          END AS told_at,
          MAX(r.received_at) OVER (
            PARTITION BY r.story_id, r.from_source
            ORDER BY r.from_offset ASC, r.from_item ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS arrived_at
        FROM (
          SELECT
            k.revision_id,
            MAX(CASE WHEN k.rank_in_revision = 1 THEN k.story_id END) AS story_id,
            MAX(CASE WHEN k.rank_in_revision = 1 THEN k.version_time END) AS version_time,
            MAX(CASE WHEN k.rank_in_revision = 1 THEN k.updated_at END) AS updated_at,
            MAX(CASE WHEN k.rank_in_revision = 1 THEN k.published_at END) AS published_at,
            MAX(CASE WHEN k.rank_in_revision = 1 THEN k.published_precision END)
              AS published_precision,
            MAX(CASE WHEN k.rank_in_revision = 1 THEN k.published_on END) AS published_on,
            MAX(CASE WHEN k.rank_in_revision = 1 THEN k.version END) AS version,
            MAX(CASE WHEN k.rank_in_revision = 1 AND k.revision_mark IS NOT NULL
              THEN 1 ELSE 0 END) AS marked,
            MAX(CASE WHEN k.rank_in_revision = 1 AND k.is_partial THEN 1 ELSE 0 END) AS partial,
            MAX(CASE WHEN k.rank_in_revision = 1 AND k.status <> 'usable'
              THEN 1 ELSE 0 END) AS hides,
            MAX(CASE WHEN k.rank_in_revision = 1 THEN k.status END) AS status,
            MAX(CASE WHEN k.rank_in_revision = 1 THEN k.content_hash END) AS content_hash,
            MAX(CASE WHEN k.rank_in_revision = 1 THEN k.embargo_until END) AS embargo_until,
            MAX(CASE WHEN k.rank_in_revision = 1 THEN k.enrichment_id END) AS at_enrichment_id,
            MAX(CASE WHEN k.rank_in_revision = 1 THEN k.source END) AS at_source,
            MAX(CASE WHEN k.rank_in_revision = 1 THEN k.at_offset END) AS at_offset,
            MAX(CASE WHEN k.rank_in_revision = 1 THEN k.item END) AS at_item,
            MAX(CASE WHEN k.rank_of_arrival = 1 THEN k.received_at END) AS received_at,
            MAX(CASE WHEN k.rank_of_arrival = 1 AND k.received_at IS NULL
              THEN k.first_read_at END) AS first_read_at,
            MAX(CASE WHEN k.rank_of_arrival = 1 THEN k.from_source END) AS from_source,
            MAX(CASE WHEN k.rank_of_arrival = 1 THEN k.from_offset END) AS from_offset,
            MAX(CASE WHEN k.rank_of_arrival = 1 THEN k.from_item END) AS from_item
          FROM (
            SELECT
              c.*,
              f.first_read_at,
              ROW_NUMBER() OVER (
                PARTITION BY c.revision_id
                ORDER BY
                  c.generation DESC NULLS LAST,
                  e.first_committed_at DESC NULLS LAST,
                  c.enrichment_id DESC,
                  c.reprocessed ASC,
                  c.received_at ASC NULLS FIRST,
                  f.first_read_at ASC NULLS LAST,
                  c.source ASC,
                  c.at_offset ASC,
                  c.item ASC
              ) AS rank_in_revision,
              ROW_NUMBER() OVER (
                PARTITION BY c.revision_id
                ORDER BY
                  c.reprocessed ASC,
                  c.received_at ASC NULLS FIRST,
                  f.first_read_at ASC NULLS LAST,
                  c.from_source ASC,
                  c.from_offset ASC,
                  c.from_item ASC
              ) AS rank_of_arrival
            FROM (
              SELECT
                b.story_id,
                b.revision_id,
                b.version_time,
                b.updated_at,
                b.published_at,
                b.published_precision,
                b.date AS published_on,
                b.version,
                b.revision_mark,
                b.is_partial,
                b.status,
                b.content_hash,
                b.embargo_until,
                b.enrichment_id,
                b.generation,
                b.received_at,
                b.source,
                b.offset AS at_offset,
                b.item,
                CASE WHEN b.source LIKE ':reprocessed%' THEN 1 ELSE 0 END AS reprocessed,
                COALESCE(b.origin_source, b.source) AS from_source,
                COALESCE(b.origin_offset, b.offset) AS from_offset,
                COALESCE(b.origin_item, b.item) AS from_item
              FROM stories AS b
            ) AS c
            LEFT JOIN (
              SELECT l.enrichment_id, MIN(l.committed_at) AS first_committed_at
              FROM ledger AS l
              WHERE l.records > 0
              GROUP BY l.enrichment_id
            ) AS e
              ON c.enrichment_id = e.enrichment_id
            LEFT JOIN (
              SELECT l.source, MIN(l.committed_at) AS first_read_at
              FROM ledger AS l
              GROUP BY l.source
            ) AS f
              ON c.from_source = f.source
          ) AS k
          GROUP BY k.revision_id
        ) AS r
        WHERE r.embargo_until IS NULL OR r.embargo_until <= :as_of
      ) AS n
    ) AS d
  ) AS t
) AS p
  ON s.source = p.at_source
  AND s.offset = p.at_offset
  AND s.item = p.at_item
  AND s.enrichment_id = p.at_enrichment_id
WHERE p.rank_in_family = 1
  AND p.at_status = 'usable'
