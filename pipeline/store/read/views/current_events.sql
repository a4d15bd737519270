-- current_events: the events of the revisions that current shows.
--
-- published_at, provider, headline and language are the story's: no join is needed for them.
--
-- In two halves, those of a day and those without one, so that a filter on the day reaches the files
-- of both sides: no engine passes it on through a comparison that takes two nulls for equal.
--
-- Needs the table events and the view current.
SELECT e.*
,
  c.published_at,
  c.provider,
  c.headline,
  c.language
FROM events AS e
JOIN current AS c
  ON e.date = c.date
  AND e.region = c.region
  AND e.revision_id = c.revision_id
  AND e.enrichment_id = c.enrichment_id
  AND e.source = c.record_source
  AND e.offset = c.record_offset
  AND e.item = c.record_item
UNION ALL
SELECT e.*
,
  c.published_at,
  c.provider,
  c.headline,
  c.language
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
