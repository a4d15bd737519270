-- open_rejects: failures whose bytes have given no story yet, and no reason to do without one.
--
-- A failure is cured where its bytes were read again (`dateline rejects retry`) and one such run
-- made only stories and skips of it. What a retry makes of it otherwise is a reject with an origin:
-- it is left out here, where the first one stands for it.
--
-- Needs the tables rejects and stories.
SELECT r.*
FROM rejects AS r
LEFT JOIN (
  SELECT DISTINCT a.origin_source, a.origin_offset, a.origin_item
  FROM (
    SELECT
      m.origin_source,
      m.origin_offset,
      m.origin_item,
      SUM(m.failed) AS failures
    FROM (
      SELECT s.source, s.origin_source, s.origin_offset, s.origin_item, 0 AS failed
      FROM stories AS s
      WHERE s.origin_source IS NOT NULL
      UNION ALL
      SELECT
        f.source,
        f.origin_source,
        f.origin_offset,
        f.origin_item,
        CASE WHEN f.kind LIKE 'skipped.%' THEN 0 ELSE 1 END AS failed
      FROM rejects AS f
      WHERE f.origin_source IS NOT NULL
    ) AS m
    GROUP BY m.source, m.origin_source, m.origin_offset, m.origin_item
  ) AS a
  WHERE a.failures = 0
) AS c
  ON r.source = c.origin_source
  AND r.offset = c.origin_offset
  AND r.item = c.origin_item
WHERE r.kind NOT LIKE 'skipped.%'
  AND r.origin_source IS NULL
  AND c.origin_source IS NULL
