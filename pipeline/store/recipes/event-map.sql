-- Where events took place, for a map.
--
-- Places with coordinates, and what was done there most. As CSV it opens in QGIS, kepler.gl or
-- Felt.
--
-- :param root= PLOVER root, as PROTEST; empty for all.
-- :param since=0001-01-01 First day.
-- :param until=9999-12-31 Last day.

SELECT place, place_country AS country, place_geonames_id AS geonames_id,
  place_latitude AS latitude, place_longitude AS longitude, place_exactness AS exactness,
  count(*) AS events, mode(root) AS mostly, round(avg(goldstein), 2) AS goldstein
FROM current_events
WHERE place_latitude IS NOT NULL AND upper($root) IN ('', root) AND date BETWEEN $since::date AND $until::date AND NOT negated AND NOT hypothetical
GROUP BY ALL
ORDER BY events DESC, place, geonames_id;
