-- current_links: near-duplicates of which current shows both sides.
--
-- Needs the table links and the view current.
SELECT
  l.*,
  a.headline AS left_headline,
  a.published_at AS left_published_at,
  b.headline AS right_headline,
  b.published_at AS right_published_at
FROM links AS l
JOIN current AS a
  ON l.left_revision_id = a.revision_id
JOIN current AS b
  ON l.right_revision_id = b.revision_id
