-- Each event with by how many it is told that day, as the lake's view of this name has it.
SELECT
  e.*,
  t.stories AS told_by_stories,
  t.providers AS told_by_providers
FROM events AS e
LEFT JOIN distinct_events AS t
  ON e.date = t.date
  AND e.root = t.root
  AND COALESCE(e.source_label, e.source_name, e.source_text, '') = COALESCE(t.source, '')
  AND COALESCE(e.target_label, e.target_name, e.target_text, '') = COALESCE(t.target, '')
  AND COALESCE(e.place, '') = COALESCE(t.place, '')
  AND NOT e.negated
  AND NOT e.hypothetical
