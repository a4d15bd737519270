-- A dyad's days, those without an act too.
--
-- One row a day from the first to the last, zeros where nothing was told: what time series need.
-- Acts of `a` towards `b` alone.
--
-- :param a=USA Who acts, ISO 3166-1 alpha-3.
-- :param b=IRN Towards whom.
-- :param since= First day; empty for the first act's.
-- :param until= Last day; empty for the lake's last.

WITH acts AS (
  SELECT date, quad_class, goldstein
  FROM current_events
  WHERE source_country = upper($a) AND target_country = upper($b) AND date IS NOT NULL AND NOT negated AND NOT hypothetical
), days AS (
  SELECT unnest(generate_series(
    coalesce(nullif($since, '')::date, (SELECT min(date) FROM acts)),
    coalesce(nullif($until, '')::date, (SELECT max(date) FROM current)),
    INTERVAL 1 DAY))::date AS date
)
SELECT date, upper($a) AS source, upper($b) AS target,
  count(quad_class) AS events,
  count(*) FILTER (quad_class = 1) AS verbal_cooperation,
  count(*) FILTER (quad_class = 2) AS material_cooperation,
  count(*) FILTER (quad_class = 3) AS verbal_conflict,
  count(*) FILTER (quad_class = 4) AS material_conflict,
  coalesce(sum(goldstein), 0) AS goldstein
FROM days LEFT JOIN acts USING (date)
GROUP BY date
ORDER BY date;
