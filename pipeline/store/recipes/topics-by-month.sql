-- Topics by month.
--
-- A story of two topics counts for both.

SELECT date_trunc('month', date)::date AS month, topic.code AS code, any_value(topic.name) AS topic,
  count(*) AS stories
FROM (SELECT date, unnest(topics) AS topic FROM current)
GROUP BY month, code
ORDER BY month, stories DESC, code;
