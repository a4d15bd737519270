-- Goldstein's scale of a country by month.
--
-- What the country does, and what is done to it.
--
-- :param country=USA ISO 3166-1 alpha-3.

SELECT date_trunc('month', date)::date AS month,
  count(*) FILTER (source_country = upper($country)) AS acts,
  round(avg(goldstein) FILTER (source_country = upper($country)), 2) AS as_source,
  count(*) FILTER (target_country = upper($country)) AS suffered,
  round(avg(goldstein) FILTER (target_country = upper($country)), 2) AS as_target
FROM current_events
WHERE upper($country) IN (source_country, target_country) AND date IS NOT NULL AND NOT negated AND NOT hypothetical
GROUP BY month
ORDER BY month;
