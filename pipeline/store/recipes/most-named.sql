-- Most named persons, with their trend.
--
-- Stories that name each one in the days asked for, and in as many days before. `kind` may be ORG
-- or GPE too.
--
-- :param since= First day; empty for the week that ends with the last day.
-- :param until= Last day; empty for the lake's last.
-- :param kind=PERSON Kind of the entity.
-- :param n=20 How many.

WITH span AS (
  SELECT coalesce(nullif($since, '')::date, last - 6) AS since,
    coalesce(nullif($until, '')::date, last) AS until
  FROM (SELECT max(date) AS last FROM current)
)
SELECT arg_max(e.name, e.salience) AS name, e.entity_id,
  count(DISTINCT e.story_id) FILTER (e.date >= span.since) AS stories,
  count(DISTINCT e.story_id) FILTER (e.date < span.since) AS before,
  stories - before AS trend
FROM current_entities AS e, span
WHERE e.kind = upper($kind)
  AND e.date BETWEEN span.since - (span.until - span.since + 1)::int AND span.until
GROUP BY e.entity_id
ORDER BY stories DESC, name
LIMIT $n::int;
