-- What each provider delivers.
--
-- How many of its stories have a date, a dateline, a place and an event.

SELECT coalesce(provider, '(none)') AS provider, count(*) AS stories,
  min(date) AS first, max(date) AS last,
  round(avg((date IS NOT NULL)::int), 3) AS dated,
  round(avg((dateline IS NOT NULL)::int), 3) AS with_dateline,
  round(avg((region <> 'unknown')::int), 3) AS with_region,
  round(avg((coalesce(event_count, 0) > 0)::int), 3) AS with_event
FROM current
GROUP BY ALL
ORDER BY stories DESC, provider;
