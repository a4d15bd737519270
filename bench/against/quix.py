"""A Quix Streams application with a batching sink."""

import shared
from quixstreams import Application
from quixstreams.sinks import BatchingSink


class Parquet(BatchingSink):
    """Writes each batch that a checkpoint ends."""

    def write(self, batch):
        """Write the batch."""
        shared.write((batch.partition, item.offset, item.value) for item in batch)


app = Application(
    broker_address=shared.SERVERS,
    consumer_group="bench",
    auto_offset_reset="earliest",
    commit_interval=shared.WAIT_S,
    commit_every=shared.BATCH,
)
frame = app.dataframe(app.topic(shared.TOPIC, value_deserializer="bytes"))
frame.sink(Parquet())
app.run()
