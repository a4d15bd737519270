"""A loop over confluent-kafka: consume a batch, work, write, commit."""

import shared
from confluent_kafka import Consumer

consumer = Consumer(
    {
        "bootstrap.servers": shared.SERVERS,
        "group.id": "bench",
        "auto.offset.reset": "earliest",
        "enable.auto.commit": False,
    }
)
consumer.subscribe([shared.TOPIC])
while True:
    messages = consumer.consume(shared.BATCH, timeout=shared.WAIT_S)
    records = [(m.partition(), m.offset(), m.value()) for m in messages if m.error() is None]
    if records:
        shared.write(records)
        consumer.commit(asynchronous=False)
