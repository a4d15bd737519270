-- Who criticised whom, by region.
--
-- Acts of ACCUSE (CAMEO 11) between two named sides, without those that are denied or only
-- possible.
--
-- :param since= First day; empty for the week that ends with the last day.
-- :param until= Last day; empty for the lake's last.

WITH span AS (
  SELECT coalesce(nullif($since, '')::date, last - 6) AS since,
    coalesce(nullif($until, '')::date, last) AS until
  FROM (SELECT max(date) AS last FROM current)
)
SELECT e.region, coalesce(e.source_label, e.source_text) AS source,
  coalesce(e.target_label, e.target_text) AS target,
  count(*) AS times, count(DISTINCT e.story_id) AS stories, min(e.sentence) AS example
FROM current_events AS e, span
WHERE e.root = 'ACCUSE' AND NOT e.negated AND NOT e.hypothetical
  AND e.date BETWEEN span.since AND span.until
  AND e.source_text IS NOT NULL AND e.target_text IS NOT NULL
GROUP BY ALL
ORDER BY times DESC, e.region, source, target;
