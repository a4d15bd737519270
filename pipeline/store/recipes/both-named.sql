-- Stories that name two organisations.
--
-- Each is any of an entity's names, small or capital letters alike.
--
-- :param a=NATO One name.
-- :param b=EU The other.

WITH named AS (
  SELECT revision_id, lower(unnest(list_prepend(name, coalesce(aliases, [])))) AS name
  FROM current_entities
)
SELECT c.date, c.provider, c.headline, c.story_id
FROM current AS c
WHERE c.revision_id IN (SELECT revision_id FROM named WHERE name = lower($a))
  AND c.revision_id IN (SELECT revision_id FROM named WHERE name = lower($b))
ORDER BY c.date DESC, c.story_id;
