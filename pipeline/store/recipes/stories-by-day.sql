-- Stories by day and region.
--
-- A column a region is had by a pivot in the tool of your choice; days without a story have no
-- row.
--
-- :param since=0001-01-01 First day.
-- :param until=9999-12-31 Last day.

SELECT date, region, count(*) AS stories, count(DISTINCT provider) AS providers
FROM current
WHERE date BETWEEN $since::date AND $until::date
GROUP BY date, region
ORDER BY date, region;
