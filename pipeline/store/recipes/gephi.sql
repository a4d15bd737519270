-- A network of who acts towards whom, for Gephi.
--
-- An edge list as Gephi imports it (CSV): `Source`, `Target`, `Weight`, with the mean of
-- Goldstein's scale.
--
-- :param least=1 Acts that an edge needs.
-- :param since=0001-01-01 First day.
-- :param until=9999-12-31 Last day.

SELECT coalesce(source_label, source_text) AS "Source", coalesce(target_label, target_text) AS "Target",
  count(*) AS "Weight", 'Directed' AS "Type", round(avg(goldstein), 2) AS goldstein
FROM current_events
WHERE source_text IS NOT NULL AND target_text IS NOT NULL AND date BETWEEN $since::date AND $until::date AND NOT negated AND NOT hypothetical
GROUP BY ALL
HAVING count(*) >= $least::int
ORDER BY "Weight" DESC, "Source", "Target";
