"""Spark's Structured Streaming: Kafka, a Python function over Arrow, two tables a micro-batch.

`mapInArrow` hands the records over as Spark's guide recommends for Python; the batch is kept for
its two writes, which `foreachBatch` wants where a stream has two sinks.
"""

import os

import pyarrow as pa
import shared
from pyspark.sql import SparkSession
from pyspark.sql.functions import explode
from pyspark.sql.pandas.types import from_arrow_schema

STORIES = shared.empty("stories").schema.remove_metadata()
ENTITIES = shared.empty("entities").schema.remove_metadata()
ROWS = pa.schema(
    [pa.field("story", pa.struct(STORIES)), pa.field("entities", pa.list_(pa.struct(ENTITIES)))]
)


def work(batches):
    """Parse and enrich the records of an Arrow batch: a story a row, with its entities."""
    for batch in batches:
        columns = (batch.column(name).to_pylist() for name in ("partition", "offset", "value"))
        stories, entities = shared.rows(zip(*columns, strict=True))
        of = {}
        for entity in entities:
            of.setdefault((entity["source"], entity["offset"], entity["item"]), []).append(entity)
        made = [
            {"story": row, "entities": of.get((row["source"], row["offset"], row["item"]), [])}
            for row in stories
        ]
        yield from pa.Table.from_pylist(made, ROWS).to_batches()


def write(frame, number):
    """Write the two tables of a micro-batch."""
    frame.persist()
    tables = {"stories": frame.select("story.*")}
    if shared.MODE == "entities":
        tables["entities"] = frame.select(explode("entities").alias("e")).select("e.*")
    for name, table in tables.items():
        table.write.mode("append").partitionBy("date", "region").parquet(f"{shared.FOLDER}/{name}")
    frame.unpersist()


spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.driver.extraClassPath", os.environ["SPARK_JARS"])
    .config("spark.ui.enabled", "false")
    .config("spark.sql.shuffle.partitions", "1")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .getOrCreate()
)
came = (
    spark.readStream.format("kafka")
    .option("kafka.bootstrap.servers", shared.SERVERS)
    .option("subscribe", shared.TOPIC)
    .option("startingOffsets", "earliest")
    .option("maxOffsetsPerTrigger", shared.BATCH)
    .load()
)
(
    came.select("partition", "offset", "value")
    .mapInArrow(work, from_arrow_schema(ROWS))
    .writeStream.foreachBatch(write)
    .option("checkpointLocation", f"{shared.FOLDER}/checkpoint")
    .start()
    .awaitTermination()
)
