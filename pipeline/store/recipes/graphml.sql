-- A network of who acts towards whom, as GraphML.
--
-- Opens in Gephi, Cytoscape, yEd and NetworkX. Write it as text: `dateline recipes graphml -o
-- network.graphml`.
--
-- :param least=1 Acts that an edge needs.
-- :param since=0001-01-01 First day.
-- :param until=9999-12-31 Last day.

WITH edges AS (
  SELECT coalesce(source_label, source_text) AS source, coalesce(target_label, target_text) AS target,
    count(*) AS weight
  FROM current_events
  WHERE source_text IS NOT NULL AND target_text IS NOT NULL AND date BETWEEN $since::date AND $until::date AND NOT negated AND NOT hypothetical
  GROUP BY ALL
  HAVING count(*) >= $least::int
), nodes AS (SELECT source AS name FROM edges UNION SELECT target FROM edges),
numbered AS (
  SELECT name, row_number() OVER (ORDER BY name) AS id,
    replace(replace(replace(regexp_replace(name, '[\x00-\x1f]', ' ', 'g'),
      '&', '&amp;'), '<', '&lt;'), '>', '&gt;') AS label
  FROM nodes
), lines AS (
  SELECT 0 AS part, 0 AS n, '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
<key id="label" for="node" attr.name="label" attr.type="string"/>
<key id="weight" for="edge" attr.name="weight" attr.type="int"/>
<graph edgedefault="directed">' AS line
  UNION ALL
  SELECT 1, id, '<node id="n' || id || '"><data key="label">' || label || '</data></node>'
  FROM numbered
  UNION ALL
  SELECT 2, row_number() OVER (ORDER BY s.id, t.id), '<edge source="n' || s.id || '" target="n' || t.id
    || '"><data key="weight">' || e.weight || '</data></edge>'
  FROM edges AS e JOIN numbered AS s ON s.name = e.source JOIN numbered AS t ON t.name = e.target
  UNION ALL
  SELECT 3, 0, '</graph>
</graphml>'
)
SELECT line AS graphml FROM lines ORDER BY part, n;
