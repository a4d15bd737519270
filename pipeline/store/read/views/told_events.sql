-- told_events: current_events with by how many each is told that day.
--
-- told_by_stories and told_by_providers are those of distinct_events; of what is denied, only
-- possible or without a day they are null.
--
-- Needs the table events and the views current and distinct_events.
SELECT e.*
,
  c.published_at,
  c.provider,
  c.headline,
  c.language,
  t.stories AS told_by_stories,
  t.providers AS told_by_providers
FROM events AS e
JOIN current AS c
  ON e.date = c.date
  AND e.region = c.region
  AND e.revision_id = c.revision_id
  AND e.enrichment_id = c.enrichment_id
  AND e.source = c.record_source
  AND e.offset = c.record_offset
  AND e.item = c.record_item
LEFT JOIN distinct_events AS t
  ON e.date = t.date
  AND e.root = t.root
  AND COALESCE(e.source_label, e.source_name, e.source_text, '') = COALESCE(t.source, '')
  AND COALESCE(e.target_label, e.target_name, e.target_text, '') = COALESCE(t.target, '')
  AND COALESCE(e.place, '') = COALESCE(t.place, '')
  AND NOT e.negated
  AND NOT e.hypothetical
UNION ALL
SELECT e.*
,
  c.published_at,
  c.provider,
  c.headline,
  c.language,
  CAST(NULL AS BIGINT) AS told_by_stories,
  CAST(NULL AS BIGINT) AS told_by_providers
FROM events AS e
JOIN current AS c
  ON e.region = c.region
  AND e.revision_id = c.revision_id
  AND e.enrichment_id = c.enrichment_id
  AND e.source = c.record_source
  AND e.offset = c.record_offset
  AND e.item = c.record_item
WHERE e.date IS NULL
  AND c.date IS NULL
