-- The columns of POLECAT's files, in their order: one row for each event of a story. What POLECAT
-- has and we do not is null.
SELECT
  event_id AS "Event ID",
  strftime(on_day, '%Y-%m-%d') AS "Event Date",
  root AS "Event Type",
  mode AS "Event Mode",
  goldstein AS "Intensity",
  CASE quad_class WHEN 1 THEN 'VERBAL COOPERATION' WHEN 2 THEN 'MATERIAL COOPERATION'
    WHEN 3 THEN 'VERBAL CONFLICT' WHEN 4 THEN 'MATERIAL CONFLICT' END AS "Quad Code",
  array_to_string(contexts, ';') AS "Contexts",
  source_label AS "Actor Name",
  source_country AS "Actor Country",
  NULL::VARCHAR AS "Actor COW",
  source_role AS "Primary Actor Sector",
  source_role AS "Actor Sectors",
  NULL::VARCHAR AS "Actor Title",
  source_text AS "Actor Name Raw",
  NULL::VARCHAR AS "Wikipedia Actor ID",
  target_label AS "Recipient Name",
  target_country AS "Recipient Country",
  NULL::VARCHAR AS "Recipient COW",
  target_role AS "Primary Recipient Sector",
  target_role AS "Recipient Sectors",
  NULL::VARCHAR AS "Recipient Title",
  target_text AS "Recipient Name Raw",
  NULL::VARCHAR AS "Wikipedia Recipient ID",
  place AS "Placename",
  CASE WHEN place_exactness = 'city' THEN place END AS "City",
  NULL::VARCHAR AS "District",
  CASE WHEN place_exactness = 'admin1' THEN place END AS "Province",
  place_country AS "Country",
  place_latitude AS "Latitude",
  place_longitude AS "Longitude",
  place_geonames_id AS "GeoNames ID",
  place AS "Raw Placename",
  CASE place_exactness WHEN 'city' THEN 'PPL' WHEN 'admin1' THEN 'ADM1' WHEN 'country' THEN 'PCLI'
    END AS "Feature Type",
  provider AS "Source",
  strftime(published_at, '%Y-%m-%d') AS "Publication Date",
  people AS "Story People",
  organizations AS "Story Organizations",
  locations AS "Story Locations",
  language AS "Language",
  'dateline ' || enrichment_id AS "Version",
  day
FROM ({deeds})
LEFT JOIN (
  SELECT source, "offset", item, enrichment_id,
    string_agg(name, ';' ORDER BY salience DESC, name) FILTER (kind = 'PERSON') AS people,
    string_agg(name, ';' ORDER BY salience DESC, name) FILTER (kind = 'ORG') AS organizations,
    string_agg(name, ';' ORDER BY salience DESC, name) FILTER (kind IN ('GPE', 'LOC', 'FAC'))
      AS locations
  FROM entities GROUP BY ALL
) USING (source, "offset", item, enrichment_id)
