-- By how many an act is told, reprints counted once.
--
-- Each act of a day with the stories and providers that tell it. `texts` counts stories that are near-duplicates of one another once, as `dateline lake link` has found them: of one provider too with `--same-provider`; before it has run, `texts` is `stories`.
--
-- :param root= Only of this root, such as ACCUSE; empty for all.
-- :param n=50 How many.
-- :param since=0001-01-01 First day.
-- :param until=9999-12-31 Last day.

WITH telling AS (
  SELECT DISTINCT date, root, story_id, provider, published_at,
    coalesce(source_label, source_name, source_text, '') AS source,
    coalesce(target_label, target_name, target_text, '') AS target,
    coalesce(place, '') AS place
  FROM told_events
  WHERE date BETWEEN $since::date AND $until::date AND NOT negated AND NOT hypothetical
    AND upper($root) IN ('', root)
), alike AS (
  SELECT left_story_id AS one, right_story_id AS other FROM current_links
  UNION
  SELECT right_story_id, left_story_id FROM current_links
), reprints AS (
  SELECT DISTINCT date, root, source, target, place, again.story_id
  FROM telling AS again
  JOIN alike ON again.story_id = alike.one
  JOIN telling AS first USING (date, root, source, target, place)
  WHERE first.story_id = alike.other
    AND (first.published_at, first.story_id) < (again.published_at, again.story_id)
)
SELECT t.date, t.root, t.source, t.target, nullif(t.place, '') AS place,
  count(DISTINCT t.story_id) AS stories,
  count(DISTINCT t.story_id) - count(DISTINCT r.story_id) AS texts,
  count(DISTINCT t.provider) AS providers,
  min(t.published_at) AS first_told_at
FROM telling AS t
LEFT JOIN reprints AS r USING (date, root, source, target, place, story_id)
GROUP BY t.date, t.root, t.source, t.target, t.place
ORDER BY texts DESC, stories DESC, t.date, t.root, t.source, t.target, t.place
LIMIT $n::int;
