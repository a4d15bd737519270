-- The columns of GDELT 2.0's event files, in their order: one row for each event of a day, as GDELT
-- counts, with how many rows, providers and stories tell of it. What GDELT has and we do not is null.
SELECT
  ('0x' || substr(event_id, 1, 15))::BIGINT AS "GLOBALEVENTID",
  strftime(on_day, '%Y%m%d')::INTEGER AS "SQLDATE",
  strftime(on_day, '%Y%m')::INTEGER AS "MonthYear",
  year(on_day)::INTEGER AS "Year",
  round(year(on_day) + (month(on_day) * 30 + day(on_day)) / 365.0, 4)::DOUBLE AS "FractionDate",
  source_code AS "Actor1Code",
  upper(source_label) AS "Actor1Name",
  source_country AS "Actor1CountryCode",
  NULL::VARCHAR AS "Actor1KnownGroupCode",
  NULL::VARCHAR AS "Actor1EthnicCode",
  NULL::VARCHAR AS "Actor1Religion1Code",
  NULL::VARCHAR AS "Actor1Religion2Code",
  source_role AS "Actor1Type1Code",
  NULL::VARCHAR AS "Actor1Type2Code",
  NULL::VARCHAR AS "Actor1Type3Code",
  target_code AS "Actor2Code",
  upper(target_label) AS "Actor2Name",
  target_country AS "Actor2CountryCode",
  NULL::VARCHAR AS "Actor2KnownGroupCode",
  NULL::VARCHAR AS "Actor2EthnicCode",
  NULL::VARCHAR AS "Actor2Religion1Code",
  NULL::VARCHAR AS "Actor2Religion2Code",
  target_role AS "Actor2Type1Code",
  NULL::VARCHAR AS "Actor2Type2Code",
  NULL::VARCHAR AS "Actor2Type3Code",
  (coalesce(from_headline, false) OR coalesce(from_lead, false))::INTEGER AS "IsRootEvent",
  cameo AS "EventCode",
  substr(cameo, 1, 3) AS "EventBaseCode",
  substr(cameo, 1, 2) AS "EventRootCode",
  quad_class AS "QuadClass",
  goldstein AS "GoldsteinScale",
  mentions::INTEGER AS "NumMentions",
  providers::INTEGER AS "NumSources",
  stories::INTEGER AS "NumArticles",
  NULL::DOUBLE AS "AvgTone",
  CASE WHEN source_exactness = 'country' THEN 1
    WHEN source_exactness = 'admin1' THEN CASE WHEN source_country = 'USA' THEN 2 ELSE 5 END
    WHEN source_exactness = 'city' THEN CASE WHEN source_country = 'USA' THEN 3 ELSE 4 END
    ELSE 0 END AS "Actor1Geo_Type",
  CASE WHEN source_exactness IS NOT NULL THEN coalesce(source_name, source_state) END
    AS "Actor1Geo_FullName",
  NULL::VARCHAR AS "Actor1Geo_CountryCode",
  NULL::VARCHAR AS "Actor1Geo_ADM1Code",
  NULL::VARCHAR AS "Actor1Geo_ADM2Code",
  source_latitude AS "Actor1Geo_Lat",
  source_longitude AS "Actor1Geo_Long",
  NULL::VARCHAR AS "Actor1Geo_FeatureID",
  CASE WHEN target_exactness = 'country' THEN 1
    WHEN target_exactness = 'admin1' THEN CASE WHEN target_country = 'USA' THEN 2 ELSE 5 END
    WHEN target_exactness = 'city' THEN CASE WHEN target_country = 'USA' THEN 3 ELSE 4 END
    ELSE 0 END AS "Actor2Geo_Type",
  CASE WHEN target_exactness IS NOT NULL THEN coalesce(target_name, target_state) END
    AS "Actor2Geo_FullName",
  NULL::VARCHAR AS "Actor2Geo_CountryCode",
  NULL::VARCHAR AS "Actor2Geo_ADM1Code",
  NULL::VARCHAR AS "Actor2Geo_ADM2Code",
  target_latitude AS "Actor2Geo_Lat",
  target_longitude AS "Actor2Geo_Long",
  NULL::VARCHAR AS "Actor2Geo_FeatureID",
  CASE WHEN place_exactness = 'country' THEN 1
    WHEN place_exactness = 'admin1' THEN CASE WHEN place_country = 'USA' THEN 2 ELSE 5 END
    WHEN place_exactness = 'city' THEN CASE WHEN place_country = 'USA' THEN 3 ELSE 4 END
    ELSE 0 END AS "ActionGeo_Type",
  place AS "ActionGeo_FullName",
  NULL::VARCHAR AS "ActionGeo_CountryCode",
  NULL::VARCHAR AS "ActionGeo_ADM1Code",
  NULL::VARCHAR AS "ActionGeo_ADM2Code",
  place_latitude AS "ActionGeo_Lat",
  place_longitude AS "ActionGeo_Long",
  NULL::VARCHAR AS "ActionGeo_FeatureID",
  strftime(committed_at, '%Y%m%d%H%M%S')::BIGINT AS "DATEADDED",
  'urn:dateline:' || story_id AS "SOURCEURL",
  day
FROM (
  SELECT *,
    count(*) OVER same AS mentions,
    count(DISTINCT provider) OVER same AS providers,
    count(DISTINCT story_id) OVER same AS stories,
    row_number() OVER (
      same
      ORDER BY committed_at NULLS LAST, source, "offset", item, sentence_index, event_id
    ) AS nth
  FROM ({deeds})
  WINDOW same AS (
    PARTITION BY day, cameo, lower(source_label), lower(target_label), source_code, target_code,
      place, on_day
  )
)
WHERE nth = 1
