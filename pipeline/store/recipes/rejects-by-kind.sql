-- What did not become a story.
--
-- Rejects and skips by kind, with the last one's words.

SELECT kind, count(*) AS items, count(DISTINCT source) AS sources, max(received_at) AS last_at,
  arg_max(message, coalesce(received_at, TIMESTAMPTZ '0001-01-01')) AS last_message
FROM rejects
GROUP BY kind
ORDER BY items DESC, kind;
