-- A sample of events with columns for labels.
--
-- For validation by hand: the same `seed` draws the same events. Write it with `-o sheet.xlsx` and
-- fill in the last columns.
--
-- :param n=100 How many events.
-- :param seed=1 Another seed, another sample.
-- :param root= PLOVER root; empty for all.

SELECT event_id, date, sentence, trigger, source_text, target_text, root, mode, cameo,
  negated, hypothetical, round(confidence, 2) AS confidence,
  '' AS is_event, '' AS right_root, '' AS right_source, '' AS right_target, '' AS remark
FROM current_events
WHERE upper($root) IN ('', root)
ORDER BY md5($seed || event_id)
LIMIT $n::int;
