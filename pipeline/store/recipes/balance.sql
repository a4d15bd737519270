-- Conflict and cooperation between two countries, by month.
--
-- Acts of either side towards the other. `balance` is the mean of Goldstein's scale, -10 to 10.
--
-- :param a=USA One country, ISO 3166-1 alpha-3.
-- :param b=IRN The other.
-- :param since=0001-01-01 First day.
-- :param until=9999-12-31 Last day.

SELECT date_trunc('month', date)::date AS month,
  count(*) FILTER (quad_class IN (1, 2)) AS cooperation,
  count(*) FILTER (quad_class IN (3, 4)) AS conflict,
  round(avg(goldstein), 2) AS balance
FROM current_events
WHERE date BETWEEN $since::date AND $until::date AND NOT negated AND NOT hypothetical
  AND ((source_country = upper($a) AND target_country = upper($b))
    OR (source_country = upper($b) AND target_country = upper($a)))
GROUP BY month
ORDER BY month;
