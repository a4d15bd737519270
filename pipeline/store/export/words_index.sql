-- A full-text index of stories for a DuckDB file: Okapi's BM25 (Robertson and Zaragoza 2009) over
-- the words of headline and body, in small letters, without accents and without stems. Schema and
-- function have the names of DuckDB's extension fts, which is needed to read its own indexes too.
CREATE SCHEMA fts_main_stories;

CREATE MACRO fts_main_stories.tokenize(text) AS
  regexp_extract_all(strip_accents(lower(text)), '[\pL\pN]+');

-- By term, so that a question reads the few blocks of its words.
CREATE TABLE fts_main_stories.terms AS
SELECT term, revision_id, field, count(*)::INTEGER AS tf
FROM (
  SELECT revision_id, 'headline' AS field, unnest(fts_main_stories.tokenize(headline)) AS term
  FROM stories
  UNION ALL
  SELECT revision_id, 'body', unnest(fts_main_stories.tokenize(body))
  FROM stories
)
GROUP BY ALL
ORDER BY term, revision_id, field;

CREATE TABLE fts_main_stories.docs AS
SELECT revision_id, sum(tf)::DOUBLE AS len
FROM fts_main_stories.terms
GROUP BY revision_id
ORDER BY revision_id;

CREATE MACRO fts_main_stories.match_bm25(
  input_id, query_string, fields := NULL, k := 1.2, b := 0.75, conjunctive := false
) AS (
  WITH asked AS (
    SELECT DISTINCT unnest(fts_main_stories.tokenize(query_string)) AS term
  ), found AS (
    SELECT t.term, t.revision_id, sum(t.tf) AS tf
    FROM fts_main_stories.terms AS t
    JOIN asked USING (term)
    WHERE fields IS NULL OR list_contains(string_split(fields, ','), t.field)
    GROUP BY t.term, t.revision_id
  ), weights AS (
    SELECT term,
      ln(1 + ((SELECT count(*) FROM fts_main_stories.docs) - count(*) + 0.5) / (count(*) + 0.5)) AS idf
    FROM found
    GROUP BY term
  ), scores AS (
    SELECT f.revision_id,
      sum(w.idf * f.tf * (k + 1)
        / (f.tf + k * (1 - b + b * d.len / (SELECT avg(len) FROM fts_main_stories.docs)))) AS score,
      count(*) AS terms
    FROM found AS f
    JOIN weights AS w USING (term)
    JOIN fts_main_stories.docs AS d USING (revision_id)
    GROUP BY f.revision_id
  )
  SELECT score
  FROM scores
  WHERE revision_id = input_id AND (NOT conjunctive OR terms = (SELECT count(*) FROM asked))
);
