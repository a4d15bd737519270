"""Bytes in, with coordinates: records from Kafka and from archives, read in batches.

What was read up to where is not remembered here: the lake's committed ends are asked for.
"""
