-- Whom an entity is named with.
--
-- Entities of the same stories, by how many of them. `name` is any of the entity's names.
--
-- :param name=NATO The entity.
-- :param kind= Kind of the others; empty for all.
-- :param n=20 How many.

WITH named AS (
  SELECT revision_id, entity_id, unnest(list_prepend(name, coalesce(aliases, []))) AS name
  FROM current_entities
), here AS (
  SELECT DISTINCT revision_id, entity_id FROM named WHERE lower(name) = lower($name)
)
SELECT arg_max(e.name, e.salience) AS name, e.kind, e.entity_id,
  count(DISTINCT e.story_id) AS stories, round(avg(e.salience), 3) AS salience
FROM current_entities AS e JOIN here AS h USING (revision_id)
WHERE e.entity_id IS DISTINCT FROM h.entity_id AND upper($kind) IN ('', e.kind)
GROUP BY e.kind, e.entity_id
ORDER BY stories DESC, salience DESC, name
LIMIT $n::int;
