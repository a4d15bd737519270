-- distinct_events: each event once a day, however many stories tell it: source, root, target, place, day.
--
-- The day is that of the stories, so that a filter on it reaches the files; event_date is the
-- earliest day that one of them gives the event itself. Sides are by their label, else their name,
-- else their words. What is denied or only possible is left out, and so are stories without a day.
-- times counts the tellings, stories the articles, providers those who are named.
--
-- Needs the table events and the view current.
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
    e.date,
    COALESCE(e.source_label, e.source_name, e.source_text) AS source,
    e.root,
    COALESCE(e.target_label, e.target_name, e.target_text) AS target,
    e.place,
    e.event_date,
    e.source_country,
    e.target_country,
    e.place_country,
    e.event_id,
    e.story_id,
    e.goldstein,
    e.confidence,
    c.published_at,
    c.provider
  FROM events AS e
  JOIN current AS c
    ON e.date = c.date
    AND e.region = c.region
    AND e.revision_id = c.revision_id
    AND e.enrichment_id = c.enrichment_id
    AND e.source = c.record_source
    AND e.offset = c.record_offset
    AND e.item = c.record_item
  WHERE NOT e.negated
    AND NOT e.hypothetical
) AS t
GROUP BY t.date, t.source, t.root, t.target, t.place
