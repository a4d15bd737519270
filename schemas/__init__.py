"""The contracts of the tables and of the input, as data.

Read through `pipeline.store.schema.contract`.
"""
