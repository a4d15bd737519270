"""A Bytewax dataflow: Kafka, collected by count and time, and a sink that writes a batch."""

from datetime import timedelta

import bytewax.operators as op
import shared
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from bytewax.outputs import DynamicSink, StatelessSinkPartition
from bytewax.testing import cluster_main


class _Partition(StatelessSinkPartition):
    def write_batch(self, items):
        for _, batch in items:
            shared.write((m.partition, m.offset, m.value) for m in batch)


class _Parquet(DynamicSink):
    def build(self, step_id, worker_index, worker_count):
        return _Partition()


flow = Dataflow("bench")
came = kop.input(
    "in", flow, brokers=shared.SERVERS.split(","), topics=[shared.TOPIC], tail=True, batch_size=500
)
keyed = op.key_on("key", came.oks, lambda message: "all")
batches = op.collect(
    "collect", keyed, timeout=timedelta(seconds=shared.WAIT_S), max_size=shared.BATCH
)
op.output("out", batches, _Parquet())

if __name__ == "__main__":
    cluster_main(flow, [], 0)
