-- current_entities: the entities of the revisions that current shows.
--
-- In two halves, those of a day and those without one, so that a filter on the day reaches the files
-- of both sides: no engine passes it on through a comparison that takes two nulls for equal.
--
-- Needs the table entities and the view current.
SELECT e.*
FROM entities AS e
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
FROM entities AS e
JOIN current AS c
  ON e.region = c.region
  AND e.revision_id = c.revision_id
  AND e.enrichment_id = c.enrichment_id
  AND e.source = c.record_source
  AND e.offset = c.record_offset
  AND e.item = c.record_item
WHERE e.date IS NULL
  AND c.date IS NULL
