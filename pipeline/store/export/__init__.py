"""A copy of what may be shown, for other tools: Parquet, CSV, DuckDB, SQLite."""
