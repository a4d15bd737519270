"""Dateline: wire news from Kafka to Parquet."""

__version__ = "0.2.0"
