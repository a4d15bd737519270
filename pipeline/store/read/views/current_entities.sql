-- current_entities: the entities of the revisions that current shows.
--
-- Needs the table entities and the view current.
SELECT e.*
FROM entities AS e
JOIN current AS c
  ON e.revision_id = c.revision_id
  AND e.enrichment_id = c.enrichment_id
  AND e.source = c.record_source
  AND e.offset = c.record_offset
  AND e.item = c.record_item
