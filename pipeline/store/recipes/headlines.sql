-- The latest stories about a country.
--
-- By the lake's own countries of the story, not by its dateline alone.
--
-- :param country=USA ISO 3166-1 alpha-3.
-- :param n=20 How many.

SELECT published_at, provider, headline, dateline, story_id
FROM current
WHERE list_contains(countries, upper($country))
ORDER BY published_at DESC NULLS LAST, story_id
LIMIT $n::int;
