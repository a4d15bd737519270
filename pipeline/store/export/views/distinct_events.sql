-- Each event once a day, as the lake's view of this name has it.
SELECT
  t.date,
  t.source,
  t.root,
  t.target,
  t.place,
  MIN(t.event_date) AS event_date,
  MIN(t.source_country) AS source_country,
  MIN(t.target_country) AS target_country,
  MIN(t.place_country) AS place_country,
  MIN(t.published_at) AS first_told_at,
  COUNT(t.event_id) AS times,
  COUNT(DISTINCT t.story_id) AS stories,
  COUNT(DISTINCT t.provider) AS providers,
  AVG(t.goldstein) AS goldstein,
  MAX(t.confidence) AS confidence
FROM (
  SELECT
    e.*,
    COALESCE(e.source_label, e.source_name, e.source_text) AS source,
    COALESCE(e.target_label, e.target_name, e.target_text) AS target
  FROM events AS e
  WHERE e.date IS NOT NULL
    AND NOT e.negated
    AND NOT e.hypothetical
) AS t
GROUP BY t.date, t.source, t.root, t.target, t.place
