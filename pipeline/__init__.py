"""Dateline: wire news from Kafka to Parquet."""

__version__ = "0.1.0"
