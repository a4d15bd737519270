-- current: of each family the revision that is in force at :as_of, one row each.
--
-- 1. A revision that is there several times (an exact repeat that two sources raced into the lake,
--    a replay under a later enrichment) counts once: its newest enrichment, then the smallest
--    coordinates. The newest enrichment is the one whose first block was committed last.
-- 2. Revisions under embargo at :as_of are left out.
-- 3. The last of the others by the provider's time, then version, is in force; one without a time
--    comes before all with one. Between equals one that is not usable wins, then the greater hash.
--    What holds only a part of its article (an add) is in force only where there is nothing else.
-- 4. It is shown if it is usable. So a kill hides what it follows, and what arrives late, until a
--    later usable revision.
--
-- Needs the tables stories and ledger, and a timestamp in place of :as_of.
SELECT s.*
FROM stories AS s
JOIN (
  SELECT
    r.source AS at_source,
    r.at_offset AS at_offset,
    r.item AS at_item,
    r.enrichment_id AS at_enrichment_id,
    r.status AS at_status,
    ROW_NUMBER() OVER (
      PARTITION BY r.story_id
      ORDER BY
        CASE WHEN r.is_partial THEN 1 ELSE 0 END ASC,
        r.version_time DESC NULLS LAST,
        r.version DESC,
        CASE WHEN r.status = 'usable' THEN 1 ELSE 0 END ASC,
        r.content_hash DESC,
        r.revision_id DESC
    ) AS place_in_family
  FROM (
    SELECT
      k.story_id,
      k.revision_id,
      k.version_time,
      k.version,
      k.status,
      k.is_partial,
      k.content_hash,
      k.embargo_until,
      k.enrichment_id,
      k.source,
      k.offset AS at_offset,
      k.item,
      ROW_NUMBER() OVER (
        PARTITION BY k.revision_id
        ORDER BY
          e.first_committed_at DESC NULLS LAST,
          k.enrichment_id DESC,
          k.source ASC,
          k.offset ASC,
          k.item ASC
      ) AS place_in_revision
    FROM stories AS k
    LEFT JOIN (
      SELECT l.enrichment_id, MIN(l.committed_at) AS first_committed_at
      FROM ledger AS l
      WHERE l.records > 0
      GROUP BY l.enrichment_id
    ) AS e
      ON k.enrichment_id = e.enrichment_id
  ) AS r
  WHERE r.place_in_revision = 1
    AND (r.embargo_until IS NULL OR r.embargo_until <= :as_of)
) AS f
  ON s.source = f.at_source
  AND s.offset = f.at_offset
  AND s.item = f.at_item
  AND s.enrichment_id = f.at_enrichment_id
WHERE f.place_in_family = 1
  AND f.at_status = 'usable'
