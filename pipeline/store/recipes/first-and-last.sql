-- First against last revision, with what changed.
--
-- Of each story with more than one revision: both headlines, the paragraphs that went and that
-- came. Only usable revisions of stories that are in force.
--
-- :param story= A story_id or its beginning; empty for all.
-- :param n=100 How many.

WITH told AS (
  SELECT DISTINCT ON (s.revision_id) s.story_id, s.revision_id, s.headline,
    string_split(s.body, chr(10) || chr(10)) AS paragraphs,
    coalesce(s.version_time, s.updated_at, s.published_at, s.received_at) AS told_at, s.version
  FROM stories AS s SEMI JOIN current AS c USING (story_id)
  WHERE s.status = 'usable' AND starts_with(s.story_id, $story)
    AND (s.embargo_until IS NULL OR s.embargo_until <= now())
  ORDER BY s.generation DESC NULLS LAST
), pairs AS (
  SELECT f.story_id, count(*) AS revisions,
    arg_min(f, struct_pack(told_at := f.told_at, version := f.version)) AS first,
    max_by(f, f.revision_id = c.revision_id) AS last
  FROM told AS f JOIN current AS c USING (story_id)
  GROUP BY f.story_id
  HAVING count(*) > 1
)
SELECT story_id, revisions, first.told_at AS first_at, last.told_at AS last_at,
  first.headline AS first_headline, last.headline AS last_headline,
  list_filter(first.paragraphs, lambda p: NOT list_contains(last.paragraphs, p)) AS removed,
  list_filter(last.paragraphs, lambda p: NOT list_contains(first.paragraphs, p)) AS added
FROM pairs
ORDER BY revisions DESC, story_id
LIMIT $n::int;
