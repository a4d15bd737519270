-- Stories about a place that were not filed from it.
--
-- The place is an entity of the story, found by its name; its dateline names another place, or
-- none.
--
-- :param place=Baku Name of the place.

SELECT c.date, c.provider, c.dateline, c.headline, e.mention_count AS mentions, c.story_id
FROM current AS c
JOIN current_entities AS e USING (revision_id, record_source, record_offset, record_item)
WHERE e.kind IN ('GPE', 'LOC', 'FAC') AND lower(e.name) = lower($place)
  AND NOT list_contains(list_transform(coalesce(c.dateline_places, []), lambda p: lower(p)),
    lower($place))
ORDER BY mentions DESC, c.date, c.story_id;
