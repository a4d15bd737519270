-- All revisions of a story.
--
-- In the order of arrival, with their status; embargoed text stays out, for only the headline of
-- what may be shown is told.
--
-- :param story= A story_id or its beginning.

SELECT s.story_id, s.revision_id, s.version, s.version_time, s.revision_mark, s.status,
  s.embargo_until, s.received_at,
  CASE WHEN s.status = 'usable' AND (s.embargo_until IS NULL OR s.embargo_until <= now())
    AND s.story_id IN (SELECT story_id FROM current) THEN s.headline END AS headline,
  s.revision_id IN (SELECT revision_id FROM current) AS is_current
FROM stories AS s
WHERE $story <> '' AND starts_with(s.story_id, $story)
ORDER BY s.received_at NULLS FIRST, s.source, s."offset", s.item, s.generation;
