-- How long from publication to the lake, by provider.
--
-- Seconds from the provider's time to the commit of the block that holds the story; live stories
-- alone, with a time of at least a minute's precision.
--
-- :param since=0001-01-01 First day.
-- :param until=9999-12-31 Last day.

SELECT coalesce(c.provider, '(none)') AS provider, count(*) AS stories,
  round(quantile_cont(epoch(l.committed_at - c.published_at), 0.5), 1) AS median_s,
  round(quantile_cont(epoch(l.committed_at - c.published_at), 0.95), 1) AS p95_s,
  round(quantile_cont(epoch(l.committed_at - c.received_at), 0.5), 1) AS median_from_kafka_s
FROM current AS c
JOIN ledger AS l ON l.source = c.record_source
  AND c.record_offset >= l.start_offset AND c.record_offset < l.end_offset
WHERE c.received_at IS NOT NULL AND c.published_precision IN ('minute', 'second')
  AND c.date BETWEEN $since::date AND $until::date
GROUP BY ALL
ORDER BY stories DESC, provider;
