"""The lake: rows to committed Parquet, by the tables' own logs."""
