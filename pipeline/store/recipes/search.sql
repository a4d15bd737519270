-- Full-text search.
--
-- Stories that hold all the words, those with most of them (and in the headline) first. It reads
-- every body of the days asked for; an export to DuckDB or SQLite has an index.
--
-- :param words=oil price Words, parted by spaces.
-- :param n=20 How many.
-- :param since=0001-01-01 First day.
-- :param until=9999-12-31 Last day.

WITH words AS (
  SELECT list_filter(string_split(lower($words), ' '), lambda w: w <> '') AS words
), scored AS (
  SELECT c.date, c.provider, c.headline, c.story_id,
    list_transform(words, lambda w:
      len(regexp_extract_all(lower(c.body), '\b' || regexp_escape(w) || '\b'))
      + 5 * len(regexp_extract_all(lower(c.headline), '\b' || regexp_escape(w) || '\b'))) AS hits
  FROM current AS c, words
  WHERE c.date BETWEEN $since::date AND $until::date
)
SELECT date, provider, headline, list_sum(hits)::bigint AS score, story_id
FROM scored
WHERE len(hits) > 0 AND NOT list_contains(hits, 0)
ORDER BY score DESC, date DESC, story_id
LIMIT $n::int;
