"""A Pathway pipeline: Kafka's raw messages, written batch by batch as its time goes on."""

import itertools

import pathway as pw
import shared

came = pw.io.kafka.read(
    {
        "bootstrap.servers": shared.SERVERS,
        "group.id": "bench",
        "auto.offset.reset": "earliest",
    },
    topic=shared.TOPIC,
    format="raw",
    autocommit_duration_ms=int(shared.WAIT_S * 1000),
)
held: list[bytes] = []
numbers = itertools.count()


def take(key, row, time, is_addition):
    """Keep a message until its time ends."""
    held.append(row["data"])


def flush(time):
    """Write what came in this time, in batches."""
    while held:
        batch = held[: shared.BATCH]
        del held[: shared.BATCH]
        shared.write((0, next(numbers), value) for value in batch)


pw.io.subscribe(came, on_change=take, on_time_end=flush)
pw.run(monitoring_level=pw.MonitoringLevel.NONE)
