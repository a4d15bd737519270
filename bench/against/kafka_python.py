"""A loop over kafka-python: poll, work, write, commit."""

import shared
from kafka import KafkaConsumer

consumer = KafkaConsumer(
    shared.TOPIC,
    bootstrap_servers=shared.SERVERS,
    group_id="bench",
    auto_offset_reset="earliest",
    enable_auto_commit=False,
    max_poll_records=shared.BATCH,
)
while True:
    polled = consumer.poll(timeout_ms=int(shared.WAIT_S * 1000))
    records = [(r.partition, r.offset, r.value) for part in polled.values() for r in part]
    if records:
        shared.write(records)
        consumer.commit()
