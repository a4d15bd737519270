-- Who does what to whom, by country.
--
-- A row for each two countries that act on one another, by quad class.
--
-- :param since=0001-01-01 First day.
-- :param until=9999-12-31 Last day.
-- :param n=50 How many.

SELECT source_country AS source, target_country AS target, count(*) AS events,
  count(*) FILTER (quad_class = 1) AS verbal_cooperation,
  count(*) FILTER (quad_class = 2) AS material_cooperation,
  count(*) FILTER (quad_class = 3) AS verbal_conflict,
  count(*) FILTER (quad_class = 4) AS material_conflict,
  round(avg(goldstein), 2) AS goldstein
FROM current_events
WHERE source_country <> target_country AND date BETWEEN $since::date AND $until::date AND NOT negated AND NOT hypothetical
GROUP BY ALL
ORDER BY events DESC, source, target
LIMIT $n::int;
